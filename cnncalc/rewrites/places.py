"""Where the layers of a net stand in its text, and how much of the text an item of a list takes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnncalc.language.yaml.reader import Mapping, Scalar, Sequence, YamlNode
from cnncalc.records import NamedTuple

__all__ = ["Item", "items_of"]

_DASH = re.compile(r"\s*-\s+\Z")
"""What stands before an item that has lines of its own."""
_SEPARATOR = re.compile(r"\s*,\s*")


class Item(NamedTuple):
    """An item of a list: a notation, or a mapping with a kind among its keys."""

    node: Scalar | Mapping
    key: Scalar | None = None
    """The kind, where it is a mapping."""
    value: YamlNode | None = None
    """What stands behind the kind."""

    @property
    def line(self) -> int:
        """The index of its first line."""
        return self.node.line - 1

    @property
    def start(self) -> int:
        """The index of its first character there, a quotation mark before a text included."""
        column = self.node.column - 1
        quoted = isinstance(self.node, Scalar) and not self.node.plain
        return column - quoted

    def dashed(self, lines: list[str]) -> int | None:
        """The column of the dash before it, where it has lines of its own; else None."""
        before = lines[self.line][: self.start]
        return before.index("-") if _DASH.match(before) else None

    def bracketed(self, lines: list[str]) -> int | None:
        """The index behind its last character, where it stands on one line whole; else None."""
        if isinstance(self.node, Scalar):
            length = len(self.node.text)
            end = self.node.column - 1 + length
            if lines[self.line][self.node.column - 1 : end] != self.node.text:
                return None  # with escapes, or over several lines
            return end + (not self.node.plain)
        line = lines[self.line]
        if line[self.start : self.start + 1] != "{":
            return None
        end = self.start + self.node.place().width
        return end if line[end - 1 : end] == "}" else None

    def last(self, lines: list[str]) -> int:
        """The index of the last line of one that has lines of its own: as long as they are further in than its dash."""
        dash = self.dashed(lines)
        assert dash is not None
        last = self.line
        for place in range(self.line + 1, len(lines)):
            text = lines[place]
            if text.strip() and len(text) - len(text.lstrip()) <= dash:
                break
            if text.strip() and not text.lstrip().startswith("#"):
                last = place
        return last

    def holds(self, other: tuple[int, int], lines: list[str]) -> bool:
        """Whether a place of the text, a line and a column from 1, lies in it."""
        line, column = other[0] - 1, other[1] - 1
        end = self.bracketed(lines)
        if end is not None:
            return line == self.line and self.start <= column < end
        return self.dashed(lines) is not None and self.line <= line <= self.last(lines)


def items_of(root: YamlNode) -> dict[tuple[int, int], Item]:
    """The items of all lists of a file, by the line and column, from 1, of the text that says their kind."""
    return {(node.line, node.column): item for item in _walk(root) for node in _said(item)}


def _said(item: Item) -> Iterator[YamlNode]:
    """The texts of an item that a layer of it may be known by."""
    if item.key is None:
        yield item.node
        return
    yield item.key
    if isinstance(item.value, Scalar):
        yield item.value


def _walk(node: YamlNode) -> Iterator[Item]:
    waiting: list[YamlNode] = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Sequence):
            for item in one.items:
                if isinstance(item, Scalar):
                    yield Item(item)
                elif isinstance(item, Mapping):
                    for key, value in item.entries.values():
                        yield Item(item, key, value)
                waiting.append(item)
        elif isinstance(one, Mapping):
            waiting.extend(value for _, value in one.entries.values())
