"""Layers of FlowNet's Caffe (optical flow), OpenPose's, and others that only enlarge or move a map."""

from __future__ import annotations

from cnncalc.interchange.building import Build, Fields
from cnncalc.interchange.caffe.net import CaffeLayer

__all__ = ["correlation", "enlarged", "length", "like_second", "peaks", "resampled", "warped"]

MODES = {"NEAREST": "nearest", "1": "nearest", "LINEAR": "linear", "2": "linear", "CUBIC": "cubic", "3": "cubic"}
"""ResampleParameter's types; its `AREA` is told as not read."""


def correlation(layer: CaffeLayer, build: Build) -> list[int]:
    """Every pixel of a map by those around its place in another: a channel for each place (CorrelationLayer).

    `Correlation1D` (DispNet) looks along the row alone, to one side where `single_direction` says so.
    """
    part = layer.part("correlation_param")
    size, reach = part.whole("kernel_size", 0), part.whole("max_displacement", 0)
    border, step, apart = part.whole("pad", 0), part.whole("stride_1", 1), part.whole("stride_2", 1)
    if size < 1 or not size % 2 or min(step, apart) < 1 or build.axes != 2 or len(build.tensors) != 2:
        raise layer.fault("a correlation has two maps, an odd `kernel_size` and strides", f"kernel {size}")
    places = reach // apart
    around = places + 1 if part.whole("single_direction", 0) else 2 * places + 1
    flat = layer.kind == "correlation1d"
    edge = size // 2
    lost = (edge if flat else reach + edge, reach + edge)
    sizes = [-(-(n + 2 * (0 if flat and not axis else border) - 2 * lost[axis]) // step)
             for axis, n in enumerate(build.x[0][1:])]  # fmt: skip
    if min(sizes) < 1:
        raise layer.fault("a correlation reaches over the whole map", f"{build.x[0]}, {reach} to each side")
    return [build.opaque((around if flat else around * around, *sizes))]


def resampled(layer: CaffeLayer, build: Build) -> list[int]:
    """To a size, by a factor, or to the size of a second map."""
    part = layer.part("resample_param")
    mode = MODES.get(part.word("type", "LINEAR").upper())
    if mode is None or build.axes != 2:
        raise layer.fault("this `Resample` is not read", f"type {part.word('type')}")
    fields: Fields = {"mode": mode} if mode != "nearest" else {}
    if len(build.tensors) == 2:
        return [build.put("upsample", build.tensors[0], size=build.x[1][1:], **fields)]
    size = (part.whole("height", 0), part.whole("width", 0))
    if 0 in size:
        factor = part.real("factor", 1.0)
        if factor < 1 or factor != int(factor):
            raise layer.fault("a `Resample` needs `height` and `width`, or a whole `factor`")
        return [build.put("upsample", build.tensors[0], scale=int(factor), **fields)]
    return [build.put("upsample", build.tensors[0], size=size, **fields)]


def like_second(layer: CaffeLayer, build: Build) -> list[int]:
    """Downsample: to the size of a second map, or to a stated one."""
    part = layer.part("downsample_param")
    size = build.x[1][1:] if len(build.tensors) == 2 else (part.whole("top_height", 0), part.whole("top_width", 0))
    if len(size) != 2 or 0 in size:
        raise layer.fault("a `Downsample` needs a second map, or `top_height` and `top_width`")
    return [build.put("upsample", build.tensors[0], size=size, mode="linear")]


def warped(layer: CaffeLayer, build: Build) -> list[int]:
    """FlowWarp: a map whose pixels a second one has moved."""
    return [build.opaque(build.x[0])]


def length(layer: CaffeLayer, build: Build) -> list[int]:
    """ChannelNorm: the length over the channels at each position."""
    return [build.put("reduce", by="l2", axes=(0,), keep=True)]


def enlarged(layer: CaffeLayer, build: Build) -> list[int]:
    """OpenPose's ImResize by a `factor`, cubic; NNUpsample by `resize`, the nearest pixel."""
    nearest = layer.kind == "nnupsample"
    part = layer.part("nn_upsample_param", "imresize_param")
    factor = part.real("resize" if nearest else "factor", 0.0)
    if factor < 1 or factor != int(factor):
        raise layer.fault("it enlarges by a whole factor", f"by {factor:g}")
    fields: Fields = {} if nearest else {"mode": "cubic"}
    return [build.put("upsample", build.tensors[0], scale=int(factor), **fields)]


def peaks(layer: CaffeLayer, build: Build) -> list[int]:
    """OpenPose's Nms: so many peaks of each part, and how many there are, three numbers each."""
    part = layer.part("nms_param")
    shape = (part.whole("num_parts", build.x[0][0]), part.whole("max_peaks", 0) + 1, 3)
    if min(shape) < 1:
        raise layer.fault("peaks have `max_peaks` and `num_parts` above 0")
    return [build.opaque(shape)]
