"""Attention in torch: torch's own kernel where it can be, products of matrices elsewhere."""

from __future__ import annotations

import math
from itertools import product as every_combination
from math import prod
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnncalc.layers.fields import spread
from cnncalc.layers.kinds.sequences import attention
from cnncalc.torch_backend.building import autocasting, modules
from cnncalc.torch_backend.building.kinds.registry import builds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.layers import Shape

__all__ = ["parted"]


def parted(x: Tensor, window: Shape, *, grid: bool) -> Tensor:
    """(batch, *places, features) as (batch, windows, places of a window, features), a copy."""
    batch, *places, features = x.shape
    rank = len(places)
    sizes = [(n // w, w) if not grid else (w, n // w) for n, w in zip(places, window, strict=True)]
    apart = x.reshape(batch, *(part for pair in sizes for part in pair), features)
    outer, inner = [1 + 2 * axis for axis in range(rank)], [2 + 2 * axis for axis in range(rank)]
    if grid:
        outer, inner = inner, outer
    return modules.copied(apart.permute(0, *outer, *inner, 1 + 2 * rank)).reshape(batch, -1, prod(window), features)


def whole(x: Tensor, places: Shape, window: Shape, *, grid: bool) -> Tensor:
    """The inverse of `parted`."""
    batch, features, rank = len(x), x.shape[-1], len(places)
    counts = [n // w for n, w in zip(places, window, strict=True)]
    apart = x.reshape(batch, *counts, *window, features)
    pairs = [(1 + axis, 1 + rank + axis) for axis in range(rank)]
    order = [part for pair in pairs for part in (pair[::-1] if grid else pair)]
    return apart.permute(0, *order, 1 + 2 * rank).reshape(batch, *places, features)


def flash_attention(query: Tensor, key: Tensor, value: Tensor, *, causal: bool) -> Tensor:
    """What scaled_dot_product_attention does with FlashAttention: a head's features are filled up to eights."""
    each = query.shape[-1]
    filled = [functional.pad(one, (0, -each % 8)) if each % 8 else one for one in (query, key, value)]
    flash = torch.ops.aten._scaled_dot_product_flash_attention  # noqa: SLF001  (an operator's name)
    made: Tensor = flash(*filled, 0.0, causal, False, scale=each**-0.5)[0]
    return made[..., :each]


class Attended(nn.Module):
    """Multi-head attention by the layer's rule, parameters called as those of torch.nn.MultiheadAttention."""

    in_proj_weight: Tensor
    in_proj_bias: Tensor
    q_proj_weight: Tensor
    k_proj_weight: Tensor
    v_proj_weight: Tensor
    relative_position_bias_table: Tensor
    relative_position_index: Tensor
    relative_coords_table: Tensor
    logit_scale: Tensor

    def __init__(self, rule: attention.Attention, shapes: tuple[Shape, ...]) -> None:
        super().__init__()
        self.rule = rule
        self.packed = rule.packed(*shapes)
        for name, shape in rule.weight_shapes(*shapes).items():
            if "." not in name:
                self.register_parameter(name, nn.Parameter(torch.randn(shape) * 0.05))
        size = rule.sizes(*shapes)
        self.rows = [size.keyed, size.key, size.value]
        if min(self.rows) < 1:
            raise ValueError(f"{rule.heads} heads of {rule.features(shapes[0])} features")
        leaving = rule.leaving(shapes[0], size)
        self.out_proj = nn.Linear(size.valued, leaving, bias=rule.project_bias) if rule.project else None
        if rule.biased:
            window = rule.windows(shapes[0])
            at = torch.stack(torch.meshgrid(*(torch.arange(n) for n in window), indexing="ij")).flatten(1)
            apart = at[:, :, None] - at[:, None] + torch.tensor(window)[:, None, None] - 1
            index = torch.zeros_like(apart[0])
            for distance, n in zip(apart, window, strict=True):
                index = index * (2 * n - 1) + distance
            square = rule.names == "to_qkv" or (rule.names == "qkv" and len(window) > 2)  # as torchvision has it
            self.register_buffer("relative_position_index", index if square else index.flatten())
        if rule.continuous is not None:
            around = torch.meshgrid(*(torch.arange(1.0 - n, n) / max(n - 1, 1) for n in window), indexing="ij")
            far = 8 * torch.stack(around, -1)[None]
            self.register_buffer("relative_coords_table", far.sign() * (far.abs() + 1).log2() / 3)
            net = (nn.Linear(len(window), rule.continuous), nn.ReLU(), nn.Linear(rule.continuous, rule.heads, False))
            self.cpb_mlp = nn.Sequential(*net)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Tokens, projections, heads, and back."""
        rule = self.rule
        shapes = tuple(tuple(one.shape[1:]) for one in inputs)
        whole_heads = rule.key is not None or rule.features(shapes[0]) % rule.heads == 0
        if not whole_heads or not all(2 <= len(shape) <= 4 for shape in shapes):
            raise ValueError(f"attention on {shapes}")
        taken = [self.tokens(one) for one in inputs]
        query, key, value = self.projected(taken)
        made = self.attended(query, key, value, shapes)
        made = made.flatten(-2)
        if self.out_proj is not None:
            made = self.out_proj(made)
        return self.laid_out(made, shapes[0])

    def tokens(self, x: Tensor) -> Tensor:
        """(batch, windows, places, features)."""
        rule = self.rule
        last = x if rule.axis == "last" else x.movedim(1, -1)
        if rule.window is None:
            rows = last if rule.axis == "last" else modules.copied(last)
            return rows.reshape(-1, last.shape[-1]).view(len(x), 1, -1, last.shape[-1])
        shape = tuple(x.shape[1:])
        shifts, places = rule.shifts(shape), rule.places(shape)
        if any(n % w for n, w in zip(places, rule.windows(shape), strict=True)):
            raise ValueError(f"windows {rule.window} on {places}")
        if any(shifts):
            last = last.roll([-shift for shift in shifts], tuple(range(1, 1 + len(places))))
        return parted(last, rule.windows(shape), grid=rule.grid)

    def projected(self, taken: list[Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values."""
        bias = self.in_proj_bias if self.rule.bias else None
        if self.packed and len(taken) == 1:
            found = torch.split(functional.linear(taken[0], self.in_proj_weight, bias), self.rows, -1)
            return found[0], found[1], found[2]
        weights: Sequence[Tensor] = (
            torch.split(self.in_proj_weight, self.rows)
            if self.packed
            else (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
        )
        biases: Sequence[Tensor | None] = torch.split(bias, self.rows) if bias is not None else (None,) * 3
        sources = (taken[0], taken[min(1, len(taken) - 1)], taken[-1])
        query, key, value = (
            functional.linear(source, weight, one) for source, weight, one in zip(sources, weights, biases, strict=True)
        )
        return query, key, value

    def attended(self, query: Tensor, key: Tensor, value: Tensor, shapes: tuple[Shape, ...]) -> Tensor:
        """(batch, windows, places, heads, value features)."""
        rule = self.rule
        groups = rule.heads if rule.shared is None else rule.shared
        batch, windows = query.shape[:2]
        heads = (rule.heads, groups, groups)
        q, k, v = (
            one.view(*one.shape[:-1], count, one.shape[-1] // count).flatten(0, 1).transpose(1, 2)
            for one, count in zip((query, key, value), heads, strict=True)
        )
        if not rule.by_hand(*shapes) and q.is_meta:  # where torch would choose products of matrices
            flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu  # noqa: SLF001  (an operator's name)
            made: Tensor = flash(q, k, v, 0.0, rule.causal)[0]
        elif not rule.by_hand(*shapes) and not autocasting.has_numbers(q):  # likewise; on CUDA it is FlashAttention
            made = flash_attention(q, k, v, causal=rule.causal)
        elif not rule.by_hand(*shapes):
            made = functional.scaled_dot_product_attention(
                q, k, v, is_causal=rule.causal, enable_gqa=groups < rule.heads
            )
        else:
            if rule.cosine:
                q, k = functional.normalize(q, dim=-1), functional.normalize(k, dim=-1)
            if groups < rule.heads:
                each = (-1, -1, rule.heads // groups, -1, -1)
                k, v = (modules.copied(one.unsqueeze(2).expand(each)).flatten(1, 2) for one in (k, v))
            scores = self.scores(q, k)
            made = self.biased(scores, shapes[0], windows).softmax(-1) @ v
        return made.transpose(1, 2).reshape(batch, windows, made.shape[2], rule.heads, -1)

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        """The products of queries and keys, scaled."""
        if not self.rule.cosine:
            each = query.shape[-1] * (self.rule.heads if self.rule.scaled == "all" else 1)
            query = query * each**-0.5
            return query @ key.transpose(-2, -1)
        scale: Tensor = self.logit_scale.clamp(max=math.log(100.0)).exp()
        return (query @ key.transpose(-2, -1)) * scale

    def biased(self, scores: Tensor, shape: Shape, windows: int) -> Tensor:
        """The scores with what is added to them."""
        rule, places = self.rule, scores.shape[-1]
        if rule.biased:
            table = (
                self.relative_position_bias_table
                if rule.continuous is None
                else self.cpb_mlp(self.relative_coords_table).flatten(0, -2)
            )
            each = table[self.relative_position_index.flatten()].view(places, places, -1).permute(2, 0, 1).contiguous()
            scores = scores + (each if rule.continuous is None else 16 * each.sigmoid())
        if rule.causal:
            scores = scores + torch.full((places, places), -torch.inf, device=scores.device, dtype=scores.dtype).triu(1)
        if rule.window is not None and any(rule.shifts(shape)):
            regions = self.regions(rule.places(shape), shape).to(scores.device)
            apart = (regions[:, :, None] != regions[:, None]) * -100.0
            together = scores.view(-1, windows, *scores.shape[1:]) + apart[:, None].to(scores.dtype)
            scores = together.flatten(0, 1)
        return scores

    def regions(self, places: Shape, shape: Shape) -> Tensor:
        """(windows, places of a window): a number for each part of the map that a shift brings together."""
        rule = self.rule
        numbers = torch.zeros(places)
        cuts = [
            [slice(0, n)] if not shift else [slice(0, n - w), slice(n - w, n - shift), slice(n - shift, n)]
            for n, w, shift in zip(places, rule.windows(shape), rule.shifts(shape), strict=True)
        ]
        for number, part in enumerate(every_combination(*cuts)):
            numbers[part] = number
        return parted(numbers[None, ..., None], tuple(spread(rule.window or (), len(places))), grid=False)[0, :, :, 0]

    def laid_out(self, made: Tensor, shape: Shape) -> Tensor:
        """As the input is."""
        rule, places = self.rule, self.rule.places(shape)
        if rule.window is None:
            last = made.reshape(len(made), *places, made.shape[-1])
        else:
            last = whole(made, places, rule.windows(shape), grid=rule.grid)
            shifts = rule.shifts(shape)
            if any(shifts):
                last = last.roll(shifts, tuple(range(1, 1 + len(places))))
        if rule.axis == "channels":
            return modules.copied(last.movedim(-1, 1))
        return last.contiguous() if rule.project else modules.copied(last)  # the kernel's own result may be kept


@builds(attention.Attention)
def attended(layer: attention.Attention, shapes: tuple[Shape, ...]) -> nn.Module:
    """A module of our own; torch's needs a batch of sequences."""
    return Attended(layer, shapes)
