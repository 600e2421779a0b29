"""A net at other input sizes, to see its receptive fields in full, and light sent through it."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from cnncalc.analysis.receptive.fields import fields
from cnncalc.analysis.receptive.sight import Sight
from cnncalc.graph import Net, Node
from cnncalc.layers.kinds import reshape, resize, shuffle
from cnncalc.records import NamedTuple
from cnncalc.torch_backend.fields.lighting import Lamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cnncalc.analysis.receptive.fields import Fields
    from cnncalc.layers import Shape

__all__ = ["Trial", "lit_nodes", "own_size", "whole_fields"]

STEP = 16
"""The axes that are not looked at are tried shorter by multiples of this: what must divide them may still do so."""
NEAR = 8
"""So many pixels at either end of a large input are lit one by one."""
ALL = 1 << 25
"""Where fewer pixels are enough to do so, light ends at every pixel of the axis."""
LONGEST = 1 << 16
"""The longest field that is seen in full: beyond it light takes minutes, as behind nine steps of strided layers."""
LARGEST = 1 << 24
"""Pixels in all images that are lit at once."""


class Trial(NamedTuple):
    """A net at some size, with the pixels of one axis of one input at which light is to end or to begin."""

    graph: Net
    source: str
    axis: int
    seen: list[Fields]
    ends: list[int]


def own_size(graph: Net, source: str, axis: int) -> Trial:
    """The net at its own length along `axis`, and narrow along the others if that changes nothing."""
    n = graph.nodes[graph.inputs[source]].shape[1 + axis]
    seen = fields(graph, source)
    longest = max(graph.nodes[graph.inputs[source]].shape[1:])
    crops = any(isinstance(layer, resize.Crop) for layer, _ in graph.signatures)
    for narrow in (-1, *range(longest // STEP)):
        made = graph.resized(_lengths(graph, source, axis, n, narrow))
        if made is not None and not (crops and _thinned(graph, made)):
            theirs = fields(made, source)
            if all(_alike(one, other, axis) for one, other in zip(seen, theirs, strict=True)):
                return Trial(made, source, axis, theirs, _own_ends(made, source, axis, theirs))
    return Trial(graph, source, axis, seen, _own_ends(graph, source, axis, seen))


def _own_ends(graph: Net, source: str, axis: int, seen: Sequence[Fields]) -> list[int]:
    """All pixels of the axis, or where that is too much work, some at either end and one turn in the middle."""
    shape = graph.nodes[graph.inputs[source]].shape
    n = shape[1 + axis]
    if 2 * n * prod(shape[1:]) <= ALL:
        return list(range(n))
    step = _largest(seen, axis)[1]
    return sorted({*range(NEAR), *range(n - NEAR, n), *range(max(n // 2 - step, 0), min(n // 2 + step, n))})


def whole_fields(own: Trial) -> Trial | None:
    """The net at such a length that a pixel in the middle of every layer sees no border.

    None where it does already, or where that is too long: such a field is held at the net's own size alone.
    """
    graph, source, axis = own.graph, own.source, own.axis
    shape = graph.nodes[graph.inputs[source]].shape
    n = shape[1 + axis]
    size, step = _largest(own.seen, axis)
    if size + 2 * step < n or size > LONGEST:
        return None
    for turns in range((size + 3 * step) // n + 1, (size + 3 * step) // n + 4):
        length = n * turns
        made = graph.resized(_lengths(graph, source, axis, length, None))
        if made is None:
            continue
        seen = fields(made, source)
        grown, step = _largest(seen, axis)
        if grown + 2 * step < length:
            return Trial(
                made, source, axis, seen, list(range(length // 2 - step // 2 - 1, length // 2 + step // 2 + 2))
            )
    return None


def _lengths(graph: Net, source: str, axis: int, length: int, narrow: int | None) -> dict[int, Shape]:
    """Input shapes, by index: those like the source's get `length` along `axis`.

    The other axes are `narrow` times STEP long, and what is left over where STEP does not divide them; −1 is one pixel.
    """
    like = graph.nodes[graph.inputs[source]].shape[1:]
    shapes: dict[int, Shape] = {}
    for index in graph.inputs.values():
        channels, *rest = graph.nodes[index].shape
        if tuple(rest) == like:
            if narrow is not None:
                rest = [min(n, max(n % STEP + narrow * STEP, 1)) for n in rest]
            rest[axis] = length
        shapes[index] = (channels, *rest)
    return shapes


def _thinned(graph: Net, made: Net) -> bool:
    """Whether a map has become one pixel wide, of which a crop may leave nothing but padding."""
    lengths = (zip(one.shape[1:], other.shape[1:]) for one, other in zip(graph.nodes, made.nodes, strict=True))
    return any(n > 1 == narrow for pairs in lengths for n, narrow in pairs)


def _alike(one: Fields, other: Fields, axis: int) -> bool:
    """Whether two tensors see the same along an axis of the input, and something along the others."""
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    dark = None in other.extents and None not in one.extents
    return not dark and (one.fields[axis], one.extents[axis]) == (other.fields[axis], other.extents[axis])


def _largest(seen: Iterable[Fields], axis: int) -> tuple[int, int]:
    """The largest field that moves, and the most input pixels after which one repeats."""
    moving = [one.fields[axis] for one in seen if isinstance(one, Sight) and one.fields[axis].advance]
    return max((one.size for one in moving), default=0), max((one.advance for one in moving), default=1)


def lit_nodes(trial: Trial, images: Tensor, lamp: Lamp, look: Callable[[int, Node, Tensor, bool], None]) -> None:
    """Send light through the net: `images` hold the source's axis, 1 where lit; the other axes are lit alike.

    `look` is called with each layer's node and its tensor, and whether that is new or its input's own.
    """
    graph = trial.graph
    last = {index: index for index in range(len(graph.nodes))}
    for index, node, _ in graph.layers():
        last.update(dict.fromkeys(node.inputs, index))
    tensors: dict[int, Tensor] = {}
    for index, node in enumerate(graph.nodes):
        if node.layer is None:
            lit = images if index == graph.inputs[trial.source] else torch.zeros_like(images[:, :1])
            places = [len(images), *[1] * len(node.shape)]
            if index == graph.inputs[trial.source]:
                places[2 + trial.axis] = node.shape[1 + trial.axis]
            # channels are alike; the other axes are laid out, as windows slide over them
            tensors[index] = lit.reshape(places).expand(-1, 1, *node.shape[1:]).contiguous().expand(-1, *node.shape)
            continue
        taken = [tensors[one] for one in node.inputs]
        tensors[index] = made = lamp.through(node.layer, taken, node.shape)
        look(index, node, made, made is not taken[0])
        for one in {index, *node.inputs}:
            if last[one] == index:
                del tensors[one]


def picks_channels(graph: Net) -> bool:
    """Whether a layer tells channels apart."""
    return any(isinstance(layer, (resize.Slice, reshape.Reshape, shuffle.PixelShuffle)) for *_, layer in graph.layers())


def chunks(trial: Trial) -> Iterator[Tensor]:
    """The ends in pieces, such that so many images do not take too much memory."""
    pixels = prod(trial.graph.nodes[trial.graph.inputs[trial.source]].shape[1:])
    most = max(LARGEST // pixels // 2, 4)
    for start in range(0, len(trial.ends), most):
        yield torch.tensor(trial.ends[start : start + most])
