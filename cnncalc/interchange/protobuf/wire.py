"""Protobuf's wire format: fields one after another, payloads stepped over (protobuf.dev, "Encoding")."""

from __future__ import annotations

from collections.abc import Iterator
from mmap import mmap
from typing import TypeAlias

from cnncalc.errors import CnncalcError, Fault
from cnncalc.records import NamedTuple

__all__ = ["Bytes", "Message", "Span", "WireError", "signed"]

Bytes: TypeAlias = "bytes | mmap"
VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
LONGEST_NAME = 4_096
"""Bytes of a name or another short text; more is cut off."""


SHORT = 96
"""Bytes of a payload that may well occur again, as strides and shapes do."""


class WireError(CnncalcError):
    """Bytes that are no message: where, and what is wrong with them."""

    def __init__(self, at: int, what: str) -> None:
        super().__init__(Fault(f"byte {at:,}: {what}", help="the file is cut short or damaged"))


class Span(NamedTuple):
    """A payload: from `start` up to `stop`."""

    start: int
    stop: int


def varint(data: Bytes, at: int, stop: int) -> tuple[int, int]:
    """A number of up to 64 bits, and where it ends."""
    value = shift = 0
    while at < stop and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
        shift += 7
    raise WireError(at, "a number does not end")


def signed(value: int) -> int:
    """An int64 of its 64 bits."""
    return value - (1 << 64) if value >> 63 else value


class Message:
    """A message: `fields()` gives each field's number with its value, or the span of its payload."""

    __slots__ = ("data", "span")

    def __init__(self, data: Bytes, span: Span | None = None) -> None:
        self.data, self.span = data, span or Span(0, len(data))

    def fields(self) -> Iterator[tuple[int, int | Span]]:
        """Every field in order: a number (bits, for the fixed ones), or a span. Raises `WireError`."""
        data, (at, stop), made = self.data, self.span, tuple.__new__  # spans are most of what is made
        while at < stop:
            key = data[at]
            if key < 128:
                at += 1
            else:
                key, at = varint(data, at, stop)
            kind = key & 7
            if kind == LENGTH:
                if at < stop and data[at] < 128:  # most are short
                    size, at = data[at], at + 1
                else:
                    size, at = varint(data, at, stop)
                if size > stop - at:
                    raise WireError(at, f"a field of {size:,} bytes, and {stop - at:,} are left")
                yield key >> 3, made(Span, (at, at + size))
                at += size
            elif kind == VARINT:
                if at < stop and data[at] < 128:
                    value, at = data[at], at + 1
                else:
                    value, at = varint(data, at, stop)
                yield key >> 3, value
            elif kind in (FIXED32, FIXED64):
                size = 4 if kind == FIXED32 else 8
                if size > stop - at:
                    raise WireError(at, "a number is cut off")
                yield key >> 3, int.from_bytes(data[at : at + size], "little")
                at += size
            else:
                raise WireError(at, f"there is no wire type {kind}")

    def spans(self, number: int) -> Iterator[Span]:
        """The payloads of a field."""
        return (value for field, value in self.fields() if field == number and isinstance(value, Span))

    def at(self, span: Span) -> Message:
        """The message in a payload."""
        return Message(self.data, span)

    def short(self, span: Span) -> bytes | None:
        """All bytes of a payload that is short, by which one is known that was read before; None of a longer one."""
        return self.data[span.start : span.stop] if span.stop - span.start <= SHORT else None

    def text(self, span: Span) -> str:
        """A payload as text, a long one cut off."""
        start, stop = span
        end = stop if stop - start <= LONGEST_NAME else start + LONGEST_NAME
        return self.data[start:end].decode("utf-8", "replace")

    def numbers(self, value: int | Span) -> list[int]:
        """A repeated number: one, or packed ones."""
        if isinstance(value, int):
            return [signed(value)]
        found = []
        at, stop = value
        while at < stop:
            one, at = varint(self.data, at, stop)
            found.append(signed(one))
        return found
