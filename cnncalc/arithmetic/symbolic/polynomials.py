"""Sums of products of sizes: areas, counts and bytes, in as many symbols as there are; exact, in whole numbers."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING, Any, TypeAlias

from cnncalc.arithmetic.symbolic.conditions import Condition, Relation
from cnncalc.arithmetic.symbolic.relating import related
from cnncalc.arithmetic.symbolic.tables import NoClosedForm, Table, combined, complement, marks, steps, tabulate

if TYPE_CHECKING:
    from cnncalc.arithmetic.symbolic.sizes import Size

__all__ = ["Polynomial", "polynomial", "size_order"]

Term: TypeAlias = "tuple[Size, ...]"


class Polynomial:
    """Products of sizes, each with its coefficient; the empty product is the constant."""

    __slots__ = ("terms",)

    def __init__(self, terms: Mapping[Term, int]) -> None:
        self.terms = {term: factor for term, factor in terms.items() if factor}

    @property
    def symbols(self) -> frozenset[str]:
        """The lengths that it is a function of."""
        return frozenset(size.symbol for term in self.terms for size in term)

    @property
    def constant(self) -> int:
        return self.terms.get((), 0)

    def at(self, lengths: Mapping[str, int]) -> int:
        """The value for these lengths."""
        total = 0
        for term, factor in self.terms.items():
            value = factor
            for size in term:
                value *= size.at(lengths)
            total += value
        return total

    def __add__(self, other: Any) -> Any:
        other = _taken(other)
        if other is None:
            return NotImplemented
        terms = dict(self.terms)
        for term, factor in other.terms.items():
            terms[term] = terms.get(term, 0) + factor
        return _plain(Polynomial(terms))

    __radd__ = __add__

    def __neg__(self) -> Any:
        return Polynomial({term: -factor for term, factor in self.terms.items()})

    def __sub__(self, other: Any) -> Any:
        other = _taken(other)
        return NotImplemented if other is None else self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __mul__(self, other: Any) -> Any:
        other = _taken(other)
        if other is None:
            return NotImplemented
        terms: dict[Term, int] = {}
        for left, factor in self.terms.items():
            for right, times in other.terms.items():
                term = tuple(sorted((*left, *right), key=size_order))
                terms[term] = terms.get(term, 0) + factor * times
        return _plain(Polynomial(terms))

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Any:
        result: Any = 1
        for _ in range(exponent):
            result = result * self
        return result

    def _division(self, divisor: Any) -> int:
        if not isinstance(divisor, int) or divisor < 1:
            raise NoClosedForm(f"{self} divided by {divisor}")
        return int(divisor)

    def __floordiv__(self, divisor: Any) -> Any:
        number = self._division(divisor)
        if any(factor % number for term, factor in self.terms.items() if term):
            raise NoClosedForm(f"⌊({self})/{divisor}⌋")
        return _plain(Polynomial({term: factor // number for term, factor in self.terms.items()}))

    def __mod__(self, divisor: Any) -> Any:
        number = self._division(divisor)
        if all(factor % number == 0 for term, factor in self.terms.items() if term):
            return self.constant % number
        return Remainder(self, number)

    @staticmethod
    def exact_divide(dividend: Any, divisor: Any) -> Any:
        """The quotient; that it is whole has been required."""
        return dividend // divisor

    @staticmethod
    def _no_answer(*numbers: Any) -> Any:
        raise NoClosedForm(" and ".join(map(str, numbers)))

    larger = smaller = common_divisor = ceil_divide = _no_answer

    def __ge__(self, other: Any) -> Any:
        return _related("≥", self, other)

    def __le__(self, other: Any) -> Any:
        return _related("≥", other, self)

    def __gt__(self, other: Any) -> Any:
        return _related("≥", self - 1, other)

    def __lt__(self, other: Any) -> Any:
        return _related("≥", other - 1, self)

    def __eq__(self, other: object) -> Any:
        return NotImplemented if _taken(other) is None else _related("=", self, other)

    def __ne__(self, other: object) -> Any:
        return not (self == other)

    def __hash__(self) -> int:
        return hash(frozenset(self.terms.items()))

    def __bool__(self) -> bool:
        """Whether it is not 0, which a rule that branches on a size asks."""
        return bool(self != 0)

    def __str__(self) -> str:
        from cnncalc.arithmetic.symbolic.closed_text import polynomial_text

        return polynomial_text(self)

    __repr__ = __str__

    def __format__(self, specification: str) -> str:
        return str(self)


class Remainder:
    """A remainder that is only ever held against a number."""

    def __init__(self, dividend: Polynomial, divisor: int) -> None:
        self.dividend, self.divisor = dividend, divisor

    def __eq__(self, other: object) -> Any:
        if not isinstance(other, int):
            return NotImplemented
        dividend, divisor, rest = self.dividend, self.divisor, int(other)
        text = f"{dividend} divisible by {divisor:,}" if not rest else f"({dividend}) mod {divisor:,} = {rest}"
        return Condition({}, [Relation(text, lambda at: dividend.at(at) % divisor == rest, dividend.symbols)])

    __hash__ = None  # type: ignore[assignment]  # as Python's own way to say that it is no key


def size_order(size: Size) -> tuple[str, int, tuple[int, ...]]:
    """By which the sizes of a term are sorted."""
    return size.symbol, len(size.table.values), size.table.values


def polynomial(number: Any) -> Polynomial:
    """Any number as a polynomial; a size as a multiple of one whose steps have no common divisor."""
    if isinstance(number, Polynomial):
        return number
    if isinstance(number, int):
        return Polynomial({(): int(number)})
    from cnncalc.arithmetic.symbolic.sizes import length, symbolic

    table: Table = number.table
    if not table.prefix and table.period == 1:
        return Polynomial({(symbolic(table.symbol),): table.advance, (): table.values[0]})
    times = gcd(*steps(table))
    if times == 1:
        return _of_marks(number)
    rest = table.at(1) % times
    less = tabulate(
        table.symbol, table.period, table.advance // times, table.start, lambda n: (table.at(n) - rest) // times
    )

    def made() -> str:
        return f"({number} − {rest})/{times}" if rest else f"({number})/{times}"

    return Polynomial(
        {
            term: times * factor + (0 if term else rest)
            for term, factor in ({(): 0} | _of_marks(length(less, made)).terms).items()
        }
    )


def _of_marks(size: Size) -> Polynomial:
    """The size as a term; of the marks of a set (1 for members) and of its complement only one is ever a term.

    So what belongs to the one case and to the other adds up to what holds in both.
    """
    table = size.table
    if not marks(table):
        return Polynomial({(size,): 1})
    other = complement(table)
    if _share(table) <= _share(other):
        return Polynomial({(size,): 1})
    from cnncalc.arithmetic.symbolic.closed_text import set_text
    from cnncalc.arithmetic.symbolic.sizes import length

    return Polynomial({(): 1, (length(other, lambda: f"[{set_text(other)}]"),): -1})


def _share(table: Table) -> tuple[Fraction, bool]:
    """How much of the lengths is in a set, in the long run; of equal halves that of the multiples comes first."""
    return Fraction(sum(table.values), table.period), not table.values[0]


def _plain(value: Polynomial) -> Any:
    """The value as a plain number or a size where it is one."""
    if not value.terms:
        return 0
    if set(value.terms) == {()}:
        return value.constant
    symbols = value.symbols
    if len(symbols) == 1 and all(len(term) <= 1 for term in value.terms):
        from cnncalc.arithmetic.symbolic.sizes import length

        factors = [(factor, term[0].table) for term, factor in value.terms.items() if term]
        table = combined(tuple(f for f, _ in factors), tuple(table for _, table in factors), value.constant)
        return length(table, lambda: str(value))
    return value


def _taken(number: Any) -> Polynomial | None:
    from cnncalc.arithmetic.symbolic.sizes import Size

    return polynomial(number) if isinstance(number, (int, Size, Polynomial)) else None


def _related(word: str, left: Any, right: Any) -> Any:
    """left ≥ right, or left = right, as a condition; one in a single symbol that only grows becomes a set."""
    difference = polynomial(left) - polynomial(right)
    if not isinstance(difference, Polynomial):
        return difference >= 0 if word == "≥" else difference == 0
    if word == "=":  # said alike whichever side was asked first, a plain number last
        left, right = sorted((left, right), key=lambda side: (isinstance(side, int), str(side)))
    return related(word, difference, lambda: f"{left:,} {word} {right:,}")
