"""Numbers of constants that are few (axes, borders, factors), where the weights' file lies beside the text."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeAlias

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.openvino.xml import IrLayer

__all__ = ["Numbers", "numbers_beside", "storage"]

Numbers: TypeAlias = "Callable[[IrLayer], list[int | float] | None]"
"""The numbers of a constant; None where they are not at hand."""
READ = {"i32": "i", "i64": "q", "u8": "B", "i8": "b", "boolean": "?", "f16": "e", "f32": "f"}
"""Element types that are read, and how `struct` reads one."""
MOST = 64
STORED = {
    "f64": "float64", "f32": "float32", "f16": "float16", "bf16": "bfloat16", "i8": "int8", "u8": "uint8", "i4": "int4",
    "u4": "uint4", "u1": "single bits", "nf4": "nf4", "f8e4m3": "float8", "f8e5m2": "float8",
}  # fmt: skip
"""What numbers of layers are stored in; shapes and places are of other types."""


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


def storage(layers: Iterable[IrLayer]) -> tuple[int, Counter[str]]:
    """In how many bytes the constants are stored, and how many numbers of each type."""
    counts: Counter[str] = Counter()
    total = 0
    for layer in layers:
        kind, size = layer.attributes.get("element_type", ""), layer.attributes.get("size", "")
        if layer.type == "Const" and kind in STORED and size.isdecimal() and len(size) < 14:
            total += int(size)
            counts[STORED[kind]] += product(next(iter(layer.outputs.values()), []))
    return total, counts
