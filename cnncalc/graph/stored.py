"""What the tensors of a net are called in checkpoints of torch, and their shapes there."""

from __future__ import annotations

from cnncalc.graph.net import Net
from cnncalc.graph.nodes import Node
from cnncalc.layers import Shape
from cnncalc.records import NamedTuple

__all__ = ["Stored", "nameless", "one_module", "stored_in"]


def one_module(graph: Net, owner: Node, node: Node) -> bool:
    """Whether one module can serve both: torch has a class for each number of axes, and most ask for the channels."""
    theirs, ours = graph.input_shapes(owner), graph.input_shapes(node)
    alike = [(len(shape), shape[0]) for shape in theirs] == [(len(shape), shape[0]) for shape in ours]
    return alike and owner.layer == node.layer


def nameless(graph: Net, node: Node) -> bool:
    """Whether a layer is its owner called again: nobody named it, and the owner's module stands in the same group."""
    if node.share is None or node.name in graph.names.own:
        return False
    owner = graph.nodes[node.share]
    return owner.name.rpartition(".")[0] == node.name.rpartition(".")[0] and one_module(graph, owner, node)


class Stored(NamedTuple):
    """A tensor as a `state_dict` has it."""

    name: str
    shape: Shape
    own: Shape
    """Its shape in the layer."""
    layer: str
    shared: bool
    """Whether it is another layer's."""


def stored_in(graph: Net) -> dict[str, Stored]:
    """What a net learns and keeps, by the layer's name and the tensor's role in it, such as `conv1.weight`."""
    found: dict[str, Stored] = {}
    for _, node, layer in graph.layers():
        shapes = graph.input_shapes(node)
        own = {**layer.weight_shapes(*shapes), **layer.buffer_shapes(*shapes)}
        for role, (name, shape) in layer.stored(*shapes).items() if own else ():
            full = f"{node.name}.{name}" if name else node.name
            found[f"{node.name}.{role}"] = Stored(full, shape, own[role], node.name, node.share is not None)
    return found
