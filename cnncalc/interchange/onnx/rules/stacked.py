"""Nodes on many maps of one image, which the file takes for a batch: heads and windows."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.interchange.onnx.call import WITHIN, Call, Live, NotKnown, Value

__all__ = ["of_each"]

MOST_MAPS = 64
"""Maps of one image, each of which goes through a layer of its own."""
MOST_LAYERS = 10_000
"""Layers that a net may have before nodes of many maps."""


def of_each(rule: Callable[[Call], list[Value]]) -> Callable[[Call], list[Value]]:
    """A rule for maps with the batch first as one for many maps of an image too.

    Each goes through a layer of its own; they share the node's weights. What comes out is joined again.
    """

    def stacked(call: Call) -> list[Value]:
        live = call.batched(call.live(), 0)
        if live.axis == 0 or len(call.full(live)) < 3:
            return rule(call)
        count = call.full(live)[0]
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
