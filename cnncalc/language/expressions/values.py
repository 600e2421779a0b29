"""The values that expressions compute with, how they are written, and how far they may grow.

What cannot be done raises `RefusalError`, which knows no position; the parser's nodes turn it into an
`ExpressionError`, which does.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    from cnncalc.limits import Limits

__all__ = [
    "ExpressionError", "RefusalError", "Value", "as_text", "begin_work", "bounded", "bounded_list", "describe", "spend",
    "spent", "too_large", "too_long",
]  # fmt: skip

Value = Union[int, float, bool, str, None, "list[Any]", "dict[str, Any]"]

# A whole number has this many digits at most when it is written into a text as one; a float beyond it
# would pretend to a precision that it does not have.
EXACT_FLOAT = 1e15


class ExpressionError(Exception):
    """A broken expression. `offset` (from 0) and `width` are in characters of the text that was given."""

    def __init__(self, message: str, offset: int, width: int, help: str) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.width = max(width, 1)
        self.help = help

    @property
    def help_beside_options(self) -> str:
        """The way out where the text is an option's own, whose bounds no `--limit` raises; empty where that was all."""
        return "" if "--limit" in self.help else self.help


class RefusalError(Exception):
    """An operation that cannot be done: the message, and what to try."""

    def __init__(self, message: str, help: str) -> None:
        super().__init__(message)
        self.message = message
        self.help = help


def describe(value: object) -> str:
    """A value in a message: `the text 'abc'`, `3`, `a list of 2`."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f"the text '{value if len(value) <= 30 else value[:29] + '…'}'"
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"a mapping of {len(value)}"
    if isinstance(value, int) and abs(value) >= 10**30:
        return "a number of more than 30 digits"
    return str(value)


def as_text(value: object) -> str | None:
    """How a value is written inside a text; None for a list or a mapping, which cannot be."""
    kind = type(value)
    if kind is int or kind is str:
        return str(value)
    if value is None or isinstance(value, bool):
        return describe(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < EXACT_FLOAT else repr(value)
    return None if isinstance(value, (list, tuple, dict)) else str(value)


def too_large(limits: Limits) -> RefusalError:
    """The refusal of a number over the bound."""
    return RefusalError(f"the number is larger than {limits.number:,}, the bound `number`", limits.way_out("number"))


def too_long(what: str, limits: Limits) -> RefusalError:
    """The refusal of a list or a text (`what`) over the bound."""
    return RefusalError(f"the {what} is longer than {limits.items:,}, the bound `items`", limits.way_out("items"))


def bounded(value: Any, limits: Limits) -> int | float:
    """The number itself, if it is real, finite and within the bound."""
    if isinstance(value, int):
        if -limits.number <= value <= limits.number:
            return value
        raise too_large(limits)
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise RefusalError("the result is not a finite real number", "no square root of what is negative, and no infinity")


def bounded_list(values: list[Any], limits: Limits) -> list[Any]:
    """The list itself, if it and all lists and texts in it together stay within the bound."""
    if _size(values, limits) > limits.items:
        raise too_long("list", limits)
    spend(limits, values)
    return values


_SIMPLE = frozenset((int, float, bool, type(None)))
"""Types of items that have no items themselves; to know that all are of these takes little."""
_SPENT = [0]
"""What the expressions of the file that is read have gone through so far."""


def begin_work() -> None:
    """A file begins: nothing is spent yet."""
    _SPENT[0] = 0


def spent() -> int:
    """What has been gone through since it began."""
    return _SPENT[0]


def spend(limits: Limits, *values: Any) -> None:
    """Count what an operation goes through. Raises `RefusalError` where that is too much for one file."""
    for value in values:
        if isinstance(value, (str, list, dict)):
            _SPENT[0] += _size(value, limits)
    if _SPENT[0] > limits.work:
        message = f"the expressions of the file go through more than {limits.work:,} items, the bound `work`"
        raise RefusalError(message, limits.way_out("work"))


def _size(whole: Any, limits: Limits) -> int:
    """The items of a value, those of lists in it included; beyond the bound it is enough to know that they are."""
    # Not only the top is counted: a list of twice the one before, fifty times over, has 2**50 to compare.
    total = 0
    waiting: list[Any] = [whole]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            total += len(value) // 64
        elif isinstance(value, (list, dict)):
            total += len(value)
            inner = value.values() if isinstance(value, dict) else value
            if total <= limits.items and not _SIMPLE.issuperset(map(type, inner)):
                waiting.extend(inner)
        if total > limits.items:
            break
    return total
