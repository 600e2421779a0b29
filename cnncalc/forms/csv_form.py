"""Comma-separated values: one line a layer, plain numbers, every column unless some are chosen."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from cnncalc.forms.columns import COLUMNS, COUNTED, chosen
from cnncalc.forms.folding import arranged

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cnncalc.answers.report import Report, Row
    from cnncalc.forms import View
    from cnncalc.forms.columns import Column

__all__ = ["draw", "written"]

FORMULA = frozenset("=+-@\t\r")
"""What a formula begins with in a spreadsheet."""
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?%?", re.ASCII)


def _value(column: Column, row: Row, report: Report) -> str:
    value = getattr(row, column.field)
    return str(value) if isinstance(value, int) and not column.share else column.cell(row, report)


def written(heading: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    """CSV text with `\\n` line ends, quoted where it must be."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(_cell, heading))
    writer.writerows(map(_cell, line) for line in lines)
    return text.getvalue()


def _cell(value: object) -> object:
    """A text that a spreadsheet would compute stands behind an apostrophe, by which it stays a text."""
    if isinstance(value, str) and value[:1] in FORMULA and len(value) > 1 and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def every_column(report: Report) -> list[Column]:
    """All but shares, and a convention's only where one was asked for."""
    return [column for column in COLUMNS if not column.share and (column.key != COUNTED or report.counting)]


def draw(report: Report, view: View) -> str:
    """The layers as CSV; totals are left to the reader's sum."""
    columns = chosen(view.columns) if view.columns else every_column(report)
    rows = arranged(report.rows, view.depth, view.sort)
    return written(
        [column.key for column in columns], ([_value(column, row, report) for column in columns] for row in rows)
    )
