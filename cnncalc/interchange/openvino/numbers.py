"""Numbers of constants that are few (axes, borders, factors), where the weights' file lies beside the text."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TypeAlias

from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.openvino.xml import IrLayer

__all__ = ["Numbers", "numbers_beside"]

Numbers: TypeAlias = "Callable[[IrLayer], list[int | float] | None]"
"""The numbers of a constant; None where they are not at hand."""
READ = {"i32": "i", "i64": "q", "u8": "B", "i8": "b", "boolean": "?", "f16": "e", "f32": "f"}
"""Element types that are read, and how `struct` reads one."""
MOST = 64


def numbers_beside(file: ForeignFile) -> Numbers:
    """What reads the constants of an IR. No other file than the one of its own name is opened."""
    path = None if file.path is None else file.path.with_suffix(".bin")

    def numbers(layer: IrLayer) -> list[int | float] | None:
        kind = READ.get(layer.attributes.get("element_type", ""))
        place = [layer.attributes.get(name, "") for name in ("offset", "size")]
        if path is None or kind is None or not all(one.isdecimal() and len(one) < 14 for one in place):
            return None
        offset, size = map(int, place)
        width = struct.calcsize(kind)
        if size > MOST * width or size % width:
            return None
        try:
            if not path.is_file():
                return None
            with path.open("rb") as opened:
                opened.seek(offset)
                data = opened.read(size)
        except OSError:
            return None
        return list(struct.unpack(f"<{size // width}{kind}", data)) if len(data) == size else None

    return numbers
