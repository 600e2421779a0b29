"""The points of a sweep."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from cnncalc.answers.figures import BY_KEY
from cnncalc.answers.page import Column, Columnar, Each, Page, Table, cell_text
from cnncalc.answers.roofline import duration_text
from cnncalc.claims.latency import LATENCY, PICOSECONDS
from cnncalc.errors import CnncalcError
from cnncalc.language.yaml.reader import scalar_value
from cnncalc.solve.sweep.points import Joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.pictures.scatter import Side
    from cnncalc.solve.sweep.grid import Grid
    from cnncalc.solve.sweep.points import Point

__all__ = ["as_number", "figure_column", "key_of", "page", "plotted"]

MOST_DOTS = 20_000
"""Points of a picture; more are no picture."""
LONGEST = 300
"""Characters of a number; a longer one stays a text."""


def page(points: Sequence[Point], grid: Grid, figures: Sequence[str], *, front: bool = False) -> Page:
    """A row a point; those that have none of the figures say why. They may all be a `front`."""

    def table() -> Table:
        columns = [Column(key, key, right=True) for key in (*grid.variables, *grid.lengths)]
        columns += [*map(figure_column, figures), Column("fault", "fault")]
        nothing = ("",) * len(figures)

        def cells(one: Point) -> list[object]:
            return [*one.variables, *one.lengths, *(one.figures or nothing), one.fault]

        if not isinstance(points, Joined):
            return Table(columns, Each(points, cells))
        parts = points.parts
        return Table(columns, Columnar(points, cells, lambda: (one.by_columns(len(figures)) for one in parts)))

    def shown() -> Table:
        whole = table()
        if any(point.fault for point in points):
            return whole
        return whole._replace(columns=whole.columns[:-1], rows=Each(whole.rows, lambda row: row[:-1]))

    def data() -> dict[str, object]:
        return {"points": Each(points, lambda point: _object(point, grid, figures))}

    drawable = len(figures) > 1 and len(points) <= MOST_DOTS and any(point.figures for point in points)
    picture = (lambda: _picture(points, grid, figures, front)) if drawable else None
    way = "two figures are plotted, as `--figures params,macs`" if len(figures) < 2 else "the net works at no point"
    return Page("a sweep", lambda _: [shown()], data, table, "points", picture, way)


def _picture(points: Sequence[Point], grid: Grid, figures: Sequence[str], whole: bool) -> str:
    """The points at which the net works, by the first two figures."""
    from cnncalc.solve.fronts import front

    working = [point for point in points if point.figures]
    best = {id(point) for point in (working if whole else front(working, figures, figures[:2]))}
    dots = [(point, id(point) in best) for point in working]
    return plotted(dots, (*grid.variables, *grid.lengths), figures, whole=whole)


def plotted(points: Sequence[tuple[Point, bool]], names: Sequence[str], figures: Sequence[str], *, whole: bool) -> str:
    """Points, and whether each is of the front, over the first two figures; the `whole` of them may be a front."""
    from cnncalc.pictures.scatter import SMALL, Dot, scatter

    dots = [
        Dot(
            ", ".join(f"{name} {value}" for name, value in zip(names, (*point.variables, *point.lengths))),
            point.figures[0],
            point.figures[1],
            of_front,
        )
        for point, of_front in points
    ]
    across, up = map(_side, figures[:2])
    lower = across.title.lower() if across.title[1:].islower() else across.title
    filled = "no other beats these in all that is to be small or large" if whole else SMALL
    return scatter(dots, across, up, f"{up.title} over {lower}", filled=filled)


def _object(point: Point, grid: Grid, figures: Sequence[str]) -> dict[str, object]:
    answer: dict[str, object] = {
        name: as_number(text) for name, text in zip(grid.variables, point.variables, strict=True)
    }
    answer |= zip(grid.lengths, point.lengths, strict=False)
    answer |= zip(map(key_of, figures), point.figures, strict=False)
    return answer | ({"fault": point.fault} if point.fault else {})


def key_of(figure: str) -> str:
    """What a figure is called where programs read it: the unit of a time is told."""
    return "least_picoseconds" if figure == LATENCY else figure


def figure_column(figure: str) -> Column:
    """The column of a figure; a time is told in its unit where people read it."""
    if figure == LATENCY:
        return Column("least time", key_of(figure), right=True, text=_time_text)
    return Column(figure, figure, right=True, text=cell_text)


def _time_text(picoseconds: object) -> str:
    return duration_text(Fraction(picoseconds, PICOSECONDS)) if isinstance(picoseconds, int) else cell_text(picoseconds)


def _side(figure: str) -> Side:
    """What a figure is called beside an axis, and how its values are told there."""
    from cnncalc.pictures.scatter import Side

    if figure == LATENCY:
        return Side("Least time", _tick)
    return Side(BY_KEY[figure].title if figure in BY_KEY else figure.replace("_", " ").capitalize())


def _tick(picoseconds: float) -> str:
    """A time in the digits that it needs: `1.5 ms`."""
    digits, _, unit = duration_text(Fraction(round(picoseconds), PICOSECONDS)).partition(" ")
    return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits} {unit}"


def as_number(text: str) -> int | float | str:
    """The value of a variable as a number where a file would have one there, and it is none that no format holds."""
    try:
        value = scalar_value(text, plain=True) if len(text) <= LONGEST else text
    except CnncalcError:  # beyond the range of decimals
        return text
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else text
