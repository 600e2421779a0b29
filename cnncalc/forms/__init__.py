"""Pages -> text: a table for a terminal, plain text, Markdown, LaTeX, HTML, CSV, JSON. No form knows a command.

A form is a module with `draw`, imported when it is asked for, and one line in FORMS.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cnncalc.answers.page import WHOLE, Layout
from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.answers.page import Page

__all__ = ["FORMS", "Form", "by_suffix", "draw", "drawn", "form_named", "ready", "text"]


class Form(NamedTuple):
    """One way to set a page."""

    name: str
    module: str
    suffix: str = ""
    """The end of the names of files that are written so."""
    needs: str = ""
    """The part of a page that it draws, where that is not its text."""
    binary: bool = False
    """Whether it is no text, and goes to a file."""
    library: str = ""
    """The package that it needs, which may not be installed."""
    screen: bool = False
    """Whether it is for a screen and no document."""


FORMS = (
    Form("table", "table", screen=True),
    Form("plain", "plain", screen=True),
    Form("json", "json_form", ".json", needs="data"),
    Form("jsonl", "jsonl", ".jsonl", needs="records"),
    Form("csv", "csv_form", ".csv", needs="table"),
    Form("markdown", "markdown", ".md"),
    Form("latex", "latex", ".tex"),
    Form("github", "github", needs="annotations"),
    Form("html", "web.html", ".html"),
    Form("svg", "web.svg", ".svg", needs="picture"),
    Form("parquet", "parquet", ".parquet", needs="table", binary=True, library="pyarrow"),
)


def form_named(name: str) -> Form:
    """The form of that name. Raises CnncalcError where there is none."""
    found = next((form for form in FORMS if form.name == name), None)
    if found is None:
        names = [form.name for form in FORMS]
        help = suggestion(name, names, f"the forms are {', '.join(names)}")
        raise CnncalcError(Fault(f"there is no form `{name[:60]}`", help=help))
    return found


def by_suffix(file: str) -> str:
    """The form that a file's name asks for; empty where it asks for none."""
    return next((form.name for form in FORMS if form.suffix and file.lower().endswith(form.suffix)), "")


def ready(form: Form) -> None:
    """Raises CnncalcError where the library that a form needs is not installed."""
    from importlib.util import find_spec

    if form.library and find_spec(form.library) is None:
        message = f"{form.name.capitalize()} needs {form.library}, which is not installed"
        raise CnncalcError(Fault(message, help=f"`pip install {form.library}`, or `--format csv`"))


def draw(page: Page, form: str = "plain", layout: Layout = WHOLE) -> str | bytes:
    """The page in one of FORMS, with a line end; bytes where that is no text.

    Raises CnncalcError for a form that there is not, or that the page does not have.
    """
    module, layout = _module(page, form, layout)
    drawn: str | bytes = module.draw(page, layout)
    return drawn


def drawn(page: Page, form: str = "plain", layout: Layout = WHOLE) -> str | bytes | Iterator[str]:
    """As `draw`; piece after piece where the form can be had so. Raises CnncalcError."""
    module, layout = _module(page, form, layout)
    made: str | bytes | Iterator[str] = getattr(module, "pieces", module.draw)(page, layout)
    return made


def _module(page: Page, form: str, layout: Layout) -> tuple[Any, Layout]:
    """What draws a form, and the layout that it draws to."""
    chosen = form_named(form)
    if chosen.needs and not getattr(page, chosen.needs):
        others = [one.name for one in FORMS if not one.needs or getattr(page, one.needs)]
        way_out = page.to_picture if chosen.needs == "picture" else ""
        help = way_out or f"the forms are {', '.join(others)}"
        raise CnncalcError(Fault(f"{page.what} has no form {form}", help=help))
    ready(chosen)
    if not chosen.screen:
        layout = Layout(document=True)
    return import_module(f"cnncalc.forms.{chosen.module}"), layout


def text(page: Page, form: str = "plain", layout: Layout = WHOLE) -> str:
    """The page in one of the FORMS that are text. Raises CnncalcError."""
    made = draw(page, form, layout)
    if isinstance(made, bytes):
        raise CnncalcError(Fault(f"{form} is no text", help="write it to a file"))
    return made
