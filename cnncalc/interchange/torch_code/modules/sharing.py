"""Layers that use the parameters of others: the modules, or their parameters, that are made one."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.graph import Net, Node
from cnncalc.graph.stored import nameless, one_module
from cnncalc.interchange.torch_code.modules.parts import Group
from cnncalc.records import NamedTuple

__all__ = ["Tie", "ties_of", "together"]


class Tie(NamedTuple):
    """What stands at `path` is that of `owner`, both from the innermost group that holds the two."""

    path: tuple[str, ...]
    owner: tuple[str, ...]
    names: tuple[str, ...] = ()
    """The parameters that are shared by modules of their own; none: it is the module itself."""
    bare: bool = False
    """Whether it is a tensor, and no module."""
    kept: bool = False
    """Whether that tensor is a buffer."""


def ties_of(graph: Net, root: Group) -> dict[str, tuple[Tie, ...]]:
    """The ties of each group, by its full name."""
    paths: dict[int, tuple[str, ...]] = {}
    fulls: dict[tuple[str, ...], str] = {(): ""}
    _paths(root, (), paths, fulls)
    found: dict[str, list[Tie]] = {}
    for index, node, _ in graph.layers():
        names = _held(graph, node)
        if node.share is None or not names or nameless(graph, node):
            continue
        ours, theirs = paths[index], paths[node.share]
        depth = next(place for place, (a, b) in enumerate(zip(ours, theirs)) if a != b)
        assert node.layer is not None
        shapes = graph.input_shapes(node)
        bare = any(not name for name, _ in node.layer.stored(*shapes).values())
        kept = bare and not node.layer.weight_shapes(*shapes)
        whole = bare or one_module(graph, graph.nodes[node.share], node)
        tie = Tie(ours[depth:], theirs[depth:], () if whole else names, bare, kept)
        found.setdefault(fulls[ours[:depth]], []).append(tie)
    return {full: tuple(ties) for full, ties in found.items()}


def together(graph: Net, group: Group, ties: tuple[Tie, ...], same: Callable[[Group], object]) -> tuple[Tie, ...]:
    """The ties of a group, those of all parts of a group in it told as one where it is the same as its owner."""
    made: dict[tuple[str, ...], Tie] = {}
    for tie in ties:
        child = group.children[tie.path[0]]
        owner = tie.owner[: len(tie.owner) - len(tie.path) + 1]
        theirs = _at(group, owner)
        whole = (
            isinstance(child, Group)
            and isinstance(theirs, Group)
            and all(graph.nodes[n].share is not None for n in child.nodes if _held(graph, graph.nodes[n]))
            and same(child) == same(theirs)
        )
        one = Tie(tie.path[:1], owner) if whole else tie
        made[one.path] = one
    return tuple(made.values())


def _at(group: Group, path: tuple[str, ...]) -> Group | int | None:
    """What stands at a path."""
    at: Group | int | None = group
    for name in path:
        at = at.children.get(name) if isinstance(at, Group) else None
    return at if path else None


def _paths(
    group: Group, at: tuple[str, ...], paths: dict[int, tuple[str, ...]], fulls: dict[tuple[str, ...], str]
) -> None:
    for name, child in group.children.items():
        if isinstance(child, Group):
            path = (*at, name)
            fulls[path] = child.full
            _paths(child, path, paths, fulls)
        else:
            paths[child] = (*at, name)


def _held(graph: Net, node: Node) -> tuple[str, ...]:
    """The names of a layer's parameters and buffers."""
    shapes = graph.input_shapes(node)
    assert node.layer is not None
    return (*node.layer.weight_shapes(*shapes), *node.layer.buffer_shapes(*shapes))
