"""Recurrent layers: cells along a sequence, in one direction or both, and their states."""

from __future__ import annotations

from cnncalc.interchange.keras.call import Call
from cnncalc.interchange.keras.config import Entry, entry_of

__all__ = ["CELLS", "bidirectional", "over_maps", "recurrent", "with_cells"]

CELLS = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn", "CuDNNLSTM": "lstm", "CuDNNGRU": "gru"}


def recurrent(call: Call) -> int | list[int]:
    """LSTM, GRU and SimpleRNN; what `return_state` hands on are the last step and, of an LSTM, its cell."""
    x = _begun(call)
    if not call.flag("return_state"):
        return _run(call, call.entry.kind, x, both=False)
    steps = _run(call, call.entry.kind, x, both=False, returns=None)
    last = steps
    if call.wanted - {0} or not call.flag("return_sequences"):
        last = call.put("select", steps, suffix="last", at=-1, axis=1)
    ends = [steps if call.flag("return_sequences") else last, last, last]
    for place, name in ((1, "state"), (2, "cell")):
        if place in call.wanted:  # a state is a tensor of its own, also where it equals what comes out
            ends[place] = call.put("opaque", last, suffix=name, shape=call.shape(last), of=name)
    return ends if CELLS[call.entry.kind] == "lstm" else ends[:2]


def _begun(call: Call) -> int:
    """The sequence, behind the state with which the layer begins, where it is given one."""
    if len(call.tensors) == 1:
        return call.tensors[0]
    return call.put("opaque", suffix="begun", shape=call.x[0], of="initial_state")


def with_cells(call: Call) -> int | list[int]:
    """RNN: one cell, or several one after the other at every step, which is one layer after the other."""
    x, wrapper = _begun(call), call.entry
    cells = _cells(call)
    if call.flag("return_state"):
        raise call.fault("its state is handed on, and it is known of LSTM, GRU and SimpleRNN alone")
    try:
        for number, cell in enumerate(cells):
            last = cell is cells[-1]
            returns = "final" if last and not wrapper.config.get("return_sequences") else None
            call.entry = cell._replace(name=wrapper.name)
            suffix = f"cell{number}" if len(cells) > 1 else ""
            x = _run(call, cell.kind, x, both=False, returns=returns, suffix=suffix)
    finally:
        call.entry = wrapper
    return x


def _cells(call: Call) -> list[Entry]:
    """The layers of which an RNN has the cells."""
    given = call.config.get("cell")
    held = given.get("config") if isinstance(given, dict) else None
    listed = held.get("cells") if isinstance(held, dict) else None
    cells = [entry_of(one) for one in (listed if isinstance(listed, list) else [given])]
    kinds = [cell.kind.removesuffix("Cell") for cell in cells]
    if not cells or not all(kind in CELLS for kind in kinds) or len(cells) > 100:
        raise call.fault("its cells are those of LSTM, GRU and SimpleRNN", f"they are {', '.join(kinds)[:60]}")
    return [cell._replace(kind=kind) for cell, kind in zip(cells, kinds)]


FINAL = "by the layer"


def _run(call: Call, kind: str, x: int, *, both: bool, returns: str | None = FINAL, suffix: str = "") -> int:
    """A cell along a sequence; a GRU has one vector of biases unless `reset_after` is set, as in Keras 2.1."""
    if len(call.shape(x)) != 2 or call.work.channels_first:
        raise call.fault("it takes a sequence of features, channels last")
    if returns == FINAL:
        returns = None if call.flag("return_sequences") else "final"
    one_bias = CELLS[kind] == "gru" and kind == "GRU" and not call.flag("reset_after", False)
    activation = str(call.config.get("activation", "tanh")).lower()
    return call.put(
        CELLS[kind],
        x,
        suffix=suffix,
        hidden=call.whole("units", call.config.get("output_dim")),
        bidirectional=True if both else None,
        bias=None if call.flag("use_bias", True) else False,
        biases=1 if one_bias else 2 if kind.startswith("CuDNN") else None,
        returns=returns,
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


def bidirectional(call: Call) -> int | list[int]:
    """Bidirectional: a recurrent layer in both directions, joined, merged, or each for itself."""
    inner, wrapper = entry_of(call.config.get("layer")), call.entry
    if inner.kind == "RNN":
        call.entry = inner
        cells = _cells(call)
        inner = cells[0]._replace(config={**inner.config, **cells[0].config}) if len(cells) == 1 else inner
        call.entry = wrapper
    if inner.kind not in CELLS or inner.config.get("return_state") or len(call.tensors) > 1:
        values = f"it holds `{inner.kind[:40]}`"
        raise call.fault("LSTM, GRU and SimpleRNN alone run in both directions here, without states", values)
    mode = call.config.get("merge_mode", "concat")
    _hold_alike(call, inner)
    call.entry = inner._replace(name=wrapper.name)
    try:
        joined = _run(call, inner.kind, call.tensors[0], both=True)
        if mode == "concat":
            return joined
        kinds = {"sum": "add", "mul": "multiply", "ave": "add"}
        if mode is not None and mode not in kinds:
            raise call.fault("both directions are joined by concat, sum, mul or ave", f"it is `{str(mode)[:20]}`")
        half = call.shape(joined)[0] // 2
        forward = call.put("slice", joined, suffix="forward", channels=(0, half))
        backward = call.put("slice", joined, suffix="backward", channels=(half, 2 * half))
        if mode is None:
            return [forward, backward]
        merged = call.put(kinds[mode], forward, backward, suffix="merged")
        return call.put("multiply", merged, suffix="mean", number=0.5) if mode == "ave" else merged
    finally:
        call.entry = wrapper


def _hold_alike(call: Call, forward: Entry) -> None:
    """Raise a fault where the layer of the way back is another."""
    given = call.config.get("backward_layer")
    if not isinstance(given, dict):
        return
    config = entry_of(given).config
    differing = [key for key in ("units", "use_bias", "reset_after") if config.get(key) != forward.config.get(key)]
    if differing and "cell" not in config:
        raise call.fault("both directions are alike", f"`{differing[0]}` of the way back is another")
