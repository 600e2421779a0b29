"""Receptive fields held against torch: which pixels of the input a pixel of each layer has a gradient for.

The net that is differentiated is a variant of the real one: every weight is positive, so that no two paths cancel, and
what picks (max pools, maxima) or bends (activations, normalisations) becomes a mean over the same pixels, so that the
gradient reaches all of them. Convolutions, deconvolutions, average and adaptive pools, upsamples, borders and shuffles
are torch's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnncalc.analysis.receptive import WHOLE, fields
from cnncalc.analysis.verification import Figure
from cnncalc.layers import activation, conv, linear, merge, norm, pool, pyramid, regularize, reshape, shuffle
from cnncalc.layers.base import Elementwise
from cnncalc.torch_backend.builder import GraphModule
from cnncalc.torch_backend.kinds import module_of
from cnncalc.torch_backend.watching import watched
from cnncalc.torch_backend.windows import CONVOLVE, sides, spatial

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.arithmetic.reach import Field
    from cnncalc.graph import Graph
    from cnncalc.layers import Layer, Shape

    Hull = tuple[tuple[int, int], ...] | None
    """First and last pixel an axis; None where nothing is seen."""

__all__ = ["held_fields"]

PHASES = 4
"""Where neighbouring pixels differ (after an upsample), so many of them are held."""


class Mean(nn.Module):
    """The mean of its inputs, as they broadcast."""

    def forward(self, *inputs: Tensor) -> Tensor:
        total = inputs[0]
        for one in inputs[1:]:
            total = total + one
        return total / len(inputs)


class Everywhere(nn.Module):
    """Each element sees all others, as in a normalisation over the map."""

    def forward(self, x: Tensor) -> Tensor:
        return x + x.mean(dim=tuple(range(1, x.dim())), keepdim=True)


class ChannelMeans(nn.Module):
    """The mean of each group of neighbouring channels, in the place of a maxout."""

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], -1, self.pieces, *x.shape[2:]).mean(2)


class WindowMean(nn.Module):
    """The mean of each window of a pool, dilated ones too."""

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


class Dense(nn.Module):
    """Every feature sees every feature, in the place of linear and bilinear layers."""

    def __init__(self, out: int) -> None:
        super().__init__()
        self.out = out

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.cat(inputs, 1).mean(1, keepdim=True).expand(-1, self.out)


class Thin(nn.Module):
    """A convolution in which all filters do the same with all channels: as wide a look at a fraction of the work."""

    def __init__(self, layer: conv.Conv | conv.Deconv, shape: Shape) -> None:
        super().__init__()
        fields = {name: getattr(layer, name) for name in layer.fields}
        self.filters = layer.out
        self.one = module_of(type(layer)(**{**fields, "out": 1}), ((1, *shape[1:]),))

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.one(x.mean(1, keepdim=True))
        return made.expand(-1, self.filters, *made.shape[2:])


def held_fields(graph: Graph, seed: int = 0) -> dict[str, list[Figure]]:
    """For each layer whose field is known: the pixels that one of its pixels sees, predicted and measured.

    Exactly, but for pixels that see beyond the border of the input: those see no more than predicted. A layer that is
    said to see everything must see all that its inputs together see.
    """
    module = _variant(graph, seed)
    shapes = [graph.nodes[index].shape for index in graph.inputs.values()]
    inputs = [torch.ones((1, *shape), dtype=torch.float64, requires_grad=True) for shape in shapes]
    tensors: dict[str, tuple[list[Tensor], Tensor]] = {}
    taking: list[list[Tensor]] = []

    def enter(_row: str, _around: str, taken: list[Tensor]) -> None:
        taking.append(taken)

    def leave(row: str, _around: str, made: list[Tensor]) -> None:
        tensors[row] = (taking.pop(), made[0])

    with watched(module.rows, enter, leave):
        module(*inputs)
    found: dict[str, list[Figure]] = {}
    rank, cuts = len(shapes[0]) - 1, _cuts(graph)
    if rank == 0 or len({shape[1:] for shape in shapes}) != 1:
        return found
    for (_, node, layer), field in zip(graph.layers(), fields(graph)[len(graph.inputs) :], strict=True):
        taken, made = tensors[node.name]
        if isinstance(module.rows[node.name], nn.Identity):
            continue
        if not isinstance(field, str):
            held = [_held(made, inputs, field, at, cuts) for at in _pixels(node.shape, field)]
            found[node.name] = [figure for figure in held if figure is not None]
        elif field == WHOLE and layer.reaches(*graph.input_shapes(node)) == "whole":
            at = tuple(n // 2 for n in node.shape[1:])
            measured = _seen(made[_pixel(at)], inputs)
            found[node.name] = [Figure("receptive field", _text(_seen_by_all(taken, inputs)), _text(measured))]
    return found


def _pixel(at: tuple[int, ...]) -> tuple[int | slice, ...]:
    """The index of a pixel with all its channels."""
    return (0, slice(None), *at)


def _pixels(shape: Shape, field: tuple[Field, ...]) -> list[tuple[int, ...]]:
    """The pixel in the middle, and its neighbours as far as they differ."""
    phases = min(PHASES, max(axis.period for axis in field))
    return [
        tuple(min(n // 2 + phase, n - 1) for n in shape[1:])
        for phase in range(min(phases, max(n - n // 2 for n in shape[1:])))
    ]


def _held(
    made: Tensor, inputs: Sequence[Tensor], field: tuple[Field, ...], at: tuple[int, ...], cuts: bool
) -> Figure | None:
    """One pixel. Where it sees beyond a border, or `cuts` took pixels away, it may see less than is predicted.

    None where a border is near and it sees nothing: a pixel of padding, of which nothing can be said.
    """
    measured = _seen(made[_pixel(at)], inputs)
    lengths = inputs[0].shape[2:]
    intervals = [one.interval(pixel) for one, pixel in zip(field, at, strict=True)]
    known = [interval for interval in intervals if interval is not None]
    inside = all(first >= 0 and last < n for (first, last), n in zip(known, lengths, strict=False))
    predicted: Hull = None
    if len(known) == len(intervals):
        if measured is None and (cuts or not inside):
            return None
        predicted = tuple(
            seen if (cuts or not inside) and first <= seen[0] and seen[1] <= last else (first, last)
            for (first, last), seen in zip(known, measured or known, strict=True)
        )
    pixel = "x".join(map(str, at))
    return Figure("receptive field", f"{pixel} sees {_text(predicted)}", f"{pixel} sees {_text(measured)}")


def _cuts(graph: Graph) -> bool:
    """Whether a layer takes pixels or channels away, so that there is less behind a later border than the rule knows.

    Where positions become channels, each channel is one pixel of its block: what picks channels picks pixels.
    """
    return any(
        isinstance(layer, (reshape.Crop, reshape.Slice, shuffle.PixelUnshuffle, shuffle.SpaceToDepth))
        or (isinstance(layer, conv.Deconv) and layer.padding != ((0, 0),))
        for _, _, layer in graph.layers()
    )


def _seen_by_all(taken: Sequence[Tensor], inputs: Sequence[Tensor]) -> Hull:
    hulls = [hull for one in taken if one.requires_grad and (hull := _seen(one, inputs)) is not None]
    if not hulls:
        return None
    return tuple((min(a for a, _ in axis), max(b for _, b in axis)) for axis in zip(*hulls, strict=True))


def _seen(outputs: Tensor, inputs: Sequence[Tensor]) -> Hull:
    """The first and the last pixel, an axis, of any input for which there is a gradient."""
    gradients = torch.autograd.grad(outputs.sum(), inputs, retain_graph=True, allow_unused=True)
    lit = torch.zeros(inputs[0].shape[2:], dtype=torch.bool)
    for gradient in gradients:
        if gradient is not None:
            lit |= (gradient[0] != 0).any(0)
    if not lit.any():
        return None
    places = lit.nonzero()
    return tuple((int(axis.min()), int(axis.max())) for axis in places.T)


def _text(hull: Hull) -> str:
    return "nothing" if hull is None else " x ".join(f"{first}..{last}" for first, last in hull)


def _variant(graph: Graph, seed: int) -> GraphModule:
    """The net with positive weights and without anything that picks or bends."""
    modules = {index: _linear(layer, graph.input_shapes(node)) for index, node, layer in graph.layers()}
    module = GraphModule(graph, modules, sharing=False).to(torch.float64).eval()
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        parameter.requires_grad_(False)
        per_output = parameter.numel() // parameter.shape[0] if parameter.dim() > 1 else 1
        parameter.uniform_(0.5, 1.5, generator=generator).div_(per_output)
    return module


PIXELWISE = (
    Elementwise, activation.Softmax, norm.BatchNorm, norm.LocalResponseNorm, norm.LayerScale,
    regularize.Dropout, regularize.DropPath, regularize.Identity,
)  # fmt: skip
OVER_THE_MAP = (norm.GroupNorm, norm.InstanceNorm, norm.GlobalResponseNorm)


def _linear(layer: Layer, shapes: tuple[Shape, ...]) -> nn.Module:
    """What stands in a layer's place: itself, or a mean over the pixels that it looks at."""
    if isinstance(layer, (conv.Conv, conv.Deconv)) and layer.groups == 1:
        return Thin(layer, shapes[0])
    if isinstance(layer, norm.LayerNorm):
        return Everywhere() if layer.over == "all" else nn.Identity()
    if (isinstance(layer, norm.InstanceNorm) and layer.stats) or isinstance(layer, PIXELWISE):
        return nn.Identity()
    if isinstance(layer, OVER_THE_MAP):
        return Everywhere()
    if isinstance(layer, (merge.Add, merge.Multiply, merge.Maximum)):
        return Mean()
    if isinstance(layer, linear.Bilinear) or (isinstance(layer, linear.Linear) and len(shapes[0]) == 1):
        return Dense(layer.out)
    if isinstance(layer, activation.Maxout):
        return ChannelMeans(layer.pieces)
    if isinstance(layer, (pool.MaxPool, pool.LPPool)):
        return WindowMean(layer) if isinstance(layer, pool.MaxPool) else _averaging(layer, shapes)
    if isinstance(layer, pool.AdaptiveMaxPool):
        return module_of(pool.AdaptiveAvgPool(output=layer.output), shapes)
    if isinstance(layer, pool.GlobalMaxPool):
        return module_of(pool.GlobalAvgPool(flat=layer.flat), shapes)
    if isinstance(layer, pyramid.SpatialPyramid):
        return module_of(pyramid.SpatialPyramid(levels=layer.levels, mode="avg"), shapes)
    return module_of(layer, shapes)


def _averaging(layer: pool.LPPool, shapes: tuple[Shape, ...]) -> nn.Module:
    fields = {name: getattr(layer, name) for name in layer.fields if name != "norm"}
    return module_of(pool.AvgPool(**fields), shapes)
