"""Paths through a diagram, the best first: found one by one, so that only those that are asked for are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from heapq import heappop, heappush
from operator import add
from typing import TypeAlias

from cnncalc.records import NamedTuple
from cnncalc.solve.files.diagram import DiagramNode, Edge
from cnncalc.solve.files.judging import Tracked

__all__ = ["Path", "Rank", "Ranking", "Values"]

Values: TypeAlias = "tuple[int, ...]"
"""The values along a path, in the order in which the unknowns get them."""
Rank: TypeAlias = "tuple[int | Fraction, int]"
"""What is to be small: a sum along the path, then another."""
Weigh: TypeAlias = "Callable[[Tracked, Values], Rank]"
"""What a step adds to the rank, from the sums and the values that it adds."""


class Path(NamedTuple):
    """A path to a whole net: the values along it, what they add up to, and the node where it ends."""

    rank: Rank
    values: Values
    sums: Tracked
    end: DiagramNode


class Ranking:
    """All paths of a diagram by rank, and those of one rank by their values."""

    def __init__(self, layers: Sequence[Sequence[DiagramNode]], nothing: Tracked, weigh: Weigh) -> None:
        self.layers, self.last, self.nothing, self.weigh = layers, len(layers) - 1, nothing, weigh
        self.best: dict[int, Rank] = {}
        self.known: dict[int, list[tuple[Rank, Values, Edge]]] = {}
        self.heap: list[tuple[Rank, Values, int, Rank, Tracked, int, DiagramNode]] = []
        self.pushed = 0
        for node in layers[-1]:
            self.best[id(node)] = (0, 0)
        for layer in reversed(layers[:-1]):
            for node in layer:
                if node.count:
                    self.best[id(node)] = self._best(node)

    def all(self) -> Iterator[Path]:
        """Each path with its rank."""
        for start in self.layers[0]:
            if start.count:
                self._push(start, 0, (0, 0), self.nothing, ())
        while self.heap:
            rank, values, _, before, sums, index, node = heappop(self.heap)
            _, choice, edge = self.steps(node)[index]
            self._push(node, index + 1, before, sums, values[: len(values) - len(choice)])
            after = tuple(map(add, sums, edge.sums))
            if edge.child.layer == self.last:
                yield Path(rank, values, after, edge.child)
            else:
                best = self.best[id(edge.child)]
                self._push(edge.child, 0, (rank[0] - best[0], rank[1] - best[1]), after, values)

    def some(self, hopeful: Callable[[DiagramNode, Tracked], bool], most: int) -> Iterator[Path]:
        """Those of which every part is `hopeful`, as they are met on the way down; ends behind so many steps."""
        waiting: list[tuple[DiagramNode, int, Tracked, Values]] = [(self.layers[0][0], 0, self.nothing, ())]
        while waiting and most > 0:
            node, index, sums, values = waiting.pop()
            steps = self.steps(node)
            if index == len(steps):
                continue
            most -= 1
            waiting.append((node, index + 1, sums, values))
            _, choice, edge = steps[index]
            after = tuple(map(add, sums, edge.sums))
            if hopeful(edge.child, after):
                if edge.child.layer == self.last:
                    yield Path((0, 0), (*values, *choice), after, edge.child)
                else:
                    waiting.append((edge.child, 0, after, (*values, *choice)))

    def steps(self, node: DiagramNode) -> list[tuple[Rank, Values, Edge]]:
        """The steps from a node with the best rank that each leads to, the best first."""
        if id(node) not in self.known:
            steps = [
                (self._rank(edge, choice), choice, edge)
                for edge in node.edges or ()
                if edge.child.count
                for choice in edge.choices
            ]
            self.known[id(node)] = sorted(steps, key=lambda one: one[:2])
        return self.known[id(node)]

    def _best(self, node: DiagramNode) -> Rank:
        """The least rank behind a node."""
        return min(self._rank(edge, choice) for edge in node.edges or () if edge.child.count for choice in edge.choices)

    def _rank(self, edge: Edge, choice: Values) -> Rank:
        """The least rank behind a step, and with it."""
        first, second = self.weigh(edge.sums, choice)
        best = self.best[id(edge.child)]
        return first + best[0], second + best[1]

    def _push(self, node: DiagramNode, index: int, before: Rank, sums: Tracked, values: Values) -> None:
        """The step from a node that is the best but `index`."""
        if index < len(self.steps(node)):
            (first, second), choice, _ = self.steps(node)[index]
            self.pushed += 1
            rank = before[0] + first, before[1] + second
            heappush(self.heap, (rank, values + choice, self.pushed, before, sums, index, node))
