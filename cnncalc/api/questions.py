"""The questions about files and grids: what `cnncalc check` and `cnncalc sweep` answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cnncalc.api.answers import Answer
from cnncalc.api.keywords import known_keywords
from cnncalc.api.loading import options_of
from cnncalc.api.nets import named
from cnncalc.claims import expect

if TYPE_CHECKING:
    from os import PathLike

    from cnncalc.answers.page import Page
    from cnncalc.claims.expect import Check, Checked
    from cnncalc.solve.sweep.grid import Grid
    from cnncalc.solve.sweep.points import Point

__all__ = ["Checks", "Sweep", "check", "sweep"]


class Checks(Answer[expect.Checked]):
    """Every figure that a file, a budget or a requirement holds a net to."""

    @property
    def checks(self) -> tuple[Check, ...]:
        """One figure each: what, expected, found, passed."""
        return self.data.checks

    @property
    def passed(self) -> bool:
        """Whether something was held, and all of it holds."""
        return bool(self.checks) and all(one.passed for one in self.checks)


class Sweep(Answer["list[Point]"]):
    """A net at every point of a grid."""

    def __init__(self, data: list[Point], title: str, grid: Grid, figures: Sequence[str]) -> None:
        from cnncalc.pages.solving.sweeps import page

        super().__init__(data, title, lambda points: page(points, grid, figures))
        self.grid, self.figures = grid, tuple(figures)

    @property
    def rows(self) -> list[dict[str, object]]:
        """A mapping a point: the variables, the lengths, the figures, and `fault` where the net does not work there."""
        names = (*self.grid.variables, *self.grid.lengths)
        return [
            {**dict(zip(names, (*point.variables, *point.lengths))), **dict(zip(self.figures, point.figures)),
             "fault": point.fault}
            for point in self.data
        ]  # fmt: skip


@known_keywords
def check(
    net: str | PathLike[str],
    *,
    max: Mapping[str, int | str] | None = None,  # noqa: A002 - as the option is called
    require: Mapping[str, int | str] | None = None,
    input: str | None = None,
    set: Mapping[str, object] | None = None,  # noqa: A002
    dialect: str | None = None,
    batch: int = 1,
    dtype: str = "float32",
    optimizer: str = "sgd",
) -> Checks:
    """A net held to its file's `expect:`, to budgets (`max={"params": "5M"}`) and to figures: `cnncalc check`.

    Raises CnncalcError where the net cannot be built, or a figure or a quantity is none.
    """
    from cnncalc.claims.expect import check as checked
    from cnncalc.claims.quantities import parse_quantity
    from cnncalc.pages.checks import FileResult, page

    def quantity(name: str, value: int | str) -> int:
        return value if isinstance(value, int) else parse_quantity(value, in_bytes=name.endswith("_bytes"))

    options = options_of(input=input, set=set, dialect=dialect, freeze=(), train=False, opaque=False, limits=None)
    path = named(net)
    wanted = {name: value if name == "output" else quantity(name, value) for name, value in (require or {}).items()}
    budgets = {name: quantity(name, value) for name, value in (max or {}).items()}
    found = checked(path, options._replace(batch=batch), budgets, wanted, dtype, optimizer)

    def shown(answer: Checked) -> Page:
        return page([FileResult(path, answer.checks, "", (), answer.aside)])

    return Checks(found, path, shown)


@known_keywords
def sweep(
    net: str | PathLike[str],
    *,
    set: Mapping[str, Sequence[object]] | None = None,  # noqa: A002 - as the option is called
    input: str = "",
    figures: Sequence[str] = ("params", "macs"),
    pareto: Sequence[str] = (),
    batch: int = 1,
    dtype: str = "float32",
    optimizer: str = "sgd",
    jobs: int = 1,
) -> Sweep:
    """A net over a grid: `sweep("mobilenet_v2", set={"width": [0.5, 1]}, input="3x{96:320:32}")`: `cnncalc sweep`.

    `pareto` keeps the points at which no other is as small in all of these figures. Raises CnncalcError where there
    is nothing to sweep.
    """
    from cnncalc.solve.sweep.grid import Grid, front
    from cnncalc.solve.sweep.grid import sweep as swept
    from cnncalc.solve.sweep.ranges import grid_of

    varied = {name: tuple(map(str, values)) for name, values in (set or {}).items()}
    grid = grid_of(varied, input)
    options = options_of(
        input=input if input and grid is None else None, set=None, dialect=None, freeze=(), train=False, opaque=False,
        limits=None,
    )._replace(batch=batch)  # fmt: skip
    grid = grid or Grid(varied, "", {})
    path, asked = named(net), [*figures, *(name for name in pareto if name not in figures)]
    points = [one for each in swept(path, options, dtype, grid, asked, optimizer=optimizer, jobs=jobs) for one in each]
    return Sweep(front(points, asked, pareto) if pareto else points, path, grid, asked)
