"""The operators of expressions: Python's, on plain values, the size of the result checked beforehand.

Each is a function `(left, right, limits) -> Value` and raises `RefusalError`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from cnncalc.language.expressions.values import (
    RefusalError,
    Value,
    bounded,
    bounded_list,
    describe,
    too_large,
    too_long,
)
from cnncalc.limits import Limits

__all__ = ["OPERATORS", "SIGNS", "cannot", "is_number"]

Operator = Callable[[Any, Any, Limits], Value]
BY_ZERO = "test the divisor first: `a / b if b else 0`"
WAY_OUT = "arithmetic is of numbers; `+` joins two texts or two lists, and `[x] * 3` repeats a list"


def is_number(*values: object) -> bool:
    """Whether all the values are numbers; a flag is one, as in Python."""
    return all(isinstance(value, (int, float)) for value in values)


def cannot(action: str, *values: object) -> RefusalError:
    """The refusal `cannot ACTION`, with the usual reason for a text where a number was meant."""
    for value in values:
        if isinstance(value, str) and re.fullmatch(r"\s*[-+]?[0-9]{1,15}\s*", value):
            advice = f"'{value}' is a text: write {value.strip()} without quotes, or int(…)"
            return RefusalError(f"cannot {action}", advice)
    return RefusalError(f"cannot {action}", WAY_OUT)


def _arithmetic(compute: Callable[[Any, Any], Any], left: Any, right: Any, limits: Limits) -> Value:
    try:
        return bounded(compute(left, right), limits)
    except OverflowError:
        raise too_large(limits) from None


# ------------------------------------------------------------------------------------------ arithmetic


def add(left: Any, right: Any, limits: Limits) -> Value:
    """`left + right`: numbers, texts or lists."""
    if type(left) is int and type(right) is int:
        value = left + right
        if -limits.number <= value <= limits.number:
            return value
        raise too_large(limits)
    if is_number(left, right):
        return _arithmetic(operator.add, left, right, limits)
    if isinstance(left, str) and isinstance(right, str):
        if len(left) + len(right) > limits.items:
            raise too_long("text", limits)
        return left + right
    if isinstance(left, list) and isinstance(right, list):
        if len(left) + len(right) > limits.items:
            raise too_long("list", limits)
        return bounded_list(left + right, limits)
    raise cannot(f"add {describe(left)} and {describe(right)}", left, right)


def subtract(left: Any, right: Any, limits: Limits) -> Value:
    """`left - right`: numbers."""
    if is_number(left, right):
        return _arithmetic(operator.sub, left, right, limits)
    raise cannot(f"subtract {describe(right)} from {describe(left)}", left, right)


def multiply(left: Any, right: Any, limits: Limits) -> Value:
    """`left * right`: numbers, or a list so many times. A text is no factor: `32 * half` is a slip, not `halfhalf…`."""
    if type(left) is int and type(right) is int:
        # Values from outside may be of any length; the product of two long ones would take its time.
        if left.bit_length() + right.bit_length() <= 2 * limits.number.bit_length():
            value = left * right
            if -limits.number <= value <= limits.number:
                return value
        raise too_large(limits)
    if is_number(left, right):
        return _arithmetic(operator.mul, left, right, limits)
    items, times = (right, left) if isinstance(left, int) else (left, right)
    if isinstance(items, list) and isinstance(times, int):
        if len(items) * max(times, 0) > limits.items:
            raise too_long("list", limits)
        return bounded_list(items * times, limits)
    raise cannot(f"multiply {describe(left)} by {describe(right)}", left, right)


def _division(name: str, compute: Callable[[Any, Any], Any]) -> Operator:
    def divide(left: Any, right: Any, limits: Limits) -> Value:
        if not is_number(left, right):
            raise cannot(f"{name} {describe(left)} by {describe(right)}", left, right)
        if right == 0:
            raise RefusalError(f"{describe(left)} is divided by zero", BY_ZERO)
        return _arithmetic(compute, left, right, limits)

    return divide


def power(left: Any, right: Any, limits: Limits) -> Value:
    """`left ** right`: numbers whose result is real and within the bound."""
    if not is_number(left, right):
        raise cannot(f"raise {describe(left)} to the power {describe(right)}", left, right)
    if left == 0 and right < 0:
        raise RefusalError("zero cannot be raised to a negative power: it is a division by zero", BY_ZERO)
    if isinstance(left, int) and isinstance(right, int):
        # |left| >= 2 ** (bits - 1), so the result has at least this many bits; it is not computed if too many.
        if (abs(left).bit_length() - 1) * right > limits.number.bit_length():
            raise too_large(limits)
        if abs(left) < 2:
            right = 2 - right % 2 if right > 2 else right  # 0, 1 and -1 only know odd from even
    return _arithmetic(operator.pow, left, right, limits)


def _sign(action: str, compute: Callable[[Any], Value]) -> Callable[[Any], Value]:
    def signed(value: Any) -> Value:
        if is_number(value):
            return compute(value)
        raise cannot(f"{action} {describe(value)}", value)

    return signed


SIGNS: dict[str, Callable[[Any], Value]] = {
    "-": _sign("take the negative of", operator.neg),
    "+": _sign("put a plus before", operator.pos),
    "not": operator.not_,
}
"""What stands before one value."""


# ----------------------------------------------------------------------------------------- comparisons


def _comparison(compute: Callable[[Any, Any], Any]) -> Operator:
    def compare(left: Any, right: Any, limits: Limits) -> Value:
        try:
            return bool(compute(left, right))
        except TypeError:
            raise cannot(f"order {describe(left)} and {describe(right)}", left, right) from None

    return compare


def contains(left: Any, right: Any, limits: Limits) -> Value:
    """`left in right`: an item of a list, a key of a mapping, a stretch of a text."""
    if isinstance(right, str) and not isinstance(left, str):
        raise RefusalError(f"cannot look for {describe(left)} in a text", "put it in quotes")
    if isinstance(right, dict):
        return isinstance(left, str) and left in right
    if isinstance(right, (str, list)):
        return left in right
    raise RefusalError(f"cannot look into {describe(right)}", "`in` needs a list, a mapping or a text after it")


def lacks(left: Any, right: Any, limits: Limits) -> Value:
    """`left not in right`."""
    return not contains(left, right, limits)


# -------------------------------------------------------------------------------------------- reading


def index(value: Any, key: Any, limits: Limits) -> Value:
    """`value[key]`: an item of a list or a text by its place from 0, or of a mapping by its key."""
    if isinstance(value, dict):
        return attribute(value, key, limits)
    if not isinstance(value, (list, str)):
        raise RefusalError(f"{describe(value)} has no items", "`x[i]` reads a list, a mapping or a text")
    if not isinstance(key, int):
        raise RefusalError(f"an item is asked for by its place, a whole number, not by {describe(key)}", "such as [0]")
    if -len(value) <= key < len(value):
        return value[key]
    what = "list" if isinstance(value, list) else "text"
    if not value:
        raise RefusalError(
            f"the {what} is empty, so it has no item {describe(key)}", "test it first: `x[0] if x else 8`"
        )
    raise RefusalError(
        f"the {what} has no item {describe(key)}: it has {len(value)}, counted from 0",
        f"its last item is [{len(value) - 1}], or [-1]",
    )


def attribute(value: Any, key: Any, limits: Limits) -> Value:
    """`value.key` or `value['key']` of a mapping."""
    if not isinstance(value, dict):
        raise RefusalError(
            f"`.{key}` reads a mapping, and this is {describe(value)}", "such as {depth: 2}, or `x[0]` of a list"
        )
    if str(key) in value:
        found: Value = value[str(key)]
        return found
    from cnncalc.errors import suggestion

    known = ", ".join(f"`{each}`" for each in list(value)[:10])
    otherwise = f"it has {known}" if value else "it is empty"
    raise RefusalError(f"the mapping has no key `{str(key)[:80]}`", suggestion(str(key), value, otherwise))


OPERATORS: dict[str, Operator] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": _division("divide", operator.truediv),
    "//": _division("divide", operator.floordiv),
    "%": _division("take the remainder of dividing", operator.mod),
    "**": power,
    "==": _comparison(operator.eq),
    "!=": _comparison(operator.ne),
    "<": _comparison(operator.lt),
    "<=": _comparison(operator.le),
    ">": _comparison(operator.gt),
    ">=": _comparison(operator.ge),
    "in": contains,
    "not in": lacks,
    "[": index,
    ".": attribute,
}
"""By sign; `[` and `.` are those of `x[i]` and `x.key`."""
