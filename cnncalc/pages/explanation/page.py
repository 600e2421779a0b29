"""An explanation as a page: a section a layer, then what the symbols mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.formulas import Legend
from cnncalc.answers.page import Page
from cnncalc.pages.explanation.lines import legend
from cnncalc.pages.explanation.objects import object_of
from cnncalc.pages.explanation.sections import sections
from cnncalc.pages.show.summary import header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.answers.page import Block, Layout
    from cnncalc.explain.explanation import Explanation

__all__ = ["page"]


def page(explanation: Explanation) -> Page:
    """The page of an explanation; on a screen the net is named where the whole of it is told."""

    def body(layout: Layout) -> Iterator[Block]:
        shown = sections(explanation)
        if layout.document or explanation.totals is not None:
            yield header(explanation.report, level=2)
        yield from shown
        symbols = legend(shown)
        if symbols:
            yield Legend(symbols)

    return Page("an explanation", body, lambda: object_of(explanation))
