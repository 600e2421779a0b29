"""Equal items that follow one another become `repeat`."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence

from cnncalc.interchange.structure.items import Group, Item, Leaf, Merge, Repeat, steps_in
from cnncalc.interchange.structure.labels import Labels
from cnncalc.notation.lines import write

__all__ = ["repeated"]

LONGEST = 64
"""Items in one turn of a repeat."""
_NUMBERED = re.compile(r"(.*?)(0|[1-9][0-9]*)\Z")


def repeated(items: tuple[Item, ...], labels: Labels) -> tuple[Item, ...]:
    """The items with what is repeated said once, the innermost first."""
    inner = [_inside(item, labels) for item in items]
    if len(inner) < 2:
        return tuple(inner)
    keys = [_key(item, labels) for item in inner]
    bodies: dict[int, Hashable] = {}
    made: list[Item] = []
    index = 0
    while index < len(inner):
        numbered = _numbered(inner, index, labels, bodies)
        if numbered is not None:
            made.append(numbered)
            index += int(numbered.times)
            continue
        length, times = _best(keys, index)
        if times > 1:
            made.append(Repeat(times, tuple(inner[index : index + length])))
            index += length * times
        else:
            made.append(inner[index])
            index += 1
    return tuple(made)


def _inside(item: Item, labels: Labels) -> Item:
    if isinstance(item, Merge):
        return item._replace(branches=tuple(repeated(branch, labels) for branch in item.branches))
    if isinstance(item, Group):
        return item._replace(items=repeated(item.items, labels))
    return item


def _key(item: Item, labels: Labels, *, nested: bool = False) -> Hashable:
    """What an item says; where two say the same one text can stand for both. A name outside a group is told once."""
    if isinstance(item, (Leaf, Merge)):
        step = labels.sketch.operators[item.step]
        own = labels.own[item.step]
        if step.said() or step.share is not None or item.step in labels.mentioned or (own and not nested):
            return item.step
        assert step.layer is not None
        said = (write(step.layer), own)
        if isinstance(item, Leaf):
            return said if item.takes is None else (said, item.takes)
        return (said, tuple(tuple(_key(one, labels, nested=nested) for one in branch) for branch in item.branches))
    if isinstance(item, Group):
        if not nested:
            return steps_in(item)[0]
        return (item.name, item.by_position, _body(item.items, labels))
    assert isinstance(item, Repeat)  # blocks come later
    inner = nested or item.numbered
    body = tuple(_key(one, labels, nested=inner) for one in item.items)
    return (
        item.times,
        item.name,
        item.first,
        item.numbered,
        body if nested or not item.numbered else steps_in(item)[0],
    )


def _body(items: tuple[Item, ...], labels: Labels) -> Hashable:
    return tuple(_key(one, labels, nested=True) for one in items)


def _best(keys: Sequence[Hashable], start: int) -> tuple[int, int]:
    """The length of the turn and the number of turns that save the most, from `start` on."""
    best, saved = (1, 1), 0
    for length in range(1, min(LONGEST, (len(keys) - start) // 2) + 1):
        if keys[start] != keys[start + length]:
            continue
        turn, times = keys[start : start + length], 1
        while keys[start + length * times : start + length * (times + 1)] == turn:
            times += 1
        gain = length * (times - 1)
        if times > 1 and gain > saved and gain + (not isinstance(turn[0], tuple)) > 1:
            best, saved = (length, times), gain
    return best


def _numbered(items: Sequence[Item], start: int, labels: Labels, bodies: dict[int, Hashable]) -> Repeat | None:
    """The run of equal groups with names that count up that begins here; None for a single one.

    `bodies` are those of the groups that were asked for theirs, by their places.
    """
    first = items[start]
    match = _NUMBERED.match(first.name) if isinstance(first, Group) else None
    if match is None or not isinstance(first, Group):
        return None
    stem, number = match.group(1), int(match.group(2))
    times = 1
    while start + times < len(items):
        other = items[start + times]
        if not isinstance(other, Group) or other.name != f"{stem}{number + times}":
            break
        for place, group in ((start, first), (start + times, other)):
            if place not in bodies:
                bodies[place] = group.by_position, _body(group.items, labels)
        if bodies[start + times] != bodies[start]:
            break
        times += 1
    if times == 1:
        return None
    return Repeat(times, first.items, stem, number, first.by_position, numbered=True)
