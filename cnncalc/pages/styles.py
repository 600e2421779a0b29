"""A net's table in the style of another tool, which is text and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.page import Page, Verbatim
from cnncalc.tools.styles import draw

if TYPE_CHECKING:
    from cnncalc.graph import Net

__all__ = ["page"]


def page(graph: Net, style: str, batch: int = 1, dtype: str = "float32", depth: int | None = None) -> Page:
    """The table of `cnncalc.tools.styles`. Raises CnncalcError for a style or a type that there is not."""
    text = draw(graph, style, batch, dtype, depth)
    return Page(f"a table in the style of {style}", lambda _: [Verbatim(text)])
