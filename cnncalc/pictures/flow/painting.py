"""Blocks -> SVG: cards with what they say, groups with their headings, wires as thick as their tensors are large."""

from __future__ import annotations

from math import log2, prod, sqrt
from typing import TYPE_CHECKING

from cnncalc.pictures import ink
from cnncalc.pictures.flow.blocks import HEAD, Card, Frame
from cnncalc.pictures.heat import HEATS
from cnncalc.pictures.theme import FAMILIES, STEPS, family_of
from cnncalc.text import number, plural, printable, shape_text, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from fractions import Fraction

    from cnncalc.answers.report import Row, Shape
    from cnncalc.pictures.flow.blocks import Block, Wire
    from cnncalc.pictures.flow.tree import Box

__all__ = ["Painter", "Texts"]

PAD = 10.0
"""Between the border of a card and its text."""
MOST = 260.0
"""Pixels of what a card says on the left."""
TALL, LOW = 38.0, 22.0
NARROWEST = 150.0
LIGHT = ("norm", "activation", "other")
"""Families whose layers stand right below what they work on, where they cost nothing."""


class Texts:
    """What boxes say, and how wide that is."""

    def __init__(self, heat: str) -> None:
        self.heat = heat

    @staticmethod
    def headline(box: Box) -> str:
        """What stands in bold: the notation of a layer, the name of a group."""
        return printable(box.label) if box.kind in ("input", "group") else box.rows[0].notation

    @staticmethod
    def shape(box: Box) -> str:
        """The shape that comes out."""
        return shape_text(box.shape).replace("x", "×") or "a number"

    def below(self, box: Box) -> str:
        """The line below the headline: the name of a layer, what a group holds."""
        if box.kind == "group":
            return plural(len(box.rows), "layer") + (f" × {box.count}" if box.count > 1 else "")
        return printable(box.label) if box.kind != "input" else "input"

    def aside(self, box: Box) -> str:
        """All but the headline, of a card of one line."""
        if box.kind == "input":
            return self.shape(box)
        return " · ".join(filter(None, (printable(box.label), self.costs(box))))

    def costs(self, box: Box) -> str:
        """Parameters and MACs, and the heat where it is another cost."""
        parts = []
        for key, unit in (("params", "params"), ("macs", "MACs")):
            value = int(summed(box, HEATS[key].of))
            if value:
                parts.append(f"{shortened(value)} {unit}")
        heat = HEATS.get(self.heat)
        if heat and heat.text and (warmth := summed(box, heat.of)):
            parts.append(heat.text(warmth))
        return " · ".join(parts)

    def card(self, box: Box) -> Card:
        """The card of a box, as large as its texts ask for."""
        costs = self.costs(box)
        tall = _tall(box)
        left = ink.width_of(self.headline(box), 12, bold=True)
        below = ink.width_of(self.below(box), 10)
        if not tall:
            aside = min(ink.width_of(self.aside(box), 10), MOST * 0.8)
            return Card(box, max(min(left, MOST) + aside + 3 * PAD + 1, NARROWEST), LOW, light=_light(box))
        first = min(left, MOST) + PAD * 2 + ink.width_of(self.shape(box), 10)
        second = min(below, MOST / 2) + PAD * 2 + ink.width_of(costs, 10)
        return Card(box, max(first, second, NARROWEST) + 2 * PAD, TALL, light=_light(box))

    def least(self, box: Box) -> float:
        """The width of a group's heading."""
        label, costs = min(ink.width_of(printable(box.label), 11, bold=True), MOST), self.costs(box)
        times = 40 if box.count > 1 else 0
        return label + ink.width_of(costs, 10) + 4 * PAD + times


def summed(box: Box, cost: Callable[[Row], int | Fraction]) -> int | Fraction:
    """A cost of all layers of a box, each of the times that it stands there."""
    return box.count * sum([cost(row) for row in box.rows])


def _tall(box: Box) -> bool:
    """Whether more is to be said than its name: it computes, or its output has another shape."""
    if box.kind == "group":
        return True
    return any(row.macs or {*row.input_shapes} != {row.output_shape} for row in box.rows)


def _light(box: Box) -> bool:
    return len(box.takes) == 1 and family_of(box.kind) in LIGHT and not _tall(box)


class Painter:
    """Paints blocks; `shapes` are those of all tensors, and `heat` the figure by which cards are warm, or nothing."""

    def __init__(self, texts: Texts, shapes: Sequence[Shape], hottest: int | Fraction) -> None:
        self.texts, self.shapes, self.hottest = texts, shapes, hottest

    def painted(self, block: Block, x: float, y: float) -> list[str]:
        """Groups from the outermost in, then what connects, then cards, so that no wire lies on a card."""
        frames, wires, cards = [], [], []
        for one, left, top in block.placed(x, y):
            if isinstance(one, Frame):
                frames.append(self._frame(one, left, top))
            elif isinstance(one, Card):
                cards.append(self._card(one, left, top))
            wires += [self._wire(wire, left, top) for wire in one.wires]
        return [*frames, '<g fill="none">', *wires, "</g>", *cards]

    def _wire(self, wire: Wire, x: float, y: float) -> str:
        size = prod(self.shapes[wire.tensor])
        points = [(x + right, y + down) for right, down in wire.points]
        wide = 1 + min(max(log2(max(size, 1)) - 8, 0), 16) * 0.3
        return ink.element("path", d=ink.path(points, 6), class_="w", stroke_width=wide)

    def _frame(self, frame: Frame, x: float, y: float) -> str:
        box = frame.box
        parts = []
        if box.count > 1:  # as a pile
            parts.append(
                ink.element("rect", x=x + 4, y=y + 4, width=frame.width, height=frame.height, rx=8, class_="g")
            )
        parts.append(ink.element("rect", x=x, y=y, width=frame.width, height=frame.height, rx=8, class_="g"))
        top = f"M{x} {y + HEAD}v{8 - HEAD}a8 8 0 0 1 8 -8h{frame.width - 16}a8 8 0 0 1 8 8v{HEAD - 8}z"
        parts.append(ink.element("path", d=top, class_="gh"))
        costs = self.texts.costs(box)
        room = frame.width - 3 * PAD - ink.width_of(costs, 10)
        times = f" × {box.count}" if box.count > 1 else ""
        label = ink.cut(printable(box.label), room - ink.width_of(times, 11, bold=True), 11, bold=True)
        parts.append(ink.text(x + PAD, y + 16, label + times, "l"))
        if costs:
            parts.append(ink.text(x + frame.width - PAD, y + 16, costs, "s e"))
        parts.append(f"<title>{ink.escaped(self._told(box))}</title>")
        return ink.element("g", "".join(parts))

    def _card(self, card: Card, x: float, y: float) -> str:
        box = card.box
        family = family_of(box.kind)
        heat = self._heat(box)
        parts = []
        if box.count > 1:
            pile = ink.element("rect", x=x + 4, y=y + 4, width=card.width, height=card.height, rx=6, class_=family)
            parts.append(pile)
        classes = f"{family} {heat}" if heat else family
        parts.append(ink.element("rect", x=x, y=y, width=card.width, height=card.height, rx=6, class_=classes))
        parts.append(ink.element("rect", x=x, y=y + 6, width=3, height=card.height - 12, class_=f"{family}-b"))
        right = x + card.width - PAD
        headline, below, shape = self.texts.headline(box), self.texts.below(box), self.texts.shape(box)
        if card.height < TALL:
            room = card.width - 3 * PAD
            headline = ink.cut(headline, min(room, MOST), 12, bold=True)
            left = room - ink.width_of(headline, 12, bold=True)
            parts.append(ink.text(x + PAD, y + 15.5, headline, "n"))
            parts.append(ink.text(right, y + 15, ink.cut(self.texts.aside(box), left, 10), "s e"))
        else:
            costs = self.texts.costs(box)
            room = card.width - 3 * PAD
            parts.append(
                ink.text(x + PAD, y + 16, ink.cut(headline, room - ink.width_of(shape, 10), 12, bold=True), "n")
            )
            parts.append(ink.text(right, y + 15.5, shape, "s e"))
            parts.append(ink.text(x + PAD, y + 30, ink.cut(below, room - ink.width_of(costs, 10), 10), "s"))
            if costs:
                parts.append(ink.text(right, y + 30, costs, "s e"))
        parts.append(f"<title>{ink.escaped(self._told(box))}</title>")
        return ink.element("g", "".join(parts), data_layer=box.name, **({"class_": "hot"} if heat else {}))

    def _heat(self, box: Box) -> str:
        if not self.texts.heat or not self.hottest:
            return ""
        share = summed(box, HEATS[self.texts.heat].of) / self.hottest
        return f"h{round(sqrt(share) * (STEPS - 1))}"

    def _told(self, box: Box) -> str:
        """What is said of a box when it is pointed at, or read aloud."""
        if box.kind == "input":
            return f"{box.name}: input {shape_text(box.shape)}"
        what = box.rows[0].notation if box.kind != "group" else plural(len(box.rows), "layer")
        times = f", {box.count} times" if box.count > 1 else ""
        params, macs = (int(summed(box, HEATS[key].of)) for key in ("params", "macs"))
        costs = f"{number(params)} parameters, {number(macs)} MACs"
        return f"{box.name}: {what}{times}, output {shape_text(box.shape)}, {costs}"


def legend(kinds: Sequence[str], x: float, y: float, room: float) -> tuple[list[str], float]:
    """The families that are in the picture, in lines of at most `room`; and the height that they take."""
    parts, left, down = [], x, y
    for family in [name for name in FAMILIES if name in kinds]:
        name = FAMILIES[family][0]
        wide = ink.width_of(name, 10) + 30
        if left > x and left + wide > x + room:
            left, down = x, down + 18
        parts.append(ink.element("rect", x=left, y=down - 9, width=10, height=10, rx=3, class_=f"{family}-b"))
        parts.append(ink.text(left + 15, down, name, "s"))
        left += wide
    return parts, down - y + 18
