"""All assignments of a file as paths through a diagram of the states of the net, by the values that lead on from each.

States from which the same follows are one node, so that independent unknowns add up instead of multiplying. What
is summed along a path is known for all paths at once: how many there are, and the least and the largest sum.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from fractions import Fraction
from operator import add
from typing import NamedTuple, TypeAlias

from cnncalc.solve.judging import Bound, Tracked
from cnncalc.solve.stages import Stages, State

__all__ = ["Edge", "Known", "Node", "TooManyError", "grown", "refined", "summarise", "undecided"]


Known: TypeAlias = "tuple[int | Fraction | None, ...]"
"""For each bound the sum so far; None where it is met whatever follows."""


class TooManyError(Exception):
    """The sums that are to be told apart are too many."""


class Edge(NamedTuple):
    """The choices of values that lead from one node to another and add the same sums."""

    child: Node
    sums: Tracked
    choices: list[tuple[int, ...]]


class Node:
    """A state of the net before some unknowns get values, and what follows from it; the last layer holds whole nets.

    `edges` is None where that is not known. `count` is the number of paths from here to whole nets, `low` and `high`
    the least and the largest sums of these; `least` are the least sums of all paths that lead here.
    """

    __slots__ = ("count", "edges", "high", "layer", "least", "low", "stages", "state", "values", "waits")

    def __init__(
        self, layer: int, stages: Stages | None = None, state: State | None = None, values: dict[int, int] | None = None
    ) -> None:
        self.layer, self.stages, self.state, self.values = layer, stages, state, values or {}
        self.edges: list[Edge] | None = None
        self.count = 0
        self.low: Tracked = ()
        self.high: Tracked = ()
        self.least: Tracked | None = None
        self.waits = False


def summarise(layers: Sequence[Iterable[Node]], nothing: Tracked) -> None:
    """Count the paths from every node to the end, and find their least and largest sums."""
    for node in layers[-1]:
        node.count, node.low, node.high = 1, nothing, nothing
    for layer in reversed(layers[:-1]):
        for node in layer:
            edges = [edge for edge in node.edges or () if edge.child.count]
            node.count = sum([edge.child.count * len(edge.choices) for edge in edges])
            if edges:
                lows = [map(add, edge.sums, edge.child.low) for edge in edges]
                highs = [map(add, edge.sums, edge.child.high) for edge in edges]
                node.low = tuple([min(column) for column in zip(*lows)])
                node.high = tuple([max(column) for column in zip(*highs)])


def refined(layers: Sequence[Sequence[Node]], bounds: Sequence[Bound], most: int) -> list[list[Node]]:
    """The diagram of those paths only whose sums are as wanted; the first layer holds its start, or nothing.

    A state is a node for each of the sums with which it is reached, as long as these can still decide anything.
    Raises `TooManyError` where there are more than `most` edges.
    """
    start = layers[0][0]
    first = undecided(start, tuple([0] * len(bounds)), bounds)
    if first is None:
        return [[] for _ in layers]
    made: list[dict[Hashable, tuple[Node, Node, Known]]] = [{} for _ in layers]
    made[0][None] = Node(0), start, first
    for layer in made[:-1]:
        for node, source, known in layer.values():
            node.edges = []
            most -= len(source.edges or ())
            if most < 0:
                raise TooManyError
            for child, sums, choices in source.edges or ():
                after = undecided(child, grown(known, sums, bounds), bounds)
                if after is not None:
                    place = made[child.layer].setdefault((id(child), after), (Node(child.layer), child, after))
                    node.edges.append(Edge(place[0], sums, choices))
    return _alive([[node for node, _, _ in layer.values()] for layer in made])


def grown(known: Known, sums: Tracked, bounds: Sequence[Bound]) -> Known:
    """The sums that still decide something, behind one step more."""
    return tuple([None if one is None else one + sums[bound.place] for one, bound in zip(known, bounds)])


def undecided(node: Node, known: Known, bounds: Sequence[Bound]) -> Known | None:
    """The sums that still decide something behind a node; None where no path from there is as wanted."""
    if not node.count:
        return None
    after: list[int | Fraction | None] = []
    for one, bound in zip(known, bounds):
        decided = True if one is None else bound.decided(one + node.low[bound.place], one + node.high[bound.place])
        if decided is False:
            return None
        after.append(one if decided is None else None)
    return tuple(after)


def _alive(layers: list[list[Node]]) -> list[list[Node]]:
    """Without the nodes from which no path leads to the end."""
    for node in layers[-1]:
        node.count = 1
    for layer in reversed(layers[:-1]):
        for node in layer:
            node.edges = [edge for edge in node.edges or () if edge.child.count]
            node.count = sum([edge.child.count * len(edge.choices) for edge in node.edges])
    return [[node for node in layer if node.count] for layer in layers]
