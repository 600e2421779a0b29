"""HTML: one file that loads nothing, with tables to sort and fold, the picture beside them, in light and in dark."""

from __future__ import annotations

import re
from base64 import b64encode
from html import escape
from typing import TYPE_CHECKING, Any

from cnncalc.answers.formulas import with_meanings
from cnncalc.answers.page import Heading, Layout
from cnncalc.errors import CnncalcError
from cnncalc.forms.setting import Document
from cnncalc.forms.web.sheet import CSS, SCRIPT, policy
from cnncalc.text import printable, printable_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cnncalc.answers.formulas import Legend, Line, Section, Where
    from cnncalc.answers.page import Block, Column, Items, Page, Table, Text, Verbatim

__all__ = ["draw", "fragment", "notebook"]


class Html(Document):
    """Each kind of block in HTML."""

    def escaped(self, text: str) -> str:
        return escape(printable(text))

    def code(self, text: str) -> str:
        return text and f"<code>{self.escaped(text)}</code>"

    def bold(self, text: str) -> str:
        return f"<strong>{text}</strong>"

    def heading(self, heading: Heading) -> list[str]:
        level = min(max(heading.level, 2), 3)
        facts = [f'<p class="facts">{self.escaped(" · ".join(heading.facts))}</p>'] if heading.facts else []
        return [f"<h{level}>{self.escaped(heading.name)}</h{level}>", *facts]

    def text(self, text: Text) -> list[str]:
        return [f"<p>{self.bold(self.code(text.text)) if text.strong else self.prose(text.text)}</p>"]

    def items(self, items: Items) -> list[str]:
        lead = [f"<p>{self.prose(items.lead)}</p>"] if items.lead else []
        label = f"{items.label}: " if items.label else ""
        return [*lead, "<ul>", *(f"<li>{label}{self.prose(one.strip())}</li>" for one in items.items), "</ul>"]

    def table(self, table: Table) -> list[str]:
        caption = f"<caption>{self.escaped(table.title)}</caption>" if table.title else ""
        headings = "".join([self._heading(column, table) for column in table.columns])
        lines = [f'<div class="scroll"><table>{caption}<thead><tr>{headings}</tr></thead><tbody>']
        weights = table.weights or [""] * len(table.rows)
        last = len(table.rows) - 1 if table.total else -1
        for place, (row, texts, weight) in enumerate(zip(table.rows, table.texts(), weights)):
            style = "total" if place == last else {"bold": "bold", "dim": "dim"}.get(weight, "")
            cells = "".join([self._cell(column, value, text) for column, value, text in zip(table.columns, row, texts)])
            named = f' data-name="{self.escaped(str(row[0]))}"' if table.columns[0].style == "name" else ""
            lines.append(f"<tr{f' class={chr(34)}{style}{chr(34)}' if style else ''}{named}>{cells}</tr>")
        return [*lines, "</tbody></table></div>"]

    def _heading(self, column: Column, table: Table) -> str:
        sums = " data-sum" if column.colour or (column.right and column.exact and column.whole) else ""
        right = ' class="r"' if column.right else ""
        return f'<th scope="col"{right}{sums}>{self.escaped(column.heading)}</th>'

    def _cell(self, column: Column, value: object, text: str) -> str:
        """A cell, with the number that it is sorted by where that is not its text."""
        classes = ["r"] * column.right + ["prose"] * (column.style == "prose")
        more = ""
        if isinstance(value, int) and text != str(value):
            more = f' data-v="{value}"'
        if column.colour and column.whole and isinstance(value, int) and value:
            classes.append("bar")
            more += f' style="--share:{100 * value / column.whole:.1f}%"'
        named = f' class="{" ".join(classes)}"' if classes else ""
        return f"<td{named}{more}>{self.cell(column, text)}</td>"

    def verbatim(self, verbatim: Verbatim) -> list[str]:
        lines = [escape(line) for line in printable_lines(verbatim.text.rstrip("\n")).split("\n")]
        if verbatim.language == "diff":
            marks = {"+": "added", "-": "gone"}
            lines = [f'<span class="{marks[line[0]]}">{line}</span>' if line[:1] in marks else line for line in lines]
        return ["<pre>" + "\n".join(lines) + "</pre>"]

    def section(self, section: Section) -> list[str]:
        lines: list[str] = []
        if section.title:
            notation = f" {self.code(section.notation)}" if section.notation else ""
            shapes = f' <span class="facts">{self.escaped(section.shapes)}</span>' if section.shapes else ""
            lines.append(f"<h3>{self.escaped(section.title)}{notation}{shapes}</h3>")
        told = [f"<li>{self.formula(line, wheres)}</li>" for line, wheres in with_meanings(section.lines)]
        if told:
            lines += ["<ul>", *told, "</ul>"]
        return [*lines, *(f"<p>{self.prose(sentence)}</p>" for sentence in section.sentences)]

    def formula(self, line: Line, wheres: Sequence[Where]) -> str:
        label = self.bold(self.escaped(line.label))
        if line.formula is None:
            return f"{label}: {self.prose(line.note)}"
        formula = line.formula
        steps = list(formula.text if line.in_symbols else formula.text[1:] or formula.text)
        if formula.symbol.endswith(("_out", "_total")):
            steps.insert(0, formula.symbol)
        text = f"{label}: {self._steps(steps)}"
        text += "".join([f", with {self._steps([where.symbol, *where.text])}" for where in wheres])
        return text + (f" ({self.prose(line.note)})" if line.note else "")

    def _steps(self, steps: Sequence[str]) -> str:
        return f'<span class="formula">{self.escaped(" = ".join(steps))}</span>'

    def legend(self, legend: Legend) -> list[str]:
        words = (f"{self._steps([symbol])} {self.escaped(meaning)}" for symbol, meaning in legend.symbols)
        return [f'<p class="facts">Symbols: {", ".join(words)}.</p>']

    def blocks(self, blocks: Iterable[Block]) -> str:
        """All blocks; the first heading is that of the page."""
        parts: list[str] = []
        for block in blocks:
            lines = [*self.lines(block)]
            if not parts and isinstance(block, Heading):
                lines[0] = f"<h1>{self.escaped(block.name)}</h1>"
            parts += lines
        return "\n".join(parts)


def fragment(page: Page, layout: Layout) -> str:
    """What the page says, without its picture and its looks: for a notebook, or a page of one's own."""
    return Html().blocks(page.body(layout))


def notebook(page: Page) -> str:
    """A page among others: tables that scroll, and the picture as an image, so that its looks stay its own."""
    body = fragment(page, Layout(document=True))
    parts = [f'<div style="max-height:32em;overflow:auto">{body}</div>']
    if page.picture is not None:
        picture = _picture(page)
        if picture.startswith("<svg"):
            data = b64encode(picture.encode()).decode()
            picture = f'<img alt="picture" src="data:image/svg+xml;base64,{data}">'
        parts.append(f"<details><summary>picture</summary>{picture}</details>")
    return "".join(parts)


def draw(page: Page, layout: Layout) -> str:
    """The whole page, one file; where its picture is too large to be seen, that is said in its place."""
    body = fragment(page, layout)
    figure = _figure(page) if page.picture is not None else ""
    title = _title(page)
    if "<h1>" not in body:
        body = f"<h1>{escape(title)}</h1>\n{body}"
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy()}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{escape(title)}</title><style>{CSS}</style></head>
<body><main><div class="text">
{body}
</div>{figure}</main>
<footer>made by cnncalc</footer>
<script>{SCRIPT}</script></body></html>
"""


SMALL = 900
"""Pixels of width up to which a picture is made to fit beside the text; a wider one is scrolled."""


def _figure(page: Page) -> str:
    picture = _picture(page)
    width = re.match(r'<svg[^>]* width="(\d+)', picture)
    small = ' class="small"' if width is not None and int(width[1]) <= SMALL else ""
    return f'<figure{small} tabindex="0" aria-label="picture">{picture}</figure>'


def _picture(page: Page) -> str:
    assert page.picture is not None
    try:
        return page.picture()
    except CnncalcError as error:
        fault = error.faults[0]
        return f"<p>No picture: {Html().prose(fault.message)} ({Html().prose(fault.help)})</p>"


def _title(page: Page) -> str:
    first: Any = next(iter(page.body(Layout(document=True))), None)
    return printable(first.name) if isinstance(first, Heading) else page.what.partition(" ")[2].capitalize()
