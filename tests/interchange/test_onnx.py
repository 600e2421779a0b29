"""ONNX files: every operator with its rules, shapes that the file computes, patterns, and what is refused."""

from __future__ import annotations

from random import Random

import pytest
from onnx_files import field, graph, model, net, node, tensor, whole
from reading import read

from cnncalc.errors import CnncalcError
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.opening import imported
from cnncalc.interchange.sketch import Asked
from cnncalc.language import load
from cnncalc.language.options import Options
from cnncalc.layers import show_shape
from cnncalc.limits import Limits


def onnx(data: bytes, **options):
    return read(data, "net.bin", **options)


CONV = tensor("w", (4, 3, 3, 3))
# nodes, initialisers -> output shape, parameters, buffers; opset 20 and an input of 3x8x8 unless told
CASES = {
    "conv": ([node("Conv", "x w", "y")], [CONV], "4x6x6", 108, 0),
    "conv with bias": ([node("Conv", "x w b", "y", pads=(1, 1, 1, 1))], [CONV, tensor("b", (4,))], "4x8x8", 112, 0),
    "conv, stride": ([node("Conv", "x w", "y", strides=(2, 2), pads=(1, 0, 0, 1))], [CONV], "4x4x4", 108, 0),
    "conv, same": ([node("Conv", "x w", "y", auto_pad="SAME_UPPER", strides=(3, 3))], [CONV], "4x3x3", 108, 0),
    "conv, dilated": ([node("Conv", "x w", "y", dilations=(2, 2))], [CONV], "4x4x4", 108, 0),
    "depthwise": ([node("Conv", "x w", "y", group=3)], [tensor("w", (6, 1, 3, 3))], "6x6x6", 54, 0),
    "transposed": ([node("ConvTranspose", "x w", "y", strides=(2, 2))], [tensor("w", (3, 4, 3, 3))], "4x17x17", 108, 0),
    "transposed to a shape": (
        [node("ConvTranspose", "x w", "y", strides=(2, 2), output_shape=(16, 16))],
        [tensor("w", (3, 4, 3, 3))],
        "4x16x16",
        108,
        0,
    ),
    "pool": ([node("MaxPool", "x", "y", kernel_shape=(3, 3), strides=(2, 2))], [], "3x3x3", 0, 0),
    "pool, stride 1": ([node("MaxPool", "x", "y", kernel_shape=(2, 2))], [], "3x7x7", 0, 0),
    "pool, ceil": ([node("MaxPool", "x", "y", kernel_shape=(3, 3), strides=(2, 2), ceil_mode=1)], [], "3x4x4", 0, 0),
    "average": ([node("AveragePool", "x", "y", kernel_shape=(2, 2), strides=(2, 2))], [], "3x4x4", 0, 0),
    "global": ([node("GlobalAveragePool", "x", "y")], [], "3x1x1", 0, 0),
    "mean of a map": ([node("ReduceMean", "x a", "y", keepdims=0)], [whole("a", 2, 3)], "3", 0, 0),
    "mean of channels": ([node("ReduceMean", "x a", "y")], [whole("a", 1)], "1x8x8", 0, 0),
    "batch norm": (
        [node("BatchNormalization", "x s b m v", "y")],
        [tensor(name, (3,)) for name in "sbmv"],
        "3x8x8",
        6,
        6,
    ),
    "instance norm": (
        [node("InstanceNormalization", "x s b", "y")],
        [tensor(name, (3,)) for name in "sb"],
        "3x8x8",
        6,
        0,
    ),
    "gemm": (
        [node("Flatten", "x", "f"), node("Gemm", "f w b", "y", transB=1)],
        [tensor("w", (5, 192)), tensor("b", (5,))],
        "5",
        965,
        0,
    ),
    "matmul and bias": (
        [node("MatMul", "x w", "f"), node("Add", "f b", "y")],
        [tensor("w", (8, 5)), tensor("b", (5,))],
        "3x8x5",
        45,
        0,
    ),
    "matmul of two": (
        [node("Transpose", "x", "t", perm=(0, 1, 3, 2)), node("MatMul", "x t", "y")],
        [],
        "3x8x8",
        0,
        0,
    ),
    "add": ([node("Relu", "x", "r"), node("Add", "x r", "y")], [], "3x8x8", 0, 0),
    "a learned factor": ([node("Mul", "x g", "y")], [tensor("g", (3, 1, 1))], "3x8x8", 3, 0),
    "a number": ([node("Mul", "x g", "y")], [tensor("g", (), [0.5])], "3x8x8", 1, 0),
    "a number less": ([node("Sub", "g x", "y")], [tensor("g", (), [1.0])], "3x8x8", 0, 0),
    "concat": ([node("Relu", "x", "r"), node("Concat", "x r", "y", axis=1)], [], "6x8x8", 0, 0),
    "concat, last axis": ([node("Concat", "x x", "y", axis=-1)], [], "3x8x16", 0, 0),
    "slice": (
        [node("Slice", "x s e a t", "y")],
        [whole("s", 1), whole("e", 9999), whole("a", 2), whole("t", 2)],
        "3x4x8",
        0,
        0,
    ),
    "split": (
        [node("Split", "x s", "a b", axis=1), node("Concat", "b b", "y", axis=1)],
        [whole("s", 1, 2)],
        "4x8x8",
        0,
        0,
    ),
    "gather a channel": ([node("Gather", "x i", "y", axis=1)], [tensor("i", (), [1], 7)], "8x8", 0, 0),
    "resize by a scale": ([node("Resize", "x - s", "y")], [tensor("s", (4,), [1, 1, 2, 1.5])], "3x16x12", 0, 0),
    "resize to a size": ([node("Resize", "x - - s", "y")], [whole("s", 1, 3, 5, 9)], "3x5x9", 0, 0),
    "pad": ([node("Pad", "x p", "y")], [whole("p", 0, 0, 1, 2, 0, 0, 3, 4)], "3x12x14", 0, 0),
    "depth to space": (
        [node("Concat", "x x x x", "c", axis=1), node("DepthToSpace", "c", "y", blocksize=2)],
        [],
        "3x16x16",
        0,
        0,
    ),
    "clip": ([node("Clip", "x l h", "y")], [tensor("l", (), [0.0]), tensor("h", (), [6.0])], "3x8x8", 0, 0),
    "expand": (
        [node("GlobalMaxPool", "x", "g"), node("Expand", "g s", "y")],
        [whole("s", 1, 3, 4, 4)],
        "3x4x4",
        0,
        0,
    ),
    "the largest two": ([node("TopK", "x k", "y i", axis=-1)], [whole("k", 2)], "3x8x2", 0, 0),
    "a larger number": ([node("Max", "x g", "y")], [tensor("g", (3, 1, 1))], "3x8x8", 0, 0),
    "axes counted from the end": (
        [node("Transpose", "x", "t", perm=(0, 2, 3, 1)), node("Transpose", "t", "y", perm=(0, -1, 1, 2))],
        [],
        "3x8x8",
        0,
        0,
    ),
    "places beside the batch": (
        [
            node("Transpose", "x", "t", perm=(0, 2, 3, 1)),
            node("Reshape", "t p", "f"),
            node("Gemm", "f w", "g"),
            node("Reshape", "g q", "y"),
        ],
        [whole("p", -1, 3), tensor("w", (3, 5)), whole("q", 1, 8, 8, 5)],
        "8x8x5",
        15,
        0,
    ),
    "recurrent": (
        [
            node("Squeeze", "x a", "s"),
            node("Transpose", "s", "t", perm=(1, 0, 2)),
            node("LSTM", "t w r b", "l", hidden_size=6, direction="bidirectional"),
            node("Transpose", "l", "u", perm=(2, 0, 1, 3)),
            node("Reshape", "u z", "y"),
        ],
        [whole("a", 1), tensor("w", (2, 24, 8)), tensor("r", (2, 24, 6)), tensor("b", (2, 48)), whole("z", 1, 8, 12)],
        "8x12",
        768,
        0,
    ),
    "quantised": (
        [node("QuantizeLinear", "x s z", "q"), node("QLinearConv", "q s z w s z s z b", "y")],
        [CONV, tensor("s", (), [0.1]), tensor("z", (), [0], 7), tensor("b", (4,))],
        "4x6x6",
        112,
        0,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_operator(case):
    nodes, tensors, output, params, buffers = CASES[case]
    found = onnx(net(*nodes, tensors=tensors, x=(1, 1, 8, 8) if case == "recurrent" else (1, 3, 8, 8)))
    assert list(found.outputs.values()) == [output]
    assert (found.params, found.buffers) == (params, buffers)


def test_a_net_of_fixed_tensors_alone_is_told():
    with pytest.raises(CnncalcError, match=r"of fixed tensors|no layers|depend"):
        onnx(net(node("GlobalMaxPool", "g", "y"), tensors=[tensor("g", (1, 3, 4, 4))]))


def test_all_places_in_order_are_another_shape():
    nodes = [node("GlobalMaxPool", "x", "p"), node("Reshape", "p all", "f"), node("Gather", "f i", "y")]
    tensors = [whole("all", -1), tensor("i", (1, 3, 1, 1), [0, 1, 2], 7)]  # torch.as_strided, by its exporter
    found = onnx(net(*nodes, tensors=tensors))
    assert list(found.outputs.values()) == ["3x1x1"]


def test_numbers_of_the_file_that_count_as_nothing_are_named():
    nodes = [
        node("QuantizeLinear", "x scale zero", "q"), node("DequantizeLinear", "q scale zero", "d"),
        node("Conv", "d w", "y"), node("Conv", "x left", "nowhere"),
    ]  # fmt: skip
    tensors = [
        tensor("scale", (3,)), tensor("zero", (3,), kind=3), tensor("w", (2, 3, 1, 1)), tensor("left", (2, 3, 1, 1)),
        tensor("idle", (5,)),
    ]  # fmt: skip
    file = ForeignFile("net.onnx", None, Limits(), net(*nodes, tensors=tensors))
    told = [note for note in imported(file, Asked()).notes if "count as nothing" in note]
    assert told == [
        "6 numbers of `left` count as nothing: no output depends on them",
        "5 numbers of `idle` count as nothing: nothing uses them",
        "3 numbers of `scale` count as nothing: they scale quantised ones",
    ]


def test_a_shape_that_the_file_states_otherwise_is_told_with_both():
    made = graph([node("Conv", "x w", "y")], [("x", (1, 3, 8, 8))], [("y", (1, 4, 7, 7))], [tensor("w", (4, 3, 3, 3))])
    file = ForeignFile("net.onnx", None, Limits(), model(made))
    told = [note for note in imported(file, Asked()).notes if "the file says" in note]
    assert told == ["Conv, node 1: the file says 1x4x7x7, and it comes to 1x4x6x6"]


def test_a_root_of_a_negative_number_that_the_file_holds_is_no_number():
    powers = [node("Pow", "g e", "p"), node("Mul", "x p", "y")]
    tensors = [tensor("g", (), [-2.0]), tensor("e", (), [0.5])]
    assert list(onnx(net(*powers, tensors=tensors)).outputs.values()) == ["3x8x8"]


def test_a_table_that_is_read_by_fixed_numbers_counts_once():
    read = [node("Gather", "t i", "b"), node("Add", "x b", "y")]  # distances within a window, as in Swin
    tensors = [tensor("t", (5, 8)), tensor("i", (8,), [0, 1, 2, 3, 4, 3, 2, 1], 7)]
    found = onnx(net(*read, tensors=tensors))
    assert (found.params, list(found.outputs.values())) == (40, ["3x8x8"])
    assert [layer.kind for _, _, layer in found.graph.layers()] == ["parameter", "opaque", "add"]


def test_a_table_that_is_read_by_lists_of_places_counts_once():
    read = [node("GatherND", "t i", "g"), node("Transpose", "g", "b", perm=(1, 0)), node("Add", "x b", "y")]
    tensors = [tensor("t", (5, 3)), tensor("i", (8, 1), [0, 1, 2, 3, 4, 3, 2, 1], 7)]  # as in Video Swin by dynamo
    found = onnx(net(*read, x=(1, 3, 8), tensors=tensors))
    assert (found.params, list(found.outputs.values())) == (15, ["3x8"])
    assert [layer.kind for _, _, layer in found.graph.layers()] == ["parameter", "opaque", "add"]


@pytest.mark.parametrize(
    ("name", "called"),
    [("val_80", "exporter_constants.parameter1"), ("gain", "parameter1"), ("block.gain", "block.gain")],
)
def test_one_number_inside_an_operator_is_the_code_s_and_one_of_a_module_is_learned(name, called):
    found = onnx(net(node("Mul", f"x {name}", "y"), tensors=[tensor(name, (1,), [0.5])]))
    assert {one.name: layer.kind for _, one, layer in found.graph.layers()}.get(called) == "parameter"
    assert found.params == 1


def test_resize_multiplies_in_float32_as_the_runtime_does():
    found = onnx(net(node("Resize", "x - s", "y"), x=(1, 3, 5, 5), tensors=[tensor("s", (4,), [1, 1, 1.4, 1.4])]))
    assert list(found.outputs.values()) == ["3x7x7"]  # onnx's inference says 6, onnxruntime runs 7


FLATTENED = [
    node("Shape", "x", "s"),
    node("Gather", "s i", "n", axis=0),
    node("Unsqueeze", "n a", "u"),
    node("Concat", "u m", "to", axis=0),
    node("Reshape", "x to", "y"),
]


@pytest.mark.parametrize("x", [(1, 3, 8, 8), ("N", 3, 8, 8), (4, 3, 8, 8)])
def test_shapes_that_the_file_computes(x):
    tensors = [tensor("i", (), [0], 7), whole("a", 0), whole("m", -1)]
    assert list(onnx(net(*FLATTENED, x=x, tensors=tensors)).outputs.values()) == ["192"]


def test_what_the_file_leaves_open_is_asked_for_unless_the_output_does_not_depend_on_it():
    pooled = net(node("GlobalMaxPool", "x", "y"), x=("N", 3, "H", "W"))
    assert list(onnx(pooled).outputs.values()) == ["3x1x1"]
    mapped = net(node("Relu", "x", "y"), x=("N", 3, "H", "W"))
    with pytest.raises(CnncalcError, match="leaves the shape of the input `x` open"):
        onnx(mapped)
    assert list(onnx(mapped, input="3x5x7").outputs.values()) == ["3x5x7"]


@pytest.mark.parametrize(
    ("to", "given", "made"),
    [
        ((0, 24, -1), "3x8xW", "24xW"), ((0, -1, 8, 3), "3x8xW", "Wx8x3"), ((0, 0, -1, 0), "3xHxW", "3xHxW"),
    ],
)  # fmt: skip
def test_a_length_that_a_reshape_leaves_open_may_be_made_of_symbols(tmp_path, to, given, made):
    file = tmp_path / "net.onnx"
    file.write_bytes(net(node("Reshape", "x to", "y"), x=("N", 3, "H", "W"), tensors=[whole("to", *to)]))
    found = load(str(file), Options(input=given, symbols=True))
    assert [show_shape(found.nodes[tensor].shape) for tensor in found.outputs.values()] == [made]


@pytest.mark.parametrize(
    ("nodes", "told"),
    [
        ([node("Flatten", "x", "f"), node("MatMul", "f w", "y")], "with 224 in their place: "),
        ([node("Reshape", "x to", "r"), node("Foo", "r", "y")], "1 layer of this ONNX net is not known"),
    ],
)
def test_lengths_that_cannot_be_symbols_are_told_with_why(tmp_path, nodes, told):
    file = tmp_path / "net.onnx"
    tensors = [whole("to", 0, 24, -1), tensor("w", (192, 5))]
    file.write_bytes(net(*nodes, x=("N", 3, "H", "W"), tensors=tensors))
    with pytest.raises(CnncalcError) as refused:
        load(str(file), Options(input="3xHxW", symbols=True))
    assert told in str(refused.value)


def test_all_that_is_not_known_is_told_behind_what_is_not_known_and_beside_an_open_input():
    nodes = [node("Foo", "x", "a"), node("Relu", "a", "b"), node("Bar", "b", "c"), node("Foo", "c", "y")]
    with pytest.raises(CnncalcError) as refused:
        onnx(net(*nodes, x=("N", "C", "H", "W")))
    told = [(fault.message, fault.values) for fault in refused.value.faults]
    assert told[0][0] == "the file leaves the shape of the input `x` open"
    assert told[1:] == [("3 layers of this ONNX net are not known", "Foo 2× (node 1, node 4); Bar 1× (node 3)")]


@pytest.mark.parametrize("kind", ["MatMul", "Gemm"])
def test_a_matrix_that_is_not_that_of_the_given_input_is_told(kind):
    """The number of features would follow what comes in, and the file's own matrix would count as another one."""
    made = net(node("Flatten", "x", "f"), node(kind, "f w", "y"), tensors=[tensor("w", (192, 5))])
    assert onnx(made).params == 960
    with pytest.raises(CnncalcError, match=r"960 numbers, and what comes in needs 5x243[\s\S]*is right with its own"):
        onnx(made, input="3x9x9")


def test_the_condition_of_an_if_that_is_known_takes_its_branch():
    then = graph([node("Relu", "x", "a")], outputs=[("a", ())])
    other = graph([node("GlobalMaxPool", "x", "a")], outputs=[("a", ())])
    test = [node("If", "c", "y", then_branch=then, else_branch=other)]
    assert list(onnx(net(*test, tensors=[tensor("c", (), [0], 7)])).outputs.values()) == ["3x1x1"]
    assert list(onnx(net(*test, tensors=[tensor("c", (), [1], 7)])).outputs.values()) == ["3x8x8"]


def test_a_function_is_what_is_in_it():
    body = field(1, "Twice") + field(4, "a") + field(5, "b") + field(10, "own")
    body += field(7, node("Concat", "a a", "b", axis=1))
    found = onnx(net(node("Twice", "x", "t", domain="own"), node("Twice", "t", "y", domain="own"), functions=[body]))
    assert list(found.outputs.values()) == ["12x8x8"]


PATTERNS = {
    "silu": [node("Sigmoid", "x", "s"), node("Mul", "x s", "y")],
    "hardswish": [
        node("Add", "x three", "a"), node("Clip", "a zero six", "c"), node("Mul", "x c", "m"),
        node("Div", "m six", "y"),
    ],
    "mish": [node("Softplus", "x", "a"), node("Tanh", "a", "b"), node("Mul", "b x", "y")],
    "gelu": [
        node("Div", "x root", "a"), node("Erf", "a", "e"), node("Add", "e one", "c"), node("Mul", "x c", "d"),
        node("Mul", "d half", "y"),
    ],
    "layernorm": [
        node("ReduceMean", "x", "m", axes=(-1,)), node("Sub", "x m", "c"), node("Pow", "c two", "p"),
        node("ReduceMean", "p", "v", axes=(-1,)), node("Add", "v eps", "e"), node("Sqrt", "e", "r"),
        node("Div", "c r", "d"), node("Mul", "d g", "s"), node("Add", "s b", "y"),
    ],
}  # fmt: skip
PLAIN = {"hardswish": 1, "gelu": 2, "layernorm": 1}
"""How many numbers of a pattern are added or multiplied: the file holds them, as `exporter_constants`."""
NUMBERS = {"zero": 0, "one": 1, "two": 2, "three": 3, "six": 6, "half": 0.5, "root": 2**0.5, "eps": 1e-5}


@pytest.mark.parametrize("kind", PATTERNS)
def test_what_exporters_take_apart_is_one_layer(kind):
    numbers = [tensor(name, (), [number]) for name, number in NUMBERS.items()]
    found = onnx(net(*PATTERNS[kind], tensors=[*numbers, tensor("g", (8,)), tensor("b", (8,))], opset=13))
    beside = ["parameter"] if kind in PLAIN else []
    assert [layer.kind for _, _, layer in found.graph.layers()] == [kind, *beside]
    assert list(found.outputs.values()) == ["3x8x8"]
    assert found.params == (16 if kind == "layernorm" else 0) + PLAIN.get(kind, 0)


def test_a_pattern_whose_parts_are_used_elsewhere_stays_apart():
    nodes = [node("Sigmoid", "x", "s"), node("Mul", "x s", "m"), node("Add", "m s", "y")]
    assert [layer.kind for _, _, layer in onnx(net(*nodes)).graph.layers()] == ["sigmoid", "multiply", "add"]


def test_layers_with_the_same_weight_count_it_once():
    nodes = [node("Conv", "x w", "a", pads=(1, 1, 1, 1)), node("Conv", "a w", "y", pads=(1, 1, 1, 1))]
    found = onnx(net(*nodes, tensors=[tensor("w", (3, 3, 3, 3))]))
    assert found.params == 81


def test_names_are_those_of_weights_and_modules():
    weight = tensor("layer1.0.conv1.weight", (4, 3, 1, 1))
    nodes = [
        node("Conv", "x layer1.0.conv1.weight", "a", "node_Conv_7"),
        node("Relu", "a", "b", "/layer1/layer1.0/relu/Relu"),
        node("Conv", "b v", "c", scopes="['', 'layer2', 'layer2.1', 'conv2d_1']"),
        node("Relu", "c", "y", scopes="['', 'layer2', 'layer2.1', 'relu_1']"),
    ]
    names = [one.name for _, one, _ in onnx(net(*nodes, tensors=[weight, tensor("v", (4, 4, 1, 1))])).graph.layers()]
    assert names == ["layer1.0.conv1", "layer1.relu1", "layer2.1", "relu1"]


def test_every_operator_that_is_not_known_is_named_in_one_error():
    nodes = [node("Hurz", "x", "a", "first"), node("Loop", "a", "c"), node("Relu", "x", "b"), node("Hurz", "b", "d")]
    data = net(*nodes, node("Concat", "c d", "y", axis=1))
    with pytest.raises(CnncalcError) as error:
        onnx(data)
    assert len(error.value.faults) == 1
    assert "Hurz 2× (node 1 `first`, node 4)" in str(error.value)


def test_opaque_takes_the_declared_shape():
    data = model(graph([node("Hurz", "x", "y")], [("x", (1, 3, 8, 8))], [("y", (1, 7))]))
    found = onnx(data, opaque=True)
    assert list(found.outputs.values()) == ["7"]
    with pytest.raises(CnncalcError, match="declares no shape"):
        onnx(net(node("Hurz", "x", "y")), opaque=True)


def test_an_output_whose_batch_is_not_first_has_it_first_here():
    # as networks for reading texts have them: time first
    found = onnx(net(node("Transpose", "x", "y", perm=(2, 0, 1, 3))))
    assert found.outputs == {"permute1": "8x3x8"}


GOOD = net(*FLATTENED, tensors=[tensor("i", (), [0], 7), whole("a", 0), whole("m", -1)])


def test_cut_short_it_says_where():
    with pytest.raises(CnncalcError, match=r"seems to be an ONNX file: byte .* are left"):
        onnx(GOOD[: len(GOOD) // 2])


def outcome(data):
    """The shapes of the outputs, or the words of the error."""
    try:
        return onnx(data).outputs
    except CnncalcError as error:
        return str(error)


@pytest.mark.parametrize("seed", range(4))
def test_bytes_changed_give_an_answer_or_an_error(seed):
    """Flipped, cut, doubled, and lengths that lie: nothing but `CnncalcError` comes out."""
    random = Random(seed)
    files = [GOOD, *(net(*nodes, tensors=tensors) for nodes, tensors, *_ in CASES.values())]
    for _ in range(60):
        data = bytearray(random.choice(files))
        for _ in range(random.randint(1, 4)):
            at = random.randrange(len(data))
            change = random.randrange(4)
            if change == 0:
                data[at] ^= 1 << random.randrange(8)
            elif change == 1:
                data[at] = random.choice((0, 127, 128, 255))
            elif change == 2:
                del data[at : at + random.randint(1, 9)]
            else:
                data[at:at] = data[at : at + random.randint(1, 30)]
            if not data:
                break
        assert outcome(bytes(data))


def test_graphs_inside_graphs_end():
    inner = graph([node("Relu", "x", "a")], outputs=[("a", ())])
    other = inner
    for _ in range(40):
        inner = graph([node("If", "c", "a", then_branch=inner, else_branch=other)], outputs=[("a", ())])
    with pytest.raises(CnncalcError):
        onnx(net(node("If", "c", "y", then_branch=inner, else_branch=inner), tensors=[tensor("c", (), [1], 7)]))


def test_huge_counts_are_bounded():
    for dims in ((2**40,), (10**6, 10**6, 10**6, 10**6), (1,) * 100):
        with pytest.raises(CnncalcError):
            onnx(net(node("Add", "x w", "y"), tensors=[tensor("w", ()) + b"".join(field(1, n) for n in dims)]))


def test_the_package_agrees_on_what_the_files_are():
    """The writer of these tests writes what the onnx package takes for models."""
    package = pytest.importorskip("onnx")
    for nodes, tensors, *_ in CASES.values():
        loaded = package.load_from_string(net(*nodes, tensors=tensors))
        assert [one.op_type for one in loaded.graph.node]


HEADS = [
    # as exporters of torch write a class token's attention: heads go into the batch's axis behind another one
    node("Transpose", "x", "t", perm=(1, 0, 2)),
    node("Reshape", "t s", "r"),
    node("Transpose", "r", "h", perm=(1, 0, 2)),
    node("Transpose", "h", "k", perm=(0, 2, 1)),
    node("MatMul", "h k", "m"),
    node("Softmax", "m", "a", axis=-1),
    node("MatMul", "a h", "o"),
    node("Transpose", "o", "b", perm=(1, 0, 2)),
    node("Reshape", "b e", "f"),
    node("Transpose", "f", "y", perm=(1, 0, 2)),
]


def test_heads_in_the_axis_of_the_batch_are_axes_of_the_image():
    found = onnx(net(*HEADS, x=(1, 5, 8), tensors=[whole("s", 5, 2, 4), whole("e", 5, 1, 8)]))
    assert (list(found.outputs.values()), found.macs) == (["5x8"], 2 * 2 * 5 * 5 * 4)


@pytest.mark.parametrize(
    ("equation", "output", "macs"),
    [
        ("bhid,bhjd->bhij", "3x8x8", 3 * 8 * 8 * 8),
        ("bhid,bhjd->bihj", "8x3x8", 3 * 8 * 8 * 8),
        ("bhid,bhdj->bhji", "3x8x8", 3 * 8 * 8 * 8),
    ],
)
def test_an_einsum_of_matrices_is_a_product(equation, output, macs):
    found = onnx(net(node("Einsum", "x x", "y", equation=equation)))
    assert (list(found.outputs.values()), found.macs) == ([output], macs)


def test_another_einsum_of_two_tensors_is_one_of_ours():
    found = onnx(net(node("Einsum", "x x", "y", equation="bhid,bhid->bh")))
    assert (list(found.outputs.values()), found.macs) == (["3"], 3 * 8 * 8)


@pytest.mark.parametrize("equation", ["bhid,chid->bc", "bhii->bh", "bhid,->bh", "bhhd,bhid->bi"])
def test_an_einsum_where_images_meet_or_an_axis_meets_itself_is_told(equation):
    operands = "x" if equation == "bhii->bh" else "x x"
    with pytest.raises(CnncalcError, match="Einsum"):
        onnx(net(node("Einsum", operands, "y", equation=equation)))


def test_what_is_picked_in_no_order_is_known_by_its_shape():
    places = tensor("i", (4,), [3, 1, 1, 0], 7)
    found = onnx(net(node("Gather", "x i", "y", axis=2), tensors=[places]))
    assert (list(found.outputs.values()), found.graph.nodes[-1].layer.kind) == (["3x4x8"], "opaque")
    many = tensor("j", (5, 2), [0, 1] * 5, 7)
    assert list(onnx(net(node("GatherND", "x j", "z"), node("Unsqueeze", "z u", "y"),
                         tensors=[many, whole("u", 0)])).outputs.values()) == ["5x8x8"]  # fmt: skip


def test_masks_that_are_written_place_by_place_are_constants():
    places, zeros = tensor("p", (2, 2), [0, 0, 0, 1], 7), tensor("u", (2, 8), [0] * 16)
    made = [node("ConstantOfShape", "s", "c"), node("ScatterND", "c p u", "m"), node("Add", "x m", "y")]
    found = onnx(net(*made, tensors=[whole("s", 3, 8, 8), places, zeros]))
    assert (found.params, list(found.outputs.values())) == (0, ["3x8x8"])


def test_a_tile_of_longer_axes_is_several_of_them():
    found = onnx(net(node("Tile", "x t", "y"), tensors=[whole("t", 1, 2, 1, 3)]))
    assert list(found.outputs.values()) == ["6x8x24"]


def test_comparisons_are_known_by_their_shapes():
    # as jax2tf writes the vectors of a one-hot code
    made = [node("Unsqueeze", "x a", "u"), node("Equal", "u r", "e"), node("Cast", "e", "c", to=1),
            node("MatMul", "c w", "y")]  # fmt: skip
    held = [whole("a", 2), tensor("r", (1, 1, 7)), tensor("w", (7, 4))]
    found = onnx(net(*made, x=(1, 5), tensors=held))
    assert (list(found.outputs.values()), found.params) == (["5x4"], 28)
    masked = [node("Less", "x z", "l"), node("Where", "l x z", "y")]
    assert list(onnx(net(*masked, tensors=[tensor("z", (), [0.0])])).outputs.values()) == ["3x8x8"]


def test_a_number_for_each_image_meets_what_it_is_of():
    made = [node("ReduceSum", "x a", "s", keepdims=0), node("Reshape", "s b", "r"), node("Div", "x r", "y")]
    found = onnx(net(*made, x=(1, 6), tensors=[whole("a", 1), whole("b", 1, 1)]))
    assert list(found.outputs.values()) == ["6"]


def test_a_signal_without_channels_is_padded():
    assert onnx(net(node("Pad", "x p", "y"), x=(1, 9), tensors=[whole("p", 0, 2, 0, 3)])).outputs == {"flatten1": "14"}


PARTS = {
    "Slice": [node("Slice", "w from mid axis", "u"), node("Slice", "w mid to axis", "v")],
    "Split": [node("Split", "w", "u v", axis=1, num_outputs=2)],
    "Split, stated": [node("Split", "w four", "u v", axis=1)],
    "Gather": [node("Gather", "w first", "u", axis=1), node("Gather", "w last", "v", axis=1)],
}


@pytest.mark.parametrize("cut", PARTS.values(), ids=PARTS)
def test_parts_of_one_weight_are_different_parameters(cut):
    held = [tensor("w", (8, 8)), whole("from", 0), whole("mid", 4), whole("to", 8), whole("axis", 1)]
    held += [whole("four", 4, 4), whole("first", 0, 1, 2, 3), whole("last", 4, 5, 6, 7)]
    products = [node("MatMul", "x u", "p"), node("MatMul", "x v", "q"), node("Add", "p q", "y")]
    assert read(net(*cut, *products, x=(1, 8), tensors=held), "net.onnx").params == 64


def test_one_part_of_a_weight_that_is_used_twice_counts_once():
    held = [tensor("w", (8, 8)), whole("from", 0), whole("mid", 4), whole("axis", 1)]
    made = [
        node("Slice", "w from mid axis", "u"), node("Slice", "w from mid axis", "v"),
        node("MatMul", "x u", "p"), node("MatMul", "x v", "q"), node("Add", "p q", "y"),
    ]  # fmt: skip
    assert read(net(*made, x=(1, 8), tensors=held), "net.onnx").params == 32


def test_blocks_of_channels_are_what_onnxruntime_keeps_and_the_net_s_own_come_out():
    blocked = {"domain": "com.microsoft.nchwc"}
    made = [
        node("ReorderInput", "x", "r", **blocked),
        node("Conv", "r w b", "c", pads=(1, 1, 1, 1), activation="Relu", **blocked),
        node("MaxPool", "c", "p", kernel_shape=(2, 2), strides=(2, 2), **blocked),
        node("GlobalAveragePool", "p", "g", **blocked),
        node("ReorderOutput", "g", "y", channels=10, **blocked),
    ]
    held = [tensor("w", (16, 16, 3, 3)), tensor("b", (16,))]
    found = read(net(*made, x=(1, 12, 8, 8), tensors=held), "net.onnx")
    assert (found.params, list(found.outputs.values())) == (16 * 16 * 9 + 16, ["10x1x1"])


WEIGHED_SUMS = [
    # the equation, the weight; the output's shape, parameters and multiply–accumulates of 12 steps of 16 features
    ("abc,cd->abd", (16, 5), "12x5", 80, 12 * 80),
    ("abc,cde->abde", (16, 2, 8), "12x2x8", 256, 12 * 256),
    ("abc,bcd->ad", (12, 16, 3), "3", 576, 576),
    ("abc,dc->abd", (5, 16), "12x5", 80, 12 * 80),
    ("abc,debc->ade", (2, 3, 12, 16), "2x3", 1152, 1152),
]


@pytest.mark.parametrize(("equation", "weight", "shape", "params", "macs"), WEIGHED_SUMS)
def test_einsum_with_a_weight_is_a_linear_layer(equation, weight, shape, params, macs):
    found = read(net(node("Einsum", "x w", "y", equation=equation), x=(1, 12, 16), tensors=[tensor("w", weight)]), "n")
    assert (list(found.outputs.values()), found.params, found.macs) == ([shape], params, macs)


@pytest.mark.parametrize("equation", ["abc,abd->cd", "abc,cc->ab", "aab,bc->ac", "abc,abc->c"])
def test_other_sums_with_weights_are_told(equation):
    made = net(node("Einsum", "x w", "y", equation=equation), x=(1, 12, 16), tensors=[tensor("w", (16, 16))])
    with pytest.raises(CnncalcError, match="Einsum"):
        read(made, "n")
