"""How long a net takes at least on a device: the roofline of Williams, Waterman and Patterson (2009), layer by layer.

A layer takes as long as its operations at the device's peak, or as its bytes at the device's bandwidth, whichever is
longer; the net as long as its layers one after the other.
"""

from __future__ import annotations

from fractions import Fraction

from cnncalc.answers.report import Report
from cnncalc.answers.roofline import NOTHING, Bound, Device, Roofline

__all__ = ["bounded"]


def bounded(report: Report, device: Device, dtype: str) -> Report:
    """The report with the bound of every layer, and their sum; `dtype` is one that the device has a peak for."""
    peak, bandwidth = device.peak[dtype], device.bandwidth
    rows, total = [], NOTHING
    for row in report.rows:
        flops = 2 * row.macs
        computing = Fraction(flops, peak)
        moving = Fraction(row.moved_bytes, bandwidth) if bandwidth else Fraction(0)
        bound = Bound(flops, row.moved_bytes, max(computing, moving), moving if moving > computing else 0)
        rows.append(row._replace(bound=bound))
        total += bound
    return report.changed(rows=tuple(rows), roofline=Roofline(device, dtype, total))
