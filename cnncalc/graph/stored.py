"""What the tensors of a net are called in checkpoints of torch, and their shapes there."""

from __future__ import annotations

from cnncalc.graph.net import Net
from cnncalc.layers import Shape
from cnncalc.records import NamedTuple

__all__ = ["Stored", "stored_in"]


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
