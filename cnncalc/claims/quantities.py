"""Numbers as people write them on a command line: `5M`, `4.1G`, `24GiB`. Exact: no float is ever made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = ["parse_duration", "parse_lengths", "parse_quantity"]

_FORM = r"(\d+(?:_\d+)*)(?:\.(\d+))?(?:e(\d{1,2}))?\s*([kmgtp]?)(i?)(b?)"
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
# Nothing that is counted here needs more; it bounds the work on a hostile argument.
LONGEST = 40


def parse_quantity(text: str, *, in_bytes: bool = True) -> int:
    """The whole number that `text` says: k, M, G, T, P are powers of 1000, Ki, Mi … of 1024.

    A `B` may follow what counts bytes, and that only: `7B` of parameters would be seven.
    Raises CnncalcError where it is no such number, is negative, or is not whole once multiplied out.
    """
    if len(text) <= LONGEST and text.isascii() and text.isdecimal():
        return int(text)
    import re  # most numbers are written out
    from fractions import Fraction

    match = re.fullmatch(_FORM, text.strip(), re.ASCII | re.IGNORECASE) if len(text) <= LONGEST else None
    if match is None or (match[5] and not match[4]):
        raise CnncalcError(
            Fault(f"`{text[:LONGEST]}` is no count", help="write a whole number, or one like `5M`, `4.1G` or `24GiB`")
        )
    whole, decimals, exponent, power, binary, unit = match.groups()
    if unit and not in_bytes:
        help = f"leave out the `{unit}`" if power else "billions are `G`"
        raise CnncalcError(Fault(f"`{text}` is a size in bytes, and a count is expected", help=help))
    digits = Fraction(f"{whole.replace('_', '')}.{decimals or 0}") * 10 ** int(exponent or 0)
    value = digits * (1024 if binary else 1000) ** _POWERS[power.lower()]
    if value.denominator != 1:
        raise CnncalcError(Fault(f"`{text}` is not a whole number", help=f"it comes to {_decimal(value)}"))
    return int(value)


def parse_duration(text: str) -> Fraction:
    """The seconds that a text such as `5ms`, `1.5s` or `200us` says; raises CnncalcError where it says none."""
    from cnncalc.claims.decimals import decimal_number

    units = {"ns": 10**9, "us": 10**6, "µs": 10**6, "ms": 1_000, "s": 1}
    written = text.strip()
    unit = next((unit for unit in units if written.endswith(unit)), "")
    value = decimal_number(written.removesuffix(unit)) if unit else None
    if value is None or value <= 0:
        raise CnncalcError(Fault(f"`{text[:LONGEST]}` is no time", help="write one such as `5ms`, `1.5s` or `200us`"))
    return value / units[unit]


def parse_lengths(text: str) -> list[int] | None:
    """`512x7x7` as its lengths; None where it is no shape, or one that no tensor has."""
    parts = text.strip().split("x")
    if not all(part.isascii() and part.isdecimal() and len(part) <= LONGEST for part in parts):
        return None
    return [int(part) for part in parts]


def _decimal(value: Fraction) -> str:
    """A few decimals of a number that is not whole, cut off."""
    thousandths = value.numerator * 1000 // value.denominator
    return f"{thousandths // 1000:,}.{thousandths % 1000:03}".rstrip("0")
