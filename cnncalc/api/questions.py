"""The questions about files and grids: what `cnncalc check` and `cnncalc sweep` answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cnncalc.api.answers import Answer
from cnncalc.api.boundary.keywords import known_keywords
from cnncalc.api.loading import (
    DeviceLike,
    InputLike,
    NetLike,
    device_of,
    on_device,
    options_of,
    type_of,
    written,
)  # fmt: skip
from cnncalc.api.nets import Net
from cnncalc.api.opening import load
from cnncalc.api.rereading import reread
from cnncalc.claims import expect
from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from cnncalc.analysis.comparison import Compared
    from cnncalc.answers.page import Page
    from cnncalc.claims.expect import Check, Checked
    from cnncalc.solve.search.answer import SearchAnswer
    from cnncalc.solve.sweep.grid import Grid
    from cnncalc.solve.sweep.points import Point

__all__ = ["Checks", "Search", "Sweep", "check", "compare", "search", "sweep"]


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

    def __init__(
        self, data: list[Point], title: str, grid: Grid, figures: Sequence[str], *, front: bool = False
    ) -> None:
        from cnncalc.pages.solving.sweeps import page

        super().__init__(data, title, lambda points: page(points, grid, figures, front=front))
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
    net: NetLike | Net,
    *,
    max: Mapping[str, int | str] | None = None,  # noqa: A002 - as the option is called
    require: Mapping[str, int | str] | None = None,
    input: InputLike | None = None,
    set: Mapping[str, object] | None = None,  # noqa: A002
    dialect: str | None = None,
    freeze: str | Sequence[str] = (),
    batch: int = 1,
    dtype: str = "float32",
    amp: str | None = None,
    optimizer: str = "sgd",
    device: DeviceLike | None = None,
) -> Checks:
    """A net held to its file's `expect:`, to budgets (`max={"params": "5M"}`) and to figures: `cnncalc check`.

    `max={"latency": "5ms"}` is a budget of time on a `device`. Raises CnncalcError where the net cannot be built, or a
    figure, a quantity or a device is none.
    """
    from cnncalc.claims.expect import check as checked
    from cnncalc.claims.latency import LATENCY, latency_budget
    from cnncalc.pages.checks import FileResult, page

    path, options = reread(net, input=input, set=set, dialect=dialect, freeze=freeze, batch=batch)
    wanted = {
        name: _shape(value) if name == "output" else _quantity("require", name, value)
        for name, value in (require or {}).items()
    }
    most = dict(max or {})
    time = most.pop(LATENCY, None)
    latency = latency_budget(None if time is None else str(time), device_of(device), type_of(dtype, amp))
    budgets = {name: _quantity("max", name, value) for name, value in most.items()}
    found = checked(path, options, budgets, wanted, type_of(dtype, amp), optimizer, latency)

    def shown(answer: Checked) -> Page:
        return page([FileResult(path, answer.checks, "", (), answer.aside)])

    return Checks(found, path, shown)


def _called(net: Net) -> str:
    """What a net is called beside others: as the user called it, or as it calls itself."""
    return net.name if net.path is None or net.path.startswith("<") else net.path


def _quantity(keyword: str, name: str, value: int | str) -> int:
    """A count that `max` or `require` holds a figure to. Raises CnncalcError."""
    from cnncalc.claims.quantities import parse_quantity

    if isinstance(value, str):
        return parse_quantity(value.replace(",", ""), in_bytes=name.endswith("_bytes"))
    if value < 0:
        raise CnncalcError(
            Fault(f"`{keyword}` of `{name[:60]}` cannot be {value}", help="give a whole number from 0 on")
        )
    return value


def _shape(value: int | str) -> str:
    """The shape that `require` holds the output to, as it is printed. Raises CnncalcError."""
    from cnncalc.layers import FieldError, show_shape
    from cnncalc.notation.shapes import read_shape

    try:
        return show_shape(read_shape(str(value)))
    except FieldError as error:
        raise CnncalcError(Fault(f"`require` of `output`: {error.rule}", help='such as "512x7x7"')) from None


@known_keywords
def compare(
    *nets: NetLike | Net,
    input: InputLike | None = None,
    set: Mapping[str, object] | None = None,  # noqa: A002 - as the option is called
    batch: int = 1,
    dtype: str = "float32",
    amp: str | None = None,
    diff: bool = False,
    device: DeviceLike | None = None,
    convention: str | None = None,
) -> Answer[list[Compared]]:
    """Nets side by side, or with `diff` two of them layer by layer: `cnncalc compare`.

    The options are those of the nets that are not loaded yet; on a `device` their least times stand beside one another,
    by a `convention` what that tool counts. Raises CnncalcError for a net that cannot be built.
    """
    from cnncalc.analysis.comparison import changes, compared
    from cnncalc.pages import changes as changed
    from cnncalc.pages import comparison

    if not nets or (diff and len(nets) != 2):
        wanted = "`diff` takes two nets" if diff else "at least one net is compared"
        raise CnncalcError(Fault(f"{wanted}, not {len(nets)}", help='as `cnncalc.compare("resnet18", "resnet34")`'))
    held = [net if isinstance(net, Net) else load(net, options_of(input=input, set=set)) for net in nets]
    found = [compared(_called(net), net.numbers(), batch, type_of(dtype, amp)) for net in held]
    for name, value in (("device", device), ("convention", convention)):
        if diff and value is not None:
            raise CnncalcError(Fault(f"`{name}` does not go with `diff`", help="leave out one of them"))
    if diff:
        return Answer(found, "a difference", lambda both: changed.page(both, changes(both[0].report, both[1].report)))
    if convention is not None:
        from cnncalc.tools.conventions import convention_named
        from cnncalc.tools.conventions.counting import count, with_counting

        counts = [count(net.numbers(), convention_named(convention), batch) for net in held]
        found = [one._replace(report=with_counting(one.report, counting)) for one, counting in zip(found, counts)]
    placed = [one._replace(report=on_device(one.report, device, type_of(dtype, amp))) for one in found]
    return Answer(placed, f"{len(found)} nets", comparison.page)


@known_keywords
def sweep(
    net: NetLike | Net,
    *,
    set: Mapping[str, object] | None = None,  # noqa: A002 - as the option is called
    input: str = "",
    dialect: str | None = None,
    freeze: str | Sequence[str] = (),
    figures: str | Sequence[str] = ("params", "macs"),
    pareto: str | Sequence[str] = (),
    device: DeviceLike | None = None,
    batch: int = 1,
    dtype: str = "float32",
    amp: str | None = None,
    optimizer: str = "sgd",
    jobs: int = 1,
    workers: int = 0,
    scheduler: str = "",
) -> Sweep:
    """A net over a grid: `sweep("mobilenet_v2", set={"width": [0.5, 1]}, input="3x{96:320:32}")`: `cnncalc sweep`.

    The values of a variable are a list, a text as `--set` takes it ("0.25:1.4:0.05", "0.5,1"), or one value. `pareto`
    keeps the points that no other beats in all of these figures; on a `device`, `latency` is one, in picoseconds.
    `workers` are of Dask, on this machine, or those of a `scheduler` somewhere. Raises CnncalcError where there is
    nothing to sweep.
    """
    from cnncalc.running.runner import Runner
    from cnncalc.solve.fronts import front
    from cnncalc.solve.sweep.grid import asked_figures
    from cnncalc.solve.sweep.grid import check as held
    from cnncalc.solve.sweep.ranges import grid_of
    from cnncalc.solve.sweep.sweeping import sweep as swept

    varied = {name: _values(name, values) for name, values in (set or {}).items()}
    grid = grid_of(varied, input)
    path, options = reread(
        net, input=input if input and not grid.input else None, dialect=dialect, freeze=freeze, batch=batch
    )
    if grid.input:
        options = options._replace(input=None)
    on, wished = device_of(device), _listed(pareto)
    asked = asked_figures(_listed(figures), wished, device=on is not None)
    held(grid, asked, optimizer, options.limits, device=on is not None)
    runner = Runner(jobs, workers, scheduler).checked()
    found = swept(path, options, type_of(dtype, amp), grid, asked, optimizer=optimizer, device=on, runner=runner)
    points = [one for _, each in found for one in each]
    return Sweep(front(points, asked, wished) if wished else points, path, grid, asked, front=bool(wished))


class Search(Answer["SearchAnswer"]):
    """The best of a space of nets, and whether that is proven: `exact`, `way`, `looked`, `reason`."""

    data: SearchAnswer

    @property
    def rows(self) -> list[dict[str, object]]:
        """A mapping a point of the front: the variables, the lengths and the figures."""
        question = self.data.question
        names = (*self.data.names, *question.grid.lengths, *question.figures)
        return [dict(zip(names, (*one.variables, *one.lengths, *one.figures))) for one in self.data.found]


@known_keywords
def search(
    net: NetLike | Net,
    *,
    over: Mapping[str, object] | None = None,
    input: str = "",
    minimize: str | Sequence[str] = (),
    maximize: str | Sequence[str] = (),
    want: str | Sequence[str] = (),
    device: DeviceLike | None = None,
    set: Mapping[str, object] | None = None,  # noqa: A002 - as the option is called
    samples: int = 10_000,
    seed: int = 0,
    dialect: str | None = None,
    freeze: str | Sequence[str] = (),
    batch: int = 1,
    dtype: str = "float32",
    amp: str | None = None,
    optimizer: str = "sgd",
    jobs: int = 1,
    workers: int = 0,
    scheduler: str = "",
) -> Search:
    """The points of a space that no other beats: `search("net.yaml", over={"w": [8, 16]}, minimize="macs")`.

    `over` has the values of variables as `sweep` takes them in `set`, `input` sizes in braces; `maximize` and
    `minimize` name figures, `latency` on a `device` in picoseconds. Exact by sums or by every net, or a sample of
    `samples` nets: `cnncalc search`. Raises CnncalcError where there is nothing to choose from.
    """
    from cnncalc.pages.solving.fronts import page
    from cnncalc.running.runner import Runner
    from cnncalc.solve.asking import parse_wants
    from cnncalc.solve.search.answer import search as searched
    from cnncalc.solve.search.question import Objective, Question
    from cnncalc.solve.sweep.ranges import grid_of

    varied = {name: _values(name, values, "over") for name, values in (over or {}).items()}
    grid = grid_of(varied, input)
    path, options = reread(
        net, input=input if input and not grid.input else None, set=set, dialect=dialect, freeze=freeze, batch=batch
    )
    if grid.input:
        options = options._replace(input=None)
    aims = (*map(Objective, _listed(minimize)), *(Objective(name, True) for name in _listed(maximize)))
    wants = [want] if isinstance(want, str) else [*want]
    wanted = tuple(parse_wants(wants) if wants else ())
    question = Question(
        path, options, type_of(dtype, amp), grid, wanted, aims, optimizer,
        device_of(device),
    )  # fmt: skip
    if samples < 2:
        raise CnncalcError(Fault(f"`samples` cannot be {samples}", help="look at two nets at least"))
    runner = Runner(jobs, workers, scheduler).checked()
    return Search(searched(question, runner=runner, samples=samples, seed=seed), path, page)


def _values(name: str, given: object, keyword: str = "set") -> tuple[str, ...]:
    """What a variable is swept over. Raises CnncalcError where that is nothing."""
    from cnncalc.solve.sweep.ranges import steps

    if isinstance(given, str):
        values = steps(f"{keyword} of {name}", given)
    else:
        values = [written(one) for one in (given if isinstance(given, (list, tuple, range)) else [given])]
    if not values:
        raise CnncalcError(Fault(f"`{keyword}` has no value for `{name[:60]}`", help='give a list, or "0.25:1.4:0.05"'))
    return tuple(values)


def _listed(names: str | Sequence[str]) -> list[str]:
    """`"params,macs"`, or the same as a list."""
    return [name.strip() for name in (names.split(",") if isinstance(names, str) else names) if name.strip()]
