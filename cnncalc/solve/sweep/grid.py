"""A net over a grid of variables and input sizes: built once for each choice of variables, sizes by closed form."""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import product
from math import prod
from operator import mul
from typing import Any, TypeAlias

from cnncalc.analysis.costs import Counts
from cnncalc.analysis.memory.optimizers import optimizer_named
from cnncalc.analysis.symbolic.report import symbolic_totals
from cnncalc.answers.figures import KEYS
from cnncalc.arithmetic.symbolic.algebra import NoClosedForm, Size, polynomial
from cnncalc.arithmetic.symbolic.conditions import Condition
from cnncalc.arithmetic.symbolic.maxima import Maximum
from cnncalc.arithmetic.symbolic.tables import Table
from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.language import load
from cnncalc.language.documents.library import hold_standard_input, standard_input
from cnncalc.language.options import Options
from cnncalc.records import NamedTuple
from cnncalc.solve.sweep.points import Point, Points, packed

__all__ = ["Grid", "check", "front", "sweep"]

Choice: TypeAlias = "tuple[str, ...]"
"""The values of the variables of one net."""

MOST = 1_000_000


class Grid(NamedTuple):
    """What is varied."""

    variables: dict[str, tuple[str, ...]]
    input: str
    """The input in symbols, `3xHxH`; empty: the file's own."""
    lengths: dict[str, tuple[int, ...]]
    """The lengths of each symbol."""

    @property
    def points(self) -> int:
        """How many nets and sizes there are."""
        return self.sizes * prod(len(values) for values in self.variables.values())

    @property
    def sizes(self) -> int:
        """How many sizes of each net there are."""
        return prod(len(values) for values in self.lengths.values())

    def choices(self) -> Iterator[tuple[str, ...]]:
        """The values of the variables of each net, in order."""
        return product(*self.variables.values())


class _Asked(NamedTuple):
    """What is asked of every net of a sweep."""

    net: str
    options: Options
    dtype: str
    grid: Grid
    figures: tuple[str, ...]
    optimizer: str


def check(grid: Grid, figures: Sequence[str], optimizer: str = "sgd") -> None:
    """Raises `CnncalcError` for a grid of too many points, a figure or an optimizer that there is not."""
    optimizer_named(optimizer)
    if grid.points > MOST:
        help = "take larger steps"
        raise CnncalcError(Fault(f"{grid.points:,} points are more than {MOST:,}", help=help))
    if not figures:
        raise CnncalcError(Fault("a sweep of no figures", help="name some, as params,macs"))
    for name in figures:
        if name not in KEYS:
            help = suggestion(name, KEYS, f"a sweep has {', '.join(KEYS)}")
            raise CnncalcError(Fault(f"there is no figure `{name[:60]}` to sweep", help=help))


def sweep(
    net: str,
    options: Options,
    dtype: str,
    grid: Grid,
    figures: Sequence[str],
    *,
    optimizer: str = "sgd",
    jobs: int = 1,
    done: Collection[tuple[str, ...]] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Points]:
    """The points of every net; nets in `done` are passed over.

    Raises `CnncalcError` where there is nothing to sweep: no such figure, or a file that holds no net in any case.
    """
    check(grid, figures, optimizer)
    choices = [choice for choice in grid.choices() if choice not in done]
    asked = _Asked(net, options, dtype, grid, tuple(figures), optimizer)
    works = bool(done)
    for number, points in enumerate(_each(choices, asked, jobs), 1):
        if not works:
            works = any(point.figures for point in points)
            if number == len(choices) and not works:  # whatever the size, it cannot even be read
                load(net, options._replace(variables={**options.variables, **dict(zip(grid.variables, choices[0]))}))
        if progress is not None:
            progress(number, len(choices))
        yield points


def _each(choices: Sequence[Choice], asked: _Asked, jobs: int) -> Iterator[Points]:
    """The points of every net, in order, from several processes where `jobs` says so."""
    jobs = min(jobs, len(choices), max(os.cpu_count() or 1, 2))  # more cannot be faster
    if jobs < 2:
        yield from (_of_one(asked, choice) for choice in choices)
        return
    from cnncalc.solve.sweep.workers import in_order

    held = standard_input(asked.options.limits) if asked.net == "-" else b""
    yield from in_order(_prepare, (asked, held), _of_one_here, partial(_ended, asked), choices, jobs)


_HERE: list[_Asked] = []
"""What is asked of this process, where it is one of several."""


def _prepare(asked: _Asked, held: bytes) -> None:
    _HERE[:] = [asked]
    if asked.net == "-":
        hold_standard_input(held)


def _of_one_here(choice: Choice) -> Points:
    return _of_one(_HERE[0], choice)


def _ended(asked: _Asked, choice: Choice) -> Points:
    fault = "the process that computed this was ended twice: out of memory?"
    return Points.faulty(choice, _axes(asked.grid), fault)


def _of_one(asked: _Asked, choice: Choice) -> Points:
    """All sizes of the net that one choice of variables gives."""
    net, options, dtype, grid, figures, optimizer = asked
    chosen = dict(zip(grid.variables, choice))
    options = options._replace(variables={**options.variables, **chosen})
    if not grid.input:
        try:
            plain = Counts(load(net, options), options.batch, dtype, optimizer)
            return Points(choice, (), [[int(plain[name])] for name in figures], (0,))
        except CnncalcError as error:
            return Points.faulty(choice, (), error.faults[0].message)
    try:
        graph = load(net, options._replace(input=grid.input, symbols=True))
        totals, condition = symbolic_totals(graph, figures, batch=options.batch, dtype=dtype, optimizer=optimizer)
    except CnncalcError as error:
        return Points.faulty(choice, _axes(grid), error.faults[0].message)
    allowed, fault = _allowing(condition, grid.lengths), f"it works where {condition}"
    numbers = [_column_function(name, totals[name], grid.lengths) for name in figures]
    *outer, inner = _axes(grid)
    columns: list[Sequence[int]] = [packed(()) for _ in figures]
    faults = array("H")
    for before in product(*outer):
        columns = [_longer(column, one(before)) for column, one in zip(columns, numbers)]
        faults.extend([not allowed((*before, last)) for last in inner])
    return Points(choice, _axes(grid), columns, faults, (fault,))


def _axes(grid: Grid) -> list[tuple[int, ...]]:
    return list(grid.lengths.values())


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


def front(points: Sequence[Point], figures: Sequence[str], wanted: Sequence[str]) -> list[Point]:
    """The points that no other beats in all wanted figures at once, of equal ones the first.

    Less is better; of a figure with `-` before its name more is.
    """
    places = [(figures.index(name.removeprefix("-")), -1 if name.startswith("-") else 1) for name in wanted]
    ordered = sorted(
        (*[sign * point.figures[place] for place, sign in places], at)
        for at, point in enumerate(points)
        if point.figures
    )
    best: list[tuple[int, ...]] = []
    left = []
    for *values, at in ordered:
        others = best if len(places) > 2 else best[-1:]  # of two, the last is the least in the second
        if not any(all(one <= other for one, other in zip(kept, values)) for kept in others):
            best.append(tuple(values))
            left.append(points[at])
    return left
