"""Layers that lay elements out anew, pick, repeat or bring some, as nodes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any

from cnncalc.arithmetic.windows.formulas import CAUSAL, Window
from cnncalc.interchange.onnx.writing.scribe import Held, Step
from cnncalc.interchange.onnx.writing.windows import bordered
from cnncalc.interchange.written import Unsaid
from cnncalc.layers.axes import placed

__all__ = [
    "argmax", "by_distance", "channel_shuffle", "embedding", "expand", "flatten", "folded", "for_each", "given",
    "local", "permute", "pixel_shuffle", "positional", "reduce", "reshape", "select", "to_channels", "topk", "unfold",
]  # fmt: skip

INT64, FLOAT = 7, 1


def flatten(step: Step) -> str:
    """Flatten."""
    return step.put("Flatten", step.taken[0], axis=1)


def reshape(step: Step) -> str:
    """Reshape, the batch as it is."""
    if len(step.x) == 2 and any(not isinstance(n, int) for n in step.y):
        return step.put("Reshape", step.taken[0], step.put("Shape", step.taken[1]))
    return step.reshaped(step.taken[0], step.y)


def permute(step: Step) -> str:
    """Transpose."""
    return step.permuted(step.taken[0], 0, *(axis + 1 for axis in step.layer.order))  # type: ignore[attr-defined]  # it has one


def pixel_shuffle(step: Step) -> str:
    """DepthToSpace on two axes; else the factor's axes moved beside those of the map."""
    r, rank, x = step.layer.factor, step.rank, step.taken[0]  # type: ignore[attr-defined]  # it has one
    if rank == 2:
        return step.put("DepthToSpace", x, blocksize=r, mode="CRD")
    apart = step.reshaped(x, (step.y[0], *(r,) * rank, *step.x[0][1:]))
    order = [0, 1] + [axis for i in range(rank) for axis in (2 + rank + i, 2 + i)]
    return step.reshaped(step.permuted(apart, *order), step.y)


def to_channels(step: Step) -> str:
    """SpaceToDepth where the channels of a pixel stay together on two axes; else by axes of their own."""
    r, rank, x = step.layer.factor, step.rank, step.taken[0]  # type: ignore[attr-defined]  # it has one
    together = step.layer.kind == "space_to_depth"
    if together and rank == 2:
        return step.put("SpaceToDepth", x, blocksize=r)
    apart = step.reshaped(x, (step.x[0][0], *(part for n in step.y[1:] for part in (n, r))))
    inside, outside = [3 + 2 * i for i in range(rank)], [2 + 2 * i for i in range(rank)]
    channels = [*inside, 1] if together else [1, *inside]
    return step.reshaped(step.permuted(apart, 0, *channels, *outside), step.y)


def channel_shuffle(step: Step) -> str:
    """The groups as an axis of their own, exchanged with that of their channels."""
    groups, channels, x = step.layer.groups, step.x[0][0], step.taken[0]  # type: ignore[attr-defined]  # it has them
    if all(isinstance(n, int) for n in step.y):
        apart = step.reshaped(x, (groups, channels // groups, *step.x[0][1:]))
        return step.reshaped(step.permuted(apart, 0, 2, 1, *range(3, step.rank + 3)), step.y)
    apart = step.put("Reshape", x, step.wholes((0, groups, channels // groups, -1)))
    return step.put("Reshape", step.permuted(apart, 0, 2, 1, 3), step.put("Shape", x))


def taken_windows(step: Step, x: str, slid: Sequence[Window], lengths: Sequence[int]) -> str:
    """Every window's pixels side by side: batch, channels, pixels of a window, positions."""
    parts = []
    for place in product(*(range(window.kernel) for window in slid)):
        one = x
        for axis, (at, window, length) in enumerate(zip(place, slid, lengths), 2):
            start = at * window.dilation
            one = step.sliced(one, axis, start, start + (length - 1) * window.stride + 1, window.stride)
        parts.append(step.reshaped(one, (step.x[0][0], 1, -1)))
    return parts[0] if len(parts) == 1 else step.put("Concat", *parts, axis=2)


def unfold(step: Step) -> str:
    """Slices of the padded map, one a pixel of the window."""
    layer: Any = step.layer
    slid = layer.windows()
    lengths = [step.fixed(window.length(n)) for window, n in zip(slid, step.x[0][1:])]
    x = bordered(step, [window.padding(n) for window, n in zip(slid, step.x[0][1:])], 0.0)
    return step.reshaped(taken_windows(step, x, slid, lengths), step.y)


def local(step: Step) -> str:
    """The windows as vectors, each times the matrix of its position."""
    layer: Any = step.layer
    if layer.padding == CAUSAL:
        raise Unsaid("a causal border has no node here", "write the padding in numbers")
    slid = layer.windows(step.x[0])
    lengths = [step.fixed(n) for n in step.y[1:]]
    x = bordered(step, [window.padding(n) for window, n in zip(slid, step.x[0][1:])], 0.0)
    positions, size, out = layer.weight_shapes(*step.x)["weight"]
    flat = step.reshaped(taken_windows(step, x, slid, lengths), (size, positions))
    rows = step.reshaped(step.permuted(flat, 0, 2, 1), (positions, 1, size))
    made = step.put("MatMul", rows, step.learned("weight", (1, positions, size, out)))
    if layer.bias:
        made = step.put("Add", made, step.learned("bias", (1, positions, 1, out)))
    return step.reshaped(step.permuted(made, 0, 3, 2, 1), step.y)


def folded(step: Step) -> str:
    """Col2Im."""
    layer: Any = step.layer
    slid = layer.windows()
    return step.put(
        "Col2Im",
        step.taken[0],
        step.wholes(step.y[1:]),
        step.wholes([window.kernel for window in slid]),
        strides=[window.stride for window in slid],
        dilations=[window.dilation for window in slid],
        pads=[step.fixed(window.padding(n)[side]) for side in (0, 1) for window, n in zip(slid, step.y[1:])],
    )


def reduce(step: Step) -> str:
    """The reduction of that name."""
    layer: Any = step.layer
    kind = {"l1": "ReduceL1", "l2": "ReduceL2", "logsumexp": "ReduceLogSumExp"}.get(layer.by)
    axes = [axis + 1 for axis in placed(layer.axes, step.x[0])]
    return step.reduced(kind or f"Reduce{layer.by.capitalize()}", step.taken[0], axes, keep=layer.keep)


def argmax(step: Step) -> str:
    """ArgMax, as a number of the net's type."""
    layer: Any = step.layer
    (axis,) = placed(layer.axes, step.x[0])
    return step.put("Cast", step.put("ArgMax", step.taken[0], axis=axis + 1, keepdims=int(layer.keep)), to=FLOAT)


def topk(step: Step) -> str:
    """TopK: its values."""
    layer: Any = step.layer
    return step.put("TopK", step.taken[0], step.wholes((layer.k,)), outputs=2, axis=layer.place(step.x[0]) + 1)


def select(step: Step) -> str:
    """Gather of one place."""
    layer: Any = step.layer
    return step.put("Gather", step.taken[0], step.whole(layer.at), axis=layer.place(step.x[0]) + 1)


def by_distance(step: Step) -> str:
    """Gather of the rows of a table for each two places."""
    layer: Any = step.layer
    numbers = tuple([row for rows in layer.rows() for row in rows])
    return step.put(
        "Gather", step.taken[0], step.scribe.keep(Held((layer.places, layer.asked), numbers, "int64")), axis=1
    )


def expand(step: Step) -> str:
    """Expand: 1 leaves an axis as it is."""
    layer: Any = step.layer
    lengths = [1 if length == -1 else length for length in layer.shape]
    return step.put("Expand", step.taken[0], step.wholes((1, *lengths)))


def for_each(step: Step, tensor: str, shape: tuple[int, ...]) -> str:
    """A tensor of the net's own, once for each sample."""
    batch = step.lengths(step.taken[0], 0, 1)
    return step.put("Expand", tensor, step.put("Concat", batch, step.wholes(shape), axis=0))


def given(step: Step) -> str:
    """A tensor of its own and what comes in: a learned one, or ones."""
    layer: Any = step.layer
    if layer.kind == "parameter":
        own = step.learned("weight", (1, *layer.shape) if layer.join in ("alone", "concat") else None)
    else:
        own = step.filled(1, (1, *layer.shape))
    if layer.join in ("add", "multiply"):
        return step.put("Add" if layer.join == "add" else "Mul", step.taken[0], own)
    own = for_each(step, own, layer.shape)
    if layer.join == "alone":
        return own
    parts = [own, step.taken[0]] if layer.first else [step.taken[0], own]
    return step.put("Concat", *parts, axis=layer.axis % len(step.x[0]) + 1)


def positional(step: Step) -> str:
    """A learned tensor added; or sines and cosines by place, computed where they stand (Vaswani et al. 2017)."""
    x = step.taken[0]
    if step.layer.by == "learned":  # type: ignore[attr-defined]  # it says it
        return step.put("Add", x, step.learned("weight"))
    channels, places = step.fixed(step.x[0][0]), math.prod(map(step.fixed, step.x[0][1:]))
    numbers = [step.number(n) for n in range(3)]
    channel = step.put("Range", numbers[0], step.number(channels), numbers[1])
    pair = step.put("Floor", step.put("Div", channel, numbers[2]))
    rate = step.put("Exp", step.put("Mul", pair, step.number(-2 * math.log(10_000) / channels)))
    odd = step.put("Sub", channel, step.put("Mul", pair, numbers[2]))
    turn = step.put("Mul", odd, step.number(math.pi / 2))
    columns = [step.put("Reshape", one, step.wholes((channels, 1))) for one in (rate, turn)]
    place = step.put("Range", numbers[0], step.number(places), numbers[1])
    waves = step.put("Sin", step.put("Add", step.put("Mul", columns[0], place), columns[1]))
    return step.put("Add", x, step.put("Reshape", waves, step.wholes((1, *step.x[0]))))


def embedding(step: Step) -> str:
    """Gather from the table; the numbers are made whole and brought into its vocabulary, as `to_torch` does."""
    layer: Any = step.layer
    bounds = (0, layer.vocabulary - 1)
    whole = step.put("Cast", step.taken[0], to=INT64)
    if len(step.x[0]) > 1:
        whole = step.put("Flatten", whole, axis=1)
    if step.opset >= 12:
        inside = step.put("Clip", whole, *map(step.whole, bounds))
    else:  # Clip takes no whole numbers
        clipped = step.put("Clip", step.put("Cast", whole, to=FLOAT), *map(step.number, bounds))
        inside = step.put("Cast", clipped, to=INT64)
    found = step.put("Gather", step.learned("weight"), inside)
    if layer.bias:
        found = step.put("Add", found, step.learned("bias"))
    if len(step.x[0]) > 2:
        found = step.reshaped(found, (*step.x[0][1:], layer.features))
    return found if layer.axis == "last" else step.channels_first(found, len(step.y) - 1)
