"""Functions of elements, arithmetic and products as nodes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from cnncalc.interchange.onnx.writing.scribe import Rule, Step
from cnncalc.layers.kinds.merge import lifted

__all__ = ["ACTIVATIONS", "bilinear", "function", "glu", "joined", "linear", "matmul", "maxout", "merged", "prelu"]


def plain(kind: str, since: int = 0, instead: Rule | None = None, **attributes: Any) -> Rule:
    """One node, or what it is composed of before the opset that has it."""

    def rule(step: Step) -> str:
        if instead is not None and step.opset < since:
            return instead(step)
        return step.put(kind, step.taken[0], **attributes)

    return rule


def silu(step: Step) -> str:
    """x·σ(x)."""
    return step.put("Mul", step.taken[0], step.put("Sigmoid"))


def hard_swish(step: Step) -> str:
    """x·hardsigmoid(x)."""
    return step.put("Mul", step.taken[0], step.put("HardSigmoid", alpha=1 / 6, beta=0.5))


def mish(step: Step) -> str:
    """x·tanh(softplus(x))."""
    return step.put("Mul", step.taken[0], step.put("Tanh", step.put("Softplus")))


def gelu(step: Step) -> str:
    """Gelu since opset 20; before by erf, or by tanh."""
    layer: Any = step.layer
    x = step.taken[0]
    if step.opset >= 20:
        return step.put("Gelu", x, approximate=layer.approximate)
    if layer.approximate == "none":
        erf = step.put("Add", step.put("Erf", step.put("Div", x, step.number(math.sqrt(2)))), step.number(1))
        return step.put("Mul", step.put("Mul", x, erf), step.number(0.5))
    cube = step.put("Mul", step.put("Pow", x, step.number(3)), step.number(0.044715))
    inner = step.put("Mul", step.put("Add", x, cube), step.number(math.sqrt(2 / math.pi)))
    return step.put(
        "Mul", step.put("Mul", x, step.number(0.5)), step.put("Add", step.put("Tanh", inner), step.number(1))
    )


def softmax(kind: str) -> Rule:
    """Softmax or LogSoftmax; before opset 13 over all axes from the one that is said on, so it is the last then."""

    def rule(step: Step) -> str:
        last = len(step.x[0])
        axis = step.layer.axis % last + 1  # type: ignore[attr-defined]  # it has one
        if step.opset >= 13 or axis == last:
            return step.put(kind, step.taken[0], axis=axis)
        order = [last if one == axis else axis if one == last else one for one in range(last + 1)]
        return step.permuted(step.put(kind, step.permuted(step.taken[0], *order), axis=last), *order)

    return rule


def six(step: Step) -> str:
    """Clip from 0 to 6."""
    return step.put("Clip", step.taken[0], step.number(0), step.number(6))


ACTIVATIONS: dict[str, Rule] = {
    "relu": plain("Relu"),
    "relu6": six,
    "leaky_relu": lambda step: step.put("LeakyRelu", alpha=step.layer.slope),
    "rrelu": lambda step: step.put("LeakyRelu", alpha=(step.layer.lower + step.layer.upper) / 2),
    "elu": lambda step: step.put("Elu", alpha=step.layer.alpha),
    "selu": plain("Selu"),
    "gelu": gelu,
    "silu": silu,
    "mish": plain("Mish", 18, mish),
    "sigmoid": plain("Sigmoid"),
    "tanh": plain("Tanh"),
    "hardswish": plain("HardSwish", 14, hard_swish),
    "hardsigmoid": plain("HardSigmoid", alpha=1 / 6, beta=0.5),
    "softplus": plain("Softplus"),
    "softmax": softmax("Softmax"),
    "log_softmax": softmax("LogSoftmax"),
}


def prelu(step: Step) -> str:
    """PRelu."""
    layer: Any = step.layer
    if layer.own(step.x[0]) == "per_channel":
        return step.put("PRelu", step.taken[0], step.by_channel("weight"))
    return step.put("PRelu", step.taken[0], step.learned("weight"))


def maxout(step: Step) -> str:
    """The largest along an axis of the pieces of each channel."""
    layer: Any = step.layer
    apart = step.reshaped(step.taken[0], (step.y[0], layer.pieces, *step.x[0][1:]))
    return step.reduced("ReduceMax", apart, [2], keep=False)


def of_inner(outer: str, inner: str) -> Callable[[Step], str]:
    """A function of a function."""
    return lambda step: step.put(outer, step.put(inner))


def with_number(kind: str, number: float, inner: str = "") -> Callable[[Step], str]:
    """A function, or the tensor itself, and a number."""
    return lambda step: step.put(kind, step.put(inner) if inner else step.taken[0], step.number(number))


FUNCTIONS: dict[str, Callable[[Step], str]] = {
    **{
        ours: plain(theirs)
        for ours, theirs in {
            "abs": "Abs", "acos": "Acos", "acosh": "Acosh", "asin": "Asin", "asinh": "Asinh", "atan": "Atan",
            "atanh": "Atanh", "ceil": "Ceil", "cos": "Cos", "cosh": "Cosh", "erf": "Erf", "exp": "Exp",
            "floor": "Floor", "log": "Log", "negate": "Neg", "reciprocal": "Reciprocal", "round": "Round",
            "sign": "Sign", "sin": "Sin", "sinh": "Sinh", "softsign": "Softsign", "sqrt": "Sqrt", "tan": "Tan",
        }.items()
    },
    "celu": plain("Celu", 12, lambda step: step.put("Elu", alpha=1.0), alpha=1.0),
    "expm1": with_number("Sub", 1, "Exp"),
    "hardshrink": plain("Shrink", lambd=0.5, bias=0.0),
    "log10": with_number("Div", math.log(10), "Log"),
    "log1p": lambda step: step.put("Log", step.put("Add", step.taken[0], step.number(1))),
    "log2": with_number("Div", math.log(2), "Log"),
    "log_sigmoid": lambda step: step.put("Neg", step.put("Softplus", step.put("Neg"))),
    "rsqrt": of_inner("Reciprocal", "Sqrt"),
    "softshrink": plain("Shrink", lambd=0.5, bias=0.5),
    "square": lambda step: step.put("Mul", step.taken[0], step.taken[0]),
    "tanhshrink": lambda step: step.put("Sub", step.taken[0], step.put("Tanh")),
    "threshold": plain("ThresholdedRelu", alpha=1.0),
}  # fmt: skip


def function(step: Step) -> str:
    """A function of the table; a clip has its bounds as numbers."""
    layer: Any = step.layer
    if layer.of != "clip":
        return FUNCTIONS[layer.of](step)
    bounds = ["" if bound is None else step.number(bound) for bound in (layer.low, layer.high)]
    return step.put("Clip", step.taken[0], *bounds[: 2 if bounds[1] else 1])


def glu(step: Step) -> str:
    """One half times the sigmoid of the other."""
    axis = step.layer.place(step.x[0]) + 1  # type: ignore[attr-defined]  # a glu has one
    count = 2 if step.opset >= 18 else None
    left, right = step.several("Split", step.taken[0], outputs=2, axis=axis, num_outputs=count)
    return step.put("Mul", left, step.put("Sigmoid", right))


JOINS = {
    "add": ("Add", "Sum"), "multiply": ("Mul", ""), "maximum": ("Max", "Max"), "minimum": ("Min", "Min"),
    "subtract": ("Sub", ""), "divide": ("Div", ""), "power": ("Pow", ""),
}  # fmt: skip
"""The node of two tensors, and the one of many."""


def merged(step: Step) -> str:
    """Tensors, or a tensor and a number, element by element."""
    layer: Any = step.layer
    two, many = JOINS[layer.kind]
    if layer.number is not None:
        return step.put(two, step.taken[0], step.number(layer.number))
    taken = step.taken
    if len({len(shape) for shape in step.x}) > 1:
        rank = max(map(len, step.x))
        taken = [x if len(shape) == rank else step.reshaped(x, lifted(shape, rank)) for x, shape in zip(taken, step.x)]
    if len(taken) > 2 and many:
        return step.put(many, *taken)
    made = taken[0]
    for one in taken[1:]:
        made = step.put(two, made, one)
    return made


def joined(step: Step) -> str:
    """Concat."""
    return step.put("Concat", axis=step.layer.axis + 1)  # type: ignore[attr-defined]  # it has one


def linear(step: Step) -> str:
    """Gemm of a vector, Conv over single pixels of a map, MatMul along the last axis."""
    layer: Any = step.layer
    on = layer.acts_on(step.x[0])
    x = step.taken[0]
    bias = [step.learned("bias")] if layer.bias else []
    if on == "features":
        flat = x if len(step.x[0]) == 1 else step.put("Flatten", x, axis=1)
        return step.put("Gemm", flat, step.learned("weight"), *bias, transB=1)
    if on == "channels":
        ones = (1,) * step.rank
        weight = step.learned("weight", (layer.out, step.x[0][0], *ones))
        return step.put("Conv", x, weight, *bias, kernel_shape=list(ones))
    made = step.put("MatMul", x, step.put("Transpose", step.learned("weight"), perm=[1, 0]))
    return step.put("Add", made, *bias) if bias else made


def bilinear(step: Step) -> str:
    """The products of all pairs, as a vector, through a matrix."""
    layer: Any = step.layer
    (left,), (right,) = step.x
    pairs = step.put(
        "Mul", step.reshaped(step.taken[0], (left, 1)), step.reshaped(step.taken[1], (1, right)), suffix="pairs"
    )
    bias = [step.learned("bias")] if layer.bias else []
    weight = step.learned("weight", (layer.out, left * right))
    return step.put("Gemm", step.put("Flatten", pairs, axis=1), weight, *bias, transB=1)


def matmul(step: Step) -> str:
    """MatMul, the second tensor's matrices turned where the layer says so."""
    left, right = step.taken
    rank = len(step.x[1])
    if step.layer.transposed:  # type: ignore[attr-defined]  # a matmul says it
        right = step.permuted(right, *range(rank - 1), rank, rank - 1)
    return step.put("MatMul", left, right)
