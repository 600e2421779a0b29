"""Boxes -> blocks: cut where a single tensor goes on, split into branches between two cuts, and else laid in rows."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from cnncalc.pictures.flow.blocks import Block, Card, Frame, Lane
from cnncalc.pictures.flow.rows import Rows
from cnncalc.pictures.flow.sequences import Parallel, Series

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from cnncalc.pictures.flow.tree import Box

__all__ = ["Arranger"]

DEEPEST = 60
"""Branches in branches; what is deeper is laid in rows."""


class Arranger:
    """Arranges boxes; `card` makes the card of one, `least` says how wide a group's heading is."""

    def __init__(self, card: Callable[[Box], Card], least: Callable[[Box], float]) -> None:
        self.card, self.least = card, least

    def block(self, box: Box, depth: int = 0) -> Block:
        """The block of a box and of all that is in it."""
        if box.inner is None:
            return self.card(box)
        return Frame(box, self.arranged(box.inner, box.takes, box.gives, depth + 1), self.least(box))

    def arranged(self, boxes: Sequence[Box], takes: Collection[int], gives: Collection[int], depth: int = 0) -> Block:
        """Boxes in execution order, which take tensors from outside and give some to it."""
        until = _until(boxes, gives)
        cuts = _cuts(boxes, takes, until)
        blocks: list[Block] = []
        for start, end in pairwise(cuts):
            piece = boxes[start:end]
            incoming = [one for one in boxes[start - 1].gives if until.get(one, 0) >= start] if start else list(takes)
            outgoing = [one for box in piece for one in box.gives if until.get(one, 0) >= end]
            if end == len(boxes):  # what comes in may go on too
                outgoing += [one for one in incoming if one in gives]
            blocks += self._piece(piece, incoming, outgoing, depth, merges=end < len(boxes) or len(outgoing) == 1)
        return blocks[0] if len(blocks) == 1 else Series(blocks)

    def _piece(
        self, piece: Sequence[Box], incoming: Sequence[int], outgoing: Sequence[int], depth: int, *, merges: bool
    ) -> list[Block]:
        """What stands between two cuts: branches and, where a single tensor goes on, what merges them."""
        if len(piece) == 1 and (not incoming or set(outgoing) <= set(piece[0].gives)):
            return [self.block(piece[0], depth)]
        merge = piece[-1] if (merges and set(piece[-1].gives) & set(outgoing)) or _ends(piece, outgoing) else None
        inner = piece[:-1] if merge is not None else piece
        groups = _components(inner, incoming)
        after = [merge] if merge is not None else []
        lanes = [one for one in incoming if one in outgoing or any(one in box.takes for box in after)]
        shared = sum(len(set(incoming).intersection(*[box.takes])) for box in inner) and len(incoming) > 1
        if len(groups) + len(lanes) < 2 or shared or depth > DEEPEST or (len(incoming) > 1 and lanes):
            return [self._rows(piece, incoming, outgoing, depth)]
        branches: list[Block] = [
            self.arranged(group, [one for one in incoming if any(one in box.takes for box in group)],
                          _given(group, after, outgoing), depth + 1)
            for group in groups
        ]  # fmt: skip
        blocks: list[Block] = [Parallel([*branches, *map(Lane, lanes)])]
        return blocks if merge is None else [*blocks, self.block(merge, depth)]

    def _rows(self, piece: Sequence[Box], incoming: Sequence[int], outgoing: Sequence[int], depth: int) -> Rows:
        seated = []
        for chain in _chains(piece, outgoing):
            gives = chain[-1].gives
            seated.append((chain[0].takes, gives, self.arranged(chain, chain[0].takes, gives, depth + 1)))
        return Rows(seated, incoming, outgoing)


def _chains(boxes: Sequence[Box], outgoing: Collection[int]) -> list[list[Box]]:
    """The boxes in runs in which each takes what the one before it gives, and nobody else does."""
    takers: dict[int, int] = {}
    for box in boxes:
        for tensor in box.takes:
            takers[tensor] = takers.get(tensor, 0) + 1
    chains: list[list[Box]] = []
    ending: dict[int, list[Box]] = {}
    for box in boxes:
        only = box.takes[0] if len(box.takes) == 1 else None
        chain = ending.pop(only, None) if only is not None and takers[only] == 1 and only not in outgoing else None
        if chain is None:
            chain = []
            chains.append(chain)
        chain.append(box)
        if len(box.gives) == 1:
            ending[box.gives[0]] = chain
    return chains


def _ends(piece: Sequence[Box], outgoing: Sequence[int]) -> bool:
    """Whether the last box ends it all: nothing goes on, and all that is made is taken."""
    if outgoing or len(piece) < 2:
        return False
    taken = {tensor for box in piece for tensor in box.takes}
    return all(any(tensor in taken for tensor in box.gives) for box in piece[:-1])


def _given(piece: Sequence[Box], later: Sequence[Box], gives: Collection[int]) -> list[int]:
    """The tensors of a piece that are taken later, or outside."""
    taken = {one for box in later for one in box.takes}
    taken.update(gives)
    return [one for box in piece for one in box.gives if one in taken]


def _until(boxes: Sequence[Box], gives: Collection[int]) -> dict[int, int]:
    """The place of the last box that takes each tensor; behind all of them, where it is taken outside."""
    until = {tensor: place for place, box in enumerate(boxes) for tensor in box.takes}
    until.update(dict.fromkeys(gives, len(boxes)))
    return until


def _cuts(boxes: Sequence[Box], takes: Collection[int], until: Mapping[int, int]) -> list[int]:
    """The boundaries over which a single tensor goes, made right before them; the first and the last of all too."""
    change = [0] * (len(boxes) + 2)
    own: list[list[int]] = [[one for one in box.gives if one in until] for box in boxes]
    for tensor in takes:
        change[until.get(tensor, 0) + 1] -= 1
    for place, tensors in enumerate(own):
        for tensor in tensors:
            change[place + 1] += 1
            change[until[tensor] + 1] -= 1
    crossing = len(takes)
    cuts = [0]
    for boundary in range(1, len(boxes)):
        crossing += change[boundary]
        if crossing == 1 and len(own[boundary - 1]) == 1:
            cuts.append(boundary)
    return [*cuts, len(boxes)]


def _components(boxes: Sequence[Box], incoming: Collection[int]) -> list[list[Box]]:
    """The boxes in groups that take nothing from one another, in execution order."""
    maker = {tensor: place for place, box in enumerate(boxes) for tensor in box.gives}
    root = list(range(len(boxes)))

    def find(place: int) -> int:
        while root[place] != place:
            root[place] = root[root[place]]
            place = root[place]
        return place

    for place, box in enumerate(boxes):
        for tensor in box.takes:
            if tensor in maker and tensor not in incoming:
                one, other = sorted((find(maker[tensor]), find(place)))
                root[other] = one
    groups: dict[int, list[Box]] = {}
    for place, box in enumerate(boxes):
        groups.setdefault(find(place), []).append(box)
    return list(groups.values())
