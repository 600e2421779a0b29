"""A rewrite made in the text of a net, line by line, so that all that it does not touch stays as it was written.

It is made where each layer that changes stands in one place of the file, and all layers of that place change alike.
Whoever calls this reads the text again and holds it against the net that it is to be: what is made here may be wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias, TypeVar

from cnncalc.graph import Net
from cnncalc.interchange.structure.writing import quoted
from cnncalc.language.yaml.reader import Mapping, Scalar, plain_value, read
from cnncalc.layers import Layer
from cnncalc.layers.kinds.merge import Merge
from cnncalc.notation.vocabulary import TokenError, default_pairs
from cnncalc.records import NamedTuple
from cnncalc.rewrites.editing import Edit, Edits
from cnncalc.rewrites.places import Item, items_of
from cnncalc.rewrites.tokens import Defaults, retold, told

__all__ = ["edited", "with_expectation"]

T = TypeVar("T")


Pair: TypeAlias = "tuple[Layer, tuple[Layer, ...]]"
"""A layer, and those that are to stand in its place."""


class _Change(NamedTuple):
    """What becomes of the layers of one item: each that it stands for, once."""

    item: Item
    pairs: tuple[Pair, ...]


class _Elsewhere(Exception):
    """The text cannot be changed in its lines."""


def edited(text: str, graph: Net, edits: Edits) -> str | None:
    """The text with the edits made in its lines; None where they cannot be made there. `graph` is the text's net."""
    root = read(text, "net", graph.limits)
    if not isinstance(root, Mapping) or "extends" in root.entries:
        return None
    lines = text.splitlines()
    if "expect" in root.entries and _expecting(lines) is None:
        return None
    try:
        changes = _changes(graph, edits, items_of(root), lines)
        defaults = _defaults(root)
        changes.sort(key=lambda change: (change.item.line, change.item.start), reverse=True)
        for change in changes:
            _make(lines, change, graph.dialect, defaults)
        while empty := _emptied(lines, graph):
            _remove(lines, empty)
    except _Elsewhere:
        return None
    return "\n".join(lines) + "\n"


def _defaults(root: Mapping) -> Defaults:
    """The fields that the file sets for kinds."""
    if "defaults" not in root.entries:
        return {}
    said = plain_value(root.entries["defaults"][1])
    found: dict[str, dict[str, object]] = {}
    for kind, fields in said.items() if isinstance(said, dict) else ():
        try:
            name, pairs = default_pairs(kind, fields)
        except TokenError:
            raise _Elsewhere from None  # an expression
        found[name] = dict(pairs)
    return found


def _changes(graph: Net, edits: Edits, items: dict[tuple[int, int], Item], lines: list[str]) -> list[_Change]:
    """The items that change, each once."""
    found: dict[tuple[int, int], dict[Pair, None]] = {}
    changing: set[tuple[int, int]] = set()
    for index, node, layer in graph.layers():
        if node.origin is None:
            raise _Elsewhere
        place = node.origin.place()
        at = place.line, place.column
        edit = Edit() if index in edits.dropped else edits.made.get(index, Edit((layer,)))
        if edit.layers != (layer,):
            if at not in items or place.text != lines[place.line - 1]:
                raise _Elsewhere
            changing.add(at)
        found.setdefault(at, {})[layer, edit.layers] = None
    changes = {at: _Change(items[at], tuple(found[at])) for at in changing}
    wholes = [change.item for change in changes.values() if any(isinstance(one, Merge) for one, _ in change.pairs)]
    return [one for at, one in changes.items() if not any(_within(one.item, whole, at, lines) for whole in wholes)]


def _within(item: Item, whole: Item, at: tuple[int, int], lines: list[str]) -> bool:
    return item.node is not whole.node and whole.holds(at, lines)


def _make(lines: list[str], change: _Change, dialect: str, defaults: Defaults) -> None:
    """Change the lines of one item. Raises `_Elsewhere` where the layers of that place change in different ways."""
    item, pairs = change
    if not any(after for _, after in pairs):
        _remove(lines, item)
    elif all(len(after) == 1 and not isinstance(before, Merge) for before, after in pairs):
        _alter(lines, item, [(before, after[0]) for before, after in pairs], dialect, defaults)
    else:
        name = _name(item)
        ways = {tuple(_texts(after, name, dialect, defaults)) for _, after in pairs}
        _put(lines, item, _only(ways))


def _texts(layers: tuple[Layer, ...], name: list[str], dialect: str, defaults: Defaults) -> Iterator[str]:
    """Layers as items, the last of them with a name."""
    for place, layer in enumerate(layers):
        kind, rest = told(layer, dialect, defaults)
        keys = name if place == len(layers) - 1 else []
        plain = not keys and rest[:1] not in ("{", '"')
        yield f"{kind} {rest}".strip() if plain else "{" + ", ".join([f"{kind}: {rest}", *keys]) + "}"


def _only(ways: set[T]) -> T:
    """The one way in which layers of one place change. Raises `_Elsewhere` where there are several."""
    if len(ways) != 1:
        raise _Elsewhere
    return ways.pop()


def _name(item: Item) -> list[str]:
    """The name that a mapping says beside its kind, which the last of several layers keeps.

    Raises `_Elsewhere` where it says more than a name.
    """
    if item.key is None:
        return []
    assert isinstance(item.node, Mapping)
    keys = []
    for name, (key, value) in item.node.entries.items():
        if key is item.key:
            continue
        if name != "name" or not isinstance(value, Scalar):
            raise _Elsewhere
        keys.append(f"name: {quoted(value.text)}")
    return keys


def _alter(lines: list[str], item: Item, pairs: list[tuple[Layer, Layer]], dialect: str, defaults: Defaults) -> None:
    """Write one layer in place of another, its name and the like as they were."""
    text = item.node if item.key is None else item.value
    if not isinstance(text, Scalar):
        raise _Elsewhere
    start, end = text.column - 1, text.column - 1 + len(text.text)
    line = lines[text.line - 1]
    if line[start:end] != text.text:
        raise _Elsewhere
    word, _, said = text.text.partition(" ") if item.key is None else (item.key.text, "", text.text)
    again = {retold(said, before, after, defaults) for before, after in pairs}
    if None in again:
        kind, rest = _only({told(after, dialect, defaults) for _, after in pairs})
    else:
        kind, rest = word, _only(again) or ""
    if item.key is None:
        if rest[:1] in ("{", '"'):
            raise _Elsewhere
        lines[text.line - 1] = line[:start] + f"{kind} {rest}".strip() + line[end:]
        return
    if item.key.line != text.line:
        raise _Elsewhere
    blank = " " if rest and not line[:start].endswith((" ", '"', "'")) else ""
    line = line[:start] + blank + rest + line[end:]
    start = item.key.column - 1
    lines[text.line - 1] = line[:start] + kind + line[start + len(item.key.text) :]


def _put(lines: list[str], item: Item, texts: tuple[str, ...]) -> None:
    """Put items in place of one."""
    dash = item.dashed(lines)
    end = item.bracketed(lines)
    if dash is not None:
        line = lines[item.line]
        behind = line[end:] if end is not None else ""
        head = line[: item.start]
        last = item.line if end is not None else item.last(lines)
        more = [f"{head}{text}" for text in texts[1:]]
        lines[item.line : last + 1] = [f"{head}{texts[0]}{behind}", *more]
    elif end is not None:
        line = lines[item.line]
        lines[item.line] = line[: item.start] + ", ".join(texts) + line[end:]
    else:
        raise _Elsewhere


def _remove(lines: list[str], item: Item) -> None:
    """Take an item out, with its comment."""
    if item.dashed(lines) is not None:
        del lines[item.line : item.last(lines) + 1]
        return
    end = item.bracketed(lines)
    if end is None:
        raise _Elsewhere
    line = lines[item.line]
    before, behind = line[: item.start], line[end:]
    if comma := re.match(r"\s*,\s*", behind):
        behind = behind[comma.end() :]
    elif (kept := before.rstrip()).endswith(","):  # a search for all three would begin at every blank
        before = kept[:-1].rstrip()
    lines[item.line] = before + behind


def _emptied(lines: list[str], graph: Net) -> Item | None:
    """The last group or repeat of which no layer is left; None where there is none."""
    root = read("\n".join(lines), "net", graph.limits)
    groups = [item for item in items_of(root).values() if item.key is not None and item.key.text == "layers"]
    empty = [item for item in groups if item.value is not None and plain_value(item.value) in ([], None)]
    return max(empty, key=lambda item: (item.line, item.start), default=None)


def with_expectation(text: str, expect: str) -> str:
    """The text with this line in place of its `expect:` block; without one it is as it was."""
    lines = text.splitlines()
    start = _expecting(lines)
    if start is None:
        return text
    end = start + 1
    while end < len(lines) and (not lines[end].strip() or lines[end][0] in " \t"):
        end += 1
    while end > start + 1 and not lines[end - 1].strip():
        end -= 1
    return "\n".join([*lines[:start], expect, *lines[end:]]) + "\n"


def _expecting(lines: list[str]) -> int | None:
    """The index of the line in which the `expect:` block begins; None where no line begins with it."""
    return next((place for place, line in enumerate(lines) if re.match(r"expect\s*:", line)), None)
