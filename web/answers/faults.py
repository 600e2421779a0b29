"""Faults as the page marks them: in the reader's own text by line and column, elsewhere by the name of the file."""

from __future__ import annotations

from typing import Any

from cnncalc.errors import CnncalcError, Fault, Place
from cnncalc.text import printable, printable_lines
from web.answers.held import TEXT

__all__ = ["objects_of", "units"]


def units(text: str) -> int:
    """The length of a text as a browser counts it: letters beyond the first 65,536 are two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def objects_of(error: CnncalcError) -> list[dict[str, Any]]:
    """Every fault of an error."""
    return [_object(fault) for fault in error.faults]


def _object(fault: Fault) -> dict[str, Any]:
    """One fault; a place in a file of the library is marked where the reader's own text uses it."""
    places = [place for place in (fault.place, *fault.used) if place is not None]
    own = next((place for place in places if place.file == TEXT), None)
    elsewhere = fault.place if fault.place is not None and fault.place.file != TEXT else None
    return {
        "message": printable(fault.message),
        "values": printable_lines(fault.values),
        "help": printable(fault.help),
        "layer": printable(fault.layer or ""),
        "at": own and _at(own),
        "elsewhere": f"{printable(elsewhere.file)}:{elsewhere.line}" if elsewhere else "",
    }


def _at(place: Place) -> list[int]:
    """Line from 1, column from 0, width."""
    start = place.column - 1
    return [place.line, units(place.text[:start]), units(place.text[start : start + place.width]) or 1]
