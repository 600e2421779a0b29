"""What a sweep varies, as people write it: ranges of values, and sizes in braces."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from cnncalc.errors import CnncalcError, Fault
from cnncalc.solve.sweep.grid import Grid

__all__ = ["grid_of", "steps"]

MOST = 100_000
LONGEST = 20
"""Digits of a length."""
SYMBOLS = {1: "L", 2: "HW", 3: "DHW"}
_OUTER_COMMA = re.compile(r",(?![^\[]*\])")
"""A comma that stands in no list."""
_WHOLE = re.compile(r"(0|[1-9]\d{0,17}):(0|[1-9]\d{0,17})", re.ASCII)
"""A range of whole numbers, one by one."""
_DOTS = re.compile(r"(-?\d{1,18})\.\.(-?\d{1,18})", re.ASCII)
"""A range as the bounds of an unknown are written."""
_BRACES = re.compile(r"\{([^{}]*)\}")


def steps(option: str, text: str) -> list[str]:
    """`0.25:1.4:0.05` (the end included), `1,2,4` or `[2,2],[3,4]` as the values, numbers written as decimals."""
    if ":" not in text:
        if dots := _DOTS.search(text):
            help = f"a range is written `{dots[1]}:{dots[2]}`, or with a step `{dots[1]}:{dots[2]}:8`"
            raise CnncalcError(Fault(f"{option} {text[:60]}: no value", help=help))
        return [part.strip() for part in _OUTER_COMMA.split(text) if part.strip()]
    if found := _WHOLE.fullmatch(text):
        first, last = int(found[1]), int(found[2])
        if first <= last < first + MOST:
            return list(map(str, range(first, last + 1)))
    from cnncalc.claims.decimals import decimal_number, decimal_text

    help = "write start:end:step, as 0.25:1.4:0.05, or values such as 1,2,4"
    numbers = [decimal_number(part) for part in text.split(":", 3)]
    low, high, by = (*numbers, Fraction(1))[:3]
    if len(numbers) > 3 or low is None or high is None or by is None:
        raise CnncalcError(Fault(f"{option} {text[:60]}: no range", help=help))
    if by <= 0 or high < low:
        why = "the step is not above 0" if by <= 0 else "the end is below the start"
        raise CnncalcError(Fault(f"{option} {text[:60]}: no range", values=why, help=help))
    if (high - low) / by >= MOST:
        message = f"{option} {text[:60]}: more than {MOST:,} values"
        raise CnncalcError(Fault(message, help="take a larger step, or a nearer end"))
    return [decimal_text(low + number * by) for number in range(int((high - low) // by) + 1)]


def grid_of(varied: Mapping[str, tuple[str, ...]], shape: str) -> Grid:
    """The grid of some variables and of the sizes in braces, `3x{96:320:32}`; its input is empty where none is.

    Raises CnncalcError where a size is no length or the shape none.
    """
    braces = _BRACES.findall(shape)
    if not braces:
        return Grid(dict(varied), "", {})
    ranges = []
    for text in braces:
        lengths = steps("--input", text)
        if not lengths or not all(map(_length, lengths)):
            raise CnncalcError(Fault(f"--input {shape[:60]}: lengths are whole numbers", help="as 3x{96:320:32}"))
        ranges.append(tuple(map(int, lengths)))
    parts = _BRACES.sub("?", shape).split("x")
    letters = SYMBOLS.get(len(parts) - 1, "")
    if not letters or not all(map(_length, parts[:1])) or not all(part == "?" or _length(part) for part in parts):
        help = "channels first, then each length in braces or a number of its own: 3x{96:320:32} or 3x{96:320:32}x128"
        raise CnncalcError(Fault(f"--input {shape[:60]}: no shape", help=help))
    if len(parts) == 2:  # 3x{96:320:32}: a square map
        return Grid(dict(varied), f"{parts[0]}xHxH", {"H": ranges[0]})
    form = "x".join([parts[0], *(letter if part == "?" else part for letter, part in zip(letters, parts[1:]))])
    symbols = [letter for letter, part in zip(letters, parts[1:]) if part == "?"]
    return Grid(dict(varied), form, dict(zip(symbols, ranges)))


def _length(text: str) -> bool:
    """Whether it is a length in digits: a letter would stand for every length, and a point is of one."""
    return text.isascii() and text.isdigit() and len(text) < LONGEST and int(text) > 0
