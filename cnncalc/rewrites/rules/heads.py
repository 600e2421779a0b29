"""The end of a net: from the last map to what comes out."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.answers.rewriting import RESHAPED
from cnncalc.errors import CnncalcError, Fault
from cnncalc.layers import Layer
from cnncalc.layers.base import Elementwise
from cnncalc.layers.convolving import Filtered
from cnncalc.layers.kinds.activation import Softmax
from cnncalc.layers.kinds.conv import Conv
from cnncalc.layers.kinds.linear import Linear
from cnncalc.layers.kinds.merge import Add
from cnncalc.layers.kinds.norm import BatchNorm
from cnncalc.layers.kinds.pool import AdaptivePool, GlobalAvgPool, GlobalPool
from cnncalc.layers.kinds.regularize import Dropout, DropPath, Identity
from cnncalc.layers.kinds.reshape import Flatten, Reshape
from cnncalc.layers.kinds.resize import Upsample
from cnncalc.layers.sliding import Pool
from cnncalc.rewrites.editing import Edits, View, changed, new

__all__ = ["fc_to_conv", "gap_head", "new_head"]

Pointwise = (Elementwise, Dropout, DropPath, Identity, BatchNorm)
"""What works on each number, or each channel, for itself."""
Passing = (*Pointwise, Softmax, Flatten, Reshape, Pool, AdaptivePool, GlobalPool, Upsample)
"""What may stand between the layer that makes the scores and the output."""


def _alike_on_maps(layer: Layer | None) -> bool:
    """Whether a layer does to a map of one pixel what it does to a vector."""
    return isinstance(layer, Pointwise) or (isinstance(layer, Softmax) and layer.axis == 0)


def fc_to_conv(view: View) -> Edits:
    """A linear layer on a flattened C×h×w map is a convolution with an h×w kernel; one on a vector has a 1×1 kernel.

    On a larger input the net then slides over it (Sermanet et al. 2014, OverFeat; Long et al. 2015). An adaptive pool
    before it that changes nothing at this size would take that away, and goes.
    """
    edits = Edits()
    for index, layer in view.layers_of(Linear):
        if edits.touches(index):
            continue
        x = view.entering(index)
        start = view.before(index) if len(x) == 1 else None
        if len(x) > 1 and layer.acts_on(x) == "features":
            _chain(view, edits, index, x)
        elif start is not None and isinstance(view.layer(start), Flatten) and len(view.entering(start)) > 1:
            if _chain(view, edits, index, view.entering(start)):
                edits.remove(start)
                pool = view.before(start)
                if pool is not None and _idle(view, pool):
                    edits.remove(pool)
        elif start is not None and isinstance(means := view.layer(start), GlobalPool):
            if _chain(view, edits, index, (x[0], *(1 for _ in view.entering(start)[1:]))):
                edits.replace(start, changed(means, flat=False))
        else:
            view.leave("no map is flattened right before it", index)
    return edits


def _idle(view: View, index: int) -> bool:
    """Whether a layer is an adaptive pool to the size that its input has."""
    return isinstance(view.layer(index), AdaptivePool) and view.entering(index) == view.shape(index)


def _chain(view: View, edits: Edits, index: int, x: tuple[int, ...]) -> bool:
    """Make convolutions of a linear layer and of those that follow it alone, up to the output where that can be."""
    at: int | None = index
    last, found = index, dict[int, Layer]()
    while at is not None:
        layer = view.layer(at)
        if isinstance(layer, Linear) and at in view.chosen and view.own(at):
            kernel = x[1:] if at == index else (1,) * (len(x) - 1)
            size = kernel[:1] if len(set(kernel)) == 1 else kernel
            found[at] = new(Conv, out=layer.out, kernel=size, bias=layer.bias, dialect=layer.dialect)
        elif at in view.shared or not _alike_on_maps(layer):
            break
        last, at = at, view.after(at)
    if index not in found:
        return False
    for one, made in found.items():
        edits.replace(one, made, how=RESHAPED)
    if last not in view.ends or view.users[last]:
        tail = found.get(last, view.layer(last))
        assert tail is not None
        edits.replace(last, tail, new(Flatten, dialect=view.graph.dialect), how=RESHAPED, main=0)
    return True


def gap_head(view: View) -> Edits:
    """The mean of each channel, then one linear layer to the scores (Lin et al. 2014; He et al. 2016)."""
    edits = Edits()
    for end in sorted(view.ends):
        start, linears, passed = _head(view, end)
        if start is None or not linears:
            view.leave("what comes out is made by no linear layers on a flattened map", end)
            continue
        pooled = isinstance(view.layer(start), GlobalPool) or max(view.entering(start)[1:]) == 1
        if pooled and len(linears) == 1:
            view.leave("its head is one linear layer on a number for each channel already", end)
        elif view.chosen.intersection(linears):
            _one_linear(view, edits, start, linears, passed)
    return edits


def _one_linear(view: View, edits: Edits, start: int, linears: list[int], passed: list[int]) -> None:
    """Put a global pool, and the last of the linear layers, in place of all from `start` on."""
    last = view.layer(linears[-1])
    assert last is not None
    edits.dropped.update(one for one in passed if one < linears[-1])
    edits.replace(linears[-1], last, takes=start)
    if isinstance(view.layer(start), Flatten):
        before = view.node(start).inputs[0]
        while isinstance(view.layer(before), (AdaptivePool, GlobalPool)) and view.after(before) is not None:
            edits.dropped.add(before)
            before = view.node(before).inputs[0]
        parts = (new(kind, dialect=view.graph.dialect) for kind in (GlobalAvgPool, Flatten))
        edits.replace(start, *parts, takes=before)


def _head(view: View, end: int) -> tuple[int | None, list[int], list[int]]:
    """From an output back to what makes a vector of a map: that, the linear layers behind it in order, all layers."""
    linears: list[int] = []
    passed: list[int] = []
    at = end
    while True:
        layer = view.layer(at)
        if isinstance(layer, (Flatten, GlobalPool)) and len(view.entering(at)) > 1 and len(view.shape(at)) == 1:
            return at, linears[::-1], passed
        if isinstance(layer, Linear) and len(view.entering(at)) == 1:
            linears.append(at)
        elif not isinstance(layer, (*Pointwise, Softmax)):
            return None, [], []
        passed.append(at)
        source = view.node(at).inputs[0]
        if view.after(source) is None:
            return None, [], []
        at = source


def new_head(view: View, classes: int) -> Edits:
    """The layer that makes the scores has as many filters as there are classes; so have several whose scores add up."""
    edits = Edits()
    for end in sorted(view.graph.outputs.values()):
        for at in _makers(view, end):
            layer = view.layer(at)
            if not isinstance(layer, (Filtered, Linear)):
                what = "the input" if layer is None else f"`{layer.kind}`"
                view.leave(f"it is made by {what}, not by layers of filters alone", end)
            elif at not in view.chosen:
                continue
            elif layer.out == classes:
                view.leave(f"it has {classes:,} already", at)
            elif len(view.users[at]) > 1:
                view.leave("what it makes goes elsewhere, too", at)
            elif view.own(at):
                edits.replace(at, changed(layer, out=classes))
    _one_head(view, edits)
    return edits


def _makers(view: View, end: int) -> Iterator[int]:
    """The layers that make what comes out: those before all that keeps its channels, on each way to a sum."""
    waiting, seen = [end], set[int]()
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        layer = view.layer(at)
        if isinstance(layer, Passing) and 1 in (layer.seen_inputs, len(view.node(at).inputs)):
            waiting.append(view.node(at).inputs[0])
        elif isinstance(layer, Add):
            waiting += view.node(at).inputs
        else:
            yield at


def _one_head(view: View, edits: Edits) -> None:
    """Raises CnncalcError where heads differ in what they make: nobody says which of them are classes."""
    sizes = {getattr(view.layer(at), "out", 0) for at in edits.made}
    if len(sizes) > 1:
        told = ", ".join(f"{view.node(at).name} ({getattr(view.layer(at), 'out', 0):,})" for at in [*edits.made][:6])
        message = f"`new-head`: {len(edits.made)} outputs are made of different numbers of filters"
        raise CnncalcError(Fault(message, values=told, help=f"say which, as `--at {view.node(max(edits.made)).name}`"))
