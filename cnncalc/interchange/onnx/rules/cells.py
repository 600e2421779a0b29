"""Cells that multiply step by step: LSTM, GRU and RNN, and onnxruntime's LSTM whose weights are quantised."""

from __future__ import annotations

from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.onnx.call import WITHIN, Call, Live, NotKnown, Value
from cnncalc.interchange.onnx.parts import Tensor
from cnncalc.interchange.onnx.rules.fixed import held
from cnncalc.layers import show_shape

__all__ = ["CELLS", "recurrent"]

MOST_SEQUENCES = 64
"""Sequences of one image, each of which goes through a cell of its own."""
STATES = (5, 6)
"""The places of `initial_h` and `initial_c`."""
CELLS = {"LSTM": "lstm", "GRU": "gru", "RNN": "rnn", "DynamicQuantizeLSTM": "lstm"}


def recurrent(call: Call) -> list[Value | None]:
    """A sequence with the batch as its second axis, or its first (`layout` 1), to all states, the last, a cell's last.

    ONNX has an axis for the directions: length, directions, batch, units. A state that comes in is taken for zeros, as
    it is in most files; one of the file that is none is learned. A quantised LSTM has its weights turned round.
    """
    layout = call.whole("layout", 0)
    if layout not in (0, 1):
        raise NotKnown(f"`layout` is {layout}")
    live = call.batched(call.live(), 1 - layout)
    if live.axis == WITHIN and len(call.shape(live)) == 3:
        return of_sequences(call, live, 1 - layout)
    if live.axis != 1 - layout or len(call.shape(live)) != 2:
        raise NotKnown("no sequence of vectors")
    weights = [call.fixed(1), call.fixed(2), *([call.fixed(3)] if call.given(3) else [])]
    if any(len(weight.dims) < 2 for weight in weights):
        raise NotKnown("its weights are none of a cell")
    hidden = weights[1].dims[1 if call.node.kind == "DynamicQuantizeLSTM" else -1]
    directions = weights[0].dims[0]
    if directions not in (1, 2):
        raise NotKnown(f"{directions} directions")
    hold_states(call, hidden)
    every, *others = (bool(name) for name in (*call.node.outputs, "", "", "")[:3])
    fields: dict[str, Any] = {"hidden": hidden, "bidirectional": directions == 2, "bias": len(weights) == 3}
    if len(weights) == 3 and weights[2].dims[-1] == weights[0].dims[1]:  # in ONNX two behind each other, elsewhere one
        fields["biases"] = 1
    returns = "sequence" if every else "final"
    live = begun(call, live)
    made = call.put(CELLS[call.node.kind], live, weights=weights, returns=returns, axis="last", **fields)
    if call.given(7) and call.node.kind == "LSTM":
        made = peeping(call, made, call.fixed(7))
    final = last(call, made, directions, hidden) if every and others[0] else made
    states: list[Value | None] = [
        call.put("reshape", final, suffix="_last", batch=1 - layout, shape=(directions, hidden)) if others[0] else None,
        call.put("opaque", made, suffix="_cell", batch=1 - layout, shape=(directions, hidden), of="cell")
        if others[1]
        else None,
    ]
    if not every:
        return [None, *states]
    length = call.shape(live)[0]
    split = call.put("reshape", made, suffix="_directions", batch=2 - 2 * layout, shape=(length, directions, hidden))
    return [split, *states]


def hold_states(call: Call, hidden: int) -> None:
    """Raises CnncalcError where a cell begins with states that are not its own, as torch's exporter writes projections.

    An LSTM of ONNX has none: what torch 2.13's exporter writes of one is a smaller LSTM (findings/).
    """
    for place, name in zip(STATES, ("initial_h", "initial_c")):
        begins = call.values[place] if call.given(place) else None
        if isinstance(begins, Tensor) and begins.dims and begins.dims[-1] != hidden:
            values = f"`{name}` is {show_shape(begins.dims)}, and the weights are of {hidden} numbers a state"
            help = "if it was a layer with `proj_size`, ONNX has none, and the file lacks the projection: leave it out"
            message = f"{call.node.called()}, begins with other states than it has"
            raise CnncalcError(Fault(message, values=values, help=help))


def begun(call: Call, live: Live) -> Live:
    """What comes in, behind the states of the file that a cell starts from: no layer of ours is given any."""
    given = [call.values[place] for place in STATES if call.given(place)]
    learned = [one for one in given if isinstance(one, Tensor) and one.held_as_learned and not one.zeros]
    if not learned:
        return live
    states = [held(call, one, live, one.dims, WITHIN, f"_start_{place}") for place, one in enumerate(learned)]
    return call.put("opaque", live, *states, suffix="_begun", shape=call.shape(live), of="first_states")


def peeping(call: Call, made: Live, factors: Tensor) -> Live:
    """What an LSTM makes whose gates see the cell: three factors a unit and direction more, and no more products."""
    learned = call.put(
        "parameter", made, suffix="_peepholes", weights=[factors], batch=WITHIN, shape=factors.dims, join="alone"
    )
    return call.put("opaque", made, learned, suffix="_peeping", shape=call.shape(made), of="peepholes")


def of_sequences(call: Call, live: Live, axis: int) -> list[Value | None]:
    """Several sequences of one image along an axis: each goes through the cell, and what it leaves is joined."""
    count = call.shape(live)[axis]
    if count > MOST_SEQUENCES:
        raise NotKnown(f"of {count} sequences of one image, more than {MOST_SEQUENCES}")
    each = [
        recurrent(
            call.on(call.put("select", live, suffix=f"_{at}_of", batch=axis, axis=axis, at=at), f"_{at}" * (at > 0))
        )
        for at in range(count)
    ]
    joined: list[Value | None] = []
    for place, made in enumerate(zip(*each)):
        lives = [one for one in made if isinstance(one, Live)]
        parts = [call.freed(one) for one in lives]
        suffix = f"_joined_{place}"
        joined.append(call.put("concat", *parts, suffix=suffix, axis=lives[0].axis) if lives else None)
    return joined


def last(call: Call, made: Live, directions: int, hidden: int) -> Live:
    """The state after the last step of each direction, of those after every step."""
    length = call.shape(made)[0]
    ends = [0] if call.word("direction", "forward") == "reverse" else [length - 1, 0][:directions]
    halves = [made] if directions == 1 else [
        call.put("slice", made, suffix=f"_{way}", axis=1, channels=(at * hidden, (at + 1) * hidden))
        for at, way in enumerate(("forward", "backward"))
    ]  # fmt: skip
    picked = [
        call.put("select", half, suffix=f"_at_{place}", axis=0, at=end)
        for place, (half, end) in enumerate(zip(halves, ends))
    ]
    return picked[0] if directions == 1 else call.put("concat", *picked, suffix="_ends", axis=0)
