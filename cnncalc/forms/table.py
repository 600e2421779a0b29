"""The table for a terminal: fitted to its width and height, coloured, with bars for each layer's shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from cnncalc.forms.columns import chosen
from cnncalc.forms.folding import GROUP, arranged, fold_to_fit, ordered
from cnncalc.forms.layout import BARRED, SHARE_WIDTH, bar, cut, fitted, shortened
from cnncalc.forms.plain import GAP, width
from cnncalc.forms.plain import draw as draw_plain
from cnncalc.forms.summary import counting_lines, header, hint_lines, names_text, total_lines
from cnncalc.text import percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.answers.report import Report, Row
    from cnncalc.forms import View
    from cnncalc.forms.columns import Column
    from cnncalc.forms.layout import Layout

__all__ = ["draw"]

# A longer table is not read but searched: plain text is made much faster.
MOST_ROWS = 2_000
# Rows to aim for on a low terminal (people scroll), and the lines that stand around them.
FEWEST_LINES = 48
AROUND = 16
# Hints to print, and layers to name in each; piped output has all.
MOST_HINTS = 6
MOST_NAMES = 3

MARGIN = " "
COLOURS = {"params": "green", "macs": "blue"}


def draw(report: Report, view: View, console: Console | None = None) -> str:
    """The report for the terminal of `console` (that of standard output unless told)."""
    columns = chosen(view.columns, report)
    console = console or Console()
    rows = _rows(report, view, console.height)
    if len(rows) > MOST_ROWS:
        return draw_plain(report, view)
    cells = [[column.cell(row, report) for column in columns] for row in rows]
    natural = [
        max(map(width, (column.heading, *(line[index] for line in cells)))) for index, column in enumerate(columns)
    ]
    layout = fitted(columns, natural, console.width - len(MARGIN))
    lines = [_header(report, console.width), Text(), _headings(layout), Text("─" * layout.total(), style="dim")]
    lines += _body(layout, rows, cells, report)
    lines += [Text("─" * layout.total(), style="dim"), *_totals(report, console.width), *_notes(report, layout, rows)]
    with console.capture() as capture:
        for line in lines:
            line.rstrip()
            room = max(console.width - len(MARGIN), 1)
            for part in [line] if line.cell_len <= room else line.wrap(console, room):
                console.print(Text(MARGIN) + part if part else part, highlight=False, soft_wrap=False)
    return "\n" + capture.get()


def _rows(report: Report, view: View, height: int) -> list[Row]:
    if view.depth is not None:
        return arranged(report.rows, view.depth, view.sort)
    rows = fold_to_fit(report.rows, max(height - AROUND, FEWEST_LINES), repeats=view.sort is None)
    return ordered(rows, view.sort)


def _header(report: Report, room: int) -> Text:
    name, facts = header(report)
    return Text.assemble((shortened(name, room // 2), "bold"), "  ", (" · ".join(facts), "dim"))


def _padded(text: Text, size: int, right: bool) -> Text:
    blank = " " * (size - width(text.plain))
    return Text(blank) + text if right else text + blank


def _headings(layout: Layout) -> Text:
    parts = []
    for column, size in zip(layout.columns, layout.widths, strict=True):
        heading = _padded(Text(cut(column.heading, size), style="bold"), size, column.right)
        parts.append(heading + " " * layout.beside(column))
    return Text(GAP).join(parts)


def _body(layout: Layout, rows: Sequence[Row], cells: Sequence[Sequence[str]], report: Report) -> list[Text]:
    largest = {key: max((getattr(row, key) for row in rows), default=0) for key in BARRED}
    lines, above = [], ""
    for row, texts in zip(rows, cells, strict=True):
        weight = _weight(row)
        parts = []
        for column, size, text in zip(layout.columns, layout.widths, texts, strict=False):
            words = _name(text, size, weight, above) if column.key == "name" else _cell(column, text, size, weight)
            beside = _beside(column, row, report, layout, largest) if column.key in BARRED else Text()
            parts.append(_padded(words, size, column.right) + beside)
        lines.append(Text(GAP).join(parts))
        above = row.name
    return lines


def _weight(row: Row) -> str:
    """How much a row stands out: groups and layers that multiply, then layers that learn, then the rest."""
    if row.kind == GROUP or row.macs:
        return "bold"
    return "not dim" if row.params else "dim"


def _name(name: str, size: int, weight: str, above: str) -> Text:
    """The name; the groups that it shares with the row above are dimmed."""
    text = Text(shortened(name, size), style=weight)
    shared = name.rfind(".") + 1
    if text.plain == name and above.startswith(name[:shared]):
        text.stylize("not bold dim", 0, shared)
    return text


def _cell(column: Column, text: str, size: int, weight: str) -> Text:
    if column.right:
        return Text(text, style="dim" if text == "0" else "")
    words = Text(cut(text, size), style="dim" if weight == "dim" and column.words else "")
    if column.key == "notation" and weight == "bold" and not text[0].isdigit():
        words.stylize("cyan", 0, len(words.plain.split(" ", 1)[0]))
    return words


def _beside(column: Column, row: Row, report: Report, layout: Layout, largest: dict[str, int]) -> Text:
    """The bar, full for the largest row, and the share of the total."""
    value = getattr(row, column.field)
    beside = Text()
    if layout.bar:
        drawn = bar(value, largest[column.key], layout.bar)
        beside.append(" " + drawn.ljust(layout.bar), style=COLOURS[column.key])
    if layout.share:
        share = percent(value, getattr(report.totals, column.field))
        beside.append(" " + share.rjust(SHARE_WIDTH), style="dim")
    return beside


def _totals(report: Report, room: int) -> list[Text]:
    lines = total_lines(report)
    labels, values = (max(width(line[index]) for line in lines) for index in (0, 1))
    texts = []
    for line in lines:
        left = room - labels - values - len(MARGIN + GAP + GAP)
        note = GAP + line.note if line.note and width(line.note) <= left else ""
        texts.append(Text.assemble(line.label.ljust(labels), GAP, (line.value.rjust(values), "bold"), (note, "dim")))
    return texts


def _notes(report: Report, layout: Layout, rows: Sequence[Row]) -> list[Text]:
    """What the table leaves out, and the hints."""
    notes = []
    if layout.left_out:
        missing = ", ".join(column.key for column in layout.left_out)
        notes.append(Text(f"The terminal is too narrow for {missing}; `| cat` or `-o FILE` has no limit.", style="dim"))
    if len(rows) < len(report.rows):
        notes.append(
            Text("Groups are folded: `--depth N` unfolds to N levels, `| cat` prints every layer.", style="dim")
        )
    notes += [Text(line, style="dim") for line in counting_lines(report)]
    hints = hint_lines(report)
    for hint in hints[:MOST_HINTS]:
        names = names_text(hint.layers, MOST_NAMES)
        notes.append(Text.assemble(("hint", "yellow"), f" {names}: {hint.text}"))
    if len(hints) > MOST_HINTS:
        notes.append(Text(f"and {len(hints) - MOST_HINTS:,} more hints: `| cat` prints all", style="dim"))
    return [Text(), *notes] if notes else []
