"""Two nets' differences, layer by layer, as a diff prints them: what was, and below it what is."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from cnncalc.answers.figures import BY_KEY
from cnncalc.answers.page import Column, Page, Table, Verbatim
from cnncalc.pages.comparison import object_of
from cnncalc.pages.show.objects import layer_object
from cnncalc.records import NamedTuple
from cnncalc.text import BETWEEN, aligned, number, plural, printable, shape_text, signed, width

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnncalc.analysis.comparison import Change, Compared
    from cnncalc.answers.report import Row

__all__ = ["page"]

TOTALS = ("params", "macs", "flops", "layers")


class Line(NamedTuple):
    """A layer on one side."""

    mark: str
    cells: tuple[str, str, str, str]


class Entry(NamedTuple):
    """A changed layer: its name and its line on either side."""

    name: str
    lines: tuple[Line, ...]


def _line(mark: str, row: Row) -> Line:
    return Line(mark, (printable(row.notation), shape_text(row.output_shape), number(row.params), number(row.macs)))


def _entry(change: Change) -> Entry:
    sides = (("-", change.left), ("+", change.right))
    return Entry(printable(change.name), tuple(_line(mark, row) for mark, row in sides if row is not None))


def _folded(entries: Sequence[Entry]) -> Iterator[Entry]:
    """The entries with numbered groups that follow one another and change alike told once: `layer1.1–2.conv1`."""
    groups = [(parent, list(members)) for parent, members in groupby(entries, lambda entry: _parent(entry.name))]
    at = 0
    while at < len(groups):
        parent, members = groups[at]
        stop = at + 1
        while stop < len(groups) and _alike(groups[stop - 1], groups[stop]):
            stop += 1
        last = groups[stop - 1][0].rpartition(".")[2]
        prefix = parent if stop == at + 1 else f"{parent}–{last}"
        for entry in members:
            tail = entry.name[len(parent) :]
            yield entry._replace(name=prefix + tail)
        at = stop


def _parent(name: str) -> str:
    return "" if " / " in name else name.rpartition(".")[0]


def _alike(one: tuple[str, list[Entry]], other: tuple[str, list[Entry]]) -> bool:
    """Whether two groups are neighbours by number and change alike."""
    heads = [parent.rpartition(".") for parent, _ in (one, other)]
    numbers = [tail for _, _, tail in heads]
    if heads[0][0] != heads[1][0] or not all(tail.isdecimal() for tail in numbers):
        return False
    if int(numbers[1]) != int(numbers[0]) + 1:
        return False
    contents = [[(entry.name[len(parent) :], entry.lines) for entry in members] for parent, members in (one, other)]
    return contents[0] == contents[1]


def _text(nets: Sequence[Compared], found: Sequence[Change]) -> str:
    left, right = nets
    lines = [f"- {printable(left.net)}", f"+ {printable(right.net)}", ""]
    entries = list(_folded([_entry(change) for change in found]))
    sizes = [max((width(line.cells[i]) for entry in entries for line in entry.lines), default=0) for i in range(4)]
    for entry in entries:
        lines.append(f"  {entry.name}")
        lines += [_written(line, sizes) for line in entry.lines]
    same = len(left.report.rows) - sum(change.left is not None for change in found)
    changed = plural(len(found), "layer") if found else "no layer"
    lines += ["", f"{changed} changed, {same:,} {'is' if same == 1 else 'are'} the same"]
    lines += _totals(left, right)
    return "\n".join(lines) + "\n"


def _written(line: Line, sizes: Sequence[int]) -> str:
    notation, *numbers = line.cells
    padded = [notation + " " * (sizes[0] - width(notation))]
    padded += [" " * (size - width(cell)) + cell for cell, size in zip(numbers, sizes[1:], strict=True)]
    return f"{line.mark}   {BETWEEN.join(padded)}"


def _totals(left: Compared, right: Compared) -> list[str]:
    columns: list[list[str]] = [[], [], [], []]
    for key in TOTALS:
        before, after = (int(getattr(one.report.totals, key)) for one in (left, right))
        for column, cell in zip(
            columns, (BY_KEY[key].title, number(before), number(after), signed(after - before)), strict=True
        ):
            column.append(cell)
    return aligned(columns, [False, True, True, True])


def page(nets: Sequence[Compared], found: Sequence[Change]) -> Page:
    """The layers that changed, and how the totals did."""

    def side(row: Row | None) -> object:
        return None if row is None else layer_object(row)

    def data() -> dict[str, object]:
        changed = [{"name": one.name, "left": side(one.left), "right": side(one.right)} for one in found]
        return {"nets": [object_of(one) for one in nets], "changes": changed}

    def cells(row: Row | None) -> list[object]:
        return [""] * 4 if row is None else [row.notation, shape_text(row.output_shape), row.params, row.macs]

    def table() -> Table:
        fields = (("notation", False), ("output_shape", False), ("params", True), ("macs", True))
        keys = [(f"{field}_{side}", right) for side in ("left", "right") for field, right in fields]
        columns = [Column("name", "name"), *(Column(key, key, right) for key, right in keys)]
        return Table(columns, [[one.name, *cells(one.left), *cells(one.right)] for one in found])

    return Page("a difference", lambda _: [Verbatim(_text(nets, found), "diff")], data, table, "changes")
