"""The layers of a NeuralNetwork that look up or compare, and those that are networks of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from cnncalc.interchange.coreml.layered.layer import NetLayer

__all__ = ["compared", "refused", "table"]

Rule: TypeAlias = Callable[[NetLayer], None]


def table(layer: NetLayer) -> None:
    """embeddingND: rows of a table, by the numbers along a last axis of length 1."""
    settings = layer.settings
    places = layer.tell.put("Squeeze", [layer.x(), layer.tell.numbers(-1)])
    rows = [layer.weight("weight", settings.whole(1), settings.whole(2)), places]
    bias = layer.shift(3, 21, 20, settings.whole(2))
    if bias:
        layer.say("Add", layer.tell.put("Gather", rows, name=layer.name, axis=0), *bias)
    else:
        layer.say("Gather", *rows, axis=0)


def compared(kind: str, *, turned: bool = False) -> Rule:
    """Comparisons, of two tensors or of one and a number."""

    def rule(layer: NetLayer) -> None:
        other = layer.settings.real(2, layer.settings.real(1))
        sides = layer.inputs if len(layer.inputs) > 1 else [layer.x(), layer.tell.number(other)]
        if turned:
            layer.say("Not", layer.tell.put(kind, sides, name=layer.name))
        else:
            layer.say(kind, *sides)

    return rule


def refused(layer: NetLayer) -> None:
    """Loops and branches, whose layers stand in networks of their own."""
    raise layer.fault("loops and branches are not read: coremltools writes one for each GRU of torch")
