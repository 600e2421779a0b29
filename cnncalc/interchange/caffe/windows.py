"""Caffe's layers that slide windows: convolutions, their transposes, pools, spatial pyramids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.interchange.building import Build, Fields
from cnncalc.interchange.caffe.net import CaffeLayer

if TYPE_CHECKING:
    from cnncalc.interchange.caffe.prototext import Message

__all__ = ["convolution", "deconvolution", "depthwise", "local", "pooling", "pyramid", "upsampling"]

WORDS = {
    "kernel": ("kernel_size", "kernel", "kernel_depth"),
    "stride": ("stride", "stride", "temporal_stride"),
    "pad": ("pad", "pad", "temporal_pad"),
    "hole": ("hole", "hole", ""),
}
"""A size once for all or once an axis; for height and width; and along time, as C3D's fork of Caffe has it."""
SHAPES = {"kernel": "kernel_shape", "stride": "stride_shape", "pad": "pad_shape"}
"""A size as a shape, as video-caffe has it."""


HOLES = ("hole", "hole_h", "hole_w")
"""DeepLab's word for a dilation."""


def sizes(layer: CaffeLayer, part: Message, name: str, axes: int, default: int) -> tuple[int, ...]:
    """A size for each spatial axis: `kernel_size` once for all or once an axis, or `kernel_h` and `kernel_w`.

    C3D's fork has the size along time beside one for both other axes, video-caffe a `kernel_shape { dim: … }`.
    """
    repeated, stem, temporal = WORDS.get(name, (name, name, ""))
    if part.having(SHAPES.get(name, "")):
        given = part.message(SHAPES[name]).wholes("dim")
        if len(given) != axes:
            raise layer.fault(f"`{SHAPES[name]}` has a `dim` for each of the {axes} axes", f"it has {len(given)}")
        return tuple(given)
    if axes == 3 and layer.kind.endswith("3d"):
        both = part.whole(repeated, default)
        return (part.whole(temporal, default) if temporal else default, both, both)
    height, width = part.values(f"{stem}_h"), part.values(f"{stem}_w")
    if height or width:
        if not (height and width) and name != "pad":  # the other border is 0 (base_conv_layer.cpp), no other size is
            raise layer.fault(f"`{stem}_h` and `{stem}_w` come together")
        return (part.whole(f"{stem}_h", 0), part.whole(f"{stem}_w", 0))
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
        "dilation": sizes(layer, part, "hole" if any(map(part.having, HOLES)) else "dilation", axes, 1),
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
    part = layer.part("convolution_param", "convolution3d_param")
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
    part = layer.part("pooling_param", "pooling3d_param")
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
    pooled = _of_clips(build, kind[method], fields) if build.axes == 3 else build.put(kind[method], **fields)
    return [pooled] * max(len(layer.tops), 1)  # a second top is the mask: where each largest pixel stood


def _of_clips(build: Build, kind: str, fields: Fields) -> int:
    """A pool of frames, which Caffe itself has not: over the positions of each, and then along time."""
    tensor, names = build.tensors[0], ("kernel", "stride", "padding")
    channels, frames, height, width = build.x[0]
    if any(fields[name][0] != plain for name, plain in zip(names, (1, 1, 0))):
        along: Fields = {name: (fields[name][0], 0 if name == "padding" else 1) for name in names}
        rows = build.put("reshape", tensor, suffix="_rows", shape=(channels, frames, height * width))
        row = build.put(kind, rows, suffix="_time", rounding=fields["rounding"], **along)
        frames = build.shape(row)[1]
        tensor = build.put("reshape", row, suffix="_frames", shape=(channels, frames, height, width))
    flat = build.put("reshape", tensor, suffix="_maps", shape=(channels * frames, height, width))
    within: Fields = {name: fields[name][1:] for name in names}
    pooled = build.put(kind, flat, rounding=fields["rounding"], **within)
    return build.put("reshape", pooled, suffix="_clip", shape=(channels, frames, *build.shape(pooled)[1:]))


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
    scales = (part.whole("scale_h", scale), part.whole("scale_w", scale))
    less = [part.flag(name, default=False) for name in ("pad_out_h", "pad_out_w")]
    if any(less):  # of a pool that rounded up
        smaller = tuple(n * scale - one for n, scale, one in zip(build.x[0][1:], scales, less))
        return [build.put("upsample", build.tensors[0], size=smaller)]
    return [build.put("upsample", build.tensors[0], scale=scales)]


def local(layer: CaffeLayer, build: Build) -> list[int]:
    """Filters of their own at each position, of several forks."""
    part = layer.part("local_param", "locally_connected_param", "convolution_param")
    fields = window(layer, part, build.axes)
    if set(fields.pop("dilation")) != {1} or part.whole("group", 1) != 1:
        raise layer.fault("filters of their own at each position are read without a dilation or groups")
    return [build.put("local", out=filters(layer, part), **fields)]
