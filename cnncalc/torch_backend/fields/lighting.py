"""Light sent through layers by torch's own operations: what an output sees is what lights it.

Every weight is 1, so that no two paths cancel; what bends (activations, normalisations) lets light pass; every element
is brought back to 0 or 1, so that nothing underflows. Convolutions, pools, upsamples, borders, shuffles and reshapes
are torch's. Elements that are alike along an axis are held once (an axis of stride 0), so that widths cost nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnncalc.layers.base import Elementwise
from cnncalc.layers.kinds import (
    activation,
    conv,
    linear,
    merge,
    norm,
    pool,
    pyramid,
    regularize,
    reshape,
    resize,
    shuffle,
    tensors,
)
from cnncalc.layers.kinds.algebra import functions, products
from cnncalc.layers.reparametrised import Reparametrised
from cnncalc.layers.windows import BORDERS
from cnncalc.torch_backend.building.dialects import lifted
from cnncalc.torch_backend.building.kinds import module_of
from cnncalc.torch_backend.building.windows import CONVOLVE, sides, spatial
from cnncalc.torch_backend.fields.lighting_rules import lit_through

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.layers import Layer, Shape

__all__ = ["Lamp", "narrowed"]

FAINT = 1e-4
"""Of a pixel's light, interpolation gives a neighbour more than this, or none but by rounding the pixel's place."""

PIXELWISE = (
    Elementwise, functions.Function, tensors.Positional, norm.LocalResponseNorm, norm.LayerScale,
    regularize.Dropout, regularize.DropPath, regularize.Identity,
)  # fmt: skip
BY_STATISTICS = (norm.BatchNorm, norm.InstanceNorm)
"""Norms that act pixel by pixel where they keep running statistics."""
CHANNELWISE = (pool.Pool, pool.AdaptivePool, pool.GlobalPool, pyramid.SpatialPyramid, resize.Crop, resize.Upsample)


def narrowed(x: Tensor, *axes: int) -> Tensor:
    """One element of each of these axes along which all are alike."""
    for axis in axes:
        if x.stride(axis) == 0 and x.shape[axis] > 1:
            x = x.narrow(axis, 0, 1)
    return x


class WindowMean(nn.Module):
    """The mean of each window of a max pool, dilated ones too: its gradient reaches all pixels, not only one."""

    def __init__(self, rule: pool.MaxPool) -> None:
        super().__init__()
        self.rule = rule

    def forward(self, x: Tensor) -> Tensor:
        windows = self.rule.windows(spatial(x))
        borders = [
            (window.padding(n)[0], window.padding(n)[1] - window.unseen(n))
            for window, n in zip(windows, x.shape[2:], strict=True)
        ]
        weight = x.new_ones(x.shape[1], 1, *(window.kernel for window in windows))
        convolve: Any = CONVOLVE[len(windows) - 1]
        strides, dilations = [window.stride for window in windows], [window.dilation for window in windows]
        result: Tensor = convolve(
            functional.pad(x, sides(borders)), weight / weight[0].numel(), None, strides, 0, dilations, x.shape[1]
        )
        return result


class FourPixels(nn.Module):
    """A linear upsample of a map in which each pixel lights its neighbours, for a cubic one, which darkens some."""

    def __init__(self, rule: resize.Upsample, shapes: tuple[Shape, ...]) -> None:
        super().__init__()
        self.changes = [n != out for n, out in zip(shapes[0][1:], rule.output_shape(*shapes)[1:], strict=True)]
        self.module = module_of(_changed(rule, mode="linear"), shapes)

    def forward(self, x: Tensor, *like: Tensor) -> Tensor:
        window, border = ([size if changes else least for changes in self.changes] for size, least in ((3, 1), (1, 0)))
        made: Tensor = self.module(functional.avg_pool2d(x, window, 1, border), *like)
        return made


class Lamp:
    """Sends light through layers. Tensors are (images, *shape), 1 where lit and 0 where dark.

    With `gradients` the light can be followed backwards too: nothing picks one of several pixels, and a gradient is
    brought back to 0 or 1 at every layer. With `channels` those of a concat are told apart, which costs time; it
    matters where single channels are picked later.
    """

    def __init__(self, *, gradients: bool = False, channels: bool = False) -> None:
        self.gradients, self.channels = gradients, channels
        self.modules: dict[tuple[Layer, tuple[Shape, ...]], nn.Module] = {}

    def through(self, layer: Layer, taken: Sequence[Tensor], out: Shape) -> Tensor:
        """What a layer with outputs of shape `out` makes of these tensors."""
        x = taken[0]
        if isinstance(layer, PIXELWISE) or (isinstance(layer, BY_STATISTICS) and (layer.stats or x.dim() == 2)):
            return x
        if isinstance(layer, merge.ElementwiseMerge) and len(taken) == 1:
            return x
        if isinstance(layer, reshape.Permute):
            return x.permute(0, *(axis + 1 for axis in layer.order))
        images = len(x)
        if (found := lit_through(layer, taken, out)) is not None:
            lit = found
        elif isinstance(layer, merge.Concat):
            lit = self._joined(taken) if layer.axis == 0 else torch.cat(list(taken), layer.axis + 1)
        elif isinstance(layer, (merge.Merge, linear.Bilinear)):
            alike = lifted(taken) if isinstance(layer, merge.ElementwiseMerge) else taken
            narrow = [narrowed(one, *range(1, one.dim())) for one in alike]
            each = [one.amax(1, keepdim=True) for one in narrow] if isinstance(layer, linear.Bilinear) else narrow
            lit = self._met(each)
        elif (mixed := _mixed(layer, x.dim())) is not None:
            lit = narrowed(x, *mixed).amax(mixed, keepdim=True)
            lit = lit if x.dim() == len(out) + 1 else lit.flatten(1)
        elif isinstance(layer, conv.Convolution):
            lit = self._convolved(layer, x)
        elif isinstance(layer, CHANNELWISE):
            lit = self._run(layer, [narrowed(x, 1), *taken[1:]])
            lit = lit.amax(1, keepdim=True) if isinstance(layer, pyramid.SpatialPyramid) else lit
        elif x.dim() > 1 and x.stride(1) == 0 and isinstance(layer, PICKING):
            lit = narrowed(x, 1)
        else:
            lit = self._run(layer, taken)
        return self._even(lit, FAINT if isinstance(layer, resize.Upsample) else 0.0).expand(images, *out)

    def _even(self, lit: Tensor, least: float) -> Tensor:
        if not self.gradients:
            return (lit > least).to(lit.dtype)
        lit = lit / lit.detach().clamp(min=1e-30)
        if lit.requires_grad:
            lit.register_hook(lambda gradient: (gradient > least).to(gradient.dtype))  # type: ignore[no-untyped-call]
        return lit

    def _joined(self, taken: Sequence[Tensor]) -> Tensor:
        if self.channels:
            return torch.cat(list(taken), 1)
        return self._met([narrowed(one, 1).amax(1, keepdim=True) for one in taken])

    @staticmethod
    def _met(taken: Sequence[Tensor]) -> Tensor:
        """The light of all; where one element meets many it lights them all."""
        total = taken[0]
        for one in taken[1:]:
            total = total + one
        return total

    def _convolved(self, layer: conv.Convolution, x: Tensor) -> Tensor:
        """Where a group sees all channels, or all are alike, one filter does for all."""
        x = narrowed(x, 1)
        if x.shape[1] > 1 and layer.group_count(tuple(x.shape[1:])) > 1:
            return self._run(layer, [x])
        one = {name: 1 for name in ("multiplier", "out", "groups") if name in layer.fields}
        return self._run(_changed(layer, **one), [x.amax(1, keepdim=True)])

    def _run(self, layer: Layer, taken: Sequence[Tensor]) -> Tensor:
        shapes = tuple(tuple(one.shape[1:]) for one in taken)
        key = (layer, shapes)
        if key not in self.modules:
            module = self.modules[key] = self._module(layer, shapes).eval()
            for name, parameter in module.named_parameters():
                parameter.requires_grad_(False).fill_(0.0 if name.endswith("bias") else 1.0)
        result: Tensor = self.modules[key](*taken)
        return result

    def _module(self, layer: Layer, shapes: tuple[Shape, ...]) -> nn.Module:
        if getattr(layer, "mode", "") in BORDERS[1:]:  # a field is told by places: a border sees nothing
            layer = _changed(layer, mode="zeros")
        if isinstance(layer, Reparametrised) and layer.norm is not None:
            layer = _changed(layer, norm=None)
        if isinstance(layer, resize.Upsample) and layer.cubic:
            return FourPixels(layer, shapes)
        if not self.gradients:
            return module_of(layer, shapes)
        if isinstance(layer, pool.MaxPool):
            return WindowMean(layer)
        if isinstance(layer, pool.LPPool):
            fields = {name: getattr(layer, name) for name in layer.fields if name != "norm"}
            return module_of(pool.AvgPool(**fields), shapes)
        if isinstance(layer, pool.AdaptiveMaxPool):
            return module_of(pool.AdaptiveAvgPool(output=layer.output), shapes)
        if isinstance(layer, pool.GlobalMaxPool):
            return module_of(pool.GlobalAvgPool(flat=layer.flat), shapes)
        if isinstance(layer, pyramid.SpatialPyramid):
            return module_of(_changed(layer, mode="avg"), shapes)
        return module_of(layer, shapes)


PICKING = (shuffle.ChannelShuffle, activation.Maxout)
"""Layers that choose among channels: where those are alike, there is no choice."""


def _changed(layer: Layer, **changes: object) -> Layer:
    """The layer with some fields changed."""
    return type(layer)(**{**{name: getattr(layer, name) for name in layer.fields}, **changes})


def _mixed(layer: Layer, rank: int) -> tuple[int, ...] | None:
    """The axes of the tensor (the batch is 0) along which every output sees all; None for a layer of another sort."""
    every = tuple(range(1, rank))
    if isinstance(layer, linear.Linear):
        entering = (1,) * (rank - 1)
        return {"last": (rank - 1,), "channels": (1,)}.get(layer.acts_on(entering), every)
    if isinstance(layer, (norm.LayerNorm, products.RMSNorm)):
        return {"channels": (1,), "last": (rank - 1,), "all": every}[layer.over]
    if isinstance(layer, (norm.GroupNorm, norm.GlobalResponseNorm)):
        return every
    return every[1:] if isinstance(layer, BY_STATISTICS) else None
