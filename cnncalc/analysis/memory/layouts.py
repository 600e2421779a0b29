"""Where the tensors of a net lie: in whose storage, and between which of their axes elements of it are left out.

A slice is a view of a part, so there are gaps in it: two of eight channels are a quarter of each image's numbers. Where
a reshape, or a product of matrices, joins axes with a gap between them, torch copies the part first.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.graph import Net
from cnncalc.layers.base import Shape
from cnncalc.records import NamedTuple

__all__ = ["Layout", "joined", "laid_out", "storages"]


NONE: frozenset[int] = frozenset()


class Layout(NamedTuple):
    """The storages of a net's tensors."""

    owner: list[int]
    """For each node the node whose storage its output lies in."""
    gaps: dict[int, frozenset[int]]
    """Of nodes that are parts: the axes before which elements are left out; 0 is between images, all of them behind
    the last."""


def joined(gaps: frozenset[int], shape: Shape, axes: int, *, alone: bool) -> bool:
    """Whether there is a gap between the images and so many of a tensor's first axes; `alone`: of one image."""
    last = _foremost(shape, axes) if axes <= len(shape) else axes
    return any(gap < last for gap in gaps if gap > 0 or not alone)


def storages(graph: Net, *, training: bool) -> list[int]:
    """For each node the node whose storage its output lies in."""
    return laid_out(graph, training=training).owner


def laid_out(graph: Net, *, training: bool) -> Layout:
    """Where each node's output lies: a view (flatten) and a layer in place lie in the storage of their input."""
    reuses = [layer.reuses_input(training=training) for layer, _ in graph.signatures]
    parts = [met.part_along for met in graph.signatures]
    owner: list[int] = []
    gaps: dict[int, frozenset[int]] = {}
    for node in graph.nodes:
        index = node.index  # not one number more for each
        if node.layer is None or not reuses[node.signature]:
            owner.append(index)
            continue
        source = node.inputs[0]
        if source not in gaps and parts[node.signature] is None:
            owner.append(owner[source])
            continue
        kept: frozenset[int] | None = gaps.get(source, NONE)
        before, place = graph.nodes[source].shape, parts[node.signature]
        if place is not None:
            kept = _of_part(gaps.get(source, NONE), place, before, node.shape)
        elif kept and node.layer.taken_axes(*graph.input_shapes(node)) is not None:
            kept = _reshaped(kept, before, node.shape)
        if kept:
            gaps[index] = kept
        owner.append(index if kept is None else owner[source])
    return Layout(owner, gaps)


def _of_part(gaps: frozenset[int], place: int, before: Shape, after: Shape) -> frozenset[int]:
    """Behind a layer that takes a part along one axis, which goes where the output has one axis less."""
    gone = len(after) < len(before)
    if before[place] != (1 if gone else after[place]):
        gaps |= {place}
    return frozenset(_foremost(after, gap - (gone and gap > place)) for gap in gaps)


def _reshaped(gaps: frozenset[int], before: Shape, after: Shape) -> frozenset[int] | None:
    """The gaps in another shape; None where an axis of that would have one in it, so that it is a copy."""
    found = [_cut(before[:gap], before[gap:], after) for gap in gaps]
    return None if None in found else frozenset(_foremost(after, gap) for gap in found if gap is not None)


def _cut(first: Shape, rest: Shape, after: Shape) -> int | None:
    """The axis of a shape before which it holds as many elements as `first`, and behind which as many as `rest`."""
    before, behind = _product(first), _product(rest)
    for gap in range(len(after) + 1):
        if (before is not None and _product(after[:gap]) == before) or (
            behind is not None and _product(after[gap:]) == behind
        ):
            return gap
    return None


def _product(lengths: Sequence[object]) -> int | None:
    """What lengths multiply to; None where one of them is a symbol."""
    made = 1
    for length in lengths:
        if type(length) is not int:
            return None
        made *= length
    return made


def _foremost(shape: Shape, gap: int) -> int:
    """A gap counted before all axes of length 1 that stand before it, whose distances mean nothing."""
    while gap > 0 and type(shape[gap - 1]) is int and shape[gap - 1] == 1:
        gap -= 1
    return gap
