"""ncnn's layers that act element by element, and its normalisations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from cnncalc.interchange.building import Build, Fields, learned, unit_length
from cnncalc.interchange.ncnn.params import Operator
from cnncalc.interchange.ncnn.windows import bounded
from cnncalc.layers.base import Shape

__all__ = [
    "Rule",
    "batch_norm",
    "binary",
    "clip",
    "copies",
    "dropout",
    "eltwise",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "length_norm",
    "lrn",
    "over_last",
    "power",
    "prelu",
    "raised",
    "relu",
    "same",
    "scale",
    "unary",
]

Rule: TypeAlias = Callable[[Operator, Build], list[int]]
"""From an operator to our layers; the tensors that are its tops."""

BINARY = ("add", "subtract", "multiply", "divide", "maximum", "minimum", "power", "subtract", "divide", "power")
"""BinaryOp's setting 0; from 7 on the two tensors are exchanged."""
COMPOSED: dict[int, tuple[str, ...]] = {
    10: ("atan",),
    11: ("atan",),
    12: (),
    13: (),
    14: ("exp", "log1p"),
    15: ("floor",),
    16: ("floor",),
    17: (),
    18: (),
}
"""Those of its operations that are a quotient, or of the logarithm of a sum a difference, and then these functions."""
UNARY = [
    "abs",
    "negate",
    "floor",
    "ceil",
    "square",
    "sqrt",
    "rsqrt",
    "exp",
    "log",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "reciprocal",
    "tanh",
    "log10",
    "round",
    "floor",  # towards 0, which costs as much
    "sign",
    "expm1",
    "sinh",
    "asinh",
    "cosh",
    "acosh",
    "atanh",
    "log1p",
]
"""UnaryOp's setting 0."""


def same(kind: str, **fields: Any) -> Rule:
    """A layer of one kind, whatever its settings."""
    return lambda operator, build: [build.put(kind, **fields)]


def copies(operator: Operator, build: Build) -> list[int]:
    """Split: one tensor under several names."""
    return build.tensors[:1] * len(operator.tops)


def relu(operator: Operator, build: Build) -> list[int]:
    """Leaky where its slope is not 0."""
    slope = operator.real(0, 0.0)
    return [build.put("leaky_relu", slope=slope) if slope else build.put("relu")]


def prelu(operator: Operator, build: Build) -> list[int]:
    """One slope, or one a channel."""
    return [build.put("prelu", slopes="shared" if operator.whole(0, 1) == 1 else "per_channel")]


def clip(operator: Operator, build: Build) -> list[int]:
    """Between two bounds, one of which may be missing."""
    return [bounded(build, build.tensors[0], operator.real(0, -3.4e38), operator.real(1, 3.4e38))]


def dropout(operator: Operator, build: Build) -> list[int]:
    """At inference a factor, 1 unless given."""
    factor = operator.real(0, 1.0)
    return [build.put("multiply", number=factor) if factor != 1.0 else build.put("dropout")]


def batch_norm(operator: Operator, build: Build) -> list[int]:
    """Scale, mean, variance and shift."""
    return [build.put("batchnorm", eps=operator.real(1, 0.0))]


def scale(operator: Operator, build: Build) -> list[int]:
    """A learned factor a channel, with a shift where setting 1 says so; or a product of two tensors."""
    if operator.whole(0, 0) == -233 or len(build.tensors) == 2:
        return [merged(operator, build, "multiply", list(build.tensors))]
    factor = build.put("layerscale", initial=1.0)
    return [learned(build, factor, "add", "_bias") if operator.whole(1, 0) else factor]


def lrn(operator: Operator, build: Build) -> list[int]:
    """Across channels, or within one, which costs as much."""
    return [build.put("lrn", size=operator.whole(1, 5))]


def group_norm(operator: Operator, build: Build) -> list[int]:
    """Groups of channels; `affine` unless told."""
    return [build.put("groupnorm", groups=operator.whole(0, 1), affine=bool(operator.whole(3, 1)))]


def layer_norm(operator: Operator, build: Build) -> list[int]:
    """Over the last axis, or of a map over all positions of a channel, as its scale is long."""
    return [over_last(operator, build, "layernorm")]


def over_last(operator: Operator, build: Build, kind: str) -> int:
    """A norm over the last axis, or over the last two of a map, which are one then (layernorm.cpp, rmsnorm.cpp)."""
    shape, size = build.x[0], operator.whole(0, 0)
    fields: Fields = {"over": "last", "affine": bool(operator.whole(2, 1))}
    if len(shape) < 3 or size in (0, shape[-1]):
        return build.put(kind, **fields)
    if size != shape[-1] * shape[-2]:
        raise operator.fault("a norm is as long as the last axis, or as the last two", f"{size}, of {list(shape)}")
    rows = build.put("reshape", suffix="_rows", shape=(*shape[:-2], size))
    return build.put("reshape", build.put(kind, rows, **fields), suffix="_map", shape=shape)


def instance_norm(operator: Operator, build: Build) -> list[int]:
    """Scale and shift are learned unless setting 2 says no."""
    affine = bool(operator.whole(2, 1)) and operator.whole(0, 0) > 0
    return [build.put("instancenorm", affine=affine)]


def length_norm(operator: Operator, build: Build) -> list[int]:
    """To length 1 over the channels, over the positions, or over both; then a learned factor a channel."""
    axes = ((0,) if operator.whole(4, 0) else ()) + (tuple(range(1, build.axes + 1)) if operator.whole(0, 0) else ())
    normed = unit_length(build, axes) if axes else build.put("identity")
    size = operator.whole(3, 0)
    return [learned(build, normed, "multiply", "_scale", shared=size == 1) if size else normed]


def power(operator: Operator, build: Build) -> list[int]:
    """(shift + scale·x)^power, of which the parts that do nothing are left out."""
    steps = [
        ("multiply", operator.real(1, 1.0), 1.0),
        ("add", operator.real(2, 0.0), 0.0),
        ("power", operator.real(0, 1.0), 1.0),
    ]
    tensor, suffix = build.tensors[0], ""
    for kind, number, neutral in steps:
        if number != neutral:
            tensor = build.put(kind, tensor, suffix=suffix, number=number)
            suffix += f"_{kind}"
    return [tensor if suffix else build.put("identity")]


def unary(operator: Operator, build: Build) -> list[int]:
    """A function by its number."""
    number = operator.whole(0, 0)
    if not 0 <= number < len(UNARY):
        raise operator.fault(f"there is no function {number}")
    name = UNARY[number]
    return [build.put("tanh") if name == "tanh" else build.put("function", of=name)]


def binary(operator: Operator, build: Build) -> list[int]:
    """Two tensors, or a tensor and a number, by the operation's number."""
    number = operator.whole(0, 0)
    if number in COMPOSED:
        return [_composed(operator, build, number)]
    if not 0 <= number < len(BINARY):
        raise operator.fault(f"there is no operation {number}")
    kind = BINARY[number]
    if operator.whole(1, 0):
        if number in (
            8,
            9,
        ):  # a number divided by the tensor, or to its power: as many operations as the other way round
            return [build.put("function", of="reciprocal" if number == 8 else "exp")]
        return [build.put(kind, number=operator.real(2, 0.0))]
    return [merged(operator, build, kind, build.tensors[::-1] if number >= 7 else list(build.tensors))]


def _composed(operator: Operator, build: Build, number: int) -> int:
    """A rest, an angle of two sides, a quotient without its fraction: what they are made of."""
    kind = "subtract" if number == 14 else "divide"
    if operator.whole(1, 0):
        divisor = operator.real(2, 0.0) or 1.0
        tensor = build.put(kind, build.tensors[0], suffix="_quotient", number=divisor)
    else:
        tensor = merged(operator, build, kind, list(build.tensors))
    for name in COMPOSED[number]:
        tensor = build.put("function", tensor, suffix=f"_{name}", of=name)
    return tensor


def eltwise(operator: Operator, build: Build) -> list[int]:
    """Product, sum or maximum of several tensors."""
    number = operator.whole(0, 0)
    if number not in (0, 1, 2):
        raise operator.fault(f"there is no operation {number}")
    return [merged(operator, build, ("multiply", "add", "maximum")[number], list(build.tensors))]


def merged(operator: Operator, build: Build, kind: str, tensors: list[int]) -> int:
    """A merge of tensors that may have fewer axes than the largest."""
    rank = max(len(build.shape(tensor)) for tensor in tensors)
    target = next(build.shape(tensor) for tensor in tensors if len(build.shape(tensor)) == rank)
    lifted: list[int] = []
    for place, tensor in enumerate(tensors):
        shape = raised(build.shape(tensor), target)
        changed = shape != build.shape(tensor)
        lifted.append(build.put("reshape", tensor, suffix=f"_reshape{place}", shape=shape) if changed else tensor)
    return build.put(kind, *lifted)


def raised(shape: Shape, target: Shape) -> Shape:
    """The shape with as many axes as the target's (BinaryOp::forward in binaryop.cpp).

    A vector as long as the first axis stands for it, any other for the last; a matrix stands for the first two.
    """
    missing = len(target) - len(shape)
    if missing == 0:
        return shape
    if len(shape) == 1 and shape[0] != target[0]:
        return (*(1,) * missing, *shape)
    return (*shape, *(1,) * missing)
