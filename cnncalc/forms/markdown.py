"""Markdown: the tables as they paste into an issue or a README."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.forms.columns import chosen
from cnncalc.forms.folding import arranged
from cnncalc.forms.summary import counting_lines, header, hint_lines, names_text, total_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cnncalc.answers.report import Report
    from cnncalc.forms import View

__all__ = ["draw", "escaped", "table"]

_MARKS = re.compile(r"[\\|`*<\[]|(?<![^\W_])_|_(?![^\W_])")  # an underscore inside a word is only that


def escaped(text: str) -> str:
    """The text with the characters that mean something in a Markdown table made harmless."""
    return _MARKS.sub(r"\\\g<0>", text)


def table(heading: Sequence[str], right: Sequence[bool], lines: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table, line by line."""
    rules = ["---:" if to_right else "---" for to_right in right]
    cells = [heading, *([escaped(cell) for cell in line] for line in lines)]
    return [f"| {' | '.join(line)} |" for line in (cells[0], rules, *cells[1:])]


def draw(report: Report, view: View) -> str:
    """The whole report in Markdown."""
    columns = chosen(view.columns, report)
    rows = arranged(report.rows, view.depth, view.sort)
    name, facts = header(report)
    lines = [f"### {escaped(name)}", "", escaped(", ".join(facts)), ""]
    lines += table(
        [column.heading for column in columns],
        [column.right for column in columns],
        ([column.cell(row, report) for column in columns] for row in rows),
    )
    lines += ["", *table(["Total", "", ""], [False, True, False], total_lines(report))]
    counting = counting_lines(report)
    lines += ["", *(f"- {escaped(line)}" for line in counting)] if counting else []
    hints = hint_lines(report)
    lines += (
        ["", *(f"- hint: {escaped(names_text(hint.layers))}: {escaped(hint.text)}" for hint in hints)] if hints else []
    )
    return "\n".join(lines) + "\n"
