"""`Size`: a length as the exact closed form of an input length, and `Polynomial`: what areas and costs are made of.

The rules of layers run on both unchanged. A size is a `Table`; equal sizes are one object, so that they can stand in
keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import gcd
from typing import Any

from cnncalc.arithmetic.symbolic.conditions import Condition
from cnncalc.arithmetic.symbolic.polynomials import Polynomial, polynomial
from cnncalc.arithmetic.symbolic.tables import (
    NoClosedForm,
    Table,
    combined,
    compared,
    divided,
    extreme,
    linear,
    periodic,
)

__all__ = ["NoClosedForm", "Polynomial", "Size", "length", "symbolic", "value_at"]

_KNOWN: dict[Table, Size] = {}


class Size:
    """A whole-number function of one symbolic length. `made` is how it was made, for a text where no formula fits."""

    __slots__ = ("made", "table")

    def __init__(self, table: Table, made: Callable[[], str]) -> None:
        self.table, self.made = table, made

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
            return _of(combined((1,), (self.table,), int(other)), lambda: _joined(self, other)) if other else self
        if isinstance(other, Size) and other.symbol == self.symbol:
            return _of(combined((1, 1), (self.table, other.table)), lambda: _joined(self, other))
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
            return _of(combined((int(other),), (self.table,)), lambda: times + _tight(self))
        return _polynomial("__mul__", self, other)

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Any:
        return polynomial(self) ** exponent

    def __floordiv__(self, divisor: Any) -> Any:
        if isinstance(divisor, int) and divisor >= 1:
            return _of(divided(self.table, int(divisor)), lambda: f"⌊{_inner(self)}/{divisor}⌋")
        times = _multiple(self, divisor)
        return _refused(self, "divided by", divisor) if times is None else times

    def __mod__(self, divisor: Any) -> Any:
        if isinstance(divisor, int) and divisor >= 1:
            modulus = int(divisor)
            rest = periodic(self.table, modulus, lambda value: value % modulus)
            return _of(rest, lambda: f"({_tight(self)} mod {divisor})")
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

    def __hash__(self) -> int:
        return id(self) >> 4

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
        return _of(periodic(left.table, number, lambda value: gcd(value, number)), lambda: f"gcd({left}, {number})")

    # -- text ------------------------------------------------------------------------------------------------------

    def __str__(self) -> str:
        from cnncalc.arithmetic.symbolic.closed_text import size_text

        return size_text(self)

    __repr__ = __str__

    def __format__(self, specification: str) -> str:
        return str(self)


def _of(table: Table, made: Callable[[], str]) -> Any:
    """The size with this table, or the plain number that it comes to."""
    if table.constant is not None:
        return table.constant
    known = _KNOWN.get(table)
    if known is None:
        known = _KNOWN[table] = Size(table, made)
    return known


def symbolic(symbol: str) -> Any:
    """The length that `symbol` stands for, as any number from 1 on."""
    return _of(linear(symbol), lambda: symbol)


def length(table: Table, made: Callable[[], str]) -> Any:
    """The size with this table; `made` says it where no formula fits."""
    return _of(table, made)


def value_at(number: Any, lengths: Mapping[str, int]) -> int:
    """The value of a number, plain or symbolic, for these lengths."""
    return int(number) if isinstance(number, int) else int(number.at(lengths))


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
    return _of(extreme(which, *tables), lambda: f"{which}({left}, {right})")
