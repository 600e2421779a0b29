"""Blocks below one another, and branches side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.pictures.flow.blocks import GAP, Block, Card, Lane, Port, linked

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CLOSE", "Parallel", "Series"]

CLOSE = 3.0
"""Between a layer and a light one that works on its output."""
APART = 22.0
"""Between two branches."""


class Series(Block):
    """Blocks below one another; each takes what the one before it gives."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        super().__init__()
        self.blocks = blocks

    def measure(self) -> None:
        cards = [block for block in self.blocks if isinstance(block, Card)]
        widest = max((card.width for card in cards), default=0)
        for card in cards:
            card.width = widest
        for block in self.blocks:
            block.measure()
        across = self._across()
        down = 0.0
        before: Block | None = None
        places: list[tuple[Block, float, float]] = []
        for block, right in zip(self.blocks, across):
            if before is not None:
                _, left, top = places[-1]
                outs = [Port(tensor, left + x, top + y) for tensor, x, y in before.outs]
                if _stacked(before, block):
                    down += CLOSE
                else:
                    down, wires = linked(outs, block, right, down, GAP)
                    self.wires += wires
            places.append((block, right, down))
            down += block.height
            before = block
        self.parts, self.height = places, down
        self.width = max(right + block.width for block, right, _ in places)
        first, last = places[0], places[-1]
        self.enters, self.leaves = first[1] + first[0].enters, last[1] + last[0].leaves
        self.ins = [Port(tensor, first[1] + x) for tensor, x, _ in first[0].ins]
        self.outs = [Port(tensor, last[1] + x, last[2] + y) for tensor, x, y in last[0].outs]

    def _across(self) -> list[float]:
        """How far to the right each block stands, so that their axes make one line."""
        across: list[float] = []
        axis = 0.0
        for block in self.blocks:
            across.append(axis - block.enters)
            axis += block.leaves - block.enters
        leftmost = min(across)
        return [right - leftmost for right in across]


def _stacked(before: Block, block: Block) -> bool:
    return isinstance(before, Card) and isinstance(block, Card) and block.light and before.box.kind != "input"


class Parallel(Block):
    """Branches side by side, which begin at one tensor."""

    def __init__(self, branches: Sequence[Block]) -> None:
        super().__init__()
        self.branches = branches

    def measure(self) -> None:
        right = 0.0
        for branch in self.branches:
            branch.measure()
        for branch in sorted(self.branches, key=_place):
            self.parts.append((branch, right, 0.0))
            right += branch.width + APART
        self.width = right - APART
        self.height = max(branch.height for branch in self.branches)
        for branch, across, _ in self.parts:
            self.ins += [Port(tensor, across + x) for tensor, x, _ in branch.ins]
            self.outs += [Port(tensor, across + x, y) for tensor, x, y in branch.outs]
        self.enters = self.leaves = self._axis()

    def _axis(self) -> float:
        """Of the branch that is much longer than the others, or else the middle of those that go on."""
        going_on = [(branch, across) for branch, across, _ in self.parts if branch.outs]
        full = [(branch, across) for branch, across in going_on if not isinstance(branch, Lane)] or going_on
        full = full or [(branch, across) for branch, across, _ in self.parts]
        if len(full) == 2:
            (one, _), (other, _) = full
            if min(one.height, other.height) < 0.6 * max(one.height, other.height):
                full = [max(full, key=lambda part: part[0].height)]
        axes = [across + branch.enters for branch, across in full]
        return (axes[0] + axes[-1]) / 2


def _place(branch: Block) -> int:
    """Lanes stand to the right of what is computed, and what ends there to the right of them."""
    return 2 if not branch.outs else int(isinstance(branch, Lane))
