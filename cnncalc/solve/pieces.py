"""The layers of a file cut into pieces at its unknowns, and what each piece depends on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from cnncalc.language.reader import Mapping as MappingNode
from cnncalc.language.reader import Node as YamlNode
from cnncalc.language.reader import Scalar, Sequence
from cnncalc.language.unknowns import UnknownFile

__all__ = ["Piece", "pieces"]

VARIABLE = re.compile(r"\bunknown_(\d+)\b")


class Piece(NamedTuple):
    """Some items of the net in a row."""

    items: list[YamlNode]
    unknowns: tuple[int, ...]
    """Those that stand in it, or in a block that it may use."""
    takes: bool
    """Whether it may take earlier layers by name."""
    shares: bool


def pieces(file: UnknownFile) -> list[Piece]:
    """The net's items, cut so that all in a piece have unknowns, or none has."""
    node = file.document.keys["layers"][1]
    blocks = {name: _Words(entry[1]) for name, entry in file.document.blocks.items()}
    in_blocks = {number for words in blocks.values() for number in words.unknowns}
    takes = any("from" in words.keys or words.shares for words in blocks.values())
    shares = any(words.shares for words in blocks.values())
    made: list[Piece] = []
    for item in _plain(node.items if isinstance(node, Sequence) else []):
        words = _Words(item)
        found = set(words.unknowns)
        if in_blocks and (words.computed or words.words & set(blocks)):
            found |= in_blocks
        unknowns = tuple(sorted(found))
        one = Piece([item], unknowns, takes or "from" in words.keys, shares or words.shares)
        if made and not unknowns and not made[-1].unknowns:
            last = made[-1]
            made[-1] = Piece([*last.items, item], (), last.takes or one.takes, last.shares or one.shares)
        else:
            made.append(one)
    return made


def _plain(items: list[YamlNode]) -> Iterator[YamlNode]:
    """The items, bare lists and groups without a name taken apart: their layers count in the level around them."""
    for item in items:
        if isinstance(item, Sequence):
            yield from _plain(item.items)
        elif isinstance(item, MappingNode) and list(item.entries) == ["layers"]:
            inner = item.entries["layers"][1]
            yield from _plain(inner.items) if isinstance(inner, Sequence) else [item]
        else:
            yield item


class _Words:
    """What stands in a node."""

    def __init__(self, node: YamlNode) -> None:
        self.unknowns: list[int] = []
        self.words: set[str] = set()
        self.keys: set[str] = set()
        self.computed = False
        """Whether a word may be any, because an expression makes it."""
        self._seen: set[int] = set()
        self._walk(node)

    @property
    def shares(self) -> bool:
        return "share" in self.keys

    def _walk(self, node: YamlNode) -> None:
        if id(node) in self._seen:
            return
        self._seen.add(id(node))
        if isinstance(node, Scalar):
            self.unknowns += [int(number) - 1 for number in VARIABLE.findall(node.text)]
            self.words.update(node.text.split())
            self.computed = self.computed or node.text.lstrip().startswith("$")
        elif isinstance(node, Sequence):
            for item in node.items:
                self._walk(item)
        elif isinstance(node, MappingNode):
            self.keys.update(node.entries)
            self.words.update(node.entries)
            for key, (_, value) in node.entries.items():
                self.computed = self.computed or "$" in key
                self._walk(value)
