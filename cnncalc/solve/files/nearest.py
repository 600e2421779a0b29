"""What comes closest where nothing is as wanted: for every choice of wants that are missed, by how little they can be.

Where it is settled which wants are missed, and whether by too much or by too little, how far a net is off is a sum
along its path, so that the least is found as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from heapq import merge, nsmallest
from itertools import combinations, product
from typing import TypeAlias

from cnncalc.solve.files.diagram import DiagramNode
from cnncalc.solve.files.judging import Bound, Judging, Tracked
from cnncalc.solve.files.listing import Attainable, Listing
from cnncalc.solve.files.ranking import Rank, Ranking, Values

__all__ = ["Miss", "Nearest"]

Miss: TypeAlias = "tuple[int, Fraction]"
"""How many wants are missed, and by how much in all."""
SIDES = {"<=": (">",), "<": (">=",), ">=": ("<",), ">": ("<=",), "!=": ("==",), "==": (">", "<")}
"""How a want can be missed."""
CHOICES = 200
"""Choices of wants to be missed that are looked at."""


class Nearest:
    """The paths whose nets are off by least, the nearest first, as far as they are known."""

    def __init__(
        self, layers: Sequence[Sequence[DiagramNode]], judging: Judging, miss: Callable[[Values], Miss]
    ) -> None:
        """`miss` is how far a net is off, measured wants included."""
        self.layers, self.judging, self.miss = layers, judging, miss
        self.found: list[tuple[Miss, Values]] = []
        self.complete = False
        """Whether no other comes closer."""

    def find(self, most: int, tries: int) -> None:
        """Look for so many; at most so many nets are measured."""
        wants = self.judging.bounds[self.judging.fixed :]
        told_apart = True
        for count in range(len(wants) + 1):
            choices = [
                _Missed(self.layers, self.judging, missed, sides)
                for missed in combinations(wants, count)
                for sides in product(*(SIDES[bound.operator] for bound in missed))
            ]
            if len(choices) > CHOICES:
                return
            for far, values in merge(*(one.paths() for one in choices)):
                if len(self.found) == most and self.found[-1] <= ((count, far), values):
                    break
                tries -= 1
                if tries < 0:
                    return
                self.found = nsmallest(most, [*self.found, (self.miss(values), values)])
            told_apart = told_apart and all(one.complete for one in choices)
            if len(self.found) == most and self.found[-1][0][0] <= count:
                break
        self.complete = told_apart


class _Missed:
    """The paths that miss just some wants, each on one side, those first that are off by least."""

    def __init__(
        self, layers: Sequence[Sequence[DiagramNode]], judging: Judging, missed: Sequence[Bound], sides: Sequence[str]
    ) -> None:
        self.layers, self.judging, self.complete = layers, judging, True
        self.missed = list(zip(missed, sides))
        self.bounds = [one for one in judging.bounds if one not in missed]
        self.bounds += [bound._replace(operator=side) for bound, side in self.missed]

    def paths(self) -> Iterator[tuple[Fraction, Values]]:
        """Each path with how far it is off."""
        constant = sum((self._constant(bound, side) for bound, side in self.missed), Fraction(0))
        listing = Listing(self.layers, self.judging.nothing, self.bounds)
        if not listing.layers[0]:
            return
        if listing.ordered:
            for path in Ranking(listing.layers, listing.nothing, self._weigh).all():
                yield path.rank[0] + constant, path.values
            return
        self.complete = False
        if len(self.missed) == len(listing.attainable) == 1 and self.missed[0][0].place == listing.attainable[0].place:
            yield from self._next_to(listing.attainable[0], constant)

    def _next_to(self, sums: Attainable, constant: Fraction) -> Iterator[tuple[Fraction, Values]]:
        """The paths of the nearest sum, as far as they are found."""
        bound, side = self.missed[0]
        value = next(sums.sums(largest=side.startswith("<")), None)
        if value is not None:
            exact = Listing(self.layers, self.judging.nothing, [*self.bounds, Bound(bound.place, "==", value)])
            far = constant + (value if side.startswith(">") else -value) * self._share(bound)
            for path in exact.paths(self._weigh):
                yield far, path.values

    def _weigh(self, sums: Tracked, _: Values) -> Rank:
        """What a step adds to how far the net is off, the constant apart."""
        far = Fraction(0)
        for bound, side in self.missed:
            if side.startswith(">"):
                far += sums[bound.place] * self._share(bound)
            elif side.startswith("<"):
                far -= sums[bound.place] * self._share(bound)
        return far, 0

    def _share(self, bound: Bound) -> Fraction:
        """How far one more is: shapes are followed as shares already."""
        return Fraction(1) if bound.place >= len(self.judging.figures) else Fraction(1, max(bound.value, 1))

    def _constant(self, bound: Bound, side: str) -> Fraction:
        """What must be added to the weighted sum, so that it is what `figures.off` says."""
        strict = bound.operator in ("<", ">")
        if side == "==":
            return self._share(bound)
        if side.startswith(">"):
            return (strict - bound.value) * self._share(bound)
        return (strict + bound.value) * self._share(bound)
