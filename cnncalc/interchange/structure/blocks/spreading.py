"""Items as what they have in common with others, and what may differ: values of fields, and names.

Two items have one key where one text can say both once it is told their values and names. `Alike.fill` makes the item
anew with texts in place of these, which is what stands in a block.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from cnncalc.interchange.structure.blocks.stems import PLACE, PREFIX, Stems, stems
from cnncalc.interchange.structure.items import NAME, Block, Group, Item, Leaf, Merge, Repeat, Said, Use
from cnncalc.interchange.structure.labels import Labels
from cnncalc.interchange.structure.writing import notation
from cnncalc.layers import Layer
from cnncalc.layers.registry import preset_name
from cnncalc.notation.lines import write
from cnncalc.records import NamedTuple

__all__ = ["Alike", "Spread"]

NAMED = 14
"""About how many characters a name takes beside itself."""


WORK = 80_000
"""Items and runs that the search for blocks may look at; real nets of a thousand layers take a third of it."""


class Spread(NamedTuple):
    """An item taken apart."""

    key: Hashable
    fields: tuple[str, ...]
    """What each value is of."""
    values: tuple[str, ...]
    names: tuple[str, ...]
    """The names that it gives in the level that it stands in, empty ones of layers without one among them."""
    size: int
    """About how many characters its text has."""


class Alike:
    """Takes items apart, each once."""

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self.work = WORK
        self.known: dict[int, tuple[Item, Spread | None, int]] = {}
        self.bodies: dict[int, tuple[Sequence[Item], Spread | None]] = {}
        self.numbers: dict[Hashable, int] = {}
        self.layers: dict[Layer, tuple[Hashable, Said]] = {}
        self.ways: dict[tuple[str, ...], tuple[Stems, ...]] = {}

    def number(self, item: Item) -> int:
        """Equal for two items only where they have one key; -1 for one that stands in no block."""
        return self._of(item)[2]

    def spread(self, item: Item) -> Spread | None:
        """The item taken apart; None where others name it by `from`, or where it says what only it can say."""
        return self._of(item)[1]

    def size(self, item: Item) -> int:
        """About how many characters the text of an item has that stands in a block."""
        spread = self._of(item)[1]
        return 0 if spread is None else spread.size

    def _of(self, item: Item) -> tuple[Item, Spread | None, int]:
        found = self.known.get(id(item))
        if found is None:
            spread = self._spread(item)
            number = -1 if spread is None else self.numbers.setdefault(spread.key, len(self.numbers))
            found = self.known[id(item)] = item, spread, number
        return found

    def body(self, items: Sequence[Item]) -> Spread | None:
        """Several items as one, with all their names."""
        found = self.bodies.get(id(items))
        if found is None:
            parts = [self._of(item)[1] for item in items]
            whole = [part for part in parts if part is not None]
            found = self.bodies[id(items)] = items, together(whole) if len(whole) == len(parts) else None
        return found[1]

    def whole(self, items: Sequence[Item]) -> Spread:
        """Several items that stand in a block as one."""
        body = self.body(items)
        assert body is not None
        return body

    def stems(self, items: Sequence[Item]) -> tuple[Stems, ...]:
        """The ways to say the names of several items that stand in a block; the same names stand in many places."""
        parts = [self._of(item)[1] for item in items]
        names = tuple([name for part in parts if part is not None for name in part.names])
        found = self.ways.get(names)
        if found is None:
            found = self.ways[names] = tuple(stems(names))
        return found

    def _spread(self, item: Item) -> Spread | None:
        if isinstance(item, (Leaf, Merge)):
            return self._layer(item)
        if isinstance(item, Use):
            return self._use(item)
        inner = self.body(item.items)
        if inner is None:
            return None
        named = isinstance(item, Group) or item.numbered
        if named and any("$" in name for name in inner.names):
            return None
        if isinstance(item, Group):
            key: Hashable = ("group", item.by_position, inner.key, inner.names)
            return Spread(key, inner.fields, inner.values, (item.name,), inner.size + len(item.name) + 24)
        fields, values = (*inner.fields, "times"), (*inner.values, str(item.times))
        if item.numbered:
            key = ("numbered", item.name, item.first, item.by_position, inner.key, inner.names)
            return Spread(key, fields, values, (), inner.size + len(item.name) + 40)
        return Spread(("repeat", inner.key), fields, values, inner.names, inner.size + 24)

    def _use(self, item: Use) -> Spread | None:
        group, size = item.group, 8 + len(item.block.name) + sum(len(one) + 1 for one in (*item.stems, *item.values))
        fields, values = tuple(name for name, _ in item.block.arguments[item.block.stems :]), item.values
        names = tuple(f"{begin}{stem}" for begin, stem in zip(_begins(item.block), item.stems))
        if isinstance(group, Group):
            names = (*names, group.name) if group.name else names
            return Spread(("use", item.block.name, bool(group.name)), fields, values, names, size + len(group.name))
        key = ("use", item.block.name, group.name, group.first, group.numbered)
        return Spread(key, (*fields, "times"), (*values, str(group.times)), names, size + len(group.name) + 16)

    def _layer(self, item: Leaf | Merge) -> Spread | None:
        labels = self.labels
        operator = labels.sketch.operators[item.step]
        layer = operator.layer
        if layer is None or operator.share is not None or operator.said():
            return None
        if isinstance(item, Leaf) and item.takes is not None:
            return None
        said = dict(item.said)
        own = said.get(NAME) or labels.own[item.step]
        size = len(write(layer)) + (NAMED + len(own) if own else 2)
        if isinstance(item, Merge):
            branches = [self.body(branch) for branch in item.branches]
            inner = [branch for branch in branches if branch is not None]
            if len(inner) < len(branches):
                return None
            whole = together(inner)
            sides = tuple(branch.key for branch in inner)
            return Spread((layer, sides), whole.fields, whole.values, (*whole.names, own), whole.size + size + 16)
        if layer not in self.layers:
            short = notation(layer, labels.sketch.dialect)[1][:1] != "{"
            self.layers[layer] = taken_apart(layer, short=short)
        key, numbers = self.layers[layer]
        fields = tuple(name for name, _ in numbers)
        return Spread(key, fields, tuple(said.get(name, value) for name, value in numbers), (own,), size)

    # -- with other values and names --

    def fill(self, item: Item, values: Iterator[str], names: Iterator[str]) -> Item:
        """The item with other values and names, in the order that its `Spread` has them."""
        if isinstance(item, Leaf):
            spread = self.spread(item)
            assert spread is not None
            return item._replace(said=_said([(field, next(values)) for field in spread.fields], next(names)))
        if isinstance(item, Merge):
            branches = tuple(tuple(self.fill(one, values, names) for one in branch) for branch in item.branches)
            return item._replace(branches=branches, said=_said([], next(names)))
        if isinstance(item, Group):
            return item._replace(items=self._inside(item, values), name=next(names))
        if isinstance(item, Repeat):
            if item.numbered:
                return item._replace(items=self._inside(item, values), times=next(values))
            inside = tuple(self.fill(one, values, names) for one in item.items)
            return item._replace(items=inside, times=next(values))
        return _filled_use(item, values, names)

    def _inside(self, item: Group | Repeat, values: Iterator[str]) -> tuple[Item, ...]:
        """The items of a group with other values; the names in it are its own."""
        names = iter(self.whole(item.items).names)
        return tuple(self.fill(one, values, names) for one in item.items)


def together(parts: Sequence[Spread]) -> Spread:
    """Several items as one."""
    if len(parts) == 1:
        return parts[0]._replace(key=(parts[0].key,))
    keys: list[Hashable] = []
    fields: list[str] = []
    values: list[str] = []
    names: list[str] = []
    size = 0
    for part in parts:
        keys.append(part.key)
        fields += part.fields
        values += part.values
        names += part.names
        size += part.size
    return Spread(tuple(keys), tuple(fields), tuple(values), tuple(names), size)


def taken_apart(layer: Layer, *, short: bool) -> tuple[Hashable, Said]:
    """What a layer has in common with others, and its fields that are numbers, as their text; none in long form."""
    numbers = []
    called = preset_name(layer)
    alone = layer.presets.get(called, {})
    rest: list[Hashable] = [called]
    for name, declared in layer.fields.items():
        value = getattr(layer, name)
        if short and not declared.hidden and name not in alone and _is_number(value):
            numbers.append((name, declared.type.write(value)))
            rest.append(name)
        else:
            rest.append((name, value))
    return tuple(rest), tuple(numbers)


def _is_number(value: object) -> bool:
    """Whether a field's value is one number, or one an axis."""
    if isinstance(value, tuple):
        return bool(value) and all(map(_is_number, value))
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _filled_use(item: Use, values: Iterator[str], names: Iterator[str]) -> Use:
    group, given = item.group, tuple(next(values) for _ in item.values)
    if isinstance(group, Repeat):
        group = group._replace(times=next(values))
    stems = tuple(next(names).removeprefix(begin) for begin in _begins(item.block))
    if isinstance(group, Group) and group.name:
        group = group._replace(name=next(names))
    return item._replace(stems=stems, values=given, group=group)


def _begins(block: Block) -> list[str]:
    """What stands before the stems of a block's names, so that they are names: a number alone is none."""
    return ["" if name in (PREFIX, PLACE) else f"{name}_" for name, _ in block.arguments[: block.stems]]


def _said(fields: Sequence[tuple[str, str]], name: str) -> Said:
    """What is another text than the layer's own."""
    return tuple((field, text) for field, text in (*fields, (NAME, name)) if "$" in text)
