"""The answer to a question about one layer, in every form: the best first, each with its working."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.answers.solutions import AxisAnswer, Choice, LayerAnswer

__all__ = ["draw"]

SHOWN = 10
"""A table lists so many choices unless all are asked for."""


def draw(answer: LayerAnswer, form: str, most: int | None = SHOWN) -> str:
    """The answer in a form of `render.FORMS`; `most` choices an axis in a table, all in JSON and CSV."""
    if form == "json":
        return _json(answer)
    if form == "csv":
        return _csv(answer)
    lines = [] if not answer.best else [f"{_quoted(answer.best, form)}", ""]
    for axis in answer.axes:
        lines += [*_axis(answer, axis, form, most), ""]
    return "\n".join(lines[:-1]) + "\n"


def _quoted(text: str, form: str) -> str:
    return f"**`{text}`**" if form == "markdown" else text


def _axis(answer: LayerAnswer, axis: AxisAnswer, form: str, most: int | None) -> list[str]:
    known = ", ".join(f"{name} {value}" for name, value in axis.given)
    lines = [f"{axis.axis}: {known}"]
    if axis.total:
        shown = axis.choices if most is None else axis.choices[:most]
        lines += ["", *_table(answer, shown, form), "", *_counted(axis, len(shown)), *axis.remarks]
        return lines
    lines += ["", f"No {answer.unknown.replace('-', ' ')} gives it. {axis.proof}"]
    if axis.nearest:
        lines += ["", "Nearest:", *([""] if form == "markdown" else []), *_table(answer, axis.nearest, form)]
    return lines


def _counted(axis: AxisAnswer, shown: int) -> list[str]:
    count = f"{axis.total:,} choice{'' if axis.total == 1 else 's'}"
    rest = f", the first {shown} of them shown (`--all` shows more)" if shown < axis.total else ""
    complete = "" if axis.complete else "; there are more beyond it"
    return [f"{count}{rest}: {axis.bounds}{complete}."]


def _table(answer: LayerAnswer, choices: Sequence[Choice], form: str) -> list[str]:
    from cnncalc.forms.markdown import table
    from cnncalc.forms.plain import aligned

    heading = [answer.unknown, "note", "PyTorch", "output", "working"]
    lines = [[one.text, ", ".join(one.names), one.torch, f"{one.output:,}", one.working] for one in choices]
    if answer.unknown != "padding":
        heading, lines = heading[:2] + heading[3:], [line[:2] + line[3:] for line in lines]
    if not any(one.names for one in choices):
        heading, lines = heading[:1] + heading[2:], [line[:1] + line[2:] for line in lines]
    right = [name == "output" for name in heading]
    if form == "markdown":
        return table(heading, right, lines)
    return aligned(list(zip(heading, *lines, strict=True)), right)


def _choice(one: Choice) -> dict[str, object]:
    return {
        **dict(one.fields),
        "text": one.text,
        "notation": one.notation,
        "output": one.output,
        "dropped": one.dropped,
        "names": list(one.names),
        "torch": one.torch,
        "working": one.working,
    }


def _json(answer: LayerAnswer) -> str:
    from cnncalc.forms.json_form import dumps

    axes = [
        {
            "axis": axis.axis,
            "given": dict(axis.given),
            "count": axis.total,
            "complete": axis.complete,
            "bounds": axis.bounds,
            "solutions": [_choice(one) for one in axis.choices],
            "remarks": list(axis.remarks),
            "proof": axis.proof or None,
            "nearest": [_choice(one) for one in axis.nearest],
        }
        for axis in answer.axes
    ]
    return dumps(
        {
            "kind": answer.kind,
            "unknown": answer.unknown,
            "dialect": answer.dialect,
            "solved": answer.solved,
            "best": answer.best or None,
            "axes": axes,
        }
    )


def _csv(answer: LayerAnswer) -> str:
    """One line a choice; nothing for an axis that has none."""
    from cnncalc.forms.csv_form import written

    fields = [name for axis in answer.axes for one in axis.choices[:1] for name, _ in one.fields]
    names = list(dict.fromkeys(fields))
    heading = ["axis", *names, "notation", "output", "dropped", "names", "torch", "working"]
    lines = [
        [axis.axis, *(dict(one.fields).get(name, "") for name in names), one.notation, one.output, one.dropped,
         " ".join(one.names), one.torch, one.working]
        for axis in answer.axes
        for one in axis.choices
    ]  # fmt: skip
    return written(heading, lines)
