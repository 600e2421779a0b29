"""Convolutions and pools in torch."""

from __future__ import annotations

from typing import Any

from torch import nn

from cnncalc.arithmetic.windows.formulas import Rounding
from cnncalc.layers import Shape, convolving
from cnncalc.layers.fields import spread
from cnncalc.layers.kinds import conv, fractional, local, pool, pyramid
from cnncalc.torch_backend.building import modules, windows
from cnncalc.torch_backend.building.kinds.registry import builds, of_rank, plain, rank_of

__all__: list[str] = []


def symmetric(layer: Any) -> bool:
    """Whether the padding is the same on both sides whatever the input's size."""
    return not isinstance(layer.padding, str) and all(before == after for before, after in layer.padding)


@builds(conv.Conv, conv.DepthwiseConv)
def convolution(layer: convolving.Bordered, shapes: tuple[Shape, ...]) -> nn.Module:
    """Conv1d to Conv3d, with a border of its own where torch has no such padding."""
    (shape,) = shapes
    rank = rank_of(shapes)
    native = symmetric(layer)
    slid = layer.windows(shape)
    make: Any = of_rank("Conv", rank) if native else windows.PADDED_CONVOLUTIONS[rank - 1]
    module: Any = make(
        shape[0],
        layer.filters(shape),
        plain([window.kernel for window in slid]),
        stride=plain([window.stride for window in slid]),
        padding=plain([window.padding(n)[0] for window, n in zip(slid, shape[1:])]) if native else 0,
        dilation=plain([window.dilation for window in slid]),
        groups=layer.group_count(shape),
        bias=layer.bias,
        padding_mode=layer.mode if native else "zeros",
    )
    if not native:
        module.rule = layer
    assert isinstance(module, nn.Module)
    return module


@builds(local.LocallyConnected)
def locally_connected(layer: local.LocallyConnected, shapes: tuple[Shape, ...]) -> nn.Module:
    """A module of our own."""
    return windows.LocallyConnected(layer, *shapes)


@builds(conv.Deconv)
def deconvolution(layer: conv.Deconv, shapes: tuple[Shape, ...]) -> nn.Module:
    """ConvTranspose1d to ConvTranspose3d, cut to size where torch cannot pad so."""
    (shape,) = shapes
    rank = rank_of(shapes)
    slid = layer.windows(shape)
    filled = all(w.output_padding < max(w.stride, w.dilation) for w in slid)
    native = symmetric(layer) and (filled or layer.dialect == "torch")  # what torch refuses it is to refuse itself
    make: Any = of_rank("ConvTranspose", rank) if native else windows.CUT_DECONVOLUTIONS[rank - 1]
    padding: dict[str, Any] = {
        "padding": plain([window.padding(n)[0] for window, n in zip(slid, shape[1:])]),
        "output_padding": plain([window.output_padding for window in slid]),
    }
    module: Any = make(
        shape[0],
        layer.out,
        plain([window.kernel for window in slid]),
        stride=plain([window.stride for window in slid]),
        dilation=plain([window.dilation for window in slid]),
        groups=layer.groups,
        bias=layer.bias,
        **(padding if native else {}),
    )
    if not native:
        module.rule = layer
    assert isinstance(module, nn.Module)
    return module


def native_pool(layer: pool.Pool, shape: Shape) -> dict[str, Any] | None:
    """What torch's own pool takes, or None where it cannot pad or round so."""
    if not symmetric(layer) or (layer.dialect != "torch" and layer.explicit_padding(shape) is not None):
        return None
    slid = layer.windows(shape)
    return {
        "kernel_size": plain([window.kernel for window in slid]),
        "stride": plain([window.stride for window in slid]),
        "padding": plain([window.padding(n)[0] for window, n in zip(slid, shape[1:])]),
        "ceil_mode": slid[0].rounding is Rounding.CEIL,
    }


@builds(pool.MaxPool)
def max_pool(layer: pool.MaxPool, shapes: tuple[Shape, ...]) -> nn.Module:
    """MaxPool1d to MaxPool3d."""
    native = native_pool(layer, shapes[0])
    if native is None:
        return windows.PaddedMaxPool(layer)
    dilation = plain([window.dilation for window in layer.windows(shapes[0])])
    module: nn.Module = of_rank("MaxPool", rank_of(shapes))(dilation=dilation, **native)
    return module


@builds(pool.AvgPool)
def avg_pool(layer: pool.AvgPool, shapes: tuple[Shape, ...]) -> nn.Module:
    """AvgPool1d to AvgPool3d."""
    if max(layer.dilation) > 1:
        return windows.DilatedAvgPool(layer)
    native = native_pool(layer, shapes[0])
    if native is None:
        return windows.PaddedAvgPool(layer)
    module: nn.Module = of_rank("AvgPool", rank_of(shapes))(count_include_pad=layer.count_include_pad, **native)
    return module


@builds(pool.LPPool)
def lp_pool(layer: pool.LPPool, shapes: tuple[Shape, ...]) -> nn.Module:
    """LPPool1d to LPPool3d."""
    native = native_pool(layer, shapes[0])
    if native is None:
        return windows.PaddedLPPool(layer)
    if native.pop("padding") != 0:
        raise ValueError("torch's LPPool takes no padding")
    module: nn.Module = of_rank("LPPool", rank_of(shapes))(layer.norm, **native)
    return module


@builds(pool.AdaptiveMaxPool, pool.AdaptiveAvgPool)
def adaptive_pool(layer: pool.AdaptivePool, shapes: tuple[Shape, ...]) -> nn.Module:
    """AdaptiveMaxPool1d to AdaptiveAvgPool3d."""
    name = "AdaptiveMaxPool" if isinstance(layer, pool.AdaptiveMaxPool) else "AdaptiveAvgPool"
    module: nn.Module = of_rank(name, rank_of(shapes))(plain(layer.output_shape(*shapes)[1:]))
    return module


@builds(pool.GlobalMaxPool, pool.GlobalAvgPool)
def global_pool(layer: pool.GlobalPool, shapes: tuple[Shape, ...]) -> nn.Module:
    """An adaptive pool to one pixel, flattened where the layer says so."""
    name = "AdaptiveMaxPool" if isinstance(layer, pool.GlobalMaxPool) else "AdaptiveAvgPool"
    module: nn.Module = of_rank(name, rank_of(shapes))(1)
    return nn.Sequential(module, nn.Flatten()) if layer.flat else module


@builds(fractional.FractionalMaxPool)
def fractional_pool(layer: fractional.FractionalMaxPool, shapes: tuple[Shape, ...]) -> nn.Module:
    """FractionalMaxPool2d and 3d."""
    rank = rank_of(shapes)
    if rank not in (2, 3):
        raise ValueError(f"no fractional pool of {shapes[0]}")
    size, kernel = plain(list(spread(layer.size, rank))), plain(list(spread(layer.kernel, rank)))
    module: nn.Module = of_rank("FractionalMaxPool", rank)(kernel, output_size=size)
    return module


@builds(pyramid.SpatialPyramid)
def spatial_pyramid(layer: pyramid.SpatialPyramid, shapes: tuple[Shape, ...]) -> nn.Module:
    """An adaptive pool for each level; where one level alone is a map, that pool."""
    make = of_rank("AdaptiveMaxPool" if layer.mode == "max" else "AdaptiveAvgPool", rank_of(shapes))
    pools: list[nn.Module] = [make(level) for level in layer.levels]
    return pools[0] if len(layer.output_shape(*shapes)) > 1 else modules.SpatialPyramid(pools)
