"""Our norms, activations, merges and what lays elements out anew in Paddle."""

from __future__ import annotations

from functools import reduce
from typing import Any

from cnncalc.interchange.written import Unsaid
from cnncalc.layers import Shape
from cnncalc.layers.kinds import activation, linear, merge, norm, reshape, resize, shuffle
from cnncalc.layers.kinds.algebra import functions
from cnncalc.witnesses.paddle.own import first, last, own
from cnncalc.witnesses.paddle.windows import Rule, Run, of_rank

__all__ = ["RULES"]

Shapes = tuple[Shape, ...]


def batch_norm(paddle: Any, layer: norm.BatchNorm, x: Shapes) -> Run:
    """BatchNorm1D to BatchNorm3D."""
    if not layer.stats:
        raise Unsaid("Paddle's batch norms keep running statistics")
    scale = None if layer.affine and layer.scale else False
    shift = None if layer.affine and layer.bias else False
    kind = paddle.nn.BatchNorm1D if len(x[0]) == 1 else of_rank(paddle, "BatchNorm", x[0])
    made: Run = kind(x[0][0], weight_attr=scale, bias_attr=shift)
    return made


def instance_norm(paddle: Any, layer: norm.InstanceNorm, x: Shapes) -> Run:
    """InstanceNorm1D to InstanceNorm3D, which learn unless told."""
    if layer.stats:
        raise Unsaid("Paddle's instance norms keep no statistics")
    learned = {} if layer.affine else {"weight_attr": False, "bias_attr": False}
    if layer.dialect == "paddle" and layer.affine == layer.default("affine"):
        learned = {}  # as Paddle has it unless told
    made: Run = of_rank(paddle, "InstanceNorm", x[0])(x[0][0], **learned)
    return made


def group_norm(paddle: Any, layer: norm.GroupNorm, x: Shapes) -> Run:
    """GroupNorm."""
    learned = None if layer.affine else False
    made: Run = paddle.nn.GroupNorm(layer.groups, x[0][0], weight_attr=learned, bias_attr=learned)
    return made


def layer_norm(paddle: Any, layer: norm.LayerNorm, x: Shapes) -> Run:
    """LayerNorm over the last axes, which the channels are brought to."""
    moved = layer.over == "channels" and len(x[0]) > 1
    shape = list({"all": x[0], "last": x[0][-1:], "channels": x[0][:1]}[layer.over])
    scale, shift = (None if one else False for one in (layer.affine, layer.affine and layer.bias))
    made: Run = paddle.nn.LayerNorm(shape, weight_attr=scale, bias_attr=shift)
    if not moved:
        return made
    return own(paddle, lambda module, tensor: first(paddle, module.norm(last(paddle, tensor))), norm=made)  # type: ignore[no-any-return]  # no types


def slopes(paddle: Any, layer: activation.PReLU, x: Shapes) -> Run:
    """PReLU with one slope, unless told."""
    own = layer.own(x[0])
    if own not in ("shared", "per_channel"):
        raise Unsaid("Paddle's PReLU has a slope a channel, or one")
    made: Run = paddle.nn.PReLU() if own == "shared" else paddle.nn.PReLU(x[0][0])
    return made


def full(paddle: Any, layer: linear.Linear, x: Shapes) -> Run:
    """Linear, on the last axis."""
    made: Run = paddle.nn.Linear(layer.features(x[0]), layer.out, bias_attr=None if layer.bias else False)
    return made


def soft(paddle: Any, layer: activation.Softmax, x: Shapes) -> Run:
    """Softmax and its logarithm."""
    axis = layer.axis % len(x[0]) + 1
    kind = paddle.nn.LogSoftmax if layer.kind == "log_softmax" else paddle.nn.Softmax
    made: Run = kind(axis=axis)
    return made


def plain(name: str, **fields: str) -> Rule:
    """A layer of one class, with some of our fields under Paddle's names."""
    return lambda paddle, layer, x: getattr(paddle.nn, name)(
        **{key: getattr(layer, ours) for key, ours in fields.items()}
    )


def dropped(paddle: Any, layer: Any, x: Shapes) -> Run:
    """Dropout, which does nothing at inference."""
    alpha, whole = getattr(layer, "alpha", False), getattr(layer, "channels", False)
    name = ("FeatureAlphaDropout" if whole else "AlphaDropout") if alpha else "Dropout"
    made: Run = getattr(paddle.nn, name)(layer.rate)
    return made


def reshaped(paddle: Any, layer: reshape.Reshape, x: Shapes) -> Run:
    """reshape, behind the batch."""
    return lambda tensor, *_: paddle.reshape(tensor, [tensor.shape[0], *layer.target(*x)])


def permuted(paddle: Any, layer: reshape.Permute, x: Shapes) -> Run:
    """transpose, the batch first."""
    return lambda tensor: paddle.transpose(tensor, [0, *(axis + 1 for axis in layer.order)])


def sliced(paddle: Any, layer: resize.Slice, x: Shapes) -> Run:
    """Places of an axis."""
    start, stop = layer.channels
    key = [slice(None)] * (len(x[0]) + 1)
    key[layer.axis % len(x[0]) + 1] = slice(start, None if stop == -1 else stop, layer.step)
    return lambda tensor: tensor[tuple(key)]


def joined(name: str) -> Rule:
    """A function of two tensors, or of a tensor and a number."""

    def rule(paddle: Any, layer: merge.ElementwiseMerge, x: Shapes) -> Run:
        function = getattr(paddle, name)
        if layer.number is not None:
            return lambda tensor: function(tensor, paddle.full([1], layer.number))
        return lambda *tensors: reduce(function, tensors)

    return rule


def together(paddle: Any, layer: merge.Concat, x: Shapes) -> Run:
    """concat."""
    return lambda *tensors: paddle.concat(list(tensors), axis=layer.axis + 1)


def shuffled(paddle: Any, layer: shuffle.PixelShuffle, x: Shapes) -> Run:
    """PixelShuffle and its inverse, ChannelShuffle."""
    names = {"pixel_shuffle": "PixelShuffle", "pixel_unshuffle": "PixelUnshuffle", "channel_shuffle": "ChannelShuffle"}
    made: Run = getattr(paddle.nn, names[layer.kind])(getattr(layer, "factor", None) or getattr(layer, "groups", None))
    return made


FUNCTIONS = (
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "erf", "exp", "expm1", "floor",
    "log", "log10", "log1p", "log2", "reciprocal", "round", "rsqrt", "sign", "sin", "sinh", "sqrt", "square", "tan",
)  # fmt: skip


def function(paddle: Any, layer: functions.Function, x: Shapes) -> Run:
    """A function by its name."""
    if layer.of == "clip":
        return lambda tensor: paddle.clip(tensor, layer.low, layer.high)
    if layer.of not in FUNCTIONS:
        raise Unsaid(f"there is no function of Paddle here for `{layer.of}`")
    return getattr(paddle, layer.of)  # type: ignore[no-any-return]  # no types


RULES: dict[str, Rule] = {
    "add": joined("add"),
    "batchnorm": batch_norm,
    "concat": together,
    "divide": joined("divide"),
    "dropout": dropped,
    "droppath": dropped,
    "elu": plain("ELU", alpha="alpha"),
    "flatten": plain("Flatten"),
    "function": function,
    "gelu": plain("GELU"),
    "glu": lambda paddle, layer, x: paddle.nn.GLU(axis=layer.axis + 1),
    "groupnorm": group_norm,
    "hardsigmoid": plain("Hardsigmoid"),
    "hardswish": plain("Hardswish"),
    "identity": plain("Identity"),
    "instancenorm": instance_norm,
    "layernorm": layer_norm,
    "leaky_relu": plain("LeakyReLU", negative_slope="slope"),
    "rrelu": plain("RReLU", lower="lower", upper="upper"),
    "linear": full,
    "lrn": plain("LocalResponseNorm", size="size"),
    "maximum": joined("maximum"),
    "maxout": plain("Maxout", groups="pieces"),
    "minimum": joined("minimum"),
    "mish": plain("Mish"),
    "multiply": joined("multiply"),
    "permute": permuted,
    "power": joined("pow"),
    "prelu": slopes,
    "relu": plain("ReLU"),
    "relu6": plain("ReLU6"),
    "reshape": reshaped,
    "selu": plain("SELU"),
    "sigmoid": plain("Sigmoid"),
    "silu": plain("Silu"),
    "slice": sliced,
    "softplus": plain("Softplus"),
    "subtract": joined("subtract"),
    "tanh": plain("Tanh"),
    **dict.fromkeys(("softmax", "log_softmax"), soft),
    **dict.fromkeys(("pixel_shuffle", "pixel_unshuffle", "channel_shuffle"), shuffled),
}
