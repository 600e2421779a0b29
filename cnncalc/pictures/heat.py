"""By what the boxes of a flow can be warm: what each heat adds up, and how a box says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.roofline import duration_text
from cnncalc.records import NamedTuple
from cnncalc.text import shortened

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from cnncalc.answers.report import Row

__all__ = ["HEATS", "Heat"]


class Heat(NamedTuple):
    """A cost of layers, which a box sums up."""

    words: str
    of: Callable[[Row], int | Fraction]
    text: Callable[[int | Fraction], str] | None = None
    """How a box says it, where it does not say it anyway."""


def _seconds(row: Row) -> int | Fraction:
    """The least time of a layer; its report is on a device."""
    assert row.bound is not None
    return row.bound.seconds


HEATS = {
    "macs": Heat("MACs", lambda row: row.macs),
    "params": Heat("parameters", lambda row: row.params),
    "memory": Heat("activations", lambda row: row.activation_bytes, lambda value: f"{shortened(int(value))}B"),
    "latency": Heat("least time", _seconds, lambda value: duration_text(value, 3)),
}
