"""Comma-separated values: one line a row, plain numbers, headed by keys."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.answers.page import Column, Layout, Page

__all__ = ["draw"]


def _value(column: Column, value: object) -> object:
    return value if isinstance(value, int) and column.exact else column.text(value)


def draw(page: Page, _: Layout) -> str:
    """The table of the page, with `\\n` line ends and quoted where it must be; totals are left to the reader's sum."""
    assert page.table is not None
    table = page.table()
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.key for column in table.columns])
    writer.writerows([_value(column, value) for column, value in zip(table.columns, row)] for row in table.rows)
    return text.getvalue()
