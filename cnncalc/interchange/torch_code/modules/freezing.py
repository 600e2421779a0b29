"""What is frozen: the largest groups, and the layers, whose parameters are not trained."""

from __future__ import annotations

from typing import TypeAlias

from cnncalc.graph import Net
from cnncalc.interchange.torch_code.modules.parts import Group

__all__ = ["Frozen", "frozen"]


Frozen: TypeAlias = "tuple[tuple[str, ...], bool]"
"""A path, and whether a tensor stands there, and no module."""


def frozen(graph: Net, root: Group) -> list[Frozen]:
    """The paths of what is frozen; the empty one is the whole net."""
    learned = {
        index: node.trainable
        for index, node, layer in graph.layers()
        if node.share is None and layer.weight_shapes(*graph.input_shapes(node))
    }
    bare = {
        index
        for index, node, layer in graph.layers()
        if index in learned and any(not name for name, _ in layer.stored(*graph.input_shapes(node)).values())
    }
    return _paths(root, (), learned, bare)


def _paths(item: Group | int, path: tuple[str, ...], learned: dict[int, bool], bare: set[int]) -> list[Frozen]:
    nodes = item.nodes if isinstance(item, Group) else [item]
    trained = {learned[index] for index in nodes if index in learned}
    if trained == {False}:
        return [(path, item in bare)]
    if trained != {True, False} or not isinstance(item, Group):
        return []
    return [one for name, child in item.children.items() for one in _paths(child, (*path, name), learned, bare)]
