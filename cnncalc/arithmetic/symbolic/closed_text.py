"""Closed forms as people write them: the simplest formula that is exact for every allowed length, found and checked.

A text is never derived from how a size came about: a formula is proposed and held against the size's own table, over a
whole period and everything before it, so that it is right or not printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import compress, islice, pairwise
from math import gcd, isqrt, lcm
from operator import sub

from cnncalc.arithmetic.symbolic.bounds import MOST, kept
from cnncalc.arithmetic.symbolic.tables import Sum, Table, Tabled, marks, values_to
from cnncalc.records import NamedTuple
from cnncalc.text import SUPERSCRIPTS

__all__ = ["Form", "bracketed", "divisors", "form_of", "polynomial_text", "set_text", "settles", "size_text"]

MINUS = "−"
LISTED = 6
"""More intervals or residues than these are counted."""


FEW = 100
"""So many points refute most formulas."""
MOST_DIVISORS = 100
LONGEST, UNTOLD = 240, "a formula in "
"""A longer text is no formula that anybody reads; so it begins then, and what is made of it."""
LARGEST_SHARE = 10_000
"""Factors are looked for so far: a size in a batch of thousands of millions is soon taken apart."""


class Form(NamedTuple):
    """times·⌊(a·n + b)/c⌋ + plus; `exact`: the division leaves no remainder."""

    symbol: str
    a: int
    b: int
    c: int
    times: int = 1
    plus: int = 0
    exact: bool = False

    @property
    def text(self) -> str:
        """The formula, floors as ceilings where that is shorter."""
        if self.c == 1:
            return _sum(self.times * self.a, self.symbol, self.times * self.b + self.plus)
        inner = self._quotient()
        if self.times == 1 and not self.plus:
            return inner
        bracketed = f"({inner})" if " " in inner and inner[0] not in "⌊⌈" else inner
        return _sum(self.times, bracketed, self.plus)

    def _quotient(self) -> str:
        if self.exact:
            return f"{_over(self.a, self.symbol, self.b)}/{self.c}"
        up = self.b - self.c + 1
        if abs(up) < abs(self.b):
            return f"⌈{_over(self.a, self.symbol, up)}/{self.c}⌉"
        return f"⌊{_over(self.a, self.symbol, self.b)}/{self.c}⌋"


def _sum(factor: int, text: str, plus: int) -> str:
    product = text if factor == 1 else f"{MINUS}{text}" if factor == -1 else f"{_number(factor)}·{text}"
    if factor < 0 < plus:
        return f"{_number(plus)} {MINUS} {_sum(-factor, text, 0)}"
    if not plus:
        return product
    return f"{product} {'+' if plus > 0 else MINUS} {abs(plus):,}"


def _over(factor: int, symbol: str, plus: int) -> str:
    text = _sum(factor, symbol, plus)
    return f"({text})" if " " in text else text


def _number(value: int) -> str:
    return f"{value:,}".replace("-", MINUS)


def _points(table: Table, allowed: Table | None) -> list[tuple[int, int]] | None:
    """Arguments that prove a formula on all that are allowed, with their values; None for a finite set, or too many."""
    if allowed is not None and (not any(allowed.values) or lcm(table.period, allowed.period) > MOST):
        return None
    period = table.period if allowed is None else lcm(table.period, allowed.period)
    start = table.start if allowed is None else max(table.start, allowed.start)
    points = enumerate(values_to(table, 1, start + period), 1)
    return list(points if allowed is None else compress(points, values_to(allowed, 1, start + period)))


@kept
def form_of(table: Table, allowed: Table | None = None) -> Form | None:
    """The simplest formula that is the table wherever `allowed` is not 0; None where there is none of this form."""
    points = _points(table, allowed) or _points(table, None)
    assert points is not None
    common = gcd(table.advance, table.period)
    a, c = table.advance // common, table.period // common
    single = _floor(table.symbol, points, a, c)
    if single is not None:
        return single
    times = table.advance
    for some in (points[:: len(points) // FEW + 1], points):
        values = [value for _, value in some]
        times = gcd(times, *map(sub, values[1:], values))
        if times == 1:
            return None
    found = []
    # From one length to the next a floor grows by one of two neighbours, which have no common divisor.
    every = allowed is None or allowed.period == 1
    for divisor in [times] if every else divisors(times)[:MOST_DIVISORS]:
        for plus in (points[0][1] % divisor, points[0][1] % divisor - divisor):
            rate = Fraction(a, c * divisor)
            form = _floor(table.symbol, points, rate.numerator, rate.denominator, divisor, plus)
            if form is not None:
                found.append(form._replace(times=divisor, plus=plus))
        if found:
            return min(found, key=lambda form: len(form.text))
    return None


def divisors(number: int) -> list[int]:
    """Divisors above 1, the largest first; of a vast number those of at most so many times less, and the small ones."""
    shares = [share for share in range(1, min(isqrt(number), LARGEST_SHARE) + 1) if number % share == 0]
    return sorted({*shares, *(number // share for share in shares)} - {1}, reverse=True)


def _floor(symbol: str, points: list[tuple[int, int]], a: int, c: int, times: int = 1, plus: int = 0) -> Form | None:
    """⌊(a·n + b)/c⌋ with the nicest b that gives (value − plus)/times at every point, if one does."""
    if len(points) > 2 * FEW and _floor(symbol, points[:: len(points) // FEW], a, c, times, plus) is None:
        return None  # what some of the points refute
    if times == 1 and not plus:
        rests = [c * value - a * n for n, value in points]
    else:
        rests = [c * ((value - plus) // times) - a * n for n, value in points]
    low, high = max(rests), min(rests) + c - 1
    if low > high:
        return None
    if low == min(rests):  # nothing is ever rounded
        return Form(symbol, a, low, c, exact=c > 1)
    down = min(max(low, 0), high)
    up = min(max(low, c - 1), high)
    return Form(symbol, a, up if abs(up - c + 1) < abs(down) else down, c)


def size_text(size: Tabled, allowed: Table | None = None) -> str:
    """A size's formula; how it was made, where no single floor fits; where that is long, that there is one."""
    form = form_of(size.table, allowed)
    if form is not None:
        text = form.text
    else:
        text = size.text or (f"[{set_text(size.table)}]" if marks(size.table) else size.made())
        if len(text) > LONGEST or UNTOLD in text:
            text = f"{UNTOLD}{size.table.symbol} of {size.table.period + size.table.start:,} cases"
    if allowed is None:
        size.text = text
    return text


# -- sets ------------------------------------------------------------------------------------------------------------


@kept
def set_text(table: Table) -> str:
    """A set of lengths: `H ≥ 32`, `H divisible by 16`, `224 ≤ H ≤ 255`, `H = 16·m + 12, m ≥ 11`."""
    symbol = table.symbol
    if table.constant is not None:
        return f"any {symbol}" if table.constant else f"no {symbol}"
    if not any(table.values):
        return _intervals(table, table.start)
    if table.period == 1:
        first = _gapless(table)
        parts = _intervals(table, first - 1)
        return f"{parts} or {symbol} ≥ {first:,}" if parts else f"{symbol} ≥ {first:,}"
    residues = list(compress(range(table.period), table.values))
    first = settles(table)
    extra = _intervals(table, first - 1)
    text = _classes(symbol, table.period, residues, next(n for n in range(first, first + table.period) if table.at(n)))
    return f"{text}, or {extra}" if extra else text


def _gapless(table: Table) -> int:
    """From where on everything is in a set of period 1."""
    first = table.start + 1
    while first > 1 and table.at(first - 1):
        first -= 1
    return first


def settles(table: Table) -> int:
    """From where on a set is just its residue classes."""
    first = table.start + 1
    while first > 1 and table.at(first - 1) == table.values[(first - 1) % table.period]:
        first -= 1
    return first


def _classes(symbol: str, period: int, residues: list[int], first: int) -> str:
    if len(residues) == 1:
        rest = residues[0]
        least = (first - rest) // period
        if not rest:
            return f"{symbol} divisible by {period:,}" + (f", {symbol} ≥ {first:,}" if least > 1 else "")
        return f"{symbol} = {period:,}·m + {rest:,}" + (f", m ≥ {least:,}" if least else "")
    runs = list(islice(_runs(residues), LISTED + 1))
    others = sorted({*range(period)} - {*residues}) if period - len(residues) <= LISTED else []
    if len(runs) <= LISTED:
        text = f"{symbol} mod {period:,} is {_listed(runs)}"
    elif others:
        text = f"{symbol} mod {period:,} is not {_listed(list(_runs(others)))}"
    else:
        text = f"{symbol} mod {period:,} is one of {len(residues)} residues"
    return f"{text}, {symbol} ≥ {first:,}" if first > min(residues[0] or period, *residues[1:]) else text


def _runs(numbers: list[int]) -> Iterator[str]:
    """The numbers, three and more in a row as `4 to 7`."""
    first = 0
    for position, number in enumerate(numbers):
        if position + 1 < len(numbers) and numbers[position + 1] == number + 1:
            continue
        run = numbers[first : position + 1]
        yield from [f"{run[0]} to {run[-1]}"] if len(run) > 2 else map(str, run)
        first = position + 1


def _listed(texts: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(texts[:-1]), texts[-1])))


def intervals(table: Table, end: int) -> list[tuple[int, int]]:
    """The runs of members up to `end`."""
    runs: list[tuple[int, int]] = []
    for n in range(1, end + 1):
        if not table.at(n):
            continue
        if runs and runs[-1][1] == n - 1:
            runs[-1] = (runs[-1][0], n)
        else:
            runs.append((n, n))
    return runs


def _intervals(table: Table, end: int) -> str:
    symbol = table.symbol
    runs = intervals(table, end)
    steps = {later[0] - earlier[1] for earlier, later in pairwise(runs)}
    if len(runs) > 2 and len(steps) == 1 and all(low == high for low, high in runs):
        return f"{symbol} = {runs[0][0]:,}, {runs[1][0]:,}, …, {runs[-1][0]:,}"
    texts = [f"{symbol} = {low:,}" if low == high else f"{low:,} ≤ {symbol} ≤ {high:,}" for low, high in runs]
    if len(texts) > LISTED:
        return f"{', '.join(texts[:LISTED])} and {len(texts) - LISTED} more up to {runs[-1][1]:,}"
    return " or ".join(texts)


# -- polynomials -----------------------------------------------------------------------------------------------------


def polynomial_text(value: Sum, allowed: Mapping[str, Table] | None = None) -> str:
    """`118,013,952·⌈H/2⌉·⌈W/2⌉ + 2,048,000`; sizes that are linear on the allowed lengths are multiplied out."""
    terms = written_terms(value, allowed or {})
    texts = []
    for factors, coefficient in terms:
        size = abs(coefficient)
        number = f"{size.numerator:,}" + (f"/{size.denominator:,}" if size.denominator > 1 else "")
        text = "·".join(_powers(factors) if size == 1 and factors else [number, *_powers(factors)])
        texts.append((coefficient > 0, text))
    first = ("" if texts[0][0] else MINUS) + texts[0][1]
    return first + "".join(f" {'+' if positive else MINUS} {text}" for positive, text in texts[1:])


def written_terms(value: Sum, allowed: Mapping[str, Table]) -> list[tuple[tuple[str, ...], Fraction]]:
    """The terms as printed: the texts of the factors, and the coefficient."""
    sums: dict[tuple[str, ...], Fraction] = {}
    for term, factor in value.terms.items():
        expanded: list[tuple[tuple[str, ...], Fraction]] = [((), Fraction(factor))]
        for size in term:
            parts = _parts(size, allowed.get(size.symbol))
            expanded = [((*names, *more), so_far * by) for names, so_far in expanded for more, by in parts]
        for names, coefficient in expanded:
            key = tuple(sorted(names, key=_by_symbol))
            sums[key] = sums.get(key, Fraction(0)) + coefficient
    left = [(names, coefficient) for names, coefficient in sums.items() if coefficient]
    left.sort(key=lambda term: (-len(term[0]), -abs(term[1])))
    return left or [((), Fraction(0))]


def _by_symbol(text: str) -> tuple[bool, str, str]:
    """The batch first, then the axes in order."""
    letters = [letter for letter in text if letter.isupper()]
    return text != "N", letters[0] if letters else "", text


def _parts(size: Tabled, allowed: Table | None) -> list[tuple[tuple[str, ...], Fraction]]:
    """A factor as a sum: one text, or the symbol and a constant where it is linear on the allowed lengths."""
    form = form_of(size.table, allowed)
    if form is not None and (form.exact or form.c == 1):
        rate, rest = Fraction(form.times * form.a, form.c), Fraction(form.times * form.b, form.c) + form.plus
        return [((form.symbol,), rate), *([((), rest)] if rest else [])]
    if form is not None and form.times == 1 and not form.plus:
        return [((form.text,), Fraction(1))]
    return [((bracketed(size_text(size, allowed)),), Fraction(1))]


def bracketed(text: str) -> str:
    """In brackets where it is more than one name, floor or function."""
    if " " not in text:
        return text
    closing = {"⌊": "⌋", "⌈": "⌉", "[": "]", "(": ")"}.get(text[0])
    return text if closing and text.index(closing) == len(text) - 1 else f"({text})"


def _powers(factors: tuple[str, ...]) -> list[str]:
    counts: dict[str, int] = {}
    for factor in factors:
        counts[factor] = counts.get(factor, 0) + 1
    return [factor if count == 1 else factor + str(count).translate(SUPERSCRIPTS) for factor, count in counts.items()]
