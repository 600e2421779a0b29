"""The text of a foreign file, by lines, with places in it."""

from __future__ import annotations

from cnncalc.errors import Place

__all__ = ["Text"]


class Text:
    """A text and the name of its file. Lines and columns count from 1."""

    __slots__ = ("lines", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text
        self.lines = text.split("\n")

    def line(self, number: int) -> str:
        """Line `number`, without its end; the empty text beyond the last."""
        return self.lines[number - 1].rstrip("\r") if 0 < number <= len(self.lines) else ""

    def place(self, line: int, column: int, width: int = 1) -> Place:
        """A stretch of a line."""
        return Place(self.name, line, column, max(width, 1), self.line(line))

    def at(self, offset: int, width: int = 1) -> Place:
        """The stretch that starts so many characters from the start of the text, no further than its line."""
        start = self.text.rfind("\n", 0, offset) + 1
        line = self.text.count("\n", 0, offset) + 1
        column = offset - start + 1
        return self.place(line, column, min(width, len(self.line(line)) - column + 1))
