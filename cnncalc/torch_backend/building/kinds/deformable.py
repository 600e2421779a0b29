"""Deformable convolutions in torch, which has none of its own; as torchvision's, they keep just what they take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnncalc.layers.fields import spread
from cnncalc.layers.kinds import deformable
from cnncalc.torch_backend.building.kinds.registry import builds

if TYPE_CHECKING:
    from cnncalc.layers import Shape

__all__: list[str] = []


def looked_up(x: Tensor, offsets: Tensor, mask: Tensor | None, rule: deformable.DeformableConv) -> Tensor:
    """(batch, channels, pixels of the kernel, rows, columns): each number interpolated, zeros outside of the map."""
    batch, channels, height, width = x.shape
    windows = rule.windows((channels, height, width))
    taps, (rows, columns) = rule.taps((channels, height, width)), offsets.shape[2:]
    groups = offsets.shape[1] // (2 * taps)
    moved = offsets.reshape(batch * groups, taps, 2, rows, columns)
    grid = []
    for axis, (window, length, out) in enumerate(zip(windows, (height, width), (rows, columns), strict=True)):
        start = torch.arange(out, device=x.device) * window.stride - window.padding(length)[0]
        step = torch.arange(window.kernel, device=x.device) * window.dilation
        tap = step.repeat_interleave(windows[1].kernel) if axis == 0 else step.repeat(windows[0].kernel)
        start = start[:, None] if axis == 0 else start[None]
        at = moved[:, :, axis] + (tap[:, None, None] + start)
        grid.append((2 * at + 1) / length - 1)
    places = torch.stack(grid[::-1], -1).flatten(1, 2)
    found = functional.grid_sample(x.reshape(batch * groups, -1, height, width), places, align_corners=False)
    found = found.reshape(batch, groups, channels // groups, taps, rows, columns)
    if mask is not None:
        found = found * mask.reshape(batch, groups, 1, taps, rows, columns)
    return found.flatten(1, 2)


def convolved(given: tuple[Tensor, ...], rule: deformable.DeformableConv, *, masked: bool) -> Tensor:
    """The whole operation, in float32 at least."""
    x, weight, offsets, mask, bias = (one.float() if one.element_size() < 4 else one for one in given)
    found = looked_up(x, offsets, mask if masked else None, rule)
    sides = found.shape[-2:]
    columns = found.reshape(len(x), rule.groups, -1, sides.numel())
    filters = weight.reshape(rule.groups, rule.out // rule.groups, -1)
    made = (filters @ columns).reshape(len(x), rule.out, *sides) + bias[:, None, None]
    return made.to(given[0].dtype)


class _Deformed(torch.autograd.Function):
    """Keeps what it takes, and computes the rest again."""

    @staticmethod
    def forward(ctx: Any, rule: deformable.DeformableConv, masked: bool, *given: Tensor) -> Tensor:
        ctx.save_for_backward(*given)
        ctx.rule, ctx.masked = rule, masked
        return convolved(given, rule, masked=masked)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        wanted = ctx.needs_input_grad[2:]
        given = tuple(one.detach().requires_grad_(want) for one, want in zip(ctx.saved_tensors, wanted, strict=True))
        with torch.enable_grad():
            made = convolved(given, ctx.rule, masked=ctx.masked)
        asked = [one for one in given if one.requires_grad]
        found = iter(torch.autograd.grad(made, asked, gradients[0], allow_unused=True))
        return (None, None, *(next(found) if one.requires_grad else None for one in given))


class DeformConv2d(nn.Conv2d):
    """A convolution that looks its pixels up where the second input says, weighed by the third."""

    def __init__(self, rule: deformable.DeformableConv, channels: int) -> None:
        kernel = tuple(spread(rule.kernel, 2))
        super().__init__(channels, rule.out, (kernel[0], kernel[1]), groups=rule.groups, bias=rule.bias)
        self.rule = rule

    def forward(self, input: Tensor, offsets: Tensor, mask: Tensor | None = None) -> Tensor:  # type: ignore[override]  # it takes more
        shapes = tuple(tuple(one.shape[1:]) for one in (input, offsets, mask) if one is not None)
        if not all(requirement.holds for requirement in self.rule.requirements(*shapes)):
            raise ValueError(f"a deformable convolution of {shapes}")
        bias = input.new_zeros(self.rule.out) if self.bias is None else self.bias
        weighed = input.new_zeros(len(input), 1) if mask is None else mask
        given = (input, self.weight, offsets, weighed, bias)
        apply: Any = _Deformed.apply
        if not (input.is_cuda and torch.is_autocast_enabled("cuda")):
            made: Tensor = apply(self.rule, mask is not None, *given)
            return made
        with torch.autocast("cuda", enabled=False):  # as torchvision: in float32, and back to the map's type
            made = apply(self.rule, mask is not None, *(one.float() for one in given))
            return made.to(input.dtype)


@builds(deformable.DeformableConv)
def deformable_convolution(layer: deformable.DeformableConv, shapes: tuple[Shape, ...]) -> nn.Module:
    """A module of our own, with the parameters of torchvision.ops.DeformConv2d."""
    return DeformConv2d(layer, shapes[0][0])
