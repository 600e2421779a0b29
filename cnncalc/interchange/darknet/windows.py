"""Darknet's layers with weights, and those that slide windows."""

from __future__ import annotations

from cnncalc.interchange.building import Build, Fields
from cnncalc.interchange.darknet.activations import activated
from cnncalc.interchange.darknet.config import Section

__all__ = [
    "average",
    "batch_norm",
    "connected",
    "convolutional",
    "deconvolutional",
    "local",
    "maximum",
    "mean",
    "padded",
]

LEAST = 1


def strides(section: Section, default: int) -> tuple[int, int]:
    """Height and width: `stride_y` and `stride_x`, or `stride` for both."""
    both = section.whole("stride", default, LEAST)
    return section.whole("stride_y", both, LEAST), section.whole("stride_x", both, LEAST)


def padding_of(section: Section, size: int) -> int:
    """`pad=1` means half the kernel, whatever `padding` says."""
    return size // 2 if section.whole("pad", 0) else section.whole("padding", 0, 0)


def flat(build: Build, tensor: int) -> int:
    """A map as one vector: Darknet's layers that take vectors take whatever stands in memory."""
    return build.put("flatten", tensor, suffix="_flatten") if len(build.shape(tensor)) > 1 else tensor


def normed(build: Build, tensor: int, section: Section) -> int:
    """The tensor through the batch norm, if the section has one; its shift is the section's bias."""
    if section.whole("batch_normalize", 0) or section.whole("cbn", 0):
        return build.put("batchnorm", tensor, suffix="_bn")
    return tensor


def convolutional(section: Section, build: Build) -> int:
    """A convolution, its batch norm and its activation (parse_convolutional and make_convolutional_layer).

    A dilated one pads by as much more as its kernel is wider. An `antialiasing` one has stride 1, and a blur with fixed
    weights behind it takes its stride.
    """
    size = section.whole("size", 1, LEAST)
    dilation = section.whole("dilation", 1, LEAST) if size > 1 else 1
    stride = strides(section, 1)
    blur = section.whole("antialiasing", 0)
    normalised = section.whole("batch_normalize", 0) or section.whole("cbn", 0)
    tensor = build.put(
        "conv",
        out=section.whole("filters", 1, LEAST),
        kernel=(size, size),
        stride=(1, 1) if blur else stride,
        padding=(padding_of(section, size) * dilation,) * 2,
        dilation=(dilation, dilation),
        groups=section.whole("groups", 1, LEAST),
        bias=not normalised,
    )
    tensor = activated(build, normed(build, tensor, section), section.text("activation", "logistic"))
    if blur:
        tensor = blurred(build, tensor, stride, blur)
    return tensor


def blurred(build: Build, tensor: int, stride: tuple[int, int], blur: int) -> int:
    """The blur: a weighted mean of each channel's window, with weights that are fixed and not saved."""
    size = 2 if blur == 2 else 3
    border = ((0, 0) if blur == 2 else (1, 1),) * 2
    return build.put("avgpool", tensor, suffix="_blur", kernel=(size, size), stride=stride, padding=border)


def deconvolutional(section: Section, build: Build) -> int:
    """A transposed convolution of the first Darknet."""
    size = section.whole("size", 1, LEAST)
    stride = section.whole("stride", 1, LEAST)
    tensor = build.put(
        "deconv",
        out=section.whole("filters", 1, LEAST),
        kernel=(size, size),
        stride=(stride, stride),
        padding=(padding_of(section, size),) * 2,
        bias=not section.whole("batch_normalize", 0),
    )
    return activated(build, normed(build, tensor, section), section.text("activation", "logistic"))


def connected(section: Section, build: Build) -> int:
    """A linear layer on the whole input as one vector."""
    vector = flat(build, build.tensors[0])
    bias = not section.whole("batch_normalize", 0)
    tensor = build.put("linear", vector, out=section.whole("output", 1, LEAST), bias=bias)
    return activated(build, normed(build, tensor, section), section.text("activation", "logistic"))


def local(section: Section, build: Build) -> int:
    """Filters and biases of their own at each position; `pad` makes the output ⌈n/s⌉ long (local_out_height)."""
    size, stride = section.whole("size", 1, LEAST), section.whole("stride", 1, LEAST)
    before = size // 2
    border = ((before, size - 1 - before),) * 2 if section.whole("pad", 0) else (0, 0)
    out = section.whole("filters", 1, LEAST)
    tensor = build.put("local", out=out, kernel=(size, size), stride=(stride, stride), padding=border)
    return activated(build, tensor, section.text("activation", "logistic"))


def batch_norm(section: Section, build: Build) -> int:
    """A batch norm alone."""
    return build.put("batchnorm")


def padded(section: Section, default_stride: int) -> Fields:
    """The window of a pool: padded by `size − 1` in all unless told, the smaller half before (make_maxpool_layer)."""
    stride = strides(section, default_stride)
    size = section.whole("size", section.whole("stride", default_stride, LEAST), LEAST)
    total = section.whole("padding", size - 1, 0)
    before = total // 2
    return {
        "kernel": (size, size),
        "stride": stride,
        "padding": ((before, total - before),) * 2,
        "rounding": "floor",
    }


def maximum(section: Section, build: Build) -> int:
    """A max pool; `maxpool_depth` takes the largest of each group of channels instead."""
    if section.whole("maxpool_depth", 0):
        out = section.whole("out_channels", 1, LEAST)
        channels = build.x[0][0]
        if channels % out:
            raise section.fault("`out_channels` divides the channels that come in", "out_channels")
        return build.put("maxout", pieces=channels // out)
    blur = section.whole("antialiasing", 0)
    fields = padded(section, 1)
    if not blur:
        return build.put("maxpool", **fields)
    stride = strides(section, 1)
    return blurred(build, build.put("maxpool", **{**fields, "stride": (1, 1)}), stride, blur)


def average(section: Section, build: Build) -> int:
    """A mean of windows, `local_avgpool`."""
    return build.put("avgpool", **padded(section, 1))


def mean(section: Section, build: Build) -> int:
    """`avgpool`: the mean of each channel."""
    return build.put("global_avgpool")
