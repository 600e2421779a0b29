"""The least time on a device as a claim: `--max latency=5ms`, `--want 'latency <= 5ms'`, and a figure of sweeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, Fault
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from fractions import Fraction

    from cnncalc.answers.roofline import Device

__all__ = ["LATENCY", "PICOSECONDS", "Latency", "latency_budget"]

LATENCY = "latency"
"""What the least time is called among figures."""
PICOSECONDS = 10**12
"""A second has so many: as a figure a time is whole picoseconds, cut off."""


class Latency(NamedTuple):
    """A budget of time on a device."""

    most: Fraction
    """Seconds."""
    device: Device
    dtype: str
    """The type whose peak it is."""


def latency_budget(most: str | None, device: Device | None, dtype: str) -> Latency | None:
    """The budget; None where neither a time nor a device is given. Raises CnncalcError where one of them is missing."""
    if most is None and device is None:
        return None
    if most is None or device is None:
        missing = "add `--device a100`" if device is None else "add `--max latency=5ms`"
        raise CnncalcError(Fault("a budget of time and a device go together", help=missing))
    from cnncalc.analysis.roofline import peak_type
    from cnncalc.claims.quantities import parse_duration

    return Latency(parse_duration(most), device, peak_type(device, dtype))
