"""A net, layer by layer: its rows in the columns that are asked for, its totals, its hints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.answers.page import WHOLE, Each, Items, Page, Table
from cnncalc.pages.show.columns import COLUMNS, COUNTED, by_key, chosen
from cnncalc.pages.show.folding import GROUP, arranged, fold_to_fit, ordered
from cnncalc.pages.show.summary import counting_lines, header, hint_lines, names_text, totals
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnncalc.answers.page import Block, Layout
    from cnncalc.answers.report import Report, Row
    from cnncalc.pages.show.columns import LayerColumn

__all__ = ["ALL", "View", "page"]

# Rows to aim for on a low terminal (people scroll), and the lines that stand around them.
FEWEST_LINES = 48
AROUND = 16
KEPT = 20_000
"""So many rows are made once for all that is asked of them."""
# Hints to print on a terminal, and layers to name in each; piped output has all.
MOST_HINTS = 6
MOST_NAMES = 3


class View(NamedTuple):
    """What to show of a report. Nothing set shows every layer, in execution order, in the usual columns."""

    columns: tuple[str, ...] = ()
    """Keys of `COLUMNS`; empty for the usual ones."""
    sort: str | None = None
    """The key of a column: largest first, or from a to z."""
    depth: int | None = None
    """How many levels of names to show; what lies deeper is folded into its group."""


ALL = View()
NAME = "name"


def page(report: Report, view: View = ALL) -> Page:
    """The page of a report. Raises CnncalcError for a column that there is not."""
    columns = chosen(view.columns, report)
    named = any(column.key == NAME for column in columns)
    read = columns if named else (by_key(NAME), *columns)  # rows without a name say nothing to people

    def body(layout: Layout) -> Iterator[Block]:
        rows = _rows(report, view, layout)
        yield header(report)
        yield _table(report, read, rows)
        yield totals(report)
        notes = []
        if layout.height is not None and len(rows) < report.count:
            notes.append("Groups are folded: `--depth N` unfolds to N levels, `| cat` prints every layer.")
        notes += counting_lines(report)
        if report.roofline is not None:
            from cnncalc.pages.show.roofline import roofline_lines

            notes += roofline_lines(report)
        if notes:
            yield Items(notes, indent=False)
        yield from _hints(report, short=layout.height is not None)

    def table() -> Table:
        everything = [one for one in COLUMNS if not one.share and (one.key != COUNTED or report.counting)]
        told = columns if view.columns else [one for one in everything if report.roofline or not one.device]
        fields = [column.field for column in told]
        rows = Each(_rows(report, view, WHOLE), lambda row: [getattr(row, field) for field in fields])
        return Table([column.shown(report) for column in told], rows)

    def data() -> dict[str, object]:
        from cnncalc.pages.show.objects import object_of

        return object_of(report)

    def picture() -> str:
        from cnncalc.pictures.drawing import View as Drawn
        from cnncalc.pictures.drawing import drawing

        return drawing(report, Drawn(view.depth))

    return Page("a report", body, data, table, "layers", picture)


def _rows(report: Report, view: View, layout: Layout) -> Sequence[Row]:
    """Those that are shown; where that is all of very many, one after another, none of them kept."""
    if view.depth is None and layout.height is None:
        return ordered(report.rows if report.count <= KEPT else report.layers, view.sort)
    if view.depth is not None:
        return arranged(report.rows, view.depth, view.sort)
    rows = fold_to_fit(report.rows, max((layout.height or 0) - AROUND, FEWEST_LINES), repeats=view.sort is None)
    return ordered(rows, view.sort)


def _table(report: Report, columns: Sequence[LayerColumn], rows: Sequence[Row]) -> Table:
    """Shapes are mostly those of other layers: what is equal is kept once."""
    values: list[Sequence[Any]] = []
    weights: list[str] = []
    known: dict[Any, Any] = {}
    fields = [column.field for column in columns]
    for row in rows:
        own = [getattr(row, field) for field in fields]
        values.append(tuple([known.setdefault(one, one) if type(one) is tuple else one for one in own]))
        weights.append(_weight(row))
    return Table([column.shown(report) for column in columns], values, fitted=True, weights=weights)


def _weight(row: Row) -> str:
    """How much a row stands out: groups and layers that multiply, then layers that learn, then the rest."""
    if row.kind == GROUP or row.macs:
        return "bold"
    return "not dim" if row.params else "dim"


def _hints(report: Report, *, short: bool) -> Iterator[Items]:
    hints = hint_lines(report)
    shown = hints[:MOST_HINTS] if short else hints
    texts = [f"{names_text(hint.layers, MOST_NAMES if short else None)}: {hint.text}" for hint in shown]
    if texts:
        yield Items(texts, indent=False, label="hint")
    if len(shown) < len(hints):
        yield Items([f"and {len(hints) - len(shown):,} more hints: `| cat` prints all"], indent=False)
