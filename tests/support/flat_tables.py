"""FlatBuffers written by hand for tests, parents before children: an independent other side of what is read."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple, TypeAlias


class Byte(NamedTuple):
    """A field of one byte."""

    number: int


class Flat:
    """A table: its fields by their numbers. Plain integers take four bytes."""

    def __init__(self, fields: dict[int, Field]) -> None:
        self.fields = fields


Field: TypeAlias = "int | float | Byte | str | bytes | Flat | list[Any]"


def written(top: Flat, identifier: bytes = b"TFL3") -> bytes:
    """The file whose first table this is."""
    data = bytearray(b"\0\0\0\0" + identifier)
    struct.pack_into("<I", data, 0, _table(data, top))
    return bytes(data)


def _table(data: bytearray, table: Flat) -> int:
    """Lay a table down behind what there is, then what it points to; where it stands."""
    count = max(table.fields, default=-1) + 1
    while len(data) % 4:
        data.append(0)
    slots = {number: 4 + 4 * place for place, number in enumerate(table.fields)}
    offsets = [slots.get(number, 0) for number in range(count)]
    vtable = len(data)
    data += struct.pack(f"<HH{count}H", 4 + 2 * count, 4 + 4 * len(slots), *offsets)
    while len(data) % 4:
        data.append(0)
    at = len(data)
    data += struct.pack("<i", at - vtable) + bytes(4 * len(slots))
    for number, value in table.fields.items():
        place = at + slots[number]
        if isinstance(value, Byte):
            data[place] = value.number & 255
        elif isinstance(value, float):
            struct.pack_into("<f", data, place, value)
        elif isinstance(value, int):
            struct.pack_into("<i", data, place, value)
        else:
            _point(data, place, _table(data, value) if isinstance(value, Flat) else _list(data, value))
    return at


def _list(data: bytearray, value: str | bytes | list[Any]) -> int:
    """Lay a list down: of bytes, of whole numbers, or of tables."""
    while len(data) % 4:
        data.append(0)
    at = len(data)
    if isinstance(value, (str, bytes)):
        body = value.encode() + b"\0" if isinstance(value, str) else value
        data += struct.pack("<I", len(value.encode()) if isinstance(value, str) else len(value)) + body
    elif all(isinstance(one, int) for one in value):
        data += struct.pack(f"<I{len(value)}i", len(value), *value)
    else:
        data += struct.pack("<I", len(value)) + bytes(4 * len(value))
        for place, one in enumerate(value):
            _point(data, at + 4 + 4 * place, _table(data, one))
    return at


def _point(data: bytearray, place: int, target: int) -> None:
    struct.pack_into("<I", data, place, target - place)
