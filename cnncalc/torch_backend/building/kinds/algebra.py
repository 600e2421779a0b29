"""Functions, arithmetic, products, reductions and what picks or repeats places, in torch."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnncalc.layers.kinds import merge
from cnncalc.layers.kinds.algebra import arithmetic, distances, functions, products, reductions
from cnncalc.torch_backend.building import modules
from cnncalc.torch_backend.building.dialects import lifted
from cnncalc.torch_backend.building.kinds.registry import axis_of, builds

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.layers import Shape

__all__: list[str] = []


def place(axis: int, x: Tensor) -> int:
    """An axis of the samples as one of the whole tensor; what there is not is refused."""
    rank = x.dim() - 1
    if not -rank <= axis < rank:
        raise IndexError(f"axis {axis} of {tuple(x.shape[1:])}")
    return 1 + axis % rank


class Applied(nn.Module):
    """A function of tensors as a module."""

    def __init__(self, name: str, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.name, self.function = name, function

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.function(*inputs)

    def extra_repr(self) -> str:
        return self.name


OTHER_NAMES: dict[str, Callable[..., Tensor]] = {
    "celu": functional.celu,
    "hardshrink": functional.hardshrink,
    "log_sigmoid": functional.logsigmoid,
    "negate": torch.neg,
    "softshrink": functional.softshrink,
    "softsign": functional.softsign,
    "tanhshrink": functional.tanhshrink,
    "threshold": lambda x: functional.threshold(x, 1.0, 0.0),
}
"""The functions that torch calls otherwise, or keeps elsewhere."""


@builds(functions.Function)
def function(layer: functions.Function, shapes: tuple[Shape, ...]) -> nn.Module:
    """torch's function of that name."""
    if layer.of == "clip":
        return Applied("clip", lambda x: x.clamp(layer.low, layer.high))
    return Applied(layer.of, OTHER_NAMES.get(layer.of) or getattr(torch, layer.of))


@builds(functions.Glu)
def glu(layer: functions.Glu, shapes: tuple[Shape, ...]) -> nn.Module:
    """GLU."""
    return nn.GLU(axis_of(layer.axis, shapes[0]))


PAIRS: dict[type[merge.ElementwiseMerge], Callable[..., Tensor]] = {
    merge.Add: torch.add,
    merge.Multiply: torch.mul,
    merge.Maximum: torch.maximum,
    arithmetic.Minimum: torch.minimum,
    arithmetic.Subtract: torch.sub,
    arithmetic.Divide: torch.div,
    arithmetic.Power: torch.pow,
}


@builds(*PAIRS)
def pair(layer: merge.ElementwiseMerge, shapes: tuple[Shape, ...]) -> nn.Module:
    """The function of two tensors, of many from left to right, or of a tensor and a number."""
    function = PAIRS[type(layer)]
    if len(shapes) > 1:
        lift: Callable[..., Any] = lifted if layer.rules.merges == "ranks filled" else list
        return Applied(layer.kind, lambda *inputs: functools.reduce(function, lift(inputs)))
    by = layer.number
    if by is None:
        raise ValueError("one tensor, and no number")
    if isinstance(layer, merge.Maximum):
        low, high = (None, by) if isinstance(layer, arithmetic.Minimum) else (by, None)
        return Applied(layer.kind, lambda x: x.clamp(low, high))
    return Applied(layer.kind, lambda x: function(x, by))


class Reduced(nn.Module):
    """A reduction over axes of each sample."""

    def __init__(self, rule: reductions.OverAxes, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.rule, self.function = rule, function

    def forward(self, x: Tensor) -> Tensor:
        axes = [place(axis, x) for axis in self.rule.axes]
        return self.function(x, axes, self.rule.keep)


REDUCED: dict[str, Callable[..., Tensor]] = {
    "mean": torch.mean,
    "sum": torch.sum,
    "max": torch.amax,
    "min": torch.amin,
    "l1": lambda x, axes, keep: torch.linalg.vector_norm(x, 1, axes, keep),
    "l2": lambda x, axes, keep: torch.linalg.vector_norm(x, 2, axes, keep),
    "logsumexp": torch.logsumexp,
}


@builds(reductions.Reduce)
def reduce(layer: reductions.Reduce, shapes: tuple[Shape, ...]) -> nn.Module:
    """torch's reduction of that name."""
    return Reduced(layer, REDUCED[layer.by])


@builds(reductions.ArgMax)
def argmax(layer: reductions.ArgMax, shapes: tuple[Shape, ...]) -> nn.Module:
    """argmax, as numbers of the input's type."""
    return Reduced(layer, lambda x, axes, keep: x.argmax(*axes, keep).to(x.dtype))


@builds(reductions.TopK)
def top_k(layer: reductions.TopK, shapes: tuple[Shape, ...]) -> nn.Module:
    """topk; its values."""
    return Applied(f"topk {layer.k}", lambda x: x.topk(layer.k, place(layer.axis, x)).values)


@builds(distances.Distances)
def by_distance(layer: distances.Distances, shapes: tuple[Shape, ...]) -> nn.Module:
    """The rows of a table for each two places."""
    return Applied(
        f"distances {layer.places} {layer.asked}", lambda x: x[:, torch.tensor(layer.rows(), device=x.device)]
    )


@builds(reductions.Select)
def select(layer: reductions.Select, shapes: tuple[Shape, ...]) -> nn.Module:
    """select, a view."""
    return Applied(f"select {layer.at}", lambda x: x.select(place(layer.axis, x), layer.at))


@builds(reductions.Expand)
def expand(layer: reductions.Expand, shapes: tuple[Shape, ...]) -> nn.Module:
    """expand, as a copy."""
    return Applied("expand", lambda x: modules.copied(x.expand(len(x), *layer.output_shape(tuple(x.shape[1:])))))


@builds(products.MatMul)
def matmul(layer: products.MatMul, shapes: tuple[Shape, ...]) -> nn.Module:
    """matmul of stacks of matrices that are alike."""

    def multiplied(left: Tensor, right: Tensor) -> Tensor:
        if left.dim() < 3 or left.shape[:-2] != right.shape[:-2]:  # torch broadcasts, and multiplies vectors too
            raise ValueError(f"matrices of {tuple(left.shape)} and {tuple(right.shape)}")
        return left @ (right.transpose(-2, -1) if layer.transposed else right)

    return Applied("matmul", multiplied)


class ChannelRMSNorm(nn.RMSNorm):
    """RMS normalisation over the channels at each position."""

    def forward(self, x: Tensor) -> Tensor:
        return modules.copied(super().forward(x.movedim(1, -1)).movedim(-1, 1))


@builds(products.RMSNorm)
def rms_norm(layer: products.RMSNorm, shapes: tuple[Shape, ...]) -> nn.Module:
    """RMSNorm over the last axis, all axes, or the channels of a map."""
    over: Any = list(layer.normalised(shapes[0]))
    make = ChannelRMSNorm if layer.over == "channels" and len(shapes[0]) > 1 else nn.RMSNorm
    return make(over, eps=layer.eps, elementwise_affine=layer.affine)
