"""Windows along one axis, drawn step by step: the cells, what pads them, and which of them each step meets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.pictures import ink, theme
from cnncalc.pictures.windows.panels import INSIDE, LOST, Panel, shown
from cnncalc.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["steps"]

MARGIN = 24.0
CELL = 20.0
LABEL = 76.0
"""To the left of the cells: what is below them."""
APART = 34.0
COLUMNS, ROWS = 44, 14
"""Cells and steps up to which all are shown; of more, the ends."""
ENDS, LAST = 20, 5

MORE = (
    ".cell{stroke-width:1}.pad{fill:none;stroke-dasharray:2 2}.step{stroke-width:1}.tap{stroke:none}"
    ".c{text-anchor:middle;font-size:9px}.i{fill:#fff}"
)


def steps(panels: Sequence[Panel], title: str, colours: str = "auto") -> str:
    """The panels below one another, as SVG."""
    content: list[str] = []
    down, width = MARGIN + 28, 420.0
    for panel in panels:
        drawn, wide, down = _panel(panel, down)
        content += drawn
        width = max(width, wide)
    head = [
        ink.element("rect", width=width + MARGIN, height=down, class_="bg"),
        ink.text(MARGIN, MARGIN + 8, ink.cut(printable(title), width - MARGIN, 18, bold=True), "t"),
    ]
    description = "; ".join(f"{panel.title} ({panel.facts})" for panel in panels)
    css = theme.sheet(colours, MORE, ".i{fill:#0d1117}")
    return ink.document(width + MARGIN, down, printable(title), description, css, [*head, *content])


def _panel(panel: Panel, down: float) -> tuple[list[str], float, float]:
    """A panel from a height on; its right end, and the height below it."""
    columns = shown(len(panel.cells), ENDS, COLUMNS)
    right = {place: MARGIN + LABEL + CELL * at for at, place in enumerate(columns) if place is not None}
    title, facts = printable(panel.title), panel.facts
    parts = [ink.text(MARGIN, down + 14, title, "n"), ink.text(MARGIN, down + 30, facts, "s")]
    top = down + 42
    parts.append(ink.text(MARGIN, top + 14, panel.above, "s"))
    for place, x in right.items():
        parts += _cell(panel.cells[place], place + panel.first, x, top)
    if None in columns:
        parts += [ink.text(MARGIN + LABEL + CELL * ENDS + CELL / 2, top + 14, "…", "m")]
    y = top + CELL + 10
    for step in shown(len(panel.steps), LAST, ROWS):
        if step is None:
            parts.append(ink.text(MARGIN + LABEL / 2, y + 12, "⋮", "m"))
        else:
            parts += _step(panel, step, right, y)
        y += CELL
    words = max(ink.width_of(title, 12, bold=True), ink.width_of(facts, 10))
    return parts, MARGIN + max(LABEL + CELL * len(columns), words), y + APART


def _cell(state: str, place: int, x: float, y: float) -> list[str]:
    style = {INSIDE: "cell conv", LOST: "cell merge"}.get(state, "cell pad norm")
    cell = ink.element("rect", x=x + 1, y=y + 1, width=CELL - 2, height=CELL - 2, rx=3, class_=style)
    return [cell, ink.text(x + CELL / 2, y + CELL / 2 + 3, str(place), "s c")]


def _step(panel: Panel, step: int, right: dict[int, float], y: float) -> list[str]:
    """One row: what it is called, and what it meets, joined by a line."""
    taps = [place - panel.first for place in panel.steps[step]]
    xs = [right[place] for place in taps if place in right]
    parts = [ink.text(MARGIN, y + 13, f"{panel.beside} {step}", "s")]
    if not xs:
        return [*parts, ink.text(MARGIN + LABEL, y + 13, "…" if taps else "none", "s")]
    if len(taps) > 1:
        low, high = min(xs) + CELL / 2, max(xs) + CELL / 2
        parts.append(ink.line(low, y + CELL / 2, high, y + CELL / 2, "w"))
    for place in taps:
        if place in right:
            style = "conv-b tap" if panel.cells[place] == INSIDE else "cell pad norm"
            x, size = right[place] + 3, CELL - 6
            parts.append(ink.element("rect", x=x, y=y + 3, width=size, height=size, rx=3, class_=style))
    return parts
