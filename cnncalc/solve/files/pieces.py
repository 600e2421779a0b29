"""The layers of a file cut into pieces at its unknowns, and what each piece depends on.

The branches of a merge and the layers of a named group are pieces of their own where unknowns stand in them, so that
what is unknown in one branch is no matter of the other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import Enum, auto
from types import MappingProxyType

from cnncalc.language.building.items import BRANCH
from cnncalc.language.documents.library import library_blocks
from cnncalc.language.unknowns import UnknownFile
from cnncalc.language.yaml.reader import Mapping as MappingNode
from cnncalc.language.yaml.reader import Scalar, Sequence, YamlNode
from cnncalc.layers import kind_named
from cnncalc.layers.kinds.merge import Merge
from cnncalc.records import NamedTuple

__all__ = ["Action", "Piece", "Words", "pieces"]

NAME = re.compile(r"[^\W\d]\w*")
NOTHING: Mapping[str, int] = MappingProxyType({})
LOOKUPS = ("from", "share")
"""The keys whose values are names of earlier layers."""


class Action(Enum):
    """What a piece does."""

    INPUT = auto()
    """Makes the net's inputs."""
    BUILD = auto()
    """Builds its items."""
    OPEN = auto()
    """Enters a named group."""
    CLOSE = auto()
    BRANCH = auto()
    """Begins a merge: its first branch starts at the current tensor."""
    NEXT = auto()
    """Ends a branch; what follows starts where the first one did."""
    JOIN = auto()
    """Merges the branches."""


class Piece(NamedTuple):
    """Some items of the net in a row, or a step into or out of what holds them."""

    items: list[YamlNode]
    unknowns: tuple[int, ...]
    """Those that stand in it, or in a block that it may use."""
    lookups: frozenset[str] = frozenset()
    """The names that it takes earlier layers by."""
    given: frozenset[str] = frozenset()
    """The names that it gives."""
    takes: bool = False
    """Whether it may take earlier layers by name."""
    shares: bool = False
    any_name: bool = False
    """Whether it may look up or give any name, because an expression makes it."""
    action: Action = Action.BUILD

    def joined(self, other: Piece) -> Piece:
        """Both as one, where neither has unknowns."""
        lookups, given = self.lookups | other.lookups, self.given | other.given
        takes, shares = self.takes or other.takes, self.shares or other.shares
        return Piece([*self.items, *other.items], (), lookups, given, takes, shares, self.any_name or other.any_name)


def pieces(file: UnknownFile) -> list[Piece]:
    """The net's inputs and items, cut so that all in a piece have unknowns, or none has."""
    node = file.document.keys["layers"][1]
    numbers = file.numbers
    blocks = {name: Words(entry[1], numbers) for name, entry in file.document.blocks.items()}
    items = node.items if isinstance(node, Sequence) else []
    inputs = [file.document.keys[key][1] for key in ("input", "inputs") if key in file.document.keys]
    given = (
        sorted({number for one in inputs for number in Words(one, numbers).unknowns}) if not file.options.input else []
    )
    made = [Piece([], tuple(given), action=Action.INPUT)]
    groups = not any(Words(item).shares for item in items) and not any(words.shares for words in blocks.values())
    users = _users(blocks)
    for action, item in _steps(items, numbers, groups=groups):
        piece = _piece(item, action, blocks, users, numbers)
        plain = piece.action is Action.BUILD is made[-1].action
        if plain and not piece.unknowns and not made[-1].unknowns:
            made[-1] = made[-1].joined(piece)
        else:
            made.append(piece)
    return made


def _users(blocks: Collection[str]) -> set[str]:
    """The file's own blocks, and those of the library that use one of their names, or one another."""
    users = set(blocks)
    library = {name: Words(node).words for name, (_, node) in library_blocks().items()} if users else {}
    while more := {name for name, words in library.items() if name not in users and words & users}:
        users |= more
    return users


def _piece(
    item: YamlNode, action: Action, blocks: Mapping[str, Words], users: set[str], numbers: Mapping[str, int]
) -> Piece:
    """One item as a piece. What it is seen to use of blocks may be more than it does use, and never less."""
    words = Words(item, numbers)
    if action is not Action.BUILD:
        own = words.own if action in (Action.OPEN, Action.BRANCH) else frozenset()
        return Piece([item], (), given=own, action=action)
    seen = [words]
    if words.computed or words.words & users:
        seen += blocks.values()
    return Piece(
        [item],
        tuple(sorted({number for one in seen for number in one.unknowns})),
        frozenset().union(*(one.lookups for one in seen)),
        frozenset().union(*(one.given for one in seen)),
        any("from" in one.keys or one.shares for one in seen),
        any(one.shares for one in seen),
        any(one.any_name for one in seen),
    )


def _steps(items: Iterable[YamlNode], numbers: Mapping[str, int], *, groups: bool) -> Iterator[tuple[Action, YamlNode]]:
    """The items; what holds some with unknowns is taken apart where the builder can be stopped between them.

    Bare lists, and groups without a name, are part of the level around them. With `groups`, named ones are entered.
    """
    for item in items:
        if isinstance(item, Sequence):
            yield from _steps(item.items, numbers, groups=groups)
        elif not isinstance(item, MappingNode):
            yield Action.BUILD, item
        elif list(item.entries) == ["layers"] and isinstance(item.entries["layers"][1], Sequence):
            yield from _steps(item.entries["layers"][1].items, numbers, groups=groups)
        elif groups and _is_named_group(item) and _apart(item, numbers):
            yield Action.OPEN, item
            inner = item.entries["layers"][1]
            assert isinstance(inner, Sequence)
            yield from _steps(inner.items, numbers, groups=groups)
            yield Action.CLOSE, item
        elif (branches := _branches(item)) and _apart(item, numbers):
            yield Action.BRANCH, item
            for branch in branches:
                yield from _steps([branch], numbers, groups=groups)
                yield Action.NEXT, item
            yield Action.JOIN, item
        else:
            yield Action.BUILD, item


def _apart(item: YamlNode, numbers: Mapping[str, int]) -> bool:
    """Whether there is anything to gain by taking an item apart."""
    return len(set(Words(item, numbers).unknowns)) > 1


def _is_named_group(item: MappingNode) -> bool:
    keys = set(item.entries)
    if not {"layers", "name"} <= keys <= {"layers", "name", "naming"}:
        return False
    name = item.entries["name"][1]
    return isinstance(item.entries["layers"][1], Sequence) and isinstance(name, Scalar) and "$" not in name.text


def _branches(item: MappingNode) -> list[YamlNode]:
    """The branches of a merge that has no other key than its name; none where it is none such.

    Nor where one may be left out or stand several times.
    """
    name = item.entries.get("name")
    kinds = [key for key in item.entries if key != "name"]
    found = kind_named(kinds[0]) if len(kinds) == 1 else None
    value = item.entries[kinds[0]][1] if found and issubclass(found[0], Merge) else None
    if not isinstance(value, Sequence) or len(value.items) < 2:
        return []
    if name is not None and (not isinstance(name[1], Scalar) or "$" in name[1].text):
        return []
    counted = any(isinstance(one, MappingNode) and one.entries.keys() & {"when", BRANCH} for one in value.items)
    return [] if counted else value.items


class Words:
    """All that stands in a node, however deep; `numbers` are the unknowns by the variables that stand for them."""

    def __init__(self, node: YamlNode, numbers: Mapping[str, int] = NOTHING) -> None:
        self.numbers = numbers
        self.unknowns: list[int] = []
        self.words: set[str] = set()
        self.keys: set[str] = set()
        self.lookups: set[str] = set()
        """The earlier layers that are named in it."""
        self.given: set[str] = set()
        """The names that are given in it."""
        self.computed = False
        """Whether a word may be any, because an expression makes it."""
        self.any_name = False
        """Whether a name may be any."""
        self._seen: set[int] = set()
        self.own: frozenset[str] = frozenset()
        """The name of the item itself."""
        if isinstance(node, MappingNode) and "name" in node.entries:
            name = node.entries["name"][1]
            self.own = frozenset([name.text]) if isinstance(name, Scalar) else frozenset()
        self._walk(node, "")

    @property
    def shares(self) -> bool:
        """Whether anything in it uses the parameters of another layer."""
        return "share" in self.keys

    def _walk(self, node: YamlNode, under: str) -> None:
        """Below a node, which is the value of the key `under` or stands in it."""
        names = {"name": self.given}.get(under, self.lookups if under in LOOKUPS else None)
        if id(node) in self._seen and names is None:
            return
        self._seen.add(id(node))
        if isinstance(node, Scalar):
            self._see(node.text)
            self.words.update(node.text.split())
            self.computed = self.computed or node.text.lstrip().startswith("$")
            if names is not None:
                names.add(node.text)
                self.any_name = self.any_name or "$" in node.text
        elif isinstance(node, Sequence):
            for item in node.items:
                self._walk(item, under)
        elif isinstance(node, MappingNode):
            self.keys.update(node.entries)
            self.words.update(node.entries)
            for key, (_, value) in node.entries.items():
                self.computed = self.computed or "$" in key
                self._see(key)
                self._walk(value, key)

    def _see(self, text: str) -> None:
        if self.numbers:
            self.unknowns += [self.numbers[name] for name in NAME.findall(text) if name in self.numbers]
