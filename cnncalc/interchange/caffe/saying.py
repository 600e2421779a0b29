"""Our kinds as Caffe's layers: what each says of itself. The one table of the writer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from cnncalc.layers import Layer, Shape
from cnncalc.layers.kinds import activation, conv, linear, norm, pool, pyramid, regularize, reshape, resize, shuffle
from cnncalc.layers.kinds.merge import Concat
from cnncalc.records import NamedTuple

__all__ = ["FACTORS", "RULES", "Piece", "Said", "Unsaid"]


FACTORS = "_factors"
"""The suffix of the vector that a Scale takes beside a map."""


class Unsaid(Exception):
    """A layer that Caffe has not, and why."""

    def __init__(self, why: str, help: str = "") -> None:
        super().__init__(why)
        self.why, self.help = why, help


class Piece(NamedTuple):
    """A layer of Caffe: its type, the name of its parameters' message with what stands in it, and its tops."""

    type: str
    part: str = ""
    values: tuple[tuple[str, object], ...] = ()
    learns: int = 0
    """How many blobs of parameters it has, by which layers share them."""
    in_place: bool = False
    """Whether it may write over its input."""
    suffix: str = ""
    """What is added to the layer's name, for all but the first of several."""
    tops: tuple[str, ...] = ()
    """The tops' suffixes where it has several; the first is that of the layer."""


Said: TypeAlias = "list[Piece]"
Rule: TypeAlias = Callable[[Any, tuple[Shape, ...], Shape], Said]


def _sizes(name: str, values: list[int], default: int | None) -> list[tuple[str, object]]:
    """A size once for all axes, or one an axis; height and width have names of their own."""
    if all(value == default for value in values):
        return []
    if len(set(values)) == 1:
        return [(name, values[0])]
    stem = name.removesuffix("_size")
    if len(values) == 2:
        return [(f"{stem}_h", values[0]), (f"{stem}_w", values[1])]
    return [(name, value) for value in values]


def _even(paddings: list[tuple[int, int]]) -> list[int]:
    if any(before != after for before, after in paddings):
        raise Unsaid("Caffe pads both sides of an axis alike", "use a symmetric padding, or crop after a larger one")
    return [before for before, _ in paddings]


def convolution(layer: conv.ForwardConvolution, x: tuple[Shape, ...], y: Shape) -> Said:
    """Convolution; one with a group a channel is that with as many groups."""
    slid = layer.windows(x[0])
    padding = _even([window.padding(n) for window, n in zip(slid, x[0][1:])])
    groups = layer.group_count(x[0])
    values: list[tuple[str, object]] = [("num_output", layer.filters(x[0]))]
    values += _sizes("kernel_size", [window.kernel for window in slid], None)
    values += _sizes("stride", [window.stride for window in slid], 1) + _sizes("pad", padding, 0)
    dilations = [window.dilation for window in slid]
    if dilations != [1] * len(slid):
        said = dilations[:1] if len(set(dilations)) == 1 else dilations
        values.extend(("dilation", one) for one in said)
    values += [("group", groups)] * (groups > 1) + [("bias_term", False)] * (not layer.bias)
    return [Piece("Convolution", "convolution_param", tuple(values), 1 + layer.bias)]


def deconvolution(layer: conv.Deconv, x: tuple[Shape, ...], y: Shape) -> Said:
    """Deconvolution, which adds nothing to its output."""
    slid = layer.windows(x[0])
    if any(window.output_padding for window in slid):
        raise Unsaid("Caffe's Deconvolution has no output padding")
    padding = _even([window.padding(n) for window, n in zip(slid, x[0][1:])])
    values: list[tuple[str, object]] = [("num_output", layer.out)]
    values += _sizes("kernel_size", [window.kernel for window in slid], None)
    values += _sizes("stride", [window.stride for window in slid], 1) + _sizes("pad", padding, 0)
    if any(window.dilation > 1 for window in slid):
        values += [("dilation", window.dilation) for window in slid]
    values += [("group", layer.groups)] * (layer.groups > 1) + [("bias_term", False)] * (not layer.bias)
    return [Piece("Deconvolution", "convolution_param", tuple(values), 1 + layer.bias)]


def full(layer: linear.Linear, x: tuple[Shape, ...], y: Shape) -> Said:
    """InnerProduct, on the last axis where the layer acts on it."""
    values: list[tuple[str, object]] = [("num_output", layer.out)]
    values += [("bias_term", False)] * (not layer.bias)
    if layer.axis == "last" and len(x[0]) > 1:
        values.append(("axis", len(x[0])))
    return [Piece("InnerProduct", "inner_product_param", tuple(values), 1 + layer.bias)]


def slid_pool(layer: pool.MaxPool | pool.AvgPool, x: tuple[Shape, ...], y: Shape) -> Said:
    """Pooling. Caffe's own rounds up; where that gives another size, `round_mode: FLOOR` (Caffe since 2018)."""
    slid = layer.windows(x[0])
    if len(slid) != 2:
        raise Unsaid("Caffe's Pooling has two spatial axes")
    if any(window.dilation > 1 for window in slid):
        raise Unsaid("Caffe's Pooling has no dilation")
    padding = _even([window.padding(n) for window, n in zip(slid, x[0][1:])])
    if isinstance(layer, pool.AvgPool) and any(padding) and not layer.count_include_pad:
        raise Unsaid("Caffe's average pools count their padding", "`count_include_pad` says so")
    values: list[tuple[str, object]] = [("pool", "AVE" if isinstance(layer, pool.AvgPool) else "MAX")]
    values += _sizes("kernel_size", [window.kernel for window in slid], None)
    values += _sizes("stride", [window.stride for window in slid], 1) + _sizes("pad", padding, 0)
    sizes = [_pooled(n, window.kernel, window.stride, p) for n, window, p in zip(x[0][1:], slid, padding)]
    if sizes != list(y[1:]):
        floors = [(n + 2 * p - window.kernel) // window.stride + 1 for n, window, p in zip(x[0][1:], slid, padding)]
        if floors != list(y[1:]):
            raise Unsaid(f"Caffe's Pooling makes {sizes[0]}x{sizes[1]} of it, and this one {y[1]}x{y[2]}")
        values.append(("round_mode", "FLOOR"))
    return [Piece("Pooling", "pooling_param", tuple(values))]


def _pooled(n: int, kernel: int, stride: int, padding: int) -> int:
    """The length that PoolingLayer::Reshape gives: rounded up, the last window clipped where the pool is padded."""
    length = -(-(n + 2 * padding - kernel) // stride) + 1
    return length - 1 if padding and (length - 1) * stride >= n + padding else length


def whole_pool(layer: pool.GlobalPool, x: tuple[Shape, ...], y: Shape) -> Said:
    """Pooling over the whole map; then Flatten for a vector."""
    if len(x[0]) != 3:
        raise Unsaid("Caffe's Pooling has two spatial axes")
    way = "AVE" if isinstance(layer, pool.GlobalAvgPool) else "MAX"
    pieces = [Piece("Pooling", "pooling_param", (("pool", way), ("global_pooling", True)))]
    return pieces + [Piece("Flatten", suffix="_flat")] * (len(y) == 1)


def adaptive(layer: pool.AdaptivePool, x: tuple[Shape, ...], y: Shape) -> Said:
    """A pool of even windows, where the output's size divides the input's."""
    if len(x[0]) != 3 or any(n % m for n, m in zip(x[0][1:], y[1:])):
        raise Unsaid("an adaptive pool is a Pooling of Caffe only where its windows are all alike")
    kernel = [n // m for n, m in zip(x[0][1:], y[1:])]
    way = "AVE" if isinstance(layer, pool.AdaptiveAvgPool) else "MAX"
    values = [("pool", way), *_sizes("kernel_size", kernel, None), *_sizes("stride", kernel, 1)]
    return [Piece("Pooling", "pooling_param", tuple(values))]


def batch_norm(layer: norm.BatchNorm, x: tuple[Shape, ...], y: Shape) -> Said:
    """BatchNorm, and in a Scale or Bias behind it what is learned."""
    if not layer.stats:
        raise Unsaid("Caffe's BatchNorm keeps running statistics")
    pieces = [Piece("BatchNorm", "batch_norm_param", (("eps", layer.eps),) if layer.eps != 1e-5 else (), 3, True)]
    if layer.affine and layer.scale:
        pieces.append(Piece("Scale", "scale_param", (("bias_term", True),), 2, True, "_scale"))
    elif layer.affine:
        pieces.append(Piece("Bias", learns=1, in_place=True, suffix="_bias"))
    return pieces


def spatial_pyramid(layer: pyramid.SpatialPyramid, x: tuple[Shape, ...], y: Shape) -> Said:
    """SPP, whose levels are powers of two."""
    if layer.levels != tuple(2**level for level in range(len(layer.levels))) or len(x[0]) != 3:
        raise Unsaid("Caffe's SPP has the levels 1, 2, 4, … on two spatial axes")
    values = (("pyramid_height", len(layer.levels)), ("pool", "AVE" if layer.mode == "avg" else "MAX"))
    return [Piece("SPP", "spp_param", values)]


def softmax(layer: activation.Softmax, x: tuple[Shape, ...], y: Shape) -> Said:
    """Softmax along an axis; its logarithm by a Log behind it."""
    axis = layer.axis % len(x[0])
    piece = Piece("Softmax", "softmax_param", (("axis", axis + 1),) if axis else ())
    return [piece, Piece("Log", suffix="_log")] if layer.kind == "log_softmax" else [piece]


def reshaped(layer: reshape.Reshape, x: tuple[Shape, ...], y: Shape) -> Said:
    """Reshape, with the batch as it is."""
    return [Piece("Reshape", "reshape_param", (("shape", tuple(("dim", n) for n in (0, *y))),))]


def permuted(layer: reshape.Permute, x: tuple[Shape, ...], y: Shape) -> Said:
    """Permute, which SSD's Caffe has."""
    order = tuple(("order", axis) for axis in (0, *(axis + 1 for axis in layer.order)))
    return [Piece("Permute", "permute_param", order)]


def concat(layer: Concat, x: tuple[Shape, ...], y: Shape) -> Said:
    """Concat."""
    return [Piece("Concat", "concat_param", (("axis", layer.axis + 1),) if layer.axis else ())]


def sliced(layer: resize.Slice, x: tuple[Shape, ...], y: Shape) -> Said:
    """Slice, and Silence for what is left out."""
    axis = layer.axis % len(x[0])
    if layer.step != 1:
        raise Unsaid("Caffe's Slice leaves nothing out in between")
    n, start = x[0][axis], layer.channels[0]
    stop = start + y[axis]
    points = tuple(("slice_point", point) for point in (start, stop) if 0 < point < n)
    tops = ("_before",) * (start > 0) + ("",) + ("_after",) * (stop < n)
    if len(tops) == 1:
        return []
    return [Piece("Slice", "slice_param", ((("axis", axis + 1),) if axis else ()) + points, tops=tops)]


def eltwise(operation: str, *factors: float) -> Rule:
    """Eltwise of tensors of one shape."""

    def rule(layer: Layer, x: tuple[Shape, ...], y: Shape) -> Said:
        if len(x) < 2 or len(set(x)) > 1:
            raise Unsaid(
                "Caffe's Eltwise takes tensors of one shape", "only a factor a channel may be a vector: `Scale`"
            )
        values: list[tuple[str, object]] = [("operation", operation)] * (operation != "SUM")
        values += [("coeff", factor) for factor in factors]
        return [Piece("Eltwise", "eltwise_param", tuple(values))]

    return rule


def product(layer: Layer, x: tuple[Shape, ...], y: Shape) -> Said:
    """Eltwise; or Scale, of a map and a number for each of its channels."""
    if len(x) == 2 and len(y) > 1 and (y[0], *(1,) * (len(y) - 1)) in x and y in x and x[0] != x[1]:
        return [Piece("Flatten", suffix=FACTORS), Piece("Scale", "scale_param", (("axis", 0),))]
    return eltwise("PROD")(layer, x, y)


def shuffled(layer: shuffle.ChannelShuffle, x: tuple[Shape, ...], y: Shape) -> Said:
    """The groups as an axis of their own, exchanged with that of their channels."""
    split = (0, layer.groups, y[0] // layer.groups, *y[1:])
    order = (0, 2, 1, *range(3, len(y) + 2))
    return [
        Piece("Reshape", "reshape_param", (("shape", tuple(("dim", n) for n in split)),), suffix="_split"),
        Piece("Permute", "permute_param", tuple(("order", axis) for axis in order), suffix="_exchange"),
        Piece("Reshape", "reshape_param", (("shape", tuple(("dim", n) for n in (0, *y))),)),
    ]


def scaled(layer: norm.LayerScale, x: tuple[Shape, ...], y: Shape) -> Said:
    """Scale: a learned factor a channel."""
    return [Piece("Scale", "scale_param", (), 1, True)]


def local_norm(layer: norm.LocalResponseNorm, x: tuple[Shape, ...], y: Shape) -> Said:
    """LRN."""
    if layer.size % 2 == 0:
        raise Unsaid("Caffe's LRN has an odd size")
    return [Piece("LRN", "lrn_param", (("local_size", layer.size),))]


def plain(type: str, part: str = "", *fields: tuple[str, str]) -> Rule:  # noqa: A002 - Caffe calls it so
    """A layer of one type, with some of our fields under Caffe's names."""

    def rule(layer: Layer, x: tuple[Shape, ...], y: Shape) -> Said:
        values = tuple((theirs, getattr(layer, ours)) for ours, theirs in fields)
        return [Piece(type, part, values, in_place=True)]

    return rule


def slopes(layer: activation.PReLU, x: tuple[Shape, ...], y: Shape) -> Said:
    """PReLU, a slope a channel unless shared."""
    values = (("channel_shared", True),) if layer.slopes == "shared" else ()
    return [Piece("PReLU", "prelu_param", values, 1)]


def nothing(layer: regularize.Identity, x: tuple[Shape, ...], y: Shape) -> Said:
    """No layer at all: it does nothing at inference."""
    return []


RULES: dict[str, Rule] = {
    "adaptive_avgpool": adaptive,
    "adaptive_maxpool": adaptive,
    "add": eltwise("SUM"),
    "avgpool": slid_pool,
    "batchnorm": batch_norm,
    "channel_shuffle": shuffled,
    "concat": concat,
    "conv": convolution,
    "deconv": deconvolution,
    "dropout": plain("Dropout", "dropout_param", ("rate", "dropout_ratio")),
    "droppath": nothing,
    "dwconv": convolution,
    "elu": plain("ELU", "elu_param", ("alpha", "alpha")),
    "flatten": lambda layer, x, y: [Piece("Flatten")],
    "global_avgpool": whole_pool,
    "global_maxpool": whole_pool,
    "identity": nothing,
    "layerscale": scaled,
    "leaky_relu": plain("ReLU", "relu_param", ("slope", "negative_slope")),
    "linear": full,
    "log_softmax": softmax,
    "lrn": local_norm,
    "maximum": eltwise("MAX"),
    "maxpool": slid_pool,
    "multiply": product,
    "permute": permuted,
    "prelu": slopes,
    "relu": plain("ReLU"),
    "relu6": lambda layer, x, y: [Piece("Clip", "clip_param", (("min", 0), ("max", 6)), in_place=True)],
    "reshape": reshaped,
    "sigmoid": plain("Sigmoid"),
    "silu": plain("Swish"),
    "slice": sliced,
    "softmax": softmax,
    "softplus": plain("BNLL"),
    "spp": spatial_pyramid,
    "subtract": eltwise("SUM", 1, -1),
    "tanh": plain("TanH"),
}
