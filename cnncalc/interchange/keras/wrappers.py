"""Functions of the user's, and the layers that run along a sequence."""

from __future__ import annotations

from cnncalc.interchange.keras.call import Call, Rule
from cnncalc.interchange.keras.sequences.recurrent import CELLS, MAPS, bidirectional, recurrent

__all__ = ["WRAPPERS"]


def unread(call: Call) -> int:
    """A function of the user's: only the shape of what it gives can be known, and its code is never run."""
    shape = call.config.get("output_shape")
    if isinstance(shape, dict):
        shape = shape.get("items")
    if isinstance(shape, (list, tuple)) and shape and all(type(one) is int and one > 0 for one in shape):
        target = call.work.shape_in(tuple(shape))
    elif len(call.tensors) == 1:
        target = call.x[0]
    else:
        raise call.fault(
            "what a Lambda does cannot be read, and the file does not say the shape that it gives",
            help="use layers of Keras in its place, or write the net in the language",
        )
    call.work.identities.setdefault("Lambda, whose code is not run", []).append(call.path)
    if target == call.x[0] and len(call.tensors) == 1:
        return call.put("identity")
    return call.put("opaque", shape=target, of="Lambda")


WRAPPERS: dict[str, Rule] = {
    "Lambda": unread,
    **dict.fromkeys((*CELLS, *MAPS, "RNN"), recurrent),
    "Bidirectional": bidirectional,
}
"""By Keras's class."""
