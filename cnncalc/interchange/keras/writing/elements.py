"""Our activations, normalisations and functions as Keras's layers and operations."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.interchange.keras.writing.model import Scribe, Tensor
from cnncalc.interchange.keras.writing.owned import as_keras, as_ours
from cnncalc.interchange.keras.writing.windows import Shapes, Taken, axes_of
from cnncalc.interchange.written import Unsaid
from cnncalc.layers import Shape
from cnncalc.layers.dialects import DIALECTS
from cnncalc.layers.kinds import activation, norm, regularize
from cnncalc.layers.kinds.algebra import functions, products

__all__ = [
    "ACTIVATIONS", "batch_norm", "drop_path", "dropout", "function", "gelu", "group_norm", "halved",
    "identity", "instance_norm", "largest_of", "layer_norm", "leaky", "local_response", "named", "response_norm",
    "root_mean_square", "scaled", "slopes", "softmax",
]  # fmt: skip

ACTIVATIONS = {
    "selu": "selu", "silu": "silu", "mish": "mish", "sigmoid": "sigmoid", "tanh": "tanh", "softplus": "softplus",
    "hardswish": "hard_silu", "hardsigmoid": "hard_sigmoid",
}  # fmt: skip
"""Our kinds that are one of Keras's functions by name."""
FUNCTIONS = {
    "celu": "celu", "exp": "exponential", "log_sigmoid": "log_sigmoid", "softsign": "softsign",
    "hardshrink": "hard_shrink", "softshrink": "soft_shrink", "tanhshrink": "tanh_shrink",
}  # fmt: skip
"""Our functions that are."""
OPERATIONS = {
    "abs": "Absolute", "acos": "Arccos", "acosh": "Arccosh", "asin": "Arcsin", "asinh": "Arcsinh", "atan": "Arctan",
    "atanh": "Arctanh", "ceil": "Ceil", "cos": "Cos", "cosh": "Cosh", "expm1": "Expm1", "floor": "Floor", "log": "Log",
    "log10": "Log10", "log1p": "Log1p", "log2": "Log2", "negate": "Negative", "reciprocal": "Reciprocal",
    "round": "Round", "sign": "Sign", "sin": "Sin", "sinh": "Sinh", "sqrt": "Sqrt", "square": "Square", "tan": "Tan",
}  # fmt: skip
"""Those that are operations of `keras.ops`."""


def named(name: str) -> Any:
    """An Activation."""
    return lambda scribe, layer, x, taken: scribe.layer("Activation", taken[0], activation=name)


def plain(kind: str, **fields: str) -> Any:
    """A layer of one class, with some of our fields under Keras's names."""
    return lambda scribe, layer, x, taken: scribe.layer(
        kind, taken[0], **{theirs: getattr(layer, ours) for theirs, ours in fields.items()}
    )


def gelu(scribe: Scribe, layer: activation.GELU, x: Shapes, taken: Taken) -> Tensor:
    """gelu by erf, or by its approximation."""
    if layer.approximate == "tanh":
        return scribe.op("nn.Gelu", taken[0], approximate=True)
    return scribe.layer("Activation", taken[0], activation="gelu")


def leaky(scribe: Scribe, layer: activation.LeakyReLU, x: Shapes, taken: Taken) -> Tensor:
    """LeakyReLU, with its slope unless it is Keras's own."""
    own = layer.dialect == "keras" and layer.slope == layer.default("slope")
    return scribe.layer("LeakyReLU", taken[0], negative_slope=None if own else layer.slope)


def slopes(scribe: Scribe, layer: activation.PReLU, x: Shapes, taken: Taken) -> Tensor:
    """PReLU, whose slopes are shared along some axes; in the keras dialect as Keras has it unless told."""
    if layer.dialect == "keras" and layer.shared_along is None and layer.slopes == layer.default("slopes"):
        return scribe.layer("PReLU", taken[0])
    own, axes = layer.own(x[0]), range(len(x[0]))
    kept = {"per_element": axes, "per_channel": (0,), "shared": ()}[own] if isinstance(own, str) else own
    shared = sorted(axis or len(axes) for axis in axes if axis not in kept)
    return scribe.layer("PReLU", taken[0], shared_axes=shared or None)


def softmax(scribe: Scribe, layer: activation.Softmax, x: Shapes, taken: Taken) -> Tensor:
    """Softmax, and its logarithm."""
    axis = scribe.axis(layer.axis, x[0])
    if layer.kind == "log_softmax":
        return scribe.op("nn.LogSoftmax", taken[0], axis=axis)
    return scribe.layer("Softmax", taken[0], axis=None if axis == -1 else axis)


def largest_of(scribe: Scribe, layer: activation.Maxout, x: Shapes, taken: Taken) -> Tensor:
    """The competing channels as an axis of their own, and the largest along it."""
    shape = (*x[0][1:], x[0][0] // layer.pieces, layer.pieces)
    split = scribe.layer("Reshape", taken[0], suffix="_split", shape=shape, target_shape=list(shape))
    return scribe.op("numpy.Max", split, axis=-1)


def halved(scribe: Scribe, layer: functions.Glu, x: Shapes, taken: Taken) -> Tensor:
    """glu along an axis."""
    return scribe.op("nn.Glu", taken[0], axis=scribe.axis(layer.axis, x[0]))


def function(scribe: Scribe, layer: functions.Function, x: Shapes, taken: Taken) -> Tensor:
    """A function by its name, or an operation."""
    if layer.of in FUNCTIONS:
        return scribe.layer("Activation", taken[0], activation=FUNCTIONS[layer.of])
    if layer.of in OPERATIONS:
        return scribe.op(f"numpy.{OPERATIONS[layer.of]}", taken[0])
    if layer.of in ("erf", "rsqrt"):
        return scribe.op(f"math.{layer.of.capitalize()}", taken[0])
    if layer.of == "clip" and layer.low is not None and layer.high is not None:
        return scribe.op("numpy.Clip", taken[0], x_min=layer.low, x_max=layer.high)
    if layer.of == "clip":
        bound = ("Maximum", layer.low) if layer.low is not None else ("Minimum", layer.high)
        return scribe.op(f"numpy.{bound[0]}", taken[0], bound[1])
    raise Unsaid(
        f"there is no function of Keras for `{layer.of}`", "write it as an activation, or by `power` and `exp`"
    )


def _learned(layer: Any) -> dict[str, Any]:
    """What a norm has: ε, and whether scale and shift are learned."""
    said: dict[str, Any] = {} if layer.eps == DIALECTS["keras"].defaults["batchnorm"]["eps"] else {"epsilon": layer.eps}
    if not (layer.affine and getattr(layer, "scale", True)):
        said["scale"] = False
    if not (layer.affine and getattr(layer, "bias", True)):
        said["center"] = False
    return said


def batch_norm(scribe: Scribe, layer: norm.BatchNorm, x: Shapes, taken: Taken) -> Tensor:
    """BatchNormalization."""
    if not layer.stats:
        raise Unsaid("Keras's BatchNormalization keeps running statistics", "`instancenorm` takes those of its input")
    return scribe.layer("BatchNormalization", taken[0], **_learned(layer))


def layer_norm(scribe: Scribe, layer: norm.LayerNorm, x: Shapes, taken: Taken) -> Tensor:
    """LayerNormalization over the channels, another axis, or all."""
    rank = len(x[0])
    if layer.over == "all" and rank > 1:
        return scribe.layer("LayerNormalization", taken[0], axis=list(range(1, rank + 1)), **_learned(layer))
    if layer.over == "last" and rank > 1:  # Keras's torch backend fails on an axis that is neither the last nor all
        tensor = as_ours(scribe, taken[0], x[0], "_places")
        made = scribe.layer("LayerNormalization", tensor, shape=x[0], **_learned(layer))
        return as_keras(scribe, made, x[0])
    return scribe.layer("LayerNormalization", taken[0], **_learned(layer))


def group_norm(scribe: Scribe, layer: norm.GroupNorm, x: Shapes, taken: Taken) -> Tensor:
    """GroupNormalization."""
    if layer.rules.group_pairs:
        raise Unsaid(
            "Keras's GroupNormalization learns a scale and a shift for each channel", "leave `nobias` and the like out"
        )
    return scribe.layer("GroupNormalization", taken[0], groups=layer.groups, **_learned(layer))


def instance_norm(scribe: Scribe, layer: norm.InstanceNorm, x: Shapes, taken: Taken) -> Tensor:
    """GroupNormalization with a group a channel."""
    if layer.stats:
        raise Unsaid("Keras has no instance norm with running statistics", "leave `stats` out")
    return scribe.layer("GroupNormalization", taken[0], groups=-1, **_learned(layer))


def _factor(scribe: Scribe, tensor: Tensor, x: Shape, suffix: str = "", **said: Any) -> Tensor:
    """A learned factor a channel: a depthwise convolution of one pixel."""
    if not 2 <= len(x) <= 3:
        raise Unsaid(
            "a learned factor a channel is a depthwise convolution of one pixel, on one or two spatial axes",
            "`parameter Cx1x1x1 multiply` is there",
        )
    scribe.model.macs += prod(x)
    return scribe.layer(f"DepthwiseConv{axes_of(x)}", tensor, suffix=suffix, kernel_size=1, **said)


def scaled(scribe: Scribe, layer: norm.LayerScale, x: Shapes, taken: Taken) -> Tensor:
    """A depthwise convolution of one pixel."""
    initial: dict[str, Any] = {
        "module": "keras.initializers",
        "class_name": "Constant",
        "config": {"value": layer.initial},
    }
    initial["registered_name"] = None
    bias = None if layer.bias else False
    return _factor(scribe, taken[0], x[0], depthwise_initializer=initial, use_bias=bias)


def response_norm(scribe: Scribe, layer: norm.GlobalResponseNorm, x: Shapes, taken: Taken) -> Tensor:
    """γ·x·N(‖x‖) + β + x, step by step; γ and β are a depthwise convolution of one pixel."""
    axes = list(range(1, len(x[0])))
    one = ((1,) * len(axes), x[0][0])
    square = scribe.op("numpy.Square", taken[0], suffix="_square")
    total = scribe.op("numpy.Sum", square, suffix="_sum", shape=(*one[0], one[1]), axis=axes, keepdims=True)
    size = scribe.op("numpy.Sqrt", total, suffix="_norm")
    mean = scribe.op("numpy.Mean", size, suffix="_mean", shape=(*one[0], 1), axis=-1, keepdims=True)
    near = scribe.op("numpy.Add", mean, 1e-6, suffix="_near")
    ratio = scribe.op("numpy.Divide", size, near, suffix="_ratio")
    turned = scribe.layer("Multiply", taken[0], ratio, suffix="_scaled")
    learned = _factor(scribe, turned, x[0], "_learned")
    return scribe.layer("Add", learned, taken[0])


def local_response(scribe: Scribe, layer: norm.LocalResponseNorm, x: Shapes, taken: Taken) -> Tensor:
    """x / (1 + 10⁻⁴·mean(x²))^¾, the mean over neighbouring channels: an average pool along these."""
    if layer.dialect not in ("torch", "keras"):
        raise Unsaid("these are torch's own numbers here", "`--dialect torch` has them")
    row, before = (prod(x[0][1:]), x[0][0], 1), layer.size // 2
    square = scribe.op("numpy.Square", taken[0], suffix="_square")
    rows = scribe.layer("Reshape", square, suffix="_rows", shape=row, target_shape=list(row))
    wide = (row[0], row[1] + layer.size - 1, 1)
    border = scribe.layer(
        "ZeroPadding2D", rows, suffix="_border", shape=wide, padding=[[0, 0], [before, layer.size - 1 - before]]
    )
    mean = scribe.layer("AveragePooling2D", border, suffix="_mean", shape=row, pool_size=[1, layer.size], strides=1)
    back = scribe.layer("Reshape", mean, suffix="_back", shape=taken[0].shape, target_shape=list(taken[0].shape))
    scaled = scribe.op("numpy.Multiply", back, 1e-4, suffix="_scaled")
    moved = scribe.op("numpy.Add", scaled, 1.0, suffix="_moved")
    divisor = scribe.op("numpy.Power", moved, 0.75, suffix="_divisor")
    return scribe.op("numpy.Divide", taken[0], divisor)


def root_mean_square(scribe: Scribe, layer: products.RMSNorm, x: Shapes, taken: Taken) -> Tensor:
    """RMSNormalization over the channels, which Keras has since 3.9."""
    if (layer.over != "channels" and len(x[0]) > 1) or not layer.affine:
        raise Unsaid(
            "Keras's RMS norm is over the channels, with a learned scale", "`permute` the axis to the channels"
        )
    return scribe.layer("RMSNormalization", taken[0], epsilon=layer.eps)


def dropout(scribe: Scribe, layer: regularize.Dropout, x: Shapes, taken: Taken) -> Tensor:
    """Dropout, SpatialDropout of whole channels, and AlphaDropout; what drops nothing is left out."""
    if layer.rate == 0 and not scribe.enters(taken[0]):
        return taken[0]
    if layer.alpha:
        if layer.channels:
            raise Unsaid("Keras's alpha dropout is of single elements", "`dropout alpha` without `channels`")
        return scribe.layer("AlphaDropout", taken[0], rate=layer.rate)
    kind = f"SpatialDropout{axes_of(x[0])}" if layer.channels and 2 <= len(x[0]) <= 4 else "Dropout"
    return scribe.layer(kind, taken[0], rate=layer.rate)


def drop_path(scribe: Scribe, layer: regularize.DropPath, x: Shapes, taken: Taken) -> Tensor:
    """Dropout of whole samples; what drops none is left out."""
    if layer.rate == 0 and not scribe.enters(taken[0]):
        return taken[0]
    return scribe.layer("Dropout", taken[0], rate=layer.rate, noise_shape=[None, *(1,) * len(x[0])])


def identity(scribe: Scribe, layer: regularize.Identity, x: Shapes, taken: Taken) -> Tensor:
    """Identity."""
    return scribe.layer("Identity", taken[0])
