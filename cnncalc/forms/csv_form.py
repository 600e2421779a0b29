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
    columns = table.columns
    rounded = [place for place, column in enumerate(columns) if not column.exact]

    def cells(row: Sequence[object]) -> list[object]:
        found = [value if type(value) is int else _text(column, value) for value, column in zip(row, columns)]
        for place in rounded:
            found[place] = _text(columns[place], row[place])
        return found

    writer.writerows(map(cells, table.rows))
    return text.getvalue()


def _text(column: Column, value: object) -> object:
    """What stands below a heading where it is no plain number."""
    return value if isinstance(value, int) and column.exact else _cell(column.text(value)) if value != "" else ""


def _cell(value: object) -> object:
    """A text that a spreadsheet would compute stands behind an apostrophe, by which it stays a text."""
    if isinstance(value, str) and value[:1] in FORMULA and len(value) > 1 and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value
