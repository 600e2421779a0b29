"""LSTM, GRU and RNN."""

from __future__ import annotations

from cnncalc.interchange.onnx.call import Call, Live, NotKnown, Value

__all__ = ["recurrent"]

KINDS = {"LSTM": "lstm", "GRU": "gru", "RNN": "rnn"}


def recurrent(call: Call) -> list[Value | None]:
    """A sequence with the batch as its second axis, or its first (`layout` 1), to the states of all steps, or the last.

    ONNX has an axis for the directions: length, directions, batch, units. The state that a net is given at the start is
    taken for zeros, as it is in most files.
    """
    live = call.live()
    layout = call.whole("layout", 0)
    if live.axis != 1 - layout or len(call.shape(live)) != 2:
        raise NotKnown("no sequence of vectors")
    weights = [call.fixed(1), call.fixed(2), *([call.fixed(3)] if call.given(3) else [])]
    if call.given(7) or any(len(weight.dims) < 2 for weight in weights):
        raise NotKnown("with peepholes")
    hidden, directions = weights[1].dims[-1], weights[0].dims[0]
    if directions not in (1, 2):
        raise NotKnown(f"{directions} directions")
    returns = "sequence" if call.node.outputs[0] else "final"
    made = call.put(
        KINDS[call.node.kind],
        live,
        weights=weights,
        hidden=hidden,
        bidirectional=directions == 2,
        bias=len(weights) == 3,
        returns=returns,
        axis="last",
    )
    if returns == "final":
        if layout:
            raise NotKnown("its last state with the batch first")
        last = call.put("reshape", made, suffix="_directions", batch=1, shape=(directions, hidden))
        return [None, last]
    length = call.shape(live)[0]
    split = call.put("reshape", made, suffix="_directions", batch=2 - 2 * layout, shape=(length, directions, hidden))
    return [split if not layout else Live(split.tensor, 0), None]
