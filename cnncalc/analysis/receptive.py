"""The receptive field of every tensor: which pixels of the net's input one of its pixels sees."""

from __future__ import annotations

from typing import TypeAlias

from cnncalc.analysis.report import ReceptiveField
from cnncalc.arithmetic.reach import IDENTITY, Field, Reach, join
from cnncalc.graph import Graph, Node

__all__ = ["WHOLE", "Fields", "fields", "receptive_field"]

WHOLE = "the whole input"
RATES = "undefined: branches advance at different rates, so that pixels see regions of no one size"
BROADCAST = "undefined: one pixel of a branch meets every pixel of another"
UNDEFINED = "undefined: its elements are no longer pixels of a map"

Fields: TypeAlias = "tuple[Field, ...] | str"
"""One field an axis, or in words why there is none."""


def fields(graph: Graph) -> list[Fields]:
    """The field of every node's tensor. Computed forwards once, so the cost is linear in the number of layers."""
    found: list[Fields] = []
    reaches = [layer.reaches(*shapes) for layer, shapes in graph.signatures]
    unmoved = [not isinstance(reach, str) and all(one is IDENTITY for one in reach) for reach in reaches]
    through: dict[tuple[Field, Reach], Field | None] = {}
    for node in graph.nodes:
        if node.layer is None:
            found.append(tuple(Field() for _ in node.shape[1:]) if len(node.shape) > 1 else WHOLE)
            continue
        if unmoved[node.signature] and len(node.inputs) == 1:
            found.append(found[node.inputs[0]])
            continue
        found.append(_of(node, found, reaches[node.signature], through))
    return found


def _of(
    node: Node,
    found: list[Fields],
    reaches: tuple[Reach, ...] | str,
    through: dict[tuple[Field, Reach], Field | None],
) -> Fields:
    """The field of one node's tensor, from those of its inputs."""
    assert node.layer is not None
    taken = [found[index] for index in node.inputs[: node.layer.seen_inputs]]
    words = [one for one in taken if isinstance(one, str)]
    if isinstance(reaches, str):
        if reaches == "whole" or (reaches == "broadcast" and WHOLE in words):
            return WHOLE
        return BROADCAST if reaches == "broadcast" else UNDEFINED
    if words:
        return WHOLE if WHOLE in words else words[0]
    axes: list[Field] = []
    for axis, reach in enumerate(reaches):
        of_axis = [one[axis] for one in taken if not isinstance(one, str)]
        joined = of_axis[0] if len(of_axis) == 1 else join(of_axis)
        if joined is None:
            return RATES
        if (joined, reach) not in through:
            through[joined, reach] = joined.through(reach)
        field = through[joined, reach]
        if field is None:
            return RATES
        axes.append(field)
    return tuple(axes)


def receptive_field(field: Fields) -> ReceptiveField:
    """The three numbers by which a field is known."""
    if isinstance(field, str):
        return ReceptiveField(note=field)
    return ReceptiveField(
        tuple(axis.size for axis in field), tuple(axis.stride for axis in field), tuple(axis.padding for axis in field)
    )
