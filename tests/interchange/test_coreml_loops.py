"""The loop that coremltools 9.0 writes for a GRU of torch 2.13.0 in an ML Program, and other loops."""

from __future__ import annotations

import pytest
from onnx_files import field
from test_coreml import FLOAT32, INT32, coreml, entry, ints, kind_of, operation, program, value, weight

from cnncalc.errors import CnncalcError

STATE, ROW = (1, 8), (1, 1, 8)


def matrix(number: int, source: str, inner: int, *, zeros: bool) -> list[bytes]:
    name = f"linear_{number}"
    bias = field(1, "const") + field(3, field(1, f"{name}_bias_0") + field(2, kind_of(8)))
    bias += field(5, entry("val", value([0.0 if zeros else 0.5] * 8, FLOAT32, 8)))
    taken = {"x": source, "weight": f"{name}_weight_0", "bias": f"{name}_bias_0"}
    return [weight(f"{name}_weight_0", 8, inner), bias, operation("linear", name, STATE, taken)]


def body(*, half: bool, zeros: bool, gates: int = 2) -> tuple[list[bytes], str]:
    """One step, and the tensor of states that it fills."""
    rows = [
        operation("gather", "step", (1, 1, 6), {"x": "turned", "indices": "at"}),
        operation("gather", "before", ROW, {"x": "states", "indices": "at"}),
        operation("squeeze", "in", (1, 6), {"x": "step", "axes": ints(0)}),
        operation("squeeze", "last", STATE, {"x": "before", "axes": ints(0)}),
    ]
    for number in range(3):
        rows += matrix(2 * number, "in", 6, zeros=zeros) + matrix(2 * number + 1, "last", 8, zeros=zeros)
    rows += [operation("sigmoid", f"gate_{number}", STATE, {"x": "linear_0"}) for number in range(gates)]
    rows += [
        operation("tanh", "candidate", STATE, {"x": "linear_4"}),
        operation("expand_dims", "row", ROW, {"x": "candidate", "axes": ints(0)}),
        operation("scatter", "filled", (6, 1, 8), {"data": "states", "indices": "at", "updates": "row"}),
    ]
    if not half:
        return rows, "filled"
    return [*rows, operation("cast", "wide", (6, 1, 8), {"x": "filled"})], "wide"


def block(inputs: str, outputs: str, rows: list[bytes]) -> bytes:
    named = b"".join(field(1, field(1, one)) for one in inputs.split())
    return field(4, named + b"".join(field(2, one) for one in outputs.split()) + b"".join(field(3, r) for r in rows))


def looped(**how) -> bytes:
    rows, filled = body(**how)
    loop = field(1, "while_loop") + field(2, entry("loop_vars", field(1, field(1, "start")) + field(1, field(1, "h"))))
    for name, shape in (("while_loop_0_0", (1,)), ("while_loop_0_1", (6, 1, 8))):
        loop += field(3, field(1, name) + field(2, kind_of(*shape)))
    loop += block("at states", "go", []) + block("at states", f"next {filled}", rows)
    start = field(1, "const") + field(3, field(1, "start") + field(2, kind_of(1, of=INT32)))
    bounds = {"begin": ints(1, 0, 0), "end": ints(6, 1, 8)}
    return program(
        start + field(5, entry("val", ints(0))),
        weight("h", 6, 1, 8),
        operation("transpose", "turned", (5, 1, 6), {"x": "x", "perm": ints(1, 0, 2)}),
        loop,
        operation("slice_by_index", "y", (5, 1, 8), {"x": "while_loop_0_1", **bounds}),
        shape=(1, 5, 6),
    )


@pytest.mark.parametrize("half", [False, True], ids=["float32", "float16"])
@pytest.mark.parametrize(("zeros", "params"), [(False, 3 * 8 * (6 + 8 + 2)), (True, 3 * 8 * (6 + 8))])
def test_a_gru_of_torch_is_one_layer(half, zeros, params):
    found = coreml(looped(half=half, zeros=zeros))
    assert (found.params, found.macs, list(found.outputs.values())) == (params, 5 * 3 * 8 * (6 + 8), ["5x8"])


def test_another_loop_is_told():
    with pytest.raises(CnncalcError, match="while_loop"):
        coreml(looped(half=False, zeros=False, gates=3))
