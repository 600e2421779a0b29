"""Recurrent layers: cells along a sequence, in one direction or both, and their states."""

from __future__ import annotations

from typing import Any

from cnncalc.arithmetic.windows.formulas import Window
from cnncalc.interchange.keras.call import Call
from cnncalc.interchange.keras.config import Entry, entry_of
from cnncalc.records import NamedTuple

__all__ = ["CELLS", "MAPS", "bidirectional", "recurrent"]

CELLS = {"LSTM": "lstm", "GRU": "gru", "SimpleRNN": "rnn", "CuDNNLSTM": "lstm", "CuDNNGRU": "gru"}
MAPS = ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
"""Cells that run along maps."""
ALIKE = ("units", "use_bias", "reset_after")
"""What both directions have in common where they are one layer of ours."""


class Run(NamedTuple):
    """A layer of cells along a sequence, one after the other at every step."""

    cells: list[Entry]
    sequences: bool
    """Whether all steps come out, or the last one."""
    states: bool
    """Whether the states come out, too."""


def recurrent(call: Call) -> int | list[int]:
    """LSTM, GRU, SimpleRNN, ConvLSTM and RNN, whose cells at every step are one layer after the other."""
    run = _run_of(call, call.entry)
    ends = _along(call, run, _begun(call))
    return ends if run.states else ends[0]


def _begun(call: Call) -> int:
    """The sequence, behind the state with which the layer begins, where it is given one."""
    if len(call.tensors) == 1:
        return call.tensors[0]
    return call.put("opaque", suffix="begun", shape=call.x[0], of="initial_state")


def _run_of(call: Call, layer: Entry) -> Run:
    """What a recurrent layer runs."""
    cells = [layer]
    if layer.kind == "RNN":
        given = layer.config.get("cell")
        held = given.get("config") if isinstance(given, dict) else None
        listed = held.get("cells") if isinstance(held, dict) else None
        cells = [entry_of(one) for one in (listed if isinstance(listed, list) else [given])]
        cells = [cell._replace(kind=cell.kind.removesuffix("Cell")) for cell in cells]
    kinds = [cell.kind for cell in cells]
    if not cells or not all(kind in CELLS or kind in MAPS for kind in kinds) or len(cells) > 100:
        raise call.fault("its cells are those of LSTM, GRU and SimpleRNN", f"they are {', '.join(kinds)[:60]}")
    return Run(cells, bool(layer.config.get("return_sequences")), bool(layer.config.get("return_state")))


def _along(call: Call, run: Run, x: int, within: str = "", place: int = 0, before: int = 0) -> list[int]:
    """What comes out of a run, in this place of the call's, and its cells' states, with as many before them.

    States are the last step and, of an LSTM, its cell: a tensor of its own, also where it equals what comes out.
    """
    made, lasts = x, []
    for number, cell in enumerate(run.cells):
        names = [within] * bool(within) + [f"cell{number}"] * (len(run.cells) > 1)
        final = cell is run.cells[-1] and not run.sequences and not run.states
        made = _put(call, cell, made, ".".join(names), both=False, final=final)
        lasts.append((cell, made, "".join(f"{name}." for name in names)))
    ends = [made]
    if run.states and not run.sequences and place in call.wanted:
        ends = [call.put("select", made, suffix=f"{lasts[-1][2]}last", at=-1, axis=1)]
    for cell, steps, prefix in lasts if run.states else ():
        for name in ("state", "cell") if _states(cell) == 2 else ("state",):
            ends.append(ends[0])
            if before + len(ends) - 1 in call.wanted:
                channels, _, *lengths = call.shape(steps)
                shape = (channels, *lengths)
                ends[-1] = call.put("opaque", steps, suffix=f"{prefix}{name}", shape=shape, of=name)
    return ends


def _states(cell: Entry) -> int:
    return 2 if cell.kind in MAPS or CELLS[cell.kind] == "lstm" else 1


def _put(call: Call, cell: Entry, x: int, suffix: str, *, both: bool, final: bool) -> int:
    """A cell along a sequence, as a layer of ours."""
    if call.timed:
        raise call.fault("it runs along a sequence at every time step", help="call it on each sequence by itself")
    wrapper, call.entry = call.entry, cell._replace(name=call.entry.name)
    try:
        rule = _over_maps if cell.kind in MAPS else _over_features
        return rule(call, x, suffix, both=both, returns="final" if final else None)
    finally:
        call.entry = wrapper


def _over_features(call: Call, x: int, suffix: str, *, both: bool, returns: str | None) -> int:
    """LSTM, GRU, SimpleRNN; a GRU has one vector of biases unless `reset_after` is set, as in Keras 2.1."""
    kind = call.entry.kind
    if len(call.shape(x)) != 2:
        raise call.fault("it takes a sequence of features")
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


def _over_maps(call: Call, x: int, suffix: str, *, both: bool, returns: str | None) -> int:
    """ConvLSTM1D to ConvLSTM3D."""
    axes = len(call.shape(x)) - 2
    if axes not in (1, 2, 3) or both:
        raise call.fault("it takes maps step by step")
    kernel, stride = call.lengths("kernel_size", 1, axes), call.lengths("strides", 1, axes)
    dilation, padding = call.lengths("dilation_rate", 1, axes), call.word("padding", "valid")
    slid = [Window(*sizes) for sizes in zip(kernel, stride, (padding,) * axes, dilation)]
    borders = [window.padding(n) for window, n in zip(slid, call.shape(x)[2:])]
    if any(before != after for before, after in borders):  # `same` and a stride: the odd pixel comes after
        x, padding = _padded(call, x, f"{suffix}.pad" if suffix else "pad", borders), "valid"
    return call.put(
        "convlstm",
        x,
        suffix=suffix,
        out=call.whole("filters"),
        kernel=kernel,
        stride=stride,
        padding=padding,
        dilation=dilation,
        bias=None if call.flag("use_bias", True) else False,
        returns=returns,
    )


def _padded(call: Call, x: int, name: str, borders: list[tuple[int, int]]) -> int:
    """Zeros around every step's map; a volume's steps are channels meanwhile."""
    channels, steps, *lengths = call.shape(x)
    if len(borders) < 3:
        return call.put("pad", x, suffix=name, border=((0, 0), *borders))
    flat = call.put("reshape", x, suffix=f"{name}_maps", shape=(channels * steps, *lengths))
    wider = call.put("pad", flat, suffix=name, border=tuple(borders))
    return call.put("reshape", wider, suffix=f"{name}_steps", shape=(channels, steps, *call.shape(wider)[1:]))


def bidirectional(call: Call) -> int | list[int]:
    """Bidirectional: a recurrent layer in both directions, joined, merged, or each for itself; then their states."""
    inner = entry_of(call.config.get("layer"))
    given = call.config.get("backward_layer")
    forward = _run_of(call, inner)
    backward = _run_of(call, entry_of(given)) if isinstance(given, dict) else forward
    mode, x = call.config.get("merge_mode", "concat"), _begun(call)
    if mode not in (None, "concat", "sum", "mul", "ave"):
        raise call.fault("both directions are joined by concat, sum, mul or ave", f"it is `{str(mode)[:20]}`")
    if _is_one_layer(forward, backward):
        joined = _put(call, forward.cells[0], x, "", both=True, final=not forward.sequences)
        return joined if mode == "concat" else _merged(call, mode, _halves(call, joined))
    before = 0 if mode else 1
    there = _along(call, forward, x, "forward", 0, before)
    back = _along(call, backward, x, "backward", before, before + len(there) - 1)
    ends = [there[0], back[0]]
    merged = _merged(call, mode, ends) if 0 in call.wanted else ends[: before + 1]
    return [*(merged if isinstance(merged, list) else [merged]), *there[1:], *back[1:]]


def _is_one_layer(forward: Run, backward: Run) -> bool:
    """Whether both directions are alike and one cell, whose states stay within."""
    if len(forward.cells) != 1 or len(backward.cells) != 1 or forward.states or forward.cells[0].kind in MAPS:
        return False
    there, back = forward.cells[0], backward.cells[0]
    return there.kind == back.kind and all(there.config.get(key) == back.config.get(key) for key in ALIKE)


def _halves(call: Call, joined: int) -> list[int]:
    """Both directions of a layer of ours."""
    half = call.shape(joined)[0] // 2
    spans = {"forward": (0, half), "backward": (half, 2 * half)}
    return [call.put("slice", joined, suffix=name, channels=span) for name, span in spans.items()]


def _merged(call: Call, mode: Any, ends: list[int]) -> int | list[int]:
    """Both directions in one tensor, or each for itself."""
    if mode is None:
        return ends
    kinds = {"concat": "concat", "sum": "add", "mul": "multiply", "ave": "add"}
    merged = call.put(kinds[mode], *ends, suffix="merged")
    return call.put("multiply", merged, suffix="mean", number=0.5) if mode == "ave" else merged
