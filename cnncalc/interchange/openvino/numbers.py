"""Whole numbers of constants that are few, as axes and borders, where the weights' file lies beside the text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.openvino.xml import IrLayer

__all__ = ["Numbers", "numbers_beside"]

Numbers: TypeAlias = "Callable[[IrLayer], list[int] | None]"
"""The numbers of a constant; None where they are not at hand."""
WIDTHS = {"i32": 4, "i64": 8}
MOST = 64


def numbers_beside(file: ForeignFile) -> Numbers:
    """What reads the constants of an IR. No other file than the one of its own name is opened."""
    path = None if file.path is None else file.path.with_suffix(".bin")

    def numbers(layer: IrLayer) -> list[int] | None:
        width = WIDTHS.get(layer.attributes.get("element_type", ""))
        place = [layer.attributes.get(name, "") for name in ("offset", "size")]
        if path is None or width is None or not all(one.isdecimal() and len(one) < 14 for one in place):
            return None
        offset, size = map(int, place)
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
        found = [int.from_bytes(data[at : at + width], "little", signed=True) for at in range(0, len(data), width)]
        return found if len(data) == size else None

    return numbers
