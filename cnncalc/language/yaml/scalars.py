"""Scalars that YAML accepts and that are surely not what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import Fault
from cnncalc.language.yaml.tree import over

if TYPE_CHECKING:
    from cnncalc.language.yaml.tree import Scalar
    from cnncalc.limits import Limits

__all__ = ["ending", "escape", "number"]


def number(node: Scalar, limits: Limits) -> Fault | None:
    """A number beyond the bounds."""
    text = node.text
    if not over(text, limits.number):
        return None
    quoted = "a text that looks like a number goes in quotes"
    values = f"it has {len(text):,} characters" if len(text) > 100 else ""
    if "." in text or "e" in text.lower():
        message, help = "the number is beyond the range of decimal numbers", quoted
    else:
        message = f"the number is larger than {limits.number:,}, the bound `number`"
        help = f"{quoted}; otherwise {limits.way_out('number')}"
    return Fault(message, node.place(), values=values, help=help)


def escape(node: Scalar) -> Fault | None:
    """A text in double quotes whose escapes make characters that could steer a terminal."""
    for character in node.text:
        if not character.isprintable() and character not in "\n\t":
            message = f"an escape makes the control character U+{ord(character):04X} in this text"
            return Fault(message, node.place(), help="delete it")
    return None


def ending(node: Scalar, end_line: int, end_column: int) -> Fault | None:
    """A plain text that went on into a line with `- `, or that a comma or bracket cut off inside `$(…)`."""
    for line in range(node.line + 1, end_line + 1):
        text = node.source.line(line)
        if not text.lstrip().startswith("-"):
            continue
        if node.text.startswith("-"):
            help = f"write `- {node.place().text[node.column :].strip()[:40]}`"
            return Fault("a space is missing after the `-`", node.place(), help=help)
        place = node.source.place(line, len(text) - len(text.lstrip()) + 1, len(text.strip()))
        help = "an item starts in the column of the item above it, with `- `"
        return Fault("this line goes on with the text above it: it is indented further", place, help=help)
    opening = node.text.rfind("$(")
    closed_by = node.source.line(end_line)[end_column - 1 : end_column]
    if opening < 0 or closed_by not in (",", "]", "}"):
        return None
    if node.text.count("(", opening) <= node.text.count(")", opening):
        return None
    place = node.place(node.place().width + 1)
    help = "inside `[…]` and `{…}` a text with a comma or a bracket in it goes in quotes"
    return Fault(f"the `{closed_by}` ends this text before its `$(` is closed", place, help=help)
