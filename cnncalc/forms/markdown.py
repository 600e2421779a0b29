"""Markdown: pages as they paste into an issue, a README or notes, with formulas in LaTeX between dollar signs."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from cnncalc.answers.formulas import with_meanings
from cnncalc.forms.setting import Document

if TYPE_CHECKING:
    from cnncalc.answers.formulas import Section
    from cnncalc.answers.page import Heading, Items, Layout, Page, Table, Text, Verbatim

__all__ = ["draw"]

_MARKS = re.compile(r"[\\|`*<\[]|(?<![^\W_])_|_(?![^\W_])")  # an underscore inside a word is only that


class Markdown(Document):
    """Each kind of block in Markdown."""

    def escaped(self, text: str) -> str:
        return _MARKS.sub(r"\\\g<0>", text)

    def code(self, text: str) -> str:
        return text and f"`{text}`"

    def bold(self, text: str) -> str:
        return f"**{text}**"

    def heading(self, heading: Heading) -> list[str]:
        facts = ["", self.escaped(", ".join(heading.facts))] if heading.facts else []
        return [f"{'#' * heading.level} {self.escaped(heading.name)}", *facts]

    def text(self, text: Text) -> list[str]:
        return [self.bold(self.code(text.text)) if text.strong else self.prose(text.text)]

    def items(self, items: Items) -> list[str]:
        lead = [self.prose(items.lead), ""] if items.lead else []
        label = f"{items.label}: " if items.label else ""
        return [*lead, *(f"{'  ' * one.startswith('    ')}- {label}{self.prose(one.strip())}" for one in items.items)]

    def table(self, table: Table) -> list[str]:
        rules = ["---:" if column.right else "---" for column in table.columns]
        heads = [[column.heading for column in table.columns], rules]
        cells = ([self.cell(column, text) for column, text in zip(table.columns, row)] for row in table.texts())
        title = [table.title, ""] if table.title else []
        return [*title, *(f"| {' | '.join(line)} |" for line in chain(heads, cells))]

    def verbatim(self, verbatim: Verbatim) -> list[str]:
        fence = "```"
        while fence in verbatim.text:
            fence += "`"
        return [f"{fence}{verbatim.language}", *verbatim.text.rstrip("\n").split("\n"), fence]

    def section(self, section: Section) -> list[str]:
        lines: list[str] = []
        if section.title:
            notation = f": {self.code(section.notation)}" if section.notation else ""
            shapes = f", {self.escaped(section.shapes)}" if section.shapes else ""
            lines += [f"### {self.escaped(section.title)}{notation}{shapes}", ""]
        lines += [f"- {self.formula(line, wheres)}" for line, wheres in with_meanings(section.lines)]
        if section.sentences:
            lines += ([""] if section.lines else []) + [self.prose(" ".join(section.sentences))]
        return lines


def draw(page: Page, layout: Layout) -> str:
    """The whole page."""
    return Markdown().drawn(page.body(layout))
