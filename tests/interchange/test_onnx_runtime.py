"""Nodes that onnxruntime's tools write, those of ONNX's first drafts, and lists of tensors."""

from __future__ import annotations

import pytest
from onnx_files import net, node, tensor, whole
from reading import read

from cnncalc.errors import CnncalcError

MS = "com.microsoft"
SCALE, ZERO = tensor("s", (), [0.1]), tensor("z", (), [3], 2)
CONV = [tensor("w", (4, 3, 3, 3)), tensor("b", (4,))]

# nodes, initialisers -> output shape, parameters, multiply–accumulates; the input is 3x8x8
CASES = {
    "a sum of quantised tensors": ([node("QLinearAdd", "x s z x s z s z", "y", domain=MS)], [], "3x8x8", 0, 0),
    "quantised, joined": ([node("QLinearConcat", "s z x s z x s z", "y", domain=MS, axis=1)], [], "6x8x8", 0, 0),
    "a quantised mean": ([node("QLinearGlobalAveragePool", "x s z s z", "y", domain=MS)], [], "3x1x1", 0, 0),
    "a quantised matrix": (
        [node("Flatten", "x", "f"), node("QGemm", "f s z m s z c s z", "y", domain=MS, transB=1)],
        [tensor("m", (5, 192)), tensor("c", (5,), None, 6)],
        "5",
        965,
        960,
    ),
    "weights that are quantised at run time": (
        [node("DynamicQuantizeLinear", "x", "q scale zero"), node("ConvInteger", "q w zero z", "y")],
        CONV[:1],
        "4x6x6",
        108,
        3888,
    ),
    "conv and relu": ([node("FusedConv", "x w b", "y", domain=MS, activation="Relu")], CONV, "4x6x6", 112, 3888),
    "a sum and its norm": (
        [node("SkipLayerNormalization", "x x g h", "y", domain=MS)],
        [tensor("g", (8,)), tensor("h", (8,))],
        "3x8x8",
        16,
        0,
    ),
    "a bias and its gelu": ([node("BiasGelu", "x g", "y", domain=MS)], [tensor("g", (8,))], "3x8x8", 8, 0),
    "a product with a turned matrix": ([node("FusedMatMul", "x x", "y", domain=MS, transB=1)], [], "3x8x8", 0, 1536),
    "an image that is scaled": ([node("ImageScaler", "x", "y", scale=1.0)], [], "3x8x8", 0, 0),
    "an image that is cropped": ([node("Crop", "x", "y", border=(1, 2, 3, 1))], [], "3x5x4", 0, 0),
    "one cropped to a size": ([node("Crop", "x", "y", border=(1, 2, 0, 0), scale=(4, 5))], [], "3x4x5", 0, 0),
    "parts of a list": (
        [node("SplitToSequence", "x l", "q", axis=2), node("SequenceAt", "q i", "y")],
        [whole("l", 3, 5), tensor("i", (), [1], 7)],
        "3x5x8",
        0,
        0,
    ),
    "equal parts of a list, joined": (
        [node("SplitToSequence", "x k", "q", axis=3), node("ConcatFromSequence", "q", "y", axis=1)],
        [tensor("k", (), [4], 7)],
        "6x8x4",
        0,
        0,
    ),
    "parts that lose their axis": (
        [node("SplitToSequence", "x", "q", axis=1, keepdims=0), node("SequenceAt", "q i", "y")],
        [tensor("i", (), [-1], 7)],
        "8x8",
        0,
        0,
    ),
    "a list of given tensors": (
        [node("SequenceConstruct", "x x", "q"), node("SequenceAt", "q i", "p"), node("Relu", "p", "y")],
        [tensor("i", (), [0], 7)],
        "3x8x8",
        0,
        0,
    ),
    "a list that is filled": (
        [
            node("SequenceEmpty", "", "e"), node("SequenceInsert", "e x", "one"), node("Concat", "x x", "six", axis=1),
            node("SequenceInsert", "one six i", "two"), node("SequenceLength", "two", "n"), node("Sub", "n k", "last"),
            node("SequenceAt", "two last", "three"), node("Conv", "three w b", "y"),
        ],
        [*CONV, tensor("i", (), [0], 7), tensor("k", (), [1], 7)],
        "4x6x6",
        112,
        3888,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_node_of_the_runtime(case):
    nodes, tensors, output, params, macs = CASES[case]
    found = read(net(*nodes, tensors=[SCALE, ZERO, *tensors]), "net.onnx")
    assert (list(found.outputs.values()), found.params, found.macs) == ([output], params, macs)


def test_a_place_of_a_list_that_is_not_there_is_told():
    nodes = [node("SequenceConstruct", "x x", "q"), node("SequenceAt", "q i", "y")]
    with pytest.raises(CnncalcError, match=r"SequenceAt \(which one it takes is not known\)"):
        read(net(*nodes, tensors=[tensor("i", (), [2], 7)]), "net.onnx")


@pytest.mark.parametrize("place", [3, -3])
def test_a_place_at_which_nothing_can_be_put_is_told(place):
    nodes = [
        node("SequenceConstruct", "x x", "q"),
        node("SequenceInsert", "q x i", "r"),
        node("SequenceAt", "r i", "y"),
    ]
    with pytest.raises(CnncalcError, match=r"SequenceInsert \(where it puts a tensor is not known\)"):
        read(net(*nodes, tensors=[tensor("i", (), [place], 7)]), "net.onnx")


def test_an_output_that_is_a_list_is_told():
    with pytest.raises(CnncalcError, match="the output `y` is a list of tensors"):
        read(net(node("SequenceConstruct", "x x", "y")), "net.onnx")
