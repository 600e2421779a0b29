"""Whether the branches that meet in a merge look at the same places."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import gcd, lcm

from cnncalc.analysis.receptive.fields import NOTHING, Fields, few_phases
from cnncalc.analysis.receptive.sight import Sight
from cnncalc.arithmetic.windows.reach import Field
from cnncalc.graph import Net, Node
from cnncalc.layers.kinds.merge import Merge
from cnncalc.records import NamedTuple

__all__ = ["Apart", "apart", "branches", "further", "misaligned"]


def branches(graph: Net, node: Node, seen: Sequence[Fields]) -> list[Sight]:
    """What the inputs of a merge see of one input of the net; empty where that of one has no description."""
    if not isinstance(node.layer, Merge):
        return []
    taken = [one for one in (seen[index] for index in node.inputs) if one != NOTHING]
    known = [one for one in taken if isinstance(one, Sight)]
    return known if len(known) == len(taken) else []


def misaligned(sights: Sequence[Sight]) -> Apart | None:
    """How far the branches' fields lie apart, see `apart`: found once for branches that see the same."""
    branches = tuple(sights)
    return _known(branches) if few_phases(branches) else apart(branches)


def apart(sights: Sequence[Sight]) -> Apart | None:
    """How far the centres of the branches' fields lie apart, along the axis of the input where it is most.

    Where neighbouring pixels differ, their mean counts. None where nothing moves, or branches move at different rates.
    """
    found = Apart(0, 1)
    for axes in zip(*(one.fields for one in sights)):
        moving = [axis for axis in axes if axis.advance]
        if len({axis.rate for axis in moving}) > 1:
            return None
        period = lcm(*(axis.period for axis in moving))
        centres = [centre for axis in moving if (centre := _centre(axis, period)) is not None]
        if centres:
            found = further(found, Apart(max(centres) - min(centres), 2 * period))
    return found if found.pixels else None


class Apart(NamedTuple):
    """A distance, `pixels`/`parts` pixels of the input."""

    pixels: int
    parts: int

    def text(self) -> str:
        """`½ pixel`, `2½ pixels`, `4/3 pixels`."""
        common = gcd(self.pixels, self.parts)
        pixels, parts = self.pixels // common, self.parts // common
        if parts > 2:
            return f"{pixels:,}/{parts} pixels"
        whole, half = divmod(pixels, parts)
        number = (f"{whole:,}" if whole else "") + ("½" if half else "")
        return f"{number} pixel{'' if pixels <= parts else 's'}"


def further(one: Apart, other: Apart) -> Apart:
    """The larger of two distances."""
    return one if one.pixels * other.parts >= other.pixels * one.parts else other


def _centre(field: Field, period: int) -> int | None:
    """The sum of so many pixels' first and last input pixels; None where one of them sees nothing."""
    intervals = [field.interval(o) for o in range(period)]
    known = [interval for interval in intervals if interval is not None]
    return sum(low + high for low, high in known) if len(known) == period else None


_known = lru_cache(maxsize=4_096)(apart)
