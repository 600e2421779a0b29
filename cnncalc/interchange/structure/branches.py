"""Series and parallel: a flat net as sequences, with merges of branches where what forks meets again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cnncalc.interchange.sketch import Operator, Sketch
from cnncalc.interchange.structure.items import Item, Leaf, Merge
from cnncalc.layers.kinds import merge

__all__ = ["in_series"]

TRIES = 12
"""Merges behind a fork that are tried before the one that everything goes through."""
WORK = 2_000_000
"""Steps that the search for branches may look at; what is left then is written with `from`."""


def in_series(sketch: Sketch) -> tuple[Item, ...]:
    """The items of a net in an order in which each takes what stands before it, as far as that can be."""
    finder = _Finder(sketch.operators, sketch.ends())
    layers = [index for index, step in enumerate(sketch.operators) if step.layer is not None]
    return finder.sequence(layers, next(iter(sketch.inputs.values())))


class _Finder:
    def __init__(self, steps: Sequence[Operator], ends: Iterable[int]) -> None:
        self.steps = steps
        self.consumers: list[list[int]] = [[] for _ in steps]
        for index, step in enumerate(steps):
            for source in dict.fromkeys(step.inputs):
                self.consumers[source].append(index)
        self.ends = set(ends)
        self.work = WORK
        self.merges = [index for index, _ in enumerate(steps) if self.branches_allowed(index)]
        self.through = self._passed_by_all()

    def branches_allowed(self, index: int) -> bool:
        """Whether a step is a merge that can take a list of branches."""
        step = self.steps[index]
        return isinstance(step.layer, merge.Merge) and len(step.inputs) > 1

    def _passed_by_all(self) -> list[int]:
        """For each step the next one that all ways from it to the outputs go through; the end counts as a step."""
        end = len(self.steps)
        through = [end] * (end + 1)
        depth = [0] * (end + 1)
        for index in range(end - 1, -1, -1):
            after = [end] if index in self.ends or not self.consumers[index] else self.consumers[index]
            common = after[0]
            for one in after[1:]:
                other = one
                while common != other:
                    if depth[common] >= depth[other] and common != end:
                        common = through[common]
                    else:
                        other = through[other]
            through[index], depth[index] = common, depth[common] + 1
        return through

    def sequence(self, region: Iterable[int], start: int) -> tuple[Item, ...]:
        """The items of the steps of a region, from the tensor `start` on."""
        order = list(region)
        left = dict.fromkeys(order)
        items: list[Item] = []
        current = start
        while left:
            found = self.merged(current, left) if len(self.consumers[current]) > 1 else None
            if found is not None:
                item, used = found
                items.append(item)
                for step in used:
                    left.pop(step, None)
                current = item.step
                continue
            following = self.following(current, left)
            inputs = self.steps[following].inputs
            items.append(Leaf(following, None if inputs == (current,) else inputs))
            left.pop(following)
            current = following
        return tuple(items)

    def following(self, current: int, left: dict[int, None]) -> int:
        """The next step: one that takes the current tensor, if any is ready, else the first that is left."""
        for index in self.consumers[current]:
            if index in left and not any(source in left for source in self.steps[index].inputs):
                return index
        return next(iter(left))

    def merged(self, fork: int, left: dict[int, None]) -> tuple[Merge, set[int]] | None:
        """The merge that ends the branches from a fork, and the steps in it; None where there is no such."""
        for end in self.candidates(fork):
            if end not in left:
                continue
            inside = self.between(fork, end, left)
            if inside is None:
                continue
            branches = self.branches(fork, end, inside)
            if branches is not None:
                return Merge(end, branches), inside | {end}
        return None

    def candidates(self, fork: int) -> Iterable[int]:
        """The merges that may end what forks: some that follow, and the one that all ways go through."""
        if self.work <= 0:
            return
        tried = 0
        last = self.through[fork]
        seen, waiting = {fork}, [fork]
        while waiting and tried < TRIES:
            waiting.sort(reverse=True)
            index = waiting.pop()
            self.work -= 1
            for after in self.consumers[index]:
                if after not in seen:
                    seen.add(after)
                    waiting.append(after)
            if index != fork and self.branches_allowed(index):
                tried += 1
                yield index
                if index == last:
                    return
        if last < len(self.steps) and self.branches_allowed(last):
            yield last

    def between(self, fork: int, end: int, left: dict[int, None]) -> set[int] | None:
        """The steps between a fork and a merge; None where something else enters or leaves."""
        inside: set[int] = set()
        waiting = list(self.steps[end].inputs)
        while waiting:
            index = waiting.pop()
            if index == fork or index in inside:
                continue
            if index < fork or index not in left or index in self.ends:
                return None
            self.work -= 1
            if self.work <= 0:
                return None
            inside.add(index)
            waiting.extend(self.steps[index].inputs)
        if any(after != end and after not in inside for index in inside for after in self.consumers[index]):
            return None
        return inside

    def branches(self, fork: int, end: int, inside: set[int]) -> tuple[tuple[Item, ...], ...] | None:
        """The branches of a merge, in the order of its inputs; None where they share steps."""
        owned: list[set[int]] = []
        for last in self.steps[end].inputs:
            own: set[int] = set()
            waiting = [] if last == fork else [last]
            while waiting:
                index = waiting.pop()
                if index != fork and index not in own:
                    own.add(index)
                    waiting.extend(self.steps[index].inputs)
            owned.append(own)
        if sum(map(len, owned)) != len(inside):
            return None
        return tuple(self.sequence(sorted(own), fork) for own in owned)
