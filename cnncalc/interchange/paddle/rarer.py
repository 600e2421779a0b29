"""Operators that fewer programs have: other norms and borders, shuffles, windows as columns, recurrent layers."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.paddle.call import Call, Numbers, Several, States, Turned, Unread, Value
from cnncalc.interchange.paddle.program import Weight
from cnncalc.layers import show_shape

__all__ = [
    "channel_shuffle", "deformable", "filled", "group_norm", "hardtanh", "instance_norm", "maxout", "padded",
    "pixel_shuffle", "pixel_unshuffle", "power", "recurrent", "shape_of", "unfold",
]  # fmt: skip

MODES = {
    "reflect": {"mode": "reflect"}, "replicate": {"mode": "replicate"}, "edge": {"mode": "replicate"},
    "circular": {"mode": "circular"}, "constant": {},
}  # fmt: skip
CELLS: dict[str, tuple[str, dict[str, Any]]] = {
    "LSTM": ("lstm", {}), "GRU": ("gru", {}), "RNN_TANH": ("rnn", {}), "RNN_RELU": ("rnn", {"nonlinearity": "relu"}),
}  # fmt: skip


def group_norm(call: Call) -> list[Value]:
    """group_norm: statistics of groups of channels."""
    operator = call.operator
    affine = isinstance(call.value(1), Weight)
    if affine != isinstance(call.value(2), Weight):
        raise call.fault("it is read with a scale and a shift, or with neither")
    fields = {"groups": max(operator.whole("groups", 1), 1), "eps": operator.real("epsilon", 1e-5)}
    return [call.put("groupnorm", call.x(), affine=affine, **fields)]


def instance_norm(call: Call) -> list[Value]:
    """instance_norm: statistics of each channel."""
    affine = isinstance(call.value(1), Weight)
    return [call.put("instancenorm", call.x(), affine=affine, eps=call.operator.real("epsilon", 1e-5))]


def padded(call: Call) -> list[Value]:
    """pad3d: a border whose widths are stated from the last axis on, before and behind it."""
    x, sides, mode = call.map(axes=3), call.numbers("paddings", 1), call.operator.word("mode") or "constant"
    if sides is None or len(sides) != 6:
        raise call.fault("a border is two numbers an axis", str(sides)[:60])
    if mode not in MODES or (mode == "constant" and call.operator.real("pad_value", 0.0)):
        raise call.fault("a border of zeros, or of the map's own pixels", mode)
    border = tuple(zip(sides[::2], sides[1::2]))[::-1]
    if min(sides) < 0:  # a border that is taken away
        x = call.put("crop", x, border=tuple((max(-before, 0), max(-after, 0)) for before, after in border))
        border = tuple((max(before, 0), max(after, 0)) for before, after in border)
    return [call.put("pad", x, border=border, **MODES[mode]) if any(map(any, border)) else x]


def pixel_shuffle(call: Call) -> list[Value]:
    """Channels become positions."""
    return [call.put("pixel_shuffle", call.map(), factor=call.operator.whole("upscale_factor", 1))]


def pixel_unshuffle(call: Call) -> list[Value]:
    """Positions become channels."""
    return [call.put("pixel_unshuffle", call.map(), factor=call.operator.whole("downscale_factor", 1))]


def channel_shuffle(call: Call) -> list[Value]:
    """Channels of groups are dealt out in turn."""
    return [call.put("channel_shuffle", call.map(), groups=max(call.operator.whole("groups", 1), 1))]


def unfold(call: Call) -> list[Value]:
    """Every window as a column; its padding is stated above, left, below, right."""
    operator = call.operator
    kernel, sides = operator.wholes("kernel_sizes"), operator.wholes("paddings") or (0, 0, 0, 0)
    if kernel is None or len(kernel) != 2 or len(sides) != 4:
        raise call.fault("its windows are of two lengths, and its padding of four", f"{kernel}, {sides}"[:80])
    fields = {"stride": operator.wholes("strides") or (1, 1), "dilation": operator.wholes("dilations") or (1, 1)}
    if sides[:2] != sides[2:]:
        raise call.fault("it is padded alike on both sides of an axis", show_shape(sides))
    return [call.put("unfold", call.map(), kernel=kernel, padding=sides[:2], **fields)]


def maxout(call: Call) -> list[Value]:
    """The largest of neighbouring channels."""
    if call.operator.whole("axis", 1) != 1:
        raise call.fault("it is read along the channels", str(call.operator.whole("axis", 1)))
    return [call.put("maxout", call.x(), pieces=max(call.operator.whole("groups", 1), 1))]


def power(call: Call) -> list[Value]:
    """pow: to the power of a number that the program states."""
    return [call.put("power", call.x(), number=call.operator.real("y", 1.0))]


def deformable(call: Call) -> list[Value]:
    """deformable_conv: a map, offsets, the weight, and perhaps a mask."""
    operator, dims = call.operator, call.weight(2).dims
    if len(dims) != 4 or operator.whole("deformable_groups", 1) != 1:
        raise call.fault("its weights have four axes, and its offsets are of one group", show_shape(dims))
    taken = [call.map(), call.x(1), *([call.x(3)] if isinstance(call.value(3), int) else [])]
    sides = operator.wholes("paddings") or (0, 0)
    fields: dict[str, Any] = {"stride": operator.wholes("strides") or (1, 1), "kernel": dims[2:]}
    fields |= {"dilation": operator.wholes("dilations") or (1, 1), "padding": tuple((n, n) for n in sides)}
    groups = max(operator.whole("groups", 1), 1)
    return [call.put("deform_conv", *taken, out=dims[0], groups=groups, bias=False, **fields)]


def hardtanh(call: Call) -> list[Value]:
    """Between two numbers."""
    operator = call.operator
    bounds = {"low": operator.real("t_min", -1.0), "high": operator.real("t_max", 1.0)}
    return [call.put("function", call.x(), of="clip", **bounds)]


def shape_of(call: Call) -> list[Value]:
    """The lengths of a tensor, the batch first, or behind a sequence's length."""
    value = call.value(0)
    if isinstance(value, Turned):
        steps, *others = call.shape(value.tensor)
        return [Numbers((steps, call.batch, *others))]
    return [Numbers((call.batch, *call.shape(call.x())))]


def filled(call: Call) -> list[Value]:
    """A tensor that has one number everywhere, as the state that a recurrent layer begins with."""
    value = call.value(0)
    if not isinstance(value, Numbers) or len(value.values) != 1:
        raise call.fault("it takes a number that the program states")
    return [value]


def recurrent(call: Call) -> list[Value]:
    """rnn: recurrent layers on a sequence that has its length first; the states that they begin with are zeros."""
    value, operator = call.value(0), call.operator
    hidden, layers = operator.whole("hidden_size"), operator.whole("num_layers", 1)
    if not isinstance(value, Turned) or operator.word("mode") not in CELLS:
        raise call.fault("it takes a sequence with its length first", operator.word("mode")[:20])
    if any(isinstance(one, Numbers) and any(one.values) for one in call.several(1)):
        raise call.fault("it begins with other states than zeros")
    kind, more = CELLS[operator.word("mode")]
    held = [one for one in call.several(2) if isinstance(one, Weight)]
    cells = layers * (2 if operator.flag("is_bidirec") else 1)
    if hidden < 1 or not 2 * cells <= len(held) <= 4 * cells or len(held) % (2 * cells):
        raise call.fault("each layer has two matrices, and two vectors of biases", show_shape((len(held), cells)))
    fields = {"layers": layers, "bidirectional": operator.flag("is_bidirec"), "bias": len(held) == 4 * cells}
    made = call.put(kind, value.tensor, hidden=hidden, axis="last", **fields, **more)
    nothing = Unread(call.fault("what it keeps for its gradient is handed on, which no layer here gives"))
    left = _left(call, made, cells, hidden)
    if len(operator.outputs) <= STATES + 1:  # release 2 has them one by one, and nothing else
        return [Turned(made), *left]
    return [Turned(made), *(Several(left) if at == STATES else nothing for at in range(1, len(operator.outputs)))]


STATES = 2
"""Where the states stand among what an rnn makes, behind the sequence and what its dropout keeps."""


def _left(call: Call, made: int, cells: int, hidden: int) -> tuple[Value, ...]:
    """The states of an rnn: of its last layer the last step, which backwards is the first; of layers before opaque.

    An LSTM leaves its cells, too.
    """
    directions = call.shape(made)[1] // hidden
    ends: list[int] = []
    for place in range(directions):
        part = call.put("slice", made, channels=(place * hidden, (place + 1) * hidden), axis=1)
        ends.append(call.put("select", part if directions > 1 else made, at=-1 if not place else 0))
    before = [call.put("opaque", made, shape=(hidden,), of="state") for _ in range(cells - directions)]
    states = [States((*before, *ends))]
    if call.operator.word("mode") == "LSTM":
        states.append(States(tuple(call.put("opaque", made, shape=(hidden,), of="cell") for _ in range(cells))))
    return tuple(states)
