"""What a layer says in a framework's own words: what the file says alone, so that a wrong default of ours is seen."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.written import Unsaid
from cnncalc.layers import Layer
from cnncalc.layers.fields import PerAxis, spread

__all__ = ["paddings", "said"]


def said(layer: Layer, rank: int, **names: str) -> dict[str, Any]:
    """Arguments by the framework's names, of fields that are not as the dialect has them; `names` say which field."""
    given: dict[str, Any] = {}
    for argument, name in names.items():
        value = getattr(layer, name)
        if value != layer.default(name):
            axes = isinstance(layer.fields[name].type, PerAxis) and value is not None
            given[argument] = tuple(spread(value, rank)) if axes else value
    known = {*names.values(), "padding", "dialect", "kernel", "out"}
    if any(getattr(layer, name) != layer.default(name) for name in layer.fields.keys() - known):
        raise Unsaid("a field that the framework has not")
    return given


def paddings(layer: Any, rank: int) -> list[tuple[int, int]] | str | None:
    """The padding of each axis, or its word; None where the file says none."""
    if layer.padding == layer.default("padding"):
        return None
    return layer.padding if isinstance(layer.padding, str) else [*spread(layer.padding, rank)]
