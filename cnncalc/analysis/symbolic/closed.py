"""A number that depends on symbolic lengths, as text and as coefficients: exact for all lengths that are allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc.arithmetic.symbolic.algebra import NoClosedForm, Polynomial, Size
from cnncalc.arithmetic.symbolic.closed_text import form_of, polynomial_text, size_text, written_terms
from cnncalc.arithmetic.symbolic.maxima import Maximum
from cnncalc.arithmetic.symbolic.tables import Table
from cnncalc.layers import Shape
from cnncalc.records import NamedTuple

__all__ = ["Allowed", "Closed", "Closing"]

Allowed = Mapping[str, Table]


class Closed(NamedTuple):
    """A number as text, and what it is made of; no value where it has no closed form."""

    text: str
    value: Any

    def as_object(self, allowed: Allowed) -> object:
        """The JSON form: a plain number, or text with coefficients."""
        if isinstance(self.value, Size):
            return {"text": self.text, **_coefficients(self.value, allowed)}
        if isinstance(self.value, Polynomial):
            return {"text": self.text, "terms": _terms(self.value, allowed)}
        if isinstance(self.value, Maximum):
            parts = [Closing(allowed).closed(part).as_object(allowed) for part in self.value.parts]
            return {"text": self.text, "max": parts}
        return self.value if isinstance(self.value, int) else {"text": self.text}


def _terms(value: Polynomial, allowed: Allowed) -> list[dict[str, object]]:
    return [{"coefficient": _whole(c), "factors": list(f)} for f, c in written_terms(value, allowed)]


def _whole(number: Any) -> object:
    return int(number) if number.denominator == 1 else str(number)


def _coefficients(size: Size, allowed: Allowed) -> dict[str, object]:
    """times·⌊(a·n + b)/c⌋ + plus, where a size has that form, else its whole table."""
    form = form_of(size.table, allowed.get(size.symbol))
    if form is not None:
        return {"symbol": form.symbol, "a": form.a, "b": form.b, "c": form.c, "times": form.times, "plus": form.plus}
    table = size.table
    return {"symbol": table.symbol, "first": table.prefix, "advance": table.advance, "values": table.values}


class Closing:
    """Turns numbers into closed forms for the lengths that are allowed."""

    def __init__(self, allowed: Allowed) -> None:
        self.allowed = allowed
        self.texts: dict[Any, str] = {}

    def closed(self, value: Any) -> Closed:
        """The number with its text; of what has no closed form, that it has none."""
        if isinstance(value, NoClosedForm) or value is None:
            return Closed("no closed form", None)
        if isinstance(value, Size):
            if value not in self.texts:
                self.texts[value] = size_text(value, self.allowed.get(value.symbol))
            return Closed(self.texts[value], value)
        if isinstance(value, Polynomial):
            return Closed(polynomial_text(value, self.allowed), value)
        if isinstance(value, Maximum):
            return Closed(f"max({', '.join(self.closed(part).text for part in value.parts)})", value)
        return Closed(f"{value:,}", value)

    def shape(self, shape: Shape, images: Any) -> tuple[Closed, ...]:
        """A shape with the batch."""
        return tuple(
            Closed(str(length), length) if isinstance(length, int) else self.closed(length)
            for length in (images, *shape)
        )
