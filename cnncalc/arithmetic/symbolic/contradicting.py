"""Whether relations between lengths contradict one another, whatever the lengths are: `H - 2 = W` and `W - 2 = H`.

Products of sizes are taken as unknowns of their own, so that it is linear algebra: what it finds impossible is so, and
what it does not find may still have no solution.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import combinations
from math import gcd, lcm
from typing import TypeAlias

from cnncalc.arithmetic.symbolic.tables import Sum, Tabled

__all__ = ["contradictory"]

Row: TypeAlias = "dict[tuple[Tabled, ...], Fraction]"
"""The factor of each product of sizes; the constant stands at ()."""
MOST = 60
"""Relations that are looked at."""


def contradictory(zero: Sequence[Sum], least: Sequence[Sum]) -> bool:
    """Whether no lengths make the first sums all 0 and none of the others negative."""
    solved: list[tuple[tuple[Tabled, ...], Row]] = []
    for one in zero[:MOST]:
        row = _reduced(_row(one), solved)
        if _never_zero(row):
            return True
        pivot = next((term for term in row if term), None)
        if pivot is not None:
            solved.append((pivot, row))
    rows = [_reduced(_row(one), solved) for one in least[:MOST]]
    pairs = (_added(one, other, Fraction(1)) for one, other in combinations(rows, 2))
    return any(_negative(row) for row in (*rows, *pairs))


def _row(one: Sum) -> Row:
    return {term: Fraction(factor) for term, factor in one.terms.items() if factor}


def _reduced(row: Row, solved: Iterable[tuple[tuple[Tabled, ...], Row]]) -> Row:
    """Without the terms that are solved for."""
    for pivot, known in solved:
        if pivot in row:
            row = _added(row, known, -row[pivot] / known[pivot])
    return row


def _added(one: Row, other: Row, times: Fraction) -> Row:
    total = dict(one)
    for term, factor in other.items():
        total[term] = total.get(term, Fraction(0)) + times * factor
    return {term: factor for term, factor in total.items() if factor}


def _never_zero(row: Row) -> bool:
    """Sizes are whole numbers: what all their factors are multiples of, the constant is too."""
    constant = row.get((), Fraction(0))
    scale = lcm(*(factor.denominator for factor in row.values()))
    step = gcd(*(int(factor * scale) for term, factor in row.items() if term))
    return bool(constant) if not step else int(constant * scale) % step != 0


def _negative(row: Row) -> bool:
    return set(row) == {()} and row[()] < 0
