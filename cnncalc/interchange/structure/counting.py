"""Uses of one block that follow one another with names that count up become `repeat`, with `$(i + 2)` in the name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cnncalc.interchange.structure.items import Group, Item, Merge, Repeat, Use

__all__ = ["COUNTED", "counted", "same"]

COUNTED = "$(i"
"""How a number that counts up begins in a name."""
_NUMBER = re.compile(r"(?<![0-9])(?:0|[1-9][0-9]*)(?![0-9])")


def counted(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """The items with such runs said once; the very same where there are none."""
    made: list[Item] = []
    index = 0
    while index < len(items):
        item = items[index]
        times, prefix = _run(items, index) if isinstance(item, Use) else (1, "")
        if isinstance(item, Use) and times > 1:
            item = item._replace(prefix=prefix, group=Repeat(times, item.group.items))
        elif isinstance(item, Merge):
            branches = tuple(counted(branch) for branch in item.branches)
            item = item if all(map(same, branches, item.branches)) else item._replace(branches=branches)
        elif isinstance(item, (Group, Repeat)):
            inside = counted(item.items)
            item = item if same(inside, item.items) else item._replace(items=inside)
        made.append(item)
        index += times
    return items if same(made, items) else tuple(made)


def same(one: Sequence[Item], other: Sequence[Item]) -> bool:
    """Whether two lists hold the very same items, so that what is known of them stays known."""
    return len(one) == len(other) and all(map(lambda a, b: a is b, one, other))


def _run(items: Sequence[Item], start: int) -> tuple[int, str]:
    """How many uses from `start` on are one with a name that counts up, and that name."""
    first = items[start]
    assert isinstance(first, Use)
    if not isinstance(first.group, Group) or first.group.name:
        return 1, first.prefix
    uses = [first]
    for item in items[start + 1 :]:
        alike = isinstance(item, Use) and (item.block.name, item.values) == (first.block.name, first.values)
        if not isinstance(item, Use) or not alike or not isinstance(item.group, Group) or item.group.name:
            break
        uses.append(item)
    if len(uses) == 1 or not first.prefix:
        return len(uses), first.prefix
    for match in _NUMBER.finditer(first.prefix):
        head, number, tail = first.prefix[: match.start()], int(match.group()), first.prefix[match.end() :]
        times = 1
        while times < len(uses) and uses[times].prefix == f"{head}{number + times}{tail}":
            times += 1
        if times > 1:
            return times, f"{head}{COUNTED}{f' + {number}' if number else ''}){tail}"
    return 1, first.prefix
