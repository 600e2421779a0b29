"""Operators that work element by element, or on the channels of each place."""

from __future__ import annotations

from math import isnan, prod
from typing import Any

from cnncalc.interchange.building import unit_length
from cnncalc.interchange.tflite.call import Call, Live, Rule, Value, activated
from cnncalc.interchange.tflite.model import Fixed
from cnncalc.layers import show_shape

__all__ = [
    "arithmetic",
    "dense",
    "difference",
    "function",
    "leaky",
    "length_norm",
    "lrn",
    "prelu",
    "product",
    "same",
    "softmax",
]


LARGEST = 1e12


def function(kind: str, **fields: Any) -> Rule:
    """A function of each element."""
    return lambda call: [call.put(kind, call.live(), dims=call.live().dims, **fields)]


def same(call: Call) -> list[Value]:
    """What changes the type of numbers alone."""
    return [call.live()]


def leaky(call: Call) -> list[Value]:
    """LEAKY_RELU."""
    return [call.put("leaky_relu", call.live(), dims=call.live().dims, slope=call.real(0, 0.0))]


def prelu(call: Call) -> list[Value]:
    """A slope a channel, one for all, or one for each place along some axes."""
    x, slopes = call.live(), call.fixed(1)
    if slopes.size != (slopes.dims[-1] if slopes.dims else 1):
        shared = tuple((axis + 1) % len(slopes.dims) for axis, n in enumerate(slopes.dims) if n == 1)
        said = {"shared_along": shared} if shared else {"slopes": "per_element"}
        return [call.put("prelu", x, dims=x.dims, weights=(1,), **said)]
    return [call.put("prelu", x, dims=x.dims, weights=(1,), slopes="per_channel" if slopes.size > 1 else "shared")]


def softmax(kind: str) -> Rule:
    """Over the last axis."""
    return lambda call: [call.put(kind, call.live(), dims=call.live().dims)]


def length_norm(call: Call) -> list[Value]:
    """L2_NORMALIZATION over the last axis."""
    return [Live(unit_length(call.build), call.live().dims)]


def lrn(call: Call) -> list[Value]:
    """LOCAL_RESPONSE_NORMALIZATION, of a radius."""
    return [call.put("lrn", call.map(), size=2 * call.whole(0) + 1)]


def arithmetic(kind: str) -> Rule:
    """Of two tensors; of a tensor and a number; of a tensor and a constant, which is no parameter here."""

    def rule(call: Call) -> list[Value]:
        values = [call.place(0), call.place(1)]
        lives = [value for value in values if isinstance(value, Live)]
        if len(lives) == 2:
            made = _both(call, kind, lives[0], lives[1])
        else:
            place = 1 if isinstance(values[0], Live) else 0
            made = _with_constant(call, kind, call.live(1 - place), call.fixed(place))
        return [activated(call, made, call.whole(0, size=1))]

    return rule


def _both(call: Call, kind: str, a: Live, b: Live) -> Live:
    """Two tensors, whose axes are counted from the last."""
    rank = max(len(a.dims), len(b.dims))
    wide = [(*(1,) * (rank - len(live.dims)), *live.dims) for live in (a, b)]
    if any(n != m and 1 not in (n, m) for n, m in zip(*wide)):
        raise call.fault("the two tensors do not fit", f"{show_shape(a.dims)} and {show_shape(b.dims)}")
    dims = tuple(m if n == 1 else n for n, m in zip(*wide))
    both = [call.shaped(live, own) for live, own in zip((a, b), wide)]
    if len({call.batched(own) for own in wide}) > 1:  # the batch of one meets an axis of the other's
        return call.shaped(call.put(kind, *map(call.whole_of, both), dims=dims), dims)
    return call.put(kind, *both, dims=dims)


def bounded(number: float) -> float:
    """A number that a layer may have: without an end, as what a softmax begins its maximum with, it is very large."""
    return LARGEST if isnan(number) else max(-LARGEST, min(number, LARGEST))


def _with_constant(call: Call, kind: str, x: Live, constant: Fixed) -> Live:
    if len(constant.dims) > len(x.dims):
        x = call.shaped(x, (*(1,) * (len(constant.dims) - len(x.dims)), *x.dims))
    if constant.size == 1 and constant.values is not None:
        return call.put(kind, x, dims=x.dims, number=float(f"{bounded(constant.values[0]):.7g}"))
    body = constant.dims
    while len(body) >= len(x.dims) and body[:1] == (1,):
        body = body[1:]
    rank = len(call.build.shape(x.tensor))
    if len(body) > rank:
        entering = next(iter(call.build.sketch.inputs.values()))
        own = call.build.put("constant", entering, suffix="_own", shape=call.ours(constant.dims), join="alone")
        return _both(call, kind, x, Live(own, constant.dims))
    wide = (*(1,) * (rank - len(body)), *body)
    shape = (wide[-1], *wide[:-1])
    theirs = (*(1,) * (len(x.dims) - len(body)), *body)
    dims = tuple(m if n == 1 else n for n, m in zip(x.dims, theirs))
    if kind in ("add", "multiply") and dims == x.dims:
        return call.put("constant", x, dims=dims, shape=shape, join=kind)
    own_constant = call.put("constant", x, dims=constant.dims, shape=shape, join="alone")
    return call.put(kind, x, own_constant, dims=dims)


def difference(call: Call) -> list[Value]:
    """SQUARED_DIFFERENCE."""
    made = arithmetic("subtract")(call)[0]
    return [call.put("function", made, dims=made.dims, of="square")]


def product(call: Call) -> list[Value]:
    """BATCH_MATMUL of two tensors, whose matrices are the last two axes."""
    values = enumerate((call.place(0), call.place(1)))
    sides = [value if isinstance(value, Live) else _weight(call, place) for place, value in values]
    return [multiplied(call, sides[0], sides[1], call.flag(0), call.flag(1))]


def _weight(call: Call, place: int) -> Live:
    """A stack of matrices that the file holds, which is learned."""
    own = call.fixed(place)
    entering = next(iter(call.build.sketch.inputs.values()))
    beside = Live(entering, ())
    return call.put("parameter", beside, weights=(place,), dims=own.dims, shape=call.ours(own.dims), join="alone")


def dense(call: Call) -> list[Value]:
    """FULLY_CONNECTED of a matrix that is computed."""
    x, matrix = call.live(0), call.live(1)
    if len(matrix.dims) != 2 or not x.dims or prod(x.dims) % matrix.dims[1]:
        raise call.fault("it multiplies by a matrix", show_shape(matrix.dims))
    dims = (*x.dims[:-1], matrix.dims[0]) if call.flag(2) else (prod(x.dims) // matrix.dims[1], matrix.dims[0])
    rows = call.shaped(x, (prod(dims[:-1]), matrix.dims[1]))
    made = multiplied(call, rows, matrix, turned=False, transposed=True)
    if isinstance(bias := call.place(2), Live):
        made = _both(call, "add", made, bias)
    elif bias is not None:
        shape = (matrix.dims[0], *(1,) * (len(call.build.shape(made.tensor)) - 1))
        made = call.put("parameter", made, weights=(2,), dims=made.dims, shape=shape, join="add")
    return [activated(call, call.shaped(made, dims), call.whole(0, size=1))]


def multiplied(call: Call, a: Live, b: Live, turned: bool, transposed: bool) -> Live:
    """The product of two stacks of matrices, the first or the second transposed; a stack of one is repeated."""
    rank = max(len(a.dims), len(b.dims))
    if min(len(a.dims), len(b.dims)) < 2:
        raise call.fault("it multiplies matrices", f"{show_shape(a.dims)} and {show_shape(b.dims)}")
    wide = [(*(1,) * (rank - len(live.dims)), *live.dims) for live in (a, b)]
    stack = tuple(max(pair) for pair in zip(*(dims[:-2] for dims in wide)))
    sides = [call.shaped(live, dims) for live, dims in zip((a, b), wide)]
    batched = rank > 2 and all(call.batched(dims) for dims in wide)
    if not batched:
        sides = [call.whole_of(live) for live in sides]
    axes = rank - batched
    for place, live in enumerate(sides):  # the matrices' axes last, as they have it
        made = call.put("permute", live, dims=live.dims, order=(*range(1, axes), 0))
        if turned and not place:
            made = call.put("permute", made, dims=live.dims, order=(*range(axes - 2), axes - 1, axes - 2))
        shape = call.build.shape(made.tensor)
        if shape[:-2] != stack[int(batched) :]:
            made = call.put("expand", made, dims=live.dims, shape=(*stack[int(batched) :], *shape[-2:]))
        sides[place] = made
    made = call.put("matmul", *sides, dims=(), transposed=transposed)
    dims = (*stack, *call.build.shape(made.tensor)[-2:])
    made = call.put("permute", made, dims=dims, order=(axes - 1, *range(axes - 1)))
    return call.shaped(made, dims)
