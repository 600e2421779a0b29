"""Bytes to text: UTF-8 only, bounded, and without the characters that no text holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, Fault, Place

if TYPE_CHECKING:
    from cnncalc.limits import Limits

__all__ = ["decoded"]

# What YAML refuses, and the line ends that editors do not count: next line, line and paragraph separator.
CONTROL = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]"
# Spaces that look like indentation and are not.
ODD_INDENT = "^[ \t-]*([\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000\ufeff])"
BYTE_ORDER_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32", b"\x00\x00\xfe\xff": "UTF-32", b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16",
}  # fmt: skip


def decoded(data: bytes | str, name: str, limits: Limits) -> str:
    """The text of a file: UTF-8, bounded, and nothing in it that no text holds. Raises CnncalcError."""
    size = len(data)
    if size > (limits.text if isinstance(data, str) else 4 * limits.text):
        raise _too_long(name, limits)
    text = data if isinstance(data, str) else _from_utf8(data, name)
    if len(text) > limits.text:
        raise _too_long(name, limits)
    text = text.removeprefix("\ufeff")
    if text.count("\n") > limits.nodes:
        message = f"the file has more than {limits.nodes:,} lines, the bound `nodes`"
        raise CnncalcError(Fault(message, Place(name, 1, 1), help=limits.way_out("nodes")))
    # Most files are plain; the patterns take a millisecond to compile, and are for the others.
    if text.replace("\n", "").replace("\r", "").isprintable():
        return text
    if odd := re.search(CONTROL, text):
        raise CnncalcError(_odd_character(text, name, odd.start()))
    if odd := re.search(ODD_INDENT, text, re.MULTILINE):
        place = _place_of(text, name, odd.start(1))
        message = f"the character U+{ord(odd[1]):04X} looks like a space here, and is none"
        raise CnncalcError(Fault(message, place, help="type the indentation again, with the space bar"))
    return text


def _too_long(name: str, limits: Limits) -> CnncalcError:
    message = f"the file is longer than {limits.text:,} characters, the bound `text`"
    return CnncalcError(Fault(message, Place(name, 1, 1), help=limits.way_out("text")))


def _from_utf8(data: bytes, name: str) -> str:
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            help = "save it as UTF-8"
            raise CnncalcError(Fault(f"the file is in {encoding}, not in UTF-8", Place(name, 1, 1), help=help))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        start = max(data.rfind(b"\n", 0, error.start), data.rfind(b"\r", 0, error.start)) + 1
        # \r\n is one end of line, and a lone \r is one as well
        line = data.count(b"\n", 0, start) + data.count(b"\r", 0, start) - data.count(b"\r\n", 0, start) + 1
        column = len(data[start : error.start].decode("utf-8")) + 1
        text = data[start : start + 500].split(b"\n")[0].split(b"\r")[0].decode("utf-8", "replace")
        if b"\0" in data:
            message = "the file is binary, not text"
            help = "give a net in YAML, or a file of another tool that docs/formats.md lists"
        else:
            message, help = f"the byte 0x{data[error.start]:02x} here is not UTF-8", "save the file as UTF-8"
        raise CnncalcError(Fault(message, Place(name, line, column, 1, text), help=help)) from None


def _place_of(text: str, name: str, position: int) -> Place:
    before = text[:position].splitlines() or [""]
    if text[:position].endswith(("\n", "\r")):
        before.append("")
    column = len(before[-1]) + 1
    line = (before[-1] + text[position : position + 500]).splitlines()
    return Place(name, len(before), column, 1, line[0] if line else "")


def _odd_character(text: str, name: str, position: int) -> Fault:
    code = ord(text[position])
    place = _place_of(text, name, position)
    if code == 0:
        return Fault("the file is binary, not text: it holds a NUL", place, help="give a YAML file")
    if code in (0x85, 0x2028, 0x2029):
        help = "delete it; start a new line with the Enter key"
        return Fault(f"the line separator U+{code:04X} stands here, which editors do not count", place, help=help)
    return Fault(f"the control character U+{code:04X} stands here", place, help="delete it")
