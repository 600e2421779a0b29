"""The points of a part of a sweep: a net is built once, and its sizes follow by closed form."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import prod
from operator import mul
from typing import TYPE_CHECKING, Any

from cnncalc.analysis.costs import Counts, report
from cnncalc.analysis.roofline import bounded
from cnncalc.analysis.symbolic.report import symbolic_totals
from cnncalc.arithmetic.symbolic.algebra import NoClosedForm, Size, polynomial
from cnncalc.arithmetic.symbolic.conditions import Condition
from cnncalc.arithmetic.symbolic.maxima import Maximum
from cnncalc.arithmetic.symbolic.tables import Table
from cnncalc.claims.latency import LATENCY, PICOSECONDS
from cnncalc.errors import CnncalcError, Fault
from cnncalc.language import load
from cnncalc.language.options import Options
from cnncalc.records import NamedTuple
from cnncalc.solve.figures import Measured, Want, meets
from cnncalc.solve.sweep.grid import Grid, Part
from cnncalc.solve.sweep.points import Points, packed

if TYPE_CHECKING:
    from cnncalc.answers.roofline import Device

__all__ = ["Apart", "Asked", "Evaluator"]


class Apart(NamedTuple):
    """What only a whole net at a size in numbers has."""

    shapes: tuple[Want, ...] = ()
    """Wants, of each of which a column behind the figures says whether it is met."""
    device: Device | None = None
    """On which `LATENCY` is."""


class Asked(NamedTuple):
    """What is asked of every net of a sweep."""

    net: str
    options: Options
    dtype: str
    grid: Grid
    figures: tuple[str, ...]
    optimizer: str
    apart: Apart | None = None
    """Where it is asked for, every size is a net of its own, and figures may be any that a want may name."""


class _Closed(NamedTuple):
    """A net on symbols: its figures, where it works, and what is wrong where it is none."""

    totals: dict[str, Any]
    condition: Condition
    fault: str = ""


class Evaluator:
    """Computes one part after the other."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self._last: tuple[tuple[str, ...], _Closed] | None = None
        """The net of the part before: of this one too, where its sizes are cut."""

    def points(self, part: Part) -> Points:
        """The points of a part; what is wrong with a net stands in them. Raises `CnncalcError` for no closed form."""
        if self.asked.apart is not None:
            return self._apart(part, self.asked.apart)
        return self._sizes(part) if self.asked.grid.input else self._one(part.choice)

    def _options(self, choice: tuple[str, ...]) -> Options:
        options = self.asked.options
        return options._replace(variables={**options.variables, **dict(zip(self.asked.grid.variables, choice))})

    def _one(self, choice: tuple[str, ...]) -> Points:
        """A net at its own size."""
        net, options, dtype, _, figures, optimizer, _ = self.asked
        try:
            plain = Counts(load(net, self._options(choice)), options.batch, dtype, optimizer)
            return Points(choice, (), [[int(plain[name])] for name in figures], (0,))
        except CnncalcError as error:
            return Points.faulty(choice, (), error.faults[0].message)

    def _apart(self, part: Part, apart: Apart) -> Points:
        """Each size as a net of its own."""
        axes, rows, faults, texts = self.asked.grid.axes(part), [], [], list[str]()
        nothing = [0] * (len(self.asked.figures) + len(apart.shapes))
        for lengths in product(*axes):
            try:
                rows.append(self._measured(part.choice, lengths, apart))
                faults.append(0)
            except CnncalcError as error:
                texts.append(error.faults[0].message)
                rows.append(nothing)
                faults.append(len(texts))
        return Points(part.choice, axes, list(zip(*rows)), faults, texts)

    def _measured(self, choice: tuple[str, ...], lengths: Sequence[int], apart: Apart) -> list[int]:
        net, _, dtype, grid, figures, optimizer, _ = self.asked
        options = self._options(choice)
        made = load(net, options._replace(input=grid.size(lengths)) if grid.input else options)
        measured = Measured(made, options.batch, dtype, optimizer)
        found = [0 if name == LATENCY else int(measured.figure(name)) for name in figures]
        if apart.device is not None:
            bound = bounded(report(made, options.batch, dtype), apart.device, dtype).roofline
            assert bound is not None
            found[figures.index(LATENCY)] = int(bound.total.seconds * PICOSECONDS)
        return [*found, *(int(meets(measured.figure(want.figure), want)) for want in apart.shapes)]

    def _sizes(self, part: Part) -> Points:
        """All sizes of a part."""
        grid, figures = self.asked.grid, self.asked.figures
        axes, closed = grid.axes(part), self._closed(part.choice)
        if closed.fault:
            return Points.faulty(part.choice, axes, closed.fault)
        lengths = dict(zip(grid.lengths, axes))
        allowed = _allowing(closed.condition, lengths)
        numbers = [_column_function(name, closed.totals[name], lengths) for name in figures]
        *outer, _ = axes
        columns: list[Sequence[int]] = [packed(()) for _ in figures]
        faults = array("H")
        for before in product(*outer):
            columns = [_longer(column, one(before)) for column, one in zip(columns, numbers)]
            faults.extend(allowed(before))
        return Points(part.choice, axes, columns, faults, (f"it works where {closed.condition}",))

    def _closed(self, choice: tuple[str, ...]) -> _Closed:
        if self._last is None or self._last[0] != choice:
            net, options, dtype, grid, figures, optimizer, _ = self.asked
            try:
                graph = load(net, self._options(choice)._replace(input=grid.input, symbols=True))
                closed = _Closed(
                    *symbolic_totals(graph, figures, batch=options.batch, dtype=dtype, optimizer=optimizer)
                )
            except CnncalcError as error:
                closed = _Closed({}, Condition({}, []), error.faults[0].message)
            self._last = choice, closed
        return self._last[1]


def _longer(column: Sequence[int], values: Sequence[int]) -> Sequence[int]:
    """A column with values behind it; what does not fit into 8 bytes makes it a list."""
    more = packed(values)
    if isinstance(column, array) and isinstance(more, array):
        column.extend(more)
        return column
    return [*column, *more]


def _allowing(
    condition: Condition, grid: Mapping[str, Sequence[int]]
) -> Callable[[tuple[int, ...]], Sequence[bool] | Sequence[int]]:
    """Whether the net works at no length of the last axis, or at which, as a function of the lengths of the others."""
    *outer, last = grid
    inner = grid[last]
    fine, wrong = [0] * len(inner), [1] * len(inner)
    if condition.always:
        return lambda _: fine
    if condition.relations:
        return lambda before: [not condition.holds_at(dict(zip(grid, (*before, n)))) for n in inner]
    every = Table("", (), 0, (1,))
    sets = [{n for n in grid[symbol] if condition.sets.get(symbol, every).at(n)} for symbol in outer]
    some = [not condition.sets.get(last, every).at(n) for n in inner]
    return lambda before: some if all(n in known for n, known in zip(before, sets)) else wrong


def _column_function(
    name: str, value: Any, grid: Mapping[str, Sequence[int]]
) -> Callable[[tuple[int, ...]], Sequence[int]]:
    """A figure for all lengths of the last axis, as a function of the lengths of the others. Raises `CnncalcError`."""
    if isinstance(value, NoClosedForm):
        raise CnncalcError(
            Fault(f"`{name}` has no closed form here", values=str(value), help="sweep the other figures")
        )
    if not isinstance(value, Maximum):
        return _sum_function(value, grid)
    parts = [_sum_function(part, grid) for part in value.parts]
    return lambda lengths: [max(values) for values in zip(*(part(lengths) for part in parts))]


def _sum_function(value: Any, grid: Mapping[str, Sequence[int]]) -> Callable[[tuple[int, ...]], list[int]]:
    """As `_column_function`, of a sum of products.

    The products of sizes are looked up axis by axis, so that a point costs one sum of products.
    """
    *outer, last = grid
    terms = polynomial(value).terms
    columns = list(zip(*(_values(term, last, grid[last]) for term in terms)))
    before = [[dict(zip(grid[symbol], _values(term, symbol, grid[symbol]))) for symbol in outer] for term in terms]
    factors = list(terms.values())
    constant = factors * len(grid[last]) if list(terms) == [()] else None

    def column(lengths: tuple[int, ...]) -> list[int]:
        if not columns:
            return [0] * len(grid[last])
        if constant is not None:
            return constant
        left = [
            prod((factor, *(known[n] for known, n in zip(tables, lengths)))) for factor, tables in zip(factors, before)
        ]
        return [sum(map(mul, left, values)) for values in columns]

    return column


def _values(term: Sequence[Size], symbol: str, lengths: Sequence[int]) -> list[int]:
    """The product of the sizes of one axis, at each of its lengths."""
    tables = [size.table for size in term if size.symbol == symbol]
    return [prod(table.at(n) for table in tables) for n in lengths]
