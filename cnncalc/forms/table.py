"""The table for a terminal: fitted to its width and height, coloured, with bars for each layer's shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.answers.page import WHOLE, Heading, Items, Layout, Table
from cnncalc.forms import plain
from cnncalc.forms.fitting import SHARE_WIDTH, bar, cut, fitted, shortened
from cnncalc.text import BETWEEN, percent, width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.text import Text

    from cnncalc.answers.page import Block, Column, Page
    from cnncalc.forms.fitting import Fit

__all__ = ["draw"]

# A longer table is not read but searched: plain text is made much faster.
MOST_ROWS = 2_000
WIDEST = 110
"""Longer lines of text are hard to read, however wide the terminal is."""
MARGIN = " "


def draw(page: Page, layout: Layout = WHOLE, console: Console | None = None) -> str:
    """The page for a terminal: that of `console`, or one as large as `layout` says, or that of standard output."""
    if layout.width is None:
        from shutil import get_terminal_size

        size = get_terminal_size() if console is None else console.size
        layout = Layout(size[0], size[1])
    blocks = list(page.body(layout))
    table = next((block for block in blocks if isinstance(block, Table) and block.fitted), None)
    if table is None:
        from cnncalc.forms.coloured import Coloured, wanted

        return (Coloured if wanted() else plain.Plain)(min(layout.width or WIDEST, WIDEST)).drawn(blocks)
    if len(table.rows) > MOST_ROWS:
        return plain.draw(page)
    return _Terminal(layout, console).drawn(blocks, table)


class _Terminal:
    """A page with a fitted table, as rich writes it."""

    def __init__(self, layout: Layout, console: Console | None) -> None:
        from rich.console import Console
        from rich.text import Text

        self.text = Text
        self.console = console or Console(width=layout.width, height=layout.height)
        self.room = max(self.console.width - len(MARGIN), 1)

    def drawn(self, blocks: Sequence[Block], table: Table) -> str:
        """The text with its colours."""
        natural = [
            max(map(width, (column.heading, *cells)))
            for column, cells in zip(table.columns, list(zip(*table.texts())) or [()] * len(table.columns))
        ]
        fit = fitted(table.columns, natural, self.console.width - len(MARGIN))
        rule = self.text("─" * fit.total(), style="dim")
        lines: list[Text] = []
        notes = self._narrow(fit)
        for block in blocks:
            if isinstance(block, Heading):
                lines += [self._heading(block), self.text()]
            elif block is table:
                lines += [self._headings(fit), rule, *self._body(fit, table), rule]
            elif isinstance(block, Table):
                lines += self._totals(block)
            elif isinstance(block, Items):
                notes += self._items(block)
        lines += [self.text(), *notes] if notes else []
        with self.console.capture() as capture:
            for line in lines:
                line.rstrip()
                for part in [line] if line.cell_len <= self.room else line.wrap(self.console, self.room):
                    self.console.print(self.text(MARGIN) + part if part else part, highlight=False, soft_wrap=False)
        return "\n" + capture.get()

    def _heading(self, heading: Heading) -> Text:
        name = shortened(heading.name, self.console.width // 2)
        return self.text.assemble((name, "bold"), "  ", (" · ".join(heading.facts), "dim"))

    def _padded(self, text: Text, size: int, right: bool) -> Text:
        blank = " " * (size - width(text.plain))
        return self.text(blank) + text if right else text + blank

    def _headings(self, fit: Fit) -> Text:
        parts = []
        for column, size in zip(fit.columns, fit.widths, strict=True):
            heading = self._padded(self.text(cut(column.heading, size), style="bold"), size, column.right)
            parts.append(heading + " " * fit.beside(column))
        return self.text(BETWEEN).join(parts)

    def _body(self, fit: Fit, table: Table) -> list[Text]:
        largest = {
            column.key: max((row[place] for row in table.rows), default=0)
            for place, column in enumerate(fit.columns)
            if column.colour
        }
        lines: list[Text] = []
        above: Sequence[Any] = ()
        for row, texts, weight in zip(table.rows, table.texts(), table.weights, strict=True):
            parts = []
            for place, (column, size) in enumerate(zip(fit.columns, fit.widths, strict=True)):
                words = self._cell(column, texts[place], size, weight, str(above[place]) if above else "")
                beside = self._beside(column, row[place], fit, largest) if column.colour else self.text()
                parts.append(self._padded(words, size, column.right) + beside)
            lines.append(self.text(BETWEEN).join(parts))
            above = row
        return lines

    def _cell(self, column: Column, text: str, size: int, weight: str, above: str) -> Text:
        """A cell; of names the groups that they share with the row above are dimmed, of notation the kind coloured."""
        if column.right:
            return self.text(text, style="dim" if text == "0" else "")
        if column.style == "name":
            name = self.text(shortened(text, size), style=weight)
            shared = text.rfind(".") + 1
            if name.plain == text and above.startswith(text[:shared]):
                name.stylize("not bold dim", 0, shared)
            return name
        words = self.text(cut(text, size), style="dim" if weight == "dim" and column.cut else "")
        if column.style == "notation" and weight == "bold" and not text[0].isdigit():
            words.stylize("cyan", 0, len(words.plain.split(" ", 1)[0]))
        return words

    def _beside(self, column: Column, value: int, fit: Fit, largest: dict[str, int]) -> Text:
        """The bar, full for the largest row, and the share of the total."""
        beside = self.text()
        if fit.bar:
            drawn = bar(value, largest[column.key], fit.bar)
            beside.append(" " + drawn.ljust(fit.bar), style=column.colour)
        if fit.share:
            beside.append(" " + percent(value, column.whole).rjust(SHARE_WIDTH), style="dim")
        return beside

    def _totals(self, table: Table) -> list[Text]:
        lines = table.texts()
        labels, values = (max(width(line[index]) for line in lines) for index in (0, 1))
        left = self.console.width - labels - values - len(MARGIN + BETWEEN + BETWEEN)
        texts = []
        for label, value, words in lines:
            note = BETWEEN + words if words and width(words) <= left else ""
            parts = (label.ljust(labels), BETWEEN, (value.rjust(values), "bold"), (note, "dim"))
            texts.append(self.text.assemble(*parts))
        return texts

    def _narrow(self, fit: Fit) -> list[Text]:
        """What the table leaves out."""
        if not fit.left_out:
            return []
        missing = ", ".join(column.key for column in fit.left_out)
        words = f"The terminal is too narrow for {missing}; `| cat` or `-o FILE` has no limit."
        return [self.text(words, style="dim")]

    def _items(self, items: Items) -> list[Text]:
        if items.label:
            return [self.text.assemble((items.label, "yellow"), f" {item}") for item in items.items]
        return [self.text(item, style="dim") for item in items.items]
