"""Names become groups: consecutive items whose names begin alike stand in a group of that name.

A layer with a name of its own has its place. One without stands where its name says if that makes no group apart, else
wherever those around it do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from cnncalc.interchange.sketch import Operator
from cnncalc.interchange.structure.items import Group, Item, Leaf, Merge, steps_in
from cnncalc.layers import Layer

__all__ = ["Paths", "in_groups", "with_merges_inside", "without_small_groups"]

DEEPEST = 12
Keys: TypeAlias = "dict[int, list[str | None]]"
"""The group that each item of a list stands in, by the identity of the list."""


class Paths:
    """For each step the groups that it still stands in, and its own name."""

    __slots__ = ("groups", "names", "placed", "within")

    def __init__(self, groups: list[tuple[str, ...]], names: list[str]) -> None:
        self.groups, self.names = groups, names
        self.placed = [bool(around) for around in groups]
        """Whether a step's name says at all where it stands."""
        self.within: dict[int, tuple[Item, list[int]]] = {}
        """The steps of the items that were asked for theirs."""

    def steps(self, item: Item) -> list[int]:
        """The steps of an item, which are looked for once."""
        found = self.within.get(id(item))
        if found is None:
            found = self.within[id(item)] = item, steps_in(item)
        return found[1]

    def first(self, step: int) -> str | None:
        """The outermost group that a step still stands in."""
        return self.groups[step][0] if self.groups[step] else None

    def key(self, item: Item) -> str | None:
        """The group that the whole of an item stands in; None where it stands in none, or in several."""
        steps = self.steps(item)
        named = {self.first(step) for step in steps if self.names[step]}
        others = {self.first(step) for step in steps if not self.names[step] and self.placed[step]}
        keys = named or others
        return keys.pop() if len(keys) == 1 and None not in others else None

    def keys(self, items: Sequence[Item], owned: set[str | None]) -> list[str | None]:
        """The group of each of several items; `owned` are the groups that layers with own names stand in."""
        keys = [self.key(item) for item in items]
        sure = [any(self.names[step] for step in self.steps(item)) for item in items]
        before: str | None = None
        waiting: list[int] = []
        for place, key in enumerate(keys):
            if sure[place]:
                for one in waiting:
                    keys[one] = key if key is not None and (key == before or keys[one] == key) else None
                before, waiting = key, []
            elif key is not None and key == before and not waiting:
                continue
            elif key in owned or key is None:
                waiting.append(place)
            else:
                before, waiting = key, []
        for one in waiting:
            keys[one] = None
        return keys

    def enter(self, item: Item, key: str) -> None:
        """Go one group deeper."""
        for step in self.steps(item):
            self.groups[step] = self.groups[step][1:] if self.first(step) == key else ()

    def join(self, key: str, steps: Iterable[int]) -> None:
        """Where a group cannot be written as one, its name becomes part of the names in it."""
        for step in steps:
            groups = self.groups[step]
            if groups and groups[0] == key:
                if len(groups) > 1:
                    self.groups[step] = (f"{key}.{groups[1]}", *groups[2:])
                else:
                    self.groups[step] = ()
                    self.names[step] = self.names[step] and f"{key}.{self.names[step]}"


def in_groups(items: tuple[Item, ...], paths: Paths, depth: int = 0) -> tuple[Item, ...]:
    """The items with groups around them, where each group is one run of items."""
    if depth >= DEEPEST:
        return items
    steps = [step for item in items for step in paths.steps(item)]
    while True:
        owned = {paths.first(step) for step in steps if paths.names[step]} - {None}
        runs: dict[str, int] = {}
        keys: Keys = {}
        _count(items, paths, runs, owned, keys)
        split = [key for key, number in runs.items() if number > 1]
        split += sorted(key for key in owned if key is not None and key not in runs)
        if not split:
            return _grouped(items, paths, depth, keys)
        for key in split:
            paths.join(key, steps)


def _count(items: tuple[Item, ...], paths: Paths, runs: dict[str, int], owned: set[str | None], keys: Keys) -> None:
    """Count the runs of items of each group, those in branches too; `keys` gets the groups of each list."""
    before = None
    keys[id(items)] = paths.keys(items, owned)
    for item, key in zip(items, keys[id(items)]):
        if key is not None and key != before:
            runs[key] = runs.get(key, 0) + 1
        before = key
        if key is None and isinstance(item, Merge):
            for branch in item.branches:
                _count(branch, paths, runs, owned, keys)
            own = paths.first(item.step)
            if own is not None and paths.names[item.step]:
                runs[own] = runs.get(own, 0) + 2  # its merge alone cannot stand in a group


def _grouped(items: tuple[Item, ...], paths: Paths, depth: int, keys: Keys) -> tuple[Item, ...]:
    made: list[Item] = []
    run: list[Item] = []
    before: str | None = None
    for item, key in zip((*items, None), (*keys[id(items)], None)):
        if run and key != before:
            assert before is not None
            for one in run:
                paths.enter(one, before)
            made.append(Group(before, in_groups(tuple(run), paths, depth + 1)))
            run = []
        before = key
        if item is None:
            break
        if key is not None:
            run.append(item)
        elif isinstance(item, Merge):
            branches = tuple(_grouped(branch, paths, depth, keys) for branch in item.branches)
            made.append(item._replace(branches=branches))
        else:
            assert isinstance(item, Leaf)
            made.append(item)
    return tuple(made)


def without_small_groups(items: tuple[Item, ...], paths: Paths, operators: Sequence[Operator]) -> tuple[Item, ...]:
    """Groups of one layer, or of one group, become part of its name, unless a group beside them is alike."""
    made: list[Item] = []
    bodies = [_body(item, paths, operators) for item in items if isinstance(item, Group)]
    for item in items:
        if isinstance(item, Merge):
            branches = tuple(without_small_groups(branch, paths, operators) for branch in item.branches)
            made.append(item._replace(branches=branches))
        elif isinstance(item, Group):
            inner = without_small_groups(item.items, paths, operators)
            named = [step for step in paths.steps(item) if paths.names[step]]
            flat = all(isinstance(one, Leaf) for one in inner)
            if len(inner) == 1 and isinstance(inner[0], Group):
                made.append(inner[0]._replace(name=f"{item.name}.{inner[0].name}"))
            elif flat and len(named) == 1 and bodies.count(_body(item, paths, operators)) == 1:
                paths.names[named[0]] = f"{item.name}.{paths.names[named[0]]}"
                made += inner
            else:
                made.append(item._replace(items=inner))
        else:
            made.append(item)
    return tuple(made)


def with_merges_inside(items: tuple[Item, ...], paths: Paths) -> tuple[Item, ...]:
    """A merge without a name around one group stands in that group, where it does in the group before.

    The last layer of a dense block is joined outside of it, and all others are in the next.
    """
    made: list[Item] = []
    for item in items:
        if isinstance(item, Merge):
            branches = tuple(with_merges_inside(branch, paths) for branch in item.branches)
            made.append(_taken_in(item._replace(branches=branches), paths, made[-1] if made else None))
        elif isinstance(item, Group):
            made.append(item._replace(items=with_merges_inside(item.items, paths)))
        else:
            made.append(item)
    return tuple(made)


def _taken_in(item: Merge, paths: Paths, before: Item | None) -> Item:
    """A merge, or the group in it with the merge inside."""
    around = [branch for branch in item.branches if branch]
    if len(around) != 1 or len(around[0]) != 1 or paths.names[item.step] or not _is_merged(before):
        return item
    group = around[0][0]
    if not isinstance(group, Group):
        return item
    return group._replace(items=(item._replace(branches=tuple(group.items if one else () for one in item.branches)),))


def _is_merged(item: Item | None) -> bool:
    return isinstance(item, Group) and len(item.items) == 1 and isinstance(item.items[0], Merge)


def _body(item: Group, paths: Paths, operators: Sequence[Operator]) -> tuple[tuple[str, Layer | None], ...]:
    """The own names and the layers in a group."""
    return tuple([(paths.names[step], operators[step].layer) for step in paths.steps(item)])
