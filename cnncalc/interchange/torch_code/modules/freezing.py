"""What is frozen: the largest groups, and the layers, whose parameters are not trained."""

from __future__ import annotations

from cnncalc.graph import Graph
from cnncalc.interchange.torch_code.modules.parts import Group

__all__ = ["frozen"]


def frozen(graph: Graph, root: Group) -> list[tuple[str, ...]]:
    """The paths of what is frozen; the empty one is the whole net."""
    learned = {
        index: node.trainable
        for index, node, layer in graph.layers()
        if node.share is None and layer.weight_shapes(*graph.input_shapes(node))
    }
    return _paths(root, (), learned)


def _paths(item: Group | int, path: tuple[str, ...], learned: dict[int, bool]) -> list[tuple[str, ...]]:
    nodes = item.nodes if isinstance(item, Group) else [item]
    trained = {learned[index] for index in nodes if index in learned}
    if trained == {False}:
        return [path]
    if trained != {True, False} or not isinstance(item, Group):
        return []
    return [one for name, child in item.children.items() for one in _paths(child, (*path, name), learned)]
