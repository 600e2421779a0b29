"""Whether a body is another one with some steps left out, as a block without its projection."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from cnncalc.interchange.torch_code.modules.bodies import Body, Step
from cnncalc.records import NamedTuple

__all__ = ["Left", "from_the_end", "left_out"]


MOST = 3
"""Steps that a class may leave out."""


class Left(NamedTuple):
    """Which of a body's steps another one has, and for those that it may lack which of their inputs goes on instead."""

    present: tuple[bool, ...]
    instead: Mapping[int, int]
    """By the step, the place among what it takes."""


def left_out(whole: Body, part: Body, shape: Callable[[Any], Hashable], chosen: Mapping[int, int] = {}) -> Left | None:
    """What a body leaves out of a larger one; None where it is not that with steps left out."""
    alike = whole.form == part.form == "module" and (whole.takes, whole.ties) == (part.takes, part.ties)
    if not alike or not part.steps or 2 * len(part.steps) < len(whole.steps):
        return None
    matcher = _Matcher(whole, part, shape, chosen)
    return matcher.left() if matcher.match() and matcher.readable() and matcher.members() else None


def _member_alike(whole: tuple[str, Any], part: tuple[str, Any]) -> bool:
    """Whether a module is another one, or a sequence of which some members are left out."""
    if whole == part:
        return True
    (name, mine), (other, theirs) = whole, part
    if name != other or mine[0] != "sequence" or theirs[0] != "sequence":
        return False
    return from_the_end(mine[1].said[1:], theirs[1].said[1:]) is not None


def from_the_end(whole: Sequence[Hashable], part: Sequence[Hashable]) -> list[bool] | None:
    """Which items of a sequence are those of one with a few left out, as many at the end as can be; None if none."""
    there = []
    left = list(part)
    for item in reversed(whole):
        there.append(bool(left) and left[-1] == item)
        if there[-1]:
            left.pop()
    few = len(whole) - len(part) <= 1 and 2 * len(part) > len(whole)
    return there[::-1] if not left and few else None


class _Matcher:
    def __init__(self, whole: Body, part: Body, shape: Callable[[Any], Hashable], chosen: Mapping[int, int]) -> None:
        self.whole, self.part, self.shape = whole, part, shape
        self.number = {n: n for n in range(whole.takes)}
        """Tensors of the part, as numbers of the whole."""
        self.instead = dict(chosen)
        self.maker = {one: place for place, step in enumerate(whole.steps) for one in step.gives}
        self.present: list[bool] = []

    def match(self) -> bool:
        """Whether every step of the part is one of the whole, in order, on the same tensors."""
        at = 0
        for step in self.whole.steps:
            mine = self.part.steps[at] if at < len(self.part.steps) else None
            if mine is not None and self._alike(step, mine):
                self.number.update(zip(mine.gives, step.gives))
                at += 1
                self.present.append(True)
            elif len(step.gives) == 1:
                self.present.append(False)
            else:
                return False
        gives = zip(self.whole.gives, self.part.gives)
        same = len(self.whole.gives) == len(self.part.gives)
        return at == len(self.part.steps) and same and all(self._is(one, self.number[mine]) for one, mine in gives)

    def readable(self) -> bool:
        """Whether what is left out are a few single steps: else two classes say it better."""
        runs = "".join("1" if there else "0" for there in self.present)
        return "00" not in runs and runs.count("0") <= MOST

    def _alike(self, step: Step, mine: Step) -> bool:
        said = step._replace(does=None, takes=(), gives=()), mine._replace(does=None, takes=(), gives=())
        if said[0] != said[1] or len(step.takes) != len(mine.takes) or len(step.gives) != len(mine.gives):
            return False
        if self.shape(step.does) != self.shape(mine.does):
            return False
        return all(self._is(one, self.number[other]) for one, other in zip(step.takes, mine.takes))

    def _is(self, tensor: int, wanted: int) -> bool:
        """Whether a tensor of the whole is that one, where the steps left out hand on what they take."""
        if tensor == wanted:
            return True
        place = self.maker.get(tensor)
        if place is None or place >= len(self.present) or self.present[place]:
            return False
        takes = self.whole.steps[place].takes
        if place in self.instead:
            return self._is(takes[self.instead[place]], wanted)
        for number, one in enumerate(takes):
            if self._is(one, wanted):
                self.instead[place] = number
                return True
        return False

    def members(self) -> bool:
        """Whether the modules are those of the steps that are there."""
        paths = {step.path[0] for step, there in zip(self.whole.steps, self.present) if not there and step.path}
        kept = {step.path[0] for step, there in zip(self.whole.steps, self.present) if there and step.path}
        if paths & kept:
            return False
        wanted = [(one.name, self.shape(one.made)) for one in self.whole.members if one.name not in paths]
        found = [(one.name, self.shape(one.made)) for one in self.part.members]
        return len(wanted) == len(found) and all(map(_member_alike, wanted, found))

    def left(self) -> Left:
        """What was found; a step whose result nobody missed hands on the first that it takes."""
        lacking = [place for place, there in enumerate(self.present) if not there]
        return Left(tuple(self.present), {place: self.instead.get(place, 0) for place in lacking})
