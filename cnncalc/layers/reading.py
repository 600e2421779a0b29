"""What every type of a field is made of: how a value is read, and what is said of one that it cannot take."""

from __future__ import annotations

import math
import re
from typing import Any, TypeAlias

__all__ = ["LARGEST", "FieldError", "FieldType", "Json", "number_schema", "parts_of", "shown", "whole"]

Json: TypeAlias = "dict[str, Any]"

LARGEST = 10**12
"""No field of a real layer comes near it; it keeps every product printable."""
_WHOLE = re.compile(r"[+-]?[0-9]+(?:_[0-9]+)*\Z")
_DECIMAL = re.compile(r"[+-]?[0-9]*\.[0-9]+\Z")


def _rounded(value: str | float) -> str:
    """The way out of a number that is not whole: the whole ones next to it, and what an expression does."""
    number = float(value)
    down = math.floor(number) if abs(number) < LARGEST else None
    near = "" if down is None else f"write {down} or {down + 1}; "
    return near + "in an expression round it: `$(int(…))`, `$(round(…))` or `$(divisible(…, 8))`"


class FieldError(Exception):
    """A value that its field cannot take: `rule` says what was expected, `help` what to write instead."""

    def __init__(self, rule: str, help: str = "", field: str = "") -> None:
        super().__init__(rule)
        self.rule, self.help, self.field = rule, help, field


def shown(value: object) -> str:
    """A received value as an error shows it: short, and never megabytes."""
    if value is None or value == "":
        return "nothing"
    known = isinstance(value, (str, int, float, list, tuple, dict))  # others may say anything of themselves
    text = value if isinstance(value, str) else repr(value) if known else type(value).__name__
    return f"`{text[:37]}…`" if len(text) > 40 else f"`{text}`"


def whole(value: object, minimum: int, what: str = "a whole number") -> int:
    """`value` as an int of at least `minimum`; text and floats that are whole count."""
    expected = f"{what} ≥ {minimum}" if minimum > -LARGEST else what
    if isinstance(value, str):
        if value.startswith("?"):
            raise FieldError("`?` stands for an unknown", "only `cnncalc solve file` finds unknowns: write a number")
        if not _WHOLE.match(value) or len(value) > 40:
            raise FieldError(
                f"expected {expected}, got {shown(value)}", _rounded(value) if _DECIMAL.match(value) else ""
            )
        value = int(value)
    if isinstance(value, float):
        if not value.is_integer():
            raise FieldError(f"expected {expected}, got {value!r}", _rounded(value))
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise FieldError(f"expected {expected}, got {shown(value)}")
    if not minimum <= value <= LARGEST:
        rule = f"expected {expected}" if value < minimum else f"expected at most {LARGEST:,}"
        raise FieldError(f"{rule}, got {shown(value) if abs(value) > LARGEST else value}")
    return value


def number_schema(minimum: int) -> Json:
    """JSON Schema of what `whole` takes, or of a text that stands for it; of a list in a text, of its first number."""
    sign = "[+-]?" if minimum < 0 else "[+]?"
    number = {"type": "integer", "minimum": minimum, "maximum": LARGEST}
    return {"anyOf": [number, {"type": "string", "pattern": rf"^(\$|\?|-0|{sign}[0-9])"}]}


def parts_of(value: object) -> list[object]:
    """One part an axis: `1x7`, `[1, 7]` or a single value."""
    if isinstance(value, str):
        return list(value.split("x"))
    if isinstance(value, (list, tuple)):
        return list(value)
    return [value]


class FieldType:
    """How the values of a field are read, written and described."""

    expected = "a value"
    bare = r"[-+.:0-9]\S*"
    """What it looks like where no name stands before it, as a regular expression."""
    commas = False
    """Whether commas are a part of its text; elsewhere they are a slip for an `x`."""

    def read(self, value: object) -> Any:
        """The normal form of `value`; raises `FieldError`."""
        raise NotImplementedError

    def write(self, value: Any) -> str:
        """The notation of a normal form."""
        return str(value)

    def words(self, name: str) -> dict[str, object]:
        """The bare words that set a field of this type, each with its value."""
        return {}

    def schema(self) -> Json:
        """JSON Schema of the values in a file."""
        raise NotImplementedError
