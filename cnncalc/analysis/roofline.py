"""How long a net takes at least on a device: the roofline of Williams, Waterman and Patterson (2009), layer by layer.

A layer takes as long as its operations at the device's peak, or as its bytes at the device's bandwidth, whichever is
longer; the net as long as its layers one after the other.
"""

from __future__ import annotations

from fractions import Fraction

from cnncalc.analysis.dtypes import amp_of, element_bytes, numbers_of
from cnncalc.answers.figures import mac_flops
from cnncalc.answers.report import Report
from cnncalc.answers.roofline import NOTHING, Bound, Device, Roofline
from cnncalc.errors import CnncalcError, Fault

__all__ = ["bounded", "peak_type"]


def bounded(report: Report, device: Device, dtype: str) -> Report:
    """The report of a net of `dtype` with the bound of every layer, and their sum.

    Raises CnncalcError where the device has no peak for the type.
    """
    computed = peak_type(device, dtype)
    peak, bandwidth = device.peak[computed], device.bandwidth
    rows, total, each = [], NOTHING, mac_flops(numbers_of(dtype).parts)
    for row in report.rows:
        flops = each * row.nonzero_macs  # hardware may skip the others
        computing = Fraction(flops, peak)
        moving = Fraction(row.moved_bytes, bandwidth) if bandwidth else Fraction(0)
        bound = Bound(flops, row.moved_bytes, max(computing, moving), moving if moving > computing else 0)
        rows.append(row._replace(bound=bound))
        total += bound
    return report.changed(rows=tuple(rows), roofline=Roofline(device, computed, total))


def peak_type(device: Device, dtype: str) -> str:
    """The type whose peak bounds a net of `dtype`: with automatic mixed precision the half one.

    Raises CnncalcError where the device has no peak for it.
    """
    computed = amp_of(dtype) or dtype
    element_bytes(computed)
    if computed not in device.peak:
        message = f"{device.title} has no peak for {computed}"
        help = f"it has {', '.join(device.peak)}: `--dtype {next(iter(device.peak))}`, or a device file of your own"
        raise CnncalcError(Fault(message, help=help))
    return computed
