"""What leads to no output, as the other outputs of a model inside a model: left out, but for what has parameters."""

from __future__ import annotations

from cnncalc.interchange.building import behind, only
from cnncalc.interchange.sketch import Sketch

__all__ = ["left_out"]


def left_out(sketch: Sketch) -> Sketch:
    """The sketch without the layers on which no output depends.

    Keras counts the parameters of those, too: what has some that no other layer has
    stays, as one more output, and is told.
    """
    operators = sketch.operators
    used = behind(sketch, sketch.outputs)
    if len(used) == len(operators):
        return sketch
    owners = {_owner(sketch, number) for number in used}
    own = [at for at in range(len(operators)) if at not in used and at not in owners and _learns(sketch, at)]
    used |= behind(sketch, own)
    taken = {tensor for number in used for tensor in operators[number].inputs}
    ends = [at for at in own if at not in taken]
    if ends:
        named = ", ".join(f"`{operators[end].name}`" for end in ends[:4]) + (" and more" if len(ends) > 4 else "")
        sketch.notes.append(f"no output depends on {named}, whose parameters Keras counts: outputs here")
    sketch.outputs += ends
    return only(sketch, used)


def _owner(sketch: Sketch, number: int) -> int:
    shared = sketch.operators[number].share
    return number if shared is None else shared


def _learns(sketch: Sketch, number: int) -> bool:
    """Whether a layer has parameters that it shares with none before it."""
    one = sketch.operators[number]
    if one.layer is None or one.share is not None:
        return False
    return bool(one.layer.weight_shapes(*map(sketch.shape, one.inputs)))
