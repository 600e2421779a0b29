"""Plain text for files and pipes: everything, no colour, no width limit, no import of rich."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.answers.page import GAP, WHOLE
from cnncalc.text import aligned, width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cnncalc.answers.formulas import Legend, Section
    from cnncalc.answers.page import Block, Code, Heading, Items, Layout, Page, Stack, Table, Text

__all__ = ["draw", "drawn"]

INDENT = "  "


def _table(table: Table, _: int | None) -> list[str]:
    rows = table.texts()
    breaking = table.columns[-1].lines
    if breaking:
        rows = [line for row in rows for line in _broken(row, breaking(row[-1]))]
    if table.headed:
        rows.insert(0, [column.heading for column in table.columns])
    lines = aligned(list(zip(*rows, strict=True)), [column.right for column in table.columns])
    if table.total:
        lines.insert(-1, "─" * max(map(width, lines)))
    if table.indent:
        lines = [INDENT + line for line in lines]
    if table.most is not None:
        from cnncalc.forms.fitting import cut

        lines = [cut(line, table.most) for line in lines]
    return [table.title, *lines] if table.title else lines


def _broken(row: Sequence[str], texts: Sequence[str]) -> list[list[str]]:
    blank = [""] * (len(row) - 1)
    return [[*row[:-1], texts[0]], *([*blank, text] for text in texts[1:])]


def _heading(heading: Heading, room: int | None) -> list[str]:
    return _wrapped(f"{heading.name}: {', '.join(heading.facts)}" if heading.facts else heading.name, room)


def _text(text: Text, room: int | None) -> list[str]:
    return _wrapped(text.text, room)


def _wrapped(text: str, room: int | None, start: str = "", more: str = INDENT) -> list[str]:
    if room is None:
        return [start + text]
    from cnncalc.forms.prose import wrapped

    return list(wrapped(text, room, start, more))


def _items(items: Items, room: int | None) -> list[str]:
    start = INDENT if items.indent else ""
    label = f"{items.label}: " if items.label else ""
    lines = [items.lead] if items.lead else []
    for item in items.items:
        text = item.lstrip(" ")
        before = start + " " * (len(item) - len(text))
        lines += _wrapped(label + text, room, before, before + INDENT)
    return lines


def _code(code: Code, _: int | None) -> list[str]:
    return code.text.rstrip("\n").split("\n")


def _stack(stack: Stack, room: int | None) -> list[str]:
    lines = [line for block in stack.blocks for line in ([""] if block is GAP else _lines(block, room))]
    return [INDENT + line if line else "" for line in lines] if stack.indent else lines


def _section(section: Section, room: int | None) -> list[str]:
    from cnncalc.forms import prose

    return list(prose.section(section, room))


def _legend(legend: Legend, room: int | None) -> list[str]:
    return _wrapped(f"Symbols: {', '.join(f'{symbol} {meaning}' for symbol, meaning in legend.symbols)}.", room)


_BLOCKS: dict[str, Callable[[Any, int | None], list[str]]] = {
    "Heading": _heading,
    "Text": _text,
    "Items": _items,
    "Table": _table,
    "Code": _code,
    "Stack": _stack,
    "Section": _section,
    "Legend": _legend,
}


def _lines(block: Block, room: int | None) -> list[str]:
    return _BLOCKS[type(block).__name__](block, room)


def drawn(blocks: Iterable[Block], room: int | None = None) -> str:
    """The blocks with a blank line between them; sentences are wrapped to `room` columns where it is given."""
    return "\n\n".join("\n".join(_lines(block, room)) for block in blocks) + "\n"


def draw(page: Page, layout: Layout = WHOLE) -> str:
    """The whole page."""
    return drawn(page.body(layout), layout.width)
