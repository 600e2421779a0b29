"""The number that stands for a length which a mistake leaves open, so that what comes after it can still be checked.

The contract for what rules and helps compute with, open and symbolic numbers alike: sums, products, floors, remainders,
comparisons and the helpers of `formulas` always go through, with plain, symbolic and open numbers mixed. What needs a
plain number (`range`, an index, a branch on a symbolic comparison) raises `NoClosedForm`, and whoever asked the rule or
the help has an answer for that. Nothing else is ever raised.
"""

from __future__ import annotations

from typing import Any, NoReturn

from cnncalc.arithmetic.symbolic.bounds import NoClosedForm

__all__ = ["OPEN", "Open"]


class Open:
    """Whatever is computed with it is open too, and every condition on it holds: it never makes a second error."""

    __slots__ = ()
    absorbs = True
    """Whatever a helper of `formulas` makes of it is open."""

    def _open(self, *_: object) -> Any:
        return self

    def _holds(self, _: object) -> bool:
        return True

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _open
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __neg__ = __abs__ = _open
    __truediv__ = __rtruediv__ = __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = __pos__ = __round__ = _open
    __lt__ = __le__ = __gt__ = __ge__ = _holds

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    def __divmod__(self, _: object) -> tuple[Any, Any]:
        return self, self

    __rdivmod__ = __divmod__

    def __index__(self) -> NoReturn:
        raise NoClosedForm("a length that is not known, as a plain number")

    __int__ = __float__ = __trunc__ = __floor__ = __ceil__ = __index__

    def __hash__(self) -> int:
        return 1_000_003

    def __repr__(self) -> str:
        return "?"

    def __format__(self, specification: str) -> str:
        return "?"

    # what the helpers of `formulas` ask a number that is not plain
    @staticmethod
    def _answer(*_: object) -> Any:
        return OPEN

    ceil_divide = exact_divide = larger = smaller = common_divisor = _answer

    @staticmethod
    def named(symbol: str, number: Any) -> Any:
        """The number: nobody derives anything from it."""
        return number


OPEN: Any = Open()
"""The one open number."""
