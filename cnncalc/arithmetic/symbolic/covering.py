"""Whether one sum of products of sizes is at least another everywhere in a box of lengths, shown term by term."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import compress, zip_longest
from math import lcm
from typing import TypeAlias

from cnncalc.arithmetic.symbolic.tables import Sum, Table, Tabled, values_to

__all__ = ["Box", "Covering", "nowhere_smaller"]

Term: TypeAlias = "tuple[Tabled, ...]"
Box: TypeAlias = "dict[str, tuple[int, int | None]]"
"""The first and the last length of each axis; None: without end."""
MOST_POINTS = 3_000
"""A ratio that would take more lengths to find is not used."""


class Covering:
    """Values and ratios of sizes on the allowed lengths of each axis (None: all)."""

    def __init__(self, allowed: Mapping[str, Table | None]) -> None:
        self.allowed = allowed
        self._members: dict[str, list[int]] = {}
        self._ratios: dict[tuple[Tabled | None, Tabled | None, int, int | None], Fraction | None] = {}
        self._values: dict[tuple[tuple[str, int], ...], dict[Tabled, int]] = {}
        self._signs: dict[tuple[Tabled, int], bool] = {}
        self._pairs: dict[tuple[Term, Term, str], list[tuple[Tabled | None, Tabled | None]]] = {}

    def value(self, one: Iterable[tuple[Term, int]], lengths: Mapping[str, int]) -> int:
        """A sum at these lengths."""
        at = tuple(lengths.items())
        values = self._values.get(at)
        if values is None:
            values = self._values[at] = {}
        total = 0
        for term, factor in one:
            number = factor
            for size in term:
                value = values.get(size)
                if value is None:
                    value = values[size] = size.table.at(lengths[size.symbol])
                number *= value
            total += number
        return total

    def _known(self, symbol: str, table: Table) -> list[int]:
        """The allowed lengths up to the first whole period past the start."""
        if symbol not in self._members:
            end = table.start + table.period
            self._members[symbol] = list(compress(range(1, end + 1), values_to(table, 1, end)))
        return self._members[symbol]

    def next(self, symbol: str, least: int) -> int | None:
        """The first allowed length from `least` on."""
        table = self.allowed[symbol]
        if table is None:
            return least
        known, start = self._known(symbol, table), table.start
        past = max(0, (least - start - 1) // table.period) * table.period
        place = bisect_left(known, least - past)
        if place < len(known):
            return known[place] + past
        first = bisect_left(known, start + 1)
        return known[first] + past + table.period if first < len(known) else None

    def last(self, symbol: str, most: int) -> int:
        """The last allowed length up to `most`, where there is one."""
        table = self.allowed[symbol]
        if table is None:
            return most
        known, start = self._known(symbol, table), table.start
        past = max(0, (most - start - 1) // table.period) * table.period
        place = bisect_right(known, most - past) - 1
        if past and (place < 0 or known[place] <= start):  # none in this period: the last one before it
            place, past = len(known) - 1, past - table.period if known[-1] > start else 0
        return known[place] + past

    def tightened(self, box: Box) -> Box | None:
        """The box from its first allowed lengths to its last; None where it has none."""
        found: Box = {}
        for symbol, (low, high) in box.items():
            first = self.next(symbol, low)
            if first is None or (high is not None and first > high):
                return None
            table = self.allowed[symbol]
            last = table.start if high is None and table is not None and not any(table.values) else high
            found[symbol] = (first, None if last is None else self.last(symbol, last))
        return found

    def covers(self, larger: Iterable[tuple[Term, int]], smaller: Iterable[tuple[Term, int]], box: Box) -> bool:
        """Whether it is shown that `larger` ≥ `smaller` everywhere in the box."""
        left: dict[Term, Fraction] = {}
        room: dict[Term, Fraction] = {}
        difference = dict(smaller)
        for term, factor in larger:
            difference[term] = difference.get(term, 0) - factor
        for term, factor in difference.items():
            if factor:
                (left if factor > 0 else room)[term] = Fraction(abs(factor))
        if not all(self._never_negative(size, box[size.symbol][0]) for term in room for size in term):
            return False
        for term, needed in left.items():
            amount = needed
            ratios = [(ratio, other) for other in room if (ratio := self._ratio(term, other, box)) is not None]
            for ratio, other in sorted(ratios, key=lambda one: one[0]):
                used = min(amount, room[other] / ratio) if ratio else amount
                room[other] -= used * ratio
                amount -= used
            if amount:
                return False
        return True

    def _never_negative(self, size: Tabled, low: int) -> bool:
        """Whether a size is nowhere below 0 from `low` on."""
        if (size, low) not in self._signs:
            one = Table(size.symbol, (), 0, (1,))
            table, allowed = size.table, self.allowed[size.symbol] or one
            end = max(low, table.start + 1, allowed.start + 1) + lcm(table.period, allowed.period)
            self._signs[size, low] = table.advance >= 0 and (
                end - low <= MOST_POINTS and min(_allowed(table, allowed, low, end), default=0) >= 0
            )
        return self._signs[size, low]

    def _ratio(self, term: Term, other: Term, box: Box) -> Fraction | None:
        """A bound on term/other in the box, that of their sizes in pairs; None where there is none."""
        bound = Fraction(1)
        for symbol, (low, high) in box.items():
            key = term, other, symbol
            if key not in self._pairs:
                self._pairs[key] = list(_paired(*key))
            for first, second in self._pairs[key]:
                if first is second:
                    continue
                ratio = self._largest(first, second, symbol, low, high)
                if ratio is None:
                    return None
                bound *= ratio
        return bound

    def _largest(
        self, first: Tabled | None, second: Tabled | None, symbol: str, low: int, high: int | None
    ) -> Fraction | None:
        """The largest first/second (None: 1) from `low` to `high`, or a bound that it comes close to far out."""
        key = (first, second, low, high)
        if key not in self._ratios:
            self._ratios[key] = self._found(first, second, symbol, low, high)
        return self._ratios[key]

    def _found(
        self, first: Tabled | None, second: Tabled | None, symbol: str, low: int, high: int | None
    ) -> Fraction | None:
        one = Table(symbol, (), 0, (1,))
        above, below = (one if size is None else size.table for size in (first, second))
        allowed = self.allowed[symbol] or one
        period = lcm(above.period, below.period, allowed.period)
        # past `start`, on one residue class, the ratio of two straight lines: the largest at an end
        start = max(low, above.start + 1, below.start + 1, allowed.start + 1)
        if start - low + 2 * period > MOST_POINTS:
            return None
        points = range(low, start + period)
        far: Fraction | None = Fraction(0)
        if high is None:
            rising, under = above.advance * (period // above.period), below.advance * (period // below.period)
            if rising < 0 or under < 0 or (rising and not under):
                return None
            far = Fraction(rising, under) if under else far
        elif high < start + 2 * period:
            points = range(low, high + 1)
        else:
            far = self._at(above, below, allowed, range(high - period + 1, high + 1))
        near = self._at(above, below, allowed, points)
        return None if near is None or far is None else max(near, far)

    @staticmethod
    def _at(above: Table, below: Table, allowed: Table, points: Iterable[int]) -> Fraction | None:
        """The largest ratio at these lengths; None where one is below 0, or divided by what is not above 0."""
        best = Fraction(0)
        for n in points:
            if allowed.at(n):
                value, under = above.at(n), below.at(n)
                if under <= 0 or value < 0:
                    return None
                if value * best.denominator > best.numerator * under:
                    best = Fraction(value, under)
        return best


def _allowed(table: Table, allowed: Table, low: int, end: int) -> Iterator[int]:
    """The values from `low` to before `end` at the lengths that are allowed."""
    return compress(values_to(table, low, end - 1), values_to(allowed, low, end - 1))


def _paired(term: Term, other: Term, symbol: str) -> Iterator[tuple[Tabled | None, Tabled | None]]:
    """The sizes of one axis in both, the one that grows fastest beside the one that does so there; None: no more."""
    ours, theirs = (sorted([size for size in one if size.symbol == symbol], key=_rate) for one in (term, other))
    return zip_longest(reversed(ours), reversed(theirs))


def nowhere_smaller(one: Sum, other: Sum) -> bool:
    """Whether it is shown that the first polynomial is at least the second at all lengths."""
    symbols = one.symbols | other.symbols
    covering = Covering(dict.fromkeys(symbols))
    return covering.covers(one.terms.items(), other.terms.items(), dict.fromkeys(symbols, (1, None)))


def _rate(size: Tabled) -> Fraction:
    return Fraction(size.table.advance, size.table.period)
