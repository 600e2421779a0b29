"""Answers as text, by way of their pages and the forms."""

from __future__ import annotations

from cnncalc.answers.page import WHOLE, Layout
from cnncalc.forms import text
from cnncalc.pages.explanation.page import page as explanation_page
from cnncalc.pages.show.report import ALL, page


def explained(explanation, room=None, form="plain"):
    """An explanation, at most `room` wide."""
    return text(explanation_page(explanation), form, WHOLE if room is None else Layout(room))


def render(report, form="plain", view=ALL):
    """A report."""
    return text(page(report, view), form)
