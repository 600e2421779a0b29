"""A NeuralNetwork: layers in order, each a message of its own kind, with their weights inside."""

from __future__ import annotations

from cnncalc.interchange.coreml.layered.layer import LAYERS, NetLayer
from cnncalc.interchange.coreml.layered.stored import Copies
from cnncalc.interchange.coreml.layered.table import RULES
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.onnx.telling import Dims, Telling
from cnncalc.interchange.protobuf.fields import Fields
from cnncalc.interchange.sketch import Asked, Sketch

__all__ = ["told"]

EXACT = 1
"""Arrays have the axes that they are described with; before, all had five: sequence, batch, channels, height, width."""


def told(net: Fields, inputs: dict[str, Dims | None], outputs: list[str], file: ForeignFile, asked: Asked) -> Sketch:
    """The layers of a network. Raises CnncalcError with everything that is wrong."""
    tell = Telling("Core ML")
    exact = net.whole(5) == EXACT
    for name, dims in inputs.items():
        tell.inputs[name] = dims if exact or dims is None else batched(dims)
    made: set[str] = set()
    copies = Copies()
    last: list[str] = []
    for fields in net.each(1):
        number = next((number for number in fields.all if number in LAYERS), 0)
        layer = NetLayer(fields, number, tell, copies, exact=exact)
        RULES.get(number, unknown)(layer)
        made.update(layer.outputs)
        last = layer.outputs or last
    found = [name for name in (*outputs, net.text(200)) if name in made]
    return tell.read("", list(dict.fromkeys(found)) or last, file, asked)


def unknown(layer: NetLayer) -> None:
    """A layer of which no rule is known: the reader tells it."""
    layer.say(layer.kind, *layer.inputs)


def batched(dims: Dims) -> Dims:
    """The shape of an input in the older form, where it is told without the batch."""
    return dims if len(dims) == 4 and dims[0] == 1 else dims[1:] if len(dims) == 5 else (1, *dims)
