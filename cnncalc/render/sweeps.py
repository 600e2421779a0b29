"""The points of a sweep: a table, CSV, JSON, JSON lines, Markdown, or Parquet where pyarrow is there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, Fault
from cnncalc.render.columns import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.solve.sweeps import Grid, Point

__all__ = ["FORMS", "draw", "heading", "write_parquet"]

FORMS = ("table", "csv", "jsonl", "json", "markdown", "parquet")


def heading(grid: Grid, figures: Sequence[str]) -> list[str]:
    """The names of the columns."""
    return [*grid.variables, *grid.lengths, *figures, "fault"]


def _values(point: Point, figures: Sequence[str]) -> list[object]:
    known = point.figures or ("",) * len(figures)
    return [*point.variables, *point.lengths, *known, point.fault]


def _object(point: Point, grid: Grid, figures: Sequence[str]) -> dict[str, object]:
    answer: dict[str, object] = dict(zip(grid.variables, point.variables, strict=True))
    answer |= zip(grid.lengths, point.lengths, strict=False)
    answer |= zip(figures, point.figures, strict=False)
    return answer | ({"fault": point.fault} if point.fault else {})


def draw(points: Sequence[Point], grid: Grid, figures: Sequence[str], form: str) -> str:
    """The points as text."""
    names = heading(grid, figures)
    if form == "jsonl":
        return "".join(f"{json.dumps(_object(point, grid, figures))}\n" for point in points)
    if form == "json":
        from cnncalc.render.json_form import dumps

        return dumps({"points": [_object(point, grid, figures) for point in points]})
    if form == "csv":
        from cnncalc.render.csv_form import written

        return written(names, [_values(point, figures) for point in points])
    from cnncalc.render.searches import listed

    cells = [[value if isinstance(value, str) else number(value) for value in _values(one, figures)] for one in points]
    if not any(point.fault for point in points):
        names, cells = names[:-1], [line[:-1] for line in cells]
    return "\n".join(listed(names, [name != "fault" for name in names], cells, form)) + "\n"


def write_parquet(points: Sequence[Point], grid: Grid, figures: Sequence[str], file: str) -> None:
    """Write the points as Parquet; raises `CnncalcError` where pyarrow is not installed."""
    try:
        from pyarrow import Table, parquet  # type: ignore[import-not-found]
    except ImportError:
        message = "Parquet needs pyarrow, which is not installed"
        raise CnncalcError(Fault(message, help="`pip install pyarrow`, or `--format csv`")) from None
    rows = [_object(point, grid, figures) for point in points]
    parquet.write_table(Table.from_pylist(rows), file)
