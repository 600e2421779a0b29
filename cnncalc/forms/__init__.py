"""Rows of numbers -> text: a table for a terminal, plain text, JSON, CSV, Markdown.

Each form is a module of its own, imported when it is asked for; only `table` costs the import of rich.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from cnncalc.answers.report import Report

__all__ = ["FORMS", "View", "render"]

FORMS = ("table", "plain", "json", "csv", "markdown")


class View(NamedTuple):
    """What to show of a report. Nothing set shows every layer, in execution order, in the usual columns."""

    columns: tuple[str, ...] = ()
    """Keys of `render.columns.COLUMNS`; empty for the usual ones."""
    sort: str | None = None
    """The key of a column: largest first, or from a to z."""
    depth: int | None = None
    """How many levels of names to show; what lies deeper is folded into its group."""


ALL = View()


def render(report: Report, form: str = "plain", view: View = ALL) -> str:
    """The report as text in one of FORMS, with a line end. Raises CnncalcError for a column that there is not."""
    if form == "table":
        from cnncalc.forms import table

        return table.draw(report, view)
    if form == "json":
        from cnncalc.forms import json_form

        return json_form.draw(report)
    if form == "csv":
        from cnncalc.forms import csv_form

        return csv_form.draw(report, view)
    if form == "markdown":
        from cnncalc.forms import markdown

        return markdown.draw(report, view)
    from cnncalc.forms import plain

    return plain.draw(report, view)
