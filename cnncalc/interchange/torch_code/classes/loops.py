"""What a body does again and again, told once: modules whose names count up, each of which takes what the last gave."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

from cnncalc.interchange.torch_code.expressions import Counted, Counting, Looped
from cnncalc.interchange.torch_code.modules.bodies import Body, Member, Step
from cnncalc.interchange.torch_code.modules.parts import is_attribute
from cnncalc.records import NamedTuple

__all__ = ["looped"]

LEAST = 3
"""Rounds, and lines that a loop saves."""
LONGEST = 16
"""Steps of one round."""
Same = Callable[[Any], Hashable]


class _Run(NamedTuple):
    """Steps from `start` on: `rounds` of so many; what step `gives` in one goes into the next, first that `enters`."""

    start: int
    length: int
    rounds: int
    gives: int
    enters: int

    @property
    def end(self) -> int:
        """Behind its last step."""
        return self.start + self.rounds * self.length


def looped(body: Body, same: Same) -> Body:
    """A body with loops for what repeats; `same` tells modules and calls apart, numbers included."""
    if body.form != "module" or body.ties or len(body.steps) < LEAST:
        return body
    runs = _Finder(body, same).runs()
    return _told(body, runs) if runs else body


class _Finder:
    """The runs in the steps of a body."""

    def __init__(self, body: Body, same: Same) -> None:
        self.body, self.steps = body, body.steps
        self.made = {one.name: same(one.made) for one in body.members}
        self.order = {one.name: place for place, one in enumerate(body.members)}
        self.signs = [self._sign(step, same) for step in body.steps]
        self.numbers = [
            _number(step.path[0]) if sign and step.path else 0 for step, sign in zip(self.steps, self.signs)
        ]
        self.users: dict[int, list[int]] = {}
        for place, step in enumerate(body.steps):
            for tensor in step.takes:
                self.users.setdefault(tensor, []).append(place)
        for tensor in body.gives:
            self.users.setdefault(tensor, []).append(len(body.steps))

    def _sign(self, step: Step, same: Same) -> tuple[Any, ...] | None:
        """All that is the same in each round; None for what stands in no loop."""
        if len(step.gives) != 1 or step.train_only or step.bare or len(step.path) > 1:
            return None
        name = step.path[0] if step.path else ""
        stem = name.rstrip("0123456789")
        if name and not (is_attribute(name) and name in self.made and stem != name == f"{stem}{_number(name)}"):
            return None
        return stem, self.made.get(name), step.kind, step.weighted, len(step.takes), same(step.does)

    def runs(self) -> list[_Run]:
        """The runs, in order, those that save most lines before others that they meet."""
        found = [run for length in range(1, min(LONGEST, len(self.steps) // LEAST) + 1) for run in self._of(length)]
        found.sort(key=lambda run: (-self._saved(run.start, run.length, run.rounds), run.length, -run.start))
        chosen: list[_Run] = []
        taken: set[int] = set()
        for run in found:
            if taken.isdisjoint(range(run.start, run.end)):
                chosen.append(run)
                taken.update(range(run.start, run.end))
        return sorted(chosen)

    def _saved(self, start: int, length: int, rounds: int) -> int:
        """The modules that need no line of their own."""
        return (rounds - 1) * sum(1 for step in self.steps[start : start + length] if step.path)

    def _of(self, length: int) -> Iterator[_Run]:
        """The runs whose rounds have so many steps, at most one in each stretch of steps that are alike."""
        for start, size in self._stretches(length):
            best: _Run | None = None
            for first in range(start, min(start + length, start + size)):
                for rounds in ((start + size - first) // length + 1, (start + size - first) // length):
                    saved = self._saved(first, length, rounds)
                    least = LEAST if best is None else self._saved(*best[:3])
                    run = self._run(first, length, rounds) if rounds >= LEAST and saved >= least else None
                    if run is not None:
                        best = run
                        break
            if best is not None:
                yield best

    def _stretches(self, length: int) -> Iterator[tuple[int, int]]:
        """Where steps are as those so many places on, and how many are; names count up by the same each time."""
        start = 0
        steps = [other - one for one, other in zip(self.numbers, self.numbers[length:])]
        for place, step in enumerate(steps):
            alike = self.signs[place] is not None and self.signs[place] == self.signs[place + length]
            alike = alike and (step > 0 or not self.steps[place].path)
            if alike and (place - start < length or step == steps[place - length]):
                continue
            if place > start:
                yield start, place - start
            start = place if alike else place + 1
        if len(steps) > start:
            yield start, len(steps) - start

    def _run(self, start: int, length: int, rounds: int) -> _Run | None:
        """The run, if each round takes one tensor of the one before it, and nobody else what it makes."""
        steps = self.steps[start : start + rounds * length]
        made = {step.gives[0]: divmod(place, length) for place, step in enumerate(steps)}
        carried: set[tuple[int, int]] = set()
        for place in range(length):
            for slot in range(len(self.steps[start + place].takes)):
                taken = [self.steps[start + n * length + place].takes[slot] for n in range(rounds)]
                found = {_source(made.get(tensor), n) for n, tensor in enumerate(taken[1:], 1)}
                if len(found) != 1:
                    return None
                (source,) = found
                if source is None:
                    if len({*taken}) > 1:
                        return None
                elif source[0] == 1:
                    carried.add((source[1], taken[0]))
                elif made.get(taken[0]) != (0, source[1]):
                    return None
        if len(carried) != 1:
            return None
        ((gives, enters),) = carried
        run = _Run(start, length, rounds, gives, enters)
        return run if enters not in made and self._alone(run) and self._in_order(run) else None

    def _alone(self, run: _Run) -> bool:
        """Whether what a round makes is taken in it alone, but for what goes on."""
        end = run.end
        for place in range(run.start, end):
            turn, at = divmod(place - run.start, run.length)
            until = run.start + (turn + 1 + (at == run.gives)) * run.length
            if at == run.gives and turn == run.rounds - 1:
                continue
            if any(user >= min(until, end) for user in self.users.get(self.steps[place].gives[0], ())):
                return False
        return True

    def _in_order(self, run: _Run) -> bool:
        """Whether the modules stand in the order in which a loop makes them."""
        steps = self.steps[run.start : run.end]
        places = [self.order[step.path[0]] for step in steps if step.path]
        return places == [*range(places[0], places[0] + len(places))]


def _number(name: str) -> int:
    return int(name[len(name.rstrip("0123456789")) :])


def _source(made: tuple[int, int] | None, turn: int) -> tuple[int, int] | None:
    """How many rounds ago a tensor was made, and by which step; None for what stands still."""
    return None if made is None else (turn - made[0], made[1])


def _told(body: Body, runs: Sequence[_Run]) -> Body:
    """The body with loops in place of its runs."""
    made = {one.name: one.made for one in body.members}
    steps: list[Step] = []
    loops: dict[str, Counted] = {}
    inside: set[str] = set()
    end = 0
    for run in runs:
        loop = _loop(body.steps, run)
        steps += [*body.steps[end : run.start], loop]
        end = run.end
        names = [step.path[0] for step in body.steps[run.start : run.end] if step.path]
        first = names[: len(names) // run.rounds]
        patterns = tuple([step.path[0] for step in loop.does.steps if step.path])
        loops[names[0]] = Counted(patterns, tuple(map(made.__getitem__, first)), run.rounds)
        inside.update(names)
    members = [
        Member(one.name, loops.get(one.name, one.made))
        for one in body.members
        if one.name in loops or one.name not in inside
    ]
    return body._replace(steps=(*steps, *body.steps[end:]), members=tuple(members))


def _loop(steps: Sequence[Step], run: _Run) -> Step:
    """A run as one step."""
    first = steps[run.start : run.start + run.length]
    second = steps[run.start + run.length : run.start + 2 * run.length]  # which tells what goes round from what stands
    before, made = first[run.gives].gives[0], {step.gives[0] for step in second}
    outside = [tensor for step in second for tensor in step.takes if tensor not in made and tensor != before]
    still = [*dict.fromkeys(outside)]
    numbers = {tensor: number for number, tensor in enumerate((before, *still, *(step.gives[0] for step in second)))}
    told = [
        step._replace(
            path=tuple(_paths(one, step)),
            takes=tuple([numbers[tensor] for tensor in step.takes]),
            gives=(numbers[step.gives[0]],),
        )
        for one, step in zip(first, second)
    ]
    does = Looped(tuple(told), numbers[second[run.gives].gives[0]], run.rounds)
    gives = steps[run.end - run.length + run.gives].gives
    return Step((), does, (run.enters, *still), gives, "loop", train_only=False, weighted=True)


def _paths(step: Step, following: Step) -> Iterator[Counting]:
    for name, other in zip(step.path, following.path):
        stem, first = name.rstrip("0123456789"), _number(name)
        yield Counting(stem, first, _number(other) - first)
