"""Darknet's configuration files: `[section]` lines, each with `key=value` lines below it.

Sections repeat, so this is no INI file as Python's configparser reads them. As in Darknet itself (read_cfg and
option_find), blanks mean nothing anywhere, a comment is a line of its own that starts with `#` or `;`, the first of two
equal keys counts, and of `3x` the number is 3.
"""

from __future__ import annotations

import re

from cnncalc.errors import CnncalcError, Fault, Place
from cnncalc.interchange.building import MOST_FAULTS
from cnncalc.interchange.text import Text
from cnncalc.limits import Limits

__all__ = ["Section", "sections"]

BLANKS = str.maketrans("", "", " \t\r\n")
LEADING = re.compile(r"[-+]?\d{1,20}", re.ASCII)
DECIMAL = re.compile(r"[-+]?(?:\d{1,20}\.?\d{0,20}|\.\d{1,20})(?:[eE][-+]?\d{1,3})?", re.ASCII)
LARGEST = 2**31 - 1
"""Of a whole number: Darknet's are C's int."""


class Section:
    """One section; `name` is what stands in the brackets."""

    __slots__ = ("line", "name", "options", "source")

    def __init__(self, source: Text, line: int, name: str) -> None:
        self.source, self.line, self.name = source, line, name
        self.options: dict[str, tuple[str, int]] = {}
        """Each key with its value and its line."""

    def place(self, key: str = "") -> Place:
        """Where the section starts, or where a key of it stands."""
        line = self.options[key][1] if key in self.options else self.line
        text = self.source.line(line)
        start = len(text) - len(text.lstrip())
        return self.source.place(line, start + 1, len(text.strip()))

    def fault(self, message: str, key: str = "", help: str = "") -> CnncalcError:
        """What is wrong with it, or with one of its keys."""
        return CnncalcError(Fault(message, self.place(key), self.name, help=help))

    def text(self, key: str, default: str = "") -> str:
        """The value of a key as it is written, without blanks."""
        return self.options[key][0] if key in self.options else default

    def whole(self, key: str, default: int, least: int = -LARGEST) -> int:
        """A whole number, read as C's atoi reads it. Raises CnncalcError where it is none, or less than `least`."""
        if key not in self.options:
            return default
        found = LEADING.match(self.options[key][0])
        number = int(found[0]) if found else None
        if number is None or not least <= number <= LARGEST:
            bounds = f"from {least} on" if least > -LARGEST else "such as 3"
            raise self.fault(f"`{key}` is a whole number, {bounds}", key)
        return number

    def real(self, key: str, default: float) -> float:
        """A decimal number. Raises CnncalcError where it is none."""
        if key not in self.options:
            return default
        found = DECIMAL.match(self.options[key][0])
        if not found or abs(float(found[0])) == float("inf"):
            raise self.fault(f"`{key}` is a decimal number", key)
        return float(found[0])

    def wholes(self, key: str) -> list[int]:
        """A list of whole numbers with commas between them. Raises CnncalcError where one is none."""
        parts = [part for part in self.text(key).split("#")[0].split(",") if part]
        found = [LEADING.match(part) for part in parts]
        if not all(found) or len(parts) > 10_000:
            raise self.fault(f"`{key}` is a list of whole numbers, such as `-1, 61`", key)
        return [int(one[0]) for one in found if one]


def sections(source: Text, limits: Limits) -> list[Section]:
    """Every section of a file. Raises CnncalcError for lines that are none of Darknet's, all of them at once."""
    found: list[Section] = []
    faults: list[Fault] = []
    for number, line in enumerate(source.lines, 1):
        text = line.translate(BLANKS)
        if not text or text[0] in "#;":
            continue
        if text[0] == "[":
            found.append(Section(source, number, text.split("]")[0][1:]))
            continue
        key, equals, value = text.partition("=")
        if not equals or not found:
            message = "a section such as `[net]` comes first" if equals else "this line is no `key=value`"
            place = source.place(number, len(line) - len(line.lstrip()) + 1, len(line.strip()))
            faults.append(Fault(message, place, help="comments start with `#`"))
            if len(faults) >= MOST_FAULTS:
                break
            continue
        found[-1].options.setdefault(key, (value, number))
    if faults:
        raise CnncalcError(faults)
    if len(found) > limits.layers:
        message = f"the file has more than {limits.layers:,} sections, the bound `layers`"
        raise CnncalcError(Fault(message, found[0].place(), help=limits.way_out("layers")))
    return found
