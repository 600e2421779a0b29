"""Nodes that work element by element, and normalisations."""

from __future__ import annotations

import math
from typing import Any

from cnncalc.interchange.onnx.arrays import broadcast
from cnncalc.interchange.onnx.call import WITHIN, Call, Live, NotKnown, Value
from cnncalc.interchange.onnx.parts import Tensor, of_code, of_module
from cnncalc.interchange.onnx.rules.fixed import held
from cnncalc.layers.base import Shape

__all__ = [
    "COMPARED",
    "FUNCTIONS",
    "arithmetic",
    "batch_norm",
    "clip",
    "compared",
    "function",
    "group_norm",
    "layer_norm",
    "lrn",
    "prelu",
    "same",
    "softmax",
]

FUNCTIONS = {
    "Relu": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh", "Selu": "selu", "Softplus": "softplus", "Mish": "mish",
    "HardSwish": "hardswish", "HardSigmoid": "hardsigmoid", "Swish": "silu", "Softsign": "softsign", "Celu": "celu",
    "Erf": "erf", "Exp": "exp", "Log": "log", "Sqrt": "sqrt", "Abs": "abs", "Neg": "negate", "Floor": "floor",
    "Ceil": "ceil", "Round": "round", "Sign": "sign", "Reciprocal": "reciprocal", "Sin": "sin", "Cos": "cos",
    "Tan": "tan", "Asin": "asin", "Acos": "acos", "Atan": "atan", "Sinh": "sinh", "Cosh": "cosh", "Asinh": "asinh",
    "Acosh": "acosh", "Atanh": "atanh", "ThresholdedRelu": "threshold", "Shrink": "softshrink",
}  # fmt: skip
"""Nodes with one input and nothing to say."""
OF_FUNCTION = set(FUNCTIONS.values()) - {
    "relu", "sigmoid", "tanh", "selu", "softplus", "mish", "hardswish", "hardsigmoid", "silu",
}  # fmt: skip
JOINS = {
    "Add": "add", "Sub": "subtract", "Mul": "multiply", "Div": "divide", "Pow": "power", "Max": "maximum",
    "Min": "minimum", "Sum": "add",
}  # fmt: skip

LEARNED = ("add", "multiply")
"""What a network learns numbers for: a tensor of one number that has an axis is one of these, a plain number is not."""


def same(call: Call) -> list[Value]:
    """Nothing is done to what comes in."""
    value = call.values[0]
    if value is None:
        raise NotKnown("nothing comes in")
    return [value]


def function(call: Call) -> list[Value]:
    """A function of each element."""
    kind = FUNCTIONS[call.node.kind]
    if kind in OF_FUNCTION:
        return [call.put("function", call.live(), of=kind)]
    return [call.put(kind, call.live())]


def with_slope(call: Call) -> list[Value]:
    """LeakyRelu, Elu and Gelu."""
    if call.node.kind == "Gelu":
        return [call.put("gelu", call.live(), approximate=call.word("approximate", "none"))]
    if call.node.kind == "Elu":
        return [call.put("elu", call.live(), alpha=call.real("alpha", 1.0))]
    return [call.put("leaky_relu", call.live(), slope=call.real("alpha", 0.01))]


def dropout(call: Call) -> list[Value]:
    """Dropout, which leaves its input at inference."""
    rate = call.real("ratio", 0.5)
    if call.given(1) and (numbers := call.fixed(1).numbers):
        rate = float(f"{numbers[0]:.7g}")
    made = call.put("dropout", call.live(), rate=min(max(rate, 0.0), 1.0))
    return [made] * len(call.node.outputs)  # its mask is as large


def prelu(call: Call) -> list[Value]:
    """PRelu: one slope, one a channel, one an element, or one for each place along some axes."""
    live, slope = call.live(), call.fixed(1)
    shape = call.shape(live)
    lengths = (1,) * (len(shape) - len(slope.dims)) + tuple(slope.dims)[-len(shape) :]
    shared = tuple(axis for axis, n in enumerate(lengths) if n == 1)
    if slope.size in (1, shape[0]) or len(shape) == 1:
        return [call.put("prelu", live, weights=[slope], slopes="shared" if slope.size == 1 else "per_channel")]
    if slope.size == math.prod(shape):
        return [call.put("prelu", live, weights=[slope], slopes="per_element")]
    return [call.put("prelu", live, weights=[slope], shared_along=shared or None)]


def clip(call: Call) -> list[Value]:
    """Clip; between 0 and 6 it is a relu6, from 0 on a relu."""
    bounds: list[float | None] = []
    for index, name in ((1, "min"), (2, "max")):
        value: Any = call.node.attributes.get(name) if call.opset < 11 else None
        if call.given(index):
            numbers = call.fixed(index).numbers
            if not numbers:
                raise NotKnown("its bounds are not known")
            value = numbers[0]
        bounds.append(float(f"{value:.7g}") if value is not None and abs(value) < 1e12 else None)
    if bounds == [0.0, 6.0]:
        return [call.put("relu6", call.live())]
    if bounds == [0.0, None]:
        return [call.put("relu", call.live())]
    if bounds == [None, None]:
        return same(call)
    return [call.put("function", call.live(), of="clip", low=bounds[0], high=bounds[1])]


def softmax(call: Call) -> list[Value]:
    """Softmax and LogSoftmax; up to opset 12 over all axes from `axis` on, together."""
    live = call.live()
    rank = len(call.full(live))
    axis = call.whole("axis", -1 if call.opset >= 13 else 1) % rank
    if call.opset < 13 and any(n != 1 for n in call.full(live)[axis + 1 :]):
        return [over_several(call, live, axis)]
    kind = "softmax" if call.node.kind == "Softmax" else "log_softmax"
    return [call.put(kind, live, axis=call.ours(axis, live))]


def over_several(call: Call, live: Live, axis: int) -> Live:
    """A softmax over all axes from one on: these are one axis for it."""
    if live.axis >= axis:
        raise NotKnown("it works along the batch")
    start, shape = call.ours(axis, live), call.shape(live)
    joined = (*shape[:start], math.prod(shape[start:]))
    whole = call.put("reshape", live, suffix="_joined", shape=joined) if start else call.put("flatten", live)
    made = call.put("softmax" if call.node.kind == "Softmax" else "log_softmax", whole, suffix="_over", axis=start)
    return call.put("reshape", made, suffix="_apart", shape=shape)


def arithmetic(call: Call) -> list[Value]:
    """Sums, products and so on: of tensors, of a tensor and a number, of a tensor and one that the file holds."""
    kind = JOINS[call.node.kind]
    values = call.present()
    lives = [value for value in values if isinstance(value, Live)]
    if not lives:
        raise NotKnown("nothing comes in")
    if len(lives) == len(values):
        return [together(call, kind, values)]
    if len(values) > 2 and kind not in ("add", "maximum", "minimum"):
        raise NotKnown("it mixes several tensors with fixed ones")
    made = lives[0] if len(lives) == 1 else together(call, kind, lives)
    for value in values:
        if isinstance(value, Tensor):
            made = with_fixed(call, kind, made, value, first=isinstance(values[0], Tensor))
    return [made]


def together(call: Call, kind: str, lives: list[Any]) -> Live:
    """Several tensors; one with fewer axes gets axes of length 1 in front."""
    rank = max(len(call.full(live)) for live in lives)
    if broadcast(*(call.full(live) for live in lives)) is None:
        raise NotKnown("its inputs do not fit each other")
    aligned = []
    for live in lives:
        missing = rank - len(call.full(live))
        if missing and call.batch != 1:
            raise NotKnown("its inputs have different numbers of axes")
        if missing:
            shape = (1,) * missing + call.full(live)
            aligned.append(call.put("reshape", live, suffix="_axes", batch=0, shape=shape[1:] or (1,)))
        else:
            aligned.append(live)
    if len({live.axis for live in aligned}) > 1:
        aligned = [call.freed(live) for live in aligned]
    return aligned[0] if len(aligned) == 1 else call.put(kind, *aligned)


def with_fixed(call: Call, kind: str, live: Live, fixed: Tensor, *, first: bool) -> Live:
    """A tensor and one that the file holds; `first` where the fixed one stands before the other."""
    if first and kind in ("subtract", "divide"):
        of = "negate" if kind == "subtract" else "reciprocal"
        live = call.put("function", live, suffix="_turned", of=of)
        kind = "add" if kind == "subtract" else "multiply"
    own = bool(fixed.name) and fixed.floating and fixed.stored != 0 and not fixed.begun
    learned = own and kind in LEARNED and not of_code(fixed)
    if fixed.size == 1 and len(fixed.dims) <= len(call.full(live)) and not learned:
        number = fixed.numbers[0] if fixed.numbers else 1.0
        number = float(f"{number:.7g}") if math.isfinite(number) and abs(number) < 1e12 else 1e12
        return call.put(kind, live, number=number)
    if call.opset < 7 and isinstance(at := call.node.attributes.get("axis"), int) and at >= 0:  # aligned from there on
        fixed = fixed._replace(dims=fixed.dims + (1,) * (len(call.full(live)) - at - len(fixed.dims)))
    missing = len(fixed.dims) - len(call.full(live))
    if missing > 0 and call.batch == 1:  # of one image new axes stand before its own
        full, batch = (*(1,) * missing, *call.full(live)), 0 if live.axis != WITHIN else WITHIN
        live = call.put("reshape", live, suffix="_axes", batch=batch, shape=full if batch == WITHIN else full[1:])
    rank = len(call.full(live))
    dims = (1,) * (rank - len(fixed.dims)) + fixed.dims
    if len(dims) != rank or (dims[live.axis] != 1 and live.axis != WITHIN):
        raise NotKnown("the fixed tensor has an axis for the batch")
    shape = call.own(live, dims)
    join = {"add": "add", "subtract": "add", "multiply": "multiply", "divide": "multiply"}.get(kind)
    if join is None:
        other = call.put("constant", live, suffix="_with", shape=shape, join="alone")
        return call.put(kind, *((other, live) if first else (live, other)))
    if fixed.of and fixed.floating:
        return call.put(kind, live, held(call, fixed, live, shape, live.axis))
    if own:
        return call.put("parameter", live, weights=[fixed], shape=shape, join=join)
    return call.put("constant", live, shape=shape, join=join)


COMPARED = (
    "Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual", "And", "Or", "Xor", "Not", "Where", "IsNaN", "IsInf",
)  # fmt: skip
"""What tells places apart, and what chooses by that."""


def compared(call: Call) -> list[Value]:
    """Comparisons, and choices by them, as of masks: of what comes out the shape alone is known."""
    values = call.present()
    lives = [value for value in values if isinstance(value, Live)]
    made = broadcast(*(call.full(value) if isinstance(value, Live) else value.dims for value in values))
    if made is None or not lives:
        raise NotKnown("its inputs do not fit each other")
    alike = {(live.axis, len(call.full(live))) for live in lives}
    if len(alike) > 1 or len(call.full(lives[0])) != len(made):
        lives = [call.freed(live) for live in lives]
    axis = lives[0].axis
    if axis != WITHIN and made[axis] != call.batch:
        raise NotKnown("it acts along the batch")
    chosen = values[1:] if call.node.kind == "Where" else []
    for place, value in enumerate(chosen):  # a vector for what is masked is learned, one number over and over is none
        if isinstance(value, Tensor) and value.floating and len({*(value.numbers or (0, 1))}) > 1:
            lives.append(held(call, value, lives[0], value.dims, WITHIN, f"_{place + 1}"))
    return [call.put("opaque", *lives, shape=call.own(lives[0], made) or (1,), of=call.node.kind)]


def learned(call: Call, index: int) -> bool:
    """Whether an input is a tensor that the file holds; numbers that it repeats or computes are not learned."""
    return call.given(index) and call.fixed(index).learned


def batch_norm(call: Call) -> list[Value]:
    """BatchNormalization: four vectors."""
    scale, shift = learned(call, 1), learned(call, 2)
    fields: dict[str, Any] = {} if scale and shift else {"affine": scale or shift, "scale": scale, "bias": shift}
    known = next(index for index in (1, 2, 3) if learned(call, index) or index == 3)
    made = call.put("batchnorm", call.map(), weights=[call.fixed(known)], eps=call.real("epsilon", 1e-5), **fields)
    # statistics as in training
    return [made, *(call.fixed(3 + place % 2) for place in range(len(call.node.outputs) - 1))]


def layer_norm(call: Call) -> list[Value]:
    """LayerNormalization over the last axis, or over all but the batch; also RMSNormalization."""
    live = call.live()
    rank = len(call.full(live))
    axis = call.whole("axis", -1) % rank
    if axis != rank - 1 and (axis != 1 or live.axis != 0):
        return [over_last(call, live, axis)]
    over = "last" if axis == rank - 1 else "all"
    over = "channels" if len(call.shape(live)) == 1 else over
    fields: dict[str, Any] = {"over": over, "eps": call.real("epsilon", 1e-5), "affine": learned(call, 1)}
    if call.node.kind != "LayerNormalization":
        return [call.put("rmsnorm", live, weights=[call.fixed(1)], **fields)]
    if over == "last" and learned(call, 2) and call.fixed(2).name in call.common:
        return [call.biased(2, -1, "layernorm", live, [call.fixed(1)], **fields)]
    weights = [call.fixed(1), *([call.fixed(2)] if learned(call, 2) else [])]
    return [call.put("layernorm", live, weights=weights, bias=learned(call, 2), **fields)]


def over_last(call: Call, live: Live, axis: int) -> Live:
    """A layer norm over some last axes, which are one axis for it."""
    if live.axis >= axis:
        raise NotKnown("it works along the batch")
    start, shape = call.ours(axis, live), call.shape(live)
    flat = [one._replace(dims=(one.size,)) if isinstance(one, Tensor) and one.dims else one for one in call.values[1:]]
    joined = call.put("reshape", live, suffix="_joined", shape=(*shape[:start], math.prod(shape[start:])))
    inner = call.like([joined, *flat], call.name)
    inner.node = inner.node._replace(attributes={**call.node.attributes, "axis": -1})
    (made,) = layer_norm(inner)
    assert isinstance(made, Live)
    return call.put("reshape", made, suffix="_apart", shape=shape)


def group_norm(call: Call) -> list[Value]:
    """InstanceNormalization and GroupNormalization."""
    weights, affine = [call.fixed(1)], learned(call, 1)
    if not of_module(weights[0]) and set(weights[0].numbers or ()) == {1.0}:
        affine = False  # ONNX has no norm without a scale: torch writes ones
    eps = call.real("epsilon", 1e-5)
    if call.node.kind == "InstanceNormalization":
        return [call.put("instancenorm", call.map(), weights=weights, affine=affine, eps=eps)]
    groups, live = call.whole("num_groups", 1), call.map()
    if affine and call.opset < 21 and weights[0].size == groups != call.shape(live)[0]:
        return [by_group(call, live, groups, eps)]
    return [call.put("groupnorm", live, weights=weights, groups=groups, affine=affine, eps=eps)]


def by_group(call: Call, live: Live, groups: int, eps: float) -> Live:
    """GroupNormalization as it was before opset 21: a factor and a shift for each group, not for each channel."""
    shape = call.shape(live)
    made = call.put("groupnorm", live, groups=groups, affine=False, eps=eps)
    made = call.put("reshape", made, suffix="_groups", shape=(groups, *shape_of_group(shape, groups)))
    own = (groups, *(1,) * len(shape))
    for index, join in ((1, "multiply"), (2, "add")):
        weights = [call.fixed(index)]
        made = call.put("parameter", made, suffix=f"_{join}", weights=weights, shape=own, join=join)
    return call.put("reshape", made, suffix="_channels", shape=shape)


def shape_of_group(shape: Shape, groups: int) -> Shape:
    """The shape of one of some groups of channels. Raises `NotKnown`."""
    if groups < 1 or shape[0] % groups:
        raise NotKnown(f"{groups} groups of {shape[0]} channels")
    return (shape[0] // groups, *shape[1:])


def lrn(call: Call) -> list[Value]:
    """LRN."""
    return [call.put("lrn", call.map(), size=call.whole("size", 1))]
