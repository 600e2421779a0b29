"""A picture that Python holds: a notebook shows it, and it is saved as any file that the command writes."""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, Fault
from cnncalc.pictures.drawing import USUAL, View, drawing, suffix_of, written

if TYPE_CHECKING:
    from cnncalc.answers.report import Report

__all__ = ["Picture"]


class Picture:
    """A net as a picture: `str()` is its SVG, and a notebook shows it."""

    __slots__ = ("report", "svg", "view")

    def __init__(self, report: Report, view: View = USUAL) -> None:
        """Raises CnncalcError for a choice that there is not, and for a net that is too large to be seen."""
        self.report, self.view = report, view
        self.svg = drawing(report, view)

    def save(self, file: str | PathLike[str], *, scale: float | None = None) -> None:
        """Write it as `.svg`, `.png`, `.pdf`, `.dot` or `.mmd`, as the name says; `scale` is that of a PNG.

        Raises CnncalcError for another name, and where a library is not installed.
        """
        suffix = suffix_of(fspath(file))
        if suffix == ".html":
            message = "a page holds more than a picture"
            raise CnncalcError(Fault(message, help='`Path(file).write_text(report.text("html"))`'))
        made = written(self.report, suffix, self.view, scale)
        Path(file).write_bytes(made.encode() if isinstance(made, str) else made)

    def __str__(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Picture of {self.report.name}: {self.view.view}>"

    def _repr_svg_(self) -> str:
        """For notebooks."""
        return self.svg
