"""The figures of a net that are no totals."""

from __future__ import annotations

from cnncalc.analysis.receptive.fields import described, fields
from cnncalc.graph import Net

__all__ = ["longest_field"]


def longest_field(graph: Net) -> int:
    """The longest side of the receptive field of the last map that has one."""
    seen = described({"": fields(graph)})
    return next((max(field.size) for field in reversed(seen) if field.moves), 0)
