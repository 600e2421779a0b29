"""What it says of lengths that a polynomial in them is at least 0, or 0: a set of one, or a relation of several."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from math import prod
from typing import Any

from cnncalc.arithmetic.symbolic.conditions import Condition, Relation
from cnncalc.arithmetic.symbolic.tables import Sum, Table, Tabled, compared, steps, tabulate

__all__ = ["direction", "grows_from", "related"]

MOST_TERMS, MOST_FACTORS = 200, 6
"""A longer polynomial is not multiplied out once more."""
FURTHEST = 10**9
"""A monotone condition that is not settled there is said as a relation."""


def related(word: str, difference: Sum, text: Callable[[], str]) -> Any:
    """`difference` ≥ 0, or = 0, as a condition, or a flag where it holds always or never; `text` says it."""
    symbols = difference.symbols
    grown = [size for term in difference.terms for size in term]
    growing = all(map(_grows, set(grown)))
    positive = growing and all(size.table.at(1) >= 0 for size in grown)
    signs = {factor > 0 for term, factor in difference.terms.items() if term}
    if len(symbols) == 1 and growing and signs == {True}:
        return _as_set(word, difference, next(iter(symbols)), set(grown))
    upward, downward = (positive and signs == {sign} for sign in (True, False))
    first = difference.at(dict.fromkeys(symbols, 1))
    if upward and word == "≥" and first >= 0:
        return True
    if (downward and first < 0) or (upward and word == "=" and first > 0):
        return False

    def below(at: Mapping[str, int]) -> bool:
        return difference.at(at) < 0

    def above(at: Mapping[str, int]) -> bool:
        return difference.at(at) > 0

    sizes = tuple(dict.fromkeys(grown))
    over = below if downward else above if upward and word == "=" else None
    if word == "≥":
        holds = Relation(text(), lambda at: difference.at(at) >= 0, symbols, sizes, difference, over)
    else:
        holds = Relation(text(), lambda at: difference.at(at) == 0, symbols, sizes, over=over, zero=difference)
    return Condition({}, [holds])


def direction(difference: Sum, symbol: str, beside: Mapping[str, int] | None = None) -> int:
    """1 where a polynomial never falls as one length grows, -1 where it never rises; 0 where neither is sure.

    That is asked at all lengths of the other symbols, or at those of `beside`: H·W − W grows with W where H is 2.
    """
    factors: dict[tuple[Tabled, ...], int] = {}
    for term, factor in difference.terms.items():
        own = tuple([size for size in term if size.symbol == symbol])
        if own and beside is None:
            factors[term] = factor
        elif own and beside is not None:
            others = prod([size.table.at(beside[size.symbol]) for size in term if size.symbol != symbol])
            factors[own] = factors.get(own, 0) + factor * others
    if not all(_grows(size) and size.table.at(1) >= 0 for term in factors for size in term):
        return 0
    signs = {factor > 0 for factor in factors.values() if factor}
    return (1 if True in signs else -1) if len(signs) == 1 else 0


def grows_from(difference: Sum, least: Mapping[str, int]) -> bool:
    """Whether a polynomial never falls as any of its lengths grow from these on; False where that is not sure.

    Each size is its least value and what it has more, and these are multiplied out: (D − 1)·(H + 2) − 2, said as
    D·H + 2·D − H − 4, grows from D = 1 on.
    """
    if len(difference.terms) > MOST_TERMS or any(len(term) > MOST_FACTORS for term in difference.terms):
        return False
    if not all(_grows(size) for term in difference.terms for size in term):
        return False
    more: dict[tuple[int, ...], int] = {}
    for term, factor in difference.terms.items():
        for taken in product((False, True), repeat=len(term)):
            own = [size.table.at(least[size.symbol]) for size, is_more in zip(term, taken) if not is_more]
            rest = tuple(sorted([id(size) for size, is_more in zip(term, taken) if is_more]))
            more[rest] = more.get(rest, 0) + factor * prod(own)
    return all(factor >= 0 for rest, factor in more.items() if rest)


def _grows(size: Tabled) -> bool:
    return size.table.advance > 0 and all(step >= 0 for step in steps(size.table))


def _as_set(word: str, difference: Sum, symbol: str, sizes: set[Tabled]) -> Any:
    """The values at which a polynomial in growing sizes is at least 0, or is 0; it grows where none is negative."""
    grows = max(compared("ge", size.table, Table(symbol, (), 0, (0,))).start for size in sizes) + 1

    def first(target: int) -> int:
        low, high = grows, FURTHEST
        while low < high:
            middle = (low + high) // 2
            if difference.at({symbol: middle}) >= target:
                high = middle
            else:
                low = middle + 1
        return low

    start, end = first(0), first(1)

    def holds(n: int) -> int:
        if n >= grows:
            return int(n >= start) if word == "≥" else int(start <= n < end)
        value = difference.at({symbol: n})
        return int(value >= 0 if word == "≥" else value == 0)

    return Condition({symbol: tabulate(symbol, 1, 0, max(start, end), holds)})
