"""Our kinds as Caffe's layers: what each says of itself. The one table of the writer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc.interchange.caffe.writing import windows
from cnncalc.interchange.caffe.writing.composed import COMPOSED, affine, bounded, exchanged, reshaped_to
from cnncalc.interchange.caffe.writing.lacking import LACKED
from cnncalc.interchange.caffe.writing.pieces import FACTORS, Piece, Rule, Said, Values
from cnncalc.interchange.written import Unsaid
from cnncalc.layers import Layer, Shape
from cnncalc.layers.kinds import activation, norm, regularize, reshape, resize, shuffle
from cnncalc.layers.kinds.merge import Concat

__all__ = ["RULES"]


def batch_norm(layer: norm.BatchNorm, x: tuple[Shape, ...], y: Shape) -> Said:
    """BatchNorm, and in a Scale or Bias behind it what is learned."""
    if not layer.stats:
        raise Unsaid("Caffe's BatchNorm keeps running statistics", "leave `nostats` out")
    pieces = [Piece("BatchNorm", "batch_norm_param", (("eps", layer.eps),) if layer.eps != 1e-5 else (), 3, True)]
    if layer.affine and layer.scale:
        pieces.append(Piece("Scale", "scale_param", (("bias_term", True),), 2, True, "_scale"))
    elif layer.affine:
        pieces.append(Piece("Bias", learns=1, in_place=True, suffix="_bias"))
    return pieces


def softmax(layer: activation.Softmax, x: tuple[Shape, ...], y: Shape) -> Said:
    """Softmax along an axis; its logarithm by a Log behind it."""
    axis = layer.axis % len(x[0])
    piece = Piece("Softmax", "softmax_param", (("axis", axis + 1),) if axis else ())
    return [piece, Piece("Log", suffix="_log")] if layer.kind == "log_softmax" else [piece]


def reshaped(layer: reshape.Reshape, x: tuple[Shape, ...], y: Shape) -> Said:
    """Reshape, with the batch as it is."""
    return [reshaped_to(y)]


def permuted(layer: reshape.Permute, x: tuple[Shape, ...], y: Shape) -> Said:
    """Permute, which SSD's Caffe has."""
    return [exchanged((0, *(axis + 1 for axis in layer.order)))]


def concat(layer: Concat, x: tuple[Shape, ...], y: Shape) -> Said:
    """Concat."""
    return [Piece("Concat", "concat_param", (("axis", layer.axis + 1),) if layer.axis else ())]


def sliced(layer: resize.Slice, x: tuple[Shape, ...], y: Shape) -> Said:
    """Slice, and Silence for what is left out."""
    axis = layer.axis % len(x[0])
    if layer.step != 1:
        raise Unsaid("Caffe's Slice leaves nothing out in between", "use a step of 1")
    n, start = x[0][axis], layer.channels[0]
    stop = start + y[axis]
    points = tuple(("slice_point", point) for point in (start, stop) if 0 < point < n)
    tops = ("_before",) * (start > 0) + ("",) + ("_after",) * (stop < n)
    if len(tops) == 1:
        return []
    return [Piece("Slice", "slice_param", ((("axis", axis + 1),) if axis else ()) + points, tops=tops)]


NUMBERS: dict[str, Callable[[float], Piece]] = {
    "add": lambda number: affine(shift=number),
    "subtract": lambda number: affine(shift=-number),
    "multiply": lambda number: affine(scale=number),
    "divide": lambda number: affine(scale=1 / number),
    "power": lambda number: affine(power=number),
}
"""What a number beside a tensor is in Caffe's Power, (shift + scale·x)^power."""


def eltwise(operation: str, *factors: float) -> Rule:
    """Eltwise of tensors of one shape."""

    def rule(layer: Any, x: tuple[Shape, ...], y: Shape) -> Said:
        if layer.number is not None:
            return [NUMBERS[layer.kind](layer.number)] if layer.kind in NUMBERS else bounded(layer, x, y)
        if not operation:
            raise Unsaid(*LACKED[layer.kind])
        if len(x) < 2 or len(set(x)) > 1:
            raise Unsaid(
                "Caffe's Eltwise takes tensors of one shape", "only a factor a channel may be a vector: `Scale`"
            )
        values: Values = [("operation", operation)] * (operation != "SUM")
        values += [("coeff", factor) for factor in factors]
        return [Piece("Eltwise", "eltwise_param", tuple(values))]

    return rule


POWERS = {
    "negate": affine(-1.0), "reciprocal": affine(power=-1.0), "rsqrt": affine(power=-0.5), "sqrt": affine(power=0.5),
    "square": affine(power=2.0),
}  # fmt: skip


def function(layer: Any, x: tuple[Shape, ...], y: Shape) -> Said:
    """AbsVal, Exp, Log, powers; Clip."""
    types = {"abs": "AbsVal", "exp": "Exp", "log": "Log"}
    if layer.of in types:
        return [Piece(types[layer.of])]
    if layer.of in POWERS:
        return [POWERS[layer.of]]
    if layer.of == "clip" and None not in (layer.low, layer.high):
        return [Piece("Clip", "clip_param", (("min", layer.low), ("max", layer.high)), in_place=True)]
    raise Unsaid(f"there is no layer of Caffe for `{layer.of}`", "a Python layer of your own has any function")


def enlarged(layer: resize.Upsample, x: tuple[Shape, ...], y: Shape) -> Said:
    """Upsample, which repeats pixels; Interp, where the corners stay."""
    if len(x[0]) == 3 and layer.mode != "nearest" and layer.align_corners and not layer.cubic:
        return [Piece("Interp", "interp_param", (("height", y[1]), ("width", y[2])))]
    factors = {m // n for n, m in zip(x[0][1:], y[1:])}
    if layer.mode != "nearest" or len(factors) != 1 or any(m % n for n, m in zip(x[0][1:], y[1:])):
        raise Unsaid(
            "Upsample repeats pixels, as often along both axes; Interp keeps the corners",
            "`upsample 2 nearest`, or `align_corners`",
        )
    return [Piece("Upsample", "upsample_param", (("scale", factors.pop()),))]


def product(layer: Layer, x: tuple[Shape, ...], y: Shape) -> Said:
    """Eltwise; or Scale, of a map and a number for each of its channels."""
    if len(x) == 2 and len(y) > 1 and (y[0], *(1,) * (len(y) - 1)) in x and y in x and x[0] != x[1]:
        return [Piece("Flatten", suffix=FACTORS), Piece("Scale", "scale_param", (("axis", 0),))]
    return eltwise("PROD")(layer, x, y)


def shuffled(layer: shuffle.ChannelShuffle, x: tuple[Shape, ...], y: Shape) -> Said:
    """The groups as an axis of their own, exchanged with that of their channels."""
    split = (layer.groups, y[0] // layer.groups, *y[1:])
    order = (0, 2, 1, *range(3, len(y) + 2))
    return [reshaped_to(split, "_split"), exchanged(order, "_exchange"), reshaped_to(y)]


def scaled(layer: norm.LayerScale, x: tuple[Shape, ...], y: Shape) -> Said:
    """Scale: a learned factor a channel."""
    return [Piece("Scale", "scale_param", (), 1, True)]


def local_norm(layer: norm.LocalResponseNorm, x: tuple[Shape, ...], y: Shape) -> Said:
    """LRN."""
    if layer.size % 2 == 0:
        raise Unsaid("Caffe's LRN has an odd size", "use an odd one")
    return [Piece("LRN", "lrn_param", (("local_size", layer.size),))]


def plain(type: str, part: str = "", *fields: tuple[str, str]) -> Rule:  # noqa: A002 - Caffe calls it so
    """A layer of one type, with some of our fields under Caffe's names."""

    def rule(layer: Layer, x: tuple[Shape, ...], y: Shape) -> Said:
        values = tuple((theirs, getattr(layer, ours)) for ours, theirs in fields)
        return [Piece(type, part, values, in_place=True)]

    return rule


def slopes(layer: activation.PReLU, x: tuple[Shape, ...], y: Shape) -> Said:
    """PReLU, a slope a channel unless shared."""
    own = layer.own(x[0])
    if own not in ("shared", "per_channel"):
        raise Unsaid("Caffe's PReLU has a slope a channel, or one", "`prelu per_channel`")
    values = (("channel_shared", True),) if own == "shared" else ()
    return [Piece("PReLU", "prelu_param", values, 1)]


def nothing(layer: regularize.Identity, x: tuple[Shape, ...], y: Shape) -> Said:
    """No layer at all: it does nothing at inference."""
    return []


RULES: dict[str, Rule] = {
    **COMPOSED,
    "adaptive_avgpool": windows.adaptive,
    "adaptive_maxpool": windows.adaptive,
    "add": eltwise("SUM"),
    "avgpool": windows.slid_pool,
    "batchnorm": batch_norm,
    "channel_shuffle": shuffled,
    "concat": concat,
    "conv": windows.convolution,
    "deconv": windows.deconvolution,
    "divide": eltwise(""),
    "dropout": plain("Dropout", "dropout_param", ("rate", "dropout_ratio")),
    "droppath": nothing,
    "dwconv": windows.convolution,
    "elu": plain("ELU", "elu_param", ("alpha", "alpha")),
    "function": function,
    "flatten": lambda layer, x, y: [Piece("Flatten")],
    "global_avgpool": windows.whole_pool,
    "global_maxpool": windows.whole_pool,
    "identity": nothing,
    "layerscale": scaled,
    "leaky_relu": plain("ReLU", "relu_param", ("slope", "negative_slope")),
    "linear": windows.full,
    "log_softmax": softmax,
    "lrn": local_norm,
    "maximum": eltwise("MAX"),
    "minimum": eltwise(""),
    "maxpool": windows.slid_pool,
    "multiply": product,
    "permute": permuted,
    "power": eltwise(""),
    "prelu": slopes,
    "relu": plain("ReLU"),
    "relu6": lambda layer, x, y: [Piece("Clip", "clip_param", (("min", 0), ("max", 6)), in_place=True)],
    "reshape": reshaped,
    "sigmoid": plain("Sigmoid"),
    "silu": plain("Swish"),
    "slice": sliced,
    "softmax": softmax,
    "softplus": plain("BNLL"),
    "spp": windows.spatial_pyramid,
    "subtract": eltwise("SUM", 1, -1),
    "tanh": plain("TanH"),
    "upsample": enlarged,
}
