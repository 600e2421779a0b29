"""What a search over variables, batches or unknowns found."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from cnncalc.answers.page import Column, Heading, Items, Page, Stack, Table, Text
from cnncalc.claims.decimals import decimal_text
from cnncalc.text import number, printable, size_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cnncalc.answers.page import Block, Layout
    from cnncalc.solve.files.answer import Assignment, FileAnswer
    from cnncalc.solve.inputs.batches import BatchAnswer
    from cnncalc.solve.inputs.variables import Trial, VariableAnswer

__all__ = ["batch_page", "file_page", "variable_page"]

SHOWN = 20
"""A table lists so many assignments unless all are asked for."""
AROUND = 2
"""So many values beside an extreme one are shown."""
GAP = "…"
"""Stands for values that are left out between others."""


# -- variables ---------------------------------------------------------------------------------------------------------


def _runs(answer: VariableAnswer) -> str:
    """`0.05 to 1.35`, `8 to 64 in steps of 8`: the values that meet the wants, in runs on the grid."""
    met = [place for place, trial in enumerate(answer.trials) if trial.met]
    words: list[str] = []
    start = 0
    while start < len(met):
        end = start
        apart = met[start + 1] - met[start] if start + 1 < len(met) else 1
        while end + 1 < len(met) and met[end + 1] - met[end] == apart:
            end += 1
        if apart > 1 and end < start + 2:  # two values far from each other are no run
            end = start
        first, last = (answer.trials[met[place]].value for place in (start, end))
        steps = f" in steps of {decimal_text(Fraction(answer.step) * apart)}" if apart > 1 else ""
        words.append(first if start == end else f"{first} to {last}{steps}")
        start = end + 1
    return ", ".join(words)


def variable_page(answer: VariableAnswer) -> Page:
    """The values that meet the wants, and the figures around the extreme ones."""
    names = next((tuple(name for name, _ in trial.figures) for trial in answer.trials if trial.figures), ())

    def table(trials: Sequence[Trial | None], mark: Callable[[bool], object]) -> Table:
        columns = [Column(key, key, right=True) for key in (answer.variable, *names)]
        gap = ["", GAP, *("" for _ in names)]
        values = [
            gap if trial is None else [mark(trial.met), trial.value, *(value for _, value in trial.figures)]
            for trial in trials
        ]
        return Table([Column("", "met"), *columns], values)

    def body(_: Layout) -> Iterator[Block]:
        yield Heading(printable(answer.net), answer.wants)
        tried = f"{len(answer.trials):,} values from {answer.trials[0].value} to {answer.trials[-1].value} were tried"
        grid = f"in steps of {answer.step}: the answer is exact on this grid"
        nets = [trial for trial in answer.trials if trial.figures or trial.met]
        if answer.met:
            yield Text(f"{answer.variable} = {_runs(answer)}")
            yield table(_around(nets), _mark)
        else:
            yield Text(f"No value of {answer.variable} does: {tried}, {grid}.")
            near = sorted(nets, key=lambda one: _distance(one, answer))
            yield table(near[:3], _mark)._replace(title="Nearest:")
            if near and near[0] is nets[-1]:
                yield Text("The nearest is the largest that makes a net: `--to` tries larger ones.")
        if none := [trial for trial in answer.trials if trial.fault]:
            yield Text(f"{len(none):,} of the values do not make a net; {none[0].value}: {none[0].fault}.")
        rest = "" if answer.complete else f"; {answer.left}, so that there may be more"
        if answer.complete and nets and nets[-1].met:
            rest = "; it ends where they are met, and `--to` tries larger ones"
        if answer.met or rest:
            yield Text(f"{tried}, {grid}{rest}.")

    return Page("an answer", body, lambda: _variable_object(answer), lambda: table(answer.trials, int), "trials")


def _mark(met: bool) -> str:
    return "✓" if met else ""


def _variable_object(answer: VariableAnswer) -> dict[str, object]:
    trials = [_trial_object(trial) for trial in answer.trials]
    met = [trial.value for trial in answer.met]
    bounds = {"smallest": met[0], "largest": met[-1]} if met else {"smallest": None, "largest": None}
    known = {"net": answer.net, "variable": answer.variable, "wants": list(answer.wants), "solved": bool(met)}
    return {**known, **bounds, "complete": answer.complete, "step": answer.step, "trials": trials}


def _distance(trial: Trial, answer: VariableAnswer) -> tuple[int, ...]:
    """How far the wanted figures are from what is wanted."""
    wanted = {want.split()[0]: want.split()[2].replace(",", "") for want in answer.wants}
    off = [
        abs(value - int(wanted[name]))
        for name, value in trial.figures
        if isinstance(value, int) and wanted.get(name, "").isdigit()
    ]
    return tuple(off)


def _around(trials: Sequence[Trial]) -> list[Trial | None]:
    """Where meeting the wants begins and ends, with its neighbours; None stands for those that are left out between."""
    edges = {
        place
        for index, trial in enumerate(trials)
        for beside in (index - 1, index + 1)
        if trial.met and (beside in (-1, len(trials)) or not trials[beside].met)
        for place in range(index - AROUND + 1, index + AROUND + 1)
    }
    shown = [index for index in sorted(edges) if 0 <= index < len(trials)]
    rows: list[Trial | None] = []
    for before, index in zip([-1, *shown], shown):
        if rows and index > before + 1:
            rows.append(None)
        rows.append(trials[index])
    return rows


def _trial_object(trial: Trial) -> dict[str, object]:
    return {
        "value": trial.value,
        "met": trial.met,
        **dict(trial.figures),
        **({"fault": trial.fault} if trial.fault else {}),
    }


# -- batches -----------------------------------------------------------------------------------------------------------


def batch_page(answer: BatchAnswer) -> Page:
    """The largest batch, and what it takes."""

    def body(_: Layout) -> Iterator[Block]:
        doing = f"training with {answer.optimizer}" if answer.optimizer else "inference"
        there = f"{doing} in {number(answer.memory)} bytes ({size_text(answer.memory)})"
        yield Heading(printable(answer.net), (there,))
        if answer.batch:
            working = f"⌊({number(answer.memory)} − {number(answer.fixed)})/{number(answer.each)}⌋ = {answer.batch:,}"
            yield Stack([Text(f"The largest batch is {answer.batch:,}."), Text(working)])
            if answer.accumulate > 1:
                images, batches = answer.batch * answer.accumulate, number(answer.accumulate)
                yield Text(f"A step of {batches} such batches is one of {number(images)} images, in the same memory.")
            if answer.forward:
                yield Text("The pass forward bounds it, as in inference: backward keeps less than is alive there.")
        else:
            yield Text(f"Not even one image fits: it takes {number(answer.next)} bytes ({size_text(answer.next)}).")
        parts = [*answer.parts, ("every image", answer.each)]
        if answer.batch:
            parts.append((f"{answer.batch:,} images in all", answer.used))
            parts.append((f"{answer.batch + 1:,} images would be", answer.next))
        columns = (Column("what"), Column("bytes", right=True), Column("", right=True))
        yield Table(columns, [(name, value, size_text(value)) for name, value in parts])
        yield Text("Tensors alone: what the framework, its scratch memory and fragmentation take comes on top.")

    def table() -> Table:
        fields = {key: value for key, value in answer._asdict().items() if key != "parts"}
        columns = [Column(key, key, right=isinstance(value, int)) for key, value in fields.items()]
        return Table(columns, [["" if value is None else value for value in fields.values()]])

    def data() -> dict[str, object]:
        return {**answer._asdict(), "solved": answer.batch != 0, "parts": dict(answer.parts)}

    return Page("an answer", body, data, table)


# -- files -------------------------------------------------------------------------------------------------------------


def file_page(answer: FileAnswer, *, every: bool = False) -> Page:
    """The assignments that meet the wants, the best first."""

    def body(_: Layout) -> Iterator[Block]:
        yield Heading(printable(answer.net), answer.wants)
        named = zip(answer.unknowns, answer.notations, answer.bounds, strict=True)
        yield Items([f"{name}: `{printable(notation)}`, {bounds}" for name, notation, bounds in named])
        if answer.not_held:
            yield Text("The file's `expect:` is not held, only what is wanted: `cnncalc check` holds the file then.")
        if not answer.total:
            yield Text(_none(answer))
            if answer.nearest:
                title = "Nearest:" if answer.nearest_complete else "Nearest of those that were looked at:"
                yield _assignments(answer, answer.nearest, missed=True)._replace(title=title)
            return
        shown = answer.found if every else answer.found[:SHOWN]
        yield _assignments(answer, shown)
        rest = f", {len(shown):,} of them shown (`--all` shows more)" if len(shown) < len(answer.found) else ""
        yield Text(f"{answer.total:,} solution{'' if answer.total == 1 else 's'}{rest}: {_tried(answer)}.")

    return Page(
        "an answer", body, lambda: _file_object(answer), lambda: _assignments(answer, answer.found), "solutions"
    )


def _assignments(answer: FileAnswer, some: Sequence[Assignment], *, missed: bool = False) -> Table:
    """A row for each; values of unknowns are no counts, and have no commas."""
    figures = [name for name, _ in some[0].figures] if some else []
    columns = [Column(name, name, right=True, text=str) for name in answer.unknowns]
    columns += [Column(name, name, right=True) for name in figures]
    rows = [[*one.values, *(value for _, value in one.figures)] for one in some]
    if missed:
        columns.append(Column("missed by"))
        rows = [[*row, one.missed] for row, one in zip(rows, some)]
    return Table(columns, rows)


def _file_object(answer: FileAnswer) -> dict[str, object]:
    known = answer._asdict()
    del known["found"]
    known["nearest"] = [_solution(answer, one) for one in answer.nearest]
    solutions = [_solution(answer, one) for one in answer.found]
    return {**known, "solved": bool(answer.total), "complete": answer.complete, "solutions": solutions}


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
