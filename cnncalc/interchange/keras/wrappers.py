"""Recurrent layers, layers that wrap another, and functions of the user's."""

from __future__ import annotations

from cnncalc.interchange.keras.call import Call, Rule
from cnncalc.interchange.keras.config import entry_of

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


CELLS = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn", "CuDNNLSTM": "lstm", "CuDNNGRU": "gru"}


def recurrent(call: Call) -> int:
    """LSTM, GRU and SimpleRNN."""
    return _run(call, call.entry.kind, both=False)


def _run(call: Call, kind: str, *, both: bool) -> int:
    """A cell along a sequence; a GRU has one vector of biases unless `reset_after` is set, as in Keras 2.1."""
    if call.rank != 2 or call.work.channels_first:
        raise call.fault("it takes a sequence of features, channels last")
    if call.flag("return_state"):
        raise call.fault("its state is handed on, and a state is no tensor here")
    one_bias = CELLS[kind] == "gru" and kind == "GRU" and not call.flag("reset_after", False)
    activation = str(call.config.get("activation", "tanh")).lower()
    return call.put(
        CELLS[kind],
        hidden=call.whole("units", call.config.get("output_dim")),
        bidirectional=True if both else None,
        bias=None if call.flag("use_bias", True) else False,
        biases=1 if one_bias else 2 if kind.startswith("CuDNN") else None,
        returns=None if call.flag("return_sequences") else "final",
        nonlinearity="relu" if kind == "SimpleRNN" and activation == "relu" else None,
    )


def over_maps(call: Call) -> int:
    """ConvLSTM1D and ConvLSTM2D."""
    if call.rank not in (3, 4) or call.work.channels_first:
        raise call.fault("it takes maps step by step, channels last")
    if call.flag("return_state"):
        raise call.fault("its state is handed on, and a state is no tensor here")
    axes = call.rank - 2
    return call.put(
        "convlstm",
        out=call.whole("filters"),
        kernel=call.lengths("kernel_size", 1, axes),
        stride=call.lengths("strides", 1, axes),
        padding=call.word("padding", "valid"),
        dilation=call.lengths("dilation_rate", 1, axes),
        bias=None if call.flag("use_bias", True) else False,
        returns=None if call.flag("return_sequences") else "final",
    )


def bidirectional(call: Call) -> int:
    """Bidirectional: a recurrent layer in both directions, joined or merged."""
    inner = entry_of(call.config.get("layer"))
    if inner.kind not in CELLS:
        raise call.fault("only LSTM, GRU and SimpleRNN run in both directions here", f"it holds `{inner.kind[:40]}`")
    mode = call.config.get("merge_mode", "concat")
    wrapper, call.entry = call.entry, inner._replace(name=call.entry.name)
    try:
        if mode == "concat":
            return _run(call, inner.kind, both=True)
        kinds = {"sum": "add", "mul": "multiply", "ave": "add"}
        if mode not in kinds:
            raise call.fault("both directions are joined by concat, sum, mul or ave", f"it is `{str(mode)[:20]}`")
        joined = _run(call, inner.kind, both=True)
        half = call.shape(joined)[0] // 2
        forward = call.put("slice", joined, suffix="forward", channels=(0, half))
        backward = call.put("slice", joined, suffix="backward", channels=(half, 2 * half))
        merged = call.put(kinds[mode], forward, backward, suffix="merged")
        return call.put("multiply", merged, suffix="mean", number=0.5) if mode == "ave" else merged
    finally:
        call.entry = wrapper


WRAPPERS: dict[str, Rule] = {
    "Lambda": unread,
    **dict.fromkeys(CELLS, recurrent),
    "Bidirectional": bidirectional,
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D"), over_maps),
}
"""By Keras's class."""
