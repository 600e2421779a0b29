"""What groups of one class have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc.interchange.torch_code.classes.leaving import Left
from cnncalc.interchange.torch_code.modules.bodies import Body
from cnncalc.interchange.torch_code.modules.parts import Group

__all__ = ["Key", "Kind", "in_order"]


class Key:
    """What a body says, its numbers apart; one object for all that say the same."""

    __slots__ = ("said",)

    def __init__(self, said: tuple[Any, ...]) -> None:
        self.said = said


class Kind:
    """One class: the groups that are of it, and what they have in common, with every step that any of them has."""

    def __init__(self, whole: Group, body: Body) -> None:
        self.whole, self.body = whole, body
        """The group that has every step, and what it says."""
        self.groups: list[Group] = []
        self.left: dict[str, Left] = {}
        """What each group leaves out, by its full name."""

    def of(self, bodies: Mapping[str, Body]) -> Kind:
        """It among other bodies of the same groups."""
        other = Kind(self.whole, bodies[self.whole.full])
        other.groups, other.left = self.groups, self.left
        return other


def in_order(kinds: list[Kind]) -> list[Kind]:
    """The kinds, each behind those whose groups stand in its own."""
    of = {group.full: number for number, kind in enumerate(kinds) for group in kind.groups}
    inside = [{of[one.full] for group in kind.groups for one in group.inside() if one.full in of} for kind in kinds]
    order: dict[int, None] = {}
    waiting = [*range(len(kinds) - 1, -1, -1)]
    while waiting:
        number = waiting[-1]
        left = sorted(inside[number] - {number} - order.keys(), reverse=True)
        if left and number not in order:
            waiting += left
        else:
            order.setdefault(waiting.pop())
    return [kinds[number] for number in order]
