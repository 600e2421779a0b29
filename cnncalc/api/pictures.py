"""A picture that Python holds: a notebook shows it, and it is saved as any file that the command writes."""

from __future__ import annotations

from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

from cnncalc.api.boundary.keywords import known_keywords
from cnncalc.errors import CnncalcError, Fault
from cnncalc.files import write_whole
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

    @known_keywords
    def save(self, file: str | PathLike[str], *, scale: float | None = None) -> None:
        """Write it as `.svg`, `.png`, `.pdf`, `.dot` or `.mmd`, as the name says; `scale` is that of a PNG.

        Raises CnncalcError for another name, where a library is not installed, and where it cannot be written.
        """
        suffix = suffix_of(fspath(file))
        if suffix == ".html":
            message = "a page holds more than a picture"
            raise CnncalcError(Fault(message, help='`Path(file).write_text(report.text("html"))`'))
        if scale is not None and not 0 < scale < float("inf"):
            raise CnncalcError(Fault(f"`scale` cannot be {scale}", help="give a number above 0"))
        made = written(self.report, suffix, self.view, scale)
        try:
            write_whole(made, Path(file))
        except OSError as error:
            message, why = f"`{fspath(file)[-60:]}` cannot be written", (error.strerror or str(error)).lower()
            raise CnncalcError(Fault(message, values=why, help="write elsewhere")) from None

    def __str__(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Picture of {self.report.name}: {self.view.view}>"

    def _repr_svg_(self) -> str:
        """For notebooks."""
        return self.svg
