"""What is left of a product of lengths, which has no closed form of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from cnncalc.arithmetic.symbolic.bounds import NoClosedForm
from cnncalc.arithmetic.symbolic.conditions import Condition, Relation

__all__ = ["Remainder"]


class _Product(Protocol):
    """What is divided: a number once its lengths are known."""

    @property
    def symbols(self) -> frozenset[str]:
        """The lengths in it."""

    def at(self, lengths: Mapping[str, int], /) -> int:
        """Its value at some lengths."""


class Remainder:
    """A remainder of a product of lengths: nothing but whether it is a number has an answer here."""

    __slots__ = ("dividend", "divisor")

    def __init__(self, dividend: _Product, divisor: int) -> None:
        self.dividend, self.divisor = dividend, divisor

    def __eq__(self, other: object) -> Any:
        if not isinstance(other, int):
            return self._no_answer(other)
        dividend, divisor, rest = self.dividend, self.divisor, int(other)
        text = f"{dividend} divisible by {divisor:,}" if not rest else f"({dividend}) mod {divisor:,} = {rest}"
        return Condition({}, [Relation(text, lambda at: dividend.at(at) % divisor == rest, dividend.symbols)])

    def __ne__(self, other: object) -> Any:
        return self._no_answer(other)

    def _no_answer(self, *_: object) -> Any:
        raise NoClosedForm(f"what comes of {self}")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __pow__ = __rpow__ = __neg__ = __abs__ = _no_answer
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __lt__ = __le__ = __gt__ = __ge__ = _no_answer
    __index__ = __bool__ = larger = smaller = common_divisor = ceil_divide = exact_divide = _no_answer

    __hash__ = None  # type: ignore[assignment]  # as Python's own way to say that it is no key

    def __format__(self, specification: str) -> str:
        return f"({self.dividend}) mod {self.divisor:,}"

    def __str__(self) -> str:
        return f"{self:,}"
