"""Convolutions, pools, borders and enlargements, with every way to say a size."""

from __future__ import annotations

from typing import Any

from benchmarks.onnx_variations.drawing import Draw

__all__ = ["WINDOWS"]


def borders(draw: Draw, kernel: list[int]) -> dict[str, Any]:
    """`pads`, or an `auto_pad`."""
    automatic = draw.some("NOTSET", "NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID")
    if automatic != "NOTSET":
        return {"auto_pad": automatic}
    return {"pads": [draw.number(0, k - 1) for k in kernel * 2] if draw.random.random() < 0.7 else None}


def conv(draw: Draw) -> None:
    kernel, channels = draw.each(1, 4), draw.shape[1]
    groups = draw.some(1, 1, channels, *[g for g in (2, 3) if channels % g == 0])
    out = groups * draw.number(1, 3)
    said = borders(draw, kernel)
    dilations = draw.each(1, 2) if draw.random.random() < 0.4 and "SAME" not in str(said) else None
    weights = [draw.weight(out, channels // groups, *kernel), *([draw.weight(out)] if draw.some(True, False) else [])]
    stated = draw.some(kernel, None)
    draw.then("Conv", *weights, kernel_shape=stated, group=groups, strides=draw.some(None, draw.each(1, 3)),
              dilations=dilations, **said)  # fmt: skip


def transposed(draw: Draw) -> None:
    kernel, stride, channels = draw.each(1, 4), draw.each(1, 3), draw.shape[1]
    groups = draw.some(1, 1, channels)
    dilations = draw.each(1, 2) if draw.random.random() < 0.3 else None
    more = [draw.number(0, max(s, d) - 1) for s, d in zip(stride, dilations or [1] * draw.rank)]
    way = draw.some("pads", "shape", "auto")
    said: dict[str, Any] = {"output_padding": draw.some(None, more)}
    if way == "pads":
        said["pads"] = [draw.number(0, k - 1) for k in kernel * 2]
    elif way == "auto":
        said["auto_pad"] = draw.some("SAME_UPPER", "SAME_LOWER", "VALID")
    else:
        said["output_shape"] = [s * n + draw.number(-1, 2) for s, n in zip(stride, draw.shape[2:])]
        said["auto_pad"] = draw.some(None, "SAME_UPPER", "SAME_LOWER", "NOTSET")
    weights = [draw.weight(channels, draw.number(1, 3), *kernel)]
    weights += [draw.weight(groups * draw.held[-1].dims[1])] if draw.some(True, False) else []
    draw.then("ConvTranspose", *weights, group=groups, strides=stride, dilations=dilations, **said)


def pool(draw: Draw) -> None:
    kind, kernel = draw.some("MaxPool", "AveragePool", "LpPool"), draw.each(1, 4)
    said: dict[str, Any] = {
        "kernel_shape": kernel,
        "strides": draw.some(None, draw.each(1, 3)),
        **borders(draw, kernel),
    }
    since = {"MaxPool": 10, "AveragePool": 10, "LpPool": 18}[kind]
    if draw.opset >= since:
        said["ceil_mode"] = draw.number(0, 1)
    if draw.opset >= {"MaxPool": 10, "AveragePool": 19, "LpPool": 18}[kind]:
        said["dilations"] = draw.some(None, draw.each(1, 2))
    if kind == "AveragePool":
        said["count_include_pad"] = draw.number(0, 1)
    draw.then(kind, **said)


def whole_pool(draw: Draw) -> None:
    draw.then(draw.some("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"))


def pad(draw: Draw) -> None:
    mode = draw.some("constant", "reflect", "edge", *(["wrap"] if draw.opset >= 19 else []))
    low = -1 if mode == "constant" else 0
    ends = [draw.number(low, 2) for _ in range(draw.rank)], [draw.number(low, 2) for _ in range(draw.rank)]
    if draw.opset < 11:
        draw.then("Pad", mode=mode, pads=[0, 0, *ends[0], 0, 0, *ends[1]])
    elif draw.opset >= 18 and draw.some(True, False):
        axes = draw.wholes(*(axis - draw.some(0, draw.rank + 2) for axis in range(2, draw.rank + 2)))
        draw.then("Pad", draw.wholes(*ends[0], *ends[1]), "", axes, mode=mode)
    else:
        draw.then("Pad", draw.wholes(0, 0, *ends[0], 0, 0, *ends[1]), mode=mode)


def resize(draw: Draw) -> None:
    mode = draw.some("nearest", "linear", *(["cubic"] if draw.rank == 2 else []))
    if draw.opset < 10:
        factors = [1.0, 1.0, *(draw.some(1.0, 1.5, 2.0, 3.0, 1.4) for _ in range(draw.rank))]
        kind = ("Upsample", {"scales": factors}) if draw.opset < 9 else ("Upsample", {})
        draw.then(kind[0], *([] if kind[1] else [draw.reals(*factors)]), mode=draw.some("nearest", "linear"), **kind[1])
        return
    scales = [draw.some(0.5, 0.75, 1.0, 1.3, 1.4, 1.5, 2.0, 2.7) for _ in range(draw.rank)]
    if draw.opset == 10:
        draw.then("Resize", draw.reals(1.0, 1.0, *scales), mode=draw.some("nearest", "linear"))
        return
    coordinates = draw.some("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")
    said: dict[str, Any] = {"mode": mode, "coordinate_transformation_mode": coordinates}
    if mode == "nearest":
        said["nearest_mode"] = draw.some(None, "floor", "ceil", "round_prefer_ceil")
    sizes = [max(1, n + draw.number(-3, 9)) for n in draw.shape[2:]]
    some = draw.opset >= 18 and draw.some(True, False)
    ahead: list[Any] = [] if some else [1.0, 1.0]
    said["axes"] = [axis - draw.some(0, draw.rank + 2) for axis in range(2, draw.rank + 2)] if some else None
    empty = draw.some("", draw.reals()) if draw.opset < 13 else ""
    if draw.some(True, False):
        draw.then("Resize", empty, draw.reals(*ahead, *scales), **said)
        return
    if draw.opset >= 18 and some:
        said["keep_aspect_ratio_policy"] = draw.some(None, "stretch", "not_larger", "not_smaller")
        if said["keep_aspect_ratio_policy"]:  # the runtime mistakes axes from the end there, and warns of its own shape
            said["axes"] = [axis % (draw.rank + 2) for axis in said["axes"]]
    own = [] if some else list(draw.shape[:2])
    draw.then("Resize", empty, draw.reals() if draw.opset < 13 else "", draw.wholes(*own, *sizes), **said)


def shuffle(draw: Draw) -> None:
    if draw.rank != 2:
        return conv(draw)
    _, channels, height, width = draw.shape
    if channels % 4 == 0:
        draw.then("DepthToSpace", blocksize=2, mode=draw.some("DCR", "CRD") if draw.opset >= 11 else None)
    elif height % 2 == 0 and width % 2 == 0:
        draw.then("SpaceToDepth", blocksize=2)
    else:
        conv(draw)
    return None


WINDOWS = {
    "conv": conv, "transposed": transposed, "pool": pool, "global": whole_pool, "pad": pad, "resize": resize,
    "shuffle": shuffle,
}  # fmt: skip
