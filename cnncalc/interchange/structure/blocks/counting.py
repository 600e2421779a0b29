"""Uses of one block that follow one another with names that count up become `repeat`, with `$(i + 2)` in the name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cnncalc.interchange.structure.items import Group, Item, Merge, Repeat, Use
from cnncalc.records import NamedTuple

__all__ = ["COUNTED", "counted", "same"]

COUNTED = "$(i"
"""How a number that counts up begins in a name."""
_NUMBER = r"(?<![0-9])(?:0|[1-9][0-9]{0,8})(?![0-9])"


def counted(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """The items with such runs said once; the very same where there are none."""
    made: list[Item] = []
    index = 0
    while index < len(items):
        item, times = items[index], 1
        if isinstance(item, Use):
            times, item = _run(items, index, item)
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


def _run(items: Sequence[Item], start: int, first: Use) -> tuple[int, Use]:
    """How many uses from `start` on are one whose names count up, and that one."""
    uses = [first]
    for item in items[start + 1 :] if _flat(first) else ():
        if not isinstance(item, Use) or not _flat(item) or _said(item) != _said(first):
            break
        uses.append(item)
    if len(uses) == 1:
        return 1, first
    ways = [_way(one, other) for one, other in zip(first.stems, uses[1].stems)]
    known = [way for way in ways if way is not None]
    if len(known) < len(ways):
        return 1, first
    times = 2
    while times < len(uses) and all(way.at(times) == one for way, one in zip(known, uses[times].stems)):
        times += 1
    if times == 2 and any(way.step > 1 for way in known):
        return 1, first  # two names are a step apart by chance
    return times, first._replace(stems=tuple(way.said() for way in known), group=Repeat(times, first.group.items))


class _Way(NamedTuple):
    """A text with a number that grows from turn to turn, by 0 where it stays."""

    head: str
    number: int = 0
    step: int = 0
    tail: str = ""

    def at(self, turn: int) -> str:
        """The text in a turn."""
        return f"{self.head}{self.number + turn * self.step}{self.tail}" if self.step else self.head

    def said(self) -> str:
        """The text as the language has it."""
        if not self.step:
            return self.head
        times, more = f" * {self.step}" if self.step > 1 else "", f" + {self.number}" if self.number else ""
        return f"{self.head}{COUNTED}{times}{more}){self.tail}"


def _way(one: str, other: str) -> _Way | None:
    """How a text becomes another; None where more changes than one number that grows."""
    if one == other:
        return _Way(one)
    for match in re.finditer(_NUMBER, one) if "$" not in one.replace("$(prefix)", "").replace("$(place)", "") else ():
        head, tail = one[: match.start()], one[match.end() :]
        number = other[len(head) : len(other) - len(tail)]
        if other == f"{head}{number}{tail}" and re.fullmatch(_NUMBER, number) and int(number) > int(match.group()):
            return _Way(head, int(match.group()), int(number) - int(match.group()), tail)
    return None


def _flat(item: Use) -> bool:
    return isinstance(item.group, Group) and not item.group.name


def _said(item: Use) -> tuple[str, tuple[str, ...]]:
    return item.block.name, item.values
