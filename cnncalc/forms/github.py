"""Annotations of GitHub Actions: a line for each thing that is wrong, which is shown beside the line of the file.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.answers.page import Annotation, Layout, Page

__all__ = ["draw"]


def draw(page: Page, _: Layout) -> str:
    """The page's annotations; nothing where there is nothing wrong."""
    assert page.annotations is not None
    return "".join(f"{_line(one)}\n" for one in page.annotations())


def _line(one: Annotation) -> str:
    places = {"file": one.file, "line": one.line, "col": one.column, "title": "cnncalc"}
    given = ",".join(f"{key}={_property(str(value))}" for key, value in places.items() if value)
    return f"::error {given}::{_data(one.message)}"


def _data(text: str) -> str:
    """What would end the command, or begin an escape, as an escape."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
