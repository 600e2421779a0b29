"""Plain text for files and pipes: everything, no colour, no width limit, no import of rich."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.page import GAP, WHOLE
from cnncalc.forms.setting import Setting
from cnncalc.text import aligned, aligned_in_turn, width

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cnncalc.answers.formulas import Legend, Section
    from cnncalc.answers.page import Heading, Items, Layout, Page, Stack, Table, Text, Verbatim

__all__ = ["Plain", "draw"]

INDENT = "  "


class Plain(Setting):
    """Each kind of block as plain text; sentences are wrapped to `room` columns where it is given."""

    def __init__(self, room: int | None = None) -> None:
        self.room = room

    def heading(self, heading: Heading) -> list[str]:
        return self._wrapped(f"{heading.name}: {', '.join(heading.facts)}" if heading.facts else heading.name)

    def text(self, text: Text) -> list[str]:
        return self._wrapped(text.text)

    def items(self, items: Items) -> list[str]:
        start = INDENT if items.indent else ""
        label = f"{items.label}: " if items.label else ""
        lines = [items.lead] if items.lead else []
        for item in items.items:
            text = item.lstrip(" ")
            before = start + " " * (len(item) - len(text))
            lines += self._wrapped(label + text, before, before + INDENT)
        return lines

    def table(self, table: Table) -> Iterable[str]:
        rows = table.texts()
        breaking = table.columns[-1].lines
        if breaking:
            rows = [line for row in rows for line in _broken(row, breaking(row[-1]))]
        headings = [column.heading for column in table.columns] if table.headed else []
        right = [column.right for column in table.columns]
        if table.fitted:
            return aligned_in_turn(rows, right, headings)
        lines = aligned(rows, right, headings)
        if table.total:
            lines.insert(-1, "─" * max(map(width, lines)))
        if table.indent:
            lines = [INDENT + line for line in lines]
        if table.most is not None:
            from cnncalc.forms.fitting import cut

            lines = [cut(line, table.most) for line in lines]
        return [table.title, *lines] if table.title else lines

    def verbatim(self, verbatim: Verbatim) -> list[str]:
        return verbatim.text.rstrip("\n").split("\n")

    def stack(self, stack: Stack) -> list[str]:
        lines = [line for block in stack.blocks for line in ([""] if block is GAP else self.lines(block))]
        return [INDENT + line if line else "" for line in lines] if stack.indent else lines

    def section(self, section: Section) -> list[str]:
        from cnncalc.forms import prose

        return list(prose.section(section, self.room))

    def legend(self, legend: Legend) -> list[str]:
        return self._wrapped(f"Symbols: {', '.join(f'{symbol} {meaning}' for symbol, meaning in legend.symbols)}.")

    def _wrapped(self, text: str, start: str = "", more: str = INDENT) -> list[str]:
        if self.room is None:
            return [start + text]
        from cnncalc.forms.prose import wrapped

        return list(wrapped(text, self.room, start, more))


def _broken(row: Sequence[str], texts: Sequence[str]) -> list[list[str]]:
    blank = [""] * (len(row) - 1)
    return [[*row[:-1], texts[0]], *([*blank, text] for text in texts[1:])]


def draw(page: Page, layout: Layout = WHOLE) -> str:
    """The whole page."""
    return "".join(pieces(page, layout))


def pieces(page: Page, layout: Layout = WHOLE) -> Iterator[str]:
    """The same, line after line: of a table of hundreds of thousands not all are there at once."""
    return Plain(layout.width).pieces([*page.body(layout)])
