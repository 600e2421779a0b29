"""The points of a sweep."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.answers.page import Column, Each, Page, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.solve.sweep.grid import Grid
    from cnncalc.solve.sweep.points import Point

__all__ = ["page"]

LONGEST = 300
"""Characters of a number; a longer one stays a text."""


def page(points: Sequence[Point], grid: Grid, figures: Sequence[str]) -> Page:
    """A row a point; those that have none of the figures say why."""

    def table() -> Table:
        keys = (*grid.variables, *grid.lengths, *figures)
        columns = [*(Column(key, key, right=True) for key in keys), Column("fault", "fault")]
        nothing = ("",) * len(figures)

        def cells(one: Point) -> list[object]:
            return [*one.variables, *one.lengths, *(one.figures or nothing), one.fault]

        return Table(columns, Each(points, cells))

    def shown() -> Table:
        whole = table()
        if any(point.fault for point in points):
            return whole
        return whole._replace(columns=whole.columns[:-1], rows=Each(whole.rows, lambda row: row[:-1]))

    def data() -> dict[str, object]:
        return {"points": Each(points, lambda point: _object(point, grid, figures))}

    return Page("a sweep", lambda _: [shown()], data, table, "points")


def _object(point: Point, grid: Grid, figures: Sequence[str]) -> dict[str, object]:
    answer: dict[str, object] = {
        name: _as_number(text) for name, text in zip(grid.variables, point.variables, strict=True)
    }
    answer |= zip(grid.lengths, point.lengths, strict=False)
    answer |= zip(figures, point.figures, strict=False)
    return answer | ({"fault": point.fault} if point.fault else {})


def _as_number(text: str) -> int | float | str:
    """The value of a variable as a number where it is written as one, and is none that no format holds."""
    if len(text) > LONGEST or not text.isascii():
        return text
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d*\.\d+", text) else text
