"""A report as a picture: which views there are, by what each is drawn, and as which files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.pictures.heat import HEATS
from cnncalc.pictures.theme import THEMES
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.answers.report import Report

__all__ = ["STYLES", "SUFFIXES", "VIEWS", "View", "drawing", "fitting", "suffix_of", "written"]

FITS = 400
"""Boxes that a picture has at most unless a depth is asked for."""
VIEWS = ("flow", "volumes")
STYLES = ("vgg", "alexnet", "unet")
SUFFIXES = (".svg", ".html", ".png", ".pdf", ".dot", ".mmd")


class View(NamedTuple):
    """What a picture shows of a net."""

    depth: int | None = None
    """Groups below so many levels of names are drawn as one box each; None folds what does not fit."""
    heat: str = ""
    """The figure by which boxes are warm: one of HEATS."""
    theme: str = "auto"
    """One of THEMES: `auto` is as the reader's system is."""
    view: str = "flow"
    """One of VIEWS: how tensors go, or the feature maps to scale."""
    style: str = ""
    """How feature maps are arranged, one of STYLES: a row, two lanes, a U; empty for what suits the net."""


USUAL = View()


def drawing(report: Report, view: View = USUAL) -> str:
    """The net as SVG. Raises CnncalcError for a choice that there is not, and for a net too large to be seen."""
    _checked(view)
    if view.heat == "latency" and report.roofline is None:
        raise CnncalcError(Fault("--heat latency is the least time on a device", help="add `--device a100`"))
    if view.view == "volumes":
        from cnncalc.pictures.volumes.drawing import drawn as drawn_to_scale

        return drawn_to_scale(report, view.style, view.depth, view.theme)
    from cnncalc.pictures.flow.drawing import drawn

    depth = fitting(report) if view.depth is None else view.depth
    return drawn(report, depth, view.heat, view.theme)


def written(report: Report, suffix: str, view: View = USUAL, scale: float | None = None) -> str | bytes:
    """The net as a file with such a suffix, any of SUFFIXES but `.html`. Raises CnncalcError."""
    if suffix in (".dot", ".mmd"):
        from cnncalc.pictures.graphs import dot, mermaid

        _checked(view)
        return (dot if suffix == ".dot" else mermaid)(report, view.depth)
    if suffix == ".svg":
        return drawing(report, view)
    from cnncalc.pictures.rendering import pdf, png, ready

    ready(suffix)
    svg = drawing(report, view._replace(theme="light") if view.theme == "auto" else view)
    return pdf(svg) if suffix == ".pdf" else png(svg, scale)


def suffix_of(file: str) -> str:
    """What a file's name asks for. Raises CnncalcError where nothing is drawn so, or a library is not installed."""
    from pathlib import Path

    suffix = Path(file).suffix.lower()
    if suffix not in SUFFIXES:
        asked = f"`{suffix}`" if suffix else "a name without a suffix"
        raise CnncalcError(Fault(f"-o {file}: nothing is drawn as {asked}", help=f"these are: {', '.join(SUFFIXES)}"))
    from cnncalc.pictures.rendering import ready

    ready(suffix)
    return suffix


def fitting(report: Report, most: int = FITS) -> int:
    """The deepest level of names at which a picture has at most so many boxes; 1 where none has."""
    from cnncalc.pictures.flow.tree import tree_of

    deepest = max((row.name.count(".") + 1 for row in report.rows), default=1)
    for depth in range(deepest, 1, -1):
        if tree_of(report, depth).drawn <= most:
            return depth
    return 1


def _checked(view: View) -> None:
    """Raises CnncalcError for a choice that there is not, or that goes with the other view."""
    _one_of("view", view.view, VIEWS)
    _one_of("heat", view.heat, ("", *HEATS))
    _one_of("style", view.style, ("", *STYLES))
    _one_of("theme", view.theme, THEMES)
    if view.style and view.view != "volumes":
        raise CnncalcError(Fault(f"--style {view.style} arranges feature maps", help="add `--view volumes`"))
    if view.heat and view.view != "flow":
        raise CnncalcError(Fault(f"--heat {view.heat} colours the boxes of a flow", help="leave `--view volumes` out"))


def _one_of(what: str, name: str, names: tuple[str, ...]) -> None:
    if name not in names:
        known = [one for one in names if one]
        help = suggestion(name, known, f"it may be {', '.join(known)}")
        raise CnncalcError(Fault(f"there is no {what} `{name[:40]}`", help=help))
