"""Our windows and borders as layers of `paddle.nn`, with Paddle's own words for a padding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from cnncalc.interchange.written import Unsaid
from cnncalc.layers import Shape
from cnncalc.layers.fields import spread
from cnncalc.layers.kinds import conv, pool, resize

__all__ = ["RULES", "Rule", "Run", "of_rank"]

Run: TypeAlias = "Callable[..., Any]"
"""A layer of Paddle's, or a function of its tensors."""
Rule: TypeAlias = "Callable[[Any, Any, tuple[Shape, ...]], Run]"
"""From the package, a layer of ours and the shapes that go in."""


def of_rank(paddle: Any, name: str, x: Shape) -> Any:
    """The class for as many spatial axes: `Conv2D`; raises Unsaid where there is none."""
    found = getattr(paddle.nn, f"{name}{len(x) - 1}D", None)
    if found is None:
        raise Unsaid(f"Paddle has no {name} on {len(x) - 1} spatial axes")
    return found


def _padding(layer: Any, rank: int) -> Any:
    """`SAME`, `VALID`, a number an axis, or both sides of each axis."""
    if isinstance(layer.padding, str):
        if layer.padding not in ("same", "valid"):
            raise Unsaid(f"Paddle has no `{layer.padding}` padding")
        return layer.padding.upper()
    pairs = list(spread(layer.padding, rank))
    if all(before == after for before, after in pairs):
        return [before for before, _ in pairs]
    if rank == 1:
        raise Unsaid("Paddle pads one axis alike on both sides")
    return [n for pair in pairs for n in pair]


def _each(values: Sequence[int] | None, rank: int) -> list[int] | None:
    return None if values is None else list(spread(tuple(values), rank))


def convolution(paddle: Any, layer: conv.ForwardConvolution, x: tuple[Shape, ...]) -> Run:
    """Conv1D to Conv3D; depthwise with a group a channel. One axis that is padded unlike is padded before."""
    rank, channels = len(x[0]) - 1, x[0][0]
    sides = layer.windows(x[0])[0].padding(x[0][1]) if rank == 1 else (0, 0)
    if sides[0] != sides[1] and layer.dialect != "paddle" and getattr(layer, "mode", "zeros") == "zeros":
        plain = type(layer)(**{**{name: getattr(layer, name) for name in layer.fields}, "padding": ((0, 0),)})
        return paddle.nn.Sequential(paddle.nn.Pad1D(list(sides)), convolution(paddle, plain, x))  # type: ignore[no-any-return]  # no types
    padding, mode = _padding(layer, rank), getattr(layer, "mode", "zeros")
    if mode != "zeros":  # Paddle takes one number then
        if isinstance(padding, str) or len(padding) > rank or len(set(padding)) > 1:
            raise Unsaid(f"Paddle's `{mode}` borders are one number for all axes")
        padding = padding[0]
    made: Run = of_rank(paddle, "Conv", x[0])(
        channels,
        layer.filters(x[0]),
        _each(layer.kernel, rank),
        stride=_each(layer.stride, rank),
        padding=padding,
        dilation=_each(layer.dilation, rank),
        groups=layer.group_count(x[0]),
        padding_mode=mode,
        bias_attr=None if layer.bias else False,
    )
    return made


def transposed(paddle: Any, layer: conv.Deconv, x: tuple[Shape, ...]) -> Run:
    """Conv1DTranspose to Conv3DTranspose."""
    rank = len(x[0]) - 1
    kind = getattr(paddle.nn, f"Conv{rank}DTranspose", None)
    if kind is None:
        raise Unsaid(f"Paddle has no transposed convolution on {rank} spatial axes")
    made: Run = kind(
        x[0][0],
        layer.out,
        _each(layer.kernel, rank),
        stride=_each(layer.stride, rank),
        padding=_padding(layer, rank),
        output_padding=0 if layer.output_padding is None else _each(layer.output_padding, rank),
        dilation=_each(layer.dilation, rank),
        groups=layer.groups,
        bias_attr=None if layer.bias else False,
    )
    return made


def pooled(paddle: Any, layer: pool.MaxPool | pool.AvgPool, x: tuple[Shape, ...]) -> Run:
    """MaxPool and AvgPool; the stride is left out where it is not given, and so is what an average counts."""
    rank = len(x[0]) - 1
    if max(layer.dilation) > 1:
        raise Unsaid("Paddle's pools have no dilation")
    mean = isinstance(layer, pool.AvgPool)
    said: dict[str, Any] = {"ceil_mode": (layer.rounding or layer.rules.pool_rounding) == "ceil"}
    as_told = layer.dialect != "paddle" or getattr(layer, "count_include_pad", 0) != _usual(layer)
    if isinstance(layer, pool.AvgPool) and as_told:
        said["exclusive"] = not layer.count_include_pad
    if layer.stride is not None:
        said["stride"] = _each(layer.stride, rank)
    kind = of_rank(paddle, "AvgPool" if mean else "MaxPool", x[0])
    made: Run = kind(_each(layer.kernel, rank), padding=_padding(layer, rank), **said)
    return made


def _usual(layer: Any) -> Any:
    """Whether an average of the layer's dialect counts its border unless told; None for the largest pixel."""
    return layer.default("count_include_pad") if "count_include_pad" in layer.fields else None


def adaptive(paddle: Any, layer: pool.AdaptivePool, x: tuple[Shape, ...]) -> Run:
    """AdaptiveAvgPool and AdaptiveMaxPool."""
    way = "Avg" if isinstance(layer, pool.AdaptiveAvgPool) else "Max"
    made: Run = of_rank(paddle, f"Adaptive{way}Pool", x[0])(list(spread(layer.output, len(x[0]) - 1)))
    return made


def whole_pool(paddle: Any, layer: pool.GlobalPool, x: tuple[Shape, ...]) -> Run:
    """An adaptive pool to one pixel, and a flatten for a vector."""
    way = "Avg" if isinstance(layer, pool.GlobalAvgPool) else "Max"
    made = of_rank(paddle, f"Adaptive{way}Pool", x[0])(1)
    return paddle.nn.Sequential(made, paddle.nn.Flatten()) if layer.flat else made  # type: ignore[no-any-return]  # no types


def padded(paddle: Any, layer: resize.Pad, x: tuple[Shape, ...]) -> Run:
    """Pad1D to Pad3D, the last axis first."""
    if layer.channels != ((0, 0),):
        if layer.mode != "zeros":
            raise Unsaid("Paddle's Pad layers leave the channels alone")
        pairs = ((0, 0), *layer.channels, *layer.borders(x[0]))
        every = [n for pair in pairs for n in pair]
        return lambda tensor: paddle.nn.functional.pad(tensor, every, pad_from_left_axis=True)
    sides = [n for pair in reversed(list(layer.borders(x[0]))) for n in pair]
    mode = "constant" if layer.mode == "zeros" else layer.mode
    made: Run = of_rank(paddle, "Pad", x[0])(sides, mode=mode)
    return made


def cropped(paddle: Any, layer: resize.Crop, x: tuple[Shape, ...]) -> Run:
    """A slice of each axis."""
    key = (slice(None), slice(None), *(slice(a, n - b) for n, (a, b) in zip(x[0][1:], layer.borders(*x))))
    return lambda tensor, *_: tensor[key]


def enlarged(paddle: Any, layer: resize.Upsample, x: tuple[Shape, ...]) -> Run:
    """`interpolate` by a scale, or to a size."""
    rank = len(x[0]) - 1
    words = {1: "linear", 2: "bilinear", 3: "trilinear"}
    mode = "bicubic" if layer.cubic else words[rank] if layer.mode == "linear" else layer.mode
    if mode == "nearest" and layer.align_corners:
        raise Unsaid("Paddle keeps no corners where it copies pixels")
    layout = {1: "NCW", 2: "NCHW", 3: "NCDHW"}[rank]
    said: dict[str, Any] = {"mode": mode, "align_corners": layer.align_corners, "data_format": layout}
    if layer.scale is not None:
        said["scale_factor"] = list(spread(layer.scale, rank))
    else:
        said["size"] = list(layer.output_shape(*x)[1:])
    return lambda tensor, *_: paddle.nn.functional.interpolate(tensor, **said)


RULES: dict[str, Rule] = {
    **dict.fromkeys(("conv", "dwconv"), convolution),
    **dict.fromkeys(("maxpool", "avgpool"), pooled),
    **dict.fromkeys(("adaptive_avgpool", "adaptive_maxpool"), adaptive),
    **dict.fromkeys(("global_avgpool", "global_maxpool"), whole_pool),
    "crop": cropped,
    "deconv": transposed,
    "pad": padded,
    "upsample": enlarged,
}
