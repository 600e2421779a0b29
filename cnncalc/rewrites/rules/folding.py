"""What inference needs no layer of its own for: batch norms behind convolutions, biases before norms, branches that add
up."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.answers.rewriting import FOLDED, SHIFTED
from cnncalc.layers import Layer
from cnncalc.layers.convolving import Bordered
from cnncalc.layers.fields import spread
from cnncalc.layers.kinds.conv import Conv, Deconv, DepthwiseConv
from cnncalc.layers.kinds.linear import Linear
from cnncalc.layers.kinds.merge import Add
from cnncalc.layers.kinds.norm import BatchNorm, GroupNorm, InstanceNorm
from cnncalc.layers.kinds.regularize import Identity
from cnncalc.records import NamedTuple
from cnncalc.rewrites.editing import Edits, View, changed

__all__ = ["fold_batchnorm", "fuse_branches", "remove_bias"]

Weighted = (Conv, DepthwiseConv, Deconv, Linear)
"""The layers that a scale and a shift of each output channel can go into."""


def _source(view: View, index: int) -> int | None:
    """The layer before a norm that makes its channels, for it alone; the reason is noted where there is none."""
    source = view.node(index).inputs[0]
    layer = view.layer(source)
    if not isinstance(layer, Weighted):
        view.leave("no convolution or linear layer stands before the norm", index)
    elif view.before(index) is None:
        view.leave("what the norm takes goes elsewhere, too", index)
    elif isinstance(layer, Linear) and layer.acts_on(view.entering(source)) == "last":
        view.leave("the linear layer does not act on the channels", index)
    elif view.own(index) and view.own(source):
        return source
    return None


def fold_batchnorm(view: View) -> Edits:
    """w' = w·γ/√(σ² + ε), b' = (b − μ)·γ/√(σ² + ε) + β (Jacob et al. 2018, 3.2)."""
    edits = Edits()
    for index, norm in view.layers_of(BatchNorm):
        if not norm.stats:
            view.leave("the norm takes the statistics of each batch", index)
            continue
        source = _source(view, index)
        if source is not None and not edits.touches(source):
            layer = view.layer(source)
            assert isinstance(layer, Weighted)
            edits.replace(source, changed(layer, bias=True), how=FOLDED, of=((source, index),))
            edits.remove(index)
    return edits


def remove_bias(view: View) -> Edits:
    """A norm takes the mean away, and the bias with it; where the mean is a statistic, that lacks the bias then."""
    edits = Edits()
    for index, norm in view.layers_of(BatchNorm, InstanceNorm, GroupNorm):
        source = view.node(index).inputs[0]
        layer = view.layer(source)
        if not isinstance(layer, Weighted) or not layer.bias:
            continue
        if isinstance(norm, GroupNorm) and norm.groups != view.shape(index)[0]:
            view.leave("the norm takes the mean of several channels together", index)
        elif norm.rules.statistics_have_factor:
            view.leave("its statistics are sums", index)
        elif _source(view, index) is not None:
            edits.replace(source, changed(layer, bias=False))
            if isinstance(norm, (BatchNorm, InstanceNorm)) and norm.stats:
                edits.replace(index, norm, how=SHIFTED, of=((index, source),))
    return edits


class _Branch(NamedTuple):
    """One way from the fork to the sum: a convolution and its norm, either of which may be missing."""

    layers: tuple[int, ...]
    convolution: Bordered | None
    start: int


def fuse_branches(view: View) -> Edits:
    """Kernels of branches that add up are one kernel, a norm alone being a kernel of one pixel (Ding et al. 2021)."""
    edits = Edits()
    for index, add in view.layers_of(Add):
        branches = [_branch(view, tensor) for tensor in view.node(index).inputs]
        if add.number is not None or any(one is None for one in branches):
            continue
        found = [one for one in branches if one is not None]
        if len({one.start for one in found}) > 1 or not any(one.convolution for one in found):
            continue
        fused = _fused(view, found, index)
        if fused is None:
            view.leave("the branches' windows, groups or sizes differ", index)
        elif all(view.own(one) for branch in found for one in branch.layers):
            edits.replace(index, fused, takes=found[0].start, how=FOLDED, of=tuple(one.layers for one in found))
            edits.dropped.update(one for branch in found for one in branch.layers)
    return edits


def _branch(view: View, tensor: int) -> _Branch | None:
    """What leads from a fork to a sum; None where it is more than a convolution and a norm."""
    layers: list[int] = []
    at = tensor
    layer = view.layer(at)
    while isinstance(layer, Identity) and view.after(at) is not None:
        layers.insert(0, at)
        at = view.node(at).inputs[0]
        layer = view.layer(at)
    if isinstance(layer, BatchNorm) and layer.stats and view.after(at) is not None:
        layers.insert(0, at)
        at = view.node(at).inputs[0]
        layer = view.layer(at)
    if isinstance(layer, (Conv, DepthwiseConv)) and view.after(at) is not None:
        return _Branch((at, *layers), layer, view.node(at).inputs[0])
    return _Branch(tuple(layers), None, at)


def _fused(view: View, branches: Sequence[_Branch], index: int) -> Layer | None:
    """The convolution that all branches come to; None where they do not."""
    x = view.shape(branches[0].start)
    rank = len(x) - 1
    convolutions = [one.convolution for one in branches if one.convolution is not None]
    first = convolutions[0]
    if rank < 1 or not all(_plain(one) for one in convolutions):
        return None
    strides = {tuple(spread(one.stride, rank)) for one in convolutions}
    groups = {one.group_count(x) for one in convolutions}
    alone = len(convolutions) < len(branches)
    if len(strides) > 1 or len(groups) > 1 or (alone and (strides != {(1,) * rank} or x != view.shape(index))):
        return None
    kernels = [tuple(spread(one.kernel, rank)) for one in convolutions] + [(1,) * rank] * alone
    borders = [tuple(one.borders(rank)) for one in convolutions] + [((0, 0),) * rank] * alone
    padding = tuple(max(int(border[axis][0]) for border in borders) for axis in range(rank))
    kernel = tuple(
        max(padding[axis] - int(border[axis][0]) + size[axis] for border, size in zip(borders, kernels))
        for axis in range(rank)
    )
    same = len(set(kernel)) == 1 and len(set(padding)) == 1
    pairs = tuple((one, one) for one in padding)
    return changed(
        first, kernel=kernel[:1] if same else kernel, padding=pairs[:1] if same else pairs, dilation=(1,), bias=True
    )


def _plain(layer: Bordered) -> bool:
    """Whether its border is of as many zeros on both sides, and its pixels lie beside one another."""
    even = not isinstance(layer.padding, str) and all(before == after for before, after in layer.padding)
    return even and layer.mode == "zeros" and all(d == 1 or k == 1 for d, k in zip(layer.dilation, layer.kernel))
