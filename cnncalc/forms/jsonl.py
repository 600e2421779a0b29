"""JSON lines: one object a row of the answer's table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.answers.page import Layout, Page

__all__ = ["draw"]


def draw(page: Page, _: Layout) -> str:
    """The records of the page."""
    assert page.data is not None
    return "".join(f"{json.dumps(record)}\n" for record in page.data()[page.records])
