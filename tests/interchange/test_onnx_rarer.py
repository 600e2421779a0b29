"""ONNX: attention as one node, what onnxruntime fuses and packs, and operators of which the shape alone is known.

Shapes are those of onnxruntime, which runs the same bytes where it is installed.
"""

from __future__ import annotations

from typing import Any

import pytest
from onnx_files import field, graph, model, node, tensor, whole
from reading import read

from cnncalc.errors import CnncalcError

MS = "com.microsoft"
INT8, INT64, UINT8 = 3, 7, 2
MICROSOFT = field(8, field(1, MS) + field(2, 1))
IMAGE = {"x": (1, 3, 8, 8)}
WORDS = {"x": (1, 5, 12)}
HEADS = {"q": (1, 4, 5, 6), "k": (1, 4, 7, 6), "v": (1, 4, 7, 2)}
FLAT = {"q": (1, 5, 24), "k": (1, 7, 12), "v": (1, 7, 8)}


def zeros(name, *dims):
    """Weights of many numbers, written out, so that a runtime can run them."""
    size = 1
    for n in dims:
        size *= n
    return tensor(name, dims, bytes(4 * size))


# nodes, initialisers, inputs, outputs -> shapes as onnxruntime makes them, parameters, multiply–accumulates
CASES: dict[str, tuple[Any, ...]] = {
    "heads apart": ([node("Attention", "q k v", "y")], [], HEADS, "y", ["4x5x2"], 0, 4 * 5 * 7 * 8),
    "heads side by side": (
        [node("Attention", "q k v", "y", q_num_heads=4, kv_num_heads=2)], [], FLAT, "y", ["5x16"], 0, 4 * 5 * 7 * 10,
    ),
    "what was asked before": (
        [node("Attention", "q k v - p r", "y a b")], [],
        {**HEADS, "p": (1, 4, 3, 6), "r": (1, 4, 3, 2)}, "yab", ["4x5x2", "4x10x6", "4x10x2"], 0, 4 * 5 * 10 * 8,
    ),
    "scores and a mask": (
        [node("Attention", "q k v m", "y - - s", softcap=5.0)], [zeros("m", 5, 7)], HEADS, "ys", ["4x5x2", "4x5x7"],
        0, 4 * 5 * 7 * 8,
    ),
    "one matrix for all three": (
        [node("Attention", "x w b", "y", domain=MS, num_heads=3)], [zeros("w", 12, 36), zeros("b", 36)], WORDS, "y",
        ["5x12"], 12 * 36 + 36, 5 * 12 * 36 + 3 * 5 * 5 * 8,
    ),
    "a bias for all three": (
        [node("MultiHeadAttention", "x x x b", "y", domain=MS, num_heads=3)], [zeros("b", 36)], WORDS, "y",
        ["5x12"], 36, 3 * 5 * 5 * 8,
    ),
    "keys of fewer heads": (
        [
            node("MatMul", "x q", "a"), node("MatMul", "x k", "b"), node("MatMul", "x k", "c"),
            node("GroupQueryAttention", "a b c - - last all", "y d e", domain=MS, num_heads=3, kv_num_heads=1),
        ],
        [zeros("q", 24, 24), zeros("k", 24, 8), tensor("last", (1,), bytes([4, 0, 0, 0]), 6),
         tensor("all", (1,), bytes([5, 0, 0, 0]), 6)], {"x": (1, 5, 24)}, "yd",
        ["5x24", "1x5x8"], 576 + 192, 5 * 24 * 40 + 3 * 5 * 5 * 16,
    ),
    "queries, keys and values side by side": (
        [node("MatMul", "x w", "a"),
         node("GroupQueryAttention", "a - - - - last all", "y d e", domain=MS, num_heads=3, kv_num_heads=1)],
        [zeros("w", 24, 40), tensor("last", (1,), bytes([4, 0, 0, 0]), 6), tensor("all", (1,), bytes([5, 0, 0, 0]), 6)],
        {"x": (1, 5, 24)}, "yd", ["5x24", "1x5x8"], 960, 5 * 24 * 40 + 3 * 5 * 5 * 16,
    ),
    "words, places and their norm": (
        [
            node("Cast", "x", "i", to=6),
            node("EmbedLayerNormalization", "i - w p - g b", "y m", domain=MS),
        ],
        [zeros("w", 20, 6), zeros("p", 9, 6), zeros("g", 6), zeros("b", 6)], {"x": (1, 5)}, "y", ["5x6"],
        120 + 54 + 12, 0,
    ),
    "a matrix of four bits": (
        [node("MatMulNBits", "x w s", "y", domain=MS, K=32, N=10, bits=4, block_size=16)],
        [tensor("w", (10, 2, 8), bytes(160), UINT8), zeros("s", 10, 2)], {"x": (1, 5, 32)}, "y", ["5x10"], 320, 1600,
    ),
    "a quantised map with channels last": (
        [
            node("QuantizeLinear", "x s z", "q"),
            node("QLinearConv", "q s z w s z s z", "c", domain=MS, channels_last=1, kernel_shape=(3, 3)),
            node("DequantizeLinear", "c s z", "y"),
        ],
        [tensor("w", (4, 3, 3, 3), bytes(108), INT8), tensor("s", (), [0.1]), tensor("z", (), bytes(1), INT8)],
        {"x": (1, 8, 8, 3)}, "y", ["6x6x4"], 108, 36 * 108,
    ),
    "a pool with channels last": (
        [
            node("QuantizeLinear", "x s z", "q"),
            node("NhwcMaxPool", "q", "p", domain=MS, kernel_shape=(2, 2), strides=(2, 2)),
            node("DequantizeLinear", "p s z", "y"),
        ],
        [tensor("s", (), [0.1]), tensor("z", (), bytes(1), INT8)], {"x": (1, 8, 8, 3)}, "y", ["4x4x3"], 0, 0,
    ),
    "a sum and its softmax": (
        [node("BiasSoftmax", "x m", "y", domain=MS, axis=3, is_inner_broadcast=0)], [zeros("m", 1, 1, 8, 8)], IMAGE,
        "y", ["3x8x8"], 64, 0,
    ),
    "windows with gaps": (
        [node("LpPool", "x", "y", kernel_shape=(3, 3), dilations=(2, 1), pads=(1, 0, 1, 0))], [], IMAGE, "y",
        ["3x6x6"], 0, 0,
    ),
    "a running sum": ([node("CumSum", "x a", "y")], [tensor("a", (), [2], INT64)], IMAGE, "y", ["3x8x8"], 0, 0),
    "the largest alone": ([node("Hardmax", "x", "y")], [], IMAGE, "y", ["3x8x8"], 0, 0),
    "a remainder": ([node("Mod", "x x", "y", fmod=1)], [], IMAGE, "y", ["3x8x8"], 0, 0),
    "a triangle": ([node("Trilu", "x", "y")], [], IMAGE, "y", ["3x8x8"], 0, 0),
    "some elements": (
        [node("GatherElements", "x i", "y", axis=3)], [tensor("i", (1, 3, 8, 2), [0] * 48, INT64)], IMAGE, "y",
        ["3x8x2"], 0, 0,
    ),
    "elements that are put": (
        [node("ScatterElements", "x i u", "y", axis=2)],
        [tensor("i", (1, 3, 2, 8), [0] * 48, INT64), tensor("u", (1, 3, 2, 8))], IMAGE, "y", ["3x8x8"], 0, 0,
    ),
    "parts that are put": (
        [node("ScatterND", "x i u", "y")], [tensor("i", (1, 2), [0, 1], INT64), tensor("u", (1, 8, 8))], IMAGE, "y",
        ["3x8x8"], 0, 0,
    ),
    "a map at the places of a grid": (
        [node("GridSample", "x g", "y")], [], {**IMAGE, "g": (1, 4, 5, 2)}, "y", ["3x4x5"], 0, 0,
    ),
    "regions of a map": (
        [node("RoiAlign", "x r i", "y", output_height=4, output_width=2)],
        [zeros("r", 6, 4), tensor("i", (6,), [0] * 6, INT64)], IMAGE, "y", ["6x3x4x2"], 0, 0,
    ),
    "classes": (
        [node("Cast", "x", "i", to=INT64), node("OneHot", "i d v", "y", axis=1)],
        [tensor("d", (), [9], INT64), tensor("v", (2,), [0.0, 1.0])], {"x": (1, 5)}, "y", ["9x5"], 0, 0,
    ),
    "the middle": ([node("CenterCropPad", "x s", "y", axes=(2, 3))], [whole("s", 5, 11)], IMAGE, "y", ["3x5x11"], 0, 0),
    "kept places": (
        [node("Compress", "x c", "y", axis=2)], [tensor("c", (8,), bytes([1, 0, 1, 1, 0, 0, 0, 0]), 9)], IMAGE, "y",
        ["3x3x8"], 0, 0,
    ),
    "determinants": ([node("Det", "x", "y")], [], IMAGE, "y", ["3"], 0, 0),
    "a spectrum of one side": (
        [node("DFT", "x n a", "y", onesided=1)], [tensor("n", (), [16], INT64), tensor("a", (), [1], INT64)],
        {"x": (1, 20, 1)}, "y", ["9x2"], 0, 0,
    ),
    "a spectrogram": (
        [node("STFT", "x s - n", "y")], [tensor("s", (), [5], INT64), tensor("n", (), [16], INT64)], {"x": (1, 40, 1)},
        "y", ["5x9x2"], 0, 0,
    ),
    "places of a map": (
        [node("AffineGrid", "x s", "y")], [whole("s", 1, 3, 4, 5)], {"x": (1, 2, 3)}, "y", ["4x5x2"], 0, 0,
    ),
    "matrices of one image, turned": (
        [node("Gemm", "a b c", "y", transA=1, transB=1, alpha=0.5)], [zeros("c", 4)], {"a": (5, 3), "b": (4, 5)}, "y",
        ["3x4"], 4, 60,
    ),
    "a weight that is turned": (
        [node("Gemm", "w x", "y", transB=1)], [zeros("w", 3, 5)], {"x": (4, 5)}, "y", ["3x4"], 15, 60,
    ),
    "a product of a turned tensor": (
        [node("FusedMatMul", "x x", "y", domain=MS, transA=1)], [], WORDS, "y", ["12x12"], 0, 720,
    ),
    "a product with a turned weight": (
        [node("FusedMatMul", "x w", "y", domain=MS, transB=1)], [zeros("w", 6, 12)], WORDS, "y", ["5x6"], 72, 360,
    ),
    "a quantised bias that is added": (
        [node("QuantizeLinear", "x s z", "q"), node("QLinearAdd", "q s z b s z s z", "p", domain=MS),
         node("DequantizeLinear", "p s z", "y")],
        [tensor("b", (8,), bytes(8), INT8), tensor("s", (), [0.1]), tensor("z", (), bytes(1), INT8)], IMAGE, "y",
        ["3x8x8"], 8, 0,
    ),
    "a bias of quantised numbers": (
        [node("DequantizeLinear", "b s z", "d"), node("Add", "x d", "y")],
        [tensor("b", (8,), bytes(8), INT8), tensor("s", (), [0.1]), tensor("z", (), bytes(1), INT8)], IMAGE, "y",
        ["3x8x8"], 8, 0,
    ),
    "a mask of ones": (
        [node("DeformConv", "x w o - m", "y", kernel_shape=(3, 3))], [zeros("w", 4, 3, 3, 3), zeros("m", 1, 9, 6, 6)],
        {**IMAGE, "o": (1, 18, 6, 6)}, "y", ["4x6x6"], 108, 36 * 108,
    ),
    "a weight on the left": ([node("MatMul", "w x", "y")], [zeros("w", 5, 8)], IMAGE, "y", ["3x5x8"], 40, 3 * 5 * 64),
    "places times frequencies": (
        [node("Einsum", "p f", "e", equation="i,j->ij"), node("Add", "x e", "y")],
        [tensor("p", (8,)), tensor("f", (8,))], IMAGE, "y", ["3x8x8"], 0, 0,
    ),
    "at places that come in": (
        [node("Cast", "i", "j", to=INT64), node("Gather", "x j", "y", axis=2)], [], {**IMAGE, "i": (4,)}, "y",
        ["3x4x8"], 0, 0,
    ),
    "a list that is looked up in": (
        [node("Cast", "x", "i", to=INT64), node("Gather", "t i", "y")], [zeros("t", 9)], {"x": (1, 5)}, "y", ["5"], 9,
        0,
    ),
    "a mean of two": ([node("Mean", "x x", "y")], [], IMAGE, "y", ["3x8x8"], 0, 0),
    "unit length": ([node("LpNormalization", "x", "y", axis=1)], [], IMAGE, "y", ["3x8x8"], 0, 0),
    "mean and variance away": ([node("MeanVarianceNormalization", "x", "y")], [], IMAGE, "y", ["3x8x8"], 0, 0),
}  # fmt: skip


def written(nodes, tensors, inputs, ends: bytes) -> bytes:
    return model(graph(nodes, inputs.items(), (), tensors) + ends, 23) + MICROSOFT


def ends(outputs: str) -> bytes:
    """The outputs; their types are inferred."""
    return b"".join(field(12, field(1, one)) for one in outputs)


@pytest.mark.parametrize("name", CASES)
def test_it_is_read(name):
    nodes, tensors, inputs, outputs, shapes, params, macs = CASES[name]
    found = read(written(nodes, tensors, inputs, ends(outputs)), "net.onnx")
    assert (sorted(found.outputs.values()), found.params, found.macs) == (sorted(shapes), params, macs)


ELSEWHERE = ("a sum and its softmax", "regions of a map")
"""What onnxruntime 1.32 runs on other devices, or of older opsets alone."""


@pytest.mark.parametrize("name", [name for name in CASES if name not in ELSEWHERE])
def test_onnxruntime_makes_these_shapes(name):
    runtime = pytest.importorskip("onnxruntime")
    numpy = pytest.importorskip("numpy")
    nodes, tensors, inputs, outputs, shapes, *_ = CASES[name]
    session = runtime.InferenceSession(written(nodes, tensors, inputs, ends(outputs)))
    made = session.run(None, {one: numpy.zeros(shape, numpy.float32) for one, shape in inputs.items()})
    longer = sorted([n for n in one.shape if n != 1] for one in made)
    assert longer == sorted([int(n) for n in shape.split("x") if n != "1"] for shape in shapes)


def test_a_function_hands_its_attributes_on():
    of = field(1, "strides") + field(21, "s") + field(20, 7)
    pool = field(3, "") + field(1, "a") + field(2, "o") + field(4, "MaxPool")
    pool += field(5, of) + field(5, field(1, "kernel_shape") + field(21, "k") + field(20, 7))
    made = field(1, "Pool") + field(4, "a") + field(5, "o") + field(6, "k") + field(7, pool) + field(10, "own")
    made += field(11, field(1, "s") + field(8, 2) + field(8, 2) + field(20, 7))  # what it need not say
    nodes = [node("Pool", "x", "y", domain="own", k=(4, 4))]
    data = model(graph(nodes, IMAGE.items(), [("y", ())]), 17, [made])
    assert list(read(data, "net.onnx").outputs.values()) == ["3x3x3"]


def test_a_softmax_of_opset_11_is_over_all_axes_behind_its_own():
    made = model(graph([node("Softmax", "x", "y", axis=1)], IMAGE.items(), [("y", ())]), 11)
    assert list(read(made, "net.onnx").outputs.values()) == ["3x8x8"]


def test_a_gated_swish_of_opset_28():
    made = model(graph([node("SwiGLU", "x x", "y")], IMAGE.items(), [("y", ())]), 28)
    assert list(read(made, "net.onnx").outputs.values()) == ["3x8x8"]


def test_a_sparse_weight_counts_as_the_shape_that_it_has():
    stored = field(1, tensor("w", (2,), [1.0, 2.0])) + field(2, tensor("", (2,), [5, 80], INT64))
    sparse = field(15, stored + b"".join(field(3, n) for n in (4, 3, 3, 3)))
    data = model(graph([node("Conv", "x w", "y")], IMAGE.items()) + sparse + ends("y"), 17)
    found = read(data, "net.onnx")
    assert (list(found.outputs.values()), found.params) == (["4x6x6"], 108)


def test_what_is_asked_of_what_came_before_is_told():
    nodes = [node("Attention", "x w b - p", "y", domain=MS, num_heads=3)]
    inputs = {**WORDS, "p": (1, 3, 2, 4)}
    with pytest.raises(CnncalcError, match="with what was asked before"):
        read(written(nodes, [zeros("w", 12, 36), zeros("b", 36)], inputs, ends("y")), "net.onnx")


def test_a_weight_with_a_bias_for_each_of_its_uses_counts_once():
    held = [zeros("w", 3, 3, 3, 3), zeros("b", 3), zeros("c", 3)]
    nodes = [node("Conv", "x w b", "t"), node("Conv", "t w c", "y")]
    assert read(written(nodes, held, IMAGE, ends("y")), "net.onnx").params == 81 + 6


def test_blocks_of_one_filter_a_channel_and_channels_that_come_out_last():
    blocked = {"domain": "com.microsoft.nchwc"}
    nodes = [
        node("Conv", "x w", "c", group=16, kernel_shape=(3, 3), **blocked),
        node("ReorderOutput", "c", "y", channels=12, channels_last=1, **blocked),
    ]
    made = graph(nodes, [("x", (1, 12, 8, 8))], [("y", ())], [zeros("w", 16, 1, 3, 3)])
    found = read(model(made, 17), "net.onnx")
    assert (list(found.outputs.values()), found.params) == (["6x6x12"], 16 * 9)


@pytest.mark.parametrize(
    ("nodes", "params"),
    [
        ([node("Transpose", "w", "t", perm=(1, 0)), node("MatMul", "e t", "y")], 20 * 6),
        ([node("Transpose", "w", "t", perm=(1, 0)), node("MatMul", "e t", "z"), node("Add", "z b", "y")], 20 * 6 + 20),
        ([node("Transpose", "v", "t", perm=(1, 0)), node("MatMul", "e t", "y")], 2 * 20 * 6),
        ([node("MatMul", "e s", "y")], 20 * 6 + 6 * 6),
    ],
)
def test_a_table_that_is_a_matrix_too_is_one_parameter(nodes, params):
    held = [tensor("w", (20, 6)), tensor("v", (20, 6)), tensor("s", (6, 6)), tensor("b", (20,))]
    ids = node("Cast", "x", "i", to=INT64)
    made = graph([ids, node("Gather", "w i", "e"), *nodes], [("x", (1, 7))], [("y", ())], held)
    assert read(model(made), "net.onnx").params == params
