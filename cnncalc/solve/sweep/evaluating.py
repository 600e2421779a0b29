"""The points of a part of a sweep: a net is built once, and its sizes follow by closed form."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import prod
from operator import mul
from typing import Any

from cnncalc.analysis.costs import Counts
from cnncalc.analysis.symbolic.report import symbolic_totals
from cnncalc.arithmetic.symbolic.algebra import NoClosedForm, Size, polynomial
from cnncalc.arithmetic.symbolic.conditions import Condition
from cnncalc.arithmetic.symbolic.maxima import Maximum
from cnncalc.arithmetic.symbolic.tables import Table
from cnncalc.errors import CnncalcError, Fault
from cnncalc.language import load
from cnncalc.language.options import Options
from cnncalc.records import NamedTuple
from cnncalc.solve.sweep.grid import Grid, Part
from cnncalc.solve.sweep.points import Points, packed

__all__ = ["Asked", "Evaluator"]


class Asked(NamedTuple):
    """What is asked of every net of a sweep."""

    net: str
    options: Options
    dtype: str
    grid: Grid
    figures: tuple[str, ...]
    optimizer: str


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
        return self._sizes(part) if self.asked.grid.input else self._one(part.choice)

    def _options(self, choice: tuple[str, ...]) -> Options:
        options = self.asked.options
        return options._replace(variables={**options.variables, **dict(zip(self.asked.grid.variables, choice))})

    def _one(self, choice: tuple[str, ...]) -> Points:
        """A net at its own size."""
        net, options, dtype, _, figures, optimizer = self.asked
        try:
            plain = Counts(load(net, self._options(choice)), options.batch, dtype, optimizer)
            return Points(choice, (), [[int(plain[name])] for name in figures], (0,))
        except CnncalcError as error:
            return Points.faulty(choice, (), error.faults[0].message)

    def _sizes(self, part: Part) -> Points:
        """All sizes of a part."""
        grid, figures = self.asked.grid, self.asked.figures
        axes, closed = grid.axes(part), self._closed(part.choice)
        if closed.fault:
            return Points.faulty(part.choice, axes, closed.fault)
        lengths = dict(zip(grid.lengths, axes))
        allowed = _allowing(closed.condition, lengths)
        numbers = [_column_function(name, closed.totals[name], lengths) for name in figures]
        *outer, inner = axes
        columns: list[Sequence[int]] = [packed(()) for _ in figures]
        faults = array("H")
        for before in product(*outer):
            columns = [_longer(column, one(before)) for column, one in zip(columns, numbers)]
            faults.extend([not allowed((*before, last)) for last in inner])
        return Points(part.choice, axes, columns, faults, (f"it works where {closed.condition}",))

    def _closed(self, choice: tuple[str, ...]) -> _Closed:
        if self._last is None or self._last[0] != choice:
            net, options, dtype, grid, figures, optimizer = self.asked
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


def _allowing(condition: Condition, grid: Mapping[str, Sequence[int]]) -> Callable[[tuple[int, ...]], bool]:
    """Whether the net works at a size."""
    if condition.always:
        return lambda _: True
    if condition.relations:
        return lambda size: condition.holds_at(dict(zip(grid, size)))
    every = Table("", (), 0, (1,))
    sets = [{n for n in lengths if condition.sets.get(symbol, every).at(n)} for symbol, lengths in grid.items()]
    return lambda size: all(n in known for n, known in zip(size, sets))


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

    def column(lengths: tuple[int, ...]) -> list[int]:
        if not columns:
            return [0] * len(grid[last])
        left = [
            prod((factor, *(known[n] for known, n in zip(tables, lengths)))) for factor, tables in zip(factors, before)
        ]
        return [sum(map(mul, left, values)) for values in columns]

    return column


def _values(term: Sequence[Size], symbol: str, lengths: Sequence[int]) -> list[int]:
    """The product of the sizes of one axis, at each of its lengths."""
    tables = [size.table for size in term if size.symbol == symbol]
    return [prod(table.at(n) for table in tables) for n in lengths]
