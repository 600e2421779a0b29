"""The answer to a question about one layer: the best first, each with its working."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.page import Column, Page, Stack, Table, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnncalc.answers.page import Block, Layout
    from cnncalc.answers.solutions import AxisAnswer, Choice, LayerAnswer

__all__ = ["SHOWN", "page"]

SHOWN = 10
"""A table lists so many choices unless all are asked for."""


def page(answer: LayerAnswer, most: int | None = SHOWN) -> Page:
    """The best answer, and for each axis `most` choices to be read, all in data."""

    def body(_: Layout) -> Iterator[Block]:
        if answer.best:
            yield Text(answer.best, strong=True)
        for axis in answer.axes:
            yield from _axis(answer, axis, most)

    return Page("an answer", body, lambda: _object(answer), lambda: _every(answer), "axes")


def _axis(answer: LayerAnswer, axis: AxisAnswer, most: int | None) -> Iterator[Block]:
    yield Text(f"{axis.axis}: {', '.join(f'{name} {value}' for name, value in axis.given)}")
    if axis.total:
        shown = axis.choices if most is None else axis.choices[:most]
        yield _table(answer, shown)
        yield Stack([Text(_counted(axis, len(shown))), *map(Text, axis.remarks)])
        return
    yield Text(f"No {answer.unknown.replace('-', ' ')} gives it. {axis.proof}")
    if axis.nearest:
        yield _table(answer, axis.nearest)._replace(title="Nearest:")


def _counted(axis: AxisAnswer, shown: int) -> str:
    count = f"{axis.total:,} choice{'' if axis.total == 1 else 's'}"
    rest = f", the first {shown} of them shown (`--all` shows more)" if shown < axis.total else ""
    complete = "" if axis.complete else "; there are more beyond it"
    return f"{count}{rest}: {axis.bounds}{complete}."


def _table(answer: LayerAnswer, choices: Sequence[Choice]) -> Table:
    names = (answer.unknown, "note", "PyTorch", "output", "working")
    left_out = {"PyTorch"} if answer.unknown != "padding" or answer.dialect != "torch" else set()
    left_out |= set() if any(one.names for one in choices) else {"note"}
    rows = [(one.text, ", ".join(one.names), one.torch, one.output, one.working) for one in choices]
    shown = [place for place, name in enumerate(names) if name not in left_out]
    columns = [Column(names[place], right=names[place] == "output") for place in shown]
    return Table(columns, [[row[place] for place in shown] for row in rows])


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


def _object(answer: LayerAnswer) -> dict[str, object]:
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
    return {
        "kind": answer.kind,
        "unknown": answer.unknown,
        "dialect": answer.dialect,
        "solved": answer.solved,
        "best": answer.best or None,
        "axes": axes,
    }


def _every(answer: LayerAnswer) -> Table:
    """One line a choice; nothing for an axis that has none."""
    fields = [name for axis in answer.axes for one in axis.choices[:1] for name, _ in one.fields]
    names = list(dict.fromkeys(fields))
    numbers = (*names, "output", "dropped")
    keys = ("axis", *names, "notation", "output", "dropped", "names", "torch", "working")
    lines = [
        [axis.axis, *(dict(one.fields).get(name, "") for name in names), one.notation, one.output, one.dropped,
         " ".join(one.names), one.torch, one.working]
        for axis in answer.axes
        for one in axis.choices
    ]  # fmt: skip
    return Table([Column(key, key, right=key in numbers) for key in keys], lines)
