"""Caffe's layers that slide windows: convolutions, their transposes, pools, spatial pyramids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.interchange.building import Build, Fields
from cnncalc.interchange.caffe.net import CaffeLayer

if TYPE_CHECKING:
    from cnncalc.interchange.caffe.prototext import Message

__all__ = ["convolution", "deconvolution", "depthwise", "pooling", "pyramid", "upsampling"]

WORDS = {"kernel": ("kernel_size", "kernel"), "stride": ("stride", "stride"), "pad": ("pad", "pad")}


def sizes(layer: CaffeLayer, part: Message, name: str, axes: int, default: int) -> tuple[int, ...]:
    """A size for each spatial axis: `kernel_size` once for all or once an axis, or `kernel_h` and `kernel_w`."""
    repeated, stem = WORDS.get(name, (name, name))
    height, width = part.values(f"{stem}_h"), part.values(f"{stem}_w")
    if height or width:
        if not (height and width):
            raise layer.fault(f"`{stem}_h` and `{stem}_w` come together")
        return (height[-1].whole(f"{stem}_h"), width[-1].whole(f"{stem}_w"))
    given = part.wholes(repeated)
    if len(given) not in (0, 1, axes):
        raise layer.fault(
            f"`{repeated}` stands once, or once for each of the {axes} axes", f"it stands {len(given)} times"
        )
    return tuple(given) if len(given) > 1 else (given[0] if given else default,) * axes


def window(layer: CaffeLayer, part: Message, axes: int) -> Fields:
    """The fields of a convolution (ConvolutionParameter of caffe.proto)."""
    kernel = sizes(layer, part, "kernel", axes, 0)
    if 0 in kernel:
        raise layer.fault("a convolution needs `kernel_size`")
    fields: Fields = {
        "kernel": kernel,
        "stride": sizes(layer, part, "stride", axes, 1),
        "padding": sizes(layer, part, "pad", axes, 0),
        "dilation": sizes(layer, part, "dilation", axes, 1),
        "bias": part.flag("bias_term", default=True),
    }
    if part.whole("axis", 1) not in (1, -axes - 1):
        raise layer.fault("a convolution is read with the channels at axis 1 only")
    return fields


def filters(layer: CaffeLayer, part: Message) -> int:
    """The number of filters."""
    out = part.whole("num_output", 0)
    if out < 1:
        raise layer.fault("`num_output` is at least 1")
    return out


def convolution(layer: CaffeLayer, build: Build) -> list[int]:
    """Each bottom by the same filters (BaseConvolutionLayer)."""
    part = layer.part("convolution_param")
    fields = window(layer, part, build.axes)
    return build.each("conv", out=filters(layer, part), groups=part.whole("group", 1), **fields)


def depthwise(layer: CaffeLayer, build: Build) -> list[int]:
    """A filter for each channel, as forks of Caffe have it; `num_output` is a multiple of the channels."""
    part = layer.part("convolution_param", "depthwise_conv_param")
    channels = build.x[0][0]
    out = part.whole("num_output", channels)
    if out < 1 or out % channels:
        raise layer.fault(
            "a depthwise convolution has a multiple of its channels", f"{out} filters, {channels} channels"
        )
    return build.each("conv", out=out, groups=channels, **window(layer, part, build.axes))


def deconvolution(layer: CaffeLayer, build: Build) -> list[int]:
    """Transposed convolutions (DeconvolutionLayer); its weights count whether they learn or stay bilinear."""
    part = layer.part("convolution_param")
    fields = window(layer, part, build.axes)
    return build.each("deconv", out=filters(layer, part), groups=part.whole("group", 1), **fields)


def pooling(layer: CaffeLayer, build: Build) -> list[int]:
    """Pools (PoolingLayer): they round up, unless `round_mode` (Caffe of 2018) or a fork's `ceil_mode` says floor.

    At inference a stochastic pool is a weighted mean of its window.
    """
    part = layer.part("pooling_param")
    method = part.word("pool", "MAX").upper()
    kind = {"MAX": "maxpool", "0": "maxpool", "AVE": "avgpool", "1": "avgpool", "STOCHASTIC": "avgpool", "2": "avgpool"}
    if method not in kind:
        raise layer.fault(f"there is no way `{method[:40]}` to pool", help="MAX, AVE or STOCHASTIC")
    if part.flag("global_pooling", default=False):
        return [build.put(f"global_{kind[method]}")]
    kernel = sizes(layer, part, "kernel", build.axes, 0)
    if 0 in kernel:
        raise layer.fault("a pool needs `kernel_size`, or `global_pooling: true`")
    floor = not part.flag("ceil_mode", default=True) or part.word("round_mode", "CEIL").upper() in ("FLOOR", "1")
    fields: Fields = {
        "kernel": kernel,
        "stride": sizes(layer, part, "stride", build.axes, 1),
        "padding": sizes(layer, part, "pad", build.axes, 0),
        "rounding": "floor" if floor else "ceil",
    }
    pooled = build.put(kind[method], **fields)
    return [pooled] * max(len(layer.tops), 1)  # a second top is the mask: where each largest pixel stood


def pyramid(layer: CaffeLayer, build: Build) -> list[int]:
    """Spatial pyramid pooling (SPPLayer): at level l, 2^l pools an axis, flattened and joined."""
    part = layer.part("spp_param")
    height = part.whole("pyramid_height", 0)
    if not 1 <= height <= 16:
        raise layer.fault("`pyramid_height` is from 1 to 16", f"it is {height}")
    mode = "avg" if part.word("pool", "MAX").upper() in ("AVE", "1") else "max"
    return [build.put("spp", levels=tuple(2**level for level in range(height)), mode=mode)]


def upsampling(layer: CaffeLayer, build: Build) -> list[int]:
    """SegNet's and others' Upsample: `scale` times, or to the size that it says."""
    part = layer.part("upsample_param")
    size = (part.whole("upsample_h", 0), part.whole("upsample_w", 0))
    if 0 not in size:
        return [build.put("upsample", build.tensors[0], size=size)]
    scale = part.whole("scale", 2)
    return [build.put("upsample", build.tensors[0], scale=(part.whole("scale_h", scale), part.whole("scale_w", scale)))]
