"""All assignments of a file as paths through a diagram of the states of the net, by the values that lead on from each.

States from which the same follows are one node, so that independent unknowns add up instead of multiplying. What
is summed along a path is known for all paths at once: how many there are, and the least and the largest sum.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from fractions import Fraction
from operator import add

from cnncalc.records import NamedTuple
from cnncalc.solve.files.judging import Bound, Tracked
from cnncalc.solve.files.stages import Stages, State

__all__ = ["DiagramNode", "Edge", "TooManyError", "refined", "summarise"]


class TooManyError(Exception):
    """The sums that are to be told apart are too many."""


class Edge(NamedTuple):
    """The choices of values that lead from one node to another and add the same sums."""

    child: DiagramNode
    sums: Tracked
    choices: list[tuple[int, ...]]


class DiagramNode:
    """A state of the net before some unknowns get values, and what follows from it; the last layer holds whole nets.

    `edges` is None where that is not known. `count` is the number of paths from here to whole nets, `low` and `high`
    the least and the largest sums of these; `least` are the least sums of all paths that lead here, and `told` those
    that the nodes behind know of.
    """

    __slots__ = ("count", "edges", "high", "layer", "least", "low", "stages", "state", "told", "values", "waits")

    def __init__(
        self, layer: int, stages: Stages | None = None, state: State | None = None, values: dict[int, int] | None = None
    ) -> None:
        self.layer, self.stages, self.state, self.values = layer, stages, state, values or {}
        self.edges: list[Edge] | None = None
        self.count = 0
        self.low: Tracked = ()
        self.high: Tracked = ()
        self.least: Tracked | None = None
        self.told: Tracked | None = None
        self.waits = False

    def split(self) -> DiagramNode:
        """The same state once more, for some of the paths that lead to it; nothing that follows is known of it yet."""
        return DiagramNode(self.layer, self.stages, self.state, self.values)


def summarise(layers: Sequence[Iterable[DiagramNode]], nothing: Tracked) -> None:
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


def refined(
    layers: Sequence[Sequence[DiagramNode]], bound: Bound, nothing: Tracked, most: int
) -> Sequence[Sequence[DiagramNode]]:
    """The diagram of those paths only that keep to a bound; the first layer holds its start, or nothing.

    A state is a node for each of the sums with which it is reached, as long as these can still decide anything.
    Raises `TooManyError` where there are more than `most` edges.
    """
    place = bound.place
    empty: list[list[DiagramNode]] = [[] for _ in layers]
    start = layers[0][0] if layers[0] else None
    if start is None or not start.count:
        return empty
    decided = bound.decided(start.low[place], start.high[place])
    if decided is not None:
        return layers if decided else empty
    made: list[dict[Hashable, tuple[DiagramNode, DiagramNode, int | Fraction | None]]] = [{} for _ in layers]
    made[0][None] = DiagramNode(0), start, 0
    for layer in made[:-1]:
        for node, source, known in layer.values():
            node.edges = []
            most -= len(source.edges or ())
            if most < 0:
                raise TooManyError
            for edge in source.edges or ():
                child = edge.child
                if not child.count:
                    continue
                after = None if known is None else known + edge.sums[place]
                if after is not None:
                    decided = bound.decided(after + child.low[place], after + child.high[place])
                    if decided is False:
                        continue
                    after = None if decided else after
                split = made[child.layer].setdefault((id(child), after), (child.split(), child, after))
                node.edges.append(Edge(split[0], edge.sums, edge.choices))
    split_layers = [[node for node, _, _ in layer.values()] for layer in made]
    summarise(split_layers, nothing)
    return [[node for node in layer if node.count] for layer in split_layers]
