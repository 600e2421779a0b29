"""States that cells are given and leave, numbers and lists as inputs, and what works along the batch of one image.

Shapes are those of onnxruntime, which runs the same bytes where it is installed.
"""

from __future__ import annotations

from typing import Any

import pytest
from onnx_files import field, graph, model, node, tensor, whole
from reading import read

from cnncalc.errors import CnncalcError

INT8 = 3
CELL = [tensor("w", (1, 16, 3)), tensor("r", (1, 16, 4)), tensor("b", (1, 32))]
BOTH = [tensor("w", (2, 16, 3)), tensor("r", (2, 16, 4), [0] * 128), tensor("b", (2, 32))]
QUANTISED = [
    tensor("w", (1, 3, 16), bytes(48), INT8), tensor("r", (1, 4, 16), bytes(64), INT8), tensor("b", (1, 32)),
    tensor("s", (1,), [0.1]), tensor("z", (1,), bytes(1), INT8),
]  # fmt: skip
SEQUENCE = {"x": (5, 1, 3)}
STATES = {"x": (5, 1, 3), "h": (1, 1, 4), "c": (1, 1, 4)}
MICROSOFT = field(8, field(1, "com.microsoft") + field(2, 1))
NO = tensor("n", (), [1], 7)

# nodes, initialisers, inputs, outputs -> shapes as onnxruntime makes them, without a batch that comes first; parameters
CASES: dict[str, tuple[Any, ...]] = {
    "every state and the last": (
        [node("LSTM", "x w r b", "y h c", hidden_size=4)], CELL, SEQUENCE, "yhc", ["5x1x4", "1x4", "1x4"], 144,
    ),
    "the last alone": ([node("LSTM", "x w r b", "- h", hidden_size=4)], CELL, SEQUENCE, "h", ["1x4"], 144),
    "both ways": (
        [node("LSTM", "x w r b", "y h c", hidden_size=4, direction="bidirectional")], BOTH, SEQUENCE, "yh",
        ["5x2x4", "2x4"], 288,
    ),
    "a state that comes in": (
        [node("LSTM", "x w r b - h c", "y k", hidden_size=4)], CELL, STATES, "yk", ["5x1x4", "1x4"], 144,
    ),
    "states of two layers": (
        [node("Slice", "h i j i", "k"), node("LSTM", "x w r b - k", "y", hidden_size=4)],
        [*CELL, whole("i", 0), whole("j", 1)], {"x": (5, 1, 3), "h": (2, 1, 4)}, "y", ["5x1x4"], 144,
    ),
    "several sequences": (
        [node("LSTM", "x w r b", "y h", hidden_size=4)], CELL, {"x": (5, 3, 3)}, "yh", ["5x1x3x4", "3x4"], 144,
    ),
    "quantised weights": (
        [node("DynamicQuantizeLSTM", "x w r b - - - - s z s z", "y", domain="com.microsoft", hidden_size=4)],
        QUANTISED, SEQUENCE, "y", ["5x1x4"], 144,
    ),
    "a number as a setting": ([node("Mul", "x f", "y")], [], {"x": (1, 3, 4), "f": ()}, "y", ["3x4"], 0),
    "a list": ([node("Relu", "x", "y")], [], {"x": (7,)}, "y", ["7"], 0),
    "one number of each image": (
        [node("Gather", "x n", "t", axis=1), node("Cast", "t", "i", to=7), node("Gather", "e i", "y")],
        [NO, tensor("e", (9, 2))], {"x": (1, 5)}, "y", ["2"], 18,
    ),
    "images behind one another": ([node("Concat", "x x", "y", axis=0)], [], {"x": (1, 3, 4)}, "y", ["2x3x4"], 0),
    "a list in the shape of a batch": (
        [node("Shape", "m", "s"), node("Reshape", "x s", "y")], [], {"x": (12,), "m": (3, 4)}, "y", ["3x4"], 0,
    ),
    "rows of a table": (
        [node("Slice", "x i j i", "y")], [whole("i", 0), whole("j", 3)], {"x": (5, 4)}, "y", ["3x4"], 0,
    ),
    "operands with other first axes": (
        [node("MatMul", "x m", "y")], [], {"x": (5, 4), "m": (4, 6)}, "y", ["5x6"], 0,
    ),
    "a draft's factor": ([node("Affine", "x", "y", alpha=2.0, beta=1.0)], [], {"x": (1, 3, 4)}, "y", ["3x4"], 0),
}  # fmt: skip


def test_a_setting_may_be_said():
    """Its number decides on a branch: of two with other weights, only one counts."""
    small, large = (
        graph([node("Gemm", f"x {name}", "t")], (), [("t", ())], [tensor(name, (3, n))])
        for name, n in (("v", 2), ("w", 5))
    )
    nodes = [node("Equal", "f k", "c"), node("If", "c", "y", then_branch=small, else_branch=large)]
    data = written(nodes, [tensor("k", (), [16000.0])], {"x": (1, 3), "f": ()}, "y")
    assert read(data, "net.onnx", input="x=3,f=16000").params == 6
    assert read(data, "net.onnx", input="x=3,f=8000").params == 15
    with pytest.raises(CnncalcError, match="its condition is not known, and its branches make different shapes"):
        read(data, "net.onnx")


def test_a_state_that_is_given_with_other_axes_is_told():
    nodes, tensors, inputs, outputs, *_ = CASES["states of two layers"]
    data = written(nodes, tensors, {**inputs, "h": (2, "N", 4)}, outputs)
    assert read(data, "net.onnx", input="h=2x1x4").params == 144
    with pytest.raises(CnncalcError, match="`h` has 3 axes, none of them the batch: 2 are given"):
        read(data, "net.onnx", input="h=1x4")


def written(nodes, tensors, inputs, outputs) -> bytes:
    made = graph(nodes, inputs.items(), [(name, ()) for name in outputs], tensors)
    return model(made, 17) + MICROSOFT


@pytest.mark.parametrize("name", CASES)
def test_it_is_read(name):
    nodes, tensors, inputs, outputs, shapes, params = CASES[name]
    found = read(written(nodes, tensors, inputs, outputs), "net.onnx")
    assert (sorted(found.outputs.values()), found.params) == (sorted(shapes), params)


@pytest.mark.parametrize("name", [name for name in CASES if "draft" not in name])
def test_onnxruntime_makes_these_shapes(name):
    runtime = pytest.importorskip("onnxruntime")
    numpy = pytest.importorskip("numpy")
    nodes, tensors, inputs, outputs, shapes, _ = CASES[name]
    ends = b"".join(field(12, field(1, one)) for one in outputs)  # their types are inferred
    data = model(graph(nodes, inputs.items(), (), tensors) + ends, 17) + MICROSOFT
    made = runtime.InferenceSession(data).run(
        None, {one: numpy.zeros(shape, numpy.float32) for one, shape in inputs.items()}
    )
    longer = sorted([n for n in one.shape if n != 1] for one in made)
    assert longer == sorted([int(n) for n in shape.split("x") if n != "1"] for shape in shapes)


def test_a_cell_that_begins_with_states_of_another_size_is_told():
    """What torch's exporter makes of a projection, which onnxruntime refuses when it runs."""
    tensors = [*CELL, tensor("h", (1, 1, 4), [0] * 4), tensor("c", (1, 1, 8), [0] * 8)]
    nodes = [node("Transpose", "x", "t", perm=[1, 0, 2]), node("LSTM", "t w r b - h c", "y", hidden_size=4)]
    made = model(graph(nodes, [("x", (1, 5, 3))], [("y", ())], tensors), 17)
    with pytest.raises(CnncalcError, match=r"begins with other states[\s\S]*`initial_c` is 1x1x8[\s\S]*of 4 numbers"):
        read(made, "net.onnx")
