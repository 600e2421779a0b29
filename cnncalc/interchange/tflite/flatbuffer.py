"""FlatBuffers: tables whose fields are found by a table of offsets (flatbuffers.dev, "FlatBuffer Internals").

Every offset is held against the file's length, and every list against a bound of whoever reads it, so that a file
whose offsets lie, overlap or form circles costs no more than a true one.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.protobuf.wire import LONGEST_NAME, Bytes, Span, WireError

__all__ = ["Table", "root"]


class Table:
    """One table. A field is called by its number in the schema; one that is left out has its default."""

    __slots__ = ("at", "data", "slots", "vtable")

    def __init__(self, data: Bytes, at: int) -> None:
        self.data, self.at = data, at
        self.vtable = at - _number(data, at, 4, signed=True)
        self.slots = _number(data, self.vtable, 2) // 2 - 2

    def _place(self, field: int) -> int | None:
        """Where a field stands; None where it is left out."""
        if field >= self.slots:
            return None
        offset = _number(self.data, self.vtable + 4 + 2 * field, 2)
        return self.at + offset if offset else None

    def whole(self, field: int, otherwise: int = 0, *, size: int = 4, signed: bool = True) -> int:
        """A whole number of so many bytes."""
        place = self._place(field)
        return otherwise if place is None else _number(self.data, place, size, signed=signed)

    def flag(self, field: int) -> bool:
        """A flag, which is off unless said."""
        return self.whole(field, size=1) != 0

    def real(self, field: int, otherwise: float = 0.0) -> float:
        """A number of four bytes."""
        place = self._place(field)
        if place is None:
            return otherwise
        return float(struct.unpack("<f", _number(self.data, place, 4).to_bytes(4, "little"))[0])

    def table(self, field: int) -> Table | None:
        """A table that a field points to."""
        place = self._place(field)
        return None if place is None else Table(self.data, _target(self.data, place))

    def tables(self, field: int, most: int) -> Iterator[Table]:
        """A list of tables. Raises CnncalcError for more than `most`."""
        start, count = self._list(field, 4, most)
        return (Table(self.data, _target(self.data, start + 4 * one)) for one in range(count))

    def wholes(self, field: int, most: int, *, size: int = 4) -> tuple[int, ...]:
        """A list of whole numbers. Raises CnncalcError for more than `most`."""
        start, count = self._list(field, size, most)
        return tuple(_number(self.data, start + size * one, size, signed=True) for one in range(count))

    def reals(self, field: int, most: int) -> tuple[float, ...]:
        """A list of numbers of four bytes. Raises CnncalcError for more than `most`."""
        start, count = self._list(field, 4, most)
        return struct.unpack(f"<{count}f", self.data[start : start + 4 * count])

    def text(self, field: int) -> str:
        """A text, a long one cut off."""
        span = self.span(field)
        return self.data[span.start : min(span.stop, span.start + LONGEST_NAME)].decode("utf-8", "replace")

    def span(self, field: int) -> Span:
        """Where a list of bytes lies; an empty one where it is left out."""
        start, count = self._list(field, 1, len(self.data))
        return Span(start, start + count)

    def _list(self, field: int, size: int, most: int) -> tuple[int, int]:
        """Where a list begins, and how many it holds, of `size` bytes each."""
        place = self._place(field)
        if place is None:
            return 0, 0
        at = _target(self.data, place)
        count = _number(self.data, at, 4)
        if count * size > len(self.data) - at - 4:
            raise WireError(at, f"a list of {count:,}, and the file ends before")
        if count > most:
            raise CnncalcError(Fault(f"byte {at:,}: a list of {count:,}, and at most {most:,} are read"))
        return at + 4, count


def root(data: Bytes) -> Table:
    """The table that a file begins with."""
    return Table(data, _target(data, 0))


def _target(data: Bytes, place: int) -> int:
    """Where an offset leads."""
    return place + _number(data, place, 4)


def _number(data: Bytes, at: int, size: int, *, signed: bool = False) -> int:
    """A whole number; raises WireError where the file has none."""
    if not 0 <= at <= len(data) - size:
        raise WireError(max(at, 0), "an offset leads out of the file")
    return int.from_bytes(data[at : at + size], "little", signed=signed)
