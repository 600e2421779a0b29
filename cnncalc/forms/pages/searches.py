"""What a search over variables, batches or unknowns found, in every form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.text import number, printable, size_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.solve.file.answer import Assignment, FileAnswer
    from cnncalc.solve.inputs.batches import BatchAnswer
    from cnncalc.solve.inputs.variables import Trial, VariableAnswer

__all__ = ["draw_batch", "draw_file", "draw_variable", "listed"]

SHOWN = 20
"""A table lists so many assignments unless all are asked for."""
AROUND = 2
"""So many values beside an extreme one are shown."""


def listed(heading: Sequence[str], right: Sequence[bool], lines: Sequence[Sequence[str]], form: str) -> list[str]:
    """A table for people, in Markdown or plain."""
    if form == "markdown":
        from cnncalc.forms.markdown import table

        return table(heading, right, lines)
    from cnncalc.forms.plain import aligned

    return aligned(list(zip(heading, *lines, strict=True)), right)


# -- variables ---------------------------------------------------------------------------------------------------------


def _runs(trials: Sequence[Trial]) -> str:
    """`0.05 to 1.35`: the values that meet the wants, in runs on the grid."""
    runs: list[list[str]] = []
    before = False
    for trial in trials:
        if trial.met:
            runs[-1:] = [[*runs[-1], trial.value]] if before else [*runs[-1:], [trial.value]]
        before = trial.met
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


def _cells(trial: Trial) -> list[str]:
    return ["✓" if trial.met else "", trial.value, *(number(value) for _, value in trial.figures)]


def draw_variable(answer: VariableAnswer, form: str) -> str:
    """The values that meet the wants, and the figures around the extreme ones."""
    names = next((tuple(name for name, _ in trial.figures) for trial in answer.trials if trial.figures), ())
    if form == "json":
        from cnncalc.forms.json_form import dumps

        trials = [_trial_object(trial) for trial in answer.trials]
        met = [trial.value for trial in answer.met]
        bounds = {"smallest": met[0], "largest": met[-1]} if met else {"smallest": None, "largest": None}
        known: dict[str, Any] = {"net": answer.net, "variable": answer.variable, "wants": list(answer.wants)}
        on = {"complete": answer.complete, "step": answer.step}
        return dumps({**known, "solved": bool(met), **bounds, **on, "trials": trials})
    if form == "csv":
        from cnncalc.forms.csv_form import written

        return written(
            ["met", answer.variable, *names],
            [[int(trial.met), trial.value, *(value for _, value in trial.figures)] for trial in answer.trials],
        )
    lines = [f"{printable(answer.net)}: {', '.join(answer.wants)}", ""]
    tried = f"{len(answer.trials):,} values from {answer.trials[0].value} to {answer.trials[-1].value} were tried"
    grid = f"in steps of {answer.step}: the answer is exact on this grid"
    if not answer.met:
        lines += [f"No value of {answer.variable} does: {tried}, {grid}.", "", "Nearest:"]
        shown = sorted((trial for trial in answer.trials if trial.figures), key=lambda trial: _distance(trial, answer))
        shown = shown[:3]
    else:
        lines += [f"{answer.variable} = {_runs(answer.trials)}", ""]
        shown = _around(answer.trials)
    heading = ["", answer.variable, *names]
    lines += listed(heading, [False] + [True] * (len(heading) - 1), [_cells(trial) for trial in shown], form)
    rest = "" if answer.complete else "; it was interrupted, so that there may be more"
    return "\n".join([*lines, *(["", f"{tried}, {grid}{rest}."] if answer.met or rest else [])]) + "\n"


def _distance(trial: Trial, answer: VariableAnswer) -> tuple[int, ...]:
    """How far the wanted figures are from what is wanted."""
    wanted = {want.split()[0]: want.split()[2].replace(",", "") for want in answer.wants}
    off = [
        abs(value - int(wanted[name]))
        for name, value in trial.figures
        if isinstance(value, int) and wanted.get(name, "").isdigit()
    ]
    return tuple(off)


def _around(trials: Sequence[Trial]) -> list[Trial]:
    """Where meeting the wants begins and ends, with its neighbours."""
    edges = {
        place
        for index, trial in enumerate(trials)
        for beside in (index - 1, index + 1)
        if trial.met and (beside in (-1, len(trials)) or not trials[beside].met)
        for place in range(index - AROUND + 1, index + AROUND + 1)
    }
    return [trial for index, trial in enumerate(trials) if index in edges and (trial.figures or trial.met)]


def _trial_object(trial: Trial) -> dict[str, object]:
    return {
        "value": trial.value,
        "met": trial.met,
        **dict(trial.figures),
        **({"fault": trial.fault} if trial.fault else {}),
    }


# -- batches -----------------------------------------------------------------------------------------------------------


def draw_batch(answer: BatchAnswer, form: str) -> str:
    """The largest batch, and what it takes."""
    if form == "json":
        from cnncalc.forms.json_form import dumps

        return dumps({**answer._asdict(), "solved": answer.batch != 0, "parts": dict(answer.parts)})
    if form == "csv":
        from cnncalc.forms.csv_form import written

        fields = answer._asdict()
        del fields["parts"]
        return written(list(fields), [list(fields.values())])
    doing = f"training with {answer.optimizer}" if answer.optimizer else "inference"
    title = f"{printable(answer.net)}: {doing} in {number(answer.memory)} bytes ({size_text(answer.memory)})"
    if answer.batch is None:
        found = f"Every batch fits: no image adds a byte to {number(answer.fixed)} ({size_text(answer.fixed)})."
    elif answer.batch:
        found = f"The largest batch is {answer.batch:,}."
    else:
        found = f"Not even one image fits: it takes {number(answer.next)} bytes ({size_text(answer.next)})."
    lines = [[name, number(value), size_text(value)] for name, value in answer.parts]
    lines.append(["every image", number(answer.each), size_text(answer.each)])
    if answer.batch:
        lines.append([f"{answer.batch:,} images in all", number(answer.used), size_text(answer.used)])
        lines.append([f"{answer.batch + 1:,} images would be", number(answer.next), size_text(answer.next)])
    table = listed(["what", "bytes", ""], [False, True, True], lines, form)
    working = f"⌊({number(answer.memory)} − {number(answer.fixed)})/{number(answer.each)}⌋ = {answer.batch or 0:,}"
    left_out = "Tensors alone: what the framework, its scratch memory and fragmentation take comes on top."
    return "\n".join([title, "", found, *([working] if answer.batch else []), "", *table, "", left_out]) + "\n"


# -- files -------------------------------------------------------------------------------------------------------------


def draw_file(answer: FileAnswer, form: str, *, every: bool = False) -> str:
    """The assignments that meet the wants, the best first."""
    figures = [name for name, _ in answer.found[0].figures] if answer.found else []
    if form == "json":
        from cnncalc.forms.json_form import dumps

        solutions = [_solution(answer, one) for one in answer.found]
        known = answer._asdict()
        del known["found"]
        known["nearest"] = [_solution(answer, one) for one in answer.nearest]
        return dumps({**known, "solved": bool(answer.total), "complete": answer.complete, "solutions": solutions})
    if form == "csv":
        from cnncalc.forms.csv_form import written

        rows = [[*one.values, *(value for _, value in one.figures)] for one in answer.found]
        return written([*answer.unknowns, *figures], rows)
    lines = [f"{printable(answer.net)}: {', '.join(answer.wants)}", ""]
    named = zip(answer.unknowns, answer.notations, answer.bounds, strict=True)
    lines += [f"  {name}: `{printable(notation)}`, {bounds}" for name, notation, bounds in named]
    if not answer.total:
        return "\n".join([*lines, "", _none(answer), *_nearest(answer, form)]) + "\n"
    shown = answer.found if every else answer.found[:SHOWN]
    cells = [[*map(str, one.values), *(number(value) for _, value in one.figures)] for one in shown]
    heading = [*answer.unknowns, *figures]
    lines += ["", *listed(heading, [True] * len(heading), cells, form), ""]
    rest = f", {len(shown):,} of them shown (`--all` shows more)" if len(shown) < len(answer.found) else ""
    found = f"{answer.total:,} solution{'' if answer.total == 1 else 's'}"
    return "\n".join([*lines, f"{found}{rest}: {_tried(answer)}."]) + "\n"


def _tried(answer: FileAnswer) -> str:
    """How far the search went, and whether all that do are in the list."""
    all_tried = f"all {answer.candidates:,} candidates were tried or ruled out"
    if answer.complete:
        return f"{all_tried}; the list is complete"
    if answer.exact:
        which = "the first" if not answer.left else "any"
        return f"{all_tried}; {which} {len(answer.found):,} are listed: the list is not complete"
    decided = f"{answer.tried:,} of {answer.candidates:,}" if answer.tried < answer.candidates else "not all"
    return f"{decided} candidates were decided ({'; '.join(answer.left)}): there may be more"


def _none(answer: FileAnswer) -> str:
    """That there is none, and why."""
    if not answer.exact:
        return f"None was found: {_tried(answer)}."
    parts = [f"None is as wanted: all {answer.candidates:,} candidates were tried or ruled out"]
    parts.append(", and ".join(answer.reasons) or "within the bounds there is none")
    why = f" ({answer.refused})" if answer.refused and not answer.nearest else ""
    return f"{'; '.join(parts)}{why}."


def _solution(answer: FileAnswer, one: Assignment) -> dict[str, object]:
    missed = {"missed": one.missed} if one.missed else {}
    return {"values": dict(zip(answer.unknowns, one.values, strict=True)), **dict(one.figures), **missed}


def _nearest(answer: FileAnswer, form: str) -> list[str]:
    """The nets that come closest, where none is as wanted, and by how much each misses."""
    if not answer.nearest:
        return []
    heading = [*answer.unknowns, *(name for name, _ in answer.nearest[0].figures), "missed by"]
    cells = [
        [*map(str, one.values), *(number(value) for _, value in one.figures), one.missed] for one in answer.nearest
    ]
    title = "Nearest:" if answer.nearest_complete else "Nearest of those that were looked at:"
    return ["", title, *listed(heading, [True] * (len(heading) - 1) + [False], cells, form)]
