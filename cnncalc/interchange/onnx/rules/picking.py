"""Nodes that pick some elements of many, by their places or by their numbers, or make one of many."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from cnncalc.arithmetic.windows.nearest import nearest_places
from cnncalc.interchange.onnx.arrays import ints
from cnncalc.interchange.onnx.call import WITHIN, Call, Live, NotKnown, Value
from cnncalc.interchange.onnx.parts import Tensor
from cnncalc.interchange.onnx.rules.elements import layer_norm
from cnncalc.interchange.onnx.rules.shapes import alone, cut, laid_out
from cnncalc.interchange.onnx.rules.windows import mean

__all__ = [
    "REDUCTIONS",
    "argmax",
    "gather",
    "gather_nd",
    "normalised",
    "reduce",
    "reversed_sequence",
    "scattered",
    "topk",
]


PLACES = (6, 7, 9)
"""int32, int64 and bool: types of which no table of a quantised net is."""
MOST_AXES = 4
"""Of a tensor that a layer brings."""


def gather(call: Call) -> list[Value]:
    """Gather: one place, a run of places, or a table that numbers are looked up in."""
    if isinstance(call.values[0], Tensor):
        table, live = call.fixed(0), call.live(1)
        shape = call.shape(live)
        whole = table.type in PLACES or table.computed_anew  # numbers of levels, or of boxes: nobody learns them
        if len(table.dims) != 2 or call.whole("axis", 0) or live.axis > 0 or whole:
            return [anywhere(call, table.dims, call.full(live), [table] if table.floating and table.learned else [])]
        if len(shape) > 1 and shape[0] != 1:  # of a map of numbers we want one channel
            live = call.put("reshape", live, suffix="_numbers", shape=(1, *shape))
        fields: dict[str, Any] = {"vocabulary": table.dims[0], "features": table.dims[1], "axis": "last"}
        return [call.put("embedding", live, weights=[table], **fields)]
    if call.given(1) and isinstance(call.values[1], Live):
        return [anywhere(call, call.full(call.live()), call.full(call.live(1)), [])]
    live, at = call.live(), ints(call.fixed(1))
    full = call.full(live)
    if len(full) == 1 and call.fixed(1).size == full[0] and at in (None, tuple(range(full[0]))) and call.fixed(1).dims:
        return [laid_out(call, live, call.fixed(1).dims)]  # torch's as_strided, as its newest exporter writes it
    axis = call.ours(call.whole("axis", 0), live)
    n, given = call.shape(live)[axis], call.whole("axis", 0) % len(full)
    if not at:
        return [picked(call, live, (*full[:given], *call.fixed(1).dims, *full[given + 1 :]))]
    places = [one % n for one in at]
    if not call.fixed(1).dims:
        if len(call.shape(live)) == 1:
            batch, _ = alone(call)
            return [Live(cut(call, live, 0, places[0], places[0] + 1).tensor, batch)]
        moved = live.axis - (axis < live.axis)
        return [Live(call.put("select", live, axis=axis, at=places[0]).tensor, moved)]
    if len(call.fixed(1).dims) == 1 and axis and places == nearest_places(n, len(places)) != [*range(n)]:
        shape = call.shape(live)
        return [call.put("upsample", live, size=(*shape[1:axis], len(places), *shape[axis + 1 :]))]
    if (rows := by_distance(call, live, axis, places)) is not None:
        return [rows]
    if len(call.fixed(1).dims) > 1 or any(b - a != 1 for a, b in pairwise(places)):
        return [picked(call, live, (*full[:given], *call.fixed(1).dims, *full[given + 1 :]))]
    return [cut(call, live, axis, places[0], places[-1] + 1)]


def anywhere(call: Call, dims: tuple[int, ...], at: tuple[int, ...], weights: list[Tensor]) -> Live:
    """What stands at places that the net computes, of a tensor or of one that the file holds: its shape alone."""
    from cnncalc.interchange.onnx.rules.rarer import result

    axis = call.whole("axis", 0)
    axis += len(dims) * (axis < 0)
    if not 0 <= axis < len(dims):
        raise NotKnown(f"there is no axis {axis}")
    if weights:
        live = next(value for value in call.values if isinstance(value, Live))
        shape = dims if len(dims) <= MOST_AXES else (weights[0].size,)
        table = call.put("parameter", live, suffix="_table", batch=WITHIN, weights=weights, shape=shape, join="alone")
        call.values = [table, *call.values[1:]]
    return result(call, (*dims[:axis], *at, *dims[axis + 1 :]))


def by_distance(call: Call, live: Live, axis: int, places: list[int]) -> Live | None:
    """The rows of a table of distances for each two places; None where it is something else that is picked."""
    if axis or live.axis or len(call.fixed(1).dims) != 2:
        return None
    asking, asked = call.fixed(1).dims
    from cnncalc.layers.kinds.algebra.distances import Distances

    told = Distances(places=asking, asked=asked)
    fits = all(one.holds for one in told.requirements(call.shape(live)))
    if not fits or [row for rows in told.rows() for row in rows] != places:
        return None
    return call.put("distances", live, places=asking, asked=asked)


def picked(call: Call, live: Live, full: tuple[int, ...]) -> Live:
    """What is picked at places in no order that a layer has: of that, the shape alone is known."""
    if live.axis != WITHIN and full[: live.axis + 1] != call.full(live)[: live.axis + 1]:
        raise NotKnown("it picks along the batch, or before it")
    return call.put("opaque", live, shape=call.own(live, full), of=call.node.kind)


def gather_nd(call: Call) -> list[Value]:
    """GatherND at places that the file holds, or the net computes; `batch_dims` axes go along with them."""
    from cnncalc.interchange.onnx.rules.rarer import result

    first, places = call.values[0], call.values[1] if call.given(1) else call.fixed(1)
    live = call.live(0 if isinstance(first, Live) else 1)
    full = call.full(first) if isinstance(first, Live) else call.fixed(0).dims
    *around, depth = (call.full(places) if isinstance(places, Live) else call.fixed(1).dims) or (0,)
    alike = call.whole("batch_dims", 0)
    if not 0 < depth <= len(full) - alike or not 0 <= alike <= len(around):
        raise NotKnown("its places are none of its first input's")
    made = (*around, *full[alike + depth :])
    if isinstance(places, Live):
        return [result(call, made)]
    return [picked(call, call.freed(live), made)]


def scattered(call: Call) -> list[Value]:
    """ScatterND and ScatterElements: a tensor that is written over in part: of that, the shape alone is known."""
    lives = [value for value in call.present() if isinstance(value, Live)]
    if not lives or not call.given(0):
        raise NotKnown("what it writes is not known")
    if isinstance(data := call.values[0], Tensor):
        return [call.put("opaque", *map(call.freed, lives), shape=data.dims, of=call.node.kind)]
    if len({live.axis for live in lives}) > 1:
        lives = [call.freed(live) for live in lives]
    return [call.put("opaque", *lives, shape=call.shape(lives[0]), of=call.node.kind)]


def reversed_sequence(call: Call) -> list[Value]:
    """ReverseSequence: the same shape, of which no layer says that its places are turned round."""
    live = call.live()
    return [call.put("opaque", live, shape=call.shape(live), of=call.node.kind)]


REDUCTIONS = {
    "ReduceMean": "mean", "ReduceSum": "sum", "ReduceMax": "max", "ReduceMin": "min", "ReduceL1": "l1",
    "ReduceL2": "l2", "ReduceLogSumExp": "logsumexp", "ReduceSumSquare": "sum", "ReduceLogSum": "sum",
    "ReduceProd": "",
}  # fmt: skip
"""What a node makes of the elements along some axes, behind a square or before a logarithm; a product is no layer."""


def reduce(call: Call) -> list[Value]:
    """The reductions; over all of a map they are global pools."""
    pooled = mean(call)
    if pooled is not None:
        return pooled
    live, axes = call.live(), call.axes()
    rank = len(call.full(live))
    if not axes:
        if call.whole("noop_with_empty_axes", 0):
            return [live]
        axes = tuple(range(rank))
    if live.axis in {axis % rank for axis in axes}:
        live = call.freed(live)
    if call.node.kind == "ReduceSumSquare":
        live = call.put("function", live, suffix="_squared", of="square")
    made = reduced(call, live, tuple(sorted(call.ours(axis, live) for axis in axes)), bool(call.whole("keepdims", 1)))
    return [call.put("function", made, suffix="_log", of="log") if call.node.kind == "ReduceLogSum" else made]


def reduced(call: Call, live: Live, ours: tuple[int, ...], keep: bool) -> Live:
    """One element of all along some axes of ours."""
    by, shape = REDUCTIONS[call.node.kind], call.shape(live)
    alone = not keep and len(ours) == len(shape) and call.batch == 1  # a number for each image
    batch = WITHIN if alone else live.axis if keep else live.axis - sum(1 for axis in ours if axis < live.axis)
    if not by:  # no layer multiplies along an axis: the shape alone is known
        left = [1 if axis in ours else n for axis, n in enumerate(shape) if keep or axis not in ours]
        return call.put("opaque", live, batch=batch, shape=tuple(left) or (1,), of=call.node.kind)
    made = call.put("reduce", live, batch=batch, by=by, axes=ours, keep=keep or alone)
    return call.put("flatten", made, batch=WITHIN) if alone and len(ours) > 1 else made


def normalised(call: Call) -> list[Value]:
    """LayerNormalization, with the mean and the inverse deviation where the node makes them, as for training."""
    made = layer_norm(call)
    if not any(call.node.outputs[1:]):
        return made
    live = call.live()
    rank = len(call.full(live))
    axes = tuple(call.ours(axis, live) for axis in range(call.whole("axis", -1) % rank, rank))
    mean_of = call.put("reduce", live, suffix="_mean", by="mean", axes=axes, keep=True)
    return [*made, mean_of, call.put("opaque", live, suffix="_deviation", shape=call.shape(mean_of), of="deviation")]


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
    live, keep = call.live(), bool(call.whole("keepdims", 1))
    ours = call.ours(call.whole("axis", 0), live)
    if not keep and len(call.shape(live)) == 1 and call.batch == 1:  # a number for each image
        return [call.put("argmax", live, batch=WITHIN, axes=(ours,), keep=True)]
    return [call.put("argmax", live, axes=(ours,), keep=keep)]
