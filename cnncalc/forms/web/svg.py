"""The picture of a page, as SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.answers.page import Layout, Page

__all__ = ["draw"]


def draw(page: Page, _: Layout) -> str:
    """The picture of the page. Raises CnncalcError for one that is too large to be seen."""
    assert page.picture is not None
    return page.picture()
