"""An explanation as a page: a section a layer, then what the symbols mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.formulas import Legend
from cnncalc.answers.page import Page
from cnncalc.explain.explanation import Told
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

    pictured = [part for part in explanation.parts if isinstance(part, Told) and part.regions]
    picture = (lambda: _field(pictured[0])) if pictured else None
    way = "ask for one pixel of a layer: `cnncalc explain NET LAYER --pixel 3,5`"
    return Page("an explanation", body, lambda: object_of(explanation), picture=picture, to_picture=way)


def _field(told: Told) -> str:
    """What the pixel that is asked for sees, on the first of the inputs that it sees."""
    from cnncalc.pictures.windows.field import Seen, field

    first = told.regions[0].input
    regions = [region for region in told.regions if region.input == first]
    seen = next((one for name, one in told.row.receptive_field.inputs if name == first), told.row.receptive_field)
    lengths = told.row.output_shape[-len(regions) :]
    axes = []
    for axis, (region, length) in enumerate(zip(regions, lengths)):
        stride = seen.stride[axis] if axis < len(seen.stride) else None
        one = Seen(region.pixel, region.first, region.last, region.length, length)
        if isinstance(stride, int) and stride > 0:
            one = one._replace(stride=stride)
            last = (length - 1) * stride - seen.padding[axis] + seen.size[axis] - 1
            one = one._replace(ends=(max(-seen.padding[axis], 0), min(last, region.length - 1)))
        axes.append(one)
    pixel = ", ".join(str(region.pixel) for region in regions)
    where = "the input" if first == "input" else first
    return field(told.row.name, f"what pixel ({pixel}) of {told.row.notation} sees of {where}", axes)
