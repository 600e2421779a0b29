"""Nodes that lay elements out anew, cut, join, reduce and compare them."""

from __future__ import annotations

import math

from benchmarks.onnx_variations.drawing import Draw

__all__ = ["LAYING"]


def axes_said(draw: Draw, kind: str, axes: list[int], since: int, **more: int) -> None:
    """Axes as an attribute, or as an input since an opset."""
    if draw.opset >= since:
        draw.then(kind, draw.wholes(*axes), **more)
    else:
        draw.then(kind, axes=axes, **more)


def reshape(draw: Draw) -> None:
    inner = list(draw.shape[1:])
    way = draw.some("flat", "zeros", "split", "join")
    if way == "flat":
        draw.then("Reshape", draw.wholes(draw.some(0, 1), draw.some(-1, math.prod(inner))))
    elif way == "zeros":
        draw.then("Reshape", draw.wholes(0, 0, -1))
    elif way == "split":
        factor = next((f for f in (2, 3, 1) if inner[0] % f == 0), 1)
        draw.then("Reshape", draw.wholes(draw.some(0, 1), factor, -1, *inner[1:]))
    else:
        draw.then("Reshape", draw.wholes(draw.some(1, 0), -1, *inner[1:-2], math.prod(inner[-2:])))


def flatten(draw: Draw) -> None:
    draw.then("Flatten", axis=draw.some(None, 1, 0, *([2, -1] if draw.opset >= 11 else [2])))


def transpose(draw: Draw) -> None:
    order = list(range(1, len(draw.shape)))
    draw.random.shuffle(order)
    draw.then("Transpose", perm=[0, *order])


def unsqueeze(draw: Draw) -> None:
    rank = len(draw.shape)
    axis = draw.some(1, 2, *([-1, -2] if draw.opset >= 11 else []))
    axes_said(draw, "Unsqueeze", [axis], 13)
    if draw.some(True, False):
        axes_said(draw, "Squeeze", [axis if axis > 0 or draw.opset >= 11 else axis + rank + 1], 13)


def joined(draw: Draw) -> None:
    other = draw.node("Relu", draw.last)[0]
    axis = draw.some(1, len(draw.shape) - 1, *([-1, -2] if draw.opset >= 11 else []))
    draw.last = draw.node("Concat", draw.last, other, draw.last, axis=axis)[0]


def cut(draw: Draw) -> None:
    axis = draw.number(1, len(draw.shape) - 1)
    n = draw.shape[axis]
    start, end = draw.some(0, 1, -n, -2, 10**6 if n < 0 else 0), draw.some(n, 10**9, -1, n - 1, n + 5)
    step = draw.some(1, 1, 2, 3)
    if draw.opset < 10:
        draw.then("Slice", starts=[start], ends=[end], axes=[axis])
        return
    if draw.random.random() < 0.2:
        start, end, step = -1, -(2**31), -draw.some(1, 2)
    at = axis - draw.some(0, len(draw.shape))
    draw.then("Slice", draw.wholes(start), draw.wholes(end), draw.wholes(at), draw.wholes(step))


def split(draw: Draw) -> None:
    axis = draw.number(1, len(draw.shape) - 1)
    n = draw.shape[axis]
    if n < 3:
        return cut(draw)
    parts = [draw.number(1, n - 1)]
    parts.append(n - parts[0])
    if draw.opset >= 18 and draw.some(True, False):
        found = draw.node("Split", draw.last, outputs=2, axis=axis, num_outputs=2)
    elif draw.opset >= 13:
        found = draw.node("Split", draw.last, draw.wholes(*parts), outputs=2, axis=axis)
    else:
        found = draw.node("Split", draw.last, outputs=2, axis=axis, split=parts)
    draw.last = draw.random.choice(found)
    return None


def gathered(draw: Draw) -> None:
    axis = draw.number(1, len(draw.shape) - 1)
    n = draw.shape[axis]
    if draw.some(True, False) and len(draw.shape) > 3:
        places = draw.reals(0.0)
        places = draw.wholes(draw.number(-n, n - 1))
        draw.last = draw.node("Gather", draw.last, places, axis=axis)[0]
    else:
        draw.then("Gather", draw.wholes(*(draw.number(-n, n - 1) for _ in range(3))), axis=axis)


def expand(draw: Draw) -> None:
    draw.last = draw.node("GlobalMaxPool", draw.last)[0]
    times = [1, 1, *(draw.number(1, 5) for _ in range(draw.rank))]
    draw.then(draw.some("Expand", "Tile"), draw.wholes(*times))


def tile(draw: Draw) -> None:
    draw.then("Tile", draw.wholes(1, *(draw.number(1, 2) for _ in draw.shape[1:])))


def reduced(draw: Draw) -> None:
    kind = draw.some("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceL1", "ReduceLogSumExp",
                     "ReduceProd", "ReduceSumSquare", "ReduceLogSum")  # fmt: skip
    rank = len(draw.shape)
    axes = sorted(draw.random.sample(range(1, rank), draw.number(1, rank - 2)))
    axes = [axis - (rank if draw.opset >= 11 and draw.some(True, False) else 0) for axis in axes]
    axes_said(draw, kind, axes, 13 if kind == "ReduceSum" else 18, keepdims=draw.number(0, 1))


def largest(draw: Draw) -> None:
    axis = draw.number(1, len(draw.shape) - 1)
    if draw.some(True, False):
        draw.last = draw.node(draw.some("ArgMax", "ArgMin"), draw.last, axis=axis, keepdims=draw.number(0, 1))[0]
        draw.then("Cast", to=1)
    elif draw.opset >= 10:
        draw.last = draw.node("TopK", draw.last, draw.wholes(draw.number(1, draw.shape[axis])), axis=axis, outputs=2)[0]
    else:
        draw.last = draw.node("TopK", draw.last, axis=axis, k=1, outputs=2)[0]


def computed(draw: Draw) -> None:
    """A shape that the graph computes, as torch's view writes it."""
    shape = draw.node("Shape", draw.last)[0]
    first = draw.node("Gather", shape, draw.wholes(0), axis=0)[0]
    second = draw.node("Slice", shape, draw.wholes(1), draw.wholes(2))[0] if draw.opset >= 10 else draw.wholes(-1)
    parts = [first, second, *([draw.wholes(-1)] if draw.opset >= 10 else [])]
    draw.then("Reshape", draw.node("Concat", *parts, axis=0)[0])


def compared(draw: Draw) -> None:
    other = draw.node("Neg", draw.last)[0]
    test = draw.node(draw.some("Less", "Greater"), draw.last, other)[0]
    draw.last = draw.node("Where", test, draw.last, other)[0] if draw.opset >= 9 else other


LAYING = {
    "reshape": reshape, "flatten": flatten, "transpose": transpose, "unsqueeze": unsqueeze, "concat": joined,
    "slice": cut, "split": split, "gather": gathered, "expand": expand, "tile": tile, "reduce": reduced,
    "largest": largest, "computed": computed, "compared": compared,
}  # fmt: skip
