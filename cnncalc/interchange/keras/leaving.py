"""What leads to no output, as the other outputs of a model inside a model: left out, but for what has parameters."""

from __future__ import annotations

from collections.abc import Iterable

from cnncalc.interchange.sketch import Operator, Sketch

__all__ = ["leave_out"]


def leave_out(sketch: Sketch) -> None:
    """Take out of a sketch the layers on which no output depends.

    Keras counts the parameters of those, too: what has some that no other layer has
    stays, as one more output, and is told.
    """
    operators = sketch.operators
    used = _before(operators, sketch.outputs)
    if len(used) == len(operators):
        return
    owners = {_owner(operators, number) for number in used}
    own = [at for at in range(len(operators)) if at not in used and at not in owners and _learns(operators, at)]
    used |= _before(operators, own)
    taken = {tensor for number in used for tensor in operators[number].inputs}
    ends = [at for at in own if at not in taken]
    if ends:
        named = ", ".join(f"`{operators[end].name}`" for end in ends[:4]) + (" and more" if len(ends) > 4 else "")
        sketch.notes.append(f"no output depends on {named}, whose parameters Keras counts: outputs here")
    sketch.idle += [name for name, number in sketch.inputs.items() if number not in used]
    sketch.inputs = {name: number for name, number in sketch.inputs.items() if number in used}
    _keep(sketch, sorted(used), [*sketch.outputs, *ends])


def _before(operators: list[Operator], ends: Iterable[int]) -> set[int]:
    """What these depend on, and they."""
    found: set[int] = set()
    waiting = list(ends)
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting += operators[number].inputs
    return found


def _owner(operators: list[Operator], number: int) -> int:
    shared = operators[number].share
    return number if shared is None else shared


def _learns(operators: list[Operator], number: int) -> bool:
    """Whether a layer has parameters that it shares with none before it."""
    one = operators[number]
    if one.layer is None or one.share is not None:
        return False
    return bool(one.layer.weight_shapes(*(operators[tensor].shape for tensor in one.inputs)))


def _keep(sketch: Sketch, kept: list[int], outputs: list[int]) -> None:
    """These operators alone, under new numbers; of several that share parameters the first has them."""
    place = {number: at for at, number in enumerate(kept)}
    first: dict[int, int] = {}
    operators = []
    for number in kept:
        one = sketch.operators[number]
        owner = first.setdefault(_owner(sketch.operators, number), place[number])
        share = None if owner == place[number] else owner
        operators.append(one._replace(inputs=tuple(place[tensor] for tensor in one.inputs), share=share))
    sketch.operators = operators
    sketch.outputs = [place[number] for number in outputs]
    sketch.inputs = {name: place[number] for name, number in sketch.inputs.items()}
