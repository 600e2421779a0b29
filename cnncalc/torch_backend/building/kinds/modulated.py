"""Modulated convolutions and blurs in torch, which has none of its own: written as the papers' formulas are."""

from __future__ import annotations

from math import comb, prod
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from cnncalc.layers.fields import spread
from cnncalc.layers.kinds import conv, modulated
from cnncalc.torch_backend.building.kinds.registry import builds, rank_of
from cnncalc.torch_backend.building.kinds.windowed import convolution, deconvolution
from cnncalc.torch_backend.building.windows import CONVOLVE, TRANSPOSED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.layers import Shape

__all__: list[str] = []

EPSILON = 1e-8
"""What is added to the square of a filter's length."""


class ModulatedConv(nn.Module):
    """A convolution of a map, each of whose images scales the channels that come in."""

    weight: Tensor
    bias: Tensor | None

    def __init__(self, rule: modulated.ModulatedConv, shapes: tuple[Shape, ...]) -> None:
        super().__init__()
        self.rule, self.rank = rule, rank_of(shapes)
        self.register_parameter("bias", None)
        for name, size in rule.weight_shapes(*shapes).items():
            self.register_parameter(name, nn.Parameter(torch.randn(size)))
        slid = rule.windows(shapes[0])
        self.window = [window.stride for window in slid], [window.padding(0)[0] for window in slid]

    def spread(self, factors: Tensor) -> Tensor:
        """One number for each channel, along the axes of a map."""
        return factors.reshape(*factors.shape, *(1,) * self.rank)

    def slide(self, x: Tensor, weight: Tensor, groups: int = 1) -> Tensor:
        """The plain convolution; `weight` has the filters first, those of each group together."""
        stride, padding = self.window
        if self.rule.up is None:
            made: Tensor = CONVOLVE[self.rank - 1](x, weight, None, stride, padding, 1, groups)
        else:
            turned = weight.reshape(groups, -1, *weight.shape[1:]).transpose(1, 2).flatten(0, 1)
            made = TRANSPOSED[self.rank - 1](x, turned, None, stride, padding, 0, groups)
        return made

    def forward(self, x: Tensor, styles: Tensor) -> Tensor:
        if styles.shape != x.shape[:2] or (self.rule.up and max(self.rule.stride) > 1):
            raise ValueError(f"styles {tuple(styles.shape)} of a map {tuple(x.shape)}")
        if not (x.is_cuda and torch.is_autocast_enabled("cuda")):
            return self.modulated(x, styles)
        with torch.autocast("cuda", enabled=False):  # in float32, and back to the map's type
            return self.modulated(x.float(), styles.float()).to(x.dtype)

    def modulated(self, x: Tensor, styles: Tensor) -> Tensor:
        """The whole operation in one type."""
        made = (self.by_weights if self.rule.by == "weights" else self.by_maps)(x, styles)
        return made if self.bias is None else made + self.spread(self.bias)

    def scaled(self, styles: Tensor) -> Tensor:
        """(batch, filters, channels, …): filters of each image."""
        return self.weight * self.spread(styles[:, None])

    def shortened(self, weight: Tensor) -> Tensor:
        """(batch, filters): 1/length of each."""
        return (weight.square().sum(tuple(range(2, weight.dim()))) + EPSILON).rsqrt()

    def by_maps(self, x: Tensor, styles: Tensor) -> Tensor:
        """Scales what comes in, and what comes out."""
        lengths = self.shortened(self.scaled(styles)) if self.rule.demodulate else None
        made = self.slide(x * self.spread(styles), self.weight)
        return made if lengths is None else made * self.spread(lengths)

    def by_weights(self, x: Tensor, styles: Tensor) -> Tensor:
        """Every image is a group of one convolution, with filters of its own."""
        weight = self.scaled(styles)
        if self.rule.demodulate:
            weight = weight * self.spread(self.shortened(weight)[..., None])
        made = self.slide(x.reshape(1, -1, *x.shape[2:]), weight.flatten(0, 1), len(x))
        return made.reshape(len(x), -1, *made.shape[2:])


@builds(modulated.ModulatedConv)
def modulated_convolution(layer: modulated.ModulatedConv, shapes: tuple[Shape, ...]) -> nn.Module:
    """A module of our own, with the parameters of StyleGAN2's."""
    return ModulatedConv(layer, shapes)


def binomial(sizes: Sequence[int]) -> Tensor:
    """A filter that sums to 1: along each axis the numbers of Pascal's triangle."""
    made = torch.ones(())
    for size in sizes:
        row = torch.tensor([float(comb(size - 1, at)) for at in range(size)])
        made = made[..., None] * (row / row.sum())
    return made


class Blur(nn.Module):
    """A depthwise convolution with a filter that is a buffer, the same for every channel."""

    filter: Tensor

    def __init__(self, slid: Any, taps: Tensor) -> None:
        super().__init__()
        self.register_buffer("filter", taps)
        del slid.weight
        self.slid, self.channels = slid, slid.in_channels

    def forward(self, x: Tensor) -> Tensor:
        self.slid.weight = self.filter.expand(self.channels, *self.filter.shape[1:])
        made: Tensor = self.slid(x)
        return made


@builds(modulated.Blur)
def blur(layer: modulated.Blur, shapes: tuple[Shape, ...]) -> nn.Module:
    """A module of our own around torch's convolution; with `up` around its transposed one."""
    slid, channels = layer.slid, shapes[0][0]
    sizes = [window.kernel for window in layer.windows(shapes[0])]
    if isinstance(slid, conv.DepthwiseConv):
        taps, made = binomial(sizes), convolution(slid, shapes)
    else:
        if layer.mode != "zeros" or max(layer.stride) > 1 or min(layer.lengths(shapes[0])) < 1:
            raise ValueError(f"a {layer.mode} border, stride {layer.stride}")
        wide: dict[str, Any] = {"kernel": slid.kernel, "padding": slid.padding, "stride": slid.stride}
        made = deconvolution(conv.Deconv(out=channels, groups=channels, bias=False, **wide), shapes)
        taps = binomial(sizes) * prod(spread(slid.stride, len(sizes)))
    return Blur(made, taps.expand(channels if layer.each else 1, 1, *sizes).clone())
