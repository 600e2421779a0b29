"""A report drawn as it flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, Fault
from cnncalc.pictures import ink, theme
from cnncalc.pictures.flow.order import Arranger
from cnncalc.pictures.flow.painting import Painter, Texts, legend, summed
from cnncalc.pictures.flow.tree import tree_of
from cnncalc.pictures.heat import HEATS
from cnncalc.records import NamedTuple
from cnncalc.text import number, plural, printable, shape_text, shortened

if TYPE_CHECKING:
    from cnncalc.answers.report import Report
    from cnncalc.pictures.flow.blocks import Block
    from cnncalc.pictures.flow.tree import Tree

__all__ = ["BOXES", "Laid", "drawn", "laid"]

BOXES = 4_000
"""That a picture holds: more, nobody sees."""
MARGIN = 20.0


class Laid(NamedTuple):
    """A net that is laid out, before it is painted."""

    tree: Tree
    block: Block
    texts: Texts


def laid(report: Report, depth: int | None = None, heat: str = "") -> Laid:
    """Where everything stands. Raises CnncalcError for a net with too many boxes, with a depth that has fewer."""
    tree = tree_of(report, depth)
    if tree.drawn > BOXES:
        message = f"{printable(report.name)} has {tree.drawn:,} boxes, and a picture at most {BOXES:,}"
        raise CnncalcError(Fault(message, help=_way_out(report, depth)))
    texts = Texts(heat)
    block = Arranger(texts.card, texts.least).arranged(tree.top.inner or [], [], [])
    block.measure()
    return Laid(tree, block, texts)


def _way_out(report: Report, depth: int | None) -> str:
    for level in range((depth or 8) - 1, 0, -1):
        found = tree_of(report, level).drawn
        if found <= BOXES:
            return f"`--depth {level}` draws {found:,}"
    return "write it in groups with names, and fold these with `--depth 1`"


def drawn(report: Report, depth: int | None = None, heat: str = "", colours: str = "auto") -> str:
    """The net as SVG. Raises CnncalcError where it is too large to be seen."""
    _, block, texts = found = laid(report, depth, heat)
    cards = [box for box in found.tree.top.boxes() if box.inner is None]
    hottest = max([summed(box, HEATS[heat].of) for box in cards], default=0) if heat else 0
    kinds = {theme.family_of(box.kind) for box in cards if box.kind != "input"}
    title, facts = printable(report.name), _facts(report)
    width = max(block.width, min(ink.width_of(facts, 10), 600.0), 260.0)
    head = [ink.text(MARGIN, MARGIN + 16, ink.cut(title, width, 18, bold=True), "t")]
    head.append(ink.text(MARGIN, MARGIN + 34, ink.cut(facts, width, 10), "s"))
    shown, tall = legend(sorted(kinds), MARGIN, MARGIN + 54, width)
    top = MARGIN + 54 + tall + 4
    if heat:
        shown += _scale(heat, MARGIN, top - 4)
        top += 20
    painter = Painter(texts, found.tree.shapes, hottest)
    left = MARGIN + (width - block.width) / 2
    ground = ink.element("rect", width=width + 2 * MARGIN, height=top + block.height + MARGIN, class_="bg")
    content = [ground, *head, *shown, *painter.painted(block, left, top)]
    description = (
        f"{title}: {facts}. {plural(len(report.rows), 'layer')}, from the input at the top to the output below."
    )
    css = theme.sheet(colours)
    return ink.document(width + 2 * MARGIN, top + block.height + MARGIN, title, description, css, content)


def _facts(report: Report) -> str:
    totals = report.totals
    inputs = ", ".join(shape_text(shape).replace("x", "×") for shape in report.inputs.values())
    counts = (f"{shortened(totals.params)} parameters", f"{shortened(totals.macs)} MACs")
    return " · ".join((f"input {inputs}", *counts, f"{number(totals.layers)} layers"))


def _scale(heat: str, x: float, y: float) -> list[str]:
    """What the warmth of a card means."""
    cells = [
        ink.element("rect", x=x + 12 * step, y=y - 9, width=12, height=10, class_=f"h{step}")
        for step in range(theme.STEPS)
    ]
    return [*cells, ink.text(x + 12 * theme.STEPS + 8, y, f"{HEATS[heat].words}: none to most", "s")]
