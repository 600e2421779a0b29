"""The layers for which torch has no module of its own, as small modules. Tensors are (batch, channels, *spatial).

What moves elements ends in a copy, so that every output is contiguous and in a storage of its own size, as are those of
torch's own layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.layers.kinds.resize import Crop as CropRule

__all__ = [
    "ChannelDropout",
    "ChannelNorm",
    "ChannelShuffle",
    "Concat",
    "Crop",
    "DropPath",
    "GlobalResponseNorm",
    "LayerScale",
    "Maxout",
    "Permute",
    "PixelShuffle",
    "PixelUnshuffle",
    "Reshape",
    "Resize",
    "Slice",
    "SpaceToDepth",
    "SpatialPyramid",
    "copied",
]


def copied(tensor: Tensor) -> Tensor:
    """A contiguous copy, also where the tensor happens to be contiguous already."""
    return tensor.clone(memory_format=torch.contiguous_format)


class Concat(nn.Module):
    """Its inputs one after another along an axis of each sample; 0 is the channels."""

    def __init__(self, axis: int = 0) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.cat(inputs, self.axis + 1)


class Reshape(nn.Module):
    """The elements of each sample in another shape, or in that of a second input."""

    def __init__(self, shape: Sequence[int] | None) -> None:
        super().__init__()
        self.shape = tuple(shape or ())

    def forward(self, x: Tensor, *like: Tensor) -> Tensor:
        return x.reshape(x.shape[0], *(like[0].shape[1:] if like else self.shape))

    def extra_repr(self) -> str:
        return "x".join(map(str, self.shape))


class Permute(nn.Module):
    """The axes of each sample in another order; 0 is the channels."""

    def __init__(self, order: Sequence[int]) -> None:
        super().__init__()
        self.order = tuple(order)

    def forward(self, x: Tensor) -> Tensor:
        return copied(x.permute(0, *(axis + 1 for axis in self.order)))

    def extra_repr(self) -> str:
        return "x".join(map(str, self.order))


class Slice(nn.Module):
    """Places of an axis of each sample from `start` up to, but without, `stop`, every `step`-th; −1: to the end."""

    def __init__(self, start: int, stop: int, axis: int = 0, step: int = 1) -> None:
        super().__init__()
        self.axis, self.cut = axis, slice(start, None if stop == -1 else stop, step)

    def forward(self, x: Tensor) -> Tensor:
        rank = x.dim() - 1
        place = 1 + self.axis % rank
        n = x.shape[place]
        if not -rank <= self.axis < rank or self.cut.start >= n or (self.cut.stop or 0) > n:
            raise ValueError(f"{self.cut} of axis {self.axis} of {tuple(x.shape[1:])}")
        part = x[(slice(None),) * place + (self.cut,)]
        return part if self.cut.step == 1 else copied(part)

    def extra_repr(self) -> str:
        return f"{self.cut.start}:{'' if self.cut.stop is None else self.cut.stop}"


class Crop(nn.Module):
    """A border taken off, by the sizes of the input and, where there is a second one, of that."""

    def __init__(self, rule: CropRule) -> None:
        super().__init__()
        self.rule = rule

    def forward(self, x: Tensor, *like: Tensor) -> Tensor:
        borders = self.rule.borders(tuple(x.shape[1:]), *(tuple(one.shape[1:]) for one in like))
        for axis, (before, after) in enumerate(borders, 2):
            x = x.narrow(axis, before, x.shape[axis] - before - after)
        return copied(x)


class Resize(nn.Module):
    """A map brought to the size of a second one."""

    def __init__(self, mode: str, align_corners: bool | None) -> None:
        super().__init__()
        self.mode, self.align_corners = mode, align_corners

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        return functional.interpolate(x, size=like.shape[2:], mode=self.mode, align_corners=self.align_corners)

    def extra_repr(self) -> str:
        return f"mode={self.mode!r}"


class ChannelShuffle(nn.Module):
    """The channels of `groups` groups dealt out in turn. (torch's own may give its input back.)"""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1] % self.groups:
            raise ValueError(f"{self.groups} groups of {x.shape[1]} channels")
        grouped = x.reshape(x.shape[0], self.groups, x.shape[1] // self.groups, *x.shape[2:])
        return copied(grouped.transpose(1, 2)).reshape(x.shape)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"


class PixelShuffle(nn.Module):
    """Channels become positions, on any number of axes; torch's own is for two."""

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        rank = x.dim() - 2
        channels, left = divmod(x.shape[1], self.factor**rank)
        if left:
            raise ValueError(f"{self.factor}^{rank} does not divide {x.shape[1]} channels")
        apart = x.reshape(x.shape[0], channels, *(self.factor,) * rank, *x.shape[2:])
        # each axis is followed by its place inside the enlarged pixel
        order = [0, 1] + [axis for i in range(rank) for axis in (2 + rank + i, 2 + i)]
        return copied(apart.permute(order)).reshape(x.shape[0], channels, *(n * self.factor for n in x.shape[2:]))

    def extra_repr(self) -> str:
        return f"factor={self.factor}"


class PixelUnshuffle(nn.Module):
    """The inverse of a pixel shuffle, on any number of axes: the pixels of a block side by side, channel by channel."""

    by_channel = True

    def __init__(self, factor: int) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        rank = x.dim() - 2
        if any(n % self.factor for n in x.shape[2:]):
            raise ValueError(f"{self.factor} does not divide {tuple(x.shape[2:])}")
        apart = x.reshape(*x.shape[:2], *(part for n in x.shape[2:] for part in (n // self.factor, self.factor)))
        inside = [3 + 2 * i for i in range(rank)]
        channels = [1, *inside] if self.by_channel else [*inside, 1]
        moved = copied(apart.permute([0, *channels, *(2 + 2 * i for i in range(rank))]))
        return moved.reshape(x.shape[0], -1, *(n // self.factor for n in x.shape[2:]))

    def extra_repr(self) -> str:
        return f"factor={self.factor}"


class SpaceToDepth(PixelUnshuffle):
    """Positions become channels; the channels of one pixel stay together."""

    by_channel = False


class Maxout(nn.Module):
    """The largest of each `pieces` neighbouring channels."""

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1] % self.pieces:
            raise ValueError(f"{self.pieces} does not divide {x.shape[1]} channels")
        values: Tensor = x.reshape(x.shape[0], -1, self.pieces, *x.shape[2:]).max(2).values
        return values

    def extra_repr(self) -> str:
        return f"pieces={self.pieces}"


class ChannelDropout(nn.Dropout):
    """Zeroes whole channels, on any number of axes; torch's own are for one to three."""

    def forward(self, input: Tensor) -> Tensor:
        return (torch.feature_dropout_ if self.inplace else torch.feature_dropout)(input, self.p, self.training)


class DropPath(nn.Module):
    """Zeroes a whole sample with probability `rate` in training, and scales the others up."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        kept = x.new_empty([x.shape[0]] + [1] * (x.dim() - 1)).bernoulli_(1 - self.rate)
        return x * (kept.div_(1 - self.rate) if self.rate < 1 else kept)

    def extra_repr(self) -> str:
        return f"rate={self.rate}"


class SpatialPyramid(nn.Module):
    """Adaptive pools of several sizes, flattened and joined."""

    def __init__(self, pools: Sequence[nn.Module]) -> None:
        super().__init__()
        self.pools = tuple(pools)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([pool(x).flatten(1) for pool in self.pools], 1)

    def extra_repr(self) -> str:
        return ", ".join(map(repr, self.pools))


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the channels at each position."""

    def forward(self, input: Tensor) -> Tensor:
        last = input.movedim(1, -1)
        return copied(super().forward(last).movedim(-1, 1))


class GlobalResponseNorm(nn.Module):
    """γ·x·N(‖x‖) + β + x, the norm over all positions, divided by its mean over the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        ones = (1,) * (x.dim() - 2)
        norm = torch.linalg.vector_norm(x, dim=tuple(range(2, x.dim())), keepdim=True)
        response = norm / (norm.mean(1, keepdim=True) + 1e-6)
        scaled: Tensor = self.weight.view(-1, *ones) * (x * response)
        return scaled + self.bias.view(-1, *ones) + x


class LayerScale(nn.Module):
    """A learned factor for each channel."""

    def __init__(self, channels: int, initial: float, *, bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels,), initial))
        self.bias = nn.Parameter(torch.zeros(channels)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        ones = (1,) * (x.dim() - 2)
        scaled = x * self.weight.view(-1, *ones)
        return scaled if self.bias is None else scaled + self.bias.view(-1, *ones)
