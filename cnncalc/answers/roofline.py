"""What a device can do at most, and how long layers take on it at least; whole numbers and fractions throughout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

__all__ = ["NOTHING", "Bound", "Device", "Roofline", "duration_text"]

_UNITS = ("s", "ms", "µs", "ns", "ps")


class Device(NamedTuple):
    """What a device can do at most."""

    name: str
    title: str
    source: str
    """Where its maker publishes these numbers."""
    peak: Mapping[str, int]
    """Operations a second, by the type of a number; a multiply–accumulate is two."""
    bandwidth: int | None = None
    """Bytes a second between its memory and what computes; None where nobody says: then only operations bound."""
    memory: int | None = None
    """Bytes; None where it is what one plugs in."""


class Bound:
    """The least time of a layer, or of several one after the other; they can be added."""

    __slots__ = ("flops", "moved", "seconds", "moving")  # noqa: RUF023 - in the order of what makes one

    def __init__(self, flops: int, moved: int, seconds: Fraction | int, moving: Fraction | int) -> None:
        """`flops` are twice the multiply–accumulates, `moved` bytes, `moving` those seconds that the memory bounds."""
        self.flops, self.moved, self.seconds, self.moving = flops, moved, seconds, moving

    def __add__(self, other: Bound) -> Bound:
        return Bound(*[getattr(self, part) + getattr(other, part) for part in self.__slots__])

    @property
    def by(self) -> str:
        """What bounds it, or most of its time: `memory` or `compute`; empty where nothing takes time."""
        if not self.seconds:
            return ""
        return "memory" if 2 * self.moving > self.seconds else "compute"


NOTHING = Bound(0, 0, 0, 0)
"""What all sums begin with."""


class Roofline(NamedTuple):
    """A whole net on a device."""

    device: Device
    dtype: str
    """The type whose peak it is."""
    total: Bound


def duration_text(seconds: Fraction | int, digits: int = 4) -> str:
    """A time with so many digits, cut off, so that what is a bound stays one.

    >>> duration_text(0), duration_text(2)
    ('0 s', '2.000 s')
    """
    if not seconds:
        return "0 s"
    power = 0
    while power < len(_UNITS) - 1 and seconds * 1000**power < 1:
        power += 1
    scaled = seconds * 1000**power
    places = max(digits - len(str(int(scaled))), 0)
    whole, rest = divmod(int(scaled * 10**places), 10**places)
    return f"{whole:,}.{rest:0{places}} {_UNITS[power]}" if places else f"{whole:,} {_UNITS[power]}"
