"""Nets as readers leave them, and their texts."""

from __future__ import annotations

from cnncalc.interchange.sketch import Operator, Sketch
from cnncalc.interchange.structure import chained, structured

__all__ = ["flat", "said"]


def flat(graph) -> Sketch:
    """A net as a reader would leave it."""
    made = Sketch(graph.name, graph.dialect)
    for index, one in enumerate(graph.nodes):
        made.operators.append(Operator(one.name, one.layer, one.inputs, one.shape, share=one.share))
        if one.layer is None:
            made.inputs[one.name] = index
    made.outputs = list(graph.outputs.values())
    return made


def said(sketch: Sketch) -> tuple[str, list[str], Sketch]:
    """The text of a net, the names in it, and the sketch that it was made of."""
    sketch = chained(sketch)
    return *structured(sketch, "net"), sketch
