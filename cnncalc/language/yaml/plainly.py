"""The YAML that most nets are written in, read without PyYAML, whose import takes longer than to read a net.

Blocks by indentation, brackets, plain words, quotes without escapes, `>-`, names (`&head`) and aliases. Whatever else a
text holds, and all that may be a fault, is PyYAML's to read and to explain: nothing is said of it here. The tests hold
both readers to the same nodes at the same places.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.language.yaml import scalars as scalar_faults
from cnncalc.language.yaml.tree import Mapping, Scalar, Sequence, Source, YamlNode

if TYPE_CHECKING:
    from cnncalc.limits import Limits

__all__ = ["NUMBER_START", "read_plainly"]

LONGEST = 262_144
"""Characters: libyaml is quicker than this from some point on."""
LONGEST_KEY = 1_000
"""Characters; YAML has a bound of 1,024."""
DEEPEST = 32
"""Lists and mappings inside of one another."""
NUMBER_START = frozenset("0123456789+-.")
_STARTS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_$.(+~/<=^")
"""What a plain text may begin with here; YAML allows more."""
_ANCHOR = re.compile("&([A-Za-z0-9_]+)(?: +|$)")
_ALIAS = re.compile("[*]([A-Za-z0-9_]+)")
_KEY = re.compile("[A-Za-z0-9_][-A-Za-z0-9_.*/]*:")
_WORDS_IN_BRACKETS = re.compile(r"(?:[^:#,\[\]{}]|:(?=[0-9A-Za-z$(]))+")


class _Other(Exception):
    """The text holds what is PyYAML's to read."""


def read_plainly(source: Source, limits: Limits) -> YamlNode | None:
    """The root of a text that was decoded, where all of it is plain; None of any other text."""
    text = source.text
    if len(text) > LONGEST or not text.replace("\n", "").isprintable():
        return None
    reader = _Lines(source, limits)
    try:
        root = reader.block(reader.indent, 1) if reader.indent == 0 else None
    except _Other:
        return None
    return root if isinstance(root, Mapping) and reader.indent < 0 and root.size <= limits.nodes else None


class _Lines:
    """The lines that say something, and the one that is being read."""

    def __init__(self, source: Source, limits: Limits) -> None:
        self.source = source
        self.limits = limits
        self.deepest = min(DEEPEST, limits.depth)
        self.short = len(str(limits.number))
        lines = source.text.rstrip("\n").split("\n")
        self.last = len(lines)
        self.anchors: dict[str, YamlNode] = {}
        self.left = [
            (number, text) for number, text in enumerate(lines, 1) if (said := text.lstrip(" ")) and said[0] != "#"
        ]
        self.left.reverse()
        self.advance()

    def advance(self) -> None:
        """Go on to the next line; its indent is -1 behind the last one."""
        self.number, self.text = self.left.pop() if self.left else (0, "")
        self.indent = len(self.text) - len(self.text.lstrip(" ")) if self.text else -1

    def ended(self, position: int) -> bool:
        """Whether nothing but a comment stands on the line from here on."""
        position = self.said(position)
        return position == len(self.text) or (self.text[position] == "#" and self.text[position - 1] == " ")

    def block(self, column: int, depth: int) -> YamlNode:
        """What begins at a column of the line, and goes on below."""
        if depth > self.deepest:
            raise _Other
        if self.text.startswith("- ", column) or self.text[column:] == "-":
            return self.list(column, depth)
        if self.key(column):
            return self.mapping(column, depth)
        return self.value(column, depth)

    def list(self, column: int, depth: int) -> Sequence:
        """A list whose dashes stand at a column."""
        items = Sequence(self.source, self.number, column + 1)
        while True:
            item = self.named(column, self.said(column + 1), depth + 1, dash=True)
            items.items.append(item)
            items.size += item.size
            if self.indent != column or not (self.text.startswith("- ", column) or self.text[column:] == "-"):
                self.closed(column)
                return items

    def mapping(self, column: int, depth: int) -> Mapping:
        """Keys that stand at a column, and their values."""
        entries = Mapping(self.source, self.number, column + 1)
        while True:
            end = self.key(column)
            if not end:
                raise _Other
            key = self.scalar(self.text[column:end], column)
            self.put(entries, key, self.named(column, self.said(end + 1), depth + 1, dash=False))
            if self.indent != column:
                self.closed(column)
                return entries

    def key(self, column: int) -> int:
        """Where the key at a column ends; 0 where none stands there."""
        if self.text[column] in "'\"":
            end = self.quoted(column)
            followed = self.text.startswith(":", end)
        else:
            found = _KEY.match(self.text, column)
            followed, end = found is not None, found.end() - 1 if found else 0
        return end if followed and self.text[end + 1 : end + 2] in ("", " ") else 0

    def quoted(self, column: int) -> int:
        """Where the quotes at a column end, behind them."""
        text = self.text
        end = text.find(text[column], column + 1) + 1
        if end < column + 3 or "\\" in text[column:end] or text[end : end + 1] == text[column]:
            raise _Other
        return end

    def said(self, position: int) -> int:
        """Where the next character stands on this line that is no space."""
        rest = self.text[position:]
        return position + len(rest) - len(rest.lstrip(" "))

    def named(self, column: int, position: int, depth: int, *, dash: bool) -> YamlNode:
        """What a key or a dash at a column has, behind its name if one stands at the position (`&name`)."""
        found, line = _ANCHOR.match(self.text, position), self.number
        if found is None:
            return self.held(column, position, depth, dash=dash, compact=dash)
        node = self.held(column, found.end(), depth, dash=dash, compact=False)
        if found[1] in self.anchors or (isinstance(node, Scalar) and node.line != line):
            raise _Other
        if node.line != line:
            node.line, node.column = line, (found.end() if found[0][-1] == " " else position) + 1
        self.anchors[found[1]] = node
        return node

    def held(self, column: int, position: int, depth: int, *, dash: bool, compact: bool) -> YamlNode:
        """What stands at a position of the line, or below the key or the dash at a column.

        A list or mapping without brackets begins on the line only where it may be `compact`.
        """
        if not self.ended(position):
            return self.block(position, depth) if compact else self.value(position, depth)
        self.advance()
        if self.indent > column or (self.indent == column and not dash and self.text.startswith("- ", column)):
            return self.block(self.indent, depth)
        raise _Other  # a key or an item of nothing

    def closed(self, column: int) -> None:
        """What stood at a column is at its end: nothing that may belong to it follows."""
        if self.indent > column:
            raise _Other

    @staticmethod
    def put(entries: Mapping, key: Scalar, value: YamlNode) -> None:
        """One entry more."""
        if key.text in entries.entries or key.text == "<<" or len(key.text) > LONGEST_KEY:
            raise _Other
        entries.entries[key.text] = key, value
        entries.size += 1 + value.size

    def value(self, column: int, depth: int) -> YamlNode:
        """What stands on this line alone; the next one is read then."""
        if self.text[column] in "[{":
            value, end = self.brackets(column, depth)
        elif self.text[column] in "'\"":
            end = self.quoted(column)
            value = self.scalar(self.text[column:end], column)
        elif self.text[column] == "*":
            value, end = self.alias(column)
        elif self.text[column:] == ">-":
            return self.folded(column)
        else:
            said = self.text[column:].partition(" #")[0].rstrip(" ")
            if ": " in said or said[-1] == ":":
                raise _Other
            value, end = self.scalar(said, column), column + len(said)
        if not self.ended(end):
            raise _Other
        self.advance()
        return value

    def alias(self, column: int) -> tuple[YamlNode, int]:
        """What an alias at a column stands for, and where it ends."""
        found = _ALIAS.match(self.text, column)
        if found is None or found[1] not in self.anchors:
            raise _Other
        return self.anchors[found[1]], found.end()

    def folded(self, column: int) -> Scalar:
        """Lines that stand for one, at the same indent each; `>-` stands at a column."""
        first, around = self.number, len(self.text) - len(self.text.lstrip(" "))
        self.advance()
        said: list[str] = []
        indent = self.indent
        while self.indent > around:
            if self.indent != indent or self.text[-1] == " " or self.number != first + len(said) + 1:
                raise _Other
            said.append(self.text[indent:])
            self.advance()
        if not said or (self.number or self.last + 1) != first + len(said) + 1:
            raise _Other  # what looks like a comment may be one line more
        return Scalar(self.source, first, column + 1, " ".join(said), False)

    def brackets(self, column: int, depth: int) -> tuple[YamlNode, int]:
        """A list or mapping in brackets, and where it ends, on this line or one below."""
        if depth > self.deepest:
            raise _Other
        kind, closing = (Sequence, "]") if self.text[column] == "[" else (Mapping, "}")
        opened: Sequence | Mapping = kind(self.source, self.number, column + 1)
        position = self.next(column + 1)
        if self.text[position] == closing:
            return opened, position + 1
        while True:
            if isinstance(opened, Mapping):
                position = self.pair(opened, position, depth)
            else:
                item, position = self.inside(position, depth)
                opened.items.append(item)
                opened.size += item.size
            position = self.next(position)
            if self.text[position] == closing:
                return opened, position + 1
            if self.text[position] != ",":
                raise _Other
            position = self.next(position + 1)

    def next(self, position: int) -> int:
        """Where the next character stands that says something, on this line or one below."""
        text = self.text
        while text[position : position + 1] == " ":
            position += 1
        if position < len(text) and text[position] != "#":
            return position
        if position < len(text) and text[position - 1] != " ":
            raise _Other
        self.advance()
        if self.indent <= 0:
            raise _Other
        return self.indent

    def pair(self, opened: Mapping, position: int, depth: int) -> int:
        """A key in brackets and its value; where that ends."""
        key, position = self.inside(position, depth) if self.text[position] != "*" else (None, position)
        while self.text[position : position + 1] == " ":
            position += 1
        if not isinstance(key, Scalar) or not self.text.startswith(": ", position):
            raise _Other
        position = self.next(position + 1)
        if self.text[position] in (",", "}"):  # a key of nothing, as `{relu: , name: act}`
            value: YamlNode = Scalar(self.source, self.number, position + 1, "", True)
        else:
            value, position = self.inside(position, depth)
        self.put(opened, key, value)
        return position

    def inside(self, position: int, depth: int) -> tuple[YamlNode, int]:
        """A value in brackets, and where it ends."""
        text = self.text
        if text[position] in "[{":
            return self.brackets(position, depth + 1)
        if text[position] in "'\"":
            end = self.quoted(position)
            return self.scalar(text[position:end], position), end
        if text[position] == "*":
            return self.alias(position)
        found = _WORDS_IN_BRACKETS.match(text, position)
        if found is None:
            raise _Other
        return self.scalar(found[0].rstrip(" "), position), found.end()

    def scalar(self, said: str, column: int) -> Scalar:
        """A word at a column, with its quotes if it has any."""
        if said[0] in "'\"":
            return Scalar(self.source, self.number, column + 2, said[1:-1], False)
        if said[0] not in _STARTS and not (said[0] == "-" and said[1:2] in _STARTS):
            raise _Other
        node = Scalar(self.source, self.number, column + 1, said, True)
        doubtful = said[0] in NUMBER_START and not (len(said) < self.short and said.isdecimal())
        if doubtful and scalar_faults.number(node, self.limits):
            raise _Other
        if (" -" in said or "$(" in said) and scalar_faults.ending(node, self.number, column + 1 + len(said)):
            raise _Other
        return node
