"""Lengths as pnnx writes them: `0w,//(0h,2),-1`, operators before what they work on. Read in src/expression.cpp."""

from __future__ import annotations

import re
from collections.abc import Callable

from cnncalc.interchange.ncnn.params import Operator
from cnncalc.layers.base import Shape

__all__ = ["lengths_of"]

WORD = re.compile(r"//|max|min|[-+*](?=\()|-?[0-9]{1,10}(?![whdcn0-9])|[0-9]{1,3}[whdcn]|[(),]")
LETTERS = {"w": -1, "h": -2, "d": -3, "c": 0}
OPERATORS: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "max": max,
    "min": min,
}
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

    def value(depth: int) -> int:
        nonlocal at
        word = words[at] if at < len(words) and depth < DEEPEST else ""
        at += 1
        if word in OPERATORS:
            take("(")
            first = value(depth + 1)
            take(",")
            second = value(depth + 1)
            take(")")
            if word == "//" and second < 1:
                raise operator.fault("this shape divides by nothing", f"`{text[:60]}`")
            found = OPERATORS[word](first, second)
            if abs(found) > LARGEST:
                raise operator.fault("this shape is too long", f"`{text[:60]}`")
            return found
        return length(operator, word, text, shapes)

    found = [value(0)]
    while at < len(words):
        take(",")
        found.append(value(0))
    return found


def length(operator: Operator, word: str, text: str, shapes: list[Shape]) -> int:
    """A number, or a length of an input by its number."""
    if word.lstrip("-").isdecimal():
        return int(word)
    source, letter = word[:-1], word[-1:]
    if not source.isdecimal() or int(source) >= len(shapes):
        raise operator.fault("this shape is an expression that is not read", f"`{text[:60]}`")
    if letter == "n":
        return 1
    shape, place = shapes[int(source)], LETTERS[letter]
    if -place > len(shape):
        raise operator.fault(f"the input has no `{letter}`", f"`{text[:60]}`")
    return shape[place]
