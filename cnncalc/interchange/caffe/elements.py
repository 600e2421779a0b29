"""Caffe's layers that act element by element, and its normalisations."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from cnncalc.interchange.building import Build, learned, unit_length
from cnncalc.interchange.caffe.net import CaffeLayer
from cnncalc.layers import Shape

if TYPE_CHECKING:
    from cnncalc.interchange.caffe.prototext import Message

__all__ = [
    "Rule",
    "axpy",
    "batch_norm",
    "bias",
    "clip",
    "copies",
    "dropout",
    "eltwise",
    "elu",
    "learned_norm",
    "learns",
    "length_norm",
    "lrn",
    "plain_length_norm",
    "power",
    "prelu",
    "relu",
    "same",
    "scale",
    "selu_dropout",
    "shares_channels",
    "shuffle",
    "threshold",
    "unchanged",
]

Rule: TypeAlias = Callable[[CaffeLayer, Build], list[int]]
"""From a layer to our layers; the tensors that are its tops."""


def same(kind: str, **fields: Any) -> Rule:
    """A layer of one kind, whatever its parameters."""
    return lambda layer, build: [build.put(kind, **fields)]


def relu(layer: CaffeLayer, build: Build) -> list[int]:
    """Leaky where `negative_slope` is not 0."""
    slope = layer.part("relu_param").real("negative_slope", 0.0)
    return [build.put("leaky_relu", slope=slope) if slope else build.put("relu")]


def prelu(layer: CaffeLayer, build: Build) -> list[int]:
    """A slope a channel, unless `channel_shared`."""
    shared = layer.part("prelu_param").flag("channel_shared", default=False)
    slopes = "shared" if shared else "per_channel"
    if build.axes < 3:
        return [build.put("prelu", slopes=slopes)]
    channels, frames, height, width = build.x[0]  # of forks with volumes: Caffe's own has four axes at most
    flat = build.put("reshape", build.tensors[0], suffix="_maps", shape=(channels, frames * height, width))
    return [build.put("reshape", build.put("prelu", flat, slopes=slopes), suffix="_volume", shape=build.x[0])]


def copies(layer: CaffeLayer, build: Build) -> list[int]:
    """Split: one tensor under several names."""
    return build.tensors[:1] * len(layer.tops)


def shuffle(layer: CaffeLayer, build: Build) -> list[int]:
    """ShuffleNet's: the channels of `group` groups dealt out in turn."""
    return [build.put("channel_shuffle", groups=layer.part("shuffle_channel_param").whole("group", 1))]


def elu(layer: CaffeLayer, build: Build) -> list[int]:
    """`alpha` is 1 unless given."""
    return [build.put("elu", alpha=layer.part("elu_param").real("alpha", 1.0))]


def clip(layer: CaffeLayer, build: Build) -> list[int]:
    """Between `min` and `max`; 0 and 6 make a ReLU6."""
    part = layer.part("clip_param")
    low, high = part.real("min", 0.0), part.real("max", 0.0)
    if (low, high) == (0.0, 6.0):
        return [build.put("relu6")]
    return [build.put("function", of="clip", low=low, high=high)]


def threshold(layer: CaffeLayer, build: Build) -> list[int]:
    """1 where the element is larger, else 0."""
    return [build.put("function", of="threshold")]


def dropout(layer: CaffeLayer, build: Build) -> list[int]:
    """`dropout_ratio` is 0.5 unless given."""
    return [build.put("dropout", rate=layer.part("dropout_param").real("dropout_ratio", 0.5))]


def selu_dropout(layer: CaffeLayer, build: Build) -> list[int]:
    """The dropout that goes with a SELU."""
    rate = layer.part("dropout_param").real("dropout_ratio", 0.5)
    return [build.put("dropout", rate=rate, alpha=True)]


def lrn(layer: CaffeLayer, build: Build) -> list[int]:
    """Across channels; what it costs within a channel is the same with a window of pixels."""
    return [build.put("lrn", size=layer.part("lrn_param").whole("local_size", 5))]


def batch_norm(layer: CaffeLayer, build: Build) -> list[int]:
    """Statistics, and their common factor; what it learns, Caffe has in the `Scale` behind it, and NVIDIA's here."""
    return [build.put("batchnorm", affine=learns(layer), eps=layer.part("batch_norm_param").real("eps", 1e-5))]


def learns(layer: CaffeLayer) -> bool:
    """Whether a batch norm has a scale and a shift of its own, as NVIDIA's Caffe has it."""
    part = layer.part("batch_norm_param")
    return part.flag("scale_bias", default=False) or any(map(part.having, ("scale_filler", "bias_filler")))


def learned_norm(layer: CaffeLayer, build: Build) -> list[int]:
    """The `BN` of forks (SegNet, PSPNet): scale and shift are its own."""
    return [build.put("batchnorm")]


def length_norm(layer: CaffeLayer, build: Build) -> list[int]:
    """SSD's Normalize: to length 1 over the channels at each position, or over all; then a learned factor a channel."""
    part = layer.part("norm_param")
    everywhere = part.flag("across_spatial", default=True)
    normed = unit_length(build, tuple(range(build.axes + 1)) if everywhere else (0,))
    return [learned(build, normed, "multiply", "_scale", shared=part.flag("channel_shared", default=True))]


def plain_length_norm(layer: CaffeLayer, build: Build) -> list[int]:
    """To length 1 over the channels at each position, of face recognition's forks; nothing is learned."""
    return [unit_length(build)]


def lifted(build: Build, tensor: int, like: int, axis: int) -> int:
    """A tensor that stands for the axes from `axis` on, with an axis of length 1 for each that it lacks behind them."""
    shape, target = build.shape(tensor), build.shape(like)
    axes = len(target) - (axis - 1 if axis else 0)
    if len(shape) >= axes:
        return tensor
    return build.put("reshape", tensor, suffix="_reshape", shape=(*shape, *(1,) * (axes - len(shape))))


def unchanged(layer: CaffeLayer, build: Build) -> list[int]:
    """What only training does something with."""
    return [build.put("identity", build.tensors[0])]


def scale(layer: CaffeLayer, build: Build) -> list[int]:
    """A learned factor a channel, with a shift where `bias_term` says so; with a second bottom, a product."""
    part = layer.part("scale_param")
    shifted = part.flag("bias_term", default=False)
    if len(build.tensors) == 2:
        second = lifted(build, build.tensors[1], build.tensors[0], part.whole("axis", 1))
        product = build.put("multiply", build.tensors[0], second)
        return [learned(build, product, "add", "_bias") if shifted else product]
    shape = along(layer, build, part)
    if shape is not None:
        factor = build.put("parameter", shape=shape, join="multiply")
        return [build.put("parameter", factor, shape=shape, join="add", suffix="_bias") if shifted else factor]
    factor = build.put("layerscale", initial=1.0)
    return [learned(build, factor, "add", "_bias") if shifted else factor]


def along(layer: CaffeLayer, build: Build, part: Message) -> Shape | None:
    """The shape of what is learned for `num_axes` axes from `axis` on, −1 being all; None where it is one a channel."""
    first, count, rank = part.whole("axis", 1), part.whole("num_axes", 1), build.axes + 1
    if count == 0:
        return (1,) * rank
    first = first + rank + 1 if first < 0 else first
    last = rank + 1 if count == -1 else first + count
    if not 1 <= first <= last <= rank + 1:
        raise layer.fault(f"`axis` and `num_axes` name axes of {rank + 1}, not the batch", f"{first} to {last}")
    if (first, last) == (1, 2):
        return None
    return tuple(n if first <= axis < last else 1 for axis, n in enumerate(build.x[0], 1))


def shares_channels(layer: CaffeLayer) -> bool:
    """Whether a `Scale` of one bottom learns a factor and a shift a channel, as a batch norm does."""
    part = layer.part("scale_param")
    return part.flag("bias_term", default=False) and (part.whole("axis", 1), part.whole("num_axes", 1)) == (1, 1)


def bias(layer: CaffeLayer, build: Build) -> list[int]:
    """A sum with a second bottom; alone, a learned shift a channel."""
    part = layer.part("bias_param")
    if len(build.tensors) == 2:
        return [
            build.put("add", build.tensors[0], lifted(build, build.tensors[1], build.tensors[0], part.whole("axis", 1)))
        ]
    shape = along(layer, build, part)
    if shape is not None:
        return [build.put("parameter", shape=shape, join="add")]
    return [learned(build, build.tensors[0], "add", "")]


def axpy(layer: CaffeLayer, build: Build) -> list[int]:
    """SENet's a·x + y."""
    build.takes(3)
    factor, x, y = build.tensors
    product = build.put("multiply", x, lifted(build, factor, x, 0), suffix="_scale")
    return [build.put("add", product, y)]


def power(layer: CaffeLayer, build: Build) -> list[int]:
    """(shift + scale·x)^power, of which the parts that do nothing are left out."""
    part = layer.part("power_param")
    steps = [
        ("multiply", part.real("scale", 1.0), 1.0),
        ("add", part.real("shift", 0.0), 0.0),
        ("power", part.real("power", 1.0), 1.0),
    ]
    tensor, suffix = build.tensors[0], ""
    for kind, number, neutral in steps:
        if number != neutral:
            tensor = build.put(kind, tensor, suffix=suffix, number=number)
            suffix += f"_{kind}"
    return [tensor if suffix else build.put("identity")]


def eltwise(layer: CaffeLayer, build: Build) -> list[int]:
    """A sum, a product or a maximum; a sum's factors count as operations where they are not 1."""
    part = layer.part("eltwise_param")
    operation = part.word("operation", "SUM").upper()
    kinds = {"PROD": "multiply", "0": "multiply", "SUM": "add", "1": "add", "MAX": "maximum", "2": "maximum"}
    if operation not in kinds:
        raise layer.fault(f"there is no operation `{operation[:40]}`", help="PROD, SUM or MAX")
    factors = [value.real("coeff") for value in part.values("coeff")]
    if factors == [1.0, -1.0]:
        return [build.put("subtract")]
    return [build.put(kinds[operation])]
