"""Markdown: pages as they paste into an issue, a README or notes, with formulas in LaTeX between dollar signs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cnncalc.answers.formulas import Legend, Section, with_meanings
from cnncalc.answers.page import GAP, Code, Heading, Items, Layout, Stack, Table, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.answers.formulas import Line, Where
    from cnncalc.answers.page import Block, Column, Page

__all__ = ["draw"]

_MARKS = re.compile(r"[\\|`*<\[]|(?<![^\W_])_|_(?![^\W_])")  # an underscore inside a word is only that


def escaped(text: str) -> str:
    """The text with the characters that mean something in Markdown made harmless."""
    return _MARKS.sub(r"\\\g<0>", text)


def prose(text: str) -> str:
    """A sentence; code in backticks stays as it is."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escaped(text)
    return "`".join(escaped(part) if index % 2 == 0 else part for index, part in enumerate(parts))


def _cell(column: Column, text: str) -> str:
    if column.style == "code":
        return text and f"`{text}`"
    return text if column.style == "prose" else escaped(text)


def _table(table: Table) -> list[str]:
    rules = ["---:" if column.right else "---" for column in table.columns]
    lines = [[column.heading for column in table.columns], rules]
    lines += [[_cell(column, text) for column, text in zip(table.columns, row)] for row in table.texts()]
    title = [table.title, ""] if table.title else []
    return [*title, *(f"| {' | '.join(line)} |" for line in lines)]


def _heading(heading: Heading) -> list[str]:
    facts = ["", escaped(", ".join(heading.facts))] if heading.facts else []
    return [f"{'#' * heading.level} {escaped(heading.name)}", *facts]


def _text(text: Text) -> list[str]:
    return [f"**`{text.text}`**" if text.strong else prose(text.text)]


def _items(items: Items) -> list[str]:
    lead = [prose(items.lead), ""] if items.lead else []
    label = f"{items.label}: " if items.label else ""
    return [*lead, *(f"{'  ' * item.startswith('    ')}- {label}{prose(item.strip())}" for item in items.items)]


def _code(code: Code) -> list[str]:
    fence = "```"
    while fence in code.text:
        fence += "`"
    return [f"{fence}{code.language}", *code.text.rstrip("\n").split("\n"), fence]


def _stack(stack: Stack) -> list[str]:
    lines: list[str] = []
    for block in stack.blocks:
        if block is not GAP:
            lines += [*([""] if lines else []), *_lines(block)]
    return lines


def _section(section: Section) -> list[str]:
    lines: list[str] = []
    if section.title:
        notation = f": `{section.notation}`" if section.notation else ""
        shapes = f", {escaped(section.shapes)}" if section.shapes else ""
        lines += [f"### {escaped(section.title)}{notation}{shapes}", ""]
    lines += [f"- {_line(line, wheres)}" for line, wheres in with_meanings(section.lines)]
    if section.sentences:
        lines += ([""] if section.lines else []) + [prose(" ".join(section.sentences))]
    return lines


def _line(line: Line, wheres: Sequence[Where]) -> str:
    from cnncalc.arithmetic.traced.written import LATEX

    label = f"**{escaped(line.label)}**"
    if line.formula is None:
        return f"{label}: {escaped(line.note)}"
    formula = line.formula
    steps = formula.latex if line.in_symbols else formula.latex[1:] or formula.latex
    symbol = (formula.latex_symbol,) if formula.symbol.endswith(("_out", "_total")) else ()
    text = f"{label}: ${' = '.join((*symbol, *steps))}$"
    for where in wheres:
        text += f", with ${' = '.join((LATEX().name(where.symbol), *where.latex))}$"
    return text + (f" ({escaped(line.note)})" if line.note else "")


def _legend(legend: Legend) -> list[str]:
    from cnncalc.arithmetic.traced.written import LATEX

    words = ", ".join(f"${LATEX().name(symbol)}$ {escaped(meaning)}" for symbol, meaning in legend.symbols)
    return [f"Symbols: {words}."]


_BLOCKS: dict[str, Callable[[Any], list[str]]] = {
    "Heading": _heading,
    "Text": _text,
    "Items": _items,
    "Table": _table,
    "Code": _code,
    "Stack": _stack,
    "Section": _section,
    "Legend": _legend,
}


def _lines(block: Block) -> list[str]:
    return _BLOCKS[type(block).__name__](block)


def draw(page: Page, layout: Layout) -> str:
    """The whole page."""
    return "\n\n".join("\n".join(_lines(block)) for block in page.body(layout)) + "\n"
