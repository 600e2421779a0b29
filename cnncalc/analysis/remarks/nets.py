"""What a reader would ask about a layer among its neighbours: parameters that do nothing, equal layers, better ones.

Every figure is computed by the layers' own rules on the net's own shapes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cnncalc.analysis.receptive.fields import Fields
from cnncalc.analysis.remarks.merges import merge_remarks
from cnncalc.analysis.remarks.sizes import size_remarks
from cnncalc.analysis.remarks.windows import Remark, window_remarks
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.graph import Net, Node
from cnncalc.layers import Layer, Shape, show_shape
from cnncalc.layers.base import Elementwise, count
from cnncalc.layers.kinds.conv import Conv, Convolution, DepthwiseConv, ForwardConvolution
from cnncalc.layers.kinds.linear import Linear
from cnncalc.layers.kinds.norm import BatchNorm
from cnncalc.layers.kinds.regularize import Dropout, DropPath, Identity
from cnncalc.layers.kinds.reshape import Flatten

__all__ = ["PASSING", "Neighbours", "remarks"]

PASSING = (Elementwise, BatchNorm, Dropout, DropPath, Identity)
"""Layers between two others that change neither shape nor what a pixel sees."""
LONGEST_RUN = 8
"""Nobody would put one convolution in the place of more."""


class Neighbours:
    """A graph, with what is asked of it often: who takes each tensor."""

    __slots__ = ("fields", "graph", "takers")

    def __init__(self, graph: Net, fields: Sequence[Sequence[Fields]]) -> None:
        self.graph, self.fields = graph, fields
        self.takers: list[list[int]] = [[] for _ in graph.nodes]
        for index, node in enumerate(graph.nodes):
            for one in node.inputs:
                self.takers[one].append(index)

    def before(self, index: int) -> int | None:
        """The layer whose output, but for activations and the like, this one takes alone; None where there is none."""
        node = self.graph.nodes[index]
        while len(node.inputs) == 1 and len(self.takers[node.inputs[0]]) == 1:
            index = node.inputs[0]
            node = self.graph.nodes[index]
            if not isinstance(node.layer, PASSING):
                return None if node.layer is None else index
        return None

    def shape_into(self, index: int) -> Shape:
        return self.graph.nodes[self.graph.nodes[index].inputs[0]].shape

    def weights(self, index: int) -> int:
        """The weights of a layer, biases apart."""
        node = self.graph.nodes[index]
        return product(_weight(node.layer, self.shape_into(index))) if node.layer else 0


def _weight(layer: Layer, shape: Shape) -> Shape:
    return layer.used_weight(shape)


def remarks(net: Neighbours, index: int) -> Iterator[Remark]:
    """Every sentence about the layer of this node."""
    node = net.graph.nodes[index]
    layer, shapes = node.layer, net.graph.input_shapes(node)
    if layer is None:
        return
    if node.share is None and not node.trainable and layer.weight_shapes(*shapes):
        yield Remark("It is frozen: its parameters are not trained.", "frozen")
    yield from window_remarks(layer, shapes)
    yield from _useless_bias(net, index, node)
    yield from _grouped(layer, shapes)
    yield from _separable(net, index, layer)
    yield from _bottleneck(net, index, layer)
    yield from _stack(net, index, layer)
    yield from _linear(net, index, layer)
    yield from merge_remarks(net.graph, net.fields, index)
    yield from size_remarks(layer, shapes)


def _useless_bias(net: Neighbours, index: int, node: Node) -> Iterator[Remark]:
    takers = net.takers[index]
    if not isinstance(node.layer, (Convolution, Linear)) or not node.layer.bias or len(takers) != 1:
        return
    after = net.graph.nodes[takers[0]]
    if isinstance(after.layer, BatchNorm):
        biases = product(node.layer.weight_shapes(*net.graph.input_shapes(node))["bias"])
        yield Remark(
            f"Its bias is useless: {after.name} subtracts the mean of each channel, and the bias with it. "
            f"`nobias` spares {biases:,} parameters.",
            "bias",
        )


def _grouped(layer: Layer, shapes: Sequence[Shape]) -> Iterator[Remark]:
    """Against a standard convolution of the same size."""
    if not isinstance(layer, ForwardConvolution) or layer.group_count(shapes[0]) == 1:
        return
    groups = layer.group_count(shapes[0])
    own = product(_weight(layer, shapes[0]))
    depthwise = isinstance(layer, DepthwiseConv) or groups == shapes[0][0]
    why = "each filter sees one channel" if depthwise else f"each filter sees 1/{groups} of the channels"
    text = f"In {groups:,} groups {why}: {own:,} weights where a standard convolution has {own * groups:,}."
    yield Remark(text, "groups")


def _convolution(kernel: Sequence[int], filters: int, *, bias: bool) -> Conv:
    values: dict[str, Any] = {"out": filters, "kernel": list(kernel), "bias": bias}
    return Conv(**values)


def _standard(kernel: Sequence[int], channels: int, filters: int) -> int:
    """The weights of a convolution from `channels` to `filters`."""
    layer = _convolution(kernel, filters, bias=False)
    return product(_weight(layer, (channels, *kernel)))


def times(more: int, less: int) -> str:
    """`8.7 times`, by whole numbers, rounded half up."""
    tenths = (20 * more + less) // (2 * less)
    return f"{tenths // 10:,}.{tenths % 10} times".replace(".0 ", " ")


def _kernel(layer: Layer, shape: Shape) -> tuple[int, ...]:
    return tuple(window.kernel for window in layer.windows(shape)) if isinstance(layer, ForwardConvolution) else ()


def _pointwise(layer: Layer | None, shape: Shape) -> bool:
    return isinstance(layer, Conv) and layer.groups == 1 and set(_kernel(layer, shape)) == {1}


def _separable(net: Neighbours, index: int, layer: Layer) -> Iterator[Remark]:
    """A depthwise convolution and the 1x1 convolution after it, against one convolution in their place."""
    before = net.before(index)
    if before is None or not isinstance(layer, Conv) or not _pointwise(layer, net.shape_into(index)):
        return
    other = net.graph.nodes[before]
    shape = net.shape_into(before)
    if not isinstance(other.layer, ForwardConvolution) or other.layer.group_count(shape) != shape[0] or shape[0] == 1:
        return
    first, second = net.weights(before), net.weights(index)
    standard = _standard(_kernel(other.layer, shape), shape[0], layer.out)
    yield Remark(
        f"With {other.name} it stands for one {show_shape(_kernel(other.layer, shape))} convolution from {shape[0]:,} "
        f"to {layer.out:,} channels: {first:,} + {second:,} = {first + second:,} weights instead of {standard:,}"
        f"{_ratio(standard, first + second)}.",
        "separable",
    )


def _ratio(more: int, less: int) -> str:
    return f", {times(more, less)} fewer" if more > less else ""


def _bottleneck(net: Neighbours, index: int, layer: Layer) -> Iterator[Remark]:
    """A 1x1 convolution that narrows the channels before a larger one."""
    before = net.before(index)
    if before is None or not isinstance(layer, Conv) or layer.groups > 1:
        return
    shape, wide = net.shape_into(index), net.shape_into(before)
    if not _pointwise(net.graph.nodes[before].layer, wide) or _pointwise(layer, shape) or wide[0] <= shape[0]:
        return
    first, second = net.weights(before), net.weights(index)
    direct = _standard(_kernel(layer, shape), wide[0], layer.out)
    if direct > first + second:
        yield Remark(
            f"{net.graph.nodes[before].name} narrows {wide[0]:,} channels to {shape[0]:,} first: "
            f"{first:,} + {second:,} = {first + second:,} weights; directly it would take {direct:,}, "
            f"{times(direct, first + second)} as many.",
            "bottleneck",
        )


def _stack(net: Neighbours, index: int, layer: Layer) -> Iterator[Remark]:
    """Convolutions in a row, against a single one that sees as much."""
    run: list[int] = []
    at: int | None = index
    while at is not None and _stackable(net, at) and len(run) <= LONGEST_RUN:
        run.append(at)
        at = net.before(at)
    if not 2 <= len(run) <= LONGEST_RUN or any(_stackable(net, taker) for taker in _after(net, index)):
        return
    kernels = [_kernel(_layer(net, one), net.shape_into(one)) for one in run]
    sees = tuple(sum(k - 1 for k in axis) + 1 for axis in zip(*kernels))
    channels = net.shape_into(index)[0]
    together_, single = sum(net.weights(one) for one in run), _standard(sees, channels, channels)
    if single <= together_:
        return
    square = channels**2
    first, last = net.graph.nodes[run[-1]].name, net.graph.nodes[index].name
    yield Remark(
        f"The {len(run)} convolutions {first} {'and' if len(run) == 2 else 'to'} {last} see {show_shape(sees)} pixels "
        f"together, as one {show_shape(sees)} convolution does, with {together_:,} weights instead of {single:,}: "
        f"{together_ // square:,}·C² instead of {single // square:,}·C², C = {channels:,}.",
        f"stack of {show_shape(sees)}",
    )


def _layer(net: Neighbours, index: int) -> Layer:
    layer = net.graph.nodes[index].layer
    assert layer is not None
    return layer


def _after(net: Neighbours, index: int) -> Iterator[int]:
    """The layers that take this one's output alone, behind activations and the like."""
    while len(net.takers[index]) == 1:
        index = net.takers[index][0]
        if not isinstance(net.graph.nodes[index].layer, PASSING):
            yield index
            return


def _stackable(net: Neighbours, index: int) -> bool:
    """A convolution with stride 1 that keeps its number of channels."""
    layer = net.graph.nodes[index].layer
    if not isinstance(layer, Conv) or layer.groups > 1:
        return False
    shape = net.shape_into(index)
    windows = layer.windows(shape)
    plain = all(window.stride == window.dilation == 1 for window in windows)
    return plain and layer.out == shape[0] and any(window.kernel > 1 for window in windows)


def _linear(net: Neighbours, index: int, layer: Layer) -> Iterator[Remark]:
    """The convolution that a linear layer is."""
    shape = net.shape_into(index)
    node = net.graph.nodes[index]
    if (
        isinstance(layer, Conv)
        and layer.groups == 1
        and set(node.shape[1:]) == {1}
        and _kernel(layer, shape) == shape[1:]
    ):
        flat = "" if set(shape[1:]) == {1} else "`flatten` and "
        text = f"Its kernel covers the whole {show_shape(shape[1:])} map: the same as {flat}`linear {layer.out}`."
        yield Remark(text, "covering")
    if not isinstance(layer, Linear) or layer.axis != "features":
        return
    at = node.inputs[0]
    while isinstance(net.graph.nodes[at].layer, PASSING):
        at = net.graph.nodes[at].inputs[0]
    source = net.graph.nodes[at]
    if isinstance(source.layer, Flatten):
        shape = net.shape_into(at)
    if len(shape) == 1:
        if isinstance(source.layer, Linear):
            yield Remark(f"The same as `conv {layer.out} k1` on a {shape[0]}x1x1 map.", "linear", detail=True)
        return
    sizes = list(dict.fromkeys(shape[1:]))
    kernel = show_shape(tuple(sizes if len(sizes) == 1 else shape[1:]))
    same = _convolution(shape[1:], layer.out, bias=layer.bias)
    if count(same.weight_shapes(shape)) != count(layer.weight_shapes(*net.graph.input_shapes(node))):
        return  # it has more than weights and a bias
    yield Remark(
        f"The same as `conv {layer.out} k{kernel}` on the {show_shape(shape)} map: a kernel as large as the map, with "
        "the same weights.",
        "linear",
    )
