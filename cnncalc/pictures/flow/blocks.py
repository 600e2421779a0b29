"""What boxes are laid out as, from the inside out: cards, groups, and the wires between them.

A block has its size, and points at which tensors come in at its top and go out below; a wire is a line through points.
All places are relative to the block's own corner until they are collected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cnncalc.pictures.flow.tree import Box

__all__ = ["GAP", "HEAD", "Block", "Card", "Frame", "Lane", "Point", "Port", "Wire", "linked", "tracks"]

Point = tuple[float, float]

HEAD = 24.0
"""The height of a group's heading."""
SIDE = 12.0
"""Between a group's border and what is in it."""
GAP = 18.0
"""Between two blocks with a wire between them."""
TRACK = 7.0
"""Between two wires that run side by side."""


class Wire(NamedTuple):
    """A line along which a tensor goes."""

    tensor: int
    points: tuple[Point, ...]


class Port(NamedTuple):
    """Where a tensor comes in or goes out."""

    tensor: int
    x: float
    y: float = 0.0


class Block:
    """Something with a size. `axis` is where it stands above or below others in a sequence."""

    def __init__(self) -> None:
        self.width = self.height = self.enters = self.leaves = 0.0
        self.ins: list[Port] = []
        self.outs: list[Port] = []
        self.parts: list[tuple[Block, float, float]] = []
        self.wires: list[Wire] = []

    def measure(self) -> None:
        """Find its size and where everything in it is."""
        raise NotImplementedError

    def placed(self, x: float = 0.0, y: float = 0.0) -> Iterator[tuple[Block, float, float]]:
        """Itself and all that is in it, outermost first, with their corners."""
        yield self, x, y
        for part, right, down in self.parts:
            yield from part.placed(x + right, y + down)

    def entries(self) -> dict[int, float]:
        """One place for each tensor that comes in: on the axis where it is alone, else amid those that take it."""
        found: dict[int, list[float]] = {}
        for port in self.ins:
            found.setdefault(port.tensor, []).append(port.x)
        if len(found) == 1:
            return dict.fromkeys(found, self.enters)
        return {tensor: sum(xs) / len(xs) for tensor, xs in found.items()}

    def ins_of(self, tensor: int) -> list[float]:
        """Where a tensor comes in."""
        return [port.x for port in self.ins if port.tensor == tensor]


class Card(Block):
    """A box that is drawn as one."""

    def __init__(self, box: Box, width: float, height: float, *, light: bool) -> None:
        super().__init__()
        self.box, self.width, self.height = box, width, height
        self.light = light
        """Whether it may stand right below the layer before it."""

    def measure(self) -> None:
        self.enters = self.leaves = self.width / 2
        self.ins = [Port(tensor, self.width / 2) for tensor in self.box.takes]
        self.outs = [Port(tensor, self.width / 2, self.height) for tensor in self.box.gives]


class Lane(Block):
    """A tensor that goes by."""

    def __init__(self, tensor: int) -> None:
        super().__init__()
        self.ins, self.outs, self.width = [Port(tensor, 6.0)], [Port(tensor, 6.0)], 12.0

    def measure(self) -> None:
        self.enters = self.leaves = 6.0


class Frame(Block):
    """A group, around what is in it."""

    def __init__(self, box: Box, content: Block, least: float) -> None:
        super().__init__()
        self.box, self.content, self.least = box, content, least

    def measure(self) -> None:
        content = self.content
        content.measure()
        self.width = max(content.width + 2 * SIDE, self.least)
        right = (self.width - content.width) / 2
        self.enters, self.leaves = right + content.enters, right + content.leaves
        self.ins = [Port(tensor, right + x) for tensor, x in content.entries().items()]
        down, self.wires = linked([port._replace(y=HEAD) for port in self.ins], content, right, HEAD, SIDE)
        self.height = down + content.height + SIDE
        self.parts = [(content, right, down)]
        self.outs = [Port(tensor, right + x, self.height) for tensor, x, _ in content.outs]
        self.wires += [Wire(tensor, ((right + x, down + y), (right + x, self.height))) for tensor, x, y in content.outs]


class _Run(NamedTuple):
    """A horizontal stretch that needs a track."""

    left: float
    right: float
    tensor: int
    goal: object


def tracks(runs: Iterable[tuple[float, float, int, object]]) -> tuple[list[int], int]:
    """A track for each horizontal stretch (from, to, tensor, goal), so that none lie on another; and how many.

    What belongs to one tensor, or goes to one place, may lie on one track.
    """
    chosen: list[int] = []
    rows: list[list[_Run]] = []
    for start, end, tensor, goal in runs:
        run = _Run(min(start, end), max(start, end), tensor, goal)
        free = (place for place, row in enumerate(rows) if not any(_clash(run, one) for one in row))
        place = next(free, len(rows))
        if place == len(rows):
            rows.append([])
        rows[place].append(run)
        chosen.append(place)
    return chosen, len(rows)


def _clash(one: _Run, other: _Run) -> bool:
    if one.tensor == other.tensor or one.goal == other.goal:
        return False
    return one.left < other.right + 3 and other.left < one.right + 3


def linked(outs: Sequence[Port], block: Block, right: float, down: float, gap: float) -> tuple[float, list[Wire]]:
    """Wire a block to the points above it; the height at which it stands, with the wires."""
    links = [(sources(outs, port.tensor, right + port.x), right + port.x) for port in block.ins]
    bent = [(start.x, x, start.tensor, x) for start, x in links if abs(start.x - x) > 0.1]
    chosen, most = tracks(bent)
    levels = iter(chosen)
    top = down + (max(gap, GAP) if bent else gap) + TRACK * max(most - 1, 0)
    wires = []
    for start, x in links:
        level = top - GAP / 2 - TRACK * next(levels) if abs(start.x - x) > 0.1 else top
        wires.append(joined(start.tensor, (start.x, start.y), (x, top), level))
    return top, wires


def joined(tensor: int, start: Point, end: Point, level: float) -> Wire:
    """A wire that goes straight down, or changes sides at a level."""
    if abs(start[0] - end[0]) < 0.1:
        return Wire(tensor, (start, end))
    return Wire(tensor, (start, (start[0], level), (end[0], level), end))


def sources(outs: Sequence[Port], tensor: int, x: float) -> Port:
    """The point from which a tensor goes on to x: the nearest, where there are several."""
    return min([port for port in outs if port.tensor == tensor], key=lambda port: abs(port.x - x))
