"""The points of a sweep: a table, CSV, JSON, JSON lines, Markdown, or Parquet where pyarrow is there."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, Fault
from cnncalc.text import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.solve.sweep.grid import Grid, Point

__all__ = ["FORMS", "draw", "heading", "need_parquet", "write_parquet"]

DIGITS = 38
"""As many has Parquet's largest whole number."""
LONGEST = 300
"""Characters of a number; a longer one stays a text."""
FORMS = ("table", "csv", "jsonl", "json", "markdown", "parquet")


def heading(grid: Grid, figures: Sequence[str]) -> list[str]:
    """The names of the columns."""
    return [*grid.variables, *grid.lengths, *figures, "fault"]


def _values(point: Point, figures: Sequence[str]) -> list[object]:
    known = point.figures or ("",) * len(figures)
    return [*point.variables, *point.lengths, *known, point.fault]


def _object(point: Point, grid: Grid, figures: Sequence[str]) -> dict[str, object]:
    answer: dict[str, object] = {
        name: _as_number(text) for name, text in zip(grid.variables, point.variables, strict=True)
    }
    answer |= zip(grid.lengths, point.lengths, strict=False)
    answer |= zip(figures, point.figures, strict=False)
    return answer | ({"fault": point.fault} if point.fault else {})


def draw(points: Sequence[Point], grid: Grid, figures: Sequence[str], form: str) -> str:
    """The points as text."""
    names = heading(grid, figures)
    if form == "jsonl":
        return "".join(f"{json.dumps(_object(point, grid, figures))}\n" for point in points)
    if form == "json":
        from cnncalc.forms.json_form import dumps

        return dumps({"points": [_object(point, grid, figures) for point in points]})
    if form == "csv":
        from cnncalc.forms.csv_form import written

        return written(names, [_values(point, figures) for point in points])
    from cnncalc.forms.pages.searches import listed

    cells = [[value if isinstance(value, str) else number(value) for value in _values(one, figures)] for one in points]
    if not any(point.fault for point in points):
        names, cells = names[:-1], [line[:-1] for line in cells]
    return "\n".join(listed(names, [name != "fault" for name in names], cells, form)) + "\n"


def need_parquet() -> None:
    """Raises `CnncalcError` where pyarrow is not installed."""
    from importlib.util import find_spec

    if find_spec("pyarrow") is None:
        message = "Parquet needs pyarrow, which is not installed"
        raise CnncalcError(Fault(message, help="`pip install pyarrow`, or `--format csv`"))


def write_parquet(points: Sequence[Point], grid: Grid, figures: Sequence[str], file: str) -> None:
    """Write the points as Parquet: whole numbers for each length and figure, none where a size has a fault."""
    from pathlib import Path

    from pyarrow import array, parquet, string, table  # type: ignore[import-not-found]

    columns = {}
    for name, values in _columns(points, grid, figures).items():
        kind = string() if name == "fault" else _arrow_type(values)
        texts = [None if value is None else str(value) for value in values]
        columns[name] = array(texts if kind == string() else values, kind)
    try:
        parquet.write_table(table(columns), f"{file}.new")
        Path(f"{file}.new").replace(file)
    except OSError as error:
        raise CnncalcError(Fault(f"`{file}` cannot be written: {error}", help="write elsewhere")) from None


def _columns(points: Sequence[Point], grid: Grid, figures: Sequence[str]) -> dict[str, list[object]]:
    """Every column, None where a point has no value."""
    columns: dict[str, list[object]] = {}
    for place, name in enumerate(grid.variables):
        columns[name] = [_as_number(point.variables[place]) for point in points]
        if any(isinstance(value, str) for value in columns[name]):
            columns[name] = [point.variables[place] for point in points]
    for place, name in enumerate(grid.lengths):
        columns[name] = [point.lengths[place] for point in points]
    for place, name in enumerate(figures):
        columns[name] = [point.figures[place] if point.figures else None for point in points]
    return columns | {"fault": [point.fault or None for point in points]}


def _arrow_type(values: Sequence[object]) -> object:
    """int64 where all values fit, then a decimal of 38 digits, then text; float64 for fractions."""
    from pyarrow import decimal128, float64, int64, string

    known = [value for value in values if value is not None]
    if any(isinstance(value, str) for value in known):
        return string()
    if any(isinstance(value, float) for value in known):
        return float64()
    largest = max((abs(value) for value in known if isinstance(value, int)), default=0)
    return int64() if largest < 2**63 else decimal128(DIGITS) if largest < 10**DIGITS else string()


def _as_number(text: str) -> int | float | str:
    """The value of a variable as a number where it is written as one, and is none that no format holds."""
    if len(text) > LONGEST or not text.isascii():
        return text
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d*\.\d+", text) else text
