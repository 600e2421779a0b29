"""What no other beats: Pareto fronts, in n log n steps of two and three numbers, with one more log n of each further.

Of two, the least in the first comes first, and what follows must be less in the second than all before it. Of more,
halves are held against each other: those that are earlier in the first number can only be beaten by others that are
earlier, and beat those that are later where they are not more in the rest, one number less (Kung, Luccio and Preparata,
"On finding the maxima of a set of vectors", 1975).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from cnncalc.solve.sweep.points import Point

__all__ = ["Numbers", "front", "unbeaten"]

Numbers: TypeAlias = "tuple[int | Fraction, ...]"
"""What is compared: less is better."""
FEW = 8
"""So few are sooner held against each other one by one."""
AT_A_TIME = 50_000
"""Points that are in memory beside the best so far."""


def unbeaten(found: Sequence[Numbers]) -> list[int]:
    """The places of those that no other is as good as in every number, of equal ones the first, by their numbers.

    >>> unbeaten([(2, 5), (1, 9), (3, 6), (2, 5)])
    [1, 0]
    """
    first: dict[Numbers, int] = {}
    for place, numbers in enumerate(found):
        first.setdefault(numbers, place)
    ordered = sorted(first)
    return [first[numbers] for numbers in (_front(ordered) if ordered else [])]


def _front(ordered: list[Numbers]) -> list[Numbers]:
    """The front of different ones that are in order."""
    width = len(ordered[0])
    if width < 3:
        left: list[Numbers] = []
        for one in ordered:
            if not left or (width == 2 and one[1] < left[-1][1]):
                left.append(one)
        return left
    if len(ordered) == 1:
        return ordered
    middle = len(ordered) // 2
    earlier, later = _front(ordered[:middle]), _front(ordered[middle:])
    return earlier + _not_beaten(earlier, later, width - 1)


def _not_beaten(others: list[Numbers], ours: list[Numbers], width: int) -> list[Numbers]:
    """Those of ours that none of the others is as good as in each of the last `width` numbers, in the same order."""
    if not others or not ours:
        return ours
    place = len(ours[0]) - width
    if width == 1:
        least = min(one[place] for one in others)
        return [one for one in ours if one[place] < least]
    if min(len(others), len(ours)) <= FEW:
        return [one for one in ours if not any(_as_good(other[place:], one[place:]) for other in others)]
    if width == 2:
        return _by_steps(others, ours, place)
    values = sorted({one[place] for one in (*others, *ours)})
    if len(values) == 1:
        return _not_beaten(others, ours, width - 1)
    middle = values[(len(values) - 1) // 2]
    near, far = (_split(some, place, middle) for some in (others, ours))
    kept = set(_not_beaten(near[0], far[0], width))
    kept.update(_not_beaten(near[1], _not_beaten(near[0], far[1], width - 1), width))
    return [one for one in ours if one in kept]


def _split(some: list[Numbers], place: int, middle: int | Fraction) -> tuple[list[Numbers], list[Numbers]]:
    """Those up to a number in a place, and those beyond it."""
    return [one for one in some if one[place] <= middle], [one for one in some if one[place] > middle]


def _by_steps(others: list[Numbers], ours: list[Numbers], place: int) -> list[Numbers]:
    """`_not_beaten` of two numbers: of the others up to each in the first, the least in the second."""
    ahead = sorted((one[place], one[place + 1]) for one in others)
    least, at, kept = None, 0, set()
    for one in sorted(ours, key=lambda numbers: numbers[place]):
        while at < len(ahead) and ahead[at][0] <= one[place]:
            least = ahead[at][1] if least is None else min(least, ahead[at][1])
            at += 1
        if least is None or one[place + 1] < least:
            kept.add(one)
    return [one for one in ours if one in kept]


def _as_good(one: Numbers, other: Numbers) -> bool:
    return all(here <= there for here, there in zip(one, other))


def front(points: Iterable[Point], figures: Sequence[str], wanted: Sequence[str]) -> list[Point]:
    """The points of a sweep that no other beats in all wanted figures at once, of equal ones the first.

    Less is better; of a figure with `-` before its name more is. A million points are read some at a time.
    """
    places = [(figures.index(name.removeprefix("-")), -1 if name.startswith("-") else 1) for name in wanted]
    working = (point for point in points if point.figures)
    best: list[Point] = []
    while some := list(islice(working, AT_A_TIME)):
        held = best + some
        numbers = [tuple([sign * point.figures[place] for place, sign in places]) for point in held]
        best = [held[at] for at in unbeaten(numbers)]
    return best
