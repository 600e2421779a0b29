"""Members of a sequence whose names count up, told once: they are equal, or their numbers grow by the same."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

from cnncalc.interchange.torch_code.expressions import Argument, Call, Numbered, Text
from cnncalc.interchange.torch_code.modules.bodies import Member, numbered
from cnncalc.interchange.torch_code.modules.parts import Group
from cnncalc.records import NamedTuple

__all__ = ["Growing", "growing", "named_runs"]

LEAST_NUMBERED = 3
"""So many members in a row are told by a loop."""


class Growing(NamedTuple):
    """Groups whose numbers grow by the same from each to the next: the first two."""

    first: Group
    second: Group


def named_runs(members: Sequence[Member], same: Callable[[Any], Hashable]) -> Iterator[Any]:
    """Members with names, those that are alike, or whose numbers grow by the same, told once."""
    at = 0
    while at < len(members):
        for item, length in (_equal(members, at, same), _growing(members, at, same)):
            if length >= LEAST_NUMBERED:
                stem = members[at].name.rstrip("0123456789")
                yield Numbered(stem, int(members[at].name.removeprefix(stem)), length, item)
                break
        else:
            length = 1
            yield (members[at].name, members[at].made)
        at += length


def _equal(members: Sequence[Member], at: int, same: Callable[[Any], Hashable]) -> tuple[Any, int]:
    """How many members are the same from one on."""
    first, length = members[at].made, 1
    while at + length < len(members) and numbered([one.name for one in members[at : at + length + 1]]):
        if not isinstance(first, Group) or same(members[at + length].made) != same(first):
            break
        length += 1
    return first, length


def _growing(members: Sequence[Member], at: int, same: Callable[[Any], Hashable]) -> tuple[Any, int]:
    """How many members there are from one on whose numbers grow by the same."""
    first, length = members[at].made, 1
    if at + 2 >= len(members) or not all(isinstance(one.made, Group) for one in members[at : at + 2]):
        return first, 1
    second = members[at + 1].made
    last, step = [*_atoms(same(first))], None
    while at + length < len(members) and numbered([one.name for one in members[at : at + length + 1]]):
        found = [*_atoms(same(members[at + length].made))]
        grown = _step(last, found)
        if grown is None or (step or grown) != grown:
            break
        last, step, length = found, grown, length + 1
    return Growing(first, second), length


def _atoms(value: Any) -> Iterator[Any]:
    """What nested tuples hold."""
    if isinstance(value, tuple):
        yield len(value)
        for one in value:
            yield from _atoms(one)
    else:
        yield value


def _step(before: Sequence[Any], after: Sequence[Any]) -> list[Any] | None:
    """By what numbers grow from one to the other; None where something else differs."""
    if len(before) != len(after):
        return None
    steps = []
    for one, other in zip(before, after):
        if type(one) is int and type(other) is int:
            steps.append(other - one)
        elif type(one) is type(other) and one == other:
            steps.append(0)
        else:
            return None
    return steps


def growing(first: Any, second: Any, name: str = "") -> Any:
    """An expression for both, and for those that go on like them, by the number `i`."""
    if isinstance(first, Call):
        pairs = zip(first.arguments, second.arguments)
        made = [a._replace(value=growing(a.value, b.value, a.name)) for a, b in pairs]
        return Call(first.function, tuple(made))
    if type(first) is not int or first == second:
        return first
    step = second - first
    grown: Any = Text("i") if step == 1 else Call("*", (Argument("factor", step), Argument("i", Text("i"))))
    return Call("+", (Argument(name, first), Argument("grown", grown)))
