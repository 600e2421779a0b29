"""Comma-separated values: one line a row, plain numbers, headed by keys."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.answers.page import Column, Layout, Page

__all__ = ["draw"]

FORMULA = frozenset("=+-@\t\r")
"""What a formula begins with in a spreadsheet."""
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?%?", re.ASCII)


def draw(page: Page, _: Layout) -> str:
    """The table of the page, with `\\n` line ends and quoted where it must be; totals are left to the reader's sum."""
    assert page.table is not None
    table = page.table()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([_cell(column.key) for column in table.columns])
    writer.writerows(zip(*map(_cells, table.columns, zip(*table.rows))))
    return text.getvalue()


def _cells(column: Column, values: Sequence[object]) -> Sequence[object]:
    """What stands below a heading: whole numbers as they are, and all else as text."""
    if column.exact and all(type(value) is int for value in values):
        return values
    return [_cell(value if isinstance(value, int) and column.exact else column.text(value)) for value in values]


def _cell(value: object) -> object:
    """A text that a spreadsheet would compute stands behind an apostrophe, by which it stays a text."""
    if isinstance(value, str) and value[:1] in FORMULA and len(value) > 1 and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value
