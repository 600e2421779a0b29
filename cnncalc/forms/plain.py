"""Plain text for files and pipes: every layer, no colour, no width limit, no import of rich."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.forms.columns import chosen
from cnncalc.forms.folding import arranged
from cnncalc.forms.summary import counting_lines, header, hint_lines, names_text, total_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.answers.report import Report
    from cnncalc.forms import View

__all__ = ["aligned", "draw", "width"]

GAP = "  "


def width(text: str) -> int:
    """How many columns of a terminal the text takes: ideographs take two, combining marks none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _padded(cells: Sequence[str], right: bool) -> list[str]:
    most = max(map(width, cells), default=0)
    if all(cell.isascii() for cell in cells):
        return [cell.rjust(most) for cell in cells] if right else [cell.ljust(most) for cell in cells]
    blanks = [" " * (most - width(cell)) for cell in cells]
    return [blank + cell if right else cell + blank for cell, blank in zip(cells, blanks, strict=True)]


def aligned(columns: Sequence[Sequence[str]], right: Sequence[bool]) -> list[str]:
    """Lines of text from columns of cells of equal length; `right` says which ones are aligned to the right."""
    padded = [_padded(cells, to_right) for cells, to_right in zip(columns, right, strict=True)]
    return [GAP.join(line).rstrip() for line in zip(*padded, strict=True)]


def draw(report: Report, view: View) -> str:
    """The whole report as plain text."""
    columns = chosen(view.columns, report)
    rows = arranged(report.rows, view.depth, view.sort)
    cells = [[column.heading, *(column.cell(row, report) for row in rows)] for column in columns]
    name, facts = header(report)
    lines = [f"{name}: {', '.join(facts)}", ""]
    lines += aligned(cells, [column.right for column in columns])
    totals = total_lines(report)
    lines += ["", *aligned(list(zip(*totals, strict=True)), [False, True, False])]
    counting = counting_lines(report)
    lines += ["", *counting] if counting else []
    hints = hint_lines(report)
    lines += ["", *(f"hint: {names_text(hint.layers)}: {hint.text}" for hint in hints)] if hints else []
    return "\n".join(lines) + "\n"
