"""Paths through a diagram, the best first: found one by one, so that only those that are asked for are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from heapq import heappop, heappush
from math import inf
from typing import TypeAlias

from cnncalc.solve.diagram import Edge, Known, Node, grown, undecided
from cnncalc.solve.judging import Bound, Tracked

__all__ = ["Rank", "Ranking", "Values"]

Values: TypeAlias = "tuple[int, ...]"
"""The values along a path, in the order in which the unknowns get them."""
Rank: TypeAlias = "tuple[int | Fraction, int]"
"""What is to be small: a sum along the path, then another."""
Weigh: TypeAlias = "Callable[[Tracked, Values], Rank]"
"""What a step adds to the rank, from the sums and the values that it adds."""


class Ranking:
    """All paths of a diagram by rank, and those of one rank by their values; it goes on where it was left.

    With `bounds`, only those that are as wanted. A diagram that is `refined` needs none.
    """

    def __init__(self, layers: Sequence[Sequence[Node]], weigh: Weigh, bounds: Sequence[Bound] = ()) -> None:
        self.last, self.weigh, self.bounds = len(layers) - 1, weigh, bounds
        self.best: dict[int, Rank] = {}
        self.known: dict[int, list[tuple[Rank, Values, Edge]]] = {}
        self.heap: list[tuple[Rank, Values, int, Rank, int, Node, Known]] = []
        self.steps = 0
        for node in layers[-1]:
            self.best[id(node)] = (0, 0)
        for layer in reversed(layers[:-1]):
            for node in layer:
                if node.count:
                    self.best[id(node)] = self._best(node)
        for start in layers[0]:
            if start.count:
                self._push(start, 0, (0, 0), (), (0,) * len(bounds))

    def all(self, most: float = inf) -> Iterator[tuple[Rank, Values]]:
        """Each path with its rank; it ends early where `most` steps are taken."""
        while self.heap and self.steps < most:
            rank, values, _, before, index, node, known = heappop(self.heap)
            choice, edge = self.known[id(node)][index][1:]
            self._push(node, index + 1, before, values[: len(values) - len(choice)], known)
            after = grown(known, edge.sums, self.bounds)
            if self.bounds:
                judged = undecided(edge.child, after, self.bounds)
                if judged is None:
                    continue
                after = judged
            if edge.child.layer == self.last:
                yield rank, values
            else:
                best = self.best[id(edge.child)]
                self._push(edge.child, 0, (rank[0] - best[0], rank[1] - best[1]), values, after)

    @property
    def ended(self) -> bool:
        """Whether all were found."""
        return not self.heap

    def _best(self, node: Node) -> Rank:
        """The least rank behind a node."""
        return min(self._rank(edge, choice) for edge in node.edges or () if edge.child.count for choice in edge.choices)

    def _rank(self, edge: Edge, choice: Values) -> Rank:
        """The least rank behind a step, and with it."""
        first, second = self.weigh(edge.sums, choice)
        best = self.best[id(edge.child)]
        return first + best[0], second + best[1]

    def _push(self, node: Node, index: int, before: Rank, values: Values, known: Known) -> None:
        """The step from a node that is the best but `index`."""
        if id(node) not in self.known:
            steps = [
                (self._rank(edge, choice), choice, edge)
                for edge in node.edges or ()
                if edge.child.count
                for choice in edge.choices
            ]
            self.known[id(node)] = sorted(steps, key=lambda one: one[:2])
        if index < len(self.known[id(node)]):
            (first, second), choice, _ = self.known[id(node)][index]
            self.steps += 1
            rank = before[0] + first, before[1] + second
            heappush(self.heap, (rank, values + choice, self.steps, before, index, node, known))
