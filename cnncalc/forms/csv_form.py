"""Comma-separated values: one line a row, plain numbers, headed by keys."""

from __future__ import annotations

import csv
import io
import re
from array import array
from itertools import islice
from typing import TYPE_CHECKING

from cnncalc.answers.page import Columnar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cnncalc.answers.page import Column, Layout, Page

__all__ = ["draw"]

FORMULA = frozenset("=+-@\t\r")
"""What a formula begins with in a spreadsheet."""
AT_ONCE = 1_000
"""Lines."""
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?%?", re.ASCII)


def draw(page: Page, layout: Layout) -> str:
    """The table of the page, with `\\n` line ends and quoted where it must be; totals are left to the reader's sum."""
    return "".join(pieces(page, layout))


def pieces(page: Page, _: Layout) -> Iterator[str]:
    """The same, many lines at a time."""
    assert page.table is not None
    table = page.table()
    columns = table.columns
    yield _lines([[_cell(column.key) for column in columns]])
    if isinstance(table.rows, Columnar):
        for stretch in table.rows.stretches():
            written = [_written(column, values) for column, values in zip(columns, stretch)]
            yield "".join([f"{line}\n" for line in map(",".join, zip(*written))])
        return
    rounded = [place for place, column in enumerate(columns) if not column.exact]

    def cells(row: Sequence[object]) -> list[object]:
        found = [value if type(value) is int else _text(column, value) for value, column in zip(row, columns)]
        for place in rounded:
            found[place] = _text(columns[place], row[place])
        return found

    rows = iter(table.rows)
    while some := [*map(cells, islice(rows, AT_ONCE))]:
        yield _lines(some)


def _lines(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _written(column: Column, values: Sequence[object]) -> Iterator[str]:
    if isinstance(values, array) and column.exact:
        return map(str, values)
    return map(_Written(column).__getitem__, values)


class _Written(dict[object, str]):
    """The cells of a column, each written once."""

    def __init__(self, column: Column) -> None:
        self.column = column

    def __missing__(self, value: object) -> str:
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow([_text(self.column, value), 0])  # one cell alone is never empty
        cell = self[value] = line.getvalue()[:-2]
        return cell


def _text(column: Column, value: object) -> object:
    """What stands below a heading where it is no plain number."""
    return value if isinstance(value, int) and column.exact else _cell(column.text(value)) if value != "" else ""


def _cell(value: object) -> object:
    """A text that a spreadsheet would compute stands behind an apostrophe, by which it stays a text."""
    if isinstance(value, str) and value[:1] in FORMULA and len(value) > 1 and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value
