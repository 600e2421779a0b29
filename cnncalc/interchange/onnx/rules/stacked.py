"""Nodes on many maps of one image, which the file takes for a batch: heads and windows."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.interchange.onnx.call import WITHIN, Call, Live, NotKnown, Value
from cnncalc.interchange.onnx.parts import Tensor

__all__ = ["of_each"]

MOST_MAPS = 64
"""Maps of one image, each of which goes through a layer of its own; of more, a volume does."""
MOST_LAYERS = 10_000
"""Layers that a net may have before nodes of many maps."""


AS_VOLUMES = ("Conv", "ConvTranspose", "MaxPool", "AveragePool", "BatchNormalization")
"""What does the same to each of many maps as to a volume that they are the planes of, with windows of one plane."""
PLANES = {"kernel_shape": 1, "strides": 1, "dilations": 1, "output_padding": 0, "pads": 0}


def as_volume(rule: Callable[[Call], list[Value]], call: Call, live: Live) -> Live:
    """Many maps of an image as the planes of a volume."""
    count, _, *sides = call.full(live)
    order = (1, 0, *range(2, 2 + len(sides)))
    volume = call.put("permute", live, suffix="_planes", batch=0, order=order)
    attributes = dict(call.node.attributes)
    for name, plane in PLANES.items():
        if said := call.wholes(name):
            half = len(said) // 2 if name == "pads" else len(said)
            attributes[name] = tuple(n for part in (said[:half], said[half:]) if part for n in (plane, *part))
    if said := call.wholes("output_shape"):
        attributes["output_shape"] = (count, *said[-len(sides) :])
    values = [
        one._replace(dims=(*one.dims[:2], 1, *one.dims[2:])) if isinstance(one, Tensor) and len(one.dims) > 2 else one
        for one in call.values[1:]
    ]
    inner = call.like([volume, *values], call.name)
    inner.node = inner.node._replace(attributes=attributes)
    made = rule(inner)[0]
    assert isinstance(made, Live)
    return call.put("permute", made, suffix="_maps", batch=WITHIN, order=order)


def of_each(rule: Callable[[Call], list[Value]]) -> Callable[[Call], list[Value]]:
    """A rule for maps with the batch first as one for many maps of an image too.

    Each goes through a layer of its own; they share the node's weights. What comes out is joined again.
    """

    def stacked(call: Call) -> list[Value]:
        live = call.batched(call.live(), 0)
        if live.axis == 0 or len(call.full(live)) < 3:
            return rule(call)
        count = call.full(live)[0]
        if count > MOST_MAPS and call.node.kind in AS_VOLUMES:
            return [as_volume(rule, call, call.freed(live))] * len(call.node.outputs)
        if count > MOST_MAPS:
            raise NotKnown(f"of {count} maps of one image, more than {MOST_MAPS}")
        if len(call.sketch.operators) > MOST_LAYERS:
            raise NotKnown(f"of {count} maps of one image, behind more than {MOST_LAYERS:,} layers")
        whole = call.freed(live)
        made = []
        for at in range(count):
            one = call.put("select", whole, suffix=f"_{at}_of", batch=0, axis=0, at=at)
            part = rule(call.on(one, suffix=f"_{at}" if at else ""))[0]
            assert isinstance(part, Live)
            wide = (1, *call.shape(part))
            made.append(call.put("reshape", part, suffix=f"_{at}_wide", batch=WITHIN, shape=wide))
        return [call.put("concat", *made, suffix="_joined", axis=0)] * len(call.node.outputs)

    return stacked
