"""The largest of several sums of products of sizes, in the simplest exact form: those that are ever the largest.

A sum is left out only where it is proved that at every allowed length another is at least as large. The proof goes box
by box (a run of lengths an axis, perhaps without end): in a box one sum covers another where each of its terms is
covered by terms of the other, times the largest ratio of their sizes there, which is exact. A box in which that fails
is split, down to single lengths. What is neither proved nor refuted stays, so that the maximum is right in any case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import product as tuples
from typing import Any, TypeAlias

from cnncalc.arithmetic.symbolic.algebra import Polynomial, Size, size_order
from cnncalc.arithmetic.symbolic.bounds import NoClosedForm
from cnncalc.arithmetic.symbolic.conditions import Condition
from cnncalc.arithmetic.symbolic.covering import Box, Covering

__all__ = ["Maximum", "Sum", "largest_of", "sum_of"]

Sum: TypeAlias = "tuple[tuple[tuple[Size, ...], int], ...]"
"""Products of sizes, each with its coefficient; none twice, in one order."""

TRIED = (1, 2, 3, 4, 6, 8, 12, 16, 32, 48, 64, 100, 160, 224, 320, 512, 1_000, 10_000)
MOST_BOXES = 600
FAR = 128
FURTHEST = 10**6
"""A box without end is not split beyond it."""
MOST_STEPS = 1_000_000
"""Terms of sums that are worked out to tell which sums are ever the largest; one to cover another counts as so many."""
TO_COVER = 4


class Maximum:
    """The largest of several numbers at each length."""

    __slots__ = ("parts",)

    def __init__(self, parts: Sequence[Any]) -> None:
        self.parts = tuple(parts)

    def at(self, lengths: Mapping[str, int]) -> int:
        """The value for these lengths."""
        return max(part if isinstance(part, int) else part.at(lengths) for part in self.parts)

    def __str__(self) -> str:
        return f"max({', '.join(map(str, self.parts))})"


def sum_of(shapes: Iterable[Sequence[Any]]) -> Sum:
    """The elements of tensors of these shapes, added up."""
    total: dict[tuple[Size, ...], int] = {}
    for shape in shapes:
        terms: dict[tuple[Size, ...], int] = {(): 1}
        for length in shape:
            by: Mapping[tuple[Size, ...], int] = {(length,): 1} if isinstance(length, Size) else {(): length}
            if isinstance(length, Polynomial):
                by = length.terms
            terms = {(*term, *more): factor * times for term, factor in terms.items() for more, times in by.items()}
        for term, factor in terms.items():
            key = tuple(sorted(term, key=size_order))
            total[key] = total.get(key, 0) + factor
    known = [(term, factor) for term, factor in total.items() if factor]
    return tuple(sorted(known, key=lambda one: tuple(map(size_order, one[0]))))


def _number(one: Sum, factor: Any) -> Any:
    """A sum times a factor, as a number that prints itself."""
    total: Any = 0
    for term, coefficient in one:
        number: Any = coefficient
        for size in term:
            number = number * size
        total = total + number
    return total * factor


def largest_of(sums: Sequence[Sum], condition: Condition, factor: Any = 1) -> Any:
    """The largest of the sums under the condition, times a positive factor: a number, or a `Maximum`.

    Raises `NoClosedForm` where it takes too much to tell which are ever the largest.
    """
    return _Contest(sums, condition).result(factor)


class _Contest:
    """Which sums are ever the largest."""

    def __init__(self, sums: Sequence[Sum], condition: Condition) -> None:
        self.sums, self.condition = sums, condition
        self.symbols = sorted({size.symbol for one in sums for term, _ in one for size in term})
        self.covering = Covering({symbol: condition.sets.get(symbol) for symbol in self.symbols})
        self.samples = list(self._samples())
        self.left = MOST_STEPS
        self.terms = sum(map(len, sums)) // len(sums) + 1

    def spend(self, looked: int) -> None:
        """Count what it takes to look at so many sums; raises `NoClosedForm`."""
        self.left -= looked * self.terms
        if self.left < 0:
            raise NoClosedForm(f"the largest of {len(self.sums)} sums, of which it takes long to tell which ever are")

    def result(self, factor: Any) -> Any:
        kept: dict[Sum, None] = {}  # sums are told apart by their hashes: comparing sizes makes conditions
        self.spend(len(self.samples) * len(self.sums))
        for lengths in self.samples:  # of those that are equal here, one that is kept already
            best = self._best(lengths)
            if not kept or self.value(best, lengths) > max(self.value(one, lengths) for one in kept):
                kept[best] = None
        for one in self.sums:
            while one not in kept:
                witness = self.beaten(one, list(kept))
                if witness is True:
                    break
                kept[one if isinstance(witness, bool) else self._best(witness)] = None
        for one in list(kept):
            others = [other for other in kept if other is not one]
            if others and self.beaten(one, others) is True:
                del kept[one]
        far = self.samples[-1] if self.samples else dict.fromkeys(self.symbols, TRIED[-1])
        parts = [_number(one, factor) for one in sorted(kept, key=lambda one: -self.value(one, far))]
        return parts[0] if len(parts) == 1 else Maximum(parts)

    def _best(self, lengths: Mapping[str, int]) -> Sum:
        return max(self.sums, key=lambda one: self.value(one, lengths))

    def value(self, one: Sum, lengths: Mapping[str, int]) -> int:
        """A sum at these lengths."""
        return self.covering.value(one, lengths)

    def _samples(self) -> Iterable[dict[str, int]]:
        axes = [sorted({n for least in TRIED if (n := self.covering.next(symbol, least))}) for symbol in self.symbols]
        for lengths in tuples(*axes):
            one = dict(zip(self.symbols, lengths))
            if not self.condition.relations or self._holds(one):
                yield one

    def _holds(self, lengths: Mapping[str, int]) -> bool:
        return all(
            relation.symbols <= lengths.keys() and relation.holds(lengths) for relation in self.condition.relations
        )

    def beaten(self, one: Sum, others: Sequence[Sum]) -> bool | dict[str, int]:
        """True: some other is as large everywhere; lengths at which none is; False: neither is proved."""
        waiting: list[Box] = [dict.fromkeys(self.symbols, (1, None))]
        for _ in range(MOST_BOXES):
            if not waiting:
                return True
            box = self.covering.tightened(waiting.pop())
            if box is None:
                continue
            corner = {symbol: low for symbol, (low, _) in box.items()}
            value = self.value(one, corner)
            self.spend(len(others))
            near = [other for other in others if self.value(other, corner) >= value]
            if not near and (not self.condition.relations or self._holds(corner)):
                return corner
            if all(low == high for low, high in box.values()):
                continue
            self.spend(TO_COVER * len(near))
            if any(self.covering.covers(other, one, box) for other in near):
                continue
            halves = _split(box)
            if halves is None:
                return False
            waiting += halves
        return False


def _split(box: Box) -> tuple[Box, Box] | None:
    """Two halves along the axis that is widest for its lengths; None where it is endless and far out.

    Far out an endless axis hardly changes any more, so that runs of the others are split down to single lengths first.
    """

    def width(symbol: str) -> Fraction:
        low, high = box[symbol]
        return Fraction(FAR, low) if high is None else Fraction(high, low) if high > low else Fraction(0)

    symbol = max(box, key=width)
    low, high = box[symbol]
    if high is None and low > FURTHEST:
        return None
    middle = 2 * low if high is None else (low + high) // 2
    return {**box, symbol: (middle + 1, high)}, {**box, symbol: (low, middle)}
