"""A whole-number function of one length, held exactly: past a start it repeats, a fixed amount further on each period.

Sums, multiples, floors, remainders, maxima and comparisons of such functions are such functions again, so that what a
net makes of an input length stays exact from the input to any layer: f(n) = advance·⌊n/period⌋ + values[n mod period],
and a list of its values before the start. The shortest period and the earliest start make the form unique.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import gcd, lcm
from operator import and_, sub
from typing import Any, Protocol

from cnncalc.arithmetic.symbolic.bounds import NoClosedForm, kept, spend
from cnncalc.records import NamedTuple

__all__ = [
    "NoClosedForm",
    "Sum",
    "Table",
    "Tabled",
    "combined",
    "compared",
    "complement",
    "divided",
    "extreme",
    "intersection",
    "linear",
    "marks",
    "periodic",
    "steps",
    "tabulate",
    "values_to",
]


class Table(NamedTuple):
    """The function, for n ≥ 1; `prefix` holds its first values, where they are not those of the formula."""

    symbol: str
    prefix: tuple[int, ...]
    advance: int
    values: tuple[int, ...]

    @property
    def period(self) -> int:
        return len(self.values)

    @property
    def start(self) -> int:
        """The formula holds past this argument."""
        return len(self.prefix)

    def at(self, n: int) -> int:
        """The value at n ≥ 1."""
        if n <= len(self.prefix):
            return self.prefix[n - 1]
        turns, rest = divmod(n, len(self.values))
        return self.advance * turns + self.values[rest]

    @property
    def constant(self) -> int | None:
        """The value, where it is the same everywhere."""
        return self.values[0] if not self.prefix and not self.advance and len(self.values) == 1 else None


class Tabled(Protocol):
    """What those who know only tables see of a size (`cnncalc.arithmetic.symbolic.algebra.Size`)."""

    @property
    def symbol(self) -> str: ...

    @property
    def table(self) -> Table: ...

    @property
    def made(self) -> Callable[[], str]: ...

    text: str
    """What was told of it; empty: nothing yet."""


class Sum(Protocol):
    """What they see of a polynomial."""

    @property
    def terms(self) -> Mapping[Any, int]:
        """Products of sizes, as tuples, each with its coefficient; a mapping's keys are of one type, so: of any."""

    @property
    def symbols(self) -> frozenset[str]: ...

    def at(self, lengths: Mapping[str, int]) -> int: ...


def tabulate(symbol: str, period: int, advance: int, start: int, function: Callable[[int], int]) -> Table:
    """The function that advances by `advance` every `period` past `start`; raises `NoClosedForm` for too many cases."""
    spend(symbol, period, start)
    base = (start // period + 1) * period
    behind = advance * (base // period)
    values = [function(base + rest) - behind for rest in range(period)]
    return _shortest(symbol, [function(n) for n in range(1, start + 1)], values, advance)


def _shortest(symbol: str, prefix: list[int], values: list[int], advance: int) -> Table:
    """The same function with its shortest period and its earliest start."""
    for prime in _primes(len(values)):
        while len(values) % prime == 0 and advance % prime == 0:
            shorter, step = len(values) // prime, advance // prime
            if any(values[n + shorter] != values[n] + step for n in range(len(values) - shorter)):
                break
            values, advance = values[:shorter], step
    turns, rest = divmod(len(prefix), len(values))
    while prefix and prefix[-1] == advance * turns + values[rest]:
        prefix.pop()
        turns, rest = (turns, rest - 1) if rest else (turns - 1, len(values) - 1)
    return Table(symbol, tuple(prefix), advance, tuple(values))


@lru_cache(maxsize=1_024)
def _primes(number: int) -> tuple[int, ...]:
    found, divisor = [], 2
    while divisor * divisor <= number:
        if number % divisor == 0:
            found.append(divisor)
            while number % divisor == 0:
                number //= divisor
        divisor += 1
    return (*found, number) if number > 1 else tuple(found)


def linear(symbol: str) -> Table:
    """n itself."""
    return Table(symbol, (), 1, (0,))


def _common(*tables: Table) -> tuple[int, int]:
    """A period and a start that suit all; raises `NoClosedForm` for too many cases."""
    period, start = lcm(*(table.period for table in tables)), max(table.start for table in tables)
    spend(tables[0].symbol, period, start)
    return period, start


# What is done to each of 200,000 cases is done to whole lists, which takes a tenth of the time of a call for each.


def _formula(table: Table, period: int) -> Sequence[int]:
    """What the formula gives at 0, 1, …, period − 1, a whole number of the table's own periods."""
    if period == len(table.values) or not table.advance:
        return table.values * (period // len(table.values))
    passed = range(0, table.advance * (period // len(table.values)), table.advance)
    return [value + past for past in passed for value in table.values]


def values_to(table: Table, first: int, last: int) -> list[int]:
    """The values at `first`, …, `last`."""
    prefix, values = table.prefix, table.values
    turn, (turns, rest) = max(first, len(prefix) + 1) // len(values), divmod(last, len(values))
    known = list(prefix[first - 1 : last])
    line = list(values) * (turns - turn) if not table.advance else []
    if table.advance:
        line = [value + table.advance * passed for passed in range(turn, turns) for value in values]
    if turn <= turns:
        line += [value + table.advance * turns for value in values[: rest + 1]]
    skipped = first + len(known) - turn * len(values)
    return [*known, *line[skipped : skipped + last - first + 1 - len(known)]]


@kept
def combined(factors: tuple[int, ...], tables: tuple[Table, ...], plus: int = 0) -> Table:
    """Σ factor·table + plus."""
    if len(tables) == 1 and factors[0]:  # another table of the same cases, and none of them is one too many
        (factor,), (table,) = factors, tables
        spend(table.symbol, table.period, table.start)
        prefix, values = ([factor * value + plus for value in given] for given in (table.prefix, table.values))
        return Table(table.symbol, tuple(prefix), factor * table.advance, tuple(values))
    period, start = _common(*tables)
    prefix, values, advance = [plus] * start, [plus] * period, 0
    for factor, table in zip(factors, tables):
        prefix = [so_far + factor * value for so_far, value in zip(prefix, values_to(table, 1, start))]
        values = [so_far + factor * value for so_far, value in zip(values, _formula(table, period))]
        advance += factor * table.advance * (period // table.period)
    return _shortest(tables[0].symbol, prefix, values, advance)


@kept
def divided(table: Table, divisor: int) -> Table:
    """⌊table/divisor⌋, for a divisor ≥ 1."""
    turns = divisor // gcd(table.advance, divisor)
    return _each(table, turns, table.advance * turns // divisor, lambda given: [value // divisor for value in given])


def periodic(table: Table, modulus: int, function: Callable[[int], int]) -> Table:
    """A function of the table's values that has the period `modulus`, such as a remainder or a common divisor."""
    turns = modulus // gcd(table.advance, modulus)
    return _each(table, turns, 0, lambda given: [function(value) for value in given])


def _each(table: Table, turns: int, advance: int, of: Callable[[Sequence[int]], list[int]]) -> Table:
    """A function of the table's values, which repeats after so many of its periods."""
    period = table.period * turns
    spend(table.symbol, period, table.start)
    return _shortest(table.symbol, of(table.prefix), of(_formula(table, period)), advance)


def _last_below(table: Table, bound: int) -> int:
    """The last argument at which a table that grows is less than `bound`; 0 or less where there is none."""
    turns = (bound - 1 - min(table.values)) // table.advance
    most = bound - 1 - turns * table.advance
    rest = next(rest for rest in range(table.period - 1, -1, -1) if table.values[rest] <= most)
    last = turns * table.period + rest
    return last if last > table.start else next((n for n in range(table.start, 0, -1) if table.at(n) < bound), 0)


@kept
def compared(which: str, left: Table, right: Table) -> Table:
    """1 where left `ge` or `eq` right, else 0."""
    difference = combined((1, -1), (left, right))
    grows, symbol = difference.advance, left.symbol
    if not grows:
        truths = lambda given: [int(value >= 0 if which == "ge" else value == 0) for value in given]  # noqa: E731
        return _each(difference, 1, 0, truths)
    if which == "eq":
        rising = difference if grows > 0 else combined((-1,), (difference,))
        end = max(_last_below(rising, 1), 0)
    elif grows > 0:
        end = max(_last_below(difference, 0), 0)
    else:  # at least 0 where what rises, −1 − difference, is less than 0
        end = max(_last_below(combined((-1,), (difference,), -1), 0), 0)
    spend(symbol, 1, end)
    known = values_to(difference, 1, end)
    prefix = [int(value >= 0) for value in known] if which == "ge" else [int(value == 0) for value in known]
    return _shortest(symbol, prefix, [int(which == "ge" and grows > 0)], 0)


@kept
def extreme(which: str, left: Table, right: Table) -> Table:
    """The larger (`max`) or the smaller (`min`) of two at each argument."""
    choose = max if which == "max" else min
    difference = combined((1, -1), (left, right))
    period, start = _common(left, right)
    if difference.advance:  # far out it is always the same one
        rising = difference if difference.advance > 0 else combined((-1,), (difference,))
        start = max(start, _last_below(rising, 0))
        spend(left.symbol, 1, start)
    prefix = list(map(choose, values_to(left, 1, start), values_to(right, 1, start)))
    if not difference.advance:
        values = list(map(choose, _formula(left, period), _formula(right, period)))
        return _shortest(left.symbol, prefix, values, left.advance * (period // left.period))
    further = left if (difference.advance > 0) is (which == "max") else right
    return _shortest(left.symbol, prefix, list(further.values), further.advance)


def steps(table: Table) -> Iterator[int]:
    """By how much it grows from each argument to the next, each step that there is."""
    values = values_to(table, 1, table.start + table.period + 1)
    return map(sub, values[1:], values)


def marks(table: Table) -> bool:
    """Whether it is 1 or 0: on a set of lengths, and elsewhere."""
    return not table.advance and {*table.prefix, *table.values} <= {0, 1}


@kept
def intersection(left: Table, right: Table) -> Table:
    """1 where both tables of sets have it, else 0."""
    period, start = _common(left, right)
    prefix = list(map(and_, values_to(left, 1, start), values_to(right, 1, start)))
    return _shortest(left.symbol, prefix, list(map(and_, _formula(left, period), _formula(right, period))), 0)


def complement(table: Table) -> Table:
    """1 where the table of a set has 0."""
    return combined((-1,), (table,), 1)


def members(table: Table, most: int) -> Iterator[int]:
    """The arguments up to `most` at which the function is not 0."""
    return (n for n in range(1, most + 1) if table.at(n))
