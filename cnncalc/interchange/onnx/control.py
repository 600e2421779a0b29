"""Nodes that hold graphs: a branch of an If, the turns of a Loop, the steps of a Scan.

What decides how often a body runs is computed where it follows from the file and from shapes; the body is then read
once a turn. Layers of one weight share it, so that it counts once, and their operations count for each turn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from cnncalc.interchange.onnx.arrays import ints
from cnncalc.interchange.onnx.call import WITHIN, Call, Live, NotKnown, Value
from cnncalc.interchange.onnx.parts import MOST_READ, Graph, Tensor

__all__ = ["CONTROL", "MOST_TURNS", "Inside", "stacked"]

MOST_TURNS = 1_000
"""Turns of a Loop, steps of a Scan."""
INT64, BOOL = 7, 9
Inside: TypeAlias = "Callable[[Graph, Mapping[str, Value | None]], list[Value | None]]"
"""Reads a graph with what its inputs are, and gives its outputs; None for one that is not known."""


def known(value: Value | None) -> bool | None:
    """A condition; None where the net's input decides."""
    return bool(value.numbers[0]) if isinstance(value, Tensor) and value.numbers else None


def branch(call: Call, inside: Inside) -> list[Value | None]:
    """If: the branch that its condition says, or both where that is not known and they make the same shapes."""
    test = known(call.values[0] if call.values else None)
    graphs = {True: call.graph("then_branch"), False: call.graph("else_branch")}
    if test is not None:
        return inside(graphs[test], {})
    made = [inside(graph, {}) for graph in graphs.values()]
    if any(None in one for one in made):
        return [None] * len(call.node.outputs)
    return [either(call, number, *both) for number, both in enumerate(zip(*made))]


def either(call: Call, number: int, first: Value | None, second: Value | None) -> Value:
    """One of two tensors of one shape."""
    if first == second and first is not None:
        return first
    if not isinstance(first, Live) or not isinstance(second, Live) or first.axis != second.axis:
        raise NotKnown("its condition is not known")
    if call.shape(first) != call.shape(second):
        raise NotKnown("its condition is not known, and its branches make different shapes")
    suffix = f"_{number + 1}" if number else ""
    return call.put("opaque", first, second, suffix=suffix, shape=call.shape(first), of="If")


def loop(call: Call, inside: Inside) -> list[Value | None]:
    """Loop: what is carried from turn to turn, then what the turns make, one behind the other."""
    body, count = call.graph("body"), len(call.values) - 2
    names = tuple(body.inputs)
    if count < 0 or len(names) != count + 2 or len(body.outputs) < count + 1:
        raise NotKnown("its body takes other tensors")
    carried = started(call, call.values[2:], names[2:], body.outputs[1:])
    turns = call.numbers(0)
    going = known(call.values[1]) if call.given(1) else True
    made: list[list[Value]] = [[] for _ in body.outputs[count + 1 :]]
    turn = 0
    while going and (turns is None or turn < turns[0]):
        if turn >= MOST_TURNS:
            raise NotKnown(f"more than {MOST_TURNS:,} turns")
        given = (Tensor((), (turn,), INT64), Tensor((), (True,), BOOL), *carried)
        values = whole(inside(body, dict(zip(names, given))))
        if values is None:
            return [None] * len(call.node.outputs)
        going, carried = known(values[0]), [*values[1 : count + 1]]
        for one, value in zip(made, values[count + 1 :]):
            one.append(value)
        turn += 1
    if going is None:
        raise NotKnown("how often it runs depends on the net's input")
    return [*carried, *(stacked(call, values, 0, number) for number, values in enumerate(made))]


def scan(call: Call, inside: Inside) -> list[Value | None]:
    """Scan: a body for each place along an axis of what it scans."""
    body, scanned = call.graph("body"), call.whole("num_scan_inputs", 0)
    names, count = tuple(body.inputs), len(call.values) - scanned
    if call.opset < 9 or not scanned > 0 <= count <= len(body.outputs) or len(names) != len(call.values):
        raise NotKnown("its body takes other tensors")
    states = started(call, call.values[:count], names, body.outputs)
    given = [call.live(number) if isinstance(call.values[number], Live) else call.fixed(number)
             for number in range(count, len(call.values))]  # fmt: skip
    axes = [axis % max(len(dims(call, one)), 1) for axis, one in zip(said(call, "scan_input_axes", scanned), given)]
    lengths = {(dims(call, one) or (0,))[axis] for axis, one in zip(axes, given)}
    steps = lengths.pop()
    if lengths or not 0 < steps <= MOST_TURNS:
        raise NotKnown(f"it does not go through 1 to {MOST_TURNS:,} places")
    turned = said(call, "scan_input_directions", scanned)
    made: list[list[Value]] = [[] for _ in body.outputs[count:]]
    for step in range(steps):
        places = [steps - 1 - step if back else step for back in turned]
        parts = [at(call, one, axis, place) for one, axis, place in zip(given, axes, places)]
        values = whole(inside(body, dict(zip(names, [*states, *parts]))))
        if values is None:
            return [None] * len(call.node.outputs)
        states = [*values[:count]]
        for one, value in zip(made, values[count:]):
            one.append(value)
    outputs = said(call, "scan_output_axes", len(made))
    return [*states, *(stacked(call, values, axis, number) for number, (values, axis) in enumerate(zip(made, outputs)))]


def whole(found: Sequence[Value | None]) -> list[Value] | None:
    """What a body gives; None where something of it is not known."""
    values = [value for value in found if value is not None]
    return values if len(values) == len(found) else None


def started(
    call: Call, values: Sequence[Value | None], names: Sequence[str], outputs: Sequence[str]
) -> list[Value | None]:
    """What is carried at the start; a state that the file holds and the turns change is a layer, no layer's weight."""
    made = []
    for value, name, output in zip(values, names, outputs):
        state = call.brought(value) if isinstance(value, Tensor) and output != name else None
        made.append(state or value)
    return made


def said(call: Call, name: str, count: int) -> tuple[int, ...]:
    """A list with a number for each tensor that is scanned, zeros unless told."""
    found = call.wholes(name) or (0,) * count
    if len(found) != count:
        raise NotKnown(f"`{name}` has {len(found)} numbers for {count} tensors")
    return found


def dims(call: Call, value: Live | Tensor) -> tuple[int, ...]:
    """The shape of a tensor as ONNX has it."""
    return call.full(value) if isinstance(value, Live) else value.dims


def at(call: Call, value: Live | Tensor, axis: int, place: int) -> Value:
    """One place along an axis."""
    if isinstance(value, Tensor):
        found = ints(value) if len(value.dims) == 1 and not value.floating else None
        left = (*value.dims[:axis], *value.dims[axis + 1 :])
        return value._replace(dims=left, held=(found[place],) if found else None, name="")
    ours = call.ours(axis, value)
    if len(call.shape(value)) == 1:
        raise NotKnown("a number for each image")
    made = call.put("select", value, suffix=f"_{place}", axis=ours, at=place)
    return Live(made.tensor, value.axis - (ours < value.axis))


def stacked(call: Call, values: Sequence[Value], axis: int, number: int) -> Value:
    """Tensors of one shape as one, with a new axis along which they stand."""
    first = values[0] if values else None
    if isinstance(first, Tensor) and all(isinstance(one, Tensor) and one.dims == first.dims for one in values):
        numbers = [n for one in values if isinstance(one, Tensor) for n in one.numbers or ()]
        whole = axis == 0 and len(numbers) == first.size * len(values) <= MOST_READ
        place = axis % (len(first.dims) + 1)
        shape = (*first.dims[:place], len(values), *first.dims[place:])
        return first._replace(dims=shape, held=tuple(numbers) if whole else None, name="")
    lives = [one for one in values if isinstance(one, Live)]
    if not lives or len(lives) < len(values) or len({(one.axis, call.full(one)) for one in lives}) > 1:
        raise NotKnown("what its turns make differs, or is nothing")
    full, batch = call.full(lives[0]), lives[0].axis
    place = axis % (len(full) + 1)
    shape = (*full[:place], 1, *full[place:])
    moved = batch + (place <= batch != WITHIN)
    own = call.own(Live(lives[0].tensor, moved), shape)
    parts = [call.put("reshape", one, suffix="_step", batch=moved, shape=own) for one in lives]
    if len(parts) == 1:
        return parts[0]
    suffix = f"_steps_{number + 1}" if number else "_steps"
    return call.put("concat", *parts, suffix=suffix, batch=moved, axis=place - (place > moved != WITHIN))


CONTROL: dict[str, Callable[[Call, Inside], list[Value | None]]] = {"If": branch, "Loop": loop, "Scan": scan}
