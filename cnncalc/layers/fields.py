"""The types of a layer's fields: how a value is read, checked, written in notation and described in the JSON Schema.

A value arrives as a YAML or Python value (`3`, `[1, 7]`, `true`) or as the text of a notation token (`"3"`, `"1x7"`).
Each type turns it into one normal form, or raises `FieldError` with what it expected.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cnncalc.arithmetic.windows.formulas import CAUSAL, SAME, SAME_LOWER
from cnncalc.errors import suggestion
from cnncalc.layers.reading import LARGEST, FieldError, FieldType, Json, number_schema, parts_of, shown, whole

__all__ = [
    "LARGEST",
    "Border",
    "Choice",
    "FieldError",
    "FieldType",
    "Flag",
    "PerAxis",
    "Real",
    "Scales",
    "Span",
    "Whole",
    "Wholes",
    "Word",
    "spread",
    "whole",
]


class Whole(FieldType):
    """One whole number; `below` is the way out of a −1, which some frameworks take."""

    def __init__(self, minimum: int = 1, below: str = "") -> None:
        self.minimum, self.below = minimum, below
        self.expected = f"a whole number ≥ {minimum}"

    def read(self, value: object) -> int:
        if self.below and value in (-1, "-1"):
            raise FieldError(f"expected {self.expected}, got -1", self.below)
        return whole(value, self.minimum)

    def schema(self) -> Json:
        return number_schema(self.minimum)


def _one_or_several(number: Json) -> Json:
    return {"anyOf": [*number["anyOf"], {"type": "array", "items": number, "minItems": 1}]}


class PerAxis(FieldType):
    """One whole number for every spatial axis (`3`), or one an axis (`1x7`); the normal form is a tuple."""

    def __init__(self, minimum: int = 1) -> None:
        self.minimum = minimum
        self.expected = f"whole numbers ≥ {minimum}, one for all axes or one an axis, such as 3 or 1x7"

    def read(self, value: object) -> tuple[int, ...]:
        numbers = tuple(whole(part, self.minimum) for part in parts_of(value))
        if not 1 <= len(numbers) <= 3:
            raise FieldError(f"expected 1 to 3 numbers, one an axis, got {len(numbers)}")
        # 3x3 and 3 mean different things only where the number of axes is checked: keep what was written.
        return numbers

    def write(self, value: Sequence[int]) -> str:
        return "x".join(map(str, value))

    def schema(self) -> Json:
        return _one_or_several(number_schema(self.minimum))


class Scales(PerAxis):
    """How many times larger, one for all axes or one an axis: whole numbers, or fractions such as 1.5 or 0.5."""

    expected = "numbers above 0, one for all axes or one an axis, such as 2 or 1.5x2"

    def __init__(self) -> None:
        super().__init__()
        self.expected = type(self).expected

    def read(self, value: object) -> tuple[Any, ...]:
        parts = parts_of(value)
        if not 1 <= len(parts) <= 3:
            raise FieldError(f"expected 1 to 3 numbers, one an axis, got {len(parts)}")
        return tuple(self._one(part) for part in parts)

    @staticmethod
    def _one(part: object) -> int | float:
        if isinstance(part, str) and part.startswith("?"):
            return whole(part, 1)
        number = Real(1e-6, 1e6).read(part)
        return int(number) if number.is_integer() else number

    def write(self, value: Sequence[int | float]) -> str:
        return "x".join(map(repr, value))


class Border(FieldType):
    """Padding: `1`, `0x3`, `2:1` (before:after), `2:1x0:0`; with `automatic`, the words same, same_lower, valid too.

    The normal form is a tuple of (before, after) pairs, or the word `same`, `same_lower` or, where it is one, `causal`.
    """

    def __init__(self, *, automatic: bool = True, causal: bool = False) -> None:
        words = (SAME, SAME_LOWER, "valid") if automatic else ()
        self.automatic: dict[str, object] = {word: word for word in words}
        if automatic:
            self.automatic["valid"] = ((0, 0),)
        if causal:
            self.automatic[CAUSAL] = CAUSAL
        self.expected = ", or ".join(["padding such as 1, 0x3 or 2:1", *filter(None, [", ".join(self.automatic)])])

    def read(self, value: object) -> tuple[tuple[int, int], ...] | str:
        if isinstance(value, str) and (word := self.automatic.get(value.lower())) is not None:
            return word  # type: ignore[return-value]  # a word's meaning is a border
        pairs = tuple(self._pair(part) for part in parts_of(value))
        if not 1 <= len(pairs) <= 3:
            raise FieldError(f"expected padding for 1 to 3 axes, got {len(pairs)}")
        return pairs

    @staticmethod
    def _pair(part: object) -> tuple[int, int]:
        sides: Sequence[object] = [part]
        if isinstance(part, str):
            sides = part.split(":")
        elif isinstance(part, (list, tuple)):
            sides = part
        if len(sides) not in (1, 2):
            raise FieldError(f"expected one number or before:after, got {shown(part)}")
        try:
            return whole(sides[0], 0), whole(sides[-1], 0)
        except FieldError as error:
            if not any(str(side).startswith("-") for side in sides):
                raise
            raise FieldError(error.rule, "`crop` takes a border off", error.field) from None

    def write(self, value: tuple[tuple[int, int], ...] | str) -> str:
        if isinstance(value, str):
            return value
        return "x".join(str(a) if a == b else f"{a}:{b}" for a, b in value)

    def words(self, name: str) -> dict[str, object]:
        return {word: word for word in self.automatic}

    def schema(self) -> Json:
        number = number_schema(0)
        pair = {"type": "array", "items": number, "minItems": 1, "maxItems": 2}
        items = {"anyOf": [*number["anyOf"], pair]}
        words = [{"enum": list(self.automatic)}] if self.automatic else []
        return {"anyOf": [*number["anyOf"], *words, {"type": "array", "items": items}]}


class Flag(FieldType):
    """True or false; `bias` and `nobias` in notation."""

    expected = "true or false"

    def read(self, value: object) -> bool:
        if isinstance(value, bool):
            return value
        if value in ("true", "false", "True", "False", "1", "0", 1, 0):  # as Python and ONNX have them, too
            return value in ("true", "True", "1", 1)
        help = "write true or false" if value in ("yes", "no", "on", "off") else ""
        raise FieldError(f"expected true or false, got {shown(value)}", help)

    def write(self, value: bool) -> str:
        return "true" if value else "false"

    def words(self, name: str) -> dict[str, object]:
        return {name: True, f"no{name}": False}

    def schema(self) -> Json:
        return {"anyOf": [{"type": "boolean"}, {"type": "string", "pattern": r"^\$"}]}


class Choice(FieldType):
    """One of a few words."""

    def __init__(self, *choices: str) -> None:
        self.choices = choices
        self.expected = "one of " + ", ".join(choices)

    def read(self, value: object) -> str:
        if isinstance(value, str) and value in self.choices:
            return value
        help = suggestion(value, self.choices) if isinstance(value, str) else ""
        raise FieldError(f"expected {self.expected}, got {shown(value)}", help)

    def words(self, name: str) -> dict[str, object]:
        return {choice: choice for choice in self.choices}

    def schema(self) -> Json:
        return {"anyOf": [{"enum": list(self.choices)}, {"type": "string", "pattern": r"^\$"}]}


class Real(FieldType):
    """A number that takes no part in shape arithmetic (a rate, a slope, an epsilon), from `low` to `high`."""

    def __init__(self, low: float = 0.0, high: float = 1e12) -> None:
        self.low, self.high = low, high
        least = f"a number ≥ {low:g}" if low > -LARGEST else "a number"
        self.expected = f"a number from {low:g} to {high:g}" if high < LARGEST else least

    def read(self, value: object) -> float:
        number = value
        if isinstance(value, str) and len(value) < 40:
            try:
                number = float(value.encode("ascii"))  # digits of other scripts are no number here
            except ValueError:
                raise FieldError(f"expected {self.expected}, got {shown(value)}") from None
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not self.low <= number <= self.high:
            raise FieldError(f"expected {self.expected}, got {shown(value)}")
        return float(number)

    def write(self, value: float) -> str:
        return f"{value!r}".removesuffix(".0")

    def schema(self) -> Json:
        return {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^[$?0-9.]"}]}


class Wholes(FieldType):
    """Several whole numbers (`1x2x0`, `[1, 2, 0]`); `minimum` −1 allows one −1, "whatever is left"."""

    def __init__(self, minimum: int = 0, what: str = "whole numbers such as 2x3x4") -> None:
        self.minimum, self.expected = minimum, what

    def read(self, value: object) -> tuple[int, ...]:
        numbers = tuple(whole(part, self.minimum) for part in parts_of(value))
        if not 1 <= len(numbers) <= 16:
            raise FieldError(f"expected 1 to 16 numbers, got {len(numbers)}")
        return numbers

    def write(self, value: Sequence[int]) -> str:
        return "x".join(map(str, value))

    def schema(self) -> Json:
        return _one_or_several(number_schema(self.minimum))


class Span(FieldType):
    """`start:stop`, either side left out for the end; the normal form is (start, stop) with −1 for "to the end"."""

    expected = "start:stop, such as 0:64 or 64:"

    def read(self, value: object) -> tuple[int, int]:
        if isinstance(value, (list, tuple)) and len(value) == 2:
            start, stop = value
        elif isinstance(value, str) and value.count(":") == 1:
            start, stop = value.split(":")
        else:
            raise FieldError(f"expected {self.expected}, got {shown(value)}")
        first = whole(start, 0) if start != "" else 0
        last = whole(stop, -1) if stop != "" else -1
        if last != -1 and last <= first:
            raise FieldError(f"the span {first}:{last} is empty", "the second number must be larger than the first")
        return first, last

    def write(self, value: tuple[int, int]) -> str:
        return f"{value[0]}:{'' if value[1] == -1 else value[1]}"

    def schema(self) -> Json:
        return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "integer"}, "maxItems": 2}]}


class Word(FieldType):
    """A word that is only told, such as the name of a foreign operator."""

    expected = "a word without blanks, of at most 60 characters"

    def read(self, value: object) -> str:
        if isinstance(value, str) and 0 < len(value) <= 60 and value.isprintable() and not set(value) & set(" $?\"'"):
            return value
        raise FieldError(f"expected {self.expected}, got {shown(value)}")

    def schema(self) -> Json:
        return {"type": "string"}


def spread(values: tuple[Any, ...], rank: int) -> Iterator[Any]:
    """One value an axis: a single one stands for all."""
    return iter(values * rank if len(values) == 1 else values)
