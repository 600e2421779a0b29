"""The paths of a diagram that are as wanted: counted, and listed as far as that can be done.

Where their sums are too many to be told apart, it is still known, figure by figure, which sums there are at all. One
number holds them, one bit (or some bits, for the counts) for each sum that is possible: a step along an edge is a
shift, and several edges together are an `or` (or a sum). So the sums of billions of paths are known without following
one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import gcd

from cnncalc.solve.files.diagram import DiagramNode, TooManyError, refined
from cnncalc.solve.files.judging import Bound, Tracked
from cnncalc.solve.files.ranking import Path, Ranking, Weigh

__all__ = ["Attainable", "Listing", "allowed"]

TOLD_APART = 1_000_000
"""Steps to sums that are told apart."""
FOLLOWED = 500_000
"""Steps that are taken to find some paths, where not all can be told apart."""
MOST_BITS = 30_000_000_000
"""The bits of all numbers together that are computed; beyond that, the sums are not known."""


class Listing:
    """The paths whose sums are as wanted.

    Where the sums can be told apart, `ordered` is set, and the paths come by rank. Else they come as they are met,
    those of low rank sooner; `total` is None where they cannot even be counted.
    """

    def __init__(self, layers: Sequence[Sequence[DiagramNode]], nothing: Tracked, bounds: Sequence[Bound]) -> None:
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

    def paths(self, weigh: Weigh) -> Iterator[Path]:
        """Each path; where these are not `ordered`, not certainly all."""
        if not self.layers[0]:
            return
        ranking = Ranking(self.layers, self.nothing, weigh)
        if self.ordered:
            yield from ranking.all()
        else:
            yield from ranking.some(self._hopeful, FOLLOWED)

    def _hopeful(self, node: DiagramNode, sums: Tracked) -> bool:
        """Whether the sums up to a node do not rule out by themselves that any path behind it is as wanted."""
        for bound in self.bounds:
            known = sums[bound.place]
            if bound.decided(known + node.low[bound.place], known + node.high[bound.place]) is False:
                return False
        return all(one.some(node, sums[one.place]) for one in self.attainable)


class Attainable:
    """The sums of one figure behind each node, up to the last that can be as wanted."""

    def __init__(self, layers: Sequence[Sequence[DiagramNode]], place: int, bounds: Sequence[Bound]) -> None:
        """All `bounds` hold this figure; raises `OverflowError` where there are too many sums."""
        self.layers, self.place = layers, place
        self.low, self.high = allowed(bounds, layers[0][0].low[place], layers[0][0].high[place])
        self.without = {bound.value for bound in bounds if bound.operator == "!="}
        self.step = self._step()
        self.bits = self._folded(1)

    def some(self, node: DiagramNode, known: int | Fraction) -> bool:
        """Whether any sum behind a node is as wanted, where the sum up to there is `known`."""
        first, last = self._range(node, known)
        bits = (self.bits[id(node)] >> first) & ((1 << max(last - first, 0)) - 1)
        for value in self.without:
            place, rest = divmod(int(value - known - node.low[self.place]), self.step)
            if not rest and first <= place < last:
                bits &= ~(1 << (place - first))
        return bits != 0

    def sums(self, *, largest: bool) -> Iterator[int]:
        """All sums that are as wanted, the least or the largest first."""
        start = self.layers[0][0]
        first, last = self._range(start, 0)
        bits = (self.bits[id(start)] >> first) & ((1 << max(last - first, 0)) - 1)
        while bits:
            place = (bits if largest else bits & -bits).bit_length() - 1
            bits ^= 1 << place
            value = int(start.low[self.place]) + (first + place) * self.step
            if value not in self.without:
                yield value

    def count(self) -> int:
        """How many paths are as wanted; raises `OverflowError` where there are too many sums."""
        start = self.layers[0][0]
        width = (start.count.bit_length() + 7) // 8
        counts = self._folded(8 * width)[id(start)]
        first, last = self._range(start, 0)
        counts = (counts >> (8 * width * first)) & ((1 << (8 * width * max(last - first, 0))) - 1)
        text = counts.to_bytes((counts.bit_length() + 7) // 8 + width, "little")
        total = sum(int.from_bytes(text[i : i + width], "little") for i in range(0, len(text), width))
        for value in self.without:
            place, rest = divmod(int(value - start.low[self.place]), self.step)
            if not rest and first <= place < last:
                total -= int.from_bytes(text[(place - first) * width :][:width], "little")
        return total

    def _range(self, node: DiagramNode, known: int | Fraction) -> tuple[int, int]:
        """The bits of a node that stand for wanted sums: from the first, up to the second."""
        low = int(known + node.low[self.place])
        first = -((low - max(self.low, low)) // self.step)
        return first, (self.high - low) // self.step + 1

    def _step(self) -> int:
        """What all differences between sums are multiples of."""
        step = 0
        for layer in self.layers[:-1]:
            for node in layer:
                for edge in node.edges or () if node.count else ():
                    if edge.child.count:
                        step = gcd(step, self._offset(node, edge.child, edge.sums[self.place]))
        return step or 1

    def _offset(self, node: DiagramNode, child: DiagramNode, added: int | Fraction) -> int:
        """How much larger the least sum over an edge is than the least of all."""
        return int(added + child.low[self.place] - node.low[self.place])

    def _folded(self, width: int) -> dict[int, int]:
        """For every node its sums, from its least on: a bit each, or how many paths have it in `width` bits."""
        found = {id(node): 1 for node in self.layers[-1]}
        left = MOST_BITS
        for layer in reversed(self.layers[:-1]):
            for node in layer:
                if not node.count:
                    continue
                low = int(node.low[self.place])
                slots = max((min(self.high, int(node.high[self.place])) - low) // self.step + 1, 0)
                made = 0
                for edge in node.edges or ():
                    offset = self._offset(node, edge.child, edge.sums[self.place]) // self.step
                    if edge.child.count and offset < slots:
                        left -= width * slots
                        if left < 0:
                            raise OverflowError
                        shifted = found[id(edge.child)] << (width * offset)
                        made = made | shifted if width == 1 else made + shifted * len(edge.choices)
                found[id(node)] = made & ((1 << (width * slots)) - 1)
        return found


def allowed(bounds: Sequence[Bound], low: int | Fraction, high: int | Fraction) -> tuple[int, int]:
    """The least and the largest sum from `low` to `high` that all bounds allow, apart from `!=`."""
    first, last = int(low), int(high)
    for bound in bounds:
        if bound.operator in (">=", ">", "=="):
            first = max(first, bound.value + (bound.operator == ">"))
        if bound.operator in ("<=", "<", "=="):
            last = min(last, bound.value - (bound.operator == "<"))
    return first, last
