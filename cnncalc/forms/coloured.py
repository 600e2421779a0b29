"""Plain text with colours, for a terminal: what stands out, what holds and what fails, where a fault is."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from cnncalc.forms.plain import Plain

if TYPE_CHECKING:
    from cnncalc.answers.formulas import Section
    from cnncalc.answers.page import Heading, Items, Table, Verbatim

__all__ = ["Coloured", "coloured_faults", "wanted"]

BOLD, DIM, RED, GREEN, CYAN = "1", "2", "31", "32", "36"
MARKS = {"✓": GREEN, "✗": RED, "·": DIM}
"""Before what holds, what fails, and what is passed over."""
CHANGES = {"-": RED, "+": GREEN}
"""What was, and what is, as people know it from diffs."""
FRAME = re.compile(r"(?m)^( *\d* *[┌│])(.*)$")
CARETS = re.compile(r"(\^+.*)$")


def wanted() -> bool:
    """Whether the user wants colours: https://no-color.org."""
    return not os.environ.get("NO_COLOR")


def _in(colour: str, text: str) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m" if text else ""


def _marked(line: str, marks: dict[str, str]) -> str:
    return _in(marks[line[0]], line) if line[:1] in marks else line


class Coloured(Plain):
    """Each kind of block as plain text is, line for line and letter for letter, in colours."""

    def heading(self, heading: Heading) -> list[str]:
        """The name stands out."""
        first, *more = super().heading(heading)
        if not first.startswith(heading.name):
            return [first, *more]
        return [_in(BOLD, heading.name) + first[len(heading.name) :], *more]

    def items(self, items: Items) -> list[str]:
        """What holds is green, what fails red."""
        return [_marked(line, MARKS) for line in super().items(items)]

    def table(self, table: Table) -> list[str]:
        """Title and headings stand out."""
        lines = [*super().table(table)]
        bold = bool(table.title) + table.headed
        return [*(_in(BOLD, line) for line in lines[:bold]), *lines[bold:]]

    def verbatim(self, verbatim: Verbatim) -> list[str]:
        """A difference is red and green."""
        lines = super().verbatim(verbatim)
        return [_marked(line, CHANGES) for line in lines] if verbatim.language == "diff" else lines

    def section(self, section: Section) -> list[str]:
        """The title stands out."""
        lines = super().section(section)
        if section.title and lines[0].startswith(section.title):
            lines[0] = _in(BOLD, section.title) + lines[0][len(section.title) :]
        return lines


def coloured_faults(text: str) -> str:
    """What is told of faults, in colours."""
    return "\n".join(map(_of_fault, text.split("\n")))


def _of_fault(line: str) -> str:
    for start, colour in (("error:", RED), ("note:", CYAN), ("  = help:", CYAN), ("  = ", DIM)):
        if line.startswith(start):
            return _in(f"{BOLD};{colour}", start) + line[len(start) :]
    frame = FRAME.match(line)
    if frame is None:
        return line
    return _in(DIM, frame[1]) + CARETS.sub(lambda found: _in(RED, found[0]), frame[2])
