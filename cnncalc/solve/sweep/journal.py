"""What a sweep, or a search, has found so far: a line of its journal holds all points of one part, column by column."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

from cnncalc.running.journal import Journal
from cnncalc.solve.sweep.grid import SIZES, Grid, Part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.solve.sweep.points import Points

__all__ = ["PointsJournal", "points_journal"]

PointsJournal: TypeAlias = "Journal[Part, Points]"
KEYS = ("figures", "faults", "texts")
"""Of a line: the numbers of each figure; for each point the place of its fault in the texts, counted from 1, or 0."""
LONGEST = 1_000_000
LONGEST_POINT = 2_000
"""Bytes; a longer line is none of ours."""


def points_journal(target: str, what: str, depends: Mapping[str, object], grid: Grid, figures: int) -> PointsJournal:
    """The journal of a sweep or a search over a grid, of so many columns of figures."""

    def read(record: dict[str, Any]) -> tuple[Part, Points] | None:
        if not (_texts(record.get("net")) and type(record.get("from")) is int):
            return None
        part = grid.part(tuple(record["net"]), record["from"])
        points = _points(grid, part, figures, record) if part is not None else None
        return (part, points) if part is not None and points is not None else None

    longest = LONGEST + LONGEST_POINT * min(grid.sizes, 2 * SIZES)
    return Journal(target, what, depends, write=_record, read=read, longest=longest)


def _record(part: Part, points: Points) -> dict[str, object]:
    columns, faults = [list(column) for column in points.columns], list(points.faults)
    return {"net": part.choice, "from": part.low, **dict(zip(KEYS, (columns, faults, points.texts)))}


def _points(grid: Grid, part: Part, figures: int, record: dict[str, Any]) -> Points | None:
    """The points of one line; None where it is none of ours."""
    from cnncalc.solve.sweep.points import Points

    axes = grid.axes(part)
    count = prod(map(len, axes))
    columns: Any
    faults: Any
    texts: Any
    columns, faults, texts = map(record.get, KEYS)
    if not (isinstance(columns, list) and _wholes(faults) and _texts(texts) and len(faults) == count):
        return None
    if len(columns) != figures and not (all(faults) and not columns):
        return None
    if not all(_wholes(column) and len(column) == count for column in columns):
        return None
    if not all(0 <= fault <= len(texts) for fault in faults):
        return None
    return Points(part.choice, axes, columns, faults, texts)


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _wholes(value: object) -> bool:
    return isinstance(value, list) and all(type(one) is int for one in value)
