"""Which rows a table shows: groups folded into one row each, repeated groups into one row, and their order.

A folded group is a Row again, so that no form needs to know about folding.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from cnncalc.answers.roofline import NOTHING, Bound
from cnncalc.pages.show.columns import COLUMNS, by_key
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.analysis.symbolic.report import SymbolicRow
    from cnncalc.answers.report import Row

__all__ = ["GROUP", "arranged", "deepest", "fold", "fold_to_fit", "ordered"]

GROUP = "group"
"""The kind of a row that stands for several layers."""

# A table of fewer rows than this says too little about a net that has more layers.
FEWEST_ROWS = 8

_SUMMED = tuple({column.field: None for column in COLUMNS if column.fold == "sum"})
_LAST = tuple({column.field: None for column in COLUMNS if column.fold == "last"})


Rows = TypeVar("Rows", "Row", "SymbolicRow")
Adding: TypeAlias = "Callable[[Sequence[Any]], Any]"
"""How a figure of several rows is added up."""


class _Group(NamedTuple):
    name: str
    rows: list[Any]


def deepest(rows: Sequence[Row]) -> int:
    """The most levels of names that a row has; 1 for a net without groups."""
    return max((row.name.count(".") + 1 for row in rows), default=1)


def _grouped(rows: Sequence[Rows], depth: int) -> list[_Group]:
    """The rows by the first `depth` levels of their names, each group where its first layer stands."""
    groups: dict[str, _Group] = {}
    for row in rows:
        name = ".".join(row.name.split(".")[:depth])
        if name not in groups:
            groups[name] = _Group(name, [])
        groups[name].rows.append(row)
    return list(groups.values())


def _added(numbers: Sequence[Any]) -> Any:
    """Their sum; of bounds too, of which either all rows have one or none has."""
    if isinstance(numbers[0], Bound):
        return sum(numbers, NOTHING)
    return sum(number or 0 for number in numbers)


def _one_row(name: str, notation: str, rows: Sequence[Any], add: Adding = _added) -> Any:
    row = rows[0]
    sums = {field: add([getattr(one, field) for one in rows]) for field in _SUMMED if field in row._fields}
    last = {field: getattr(rows[-1], field) for field in _LAST if field in row._fields}
    return row._replace(name=name, kind=GROUP, notation=notation, **sums, **last)


def _folded(group: _Group, add: Adding = _added) -> Any:
    """A group of one layer stays that layer."""
    if len(group.rows) == 1:
        return group.rows[0]
    return _one_row(group.name, f"{len(group.rows)} layers", group.rows, add)


def fold(rows: Sequence[Rows], depth: int, add: Adding = _added) -> list[Rows]:
    """The rows with what lies deeper than `depth` levels folded into its group: figures added, the last output."""
    return [_folded(group, add) for group in _grouped(rows, depth)]


def _position(group: _Group) -> tuple[str, int] | None:
    """The name without the number that ends it, and the number: what runs on in repeated groups."""
    head = group.name.rstrip("0123456789")
    return (head, int(group.name[len(head) :])) if len(head) < len(group.name) else None


def _alike(group: _Group) -> tuple[object, ...]:
    """Equal for groups that do the same: layer by layer the same notation, shapes and counts."""
    return tuple((row.notation, row.input_shapes, row.output_shape, row.params, row.trainable) for row in group.rows)


def _fold_repeats(groups: Sequence[_Group]) -> list[Row]:
    """The groups as rows; numbered groups that follow one another and do the same share one row."""

    def key(numbered: tuple[int, _Group]) -> tuple[object, ...]:
        index, group = numbered
        position = _position(group)
        if position is None or len(group.rows) == 1:
            return (index,)
        return (position[0], position[1] - index, _alike(group))

    rows = []
    for _, run in groupby(enumerate(groups), key):
        same = [group for _, group in run]
        if len(same) == 1:
            rows.append(_folded(same[0]))
        else:
            name = f"{same[0].name}–{same[-1].name.rpartition('.')[2]}"
            notation = f"{len(same)} × {len(same[0].rows)} layers"
            rows.append(_one_row(name, notation, [row for group in same for row in group.rows]))
    return rows


def fold_to_fit(rows: Sequence[Row], most: int, *, repeats: bool = True) -> list[Row]:
    """The deepest view of at most `most` rows, but up to twice as many where the view above it says too little.

    `repeats`: groups that follow one another and do the same share a row.
    """
    best = list(rows)
    for depth in range(1, deepest(rows) + 1):
        groups = _grouped(rows, depth)
        if depth > 1 and len(groups) > (most if len(best) >= FEWEST_ROWS else 2 * most):
            break
        best = _fold_repeats(groups) if repeats else [_folded(group) for group in groups]
    return best


def ordered(rows: Sequence[Row], sort: str | None) -> Sequence[Row]:
    """The rows by the column `sort`: numbers and shapes from the largest down, words from a to z."""
    if sort is None:
        return rows
    field = by_key(sort).field
    return sorted(rows, key=lambda row: _rank(getattr(row, field)))


def _rank(value: object) -> tuple[Any, str]:
    """What to sort by so that the largest number, or the first word, comes first."""
    if isinstance(value, Bound):
        return (-value.seconds, "")
    if isinstance(value, int):
        return (-value, "")
    if isinstance(value, tuple):
        sizes = [size for size in value if isinstance(size, int)]
        if sizes:
            product = 1
            for size in sizes:
                product *= size
            return (-product, "")
        return _rank(value[0]) if value else (0, "")
    return (0, str(value).casefold())


def arranged(rows: Sequence[Row], depth: int | None, sort: str | None) -> Sequence[Row]:
    """The rows folded to `depth`, where one is given, and in the order of the column `sort`."""
    return ordered(rows if depth is None else fold(rows, depth), sort)
