"""What stands in a net in several places: the bodies of named groups, and runs of items wherever they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise

from cnncalc.interchange.structure.blocks.spreading import Alike
from cnncalc.interchange.structure.blocks.stems import Part
from cnncalc.interchange.structure.items import Group, Item, Merge, Repeat
from cnncalc.records import NamedTuple

__all__ = ["LEAST_USES", "LONG", "Candidate", "Place", "candidates", "lists_in"]

LONGEST_RUN = 16
"""Items that may stand in a block side by side."""
NAMING = 5
"""What the names of a run cost to look at, where a run costs 1."""
LEAST_USES = 3
LONG = 240
"""Characters of a body that becomes a block for two uses already."""
SLACK = 40
"""So many characters the names of equal bodies may differ by."""
ONE_LINE = 60
"""Characters of a body that stands well on one line where it is."""


class Place(NamedTuple):
    """Where a candidate stands: items of one list, or a group."""

    whole: tuple[Item, ...]
    """The list."""
    start: int
    length: int
    group: Group | Repeat | None = None
    stems: tuple[str, ...] = ()
    """What its names have in common."""

    @property
    def items(self) -> tuple[Item, ...]:
        """What would stand in the block."""
        return self.whole[self.start : self.start + self.length] if self.group is None else self.group.items


class Candidate(NamedTuple):
    """The same thing in several places."""

    arguments: tuple[str, ...]
    """For the stems of the names."""
    names: tuple[Part, ...]
    places: list[Place]


def candidates(bodies: Sequence[tuple[Item, ...]], alike: Alike) -> list[Candidate]:
    """Everything that stands in several places."""
    lists = [(items, items is body) for body in bodies for items in lists_in(body)]
    found: dict[Hashable, Candidate] = {}
    for items, _ in lists:
        for start, item in enumerate(items):
            if isinstance(item, Group) or (isinstance(item, Repeat) and item.numbered):
                body = alike.body(item.items)
                if body is not None and body.size > ONE_LINE:
                    key = (item.by_position, body.key, body.names)
                    one = found.setdefault(key, Candidate((), tuple(map(Part, body.names)), []))
                    one.places.append(Place(items, start, 1, item))
    for numbers, runs in _runs(lists, alike).items():
        length, (items, start) = len(numbers), runs[0]
        size = sum(alike.size(item) for item in items[start : start + length])
        if size <= (ONE_LINE if len(runs) >= LEAST_USES else LONG - SLACK):
            continue
        for items, start in runs:
            alike.work -= NAMING
            for way in alike.stems(items[start : start + length]):
                one = found.setdefault((numbers, way.names), Candidate(way.arguments, way.names, []))
                one.places.append(Place(items, start, length, None, way.values))
    return [one._replace(places=_apart(one.places)) for one in found.values() if len(one.places) > 1]


def _runs(
    lists: Sequence[tuple[tuple[Item, ...], bool]], alike: Alike
) -> dict[tuple[int, ...], list[tuple[tuple[Item, ...], int]]]:
    """The runs of items, by the numbers of these, that are met more than once; no whole body of a block."""
    numbered = [(items, [alike.number(item) for item in items], whole) for items, whole in lists]
    pairs = Counter(pair for _, numbers, _ in numbered for pair in pairwise(numbers))
    found: dict[tuple[int, ...], list[tuple[tuple[Item, ...], int]]] = {}
    for items, numbers, whole in numbered:
        alike.work -= len(items)
        for start, item in enumerate(items):
            if isinstance(item, Merge) and numbers[start] >= 0 and not (whole and len(items) == 1):
                found.setdefault((numbers[start],), []).append((items, start))
            for end in range(start + 2, min(start + LONGEST_RUN, len(items)) + 1):
                last = (numbers[end - 2], numbers[end - 1])
                if -1 in last or pairs[last] < 2 or alike.work < 0:
                    break
                alike.work -= 1
                if not (whole and end - start == len(items)):
                    found.setdefault(tuple(numbers[start:end]), []).append((items, start))
    return {numbers: runs for numbers, runs in found.items() if len(runs) > 1 and not _repeats(numbers)}


def _repeats(numbers: tuple[int, ...]) -> bool:
    """Whether something in a run follows on itself: that is to be a repeat first."""
    return any(
        numbers[start : start + length] == numbers[start + length : start + 2 * length]
        for length in range(1, len(numbers) // 2 + 1)
        for start in range(len(numbers) - 2 * length + 1)
    )


def _apart(places: Sequence[Place]) -> list[Place]:
    """Those of the places that do not lie in one another, the first ones first."""
    ends: dict[int, int] = {}
    apart = []
    for place in places:
        if place.start >= ends.get(id(place.whole), 0):
            ends[id(place.whole)] = place.start + place.length
            apart.append(place)
    return apart


def lists_in(items: tuple[Item, ...]) -> Iterator[tuple[Item, ...]]:
    """The list, and every list inside it."""
    yield items
    for item in items:
        if isinstance(item, Merge):
            for branch in item.branches:
                yield from lists_in(branch)
        elif isinstance(item, (Group, Repeat)):
            yield from lists_in(item.items)
