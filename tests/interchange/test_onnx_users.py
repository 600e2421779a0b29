"""ONNX: what nets of users hold that earlier ones did not: one weight in two layers, filters of another image.

Shapes are those of onnxruntime, which runs the same bytes where it is installed.
"""

from __future__ import annotations

from math import prod
from typing import Any

import pytest
from onnx_files import INT64, field, graph, model, node, tensor, whole
from reading import read

from cnncalc.errors import CnncalcError


def zeros(name, *dims):
    """Weights written out, so that a runtime can run them."""
    return tensor(name, dims, bytes(4 * prod(dims)))


IMAGE = {"x": (1, 3, 8, 8)}
MS = "com.microsoft"
FILLED = field(5, field(1, "value") + field(5, tensor("", (1,), [0.02])) + field(20, 4))
IMPORTED = b"".join(field(8, field(1, one) + field(2, 1)) for one in (MS, f"{MS}.nchwc"))

# nodes, initialisers, inputs, outputs -> their shapes as onnxruntime makes them, parameters, multiply–accumulates
CASES: dict[str, tuple[Any, ...]] = {
    "filters of another image": (
        [node("Reshape", "z dims", "f"), node("Conv", "x f", "y", group=3)], [whole("dims", 3, 1, 5, 5)],
        {**IMAGE, "z": (1, 3, 5, 5)}, "y", ["3x4x4"], 0, 3 * 4 * 4 * 25,
    ),
    "filters that are mixed, by what another layer says": (
        [
            node("GlobalAveragePool", "x", "p"), node("Flatten", "p", "v"), node("MatMul", "v g", "l"),
            node("Softmax", "l", "s", axis=1), node("Reshape", "s dims", "r"), node("Mul", "r w", "m"),
            node("ReduceSum", "m first", "f", keepdims=0), node("Conv", "x f", "y", pads=(1, 1, 1, 1)),
        ],
        [zeros("g", 3, 2), whole("dims", 2, 1, 1, 1, 1), zeros("w", 2, 4, 3, 3, 3), whole("first", 0)], IMAGE, "y",
        ["4x8x8"], 6 + 216, 6 + 4 * 64 * 27,
    ),
    "one weight forward and back": (
        [node("Conv", "x w", "c", strides=(2, 2)), node("ConvTranspose", "c w", "y", strides=(2, 2))],
        [zeros("w", 5, 3, 2, 2)], IMAGE, "y", ["3x8x8"], 60, 2 * 5 * 16 * 12,
    ),
    "a matrix and the same turned": (
        [node("MatMul", "x w", "m"), node("Transpose", "w", "t", perm=(1, 0)), node("MatMul", "m t", "y")],
        [zeros("w", 8, 5)], IMAGE, "y", ["3x8x8"], 40, 2 * 3 * 8 * 40,
    ),
    "a table and the scores of its rows": (
        [node("Cast", "n", "i", to=7), node("Gather", "w i", "e"), node("Transpose", "w", "t", perm=(1, 0)),
         node("MatMul", "e t", "y")],
        [zeros("w", 20, 6)], {"n": (1, 4)}, "y", ["4x20"], 120, 4 * 120,
    ),
    "a table that is multiplied as it stands": (
        [node("Cast", "n", "i", to=7), node("Gather", "w i", "e"), node("MatMul", "e v", "h"),
         node("MatMul", "h w", "y")],
        [zeros("w", 20, 6), zeros("v", 6, 20)], {"n": (1, 4)}, "y", ["4x6"], 240, 4 * 240,
    ),
    "one factor of two layers": (
        [node("Mul", "x w", "m"), node("Add", "m w", "y")], [zeros("w", 3, 1, 1)], IMAGE, "y", ["3x8x8"], 3, 0,
    ),
    "a weight that is standardised": (
        [
            node("ReduceMean", "w", "m", axes=(1, 2, 3)), node("Sub", "w m", "c"), node("Mul", "c c", "q"),
            node("ReduceMean", "q", "v", axes=(1, 2, 3)), node("Sqrt", "v", "d"), node("Div", "c d", "f"),
            node("Conv", "x f b", "y"),
        ],
        [zeros("w", 4, 3, 3, 3), zeros("b", 4)], IMAGE, "y", ["4x6x6"], 112, 4 * 36 * 27,
    ),
    "a gate that is learned": (
        [node("Sigmoid", "g", "s"), node("Mul", "x s", "y")], [zeros("g", 3, 1, 1)], IMAGE, "y", ["3x8x8"], 3, 0,
    ),
    "the place of the largest of all": (
        [node("Flatten", "x", "f"), node("ArgMax", "f", "y", axis=1, keepdims=0)], [], IMAGE, "y", ["1"], 0, 0,
    ),
    "the largest and their places": (
        [node("Flatten", "x", "f"), node("TopK", "f k", "y z", axis=1)], [whole("k", 4)], IMAGE, "yz", ["4", "4"], 0, 0,
    ),
    "queries of the file, words first": (
        [node("MatMul", "q w", "p"), node("Transpose", "p", "t", perm=(1, 0, 2)), node("Concat", "x t", "y", axis=1)],
        [zeros("q", 5, 1, 8), zeros("w", 8, 8)], {"x": (1, 3, 8)}, "y", ["8x8"], 40 + 64, 5 * 64,
    ),
    "a constant with axes before those of the image": (
        [node("Add", "x b", "y")], [zeros("b", 1, 1, 8)], {"x": (1, 8)}, "y", ["1x8"], 8, 0,
    ),
    "weights that are left out, in their stated shape": (
        [node("ConstantOfShape", "dims", "w") + FILLED, node("Mul", "x w", "y")],
        [whole("dims", 3, 1, 1)], IMAGE, "y", ["3x8x8"], 3, 0,
    ),
    "Einsum with dots": (
        [node("Einsum", "x w", "y", equation="...w,wk->...k")], [zeros("w", 8, 5)], IMAGE, "y", ["3x8x5"], 40,
        3 * 8 * 40,
    ),
    "one tensor turned by Einsum": ([node("Einsum", "x", "y", equation="bchw->bhwc")], [], IMAGE, "y", ["8x8x3"], 0, 0),
    "one tensor added up by it": ([node("Einsum", "x", "y", equation="bchw->bwc")], [], IMAGE, "y", ["8x3"], 0, 0),
    "a spectrum by what the file makes of lengths": (
        [
            node("HannWindow", "n", "h"), node("Mul", "x h", "s"), node("MelWeightMatrix", "b n r low high", "m"),
            node("MatMul", "s2 m", "y"), node("Slice", "s zero nine axis", "s2"),
        ],
        [
            tensor("n", (), [16], INT64), tensor("b", (), [5], INT64), tensor("r", (), [8000], INT64),
            tensor("low", (), [20.0]), tensor("high", (), [3000.0]), whole("zero", 0), whole("nine", 9),
            whole("axis", 2),
        ],
        {"x": (1, 4, 16)}, "y", ["4x5"], 0, 4 * 9 * 5,
    ),
    "noise, and a matrix of ones in its diagonal": (
        [
            node("RandomNormal", "", "r", shape=(3, 8, 8)), node("Add", "x r", "n"), node("EyeLike", "w", "e"),
            node("MatMul", "n e", "y"),
        ],
        [zeros("w", 8, 8)], IMAGE, "y", ["3x8x8"], 0, 3 * 8 * 64,
    ),
    "nodes in another order than that of their tensors": (
        [node("Relu", "c", "y"), node("Conv", "n w", "c"), node("Neg", "x", "n")], [zeros("w", 4, 3, 3, 3)], IMAGE, "y",
        ["4x6x6"], 108, 4 * 36 * 27,
    ),
    "words first, as onnxruntime fuses heads": (
        [
            node("Reshape", "x heads", "q"), node("Unsqueeze", "p none", "y"),
            node("FusedMatMul", "q q", "p", domain=MS, transBatchA=1, transBatchB=1, transB=1),
        ],
        [whole("heads", 5, 2, 4), whole("none", 0)], {"x": (1, 5, 8)}, "y", ["2x5x5"], 0, 2 * 5 * 5 * 4,
    ),
    "words first, the first factor turned": (
        [
            node("Reshape", "x heads", "q"), node("Unsqueeze", "p none", "y"),
            node("FusedMatMul", "q q", "p", domain=MS, transBatchA=1, transBatchB=1, transA=1),
        ],
        [whole("heads", 4, 2, 5), whole("none", 0)], {"x": (1, 4, 10)}, "y", ["2x5x5"], 0, 2 * 5 * 5 * 4,
    ),
    "a sum of more axes, and its norm": (
        [
            node("Squeeze", "x none", "s"), node("Relu", "s", "r"),
            node("SkipLayerNormalization", "x r g b", "y", domain=MS),
        ],
        [whole("none", 0), zeros("g", 8), zeros("b", 8)], {"x": (1, 5, 8)}, "y", ["5x8"], 16, 0,
    ),
    "zeros of a stated shape that are added": (
        [node("ConstantOfShape", "dims", "z"), node("Add", "x z", "y")], [whole("dims", 3, 8, 8)], IMAGE, "y",
        ["3x8x8"], 0, 0,
    ),
}  # fmt: skip


def written(nodes, held, inputs, outputs):
    ends = b"".join(field(12, field(1, one)) for one in outputs)  # their types are inferred
    return model(graph(nodes, inputs.items(), (), held) + ends, 17) + IMPORTED


@pytest.mark.parametrize("name", CASES)
def test_shapes_parameters_and_products(name):
    nodes, held, inputs, outputs, shapes, params, macs = CASES[name]
    found = read(written(nodes, held, inputs, outputs), "net.onnx")
    assert (sorted(found.outputs.values()), found.params, found.macs) == (sorted(shapes), params, macs)


@pytest.mark.parametrize("name", CASES)
def test_onnxruntime_makes_these_shapes(name):
    runtime = pytest.importorskip("onnxruntime")
    numpy = pytest.importorskip("numpy")
    nodes, held, inputs, outputs, shapes, *_ = CASES[name]
    session = runtime.InferenceSession(written(nodes, held, inputs, outputs))
    made = session.run(None, {one: numpy.zeros(shape, numpy.float32) for one, shape in inputs.items()})
    assert sorted("x".join(map(str, one.shape[1:])) or "1" for one in made) == sorted(shapes)


def test_an_enlargement_of_blocks():
    blocked = f"{MS}.nchwc"
    nodes = [
        node("ReorderInput", "x", "r", domain=blocked),
        node("Upsample", "r", "u", domain=blocked, scales=(1, 1, 2, 3), mode="nearest"),
        node("ReorderOutput", "u", "y", domain=blocked, channels=8),
    ]
    found = read(written(nodes, [], {"x": (1, 8, 4, 4)}, "y"), "net.onnx")
    assert list(found.outputs.values()) == ["8x8x12"]


def test_nodes_that_take_each_others_tensors_are_told():
    nodes = [node("Add", "x b", "a"), node("Relu", "a", "b"), node("Neg", "b", "y")]
    with pytest.raises(CnncalcError, match="which nothing before it makes"):
        read(written(nodes, [], IMAGE, "y"), "net.onnx")


def test_a_name_inside_a_branch_hides_that_of_a_tensor_around_it():
    held, test = [zeros("w", 4, 3, 3, 3), zeros("c", 2)], tensor("t", (), b"\x01", 9)
    branch = graph([node("Conv", "x w", "c"), node("Relu", "c", "r")], (), [("r", ())])
    nodes = [node("If", "t", "y", then_branch=branch, else_branch=branch)]
    assert read(written(nodes, [*held, test], IMAGE, "y"), "net.onnx").params == 108


def test_boxes_that_a_search_finds_are_no_batch():
    """PINTO's endings of detectors say of what is found that it is Nx3: one box was counted as one image."""
    nodes = [node("NonMaxSuppression", "x s most", "n"), node("Mul", "n one", "y")]
    held = [tensor("most", (1,), [9], INT64), tensor("one", (1,), [1], INT64)]
    inputs = {"x": (1, 20, 4), "s": (1, 5, 20)}
    ends = [("n", ("N", 3)), ("y", ("N", 3))]
    found = read(model(graph(nodes, inputs.items(), ends, held), 11), "net.onnx")
    assert sorted(found.outputs.values()) == ["20x4", "5x20"]
