"""The windows of a net's layers, step by step along one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.graph import Net

__all__ = ["MOST", "picture"]

MOST = 24
"""Layers whose windows are drawn: the first ones."""


def picture(net: Net) -> Callable[[], str] | None:
    """What draws them; None where no window moves."""
    from itertools import islice

    from cnncalc.pictures.windows.panels import panels_of

    panels = list(islice(panels_of(net), MOST))
    if not panels:
        return None

    def drawn() -> str:
        from cnncalc.pictures.windows.steps import steps

        return steps(panels, "Windows along one axis")

    return drawn
