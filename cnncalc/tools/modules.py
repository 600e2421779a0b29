"""A net as the frameworks' summaries see it: modules, those inside others, and calls of them."""

from __future__ import annotations

from cnncalc.answers.report import Shape
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.graph import Net
from cnncalc.layers import Layer
from cnncalc.layers.base import count
from cnncalc.records import NamedTuple

__all__ = ["Call", "Group", "Modules", "modules"]


class Call(NamedTuple):
    """One call of one layer's module."""

    name: str
    layer: Layer
    inputs: tuple[str, ...]
    input_shapes: tuple[Shape, ...]
    """With the batch first, as every shape here."""
    output_shape: Shape
    parameters: int
    """Learnable numbers of the module, also where it has been called before."""
    buffers: int
    trainable: bool
    owner: str
    """The layer whose module is called again; empty for a module of its own."""
    own_name: bool
    """Whether the file names it, so that its name is no mere kind and count or position."""
    consumers: tuple[str, ...]
    """The layers that take its output."""

    @property
    def rank(self) -> int:
        """Spatial axes of what comes in."""
        return len(self.input_shapes[0]) - 2

    @property
    def elements(self) -> int:
        """Elements of the output."""
        return product(self.output_shape)


class Group(NamedTuple):
    """A module that holds others."""

    name: str
    block: str
    """The block that it is a use of; empty for a plain sequence."""
    first: int
    """The index of its first call, and below of its last."""
    last: int


class Modules(NamedTuple):
    """A whole net, in execution order."""

    name: str
    inputs: dict[str, Shape]
    calls: tuple[Call, ...]
    groups: tuple[Group, ...]
    """Those that stand around others first."""
    outputs: tuple[str, ...]
    named_levels: frozenset[str]
    """The levels of names in which something has a name of its own; the outermost is empty."""


def modules(graph: Net, batch: int = 1) -> Modules:
    """The modules of a graph, called on `batch` images."""
    consumers: dict[int, list[str]] = {}
    for node in graph.nodes:
        for index in node.inputs:
            consumers.setdefault(index, []).append(node.name)
    calls = []
    for index, node, layer in graph.layers():
        shapes = graph.input_shapes(node)
        calls.append(
            Call(
                node.name,
                layer,
                tuple(graph.nodes[one].name for one in node.inputs),
                tuple((batch, *shape) for shape in shapes),
                (batch, *node.shape),
                count(layer.weight_shapes(*shapes)),
                count(layer.buffer_shapes(*shapes)),
                node.trainable,
                "" if node.share is None else graph.nodes[node.share].name,
                node.name in graph.names.own,
                tuple(consumers.get(index, ())),
            )
        )
    inputs = {name: (batch, *graph.nodes[index].shape) for name, index in graph.inputs.items()}
    outputs = tuple(graph.nodes[index].name for index in graph.outputs.values())
    groups = _groups(calls, graph.blocks)
    named = [call.name for call in calls if call.own_name] + [group.name for group in groups]
    levels = frozenset(name.rpartition(".")[0] for name in named)
    return Modules(graph.name, inputs, tuple(calls), groups, outputs, levels)


def _groups(calls: list[Call], blocks: dict[str, str]) -> tuple[Group, ...]:
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for index, call in enumerate(calls):
        levels = call.name.split(".")
        for depth in range(1, len(levels)):
            name = ".".join(levels[:depth])
            first.setdefault(name, index)
            last[name] = index
    return tuple(Group(name, blocks.get(name, ""), first[name], last[name]) for name in first)
