"""What a page says of a net on a device: the least time, what it is made of, and what kind of bound that is."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from cnncalc.answers.roofline import duration_text
from cnncalc.text import number, plural, printable, shortened

if TYPE_CHECKING:
    from cnncalc.answers.report import Report
    from cnncalc.answers.roofline import Bound, Roofline

__all__ = ["least_time", "roofline_lines"]

KEPT_ON_CUDA = {
    "dropout": "a mask of dropout takes one byte a number",
    "rmsnorm": "an RMS norm keeps its input and one number for each norm",
}
"""Where torch's kernels keep less, by kind."""


def _rate(peak: int, dtype: str) -> str:
    """Operations a second, as makers write them: FLOPS of floating-point numbers, OPS of whole ones."""
    return f"{shortened(peak)}{'FLOPS' if 'float' in dtype else 'OPS'}"


def least_time(bound: Bound, roofline: Roofline) -> str:
    """The longer of two times, and what they are: that of its operations and that of its bytes."""
    device = roofline.device
    peak = device.peak[roofline.dtype]
    computing = (
        f"{number(bound.flops)} FLOPs ÷ {_rate(peak, roofline.dtype)} = {duration_text(Fraction(bound.flops, peak))}"
    )
    if device.bandwidth is None:
        return f"{duration_text(bound.seconds)}: {computing}"
    moving = (
        f"{number(bound.moved)} bytes moved ÷ {shortened(device.bandwidth)}B/s = "
        f"{duration_text(Fraction(bound.moved, device.bandwidth))}"
    )
    by = f", bound by {bound.by}" if bound.by else ""
    return f"{duration_text(bound.seconds)}, the longer of {computing} and {moving}{by}"


def roofline_lines(report: Report) -> list[str]:
    """The least time of the net on the device, what it is made of, and what kind of bound that is."""
    roofline = report.roofline
    if roofline is None:
        return []
    device, total = roofline.device, roofline.total
    by_memory = sum(row.bound.by == "memory" for row in report.rows if row.bound)
    by_compute = sum(row.bound.by == "compute" for row in report.rows if row.bound)
    rate = (
        f"{shortened(device.bandwidth)}B/s" if device.bandwidth else "no bandwidth known, so that bytes bound nothing"
    )
    least = (
        f"{printable(device.title)} in {roofline.dtype}: at least {duration_text(total.seconds)}, of which "
        f"{duration_text(total.moving)} in {plural(by_memory, 'layer')} bound by memory, the rest in "
        f"{plural(by_compute, 'layer')} bound by computing."
    )
    bound = (
        "It is a lower bound, layer by layer, not a forecast: windows multiplied out, data from memory and not from a "
        "cache, what works element by element fused."
    )
    source = f"{_rate(device.peak[roofline.dtype], roofline.dtype)}, {rate} ({printable(device.source)})."
    return [least, source, bound, *_kept_on_cuda(report, device.title)]


def _kept_on_cuda(report: Report, title: str) -> list[str]:
    """What backward keeps less of on CUDA than on the CPU whose bytes are counted; none of it under autocast."""
    kinds = {row.kind for row in report.rows}
    told = [what for kind, what in KEPT_ON_CUDA.items() if kind in kinds]
    if not told or "NVIDIA" not in title or report.amp:
        return []
    return [f"Saved bytes are torch's on a CPU; on CUDA {' and '.join(told)} (docs/memory.md)."]
