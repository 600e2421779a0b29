"""What other frameworks' layers do and torch's do not, as small modules. Tensors are (batch, channels, *spatial)."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnncalc.torch_backend.building.modules import copied

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ChannelLinear", "ElementPReLU", "FlatLinear", "PairedGroupNorm", "lifted"]


def lifted(inputs: Sequence[Tensor]) -> list[Tensor]:
    """Tensors with axes of length 1 put in behind the channels until all have as many."""
    rank = max(x.dim() for x in inputs)
    return [x.reshape(*x.shape[:2], *(1,) * (rank - x.dim()), *x.shape[2:]) for x in inputs]


class PairedGroupNorm(nn.GroupNorm):
    """A group norm with a scale and a shift for each group, as ONNX had it before opset 21."""

    def __init__(self, num_groups: int, num_channels: int, eps: float, affine: bool) -> None:
        super().__init__(num_groups, num_channels, eps, affine=False)
        self.paired = affine
        if affine:
            self.weight = nn.Parameter(torch.ones(num_groups))
            self.bias = nn.Parameter(torch.zeros(num_groups))

    def forward(self, input: Tensor) -> Tensor:
        if not self.paired:
            return functional.group_norm(input, self.num_groups, eps=self.eps)
        each = self.num_channels // self.num_groups
        weight, bias = (one.repeat_interleave(each) for one in (self.weight, self.bias))
        return functional.group_norm(input, self.num_groups, weight, bias, self.eps)


class ElementPReLU(nn.Module):
    """A leaky ReLU with a learned slope for each element of a sample, but for axes of length 1, which share them."""

    def __init__(self, shape: Sequence[int]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full(tuple(shape), 0.25))

    def forward(self, x: Tensor) -> Tensor:
        return functional.prelu(x.flatten(1), self.weight.expand(x.shape[1:]).flatten()).view(x.shape)


class ChannelLinear(nn.Linear):
    """A linear layer on the channels of every pixel."""

    def forward(self, input: Tensor) -> Tensor:
        return copied(super().forward(copied(input.movedim(1, -1))).movedim(-1, 1))


class FlatLinear(nn.Linear):
    """A linear layer that takes a map as one long vector."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input.reshape(input.shape[0], prod(input.shape[1:])))
