"""Recurrent layers as nodes: of vectors, and of maps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.interchange.onnx.writing.scribe import Body, Step
from cnncalc.interchange.onnx.writing.shapes import for_each
from cnncalc.interchange.onnx.writing.windows import pads
from cnncalc.interchange.written import Unsaid
from cnncalc.layers.base import count
from cnncalc.layers.fields import spread

__all__ = ["over_maps", "recurrent"]

ORDERS = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "rnn": (0,)}
"""ONNX's gates as places among torch's: input, output, forget, cell; update, reset, hidden."""


def gated(step: Step, tensor: str) -> str:
    """Rows of torch's gates in the order of ONNX's."""
    layer: Any = step.layer
    order = ORDERS[layer.kind]
    if len(order) == 1:
        return tensor
    parts = [step.sliced(tensor, 0, gate * layer.hidden, (gate + 1) * layer.hidden) for gate in order]
    return step.put("Concat", *parts, axis=0)


def of_both(step: Step, number: int, names: Sequence[str]) -> str:
    """Tensors of a layer joined along their rows, once for each direction; of biases that it has not, zeros."""
    layer: Any = step.layer
    made = []
    own = layer.weight_shapes(*step.x)
    for direction in range(layer.directions):
        end = f"_l{number}{'_reverse' if direction else ''}"
        rows = [
            gated(step, step.learned(name + end)) if name + end in own else step.filled(0, own[f"bias_ih{end}"])
            for name in names
        ]
        joined = rows[0] if len(rows) == 1 else step.put("Concat", *rows, axis=0)
        made.append(step.unsqueezed(joined, 0))
    return made[0] if len(made) == 1 else step.put("Concat", *made, axis=0)


def recurrent(step: Step) -> str:
    """LSTM, GRU or RNN, layer by layer, on length, batch, features."""
    layer: Any = step.layer
    if layer.kind == "lstm" and layer.projection is not None:
        raise Unsaid("ONNX's has no projection", "leave it out, or put a `linear axis=last` behind it")
    said: dict[str, Any] = {
        "hidden_size": layer.hidden,
        "direction": "bidirectional" if layer.bidirectional else "forward",
        "linear_before_reset": 1 if layer.kind == "gru" else None,
        "activations": ["Relu"] * layer.directions if getattr(layer, "nonlinearity", "") == "relu" else None,
    }
    x = step.permuted(step.taken[0], *((2, 0, 1) if layer.axis == "channels" else (1, 0, 2)))
    length = step.fixed(layer.length(step.x[0]))
    width = layer.directions * layer.hidden
    if layer.bias_vectors == 1:  # there are always two
        own = layer.weight_shapes(*step.x)
        step.scribe.read[step.node.index] = count({name: own[name] for name in own if name.startswith("bias")}), 0
    for number in range(layer.layers):
        weights = [of_both(step, number, [f"weight_{side}h"]) for side in "ih"]
        if layer.bias:
            weights.append(of_both(step, number, ["bias_ih", "bias_hh"]))
        last = number == layer.layers - 1
        if last and layer.returns == "final":
            (state,) = step.several(layer.kind.upper(), x, *weights, skipped=1, **said)
            return step.reshaped(step.permuted(state, 1, 0, 2), (width,))
        y = step.put(layer.kind.upper(), x, *weights, **said)
        if not last:
            joined = step.permuted(y, 0, 2, 1, 3)
            x = step.put("Reshape", joined, step.wholes((length, -1, width)))
    made = step.reshaped(step.permuted(y, 2, 0, 1, 3), (length, width))
    return step.permuted(made, 0, 2, 1) if layer.axis == "channels" else made


def over_maps(step: Step) -> str:
    """Scan: a body for each step, with the state and the cell, which begin as zeros."""
    layer: Any = step.layer
    shape = step.all_fixed(layer.state(step.x[0]))
    zeros = for_each(step, step.number(0), shape)
    with step.scribe.inside() as nodes:
        state, cell, x = (step.scribe.fresh(f"{step.node.name}/{name}") for name in ("state", "cell", "map"))
        made, kept = one_step(step, state, cell, x)
        left = step.put("Identity", made)
    taken = {state: shape, cell: shape, x: (step.x[0][0], *step.x[0][2:])}
    body = Body(tuple(nodes), taken, dict.fromkeys((made, kept, left), shape))
    ends = step.several(
        "Scan", zeros, zeros, step.taken[0], outputs=3, body=body, num_scan_inputs=1, scan_input_axes=[2],
        scan_output_axes=[2],
    )  # fmt: skip
    return ends[0] if layer.returns == "final" else ends[2]


def one_step(step: Step, state: str, cell: str, x: str) -> tuple[str, str]:
    """The state and the cell behind one map: gates by two convolutions (Shi et al. 2015)."""
    layer: Any = step.layer
    slid = layer.windows(step.x[0])
    kernel = list(spread(layer.kernel, len(slid)))
    bias = [step.learned("bias")] if layer.bias else []
    of_map = step.put(
        "Conv",
        x,
        step.learned("weight_ih"),
        *bias,
        kernel_shape=kernel,
        strides=[window.stride for window in slid],
        dilations=[window.dilation for window in slid],
        pads=[step.fixed(one) for one in pads([w.padding(n) for w, n in zip(slid, step.x[0][2:])])],
    )
    half = [size // 2 for size in kernel]
    of_state = step.put("Conv", state, step.learned("weight_hh"), kernel_shape=kernel, pads=[*half, *half])
    parts = step.split(step.put("Add", of_map, of_state), 1, [layer.out] * 4)
    entering, leaving, keeping = (step.put("Sigmoid", one) for one in parts[:3])
    new = step.put("Mul", entering, step.put("Tanh", parts[3]))
    kept = step.put("Add", step.put("Mul", keeping, cell), new)
    return step.put("Mul", leaving, step.put("Tanh", kept)), kept
