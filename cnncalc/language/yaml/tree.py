"""What a file holds: nodes with the place where each stands, and our own reading of scalars.

YAML would guess (`no` is a flag, `010` is 8, `12:30` is 750); here a scalar is what it looks like.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.errors import CnncalcError, Fault, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Mapping", "Scalar", "Sequence", "Source", "YamlNode", "mappings", "over", "plain_value", "scalar_value"]

WHOLE = re.compile(r"[-+]?\d+(?:_\d+)*", re.ASCII)
DECIMAL = re.compile(r"[-+]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][-+]?\d+)?", re.ASCII)
WORDS: dict[str, bool | None] = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
}  # fmt: skip
# A longer text is no number: int() refuses 4,300 digits with an error of its own.
MOST_DIGITS = 1_000
QUOTED = r"""'(?:[^']|'')*'|"(?:[^"\\]|\\.)*\""""
CLOSING = {"[": "]", "{": "}"}


class Source:
    """A file that was read: its name as the user gave it, and its lines; or the text that was `made` of the file."""

    __slots__ = ("_lines", "made", "name", "text")

    def __init__(self, name: str, text: str, *, made: bool = False) -> None:
        self.name = name
        self.text = text
        self.made = made
        self._lines: list[str] | None = None

    @property
    def lines(self) -> list[str]:
        """The lines without their ends; taken apart when a message first asks for one."""
        if self._lines is None:
            self._lines = self.text.splitlines()
        return self._lines

    def line(self, number: int) -> str:
        """Line `number`, from 1; the empty text beyond the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def place(self, line: int, column: int, width: int = 1) -> Place:
        """A stretch of a line, both from 1."""
        return Place(self.name, line, column, max(width, 1), self.line(line), self.made)


class YamlNode:
    """A value in a file. An alias is the very node that its anchor names."""

    __slots__ = ("column", "line", "source")

    source: Source
    line: int
    column: int
    """Of the first character, both from 1; of a text in quotes, the first inside them."""
    size: int
    """Nodes below and including this one, those behind aliases counted each time."""

    def __init__(self, source: Source, line: int, column: int) -> None:
        self.source = source
        self.line = line
        self.column = column

    def place(self, width: int | None = None) -> Place:
        """Where the node stands; `width` characters of it, or as much of it as its first line holds."""
        return self.source.place(self.line, self.column, self._width() if width is None else width)

    def _width(self) -> int:
        """To the closing bracket, or else to the end of the line."""
        text = self.source.line(self.line)
        start = self.column - 1
        opening = text[start : start + 1]
        depth = 0
        for position in range(start, len(text) if opening in CLOSING else 0):
            if text[position] in (opening, CLOSING[opening]):
                depth += 1 if text[position] == opening else -1
                if depth == 0:
                    return position + 1 - start
        return len(_without_comment(text)) - start


class Scalar(YamlNode):
    """A text. `plain` is False where it stands in quotes or in a block, and so is a text whatever it looks like."""

    __slots__ = ("plain", "text")

    size: ClassVar[int] = 1  # type: ignore[misc]  # one for all: no scalar needs room for it

    def __init__(self, source: Source, line: int, column: int, text: str, plain: bool) -> None:
        self.source = source
        self.line = line
        self.column = column
        self.text = text
        self.plain = plain

    def __repr__(self) -> str:
        return f"Scalar({self.text!r}, line {self.line})"

    def _width(self) -> int:
        line = self.source.line(self.line)
        if line.startswith(self.text, self.column - 1):
            return len(self.text)
        if found := not self.plain and re.match(QUOTED, line[self.column - 2 :]):
            return len(found[0]) - 2
        return len(_without_comment(line)) - self.column + 1


class Sequence(YamlNode):
    """A list."""

    __slots__ = ("items", "size")

    def __init__(self, source: Source, line: int, column: int) -> None:
        super().__init__(source, line, column)
        self.items: list[YamlNode] = []
        self.size = 1

    def __repr__(self) -> str:
        return f"Sequence(of {len(self.items)}, line {self.line})"


class Mapping(YamlNode):
    """Keys and values, in the order of the file; each key comes with its own node."""

    __slots__ = ("entries", "size")

    def __init__(self, source: Source, line: int, column: int) -> None:
        super().__init__(source, line, column)
        self.entries: dict[str, tuple[Scalar, YamlNode]] = {}
        self.size = 1

    def __repr__(self) -> str:
        return f"Mapping({', '.join(self.entries)}, line {self.line})"


def mappings(roots: Iterable[YamlNode]) -> Iterator[Mapping]:
    """Every mapping at and below some nodes, once; their keys are what they mean, however they are spelled."""
    left, seen = list(roots), set[int]()
    while left:
        node = left.pop()
        if isinstance(node, Scalar) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Mapping):
            yield node
            left += [value for _, value in node.entries.values()]
        elif isinstance(node, Sequence):
            left += node.items


def _without_comment(line: str) -> str:
    return re.split(r"\s#", line, maxsplit=1)[0].rstrip()


def over(text: str, bound: int) -> bool:
    """Whether a plain scalar is a whole number beyond the bound, or a decimal one beyond the range of decimals."""
    if len(text) > MOST_DIGITS:
        return _endless(text)
    if WHOLE.fullmatch(text):
        return abs(int(text)) > bound
    return bool(DECIMAL.fullmatch(text)) and abs(float(text)) == float("inf")


def _endless(text: str) -> bool:
    """Whether a text too long for a number is made as numbers are. The patterns would take gigabytes to say."""
    return not text.strip("0123456789_+-.eE")


def scalar_value(text: str, plain: bool) -> int | float | bool | str | None:
    """What a scalar means: a whole number, a decimal one, `true`/`false`, null (`~`, `null`, nothing), or a text.

    `010` is ten and `138_357_544` a number. `0x3` is a padding, not hexadecimal; `no`, `12:30`, `5M` and `.inf` are
    texts too. Raises CnncalcError for a number of a thousand digits or beyond the range of decimals; `read` has
    refused such a number already, with its place.
    """
    if not plain:
        return text
    if text in WORDS:
        return WORDS[text]
    if text[0] not in "0123456789+-.":
        return text
    if len(text) <= MOST_DIGITS:
        if WHOLE.fullmatch(text):
            return int(text)
        if not DECIMAL.fullmatch(text):
            return text
        if abs(value := float(text)) < float("inf"):
            return value
    elif not _endless(text):
        return text
    shown = f"`{text[:40]}{'…' if len(text) > 40 else ''}`"
    raise CnncalcError(Fault("the number is too large", values=shown, help="a text of digits goes in quotes"))


def plain_value(node: YamlNode) -> Any:
    """The node as numbers, texts, lists and dicts."""
    if isinstance(node, Scalar):
        return scalar_value(node.text, node.plain)
    if isinstance(node, Sequence):
        return [plain_value(item) for item in node.items]
    assert isinstance(node, Mapping)
    return {text: plain_value(value) for text, (_, value) in node.entries.items()}
