"""`Size`: a length as the exact closed form of an input length, and `Polynomial`: sums of products of sizes, as areas
and costs are, in as many symbols as there are; exact, in whole numbers.

One algebra in one file, since each makes the other. The rules of layers run on both unchanged. A size is a `Table`;
equal sizes are one object, so that they can stand in keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache, partial
from math import gcd
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

from cnncalc.arithmetic.symbolic.bounds import NoClosedForm, kept, settle
from cnncalc.arithmetic.symbolic.closed_text import form_of, polynomial_text, set_text, size_text
from cnncalc.arithmetic.symbolic.conditions import Condition
from cnncalc.arithmetic.symbolic.relating import related
from cnncalc.arithmetic.symbolic.remainders import Remainder
from cnncalc.arithmetic.symbolic.tables import (
    Table,
    combined,
    compared,
    complement,
    divided,
    extreme,
    linear,
    marks,
    periodic,
    steps,
)

__all__ = ["NoClosedForm", "Polynomial", "Size", "length", "polynomial", "size_order", "symbolic", "value_at"]

Term: TypeAlias = "tuple[Size, ...]"
MOST_PRODUCTS = 4_000
"""A product of longer sums is not multiplied out."""
_KNOWN: WeakValueDictionary[Table, Size] = WeakValueDictionary()


class Size:
    """A whole-number function of one length. `made` says how it was made of others, for where no formula fits."""

    __slots__ = ("__weakref__", "made", "of", "table", "text")

    def __init__(self, table: Table, made: Callable[[], str], of: tuple[object, ...]) -> None:
        self.table, self.made, self.of, self.text = table, made, of, ""

    @property
    def symbol(self) -> str:
        """The length that it is a function of."""
        return self.table.symbol

    def at(self, lengths: Mapping[str, int]) -> int:
        """The value for these lengths."""
        return self.table.at(lengths[self.table.symbol])

    # -- arithmetic ------------------------------------------------------------------------------------------------

    def __add__(self, other: Any) -> Any:
        if isinstance(other, int):
            return length(combined((1,), (self.table,), int(other)), lambda: _joined(self, other), self)
        if isinstance(other, Size) and other.symbol == self.symbol:
            return length(combined((1, 1), (self.table, other.table)), lambda: _joined(self, other), self, other)
        return _polynomial("__add__", self, other)

    __radd__ = __add__

    def __neg__(self) -> Any:
        return self * -1

    def __sub__(self, other: Any) -> Any:
        return self + -other if isinstance(other, (int, Size, Polynomial)) else NotImplemented

    def __rsub__(self, other: Any) -> Any:
        return -self + other if isinstance(other, (int, Size, Polynomial)) else NotImplemented

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, int):
            if other == 1:
                return self
            times = "−" if other == -1 else f"{other}·".replace("-", "−")
            return length(combined((int(other),), (self.table,)), lambda: times + _tight(self), self)
        return _polynomial("__mul__", self, other)

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Any:
        return polynomial(self) ** exponent

    def __floordiv__(self, divisor: Any) -> Any:
        if isinstance(divisor, int) and divisor >= 1:
            return length(divided(self.table, int(divisor)), lambda: f"⌊{_inner(self)}/{divisor}⌋", self)
        times = _multiple(self, divisor)
        return _refused(self, "divided by", divisor) if times is None else times

    def __mod__(self, divisor: Any) -> Any:
        if isinstance(divisor, int) and divisor >= 1:
            modulus = int(divisor)
            rest = periodic(self.table, modulus, lambda value: value % modulus)
            return length(rest, lambda: f"({_tight(self)} mod {divisor})", self)
        return _refused(self, "modulo", divisor) if _multiple(self, divisor) is None else 0

    def __rfloordiv__(self, other: Any) -> Any:
        return _refused(other, "divided by", self)

    __rmod__ = __rfloordiv__

    # -- comparison: a condition -----------------------------------------------------------------------------------

    def __ge__(self, other: Any) -> Any:
        return _compared("ge", self, other)

    def __le__(self, other: Any) -> Any:
        return _compared("ge", other, self)

    def __gt__(self, other: Any) -> Any:
        return _compared("ge", self - 1, other)

    def __lt__(self, other: Any) -> Any:
        return _compared("ge", other - 1, self)

    def __eq__(self, other: object) -> Any:
        return True if self is other else _compared("eq", self, other)

    def __ne__(self, other: object) -> Any:
        answer = self == other
        return answer if answer is NotImplemented else not answer

    __hash__ = object.__hash__

    def __index__(self) -> int:
        """Where only a plain number will do there is no closed form."""
        raise NoClosedForm(f"{self} as a plain number")

    def __bool__(self) -> bool:
        """Whether it is not 0, which a rule that branches on a size asks."""
        return bool(self != 0)

    # -- what the helpers of `formulas` ask ------------------------------------------------------------------------

    @staticmethod
    def ceil_divide(dividend: Any, divisor: Any) -> Any:
        """⌈dividend/divisor⌉."""
        return (dividend + (divisor - 1)) // divisor

    @staticmethod
    def exact_divide(dividend: Any, divisor: Any) -> Any:
        """The quotient; that it is whole has been required."""
        return dividend // divisor

    @staticmethod
    def larger(left: Any, right: Any) -> Any:
        """The larger of two, at each length."""
        return _extreme("max", left, right)

    @staticmethod
    def smaller(left: Any, right: Any) -> Any:
        """The smaller of two, at each length."""
        return _extreme("min", left, right)

    @staticmethod
    def common_divisor(left: Any, right: Any) -> Any:
        """The greatest common divisor of a size and a number."""
        if isinstance(right, Size):
            left, right = right, left
        if not isinstance(right, int):
            return _refused(left, "and a common divisor with", right)
        number = int(right)
        return length(periodic(left.table, number, partial(gcd, number)), lambda: f"gcd({left}, {number})", left)

    # -- text ------------------------------------------------------------------------------------------------------

    def __str__(self) -> str:
        settle(self, _waits_for, size_text)
        return self.text

    __repr__ = __str__

    def __format__(self, specification: str) -> str:
        return str(self)


def symbolic(symbol: str) -> Any:
    """The length that `symbol` stands for, as any number from 1 on."""
    return length(linear(symbol), lambda: symbol)


def length(table: Table, made: Callable[[], str], *of: object) -> Any:
    """The size with this table, or the plain number that it is; `made`, of those, says it where no formula fits."""
    if table.constant is not None:
        return table.constant
    known = _KNOWN.get(table)
    if known is None:
        known = _KNOWN[table] = Size(table, made, of)
    return known


def value_at(number: Any, lengths: Mapping[str, int]) -> int:
    """The value of a number, plain or symbolic, for these lengths."""
    return int(number) if isinstance(number, int) else int(number.at(lengths))


def _waits_for(size: Size) -> list[Size]:
    """The sizes whose texts its own is made of, where no formula fits."""
    told = size.text or form_of(size.table)
    return [] if told else [one for one in size.of if isinstance(one, Size) and not one.text]


def _joined(left: object, right: object) -> str:
    """A sum, `− x` where the second begins with a minus."""
    second = str(right).replace("-", "−")
    return f"{left} − {second[1:]}" if second[0] == "−" else f"{left} + {second}"


def _tight(size: Size) -> str:
    """In brackets unless it is one name, one floor or one function."""
    text = str(size)
    one = text.isalnum() or (text[0] in "⌊⌈gm" and text[-1] in "⌋⌉)" and text.count(text[-1]) == 1)
    return text if one else f"({text})"


def _inner(size: Size) -> str:
    text = str(size)
    return f"({text})" if " " in text else text


def _multiple(left: Size, right: Any) -> int | None:
    """How many times the second size the first is at every length, where that is a whole number; else None."""
    if not isinstance(right, Size) or right.symbol != left.symbol:
        return None
    n = right.table.start + left.table.start + right.table.period * left.table.period
    if right.table.at(n) < 1:
        return None
    times = left.table.at(n) // right.table.at(n)
    return times if combined((times,), (right.table,)) == left.table else None


def _refused(left: object, words: str, right: object) -> Any:
    if isinstance(left, (int, Size, Polynomial)) and isinstance(right, (int, Size, Polynomial)):
        raise NoClosedForm(f"{left} {words} {right}")
    return NotImplemented


def _polynomial(operation: str, left: Size, right: Any) -> Any:
    if isinstance(right, (Size, Polynomial)):
        return getattr(polynomial(left), operation)(polynomial(right))
    return NotImplemented


@lru_cache(maxsize=1_024)
def _constant(symbol: str, value: int) -> Table:
    return Table(symbol, (), 0, (value,))


def _tables(left: Any, right: Any) -> tuple[Table, Table] | None:
    """Both as functions of the one symbol; None where there are two symbols or a polynomial."""
    symbols = {one.symbol for one in (left, right) if isinstance(one, Size)}
    if len(symbols) != 1 or isinstance(left, Polynomial) or isinstance(right, Polynomial):
        return None
    (symbol,) = symbols
    first, second = (one.table if isinstance(one, Size) else _constant(symbol, int(one)) for one in (left, right))
    return first, second


def _compared(which: str, left: Any, right: Any) -> Any:
    if not all(isinstance(one, (int, Size, Polynomial)) for one in (left, right)):
        return NotImplemented
    tables = _tables(left, right)
    if tables is None:
        return getattr(polynomial(left), "__ge__" if which == "ge" else "__eq__")(polynomial(right))
    table = compared(which, *tables)
    return bool(table.constant) if table.constant is not None else Condition({table.symbol: table})


def _extreme(which: str, left: Any, right: Any) -> Any:
    tables = _tables(left, right)
    if tables is None:
        raise NoClosedForm(f"{which}({left}, {right})")
    return length(extreme(which, *tables), lambda: f"{which}({left}, {right})", left, right)


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
        if len(self.terms) * len(other.terms) > MOST_PRODUCTS:
            raise NoClosedForm("a product of sums of thousands of terms")
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

    def __rfloordiv__(self, other: Any) -> Any:
        return _refused(other, "divided by", self)

    __rmod__ = __rfloordiv__

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

    __index__ = Size.__index__

    def __bool__(self) -> bool:
        """Whether it is not 0, which a rule that branches on a size asks."""
        return bool(self != 0)

    def __str__(self) -> str:
        return polynomial_text(self)

    __repr__ = __str__

    def __format__(self, specification: str) -> str:
        return str(self)


def size_order(size: Size) -> tuple[str, int, tuple[int, ...]]:
    """By which the sizes of a term are sorted."""
    return size.symbol, len(size.table.values), size.table.values


def polynomial(number: Any) -> Polynomial:
    """Any number as a polynomial; a size as a multiple of one whose steps have no common divisor."""
    if isinstance(number, Polynomial):
        return number
    if isinstance(number, int):
        return Polynomial({(): int(number)})
    return _of_size(number)


@kept
def _of_size(size: Size) -> Polynomial:
    table = size.table
    if not table.prefix and table.period == 1:
        return Polynomial({(symbolic(table.symbol),): table.advance, (): table.values[0]})
    times = gcd(*steps(table))
    if times == 1:
        return _of_marks(size)
    rest = table.at(1) % times
    less = divided(combined((1,), (table,), -rest), times)
    marked = _of_marks(length(less, lambda: f"({size} − {rest})/{times}" if rest else f"({size})/{times}", size))
    terms = {(): 0} | marked.terms
    return Polynomial({term: times * factor + (0 if term else rest) for term, factor in terms.items()})


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
    if all(len(term) <= 1 for term in value.terms) and len(value.symbols) == 1:
        factors = [(factor, term[0].table) for term, factor in value.terms.items() if term]
        table = combined(tuple(f for f, _ in factors), tuple(table for _, table in factors), value.constant)
        return length(table, lambda: str(value), *(size for term in value.terms for size in term))
    return value


def _taken(number: Any) -> Polynomial | None:
    return polynomial(number) if isinstance(number, (int, Size, Polynomial)) else None


def _related(word: str, left: Any, right: Any) -> Any:
    """left ≥ right, or left = right, as a condition; one in a single symbol that only grows becomes a set.

    `NotImplemented` where one of them is none of our numbers: an open one answers for itself.
    """
    first, second = _taken(left), _taken(right)
    if first is None or second is None:
        return NotImplemented
    difference = first - second
    if not isinstance(difference, Polynomial):
        return difference >= 0 if word == "≥" else difference == 0
    if word == "=":  # said alike whichever side was asked first, a plain number last
        left, right = sorted((left, right), key=lambda side: (isinstance(side, int), str(side)))
    return related(word, difference, lambda: f"{left:,} {word} {right:,}")
