"""Which layers need a name in the text, and what every layer is called in the end."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.interchange.sketch import Sketch
from cnncalc.interchange.structure.items import Group, Item, Leaf, Merge, Use
from cnncalc.text import Distinct

__all__ = ["Labels"]


class _Level:
    """The names of one level, as the language gives them: kind and count, or the position."""

    def __init__(self, prefix: str, chosen: set[str], *, by_position: bool) -> None:
        self.prefix, self.chosen, self.by_position = prefix, chosen, by_position
        self.distinct = Distinct()
        self.taken = self.distinct.taken
        self.counts: dict[str, int] = {}
        self.position = 0

    def usual(self, kind: str) -> str:
        """What a layer without a name is called here."""
        if self.by_position:
            return str(self.position)
        stem, number = self._stem(kind), self.counts.get(kind, 0) + 1
        while f"{stem}{number}" in self.taken:
            number += 1
        return f"{stem}{number}"

    @staticmethod
    def _stem(kind: str) -> str:
        return f"{kind}_" if kind[-1].isdigit() else kind

    def take(self, kind: str, wanted: str) -> tuple[str, bool]:
        """The name of the next layer, and whether the text has to say it."""
        usual = self.usual(kind)
        if wanted == usual or (not wanted and usual not in self.chosen and usual not in self.taken):
            if not self.by_position:
                self.counts[kind] = int(usual.removeprefix(self._stem(kind)))
            return self._took(usual), False
        if wanted:
            name = self.distinct(wanted, self.chosen)
        else:
            name = f"{kind}_{self.position}"
            if name in self.taken or name in self.chosen:
                name = self.distinct.numbered(kind, self.chosen)
        return self._took(name), True

    def input(self, wanted: str) -> str:
        """The name of an input of the net."""
        return self.distinct(wanted, self.chosen)

    def _took(self, name: str) -> str:
        self.taken.add(name)
        self.position += 1
        return name


class Labels:
    """The full name of every step, and the name that the text gives it, which is empty for most."""

    def __init__(self, sketch: Sketch, names: list[str], items: tuple[Item, ...]) -> None:
        self.sketch, self.wanted = sketch, names
        self.full: dict[int, str] = {}
        self.own: dict[int, str] = {}
        inputs = [index for index, step in enumerate(sketch.operators) if step.layer is None]
        self.inputs: dict[int, str] = {}
        level = _Level("", self._chosen(items), by_position=False)
        for index in inputs:
            self.inputs[index] = level.input(names[index] or "input")
        self.full.update(self.inputs)
        self.items = self._named(items, level)
        self.mentioned = self._mentions(self.items)
        """The steps that others name: one text cannot stand for them and for others."""

    def _mentions(self, items: tuple[Item, ...]) -> set[int]:
        found = {step.share for step in self.sketch.operators if step.share is not None}
        waiting = list(items)
        while waiting:
            item = waiting.pop()
            if isinstance(item, Leaf):
                found.update(item.takes or ())
            elif isinstance(item, Merge):
                waiting.extend(one for branch in item.branches for one in branch)
            else:
                waiting.extend(() if isinstance(item, Use) else item.items)
        return found

    def _chosen(self, items: tuple[Item, ...]) -> set[str]:
        return {name for name in self._wanted(items) if name}

    def _wanted(self, items: tuple[Item, ...]) -> Iterator[str]:
        for item in items:
            if isinstance(item, Group):
                yield item.name
            elif isinstance(item, Merge):
                for branch in item.branches:
                    yield from self._wanted(branch)
                yield self.wanted[item.step]
            elif isinstance(item, Leaf):
                yield self.wanted[item.step]

    def _named(self, items: tuple[Item, ...], level: _Level) -> tuple[Item, ...]:
        made: list[Item] = []
        for one in items:
            if isinstance(one, Group):
                made.append(self._group(one, level))
                continue
            item = one
            if isinstance(item, Merge):
                item = item._replace(branches=tuple(self._named(branch, level) for branch in item.branches))
            assert isinstance(item, (Leaf, Merge))
            layer = self.sketch.operators[item.step].layer
            assert layer is not None
            name, said = level.take(layer.kind, self.wanted[item.step])
            self.full[item.step] = level.prefix + name
            self.own[item.step] = name if said else ""
            made.append(item)
        return tuple(made)

    def _group(self, group: Group, level: _Level) -> Group:
        name, _ = level.take("group", group.name)
        chosen = self._chosen(group.items)
        by_position = self._positions(group.items)
        inner = _Level(f"{level.prefix}{name}.", chosen, by_position=by_position)
        return Group(name, self._named(group.items, inner), by_position)

    def _positions(self, items: tuple[Item, ...]) -> bool:
        """Whether all the children of a group are called by their positions."""
        names = list(self._wanted(items))
        if all(isinstance(item, Group) for item in items):
            return False  # each says its name itself
        places = [str(index) for index in range(len(names))]
        return any(names) and len(names) > 1 and all(name in ("", place) for name, place in zip(names, places))
