"""SVG -> PNG and PDF, by libraries that are extras: the only module that knows them.

resvg draws pixels: it is one wheel without a system library, and it draws what browsers draw. It writes no PDF, which
cairosvg does, with its text as text; that needs the system's cairo, and paints the outline of a text over it.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from math import sqrt

from cnncalc.errors import CnncalcError, Fault

__all__ = ["LARGEST", "pdf", "png", "ready"]

LARGEST = 60_000_000
"""Pixels of a picture: a quarter of a gigabyte while it is drawn."""
SHARP = 2.0
"""Pixels of a PNG for each of the picture's own, where it is not too large."""
_NEEDS = {".png": "resvg_py", ".pdf": "cairosvg"}


def ready(suffix: str) -> None:
    """Raises CnncalcError where the library that writes such files is not installed."""
    library = _NEEDS.get(suffix)
    if library is not None and find_spec(library) is None:
        message = f"{suffix[1:].upper()} needs {library}, which is not installed"
        raise CnncalcError(Fault(message, help=f"`pip install {library}`, or write `.svg`"))


def png(svg: str, scale: float | None = None) -> bytes:
    """The pixels of a picture, `scale` to each of its own, or as sharp as is not too large. Raises CnncalcError."""
    ready(".png")
    from resvg_py import svg_to_bytes

    width, height = _size(svg)
    fits = sqrt(LARGEST / (width * height))
    if scale is not None and scale > fits:
        message = f"a picture of {width * scale:,.0f} by {height * scale:,.0f} pixels is too large"
        raise CnncalcError(Fault(message, help=f"`--scale {fits:.1f}`, fewer levels by `--depth`, or write `.svg`"))
    drawn: bytes = bytes(svg_to_bytes(svg_string=svg, zoom=max(scale or min(SHARP, fits), 0.01)))
    return drawn


def pdf(svg: str) -> bytes:
    """One page as large as the picture, in lines and text. Raises CnncalcError."""
    ready(".pdf")
    try:
        from cairosvg import svg2pdf
    except OSError as error:  # the package is there, and the library that it loads is not
        message = f"cairosvg finds no cairo library: {str(error)[:80]}"
        raise CnncalcError(Fault(message, help="install cairo (libcairo2), or write `.svg`")) from None
    written: bytes = svg2pdf(bytestring=re.sub(r"\.cnncalc \.k\{[^}]*\}", "", svg).encode())
    return written


def _size(svg: str) -> tuple[float, float]:
    found = re.search(r'width="([\d.]+)" height="([\d.]+)"', svg)
    assert found is not None
    return float(found[1]), float(found[2])
