"""Decimal numbers as exact fractions: read from an option, and written out again. No float is ever made."""

from __future__ import annotations

import re
from fractions import Fraction

from cnncalc.errors import CnncalcError, Fault

__all__ = ["decimal_number", "decimal_text"]

LONGEST = 60
"""Characters of a number on a command line; with the bound on exponents it bounds the digits that it comes to."""
_VAST = re.compile(r"[eE][-+]?[\d_]{3,}")


def decimal_number(text: str) -> Fraction | None:
    """The number that a text such as `-0.25`, `1e-3` or `1/8` says; None where it is none, or none of use."""
    text = text.strip()
    if len(text) > LONGEST or not text.isascii() or _VAST.search(text):
        return None
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        return None


def decimal_text(value: Fraction) -> str:
    """The number in decimals, all of them. Raises `CnncalcError` for a fraction that no decimals write, such as 1/3."""
    digits, rest = 0, value.denominator
    while rest % 10 == 0:
        digits, rest = digits + 1, rest // 10
    # what is left is 2ⁿ or 5ⁿ times no 2 and no 5: each takes one digit more
    for factor in (2, 5):
        while rest % factor == 0:
            digits, rest = digits + 1, rest // factor
    if rest != 1:
        help = "take steps that have a last digit, such as 0.25"
        raise CnncalcError(Fault(f"{value} is no decimal number", help=help))
    scaled = abs(value.numerator) * 10**digits // value.denominator
    sign = "-" if value < 0 else ""
    whole, part = divmod(scaled, 10**digits)
    return f"{sign}{whole}.{part:0{digits}}" if digits else f"{sign}{whole}"
