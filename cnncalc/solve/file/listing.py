"""The paths of a diagram that are as wanted: counted, and listed as far as that can be done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncalc.solve.file.attainable import Attainable
from cnncalc.solve.file.diagram import Node, TooManyError, refined
from cnncalc.solve.file.judging import Bound, Tracked
from cnncalc.solve.file.ranking import Ranking, Values, Weigh

__all__ = ["Listing"]

TOLD_APART = 1_000_000
"""Steps to sums that are told apart."""
FOLLOWED = 500_000
"""Steps that are taken to find some paths, where not all can be told apart."""


class Listing:
    """The paths whose sums are as wanted.

    Where the sums can be told apart, `ordered` is set, and the paths come by rank. Else they come as they are met,
    those of low rank sooner; `total` is None where they cannot even be counted.
    """

    def __init__(self, layers: Sequence[Sequence[Node]], nothing: Tracked, bounds: Sequence[Bound]) -> None:
        self.layers, self.nothing = layers, nothing
        self.bounds = sorted(bounds, key=lambda one: (one.operator != "==", one.value != 0))  # shapes first
        self.attainable: list[Attainable] = []
        self._refine()
        self.ordered = not self.bounds
        self.total: int | None = self.layers[0][0].count if self.layers[0] else 0
        if self.layers[0] and not self.ordered:
            self._attain()

    def _refine(self) -> None:
        """Keep to one bound after the other; those for which there are too many sums have their turn again."""
        failed: dict[Bound, int] = {}
        while any(failed.get(bound) != id(self.layers) for bound in self.bounds):
            for bound in list(self.bounds):
                try:
                    self.layers = refined(self.layers, bound, self.nothing, TOLD_APART)
                    self.bounds.remove(bound)
                except TooManyError:
                    failed[bound] = id(self.layers)

    def _attain(self) -> None:
        """Know what sums there are, figure by figure, since there are too many to follow each."""
        self.total = None
        places = sorted({one.place for one in self.bounds})
        for place in places:
            try:
                known = Attainable(self.layers, place, [one for one in self.bounds if one.place == place])
                self.attainable.append(known)
                if len(places) == 1:
                    self.total = known.count()
            except OverflowError:
                continue

    def paths(self, weigh: Weigh) -> Iterator[Values]:
        """Each path; where these are not `ordered`, not certainly all."""
        if not self.layers[0]:
            return
        ranking = Ranking(self.layers, weigh)
        if self.ordered:
            yield from (values for _, values in ranking.all())
        else:
            yield from ranking.some(self.nothing, self._hopeful, FOLLOWED)

    def _hopeful(self, node: Node, sums: Tracked) -> bool:
        """Whether the sums up to a node do not rule out by themselves that any path behind it is as wanted."""
        for bound in self.bounds:
            known = sums[bound.place]
            if bound.decided(known + node.low[bound.place], known + node.high[bound.place]) is False:
                return False
        return all(one.some(node, sums[one.place]) for one in self.attainable)
