"""One layer: where its numbers come from, and what a pixel of it sees."""

from __future__ import annotations

from typing import Any

from cnncalc.errors import CnncalcError
from cnncalc.text import shape_text
from web.answers.faults import objects_of
from web.answers.held import held, markup

__all__ = ["explain"]


def explain(text: str, layer: str, pixel: list[int] | None = None, theme: str = "light") -> dict[str, Any]:
    """The derivation of a layer or a group, and where it has one its field; without a `pixel` that of the middle one.

    Raises CnncalcError where there is no such layer.
    """
    net = held(text).net
    found = net.explain(layer)
    answer: dict[str, Any] = {"html": markup(found.page), "svg": "", "pixel": [], "lengths": []}
    row = next((one for one in net.report().rows if one.name == layer), None)
    if row is None or not row.receptive_field.moves:
        return answer
    lengths = list(row.output_shape[-len(row.receptive_field.size) :])
    asked = [min(at, length - 1) for at, length in zip(pixel or [length // 2 for length in lengths], lengths)]
    answer |= {"lengths": lengths, "pixel": asked, "output": shape_text(row.output_shape)}
    try:
        seen = net.explain(layer, pixel=asked).page
    except CnncalcError as error:  # such a field is told in words
        return answer | {"fieldless": objects_of(error)}
    return answer | {"svg": seen.picture() if seen.picture else ""}
