"""The input sizes that work for a net."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.page import Column, Heading, Items, Page, Stack, Table, Text
from cnncalc.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.answers.page import Block
    from cnncalc.answers.solutions import InputAnswer, SizeSet

__all__ = ["page"]

BOXES = 10
"""A text lists so many boxes."""


def page(answer: InputAnswer) -> Page:
    """The lengths that work, and the layers that ask for them."""
    return Page("an answer", lambda _: _body(answer), lambda: _object(answer), lambda: _table(answer), "sets")


def _body(answer: InputAnswer) -> Iterator[Block]:
    yield Heading(printable(answer.net), (f"input {answer.form}", printable(answer.tensor)))
    if answer.proof:
        yield Text(answer.proof)
        if answer.nearest:
            yield Items(answer.nearest, lead="Nearest:")
        return
    if answer.boxes:
        more = [f"and {len(answer.boxes) - BOXES:,} more"] if len(answer.boxes) > BOXES else []
        yield Items([*map(_box_text, answer.boxes[:BOXES]), *more])
    else:
        yield Items([_set_line(one) for one in answer.sets])
    if answer.clauses:
        yield Items([f"{printable(one.source)}: {one.text}" for one in answer.clauses], lead="Because:")
    elif not answer.boxes:
        yield Text("No layer asks for more.")
    if answer.remarks:
        yield Stack([Text(remark) for remark in answer.remarks])


def _set_line(one: SizeSet) -> str:
    endless = one.period > 1 or (one.intervals and one.intervals[-1][1] is None)
    shown = f"  ({', '.join(map(str, one.examples))}, …)" if endless and one.period > 1 else ""
    return one.text + shown


def _box_text(box: tuple[tuple[str, int, int | None], ...]) -> str:
    return ", ".join(_run_text(*run) for run in box)


def _run_text(symbol: str, low: int, high: int | None) -> str:
    if high is None:
        return f"{symbol} ≥ {low:,}"
    return f"{symbol} = {low:,}" if low == high else f"{low:,} ≤ {symbol} ≤ {high:,}"


def _object(answer: InputAnswer) -> dict[str, object]:
    return {
        "net": answer.net,
        "input": answer.form,
        "of": answer.tensor,
        "solved": answer.solved,
        "sets": [one._asdict() for one in answer.sets],
        "boxes": [{symbol: [low, high] for symbol, low, high in box} for box in answer.boxes],
        "because": [one._asdict() for one in answer.clauses],
        "remarks": list(answer.remarks),
        "proof": answer.proof or None,
        "nearest": list(answer.nearest),
    }


def _table(answer: InputAnswer) -> Table:
    """A line for each run of lengths: the axis, first, last (empty: without end), and for residue classes the step."""
    columns = [Column(key, key, right=key != "axis") for key in ("box", "axis", "first", "last", "step")]
    lines: list[tuple[object, ...]] = [
        (number, symbol, low, "" if high is None else high, 1)
        for number, box in enumerate(answer.boxes, 1)
        for symbol, low, high in box
    ]
    for one in () if answer.boxes else answer.sets:
        lines += [(1, one.symbol, low, "" if high is None else high, 1) for low, high in one.intervals]
        if one.period > 1:
            starts = sorted(one.first + (rest - one.first) % one.period for rest in one.residues)
            lines += [(1, one.symbol, start, "", one.period) for start in starts]
    return Table(columns, lines)
