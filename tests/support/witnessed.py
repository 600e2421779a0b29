"""Nets held against other frameworks."""

from __future__ import annotations

from cnncalc.graph import Net
from cnncalc.witnesses.table import WITNESSES

__all__ = ["failed"]


def failed(framework: str, net: Net) -> list[tuple[object, ...]]:
    """What differs where that framework builds a net: the layer or nothing, the figure, what we say and what it has."""
    found = WITNESSES[framework].verify(net, net="", batch=2, options={})
    rows: list[tuple[object, ...]] = [
        (row.name, one.what, one.predicted, one.measured) for row in found.rows for one in row.failed
    ]
    return rows + [("", one.what, one.predicted, one.measured) for one in found.totals if not one.passed]
