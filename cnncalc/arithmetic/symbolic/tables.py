"""A whole-number function of one length, held exactly: past a start it repeats, a fixed amount further on each period.

Sums, multiples, floors, remainders, maxima and comparisons of such functions are such functions again, so that what a
net makes of an input length stays exact from the input to any layer: f(n) = advance·⌊n/period⌋ + values[n mod period],
and a list of its values before the start. The shortest period and the earliest start make the form unique.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from math import gcd, lcm
from typing import Any, Protocol

from cnncalc.errors import CnncalcError, Fault
from cnncalc.records import NamedTuple

__all__ = [
    "IN_NUMBERS",
    "MOST",
    "NoClosedForm",
    "Sum",
    "Table",
    "Tabled",
    "combined",
    "compared",
    "complement",
    "divided",
    "extreme",
    "linear",
    "marks",
    "steps",
    "tabulate",
]

MOST = 200_000
"""A form with more cases is no closed form any more."""
IN_NUMBERS = "give the input's size in numbers"
"""The way out where lengths are symbols and a rule cannot go on with them."""
LONGEST_SHOWN = 300


class NoClosedForm(CnncalcError):
    """Something that has no exact closed form here; the message says what. In place of a number it makes all so.

    Wherever nobody has a better answer it is one: it says that there is none, and what to do.
    """

    def __init__(self, what: str) -> None:
        super().__init__(Fault("there is no closed form here", values=_short(what), help=IN_NUMBERS))
        self.what = what

    def __reduce__(self) -> tuple[Any, ...]:
        return NoClosedForm, (self.what,)

    def __str__(self) -> str:
        return _short(self.what)

    def __add__(self, _: object) -> NoClosedForm:
        return self

    __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __add__


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


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
    if period > MOST or start > MOST:
        raise NoClosedForm(f"a formula in {symbol} of more than {MOST:,} cases")
    base = (start // period + 1) * period
    behind = advance * (base // period)
    values = [function(base + rest) - behind for rest in range(period)]
    prefix = [function(n) for n in range(1, start + 1)]
    values, advance = _shortest(values, advance)
    while prefix and prefix[-1] == advance * (len(prefix) // len(values)) + values[len(prefix) % len(values)]:
        prefix.pop()
    return Table(symbol, tuple(prefix), advance, tuple(values))


def _shortest(values: list[int], advance: int) -> tuple[list[int], int]:
    """The same repetition with its shortest period."""
    for prime in _primes(len(values)):
        while len(values) % prime == 0 and advance % prime == 0:
            shorter, step = len(values) // prime, advance // prime
            if any(values[n + shorter] != values[n] + step for n in range(len(values) - shorter)):
                break
            values, advance = values[:shorter], step
    return values, advance


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


def _common(tables: Sequence[Table]) -> tuple[int, int]:
    """A period and a start that suit all."""
    return lcm(*(table.period for table in tables)), max(table.start for table in tables)


@lru_cache(maxsize=16_384)
def combined(factors: tuple[int, ...], tables: tuple[Table, ...], plus: int = 0) -> Table:
    """Σ factor·table + plus."""
    period, start = _common(tables)
    advance = sum(factor * table.advance * (period // table.period) for factor, table in zip(factors, tables))
    pairs = tuple(zip(factors, tables))
    return tabulate(
        tables[0].symbol, period, advance, start, lambda n: sum(factor * table.at(n) for factor, table in pairs) + plus
    )


@lru_cache(maxsize=16_384)
def divided(table: Table, divisor: int) -> Table:
    """⌊table/divisor⌋, for a divisor ≥ 1."""
    turns = divisor // gcd(table.advance, divisor)
    return tabulate(
        table.symbol,
        table.period * turns,
        table.advance * turns // divisor,
        table.start,
        lambda n: table.at(n) // divisor,
    )


def periodic(table: Table, modulus: int, function: Callable[[int], int]) -> Table:
    """A function of the table's values that has the period `modulus`, such as a remainder or a common divisor."""
    turns = modulus // gcd(table.advance, modulus)
    return tabulate(table.symbol, table.period * turns, 0, table.start, lambda n: function(table.at(n)))


def settled(difference: Table) -> int:
    """Past which argument the sign of a function that grows without end, or falls, is always that of its advance."""
    advance, period = difference.advance, difference.period
    assert advance
    sign = 1 if advance > 0 else -1
    turns = max(-(-(1 - sign * value) // abs(advance)) for value in difference.values)
    return max((turns + 1) * period, difference.start)


@lru_cache(maxsize=16_384)
def compared(which: str, left: Table, right: Table) -> Table:
    """1 where left `ge` or `eq` right, else 0."""
    difference = combined((1, -1), (left, right))
    holds = (lambda n: int(difference.at(n) >= 0)) if which == "ge" else (lambda n: int(difference.at(n) == 0))
    if difference.advance == 0:
        return tabulate(left.symbol, difference.period, 0, difference.start, holds)
    return tabulate(left.symbol, 1, 0, settled(difference), holds)


@lru_cache(maxsize=16_384)
def extreme(which: str, left: Table, right: Table) -> Table:
    """The larger (`max`) or the smaller (`min`) of two at each argument."""
    choose = max if which == "max" else min
    difference = combined((1, -1), (left, right))
    period, start = _common((left, right))
    if difference.advance:
        start = max(start, settled(difference))
    rates = [table.advance * (period // table.period) for table in (left, right)]
    return tabulate(left.symbol, period, choose(rates), start, lambda n: choose(left.at(n), right.at(n)))


def steps(table: Table) -> Iterator[int]:
    """By how much it grows from each argument to the next."""
    last = table.start + 2 * table.period
    before = table.at(1)
    for n in range(2, last + 2):
        now = table.at(n)
        yield now - before
        before = now


def marks(table: Table) -> bool:
    """Whether it is 1 or 0: on a set of lengths, and elsewhere."""
    return not table.advance and {*table.prefix, *table.values} <= {0, 1}


def complement(table: Table) -> Table:
    """1 where the table of a set has 0."""
    return tabulate(table.symbol, table.period, 0, table.start, lambda n: 1 - table.at(n))


def members(table: Table, most: int) -> Iterator[int]:
    """The arguments up to `most` at which the function is not 0."""
    return (n for n in range(1, most + 1) if table.at(n))
