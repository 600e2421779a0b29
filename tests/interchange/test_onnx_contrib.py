"""ONNX: nodes that onnxruntime's optimisers write for this machine and for others, and rarer operators of ONNX's own.

Shapes are those of onnxruntime, which runs the same bytes where it is installed and has the operator on a processor;
parameters are the numbers of the file.
"""

from __future__ import annotations

from typing import Any

import pytest
from onnx_files import field, graph, model, node, tensor, whole
from reading import read

from cnncalc.errors import CnncalcError

MS, LAST = "com.microsoft", "com.ms.internal.nhwc"
DOMAINS = b"".join(field(8, field(1, domain) + field(2, 1)) for domain in (MS, LAST))
IMAGE, WORDS = {"x": (1, 3, 8, 8)}, {"x": (1, 5, 12)}
INT8, INT16, INT32, INT64, UINT8, BOOL = 3, 5, 6, 7, 2, 9


def own(kind, inputs, outputs, **attributes):
    return node(kind, inputs, outputs, domain=MS, **attributes)


def some(name, *dims):
    """Weights that are not zeros."""
    size = 1
    for n in dims:
        size *= n
    return tensor(name, dims, [0.5 + place % 7 for place in range(size)])


def few(name, kind, width, *dims):
    """Numbers of few bits."""
    size = width
    for n in dims:
        size *= n
    return tensor(name, dims, bytes([1] + [0] * (width - 1)) * (size // width), kind)


CONV = [some("w", 4, 3, 3, 3), some("b", 4)]
TURNED = node("Transpose", "x", "t", perm=(0, 2, 3, 1))
NUMBERS = node("Cast", "x", "i", to=INT32)
STEPS = node("Transpose", "x", "t", perm=(1, 0, 2))
SCALE, ZERO = tensor("s", (), [0.1]), few("z", UINT8, 1)
CELL = [some("w", 1, 16, 12), some("r", 1, 16, 4), some("b", 1, 32)]

# nodes, initialisers, inputs, outputs -> shapes, parameters, multiply–accumulates
CASES: dict[str, tuple[Any, ...]] = {
    "distances from rows": (
        [node("Flatten", "x", "f"), own("CDist", "f w", "y", metric="euclidean")], [some("w", 7, 192)], IMAGE, "y",
        ["7"], 7 * 192, 0,
    ),
    "distances of rows": (
        [node("Reshape", "x r", "f"), own("CDist", "f f", "y")], [whole("r", 24, 8)], IMAGE, "y", ["24x24"], 0, 0,
    ),
    "borders that are an input": (
        [own("ConvTransposeWithDynamicPads", "x w p b", "y", kernel_shape=(3, 3), strides=(2, 2))],
        [some("w", 3, 4, 3, 3), some("b", 4), whole("p", 1, 1, 1, 1)], IMAGE, "y", ["4x15x15"], 112, 64 * 108,
    ),
    "regions by bilinear interpolation": (
        [own("CropAndResize", "x r n s", "y")],
        [tensor("r", (2, 4), [0.0, 0.0, 1.0, 1.0] * 2), tensor("n", (2,), bytes(8), INT32),
         tensor("s", (2,), bytes([4, 0, 0, 0, 5, 0, 0, 0]), INT32)],
        IMAGE, "y", ["2x3x4x5"], 0, 0,
    ),
    "an axis more": (
        [own("ExpandDims", "x a", "y")], [tensor("a", (), b"\xff" * 4, INT32)], WORDS, "y", ["5x12x1"], 0, 0,
    ),
    "a pool with a mask": (
        [NUMBERS, own("MaxpoolWithMask", "x i", "y", kernel_shape=(2, 2), strides=(2, 2))], [], IMAGE, "y", ["3x4x4"],
        0, 0,
    ),
    "products of short numbers": (
        [node("Cast", "x", "q", to=INT16), own("MatMulInteger16", "q w", "y")], [few("w", INT16, 2, 12, 8)], WORDS,
        "y", ["5x8"], 96, 480,
    ),
    "runs along an axis": ([own("UnfoldTensor", "x", "y", dim=1, size=3, step=2)], [], WORDS, "y", ["2x12x3"], 0, 0),
    "keys and values of before": (
        [own("MultiHeadAttention", "x x x - - - p q", "y k v", num_heads=3)], [],
        {**WORDS, "p": (1, 3, 4, 4), "q": (1, 3, 4, 4)}, "ykv", ["3x9x4", "3x9x4", "5x12"], 0, 3 * 5 * 9 * 8,
    ),
    "keys by heads, with a bias": (
        [own("MultiHeadAttention", "x k v b", "y", num_heads=3)], [some("b", 36)],
        {**WORDS, "k": (1, 3, 7, 4), "v": (1, 3, 7, 4)}, "y", ["5x12"], 36, 3 * 5 * 7 * 8,
    ),
    "one word more": (
        [own("DecoderMaskedMultiHeadAttention", "x x x", "y", num_heads=3)], [], {"x": (1, 1, 12)}, "y", ["1x12"], 0,
        3 * 8,
    ),
    "a convolution of what came so far": (
        [own("CausalConvWithState", "x w b", "y s", activation="silu")], [some("w", 5, 1, 4), some("b", 5)], WORDS,
        "ys", ["5x12", "5x3"], 25, 5 * 12 * 4,
    ),
    "what came before it": (
        [own("CausalConvWithState", "x w b p", "y s", dilation=2)], [some("w", 5, 1, 4), some("b", 5)],
        {**WORDS, "p": (1, 5, 6)}, "ys", ["5x12", "5x6"], 25, 5 * 12 * 4,
    ),
    "a memory of keys and values": (
        [own("LinearAttention", "x x x", "y s", q_num_heads=3, kv_num_heads=3, update_rule="linear")], [], WORDS, "ys",
        ["3x4x4", "5x12"], 0, 0,
    ),
    "experts": (
        [node("Reshape", "x r", "v"), node("MatMul", "v g", "p"), own("MoE", "v p m n o q", "y", k=2)],
        [whole("r", 5, 12), some("g", 12, 4), some("m", 4, 20, 12), some("n", 4, 20), some("o", 4, 12, 20),
         some("q", 4, 12)],
        WORDS, "y", ["5x12"], 48 + 2 * 960 + 80 + 48, 5 * 48,
    ),
    "words of letters": (
        [NUMBERS,
         own("WordConvEmbedding", "i w b t", "y", char_embedding_size=6, conv_window_size=3, embedding_size=7)],
        [some("w", 7, 1, 3, 6), some("b", 7), some("t", 20, 6)], {"x": (4, 9)}, "y", ["4x7"], 126 + 7 + 120,
        4 * 7 * 126,
    ),
    "a scaled silu": ([own("ScaledSiLU", "x", "y", alpha=2.0)], [], WORDS, "y", ["5x12"], 0, 0),
    "a norm and its gate": ([own("GatedRMSNorm", "x s x", "y")], [some("s", 12)], WORDS, "y", ["5x12"], 12, 0),
    "a norm of branches": (
        [own("BranchwiseRMSNorm", "x s", "y", num_branches=3)], [some("s", 12)], WORDS, "y", ["5x12"], 12, 0,
    ),
    "gates of a memory": (
        [own("LinearAttentionGate", "x b d x", "y z")], [some("b", 12), some("d", 12)], WORDS, "yz", ["5x12", "5x12"],
        24, 0,
    ),
    "an embedding of few bits": (
        [NUMBERS, own("QEmbedLayerNormalization", "i - e p - g h - s s - s s z z - z z", "y m")],
        [few("e", UINT8, 1, 30, 8), few("p", UINT8, 1, 9, 8), few("g", UINT8, 1, 8), few("h", UINT8, 1, 8), SCALE,
         ZERO],
        {"x": (1, 5)}, "y", ["5x8"], 240 + 72 + 16, 0,
    ),
    "states that a cell learns": (
        [STEPS, node("LSTM", "t w r b - h c", "y", hidden_size=4)], [*CELL, some("h", 1, 1, 4), some("c", 1, 1, 4)],
        WORDS, "y", ["5x1x4"], 288 + 8, 5 * 16 * 16,
    ),
    "states of zeros": (
        [STEPS, node("LSTM", "t w r b - h c", "y", hidden_size=4)],
        [*CELL, tensor("h", (1, 1, 4)), tensor("c", (1, 1, 4))], WORDS, "y", ["5x1x4"], 288, 5 * 16 * 16,
    ),
    "states that are repeated": (
        [STEPS, node("Expand", "h o", "k"), node("GRU", "t w r b - k", "y", hidden_size=4)],
        [some("w", 1, 12, 12), some("r", 1, 12, 4), some("b", 1, 24), some("h", 1, 1, 4), whole("o", 1, 1, 4)], WORDS,
        "y", ["5x1x4"], 144 + 48 + 24 + 4, 5 * 12 * 16,
    ),
    "a mean and a deviation": (
        [node("LayerNormalization", "x g", "y m d", axis=-1)], [some("g", 12)], WORDS, "ymd", ["5x1", "5x1", "5x12"],
        12, 0,
    ),
    "a product of three": (
        [node("Einsum", "x w x", "y", equation="bti,oij,btj->bto")], [some("w", 2, 12, 12)], WORDS, "y", ["5x2"], 288,
        5 * 288 + 5 * 24,
    ),
    "a product that says no result": (
        [node("Einsum", "x w", "y", equation="bti,io")], [some("w", 12, 4)], WORDS, "y", ["4x5"], 48, 240,
    ),
    "a stack of fewer axes": (
        [node("MatMul", "x w", "y")], [some("w", 3, 8, 5)], IMAGE, "y", ["3x8x5"], 120, 3 * 8 * 8 * 5,
    ),
    "a product with a vector": ([node("MatMul", "x w", "y")], [some("w", 8)], IMAGE, "y", ["3x8"], 8, 192),
    "a power of a vector": ([node("Pow", "w x", "y")], [some("w", 8)], IMAGE, "y", ["3x8x8"], 0, 0),
    "a list without one": (
        [node("SplitToSequence", "x", "l", axis=1), node("SequenceErase", "l n", "m"),
         node("ConcatFromSequence", "m", "y", axis=1)],
        [tensor("n", (), [-1], INT64)], IMAGE, "y", ["2x8x8"], 0, 0,
    ),
    "parts of a matrix in a list": (
        [node("SplitToSequence", "w l", "p", axis=0), node("SequenceAt", "p o", "v"),
         node("Transpose", "v", "u", perm=(1, 0)), node("MatMul", "x u", "t"), node("SequenceAt", "p n", "k"),
         node("Transpose", "k", "m", perm=(1, 0)), node("MatMul", "t m", "y")],
        [some("w", 36, 12), whole("l", 12, 24), tensor("o", (), [0], INT64), tensor("n", (), [1], INT64)], WORDS, "y",
        ["5x24"], 432, 5 * 432,
    ),
    "a loss for all": (
        [node("Flatten", "x", "f"), node("SoftmaxCrossEntropyLoss", "f l", "y z")], [tensor("l", (1,), [1], INT64)],
        IMAGE, "yz", ["1", "192"], 0, 0,
    ),
    "a loss for each": (
        [node("NegativeLogLikelihoodLoss", "x l", "y", reduction="none")], [few("l", INT64, 8, 1, 8, 8)], IMAGE, "y",
        ["8x8"], 0, 0,
    ),
    "what stands where nothing is seen": (
        [node("Greater", "x n", "m"), node("Where", "m x v", "y")], [tensor("n", (), [0.5]), some("v", 3, 1, 1)], IMAGE,
        "y", ["3x8x8"], 3, 0,
    ),
    "one number where nothing is seen": (
        [node("Greater", "x n", "m"), node("Where", "m x v", "y")],
        [tensor("n", (), [0.5]), tensor("v", (3, 1, 1), [-1e9] * 3)], IMAGE, "y", ["3x8x8"], 0, 0,
    ),
    "a table, ones and its sums": (
        [node("Mul", "k k", "q"), node("ReduceSum", "q a", "s", keepdims=1), node("Concat", "k o s", "t", axis=-1),
         node("Transpose", "t", "u", perm=(1, 0)), node("MatMul", "x u", "y")],
        [some("k", 4, 10), whole("a", -1), tensor("o", (4, 1), [1.0] * 4)], WORDS, "y", ["5x4"], 44, 5 * 48,
    ),
    "a shape that is written over": (
        [node("Shape", "x", "s"), node("ScatterElements", "s a n", "t"), node("Expand", "v t", "e"),
         node("Concat", "x e", "y", axis=1)],
        [whole("a", 1), whole("n", 2), some("v", 1, 1, 12)], WORDS, "y", ["7x12"], 12, 0,
    ),
    "channels last": (
        [TURNED, own("NhwcFusedConv", "t w b", "y", kernel_shape=(3, 3), activation="Relu")], CONV, IMAGE, "y",
        ["6x6x4"], 112, 3888,
    ),
    "channels last, with a sum": (
        [TURNED, own("NhwcFusedConv", "t w b t", "y", kernel_shape=(3, 3), pads=(1, 1, 1, 1), activation="QuickGelu")],
        [some("w", 3, 3, 3, 3), some("b", 3)], IMAGE, "y", ["8x8x3"], 84, 64 * 81,
    ),
    "a layout of the runtime's own": (
        [TURNED, node("Conv", "t w b", "c", domain=LAST, kernel_shape=(3, 3)),
         node("MaxPool", "c", "y", domain=LAST, kernel_shape=(2, 2), strides=(2, 2))], CONV, IMAGE, "y", ["3x3x4"],
        112, 3888,
    ),
    "a sum and its group norm": (
        [TURNED, own("SkipGroupNorm", "t g h t b", "y s", groups=3, activation=1)],
        [some("g", 3), some("h", 3), some("b", 3)], IMAGE, "ys", ["8x8x3", "8x8x3"], 9, 0,
    ),
    "a group norm": (
        [TURNED, own("GroupNorm", "t g h", "y", groups=3)], [some("g", 3), some("h", 3)], IMAGE, "y", ["8x8x3"], 6, 0,
    ),
    "halves, one through a gelu": ([own("BiasSplitGelu", "x b", "y")], [some("b", 12)], WORDS, "y", ["5x6"], 12, 0),
    "a bias, and what went past": (
        [own("BiasDropout", "x b x", "t"), own("BitmaskDropout", "t", "y")], [some("b", 12)], WORDS, "y", ["5x12"], 12,
        0,
    ),
    "a product and its activation": (
        [own("FusedMatMulActivation", "x w", "y", transB=1, activation="Relu")], [some("w", 7, 12)], WORDS, "y",
        ["5x7"], 84, 420,
    ),
    "a product of eight bits": (
        [node("Flatten", "x", "f"), own("GemmFloat8", "f w b", "y", transB=1)], [some("w", 7, 60), some("b", 7)], WORDS,
        "y", ["7"], 427, 420,
    ),
    "a matrix of four bits": (
        [own("MatMulFpQ4", "x w s", "y")], [few("w", UINT8, 1, 160), whole("s", 12, 8)], WORDS, "y", ["5x8"], 96, 480,
    ),
    "biases that queries open": (
        [own("GatedRelativePositionBias", "x q r w b e", "y", num_heads=3)],
        [some("q", 12), some("r", 1, 3, 5, 5), some("w", 4, 8), some("b", 8), some("e", 1, 3, 1, 1)], WORDS, "y",
        ["3x5x5"], 12 + 75 + 40 + 3, 5 * 12 * 8,
    ),
    "biases by distance": (
        [node("Shape", "x", "s", start=1, end=2), own("RelativePositionBias", "t s s", "b", max_distance=8),
         node("MatMul", "x m", "q"), node("Unsqueeze", "q a", "u"), node("Add", "b u", "y")],
        [some("t", 8, 3), some("m", 12, 5), whole("a", 1)], WORDS, "y", ["3x5x5"], 24 + 60, 300,
    ),
    "a wide view": (
        [own("LongformerAttention", "x w b m v c g", "y", num_heads=3, window=2)],
        [some("w", 12, 36), some("b", 36), some("v", 12, 36), some("c", 36), tensor("m", (1, 5)),
         few("g", INT32, 4, 1, 5)],
        WORDS, "y", ["5x12"], 936, 2 * 5 * 432,
    ),
    "words without padding": (
        [own("RemovePadding", "x n", "p o c m"), own("PackedAttention", "p w b o c", "a", num_heads=3),
         own("RestorePadding", "a o", "y")],
        [some("w", 12, 36), some("b", 36), tensor("n", (1,), bytes([5, 0, 0, 0]), INT32)], WORDS, "y", ["5x12"], 468,
        5 * 432 + 3 * 5 * 5 * 8,
    ),
    "a spectrum and back": (
        [own("Rfft", "x", "f", signal_ndim=1), own("Irfft", "f", "y", signal_ndim=1)], [], WORDS, "y", ["5x12"], 0, 0,
    ),
    "numbers in an order of their own": (
        [own("QuantizeWithOrder", "x s", "q"), own("QOrderedMatMul", "q s w s s b", "t"),
         own("QOrderedGelu", "t s s", "g"), own("QOrderedLayerNormalization", "g s n h s", "l"),
         own("DequantizeWithOrder", "l s", "y")],
        [SCALE, few("w", INT8, 1, 12, 8), some("b", 8), some("n", 8), some("h", 8)], WORDS, "y", ["5x8"], 120, 480,
    ),
    "all in one tensor": (
        [node("MatMul", "x w", "t"), node("Reshape", "t r", "p"), own("MultiHeadAttention", "p", "y", num_heads=3)],
        [some("w", 12, 36), whole("r", 1, 5, 3, 3, 4)], WORDS, "y", ["5x12"], 432, 5 * 432 + 3 * 5 * 5 * 8,
    ),
    "a copy to a device": (
        [node("MemcpyFromHost", "x", "t"), node("Conv", "t w b", "c"), node("MemcpyToHost", "c", "y")], CONV, IMAGE,
        "y", ["4x6x6"], 112, 3888,
    ),
}  # fmt: skip

ON_A_PROCESSOR = [*CASES][: [*CASES].index("channels last")]
"""What onnxruntime 1.32 runs on one."""


def written(nodes, tensors, inputs, outputs: str) -> bytes:
    ends = b"".join(field(12, field(1, one)) for one in outputs)  # their types are inferred
    return model(graph(nodes, inputs.items(), (), tensors) + ends, 17) + DOMAINS


@pytest.mark.parametrize("name", CASES)
def test_it_is_read(name):
    nodes, tensors, inputs, outputs, shapes, params, macs = CASES[name]
    found = read(written(nodes, tensors, inputs, outputs), "net.onnx")
    assert (sorted(found.outputs.values()), found.params, found.macs) == (sorted(shapes), params, macs)


@pytest.mark.parametrize("name", ON_A_PROCESSOR)
def test_onnxruntime_makes_these_shapes(name):
    runtime = pytest.importorskip("onnxruntime")
    numpy = pytest.importorskip("numpy")
    nodes, tensors, inputs, outputs, shapes, *_ = CASES[name]
    session = runtime.InferenceSession(written(nodes, tensors, inputs, outputs))
    made = session.run(None, {one: numpy.zeros(shape, numpy.float32) for one, shape in inputs.items()})
    longer = sorted([n for n in one.shape if n != 1] for one in map(numpy.asarray, made))
    assert longer == sorted([int(n) for n in shape.split("x") if n != "1"] for shape in shapes)


@pytest.mark.parametrize(
    "nodes",
    [
        [own("CausalConvWithState", "x w", "y", channels_last=1)],
        [own("MultiHeadAttention", "x x x - - - - - x", "y", num_heads=3)],
        [own("CDist", "x", "y")],
        [own("MatMulFpQ4", "x w w", "y")],
    ],
)
def test_what_no_layer_does_is_named(nodes):
    with pytest.raises(CnncalcError, match=r"com\.microsoft\.\w+ \("):
        read(written(nodes, [some("w", 5, 1, 4)], WORDS, "y"), "net.onnx")


def test_zeros_of_the_code_are_no_parameters():
    zeros = field(5, field(1, "value") + field(5, tensor("", (1, 12), [0.0] * 12)) + field(20, 4))
    state = field(2, "/cell/Constant_1_output_0") + field(4, "Constant") + zeros
    nodes = [state, node("Mul", "x /cell/Constant_1_output_0", "y")]
    assert read(written(nodes, [], WORDS, "y"), "net.onnx").params == 0
