"""Recurrent layers of both forms, told in ONNX's: a sequence with its length first, then the batch, then its features.

Core ML has one vector of biases a direction, the sum of torch's two; the states that a net begins with are zeros.
"""

from __future__ import annotations

from cnncalc.interchange.coreml.operation import Operation, Rule
from cnncalc.interchange.onnx.telling import Telling

__all__ = ["operation", "told"]


def told(tell: Telling, kind: str, x: str, weights: list[str], name: str, ways: int) -> list[str]:
    """A cell; the states after every step (steps, batch, directions·units), the last ones and the cells' last."""
    made = [tell.fresh() for _ in range(3)]
    tell.put(kind, [x, *weights], made[: 3 if kind == "LSTM" else 2], name)
    if ways == 1:
        return [tell.put("Squeeze", [made[0], tell.numbers(1)]), *made[1:]]
    turned = tell.put("Transpose", [made[0]], perm=(0, 2, 1, 3))
    return [tell.put("Reshape", [turned, tell.numbers(0, 0, -1)]), *made[1:]]


def operation(kind: str) -> Rule:
    """lstm, gru and rnn."""

    def rule(op: Operation) -> None:
        ways = 2 if op.word("direction", "forward") == "bidirectional" else 1
        inner, outer, bias = (op.held(key) for key in ("weight_ih", "weight_hh", "bias"))
        if inner is None or outer is None or len(inner.dims) != 2 or len(outer.dims) != 2:
            raise op.fault("its weights are no matrices that the file holds")
        if "peephole" in op.inputs:
            raise op.fault("one with peepholes is not read")
        weights = [op.learned(one, "weight", (ways, *one.dims)) for one in (inner, outer)]
        if bias is not None:
            weights.append(op.learned(bias, "bias", (ways, *bias.dims)))
        every, last, *cells = told(op.tell, kind, op.x(), weights, op.name, ways)
        names = list(op.outputs)
        if op.whole("output_sequence", 0):
            op.tell.put("Identity", [every], names[:1])
        else:
            op.tell.put("Unsqueeze", [joined(op.tell, last, ways), op.tell.numbers(0)], names[:1])
        for state, name in zip((last, *cells), names[1:]):
            op.tell.put("Identity", [joined(op.tell, state, ways)], [name])

    return rule


def joined(tell: Telling, state: str, ways: int) -> str:
    """States of each direction, beside one another."""
    if ways == 1:
        return tell.put("Squeeze", [state, tell.numbers(0)])
    return tell.put("Reshape", [tell.put("Transpose", [state], perm=(1, 0, 2)), tell.numbers(0, -1)])
