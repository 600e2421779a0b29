"""JSON, the contract for scripts: sizes are whole numbers, or text where they are symbolic."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cnncalc.answers.page import Each

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cnncalc.answers.page import Layout, Page

__all__ = ["draw", "dumps", "pieces"]


def draw(page: Page, layout: Layout) -> str:
    """The data of the page."""
    return "".join(pieces(page, layout))


def pieces(page: Page, _: Layout) -> Iterator[str]:
    """The same, piece after piece: of a million layers none is kept."""
    assert page.data is not None
    yield from _pieces(page.data(), 0)
    yield "\n"


def dumps(value: object) -> str:
    """JSON in ASCII, so that it reads alike whatever the encoding of the pipe, with a line end.

    The outermost levels stand one entry a line; each layer is one line, so that two reports can be compared by lines.
    """
    return "".join(_pieces(value, 0)) + "\n"


def _pieces(value: object, level: int) -> Iterator[str]:
    """The text in pieces, of which a million layers are never held twice."""
    outer = level < 2
    if isinstance(value, dict) and value and outer:
        entries = ((f"{json.dumps(str(key))}: ", item) for key, item in value.items())
        yield from _spread("{", entries, "}", level, level + 1)
    elif isinstance(value, Each):  # one at a time: there may be a million
        yield from _spread("[", (("", item) for item in value), "]", level, 2)
    elif isinstance(value, list) and outer and any(isinstance(item, dict) for item in value):
        yield from _spread("[", (("", item) for item in value), "]", level, level + 1)
    else:
        yield json.dumps(value)


def _spread(opening: str, entries: Iterable[tuple[str, object]], closing: str, level: int, inner: int) -> Iterator[str]:
    """Entries one a line, each with what stands before it; nothing between the brackets where there is none."""
    start = between = f"{opening}\n{'  ' * (level + 1)}"
    for before, item in entries:
        yield between
        yield before
        yield from _pieces(item, inner)
        between = f",\n{'  ' * (level + 1)}"
    yield f"{opening}{closing}" if between == start else f"\n{'  ' * level}{closing}"
