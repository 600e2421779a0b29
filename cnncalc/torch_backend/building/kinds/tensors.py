"""Learned, fixed and looked-up tensors in torch, and what stands for an opaque layer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from cnncalc.layers.kinds import tensors
from cnncalc.torch_backend.building import modules
from cnncalc.torch_backend.building.kinds.registry import builds

if TYPE_CHECKING:
    from cnncalc.layers import Shape

__all__: list[str] = []


class Joined(nn.Module):
    """A tensor of its own, joined with what comes in. One that is no parameter and no buffer is made each time."""

    def __init__(self, rule: tensors.Given) -> None:
        super().__init__()
        self.rule = rule
        own = torch.randn(rule.shape) * 0.02
        if isinstance(rule, tensors.Parameter) and rule.learned:
            self.weight = nn.Parameter(own)
        elif isinstance(rule, tensors.Parameter):
            self.register_buffer("weight", own)

    def forward(self, x: Tensor) -> Tensor:
        rule, place = self.rule, 1 + self.rule.axis % (x.dim() - 1)
        own = self.weight if isinstance(rule, tensors.Parameter) else torch.ones(rule.shape, device=x.device)
        own = own if isinstance(rule, tensors.Parameter) else own.to(x.dtype)
        if rule.join == "alone":
            return modules.copied(own.expand(len(x), *rule.shape))
        if x.dim() - 1 != len(rule.shape) or (rule.join == "concat" and not -x.dim() < rule.axis + 1 < x.dim()):
            raise ValueError(f"{rule.join} of {rule.shape} and {tuple(x.shape[1:])}")
        if rule.join == "concat":
            own = own.expand(len(x), *rule.shape)
            return torch.cat([own, x] if rule.first else [x, own], place)
        return x + own if rule.join == "add" else x * own


@builds(tensors.Parameter, tensors.Constant)
def given(layer: tensors.Given, shapes: tuple[Shape, ...]) -> nn.Module:
    """A module of our own."""
    return Joined(layer)


class Positions(nn.Module):
    """A tensor of the input's shape, added to it."""

    def __init__(self, shape: Shape, *, learned: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(shape) * 0.02) if learned else None

    def forward(self, x: Tensor) -> Tensor:
        return x + (self.waves(x) if self.weight is None else self.weight)

    @staticmethod
    def waves(x: Tensor) -> Tensor:
        """Sines and cosines by place, the axes after the first joined (Vaswani et al. 2017)."""
        channels, places = x.shape[1], math.prod(x.shape[2:])
        channel, place = torch.arange(channels, device=x.device)[:, None], torch.arange(places, device=x.device)
        rates = torch.exp(channel // 2 * (-2 * math.log(10_000) / channels))
        angles = rates * place + channel % 2 * math.pi / 2
        return angles.sin().to(x.dtype).reshape(x.shape[1:])


@builds(tensors.Positional)
def positional(layer: tensors.Positional, shapes: tuple[Shape, ...]) -> nn.Module:
    """A module of our own."""
    return Positions(shapes[0], learned=layer.by == "learned")


class LookedUp(nn.Embedding):
    """An embedding of numbers of any type, the features first or last."""

    def __init__(self, rule: tensors.Embedding) -> None:
        super().__init__(rule.vocabulary, rule.features, padding_idx=rule.padding)
        self.rule = rule
        self.bias = nn.Parameter(torch.zeros(rule.features)) if rule.bias else None

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() > 2 and input.shape[1] != 1:
            raise ValueError(f"numbers in {input.shape[1]} channels")
        numbers = (input[:, 0] if input.dim() > 2 else input).long().clamp_(0, self.num_embeddings - 1)
        found = super().forward(numbers)
        if self.bias is not None:
            found = found + self.bias
        return found if self.rule.axis == "last" else modules.copied(found.movedim(-1, 1))


@builds(tensors.Embedding)
def embedding(layer: tensors.Embedding, shapes: tuple[Shape, ...]) -> nn.Module:
    """Embedding; the numbers are made whole and brought into its vocabulary."""
    return LookedUp(layer)


class StandIn(nn.Module):
    """Zeros of a given shape, through which a gradient flows."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, *inputs: Tensor) -> Tensor:
        reached = sum(one.mean(tuple(range(1, one.dim()))) * 0 for one in inputs)
        assert isinstance(reached, Tensor)
        return modules.copied(reached.reshape(-1, *(1,) * len(self.shape)).expand(-1, *self.shape))


@builds(tensors.Opaque)
def opaque(layer: tensors.Opaque, shapes: tuple[Shape, ...]) -> nn.Module:
    """What has the shape, and computes nothing."""
    return StandIn(layer.shape)
