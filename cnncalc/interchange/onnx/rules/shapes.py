"""Nodes that lay elements out anew, cut them or join them."""

from __future__ import annotations

import math

from cnncalc.interchange.onnx.arrays import broadcast, resolved, slices
from cnncalc.interchange.onnx.call import WITHIN, Call, Live, NotKnown, Value
from cnncalc.interchange.onnx.cutting import parts_of
from cnncalc.interchange.onnx.parts import Tensor
from cnncalc.interchange.onnx.rules.fixed import held

__all__ = [
    "concat", "depth_to_space", "expand", "flatten", "reshape", "shape_of", "slice_",
    "space_to_depth", "split", "squeeze", "tile", "transpose", "unsqueeze",
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
    shape = call.own(Live(live.tensor, axis), full)
    if not shape:
        axis, shape = alone(call)
    if shape == call.shape(live):
        return Live(live.tensor, axis)
    if len(shape) == 1:
        return call.put("flatten", live, batch=axis)
    return call.put("reshape", live, batch=axis, shape=shape)


def alone(call: Call) -> tuple[int, tuple[int, ...]]:
    """The axis of the batch and the shape of one number an image, which is a list of one. Raises `NotKnown`."""
    if call.batch != 1:
        raise NotKnown("a number for each image")
    return WITHIN, (1,)


def batch_of(call: Call, axis: int, before: tuple[int, ...], full: tuple[int, ...]) -> int:
    """The axis that is the batch once the elements are laid out anew."""
    if axis != WITHIN and axis < len(full) and full[axis] == call.batch and full[:axis] == before[:axis]:
        return axis
    start = before[: max(axis, 1)]
    if axis == WITHIN:  # of several images, what has no batch has none in another shape
        return 0 if full[:1] == (call.batch,) == (1,) else WITHIN
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
        batch, left = alone(call)
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
    if len(new) != len(axes):
        raise NotKnown("its axes are not as many as it says")
    rest = [axis for axis in range(rank) if axis not in new]
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
        return [call.put("permute", live, order=order) if order != tuple(range(rank)) else live]
    batch = order.index(live.axis)
    ours = tuple(axis - (axis > live.axis) for axis in order if axis != live.axis)
    if ours == tuple(sorted(ours)):
        return [Live(live.tensor, batch)]
    return [call.put("permute", live, batch=batch, order=ours)]


def concat(call: Call) -> list[Value]:
    """Concat; what the file holds stands beside what comes in."""
    values = [value for value in call.present() if isinstance(value, Live) or value.size]  # of no length adds nothing
    lives = [value for value in values if isinstance(value, Live)]
    if not lives:
        raise NotKnown("nothing of it is known")
    if len({live.axis for live in lives}) > 1:
        lives = [call.freed(live) for live in lives]
        values = [*lives] if len(lives) == len(values) else values
    axis = call.ours(call.whole("axis", 1), lives[0])
    if len({(live.axis, len(call.shape(live))) for live in lives}) > 1:
        raise NotKnown("the batch is another axis of each input")
    joined: list[Live] = []
    for place, value in enumerate(values):
        if isinstance(value, Live):
            joined.append(value)
            continue
        misfit = lives[0].axis != WITHIN and value.dims[lives[0].axis : lives[0].axis + 1] != (call.batch,)
        if len(value.dims) != len(call.full(lives[0])) or misfit:
            raise NotKnown("a fixed tensor has other axes")
        shape = call.own(lives[0], value.dims)
        joined.append(held(call, value, lives[0], shape, lives[0].axis, f"_{place + 1}"))
    return [joined[0] if len(joined) == 1 else call.put("concat", *joined, axis=axis)]


def cut(call: Call, live: Live, axis: int, start: int, stop: int, step: int = 1, suffix: str = "") -> Live:
    """The places from `start` up to `stop` of an axis of ours."""
    n = call.shape(live)[axis]
    if (start, stop, step) == (0, n, 1):
        return live
    return call.put("slice", live, axis=axis, suffix=suffix, channels=(start, stop), step=step)


def slice_(call: Call) -> list[Value]:
    """Slice, an axis after the other; what takes nothing depends on no input."""
    live = call.live()
    full = call.full(live)
    parts = slices(call.node, [value if isinstance(value, Tensor) else None for value in call.values], full)
    if parts is None:
        raise NotKnown("what it takes is not known")
    for number, (axis, part) in enumerate(sorted(parts.items())):
        start, stop, step = part.indices(full[axis])
        if (start, stop, step) == (0, full[axis], 1):
            continue
        places = len(range(start, stop, step))
        if not places:  # as of a roll by 0 places, which torch writes as two parts that are joined
            return [Tensor((*full[:axis], 0, *full[axis + 1 :]), ())]
        if step < 1:  # no layer turns an axis round: of what comes out the shape alone is known
            ours = call.ours(axis, live)
            shape = (*call.shape(live)[:ours], places, *call.shape(live)[ours + 1 :])
            live = call.put("opaque", live, suffix=f"_{number + 1}" if number else "", shape=shape, of="Slice")
            continue
        live = cut(call, live, call.ours(axis, live), start, stop, step, suffix=f"_{number + 1}" if number else "")
    return [live]


def split(call: Call) -> list[Value]:
    """Split: a slice for each part that something takes."""
    live = call.live()
    axis = call.ours(call.whole("axis", 0), live)
    given = call.wholes("split") if "split" in call.node.attributes else call.numbers(1)
    parts = parts_of(call.node, call.shape(live)[axis], given)
    if parts is None:
        raise NotKnown("its parts do not add up")
    return [
        cut(call, live, axis, part.start, part.stop, suffix=f"_{place + 1}") if output else live
        for place, (part, output) in enumerate(zip(parts, call.node.outputs))
    ]


def expand(call: Call) -> list[Value]:
    """Expand: axes of length 1 repeated."""
    live, wanted = call.live(), call.numbers(1)
    full = broadcast(call.full(live), wanted) if wanted is not None else None
    if full is None or len(full) != len(call.full(live)) or (live.axis != WITHIN and full[live.axis] != call.batch):
        raise NotKnown("its shape is not known, or it repeats the batch")
    shape = call.own(live, full)
    return [live if shape == call.shape(live) else call.put("expand", live, shape=shape)]


MOST_TIMES = 1_000


def tile(call: Call) -> list[Value]:
    """Tile: axes of length 1 become longer, of longer ones there are several."""
    live, times = call.live(), call.numbers(1)
    full = call.full(live)
    if times is None or len(times) != len(full) or (live.axis != WITHIN and times[live.axis] != 1):
        raise NotKnown("how often it repeats is not known")
    if all(one == 1 for one in times):
        return [live]
    if not all(1 <= one <= MOST_TIMES for one in times):
        raise NotKnown("how often it repeats is not known")
    for axis, one in enumerate(times):
        if one > 1 and full[axis] > 1:
            live = call.put("concat", *[live] * one, suffix=f"_{axis}", axis=call.ours(axis, live))
    made = tuple(n * one for n, one in zip(full, times))
    shape = call.own(live, made)
    return [live if call.shape(live) == shape else call.put("expand", live, shape=shape)]


def depth_to_space(call: Call) -> list[Value]:
    """DepthToSpace."""
    return [call.put("pixel_shuffle", call.map(), factor=call.whole("blocksize", 1))]


def space_to_depth(call: Call) -> list[Value]:
    """SpaceToDepth."""
    return [call.put("space_to_depth", call.map(), factor=call.whole("blocksize", 1))]
