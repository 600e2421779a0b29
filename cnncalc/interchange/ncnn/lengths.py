"""Lengths as pnnx writes them: `0w,//(0h,2),-1`, operators before what they work on. Read in src/expression.cpp."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor, trunc
from typing import TypeAlias

from cnncalc.interchange.ncnn.params import Operator
from cnncalc.layers.base import Shape

__all__ = ["lengths_of"]

WORD = re.compile(
    r"(?:max|min|trunc|ceil|floor|round|abs|neg|sign|square|//|[-+*/])(?=\()"
    r"|-?\d{1,10}\.\d{0,10}(?:e[-+]?\d{1,2})?|-?\d{1,10}(?![whdcn\d.])|\d{1,3}[whdcn]|[(),]",
    re.ASCII,
)
LETTERS = {"w": -1, "h": -2, "d": -3, "c": 0}
Number: TypeAlias = "int | Fraction"
OPERATORS: dict[str, Callable[[Number, Number], Number]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": Fraction,
    "//": lambda a, b: a // b,
    "max": max,
    "min": min,
}
"""Of two numbers. A quotient stays the fraction that it is, where ncnn has the float next to it."""
HALF = Fraction(1, 2)
FUNCTIONS: dict[str, Callable[[Number], Number]] = {
    "trunc": trunc,
    "ceil": ceil,
    "floor": floor,
    "round": lambda a: (a > 0) * floor(a + HALF) + (a < 0) * ceil(a - HALF),
    "abs": lambda a: a if a > 0 else -a,
    "neg": lambda a: -a,
    "sign": lambda a: (a > 0) - (a < 0),
    "square": lambda a: a * a,
}
"""Of one number; what lies in the middle is rounded away from 0, as C does."""
DEEPEST, LARGEST = 16, 2**31


def lengths_of(operator: Operator, text: str, shapes: list[Shape]) -> list[int]:
    """The lengths of a list of expressions, in its order; `0n`, the batch, is 1. Raises CnncalcError."""
    words = WORD.findall(text)
    if "".join(words) != text.replace(" ", "") or len(words) > 200:
        raise operator.fault("this shape is an expression that is not read", f"`{text[:60]}`")
    at = 0

    def take(expected: str) -> None:
        nonlocal at
        if at >= len(words) or words[at] != expected:
            raise operator.fault("this shape is an expression that is not read", f"`{text[:60]}`")
        at += 1

    def value(depth: int) -> Number:
        nonlocal at
        word = words[at] if at < len(words) and depth < DEEPEST else ""
        at += 1
        if word not in OPERATORS and word not in FUNCTIONS:
            return length(operator, word, text, shapes)
        take("(")
        numbers = [value(depth + 1)]
        if word in OPERATORS:
            take(",")
            numbers.append(value(depth + 1))
        take(")")
        if word in ("/", "//") and not numbers[1] > 0:
            raise operator.fault("this shape divides by nothing", f"`{text[:60]}`")
        found: Number = FUNCTIONS[word](*numbers) if word in FUNCTIONS else OPERATORS[word](*numbers)
        if not -LARGEST <= found <= LARGEST:
            raise operator.fault("this shape is too long", f"`{text[:60]}`")
        return found

    found = [value(0)]
    while at < len(words):
        take(",")
        found.append(value(0))
    return [trunc(one) for one in found]


def length(operator: Operator, word: str, text: str, shapes: list[Shape]) -> Number:
    """A number, or a length of an input by its number."""
    if word.lstrip("-").isdecimal():
        return int(word)
    if "." in word:
        return Fraction(word)
    source, letter = word[:-1], word[-1:]
    if not source.isdecimal() or int(source) >= len(shapes):
        raise operator.fault("this shape is an expression that is not read", f"`{text[:60]}`")
    if letter == "n":
        return 1
    shape, place = shapes[int(source)], LETTERS[letter]
    if -place > len(shape):
        raise operator.fault(f"the input has no `{letter}`", f"`{text[:60]}`")
    return shape[place]
