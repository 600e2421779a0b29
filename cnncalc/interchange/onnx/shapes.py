"""Nodes that lay elements out anew, pick some of them, join them, or make one of many."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from cnncalc.interchange.onnx.arrays import broadcast, nearest_places, resolved, slices
from cnncalc.interchange.onnx.call import WITHIN, Call, Live, NotKnown, Value
from cnncalc.interchange.onnx.parts import Tensor
from cnncalc.interchange.onnx.windows import mean

__all__ = [
    "argmax", "concat", "depth_to_space", "expand", "flatten", "gather", "reduce", "reshape", "shape_of", "slice_",
    "space_to_depth", "split", "squeeze", "tile", "topk", "transpose", "unsqueeze",
]  # fmt: skip


def shape_of(call: Call) -> list[Value]:
    """Shape and Size: whole numbers that the file's input decides."""
    dims = call.full(call.live())
    if call.node.kind == "Size":
        return [Tensor((), (math.prod(dims),), 7)]
    dims = dims[call.whole("start", 0) : call.whole("end", len(dims))]
    return [Tensor((len(dims),), dims, 7)]


def laid_out(call: Call, live: Live, full: tuple[int, ...]) -> Live:
    """The same elements in another shape; the batch is the first axis, or keeps its place."""
    before = call.full(live)
    if full == before:
        return live
    axis = batch_of(call, live.axis, before, full)
    shape = full if axis == WITHIN else (*full[:axis], *full[axis + 1 :])
    if not shape:
        raise NotKnown("a number for each image")
    if shape == call.shape(live):
        return Live(live.tensor, axis)
    if len(shape) == 1:
        return call.put("flatten", live, batch=axis)
    return call.put("reshape", live, batch=axis, shape=shape)


def batch_of(call: Call, axis: int, before: tuple[int, ...], full: tuple[int, ...]) -> int:
    """The axis that is the batch once the elements are laid out anew."""
    if axis != WITHIN and axis < len(full) and full[axis] == call.batch and full[:axis] == before[:axis]:
        return axis
    start = before[: max(axis, 1)]
    if axis == WITHIN and full[:1] == (call.batch,):
        return 0
    kept = [one for one, n in enumerate(full) if n == call.batch and full[:one] == start]
    if kept:
        return kept[0]
    if call.batch != 1 or not full:
        raise NotKnown("it mixes the batch with other axes")
    return WITHIN


def reshape(call: Call) -> list[Value]:
    """Reshape: 0 copies a length, -1 is what is left."""
    live = call.live()
    given = call.wholes("shape") if call.opset < 5 else call.numbers(1)
    full = (
        resolved(given, call.full(live), zero_is_length=bool(call.whole("allowzero", 0))) if given is not None else None
    )
    if full is None:
        raise NotKnown("its shape is not known")
    return [laid_out(call, live, full)]


def flatten(call: Call) -> list[Value]:
    """Flatten to two axes."""
    live = call.live()
    full = call.full(live)
    axis = call.whole("axis", 1)
    axis = axis + len(full) if axis < 0 else axis
    return [laid_out(call, live, (math.prod(full[:axis]), math.prod(full[axis:])))]


def squeeze(call: Call) -> list[Value]:
    """Squeeze: axes of length 1 go."""
    live, axes = call.live(), call.axes()
    full = call.full(live)
    if axes is None:
        axes = tuple(axis for axis, n in enumerate(full) if n == 1 and axis != live.axis)
    if live.axis == WITHIN:
        rank = len(full)
        return [laid_out(call, live, tuple(n for axis, n in enumerate(full) if axis not in {a % rank for a in axes}))]
    gone = {call.ours(axis, live) for axis in axes}
    shape = call.shape(live)
    if any(axis >= len(shape) or shape[axis] != 1 for axis in gone):
        raise NotKnown("an axis to go is longer than 1")
    left = tuple(n for axis, n in enumerate(shape) if axis not in gone)
    batch = live.axis - sum(1 for axis in gone if axis < live.axis)
    if not left:
        raise NotKnown("a number for each image")
    if len(left) == 1:
        return [call.put("flatten", live, batch=batch)]
    return [call.put("reshape", live, batch=batch, shape=left) if left != shape else live]


def unsqueeze(call: Call) -> list[Value]:
    """Unsqueeze: axes of length 1 come."""
    live, axes = call.live(), call.axes()
    if axes is None:
        raise NotKnown("its axes are not known")
    rank = len(call.full(live)) + len(axes)
    new = {axis % rank for axis in axes}
    old = iter(range(rank))
    rest = [axis for axis in old if axis not in new]
    batch = rest[live.axis] if live.axis != WITHIN else WITHIN
    full = call.full(live)
    made = tuple(full[rest.index(axis)] if axis in rest else 1 for axis in range(rank))
    if batch == WITHIN:
        return [laid_out(call, live, made)]
    return [call.put("reshape", live, batch=batch, shape=(*made[:batch], *made[batch + 1 :]))]


def transpose(call: Call) -> list[Value]:
    """Transpose; where only the batch moves nothing is done."""
    live = call.live()
    rank = len(call.full(live))
    order = call.wholes("perm") or tuple(reversed(range(rank)))
    order = tuple(axis + rank if axis < 0 else axis for axis in order)
    if sorted(order) != list(range(rank)):
        raise NotKnown("`perm` is no order of the axes")
    if live.axis == WITHIN:
        if order[0] != 0:
            raise NotKnown("it moves the batch and what it is put together with")
        return [call.put("permute", live, order=order) if order != tuple(range(rank)) else live]
    batch = order.index(live.axis)
    ours = tuple(axis - (axis > live.axis) for axis in order if axis != live.axis)
    if ours == tuple(sorted(ours)):
        return [Live(live.tensor, batch)]
    return [call.put("permute", live, batch=batch, order=ours)]


def concat(call: Call) -> list[Value]:
    """Concat; what the file holds stands beside what comes in."""
    values = [value for value in call.values if value is not None]
    lives = [value for value in values if isinstance(value, Live)]
    if not lives:
        raise NotKnown("nothing of it is known")
    axis = call.ours(call.whole("axis", 1), lives[0])
    if len({(live.axis, len(call.shape(live))) for live in lives}) > 1:
        raise NotKnown("the batch is another axis of each input")
    joined: list[Live] = []
    for place, value in enumerate(values):
        if isinstance(value, Live):
            joined.append(value)
            continue
        if len(value.dims) != len(call.full(lives[0])) or value.dims[lives[0].axis] != call.batch:
            raise NotKnown("a fixed tensor has other axes")
        shape = (*value.dims[: lives[0].axis], *value.dims[lives[0].axis + 1 :])
        kind = "parameter" if value.floating and value.name else "constant"
        joined.append(call.put(kind, lives[0], suffix=f"_{place + 1}", shape=shape, join="alone"))
    return [joined[0] if len(joined) == 1 else call.put("concat", *joined, axis=axis)]


def cut(call: Call, live: Live, axis: int, start: int, stop: int, step: int = 1, suffix: str = "") -> Live:
    """The places from `start` up to `stop` of an axis of ours."""
    n = call.shape(live)[axis]
    if (start, stop, step) == (0, n, 1):
        return live
    return call.put("slice", live, axis=axis, suffix=suffix, channels=(start, stop), step=step)


def slice_(call: Call) -> list[Value]:
    """Slice, an axis after the other."""
    live = call.live()
    full = call.full(live)
    parts = slices(call.node, [value if isinstance(value, Tensor) else None for value in call.values], full)
    if parts is None:
        raise NotKnown("what it takes is not known")
    for number, (axis, part) in enumerate(sorted(parts.items())):
        start, stop, step = part.indices(full[axis])
        if (start, stop, step) == (0, full[axis], 1):
            continue
        if step < 1 or stop <= start:
            raise NotKnown("it turns an axis round, or takes nothing")
        live = cut(call, live, call.ours(axis, live), start, stop, step, suffix=f"_{number + 1}" if number else "")
    return [live]


def split(call: Call) -> list[Value]:
    """Split: a slice for each part that something takes."""
    live = call.live()
    axis = call.ours(call.whole("axis", 0), live)
    n, count = call.shape(live)[axis], len(call.node.outputs)
    parts = call.wholes("split") if "split" in call.node.attributes else call.numbers(1)
    if parts is None:
        each = -(-n // (call.whole("num_outputs", 0) or count))
        parts = tuple(max(min(each, n - each * place), 0) for place in range(count))
    if sum(parts) != n or len(parts) != count or min(parts) < 1:
        raise NotKnown("its parts do not add up")
    starts = [sum(parts[:place]) for place in range(count)]
    return [
        cut(call, live, axis, start, start + part, suffix=f"_{place + 1}") if output else live
        for place, (start, part, output) in enumerate(zip(starts, parts, call.node.outputs))
    ]


def gather(call: Call) -> list[Value]:
    """Gather: one place, a run of places, or a table that numbers are looked up in."""
    if isinstance(call.values[0], Tensor):
        table, live = call.fixed(0), call.live(1)
        shape = call.shape(live)
        if len(table.dims) != 2 or call.whole("axis", 0) or live.axis or not (len(shape) == 1 or shape[0] == 1):
            raise NotKnown("a look-up in no table of vectors")
        fields: dict[str, Any] = {"vocabulary": table.dims[0], "features": table.dims[1], "axis": "last"}
        return [call.put("embedding", live, weights=[table], **fields)]
    live, at = call.live(), call.numbers(1)
    full = call.full(live)
    if len(full) == 1 and at == tuple(range(full[0])) and call.fixed(1).dims:
        return [laid_out(call, live, call.fixed(1).dims)]  # torch's as_strided, as its newest exporter writes it
    axis = call.ours(call.whole("axis", 0), live)
    n = call.shape(live)[axis]
    if not at:
        raise NotKnown("the places that it takes are not known")
    places = [one % n for one in at]
    if not call.fixed(1).dims:
        if len(call.shape(live)) == 1:
            raise NotKnown("a number for each image")
        moved = live.axis - (axis < live.axis)
        return [Live(call.put("select", live, axis=axis, at=places[0]).tensor, moved)]
    if len(call.fixed(1).dims) == 1 and axis and places == nearest_places(n, len(places)) != [*range(n)]:
        shape = call.shape(live)
        return [call.put("upsample", live, size=(*shape[1:axis], len(places), *shape[axis + 1 :]))]
    if len(call.fixed(1).dims) > 1 or any(b - a != 1 for a, b in pairwise(places)):
        raise NotKnown("the places that it takes are no run")
    return [cut(call, live, axis, places[0], places[-1] + 1)]


def expand(call: Call) -> list[Value]:
    """Expand: axes of length 1 repeated."""
    live, wanted = call.live(), call.numbers(1)
    full = broadcast(call.full(live), wanted) if wanted is not None else None
    if full is None or len(full) != len(call.full(live)) or full[live.axis] != call.batch:
        raise NotKnown("its shape is not known, or it repeats the batch")
    if live.axis == WITHIN:
        raise NotKnown("it repeats the batch and what it is put together with")
    shape = (*full[: live.axis], *full[live.axis + 1 :])
    return [live if shape == call.shape(live) else call.put("expand", live, shape=shape)]


MOST_TIMES = 1_000


def tile(call: Call) -> list[Value]:
    """Tile: axes of length 1 become longer, of longer ones there are several."""
    live, times = call.live(), call.numbers(1)
    full = call.full(live)
    if times is None or len(times) != len(full) or times[live.axis] != 1:
        raise NotKnown("how often it repeats is not known")
    if all(one == 1 for one in times):
        return [live]
    if not all(1 <= one <= MOST_TIMES for one in times):
        raise NotKnown("how often it repeats is not known")
    for axis, one in enumerate(times):
        if one > 1 and full[axis] > 1:
            live = call.put("concat", *[live] * one, suffix=f"_{axis}", axis=call.ours(axis, live))
    made = tuple(n * one for n, one in zip(full, times))
    shape = (*made[: live.axis], *made[live.axis + 1 :])
    return [live if call.shape(live) == shape else call.put("expand", live, shape=shape)]


def depth_to_space(call: Call) -> list[Value]:
    """DepthToSpace."""
    return [call.put("pixel_shuffle", call.map(), factor=call.whole("blocksize", 1))]


def space_to_depth(call: Call) -> list[Value]:
    """SpaceToDepth."""
    return [call.put("space_to_depth", call.map(), factor=call.whole("blocksize", 1))]


REDUCTIONS = {
    "ReduceMean": "mean", "ReduceSum": "sum", "ReduceMax": "max", "ReduceMin": "min", "ReduceL1": "l1",
    "ReduceL2": "l2", "ReduceLogSumExp": "logsumexp",
}  # fmt: skip


def reduce(call: Call) -> list[Value]:
    """The reductions; over all of a map they are global pools."""
    pooled = mean(call)
    if pooled is not None:
        return pooled
    live, axes = call.live(), call.axes()
    if axes is None:
        raise NotKnown("over the batch too")
    ours = tuple(sorted(call.ours(axis, live) for axis in axes))
    keep = bool(call.whole("keepdims", 1))
    batch = live.axis if keep else live.axis - sum(1 for axis in ours if axis < live.axis)
    return [call.put("reduce", live, batch=batch, by=REDUCTIONS[call.node.kind], axes=ours, keep=keep)]


def topk(call: Call) -> list[Value]:
    """TopK: the largest numbers; their places are a tensor of the same shape."""
    live = call.live()
    k = (call.whole("k", 1),) if "k" in call.node.attributes else call.numbers(1)
    if not k or k[0] < 1:
        raise NotKnown("k is not known")
    made = call.put("topk", live, k=k[0], axis=call.ours(call.whole("axis", -1), live))
    return [made, made]


def argmax(call: Call) -> list[Value]:
    """ArgMax and ArgMin."""
    live = call.live()
    ours = call.ours(call.whole("axis", 0), live)
    return [call.put("argmax", live, axes=(ours,), keep=bool(call.whole("keepdims", 1)))]
