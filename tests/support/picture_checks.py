"""What holds of every picture of a net, computed from its layout and its SVG."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import combinations, pairwise

from cnncalc.pictures.flow.blocks import HEAD, Card, Frame
from cnncalc.pictures.flow.sequences import CLOSE
from cnncalc.pictures.ink import width_of

SVG = "{http://www.w3.org/2000/svg}"


def placed(block):
    """Every card and frame with its rectangle."""
    for one, x, y in block.placed():
        if isinstance(one, (Card, Frame)):
            yield one, (x, y, x + one.width, y + one.height)


def overlap(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def inside(one, other):
    return other[0] <= one[0] and other[1] <= one[1] and one[2] <= other[2] and one[3] <= other[3]


def overlapping(block):
    """Pairs of rectangles of which neither holds the other; a frame holds what comes from its box."""
    found = sorted(placed(block), key=lambda pair: pair[1][1])
    bad = []
    for place, (one, mine) in enumerate(found):
        for other, theirs in found[place + 1 :]:
            if theirs[1] >= mine[3]:
                break
            if overlap(mine, theirs) and not (
                (isinstance(one, Frame) and inside(theirs, mine)) or (isinstance(other, Frame) and inside(mine, theirs))
            ):
                bad.append((one.box.name, other.box.name))
    return bad


def stretches(block):
    """Every straight piece of wire with its tensor, horizontal ones and vertical ones."""
    flat, steep = [], []
    for one, x, y in block.placed():
        for wire in one.wires:
            points = [(x + right, y + down) for right, down in wire.points]
            for (x1, y1), (x2, y2) in pairwise(points):
                if abs(y1 - y2) < 0.01:
                    flat.append((wire.tensor, min(x1, x2), max(x1, x2), y1))
                else:
                    assert abs(x1 - x2) < 0.11, "a wire runs straight across or straight down"
                    steep.append((wire.tensor, min(y1, y2), max(y1, y2), x1))
    return flat, steep


def crossings(block):
    flat, steep = stretches(block)
    return sum(
        one != other and left + 0.1 < x < right - 0.1 and top + 0.1 < y < low - 0.1
        for one, left, right, y in flat
        for other, top, low, x in steep
    )


def across_cards(block):
    """The cards that a wire runs across."""
    flat, steep = stretches(block)
    cards = [(one.box.name, rect) for one, rect in placed(block) if isinstance(one, Card)]
    found = [name for _, x1, x2, y in flat for name, (left, top, right, low) in cards
             if top + 1 < y < low - 1 and x1 < right - 1 and x2 > left + 1]  # fmt: skip
    return found + [name for _, y1, y2, x in steep for name, (left, top, right, low) in cards
                    if left + 1 < x < right - 1 and y1 < low - 1 and y2 > top + 1]  # fmt: skip


class Joined(dict):
    """Points in groups that are joined."""

    def root(self, point):
        while self.setdefault(point, point) != point:
            point = self[point]
        return point

    def join(self, one, other):
        self[self.root(one)] = self.root(other)


def key(tensor, x, y):
    """A point in the same place whatever the last digits of sums are: places are multiples of a twentieth."""
    return tensor, round(4 * x + 0.237), round(4 * y + 0.237)


def unconnected(block):
    """Cards to which no wire leads from the card that makes a tensor that they take, and the other way round."""
    joined, makers, takers, under = Joined(), {}, [], {}
    root = joined.root
    for one, x, y in block.placed():
        for wire in one.wires:
            points = [key(wire.tensor, x + right, y + down) for right, down in wire.points]
            for point in points[1:]:
                joined.join(point, points[0])
        if isinstance(one, Frame):  # a wire goes on below the heading
            for port in one.ins:
                joined.join(key(port.tensor, x + port.x, y), key(port.tensor, x + port.x, y + HEAD))
        if isinstance(one, Card):
            for port in one.outs:
                makers[port.tensor] = (one, key(port.tensor, x + port.x, y + port.y))
                under[key(port.tensor, x + port.x, y + port.y)] = one
            takers += [(one, key(port.tensor, x + port.x, y)) for port in one.ins]
    found = []
    for taker, (tensor, x, y) in takers:
        maker, start = makers[tensor]
        close = taker.light and under.get((tensor, x, y - 4 * CLOSE)) is maker
        if not close and root((tensor, x, y)) != root(start):
            found.append((maker.box.name, taker.box.name))
    return found


def texts_outside(svg):
    """Texts that leave the rectangle of their group of elements."""
    found: list[object] = []
    for group in ET.fromstring(svg).iter(f"{SVG}g"):
        rects = [one for one in group if one.tag == f"{SVG}rect"]
        if not rects:
            continue
        largest = max(rects, key=lambda rect: float(rect.get("width")))
        left, right = float(largest.get("x")), float(largest.get("x")) + float(largest.get("width"))
        top, low = float(largest.get("y")), float(largest.get("y")) + float(largest.get("height"))
        stretched = []
        for text in group.iter(f"{SVG}text"):
            classes, x = text.get("class", "").split(), float(text.get("x"))
            size = 10 if "s" in classes else 11 if "l" in classes else 12
            wide = width_of(text.text, size, bold="n" in classes or "l" in classes)
            start = x - wide if "e" in classes else x
            stretched.append((start, start + wide, float(text.get("y")), text.text))
            if start < left or start + wide > right + 0.1 or not top + size * 0.7 <= float(text.get("y")) <= low - 3:
                found.append(text.text)
        for one, other in combinations(stretched, 2):
            if one[2] // 10 == other[2] // 10 and one[0] < other[1] and other[0] < one[1]:
                found.append((one[3], other[3]))
    return found
