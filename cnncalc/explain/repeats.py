"""Finds what a net repeats: the same layers in the same order, so that they need be told once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Sequence

from cnncalc.records import NamedTuple

__all__ = ["Run", "depths", "runs"]

CANDIDATES = 32
"""Periods to try at one place."""
LONGEST = 1_000
"""Layers of the longest unit that is looked for."""


class Run(NamedTuple):
    """`times` units of `period` layers each, from position `start`; one unit is not repeated."""

    start: int
    period: int
    times: int


def depths(names: Sequence[str]) -> list[int]:
    """For each position the number of levels of names that it shares with the position before."""
    found = [0] * len(names)
    groups = [name.rpartition(".")[0] for name in names]
    for index in range(1, len(names)):
        if groups[index] == groups[index - 1]:
            found[index] = groups[index].count(".") + 1 if groups[index] else 0
            continue
        before, after = groups[index - 1].split("."), groups[index].split(".")
        shared = 0
        while shared < min(len(before), len(after)) and before[shared] == after[shared]:
            shared += 1
        found[index] = shared
    return found


def runs(marks: Sequence[Hashable], depth: Sequence[int], starts: Sequence[bool]) -> list[Run]:
    """The whole sequence as runs, in order; equal marks are equal layers, and a unit begins only where it `starts`.

    A unit never cuts a group of names that it does not hold whole: no border inside it lies in fewer groups (`depth`)
    than its own borders do. What repeats inside a unit is not looked for.
    """
    numbers: dict[Hashable, int] = {}
    ids = [numbers.setdefault(mark, len(numbers)) for mark in marks]
    places: list[list[int]] = [[] for _ in numbers]
    for index, number in enumerate(ids):
        places[number].append(index)
    found: list[Run] = []
    at = 0
    while at < len(ids):
        run = _best(at, ids, places[ids[at]], depth) if starts[at] else Run(at, 1, 1)
        found.append(run)
        at += run.period * run.times
    return found


def _best(at: int, ids: Sequence[int], places: Sequence[int], depth: Sequence[int]) -> Run:
    """The run at a place that covers most; of equals, that with the shortest unit."""
    best = Run(at, 1, 1)
    following = bisect_right(places, at)
    for place in places[following : following + CANDIDATES]:
        period = place - at
        if period > LONGEST:
            break
        if best.times > 1 and period % best.period == 0 and place < at + best.times * best.period:
            continue  # that much is inside the best run already
        times = _turns(at, period, ids, depth)
        if times > 1 and times * period > (best.times * best.period if best.times > 1 else 1):
            best = Run(at, period, times)
    return best


def _turns(at: int, period: int, ids: Sequence[int], depth: Sequence[int]) -> int:
    """How often the unit stands there in a row; 1 where it stands alone or would cut a group."""
    last = at + 2 * period - 1
    if last >= len(ids) or ids[last] != ids[last - period] or ids[at + period // 2] != ids[at + period + period // 2]:
        return 1
    unit = ids[at : at + period]
    inside = min(depth[at + 1 : at + period], default=depth[at])
    if period > 1 and depth[at] > inside:
        return 1
    times = 1
    while True:
        border = at + times * period
        if border >= len(ids) or (period > 1 and depth[border] > inside) or ids[border : border + period] != unit:
            break
        times += 1
    # the last unit must end at a border, too
    end = at + times * period
    while times > 1 and period > 1 and end < len(ids) and depth[end] > inside:
        times -= 1
        end -= period
    return times
