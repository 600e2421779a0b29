"""A message, read by the numbers of its fields."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cached_property

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.protobuf.wire import Message, Span

__all__ = ["MOST_READ", "Fields"]

MOST_READ = 4_096
"""Numbers of a list that are read."""


class Fields:
    """A message, each field by its number; what is not there has the value that protobuf gives it, 0 or nothing."""

    def __init__(self, message: Message) -> None:
        self.message = message

    @cached_property
    def all(self) -> dict[int, list[int | Span]]:
        """Every field with its values in order."""
        found: dict[int, list[int | Span]] = {}
        for number, value in self.message.fields():
            found.setdefault(number, []).append(value)
        return found

    def __contains__(self, number: int) -> bool:
        return number in self.all

    def whole(self, number: int, otherwise: int = 0) -> int:
        """A number; of several the last, as protobuf has it."""
        found = self.wholes(number)
        return found[-1] if found else otherwise

    def wholes(self, number: int) -> list[int]:
        """A list of numbers, packed or not."""
        found: list[int] = []
        for value in self.all.get(number, ()):
            if isinstance(value, Span) and value.stop - value.start > 10 * MOST_READ:
                raise CnncalcError(Fault(f"a list has more than {MOST_READ:,} numbers"))
            found += self.message.numbers(value)
        return found

    def real(self, number: int, otherwise: float = 0.0) -> float:
        """A float32, to the seven digits that it has."""
        bits = next((value for value in self.all.get(number, ()) if isinstance(value, int)), None)
        if bits is None:
            return otherwise
        return float(f"{struct.unpack('<f', (bits & 0xFFFF_FFFF).to_bytes(4, 'little'))[0]:.7g}")

    def reals(self, number: int) -> list[float]:
        """A list of float32, packed or not."""
        found: list[float] = []
        for value in self.all.get(number, ()):
            if isinstance(value, int):
                found += struct.unpack("<f", (value & 0xFFFF_FFFF).to_bytes(4, "little"))
            else:
                count = min((value.stop - value.start) // 4, MOST_READ)
                found += struct.unpack(f"<{count}f", self.message.data[value.start : value.start + 4 * count])
        return found

    def size(self, number: int) -> int:
        """The bytes of a payload, or of a list of fixed numbers."""
        values = self.all.get(number, ())
        return sum(value.stop - value.start if isinstance(value, Span) else 4 for value in values)

    def text(self, number: int) -> str:
        """A text."""
        return next(iter(self.texts(number)), "")

    def texts(self, number: int) -> list[str]:
        """Every text of a field."""
        return [self.message.text(value) for value in self.all.get(number, ()) if isinstance(value, Span)]

    def each(self, number: int) -> Iterator[Fields]:
        """Every message of a field."""
        return (Fields(self.message.at(value)) for value in self.all.get(number, ()) if isinstance(value, Span))

    def part(self, number: int) -> Fields:
        """The message of a field; an empty one where there is none."""
        return next(self.each(number), Fields(Message(b"")))

    def payload(self, number: int) -> bytes:
        """The bytes of a short payload."""
        span = next((value for value in self.all.get(number, ()) if isinstance(value, Span)), Span(0, 0))
        return bytes(self.message.data[span.start : min(span.stop, span.start + 8 * MOST_READ)])
