"""The functions of expressions. Each is `(arguments, limits) -> Value` and raises `RefusalError`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from cnncalc.language.expressions.operations import cannot, is_number
from cnncalc.language.expressions.values import RefusalError, Value, bounded, describe
from cnncalc.limits import Limits

__all__ = ["FUNCTIONS"]

Function = Callable[["list[Any]", Limits], Value]

# round() to more places than a float has, or to 10**9 places before the point, is a mistake or an attack.
MOST_PLACES = 20


def _number(name: str, value: Any) -> Any:
    if not is_number(value):
        raise cannot(f"take {name} of {describe(value)}: it needs a number", value)
    if not math.isfinite(value):
        raise RefusalError(f"cannot take {name} of {describe(value)}", "it needs a finite number")
    return value


def _needs(name: str, arguments: list[Any], least: int, most: int) -> None:
    if not least <= len(arguments) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        plural = "" if wanted == "1" else "s"
        raise RefusalError(
            f"`{name}` takes {wanted} value{plural}, and {len(arguments)} are given", "separate them by commas"
        )


def _extreme(name: str, choose: Callable[[Any], Value]) -> Function:
    def extreme(arguments: list[Any], limits: Limits) -> Value:
        values = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], list) else arguments
        if not values:
            raise RefusalError(f"`{name}` of nothing", f"`{name}` takes numbers, or a list that is not empty")
        if not is_number(*values) and not all(isinstance(value, str) for value in values):
            odd = next(value for value in values if not is_number(value))
            raise cannot(f"take {name} with {describe(odd)}: it needs numbers", odd)
        return choose(values)

    return extreme


def _of_one(name: str, compute: Callable[[Any], Any]) -> Function:
    def function(arguments: list[Any], limits: Limits) -> Value:
        _needs(name, arguments, 1, 1)
        return bounded(compute(_number(name, arguments[0])), limits)

    return function


def _round(arguments: list[Any], limits: Limits) -> Value:
    _needs("round", arguments, 1, 2)
    value = _number("round", arguments[0])
    if len(arguments) == 1:
        return bounded(round(value), limits)
    places = arguments[1]
    if not isinstance(places, int) or abs(places) > MOST_PLACES:
        raise RefusalError(
            f"`round` takes a whole number of places up to {MOST_PLACES}, not {describe(places)}", "such as round(x, 2)"
        )
    return bounded(round(value, places), limits)


def _int(arguments: list[Any], limits: Limits) -> Value:
    _needs("int", arguments, 1, 1)
    value = arguments[0]
    if isinstance(value, str) and re.fullmatch(r"\s*[-+]?[0-9]{1,100}\s*", value):
        value = int(value)
    return bounded(int(_number("int", value)), limits)


def _len(arguments: list[Any], limits: Limits) -> Value:
    _needs("len", arguments, 1, 1)
    if not isinstance(arguments[0], (list, dict, str)):
        raise RefusalError(f"{describe(arguments[0])} has no length", "`len` takes a list, a mapping or a text")
    return len(arguments[0])


def _sum(arguments: list[Any], limits: Limits) -> Value:
    _needs("sum", arguments, 1, 1)
    if not isinstance(arguments[0], list):
        raise RefusalError(f"`sum` takes a list, not {describe(arguments[0])}", "write sum([a, b, c])")
    if set(map(type, arguments[0])) == {int}:
        return bounded(sum(arguments[0]), limits)
    total: int | float = 0
    for value in arguments[0]:
        total = bounded(total + _number("sum", value), limits)
    return total


def _gcd(arguments: list[Any], limits: Limits) -> Value:
    """The greatest common divisor: the most groups that divide both channel counts."""
    _needs("gcd", arguments, 2, 2)
    for value in arguments:
        if not isinstance(_number("gcd", value), int):
            raise RefusalError(f"`gcd` takes whole numbers, not {describe(value)}", "round it first, as int(x)")
    return math.gcd(*arguments)


def divisible(arguments: list[Any], limits: Limits) -> Value:
    """`divisible(value, divisor[, minimum])`: the nearest multiple, at least `minimum` and 90 % of the value.

    MobileNet's rule for channel counts (Howard et al. 2017 and Sandler et al. 2018, in their published code):
    n = max(minimum, ⌊v + d/2⌋ // d · d), one d more where n < 0.9 v.
    """
    _needs("divisible", arguments, 2, 3)
    value, divisor, *rest = (_number("divisible", argument) for argument in arguments)
    if divisor <= 0 or int(divisor) != divisor:
        raise RefusalError(
            f"the divisor is a positive whole number, not {describe(divisor)}", "such as divisible(x, 8)"
        )
    divisor = int(divisor)
    nearest = max(rest[0] if rest else divisor, int(value + divisor / 2) // divisor * divisor)
    return bounded(nearest + divisor if nearest < 0.9 * value else nearest, limits)


FUNCTIONS: dict[str, Function] = {
    "min": _extreme("min", min),
    "max": _extreme("max", max),
    "abs": _of_one("abs", abs),
    "round": _round,
    "floor": _of_one("floor", math.floor),
    "ceil": _of_one("ceil", math.ceil),
    "int": _int,
    "len": _len,
    "sum": _sum,
    "gcd": _gcd,
    "divisible": divisible,
}
