"""JSON, the contract for scripts: sizes are whole numbers, or text where they are symbolic."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cnncalc.answers.page import Each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.answers.page import Layout, Page

__all__ = ["draw", "dumps"]


def draw(page: Page, _: Layout) -> str:
    """The data of the page."""
    assert page.data is not None
    return dumps(page.data())


def dumps(value: object) -> str:
    """JSON in ASCII, so that it reads alike whatever the encoding of the pipe, with a line end.

    The outermost levels stand one entry a line; each layer is one line, so that two reports can be compared by lines.
    """
    return _written(value, 0) + "\n"


def _written(value: object, level: int) -> str:
    outer = level < 2
    if isinstance(value, dict) and value and outer:
        parts = [f"{json.dumps(str(key))}: {_written(item, level + 1)}" for key, item in value.items()]
        return _spread("{", parts, "}", level)
    if isinstance(value, Each):  # one at a time: there may be a million
        return _spread("[", [_written(item, 2) for item in value], "]", level) if value else "[]"
    if isinstance(value, list) and outer and any(isinstance(item, dict) for item in value):
        return _spread("[", [_written(item, level + 1) for item in value], "]", level)
    return json.dumps(value)


def _spread(opening: str, parts: Sequence[str], closing: str, level: int) -> str:
    indent = "  " * (level + 1)
    return f"{opening}\n{indent}" + f",\n{indent}".join(parts) + f"\n{'  ' * level}{closing}"
