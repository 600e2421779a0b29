"""A report as a picture: which views there are, and what each is drawn by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.pictures.theme import THEMES
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.answers.report import Report

__all__ = ["HEATS", "View", "drawing"]

HEATS = ("macs", "params", "memory")


class View(NamedTuple):
    """What a picture shows of a net."""

    depth: int | None = None
    """Groups below so many levels of names are drawn as one box each."""
    heat: str = ""
    """The figure by which boxes are warm: one of HEATS."""
    theme: str = "auto"
    """One of THEMES: `auto` is as the reader's system is."""


def drawing(report: Report, view: View = View()) -> str:  # noqa: B008
    """The net as SVG. Raises CnncalcError for a choice that there is not, and for a net too large to be seen."""
    _one_of("heat", view.heat, ("", *HEATS))
    _one_of("theme", view.theme, THEMES)
    from cnncalc.pictures.flow.drawing import drawn

    return drawn(report, view.depth, view.heat, view.theme)


def _one_of(what: str, name: str, names: tuple[str, ...]) -> None:
    if name not in names:
        known = [one for one in names if one]
        help = suggestion(name, known, f"it may be {', '.join(known)}")
        raise CnncalcError(Fault(f"there is no {what} `{name[:40]}`", help=help))
