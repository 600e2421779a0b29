"""Groups that differ in numbers only become uses of a block, with these numbers as its arguments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from typing import NamedTuple

from cnncalc.interchange.structure.items import Group, Item, Leaf, Merge, Repeat, Use, steps_in
from cnncalc.interchange.structure.labels import Labels
from cnncalc.layers import Layer
from cnncalc.notation.lines import write

__all__ = ["Block", "in_blocks"]

LEAST_USES = 3
ONE_LINE = 60
"""Characters of a body that stands well on one line where it is."""
FIRST_MARK = 900_000_000
"""Numbers from here on stand for arguments while a block's layers are written."""
NUMBERS = ("out", "kernel", "stride", "padding", "dilation", "groups", "multiplier", "hidden")
"""The fields that may be arguments."""


class Block(NamedTuple):
    """A template: its items, in which layers have marks for arguments, and the arguments with their usual values."""

    name: str
    items: tuple[Item, ...]
    layers: dict[int, Layer]
    """The layer of each of its steps, with marks."""
    arguments: tuple[tuple[str, int | None], ...]
    marks: dict[int, str]
    """The argument that each mark stands for."""
    by_position: bool


def in_blocks(items: tuple[Item, ...], labels: Labels, *, nested: bool) -> tuple[tuple[Item, ...], list[Block]]:
    """The items with uses of blocks in place of groups that are alike, and these blocks.

    With `nested` groups that hold groups may become blocks, too; which of the two is shorter depends on the net.
    """
    found: dict[Hashable, list[Group | Repeat]] = {}
    for group in _groups(items):
        skeleton = _skeleton(group.items, labels, nested=nested)
        if skeleton is not None:
            found.setdefault((group.by_position, skeleton), []).append(group)
    blocks: list[Block] = []
    uses: dict[int, Use] = {}
    inside: set[int] = set()
    """Groups that are a part of a block already."""
    for groups in found.values():
        alike = [group for group in groups if id(group) not in inside]
        if len(alike) < LEAST_USES or _length(alike[0], labels) <= ONE_LINE:
            continue
        block, arguments = _block(f"unit{len(blocks) + 1}", alike, labels)
        blocks.append(block)
        uses.update((id(group), Use(block.name, text, group)) for group, text in zip(alike, arguments))
        inside.update(id(one) for group in alike for one in _groups(group.items))
    return _replaced(items, uses), blocks


def _groups(items: Sequence[Item]) -> Iterator[Group | Repeat]:
    """Every group that has its own level, the outermost first; what is inside of one that may be a block too."""
    for item in items:
        if isinstance(item, Group) or (isinstance(item, Repeat) and item.numbered):
            yield item
        if isinstance(item, Merge):
            for branch in item.branches:
                yield from _groups(branch)
        elif isinstance(item, (Group, Repeat)):
            yield from _groups(item.items)


def _length(group: Group | Repeat, labels: Labels) -> int:
    """About how many characters a body has."""
    layers = [
        (labels.sketch.operators[step].layer, labels.own[step]) for item in group.items for step in steps_in(item)
    ]
    return sum(len(write(layer)) + (12 + len(own) if own else 2) for layer, own in layers if layer is not None)


def _replaced(items: tuple[Item, ...], uses: dict[int, Use]) -> tuple[Item, ...]:
    made: list[Item] = []
    for item in items:
        if id(item) in uses:
            made.append(uses[id(item)])
        elif isinstance(item, Merge):
            made.append(item._replace(branches=tuple(_replaced(branch, uses) for branch in item.branches)))
        elif isinstance(item, (Group, Repeat)):
            made.append(item._replace(items=_replaced(item.items, uses)))
        else:
            made.append(item)
    return tuple(made)


def _number(layer: Layer, field: str) -> int | None:
    """A field as the one number that it is; None where it is none, or more."""
    value = getattr(layer, field, None) if field in layer.fields else None
    while isinstance(value, tuple) and value and all(one == value[0] for one in value) and len(value) in (1, 2):
        if len(value) == 2 and not isinstance(value[0], int):
            return None
        value = value[0]
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _skeleton(items: Sequence[Item], labels: Labels, *, nested: bool) -> Hashable | None:
    """What a body says, its numbers apart; None where it cannot be that of a block: names that others mention."""
    parts: list[Hashable] = []
    for item in items:
        if isinstance(item, Group) and nested:
            body = _skeleton(item.items, labels, nested=True)
            if body is None:
                return None
            parts.append((item.name, item.by_position, body))
            continue
        if not isinstance(item, (Leaf, Merge)) or item.step in labels.mentioned:
            return None
        operator = labels.sketch.operators[item.step]
        layer = operator.layer
        alone = operator.share is not None or bool(operator.said())
        if layer is None or alone or (isinstance(item, Leaf) and item.takes is not None):
            return None
        numbers = tuple(name for name in NUMBERS if _number(layer, name) is not None)
        rest = tuple((name, getattr(layer, name)) for name in layer.fields if name not in numbers)
        branches: list[Hashable] = []
        for branch in item.branches if isinstance(item, Merge) else ():
            inner = _skeleton(branch, labels, nested=nested)
            if inner is None:
                return None
            branches.append(inner)
        parts.append((layer.kind, labels.own[item.step], rest, numbers, tuple(branches)))
    return tuple(parts)


def _block(name: str, groups: Sequence[Group | Repeat], labels: Labels) -> tuple[Block, list[str]]:
    """The block of groups that are alike, and the arguments of each as text."""
    steps = [[step for item in group.items for step in steps_in(item)] for group in groups]
    marks: dict[tuple[int, ...], int] = {}
    names: list[str] = []
    layers: dict[int, Layer] = {}
    for same in zip(*steps):
        found = [labels.sketch.operators[step].layer for step in same]
        first = found[0]
        assert first is not None
        changed: dict[str, object] = {}
        for field in NUMBERS:
            values = tuple(_number(layer, field) for layer in found if layer is not None)
            if None in values or len(set(values)) == 1:
                continue
            vector = tuple(value for value in values if value is not None)
            if vector not in marks:
                marks[vector] = FIRST_MARK + len(marks)
                names.append(_fresh(field, names))
            changed[field] = marks[vector]
        values_of = {field: getattr(first, field) for field in first.fields}
        layers[same[0]] = type(first)(**{**values_of, **changed}) if changed else first
    usual = [_usual(vector) for vector in marks]
    order = sorted(range(len(names)), key=lambda place: usual[place] is not None)
    texts = []
    for number in range(len(groups)):
        words = []
        for place in order:
            value = list(marks)[place][number]
            if usual[place] is None:
                words.append(str(value))
            elif value != usual[place]:
                words.append(f"{names[place]}={value}")
        texts.append(" ".join(words))
    arguments = tuple((names[place], usual[place]) for place in order)
    marked = {mark: names[place] for place, mark in enumerate(marks.values())}
    return Block(name, groups[0].items, layers, arguments, marked, groups[0].by_position), texts


def _fresh(field: str, names: Sequence[str]) -> str:
    """A name for an argument: its field, and a number where there are several."""
    number = sum(1 for name in names if name.rstrip("0123456789") == field) + 1
    return field if number == 1 else f"{field}{number}"


def _usual(vector: Sequence[int]) -> int | None:
    """The value that an argument mostly has, where it is small, as strides are."""
    value, count = Counter(vector).most_common(1)[0]
    return value if value <= 4 and 2 * count >= len(vector) else None
