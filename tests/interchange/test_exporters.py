"""What exporters and runtimes do to nets (docs/formats.md, "What exporters do"): each with the right value.

The files are as torch 2.14.1's exporters wrote them, by their nodes and the names of their tensors; shapes are those
that each format's own runtime makes.
"""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from onnx_files import net, node, tensor, whole
from reading import Read, ncnn, read
from test_coreml import coreml, ints, operation, program, value
from test_openvino import Xml, xml
from test_paddle import Pir

from cnncalc import Options, from_torch, load, report
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.onnx.model import model_of
from cnncalc.interchange.onnx.parts import Tensor
from cnncalc.interchange.opening import imported
from cnncalc.interchange.protobuf.wire import Message
from cnncalc.interchange.sketch import Asked
from cnncalc.limits import Limits

BOOL, STRING = 1, 2


def onnx(*nodes, x=(1, 3, 9, 9), tensors=(), **more) -> Read:
    return read(net(*nodes, x=x, tensors=tensors, **more), "net.onnx")


def conv(bias: bool, name: str = "0.weight") -> list[bytes]:
    return [tensor(name, (8, 3, 3, 3)), *([tensor("0.bias", (8,))] if bias else [])]


def test_a_batch_norm_of_232_numbers_is_216_fresh_and_224_trained():
    fresh = onnx(node("Conv", "x 0.weight", "y"), tensors=conv(bias=False))
    trained = onnx(node("Conv", "x 0.weight 0.bias", "y"), tensors=conv(bias=True))
    assert (fresh.params, trained.params) == (216, 224)


@pytest.mark.parametrize(("weight", "bias"), [("0.weight", "0.weight_bias"), ("onnx::Conv_9", "onnx::Conv_10")])
def test_what_the_net_had_before_a_fold_is_said(weight, bias):
    held = [tensor(weight, (8, 3, 3, 3)), tensor(bias, (8,))]
    data = net(node("Conv", f"x {weight} {bias}", "y"), tensors=held)
    notes = imported(ForeignFile("net.onnx", None, Limits(), data), Asked()).notes
    told = "1 convolution has a batch norm folded in: the net had 8 parameters more, and 16 statistics, before the fold"
    assert told in notes  # 232 and 16 of a convolution without a bias and its batch norm, 224 in the file


def test_a_bias_of_its_own_is_no_fold():
    data = net(node("Conv", "x 0.weight 0.bias", "y"), tensors=conv(bias=True))
    notes = imported(ForeignFile("net.onnx", None, Limits(), data), Asked()).notes
    assert not any("before the fold" in note for note in notes)


def test_two_equal_convolutions_are_one_in_the_file():
    same = [node("Conv", "x a.weight", "t", pads=(1, 1, 1, 1)), node("Conv", "t a.weight", "y", pads=(1, 1, 1, 1))]
    assert onnx(*same, tensors=[tensor("a.weight", (3, 3, 3, 3))]).params == 81


def test_a_shared_convolution_with_two_batch_norms_is_148_fresh_and_296_trained():
    pads = (1, 1, 1, 1)
    first, second = [tensor("a.weight", (4, 4, 3, 3)), tensor("a.bias", (4,))], [
        tensor("onnx::Conv_9", (4, 4, 3, 3)), tensor("onnx::Conv_10", (4,)),
    ]  # fmt: skip
    fresh = [node("Conv", "x a.weight a.bias", "t", pads=pads), node("Conv", "t a.weight a.bias", "y", pads=pads)]
    trained = [fresh[0], node("Conv", "t onnx::Conv_9 onnx::Conv_10", "y", pads=pads)]
    found = [onnx(*nodes, x=(1, 4, 9, 9), tensors=[*first, *second]).params for nodes in (fresh, trained)]
    assert found == [148, 296]


SAME = {"auto_pad": "SAME_UPPER"}
RUN = [
    # onnxruntime 1.32.0: what is inferred differs, see the page
    ("pool, ceil, opset 17", node("MaxPool", "x", "y", kernel_shape=(2, 2), strides=(3, 3), ceil_mode=1), 6, 17, 2),
    ("pool, ceil, opset 22", node("MaxPool", "x", "y", kernel_shape=(2, 2), strides=(3, 3), ceil_mode=1), 6, 22, 2),
    ("mean, ceil, opset 21", node("AveragePool", "x", "y", kernel_shape=(2, 2), strides=(3, 3), ceil_mode=1), 6, 21, 2),
    ("dilated same pool", node("MaxPool", "x", "y", kernel_shape=(2, 2), strides=(2, 2), dilations=(2, 2), **SAME),
     5, 20, 2),
    ("resize by 1.4", node("Resize", "x - f", "y", mode="linear"), 5, 20, 7),
    ("transposed, same, k < s", node("ConvTranspose", "x w", "y", strides=(3, 3), **SAME), 5, 20, 14),
    ("transposed, same, output padding", node("ConvTranspose", "x v", "y", strides=(2, 2), output_padding=(1, 1),
                                              **SAME), 5, 20, 10),
]  # fmt: skip


@pytest.mark.parametrize(("made", "length", "opset", "run"), [row[1:] for row in RUN], ids=[row[0] for row in RUN])
def test_lengths_are_those_of_onnxruntime(made, length, opset, run):
    held = [tensor("f", (4,), [1, 1, 1.4, 1.4]), tensor("w", (1, 1, 2, 2)), tensor("v", (1, 1, 3, 3))]
    found = onnx(made, x=(1, 1, length, length), tensors=held, opset=opset)
    assert list(found.outputs.values()) == [f"1x{run}x{run}"]


@pytest.mark.parametrize(("kind", "made"), [("MaxPool", 3), ("AvgPool", 2)])
def test_pools_that_round_up_make_as_many_as_openvino_states(kind, made):
    file = Xml()
    x = file.add("Parameter", [(1, 1, 6, 6)])
    data = {"kernel": "2,2", "strides": "3,3", "pads_begin": "0,0", "pads_end": "0,0", "rounding_type": "ceil"}
    file.add("Result", [], [file.add(kind, [(1, 1, made, made)], [x], **data)])
    assert [shape.split("x")[1:] for shape in xml(file.text()).outputs.values()] == [[str(made)] * 2]


def test_pools_that_round_up_make_three_in_core_ml_and_ncnn():
    inputs = {"x": "x", "kernel_sizes": ints(2, 2), "strides": ints(3, 3), "pad_type": value("valid", STRING),
              "ceil_mode": value((1,), BOOL)}  # fmt: skip
    made = coreml(program(operation("max_pool", "y", (1, 1, 3, 3), inputs), shape=(1, 1, 6, 6)))
    assert list(made.outputs.values()) == ["1x3x3"]
    text = "7767517\n2 2\nInput in 0 1 x 0=6 1=6 2=1\nPooling p 1 1 x y 0=0 1=2 2=3\n"
    assert ncnn(text).outputs == {"p": "1x3x3"}


def ones(name: str, count: int) -> bytes:
    return tensor(name, (count,), [1.0] * count)


def test_the_scale_of_an_instance_norm_that_has_none_is_no_parameter():
    held = [ones("val_3", 3), tensor("val_7", (3,))]
    assert onnx(node("InstanceNormalization", "x val_3 val_7", "y"), tensors=held).params == 0
    learned = [ones("0.weight", 3), tensor("0.bias", (3,))]
    assert onnx(node("InstanceNormalization", "x 0.weight 0.bias", "y"), tensors=learned).params == 6


@pytest.mark.parametrize("back", [True, False], ids=["a shape of the file", "the shape of the input"])
def test_a_group_norm_of_19_numbers_has_two_a_channel(back):
    made = [
        node("Reshape", "x t", "r"), node("InstanceNormalization", "r o z", "n"), node("Shape", "x", "s"),
        node("Reshape", "n b" if back else "n s", "v"), node("Mul", "v onnx::Mul_16", "m"),
        node("Add", "m onnx::Add_17", "y"),
    ]  # fmt: skip
    held = [whole("t", 0, 2, -1), ones("o", 2), tensor("z", (2,)), whole("b", 1, 4, 8, 8)]
    held += [tensor("onnx::Mul_16", (4, 1, 1)), tensor("onnx::Add_17", (4, 1, 1))]
    assert onnx(*made, x=(1, 4, 8, 8), tensors=held).params == 8


def test_a_normalised_weight_that_the_file_computes_is_the_convolution_s():
    made = [
        node("ReduceL2", "v a", "l"), node("Div", "v l", "d"), node("Mul", "d g", "w"), node("Conv", "x w 0.bias", "y"),
    ]  # fmt: skip
    held = [tensor("v", (8, 3, 3, 3)), whole("a", 1, 2, 3), tensor("g", (8, 1, 1, 1)), tensor("0.bias", (8,))]
    assert onnx(*made, tensors=held).params == 224


def test_weights_may_stand_in_constant_nodes_and_in_int4():
    from onnx_files import field

    stored = field(1, "value") + field(5, tensor("", (8, 3, 3, 3))) + field(20, 4)
    constant = field(2, "w") + field(4, "Constant") + field(5, stored)
    assert onnx(constant, node("Conv", "x w", "y")).params == 216
    four_bits = b"".join(field(1, n) for n in (8, 3, 3, 3)) + field(2, 22) + field(8, "q") + field(9, bytes(108))
    made = [node("DequantizeLinear", "q s", "w"), node("Conv", "x w", "y")]
    assert onnx(*made, tensors=[four_bits, tensor("s", (), [0.5])]).params == 216


def test_a_bias_of_zeros_that_several_layers_add_stands_in_the_file_once():
    made = [
        node("MatMul", "x v.weight", "a"), node("Add", "a zeros", "b"),
        node("LayerNormalization", "b n.weight zeros", "c"),
        node("MatMul", "c w.weight", "d"), node("Add", "d zeros", "y"),
    ]  # fmt: skip
    held = [tensor("v.weight", (8, 8)), tensor("w.weight", (8, 8)), tensor("n.weight", (8,)), tensor("zeros", (8,))]
    assert onnx(*made, x=(1, 5, 8), tensors=held).params == 64 + 64 + 8 + 8
    trained = [*held, tensor("w.bias", (8,)), tensor("n.bias", (8,))]
    own = [*made[:2], node("LayerNormalization", "b n.weight n.bias", "c"), made[3], node("Add", "d w.bias", "y")]
    assert onnx(*own, x=(1, 5, 8), tensors=trained).params == 64 + 64 + 4 * 8


KEPT = Path(__file__).parents[1] / "data" / "exporters"
"""As torch 2.13.0's exporters wrote them, and 2.14.1's (ResNet-18, weight norm of 64, instance norm, ceil pool),
without notes on where they stood; Keras 3.15.1 (upsampling by tf2onnx 1.17.0) and onnxruntime 1.32.0.

Statistics and factors are made unlike, and large weights left out.
"""
WRITTEN = [
    # file -> nodes, elements of all its tensors; parameters of the net, its output
    ("adaptive_avgpool", 4, 650, 0, "2x3x3"),
    ("lppool", 8, 3, 1, "2x4x4"),
    ("circular_dynamo", 2, 84, 76, "4x8x8"),
    ("circular_torchscript", 19, 88, 76, "4x8x8"),
    ("groupnorm_18", 5, 19, 8, "4x8x8"),
    ("groupnorm_21", 1, 8, 8, "4x8x8"),
    ("groupnorm_21_fresh", 1, 8, 8, "4x8x8"),
    ("weightnorm", 1, 224, 224, "8x6x6"),
    ("weightnorm_64", 4, 36995, 36928, "64x6x6"),  # 64 lengths, with which the weight is computed
    ("instancenorm", 1, 8, 0, "4x8x8"),
    ("keras_upsampling", 18, 16, 0, "16x16x4"),  # by tf2onnx
    ("maxpool_ceil", 1, 0, 0, "1x2x2"),
    ("onnxruntime_blocked", 2, 448, 448, "8x6x6"),  # 224 of the net, in blocks of 16 filters
    ("linear_aligned", 5, 543_403, 543_403, "3"),
    ("resnet18_fresh", 49, 11_679_916, 11_679_912, "1000"),
    ("resnet18_trained", 49, 11_684_716, 11_684_712, "1000"),
]


@pytest.mark.parametrize(("name", "nodes", "elements", "params", "output"), WRITTEN, ids=[row[0] for row in WRITTEN])
def test_what_torch_wrote(name, nodes, elements, params, output):
    data = (KEPT / f"{name}.onnx").read_bytes()
    graph = model_of(Message(ForeignFile(name, None, Limits(), data).data)).graph
    constants = [value for node in graph.nodes if node.kind == "Constant" for value in node.attributes.values()]
    held = [*graph.tensors.values(), *(value for value in constants if isinstance(value, Tensor))]
    assert (len(graph.nodes), sum(tensor.size for tensor in held)) == (nodes, elements)
    found = read(data, "net.onnx")
    assert (list(found.outputs.values()), found.params) == ([output], params)


@pytest.mark.parametrize(("name", "biased"), [("resnet18_fresh", 0), ("resnet18_trained", 20)])
def test_folds_leave_biases_where_statistics_are_trained(name, biased):
    graph = model_of(Message((KEPT / f"{name}.onnx").read_bytes())).graph
    assert [len(node.inputs) for node in graph.nodes if node.kind == "Conv"].count(3) == biased


def test_lengths_of_a_normalised_weight_are_named():
    data = (KEPT / "weightnorm_64.onnx").read_bytes()
    notes = imported(ForeignFile("net.onnx", None, Limits(), data), Asked()).notes
    told = (
        "64 numbers of `parametrizations.weight.original0` count as nothing: a normalised weight is computed with them"
    )
    assert told in notes


def test_a_pool_that_rounds_up_as_torch_writes_it_fails_the_full_check_of_onnx():
    onnx_package = pytest.importorskip("onnx")
    with pytest.raises(onnx_package.shape_inference.InferenceError):
        onnx_package.checker.check_model(str(KEPT / "maxpool_ceil.onnx"), full_check=True)


@pytest.mark.parametrize("beside", [None, 0, 2_173_600, 2_261_248], ids=["absent", "empty", "close", "aligned"])
def test_bytes_are_those_of_the_tensors_and_not_those_of_the_file_beside(beside, tmp_path):
    """onnx-ir 1.0.0 begins tensors of more than 1 MiB at multiples of 64 KiB: 2,261,248 bytes for 2,173,600."""
    (tmp_path / "net.onnx").write_bytes((KEPT / "linear_aligned.onnx").read_bytes())
    if beside is not None:
        with (tmp_path / "linear.onnx.data").open("wb") as file:
            file.truncate(beside)
    found = report(load(str(tmp_path / "net.onnx"), Options())).totals
    assert found.weight_bytes == 2_173_600 + 4 * 3  # the last bias lies in the file itself


def test_the_kept_file_has_gaps_in_what_lies_beside():
    onnx_package = pytest.importorskip("onnx")
    model = onnx_package.load(KEPT / "linear_aligned.onnx", load_external_data=False)
    parts = [{one.key: one.value for one in tensor.external_data} for tensor in model.graph.initializer]
    placed = sorted((int(one["offset"]), int(one["length"])) for one in parts if one)
    assert (sum(length for _, length in placed), sum(placed[-1])) == (2_173_600, 2_261_248)


def test_int4_takes_half_a_byte_a_number():
    from onnx_files import field

    packed = bytes(14)  # of 27 numbers
    weight = b"".join(field(1, n) for n in (3, 3, 3)) + field(2, 22) + field(8, "q") + field(9, packed)
    made = [node("DequantizeLinear", "q s", "w"), node("Conv", "x w", "y")]
    found = onnx(*made, x=(1, 3, 9), tensors=[weight, tensor("s", (), [0.5])])
    assert (found.params, -(-found.params // 2)) == (27, len(packed))


def test_a_circular_convolution_is_26_operators_when_it_is_decomposed():
    data = (KEPT / "circular_decomposed.pt2").read_bytes()
    with ZipFile(BytesIO(data)) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith("models/model.json")]
        program = json.loads(archive.read(name))
    assert len(program["graph_module"]["graph"]["nodes"]) == 26
    found = read(data, "net.pt2", opaque=True)
    assert (found.params, found.outputs) == (112, {"convolution": "4x8x8"})


def test_a_part_of_a_larger_tensor_counts_as_what_it_is():
    data = (KEPT / "sliced_weight.pt2").read_bytes()
    with ZipFile(BytesIO(data)) as archive:
        sizes = {one.filename.rpartition("/")[2]: one.file_size for one in archive.infolist()}
    assert (sizes["weight_0"], 4 * read(data, "net.pt2").params) == (10_800, 432)


def test_a_convolution_with_two_names_counts_once():
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(*[torch.nn.Conv2d(3, 3, 3, padding=1)] * 2)
    stored = sum(tensor.numel() for tensor in net.state_dict().values())
    assert (stored, report(from_torch(net, torch.zeros(1, 3, 8, 8))).totals.params) == (168, 84)


def test_a_pool_of_paddle_that_rounds_up_makes_4_of_5():
    net = Pir(1, 3, 5, 5)
    pool = {"strides": [2, 2], "paddings": [1, 1], "padding_algorithm": "EXPLICIT", "pooling_type": "max"}
    made = net.add("pool2d", [net.x, net.numbers(2, 2)], [(1, 3, 4, 4)], ceil_mode=True, **pool)
    assert list(read(net.bytes(made), "net.json").outputs.values()) == ["3x4x4"]  # torch makes 3


KERAS = [
    # file -> parameters, of which statistics; what Keras 3.15.1 counts or stores beside them
    ("keras_fit", 174, 8),  # `summary()` says 508 after `fit`, and the file holds as many: 334 are Adam's
    ("keras_float8", 2198, 0),  # 8,348 by `count_params()`: each layer has 3,075 of scales and histories
]


@pytest.mark.parametrize(("name", "params", "statistics"), KERAS, ids=[row[0] for row in KERAS])
def test_what_keras_adds_to_a_model_is_no_parameter(name, params, statistics):
    stored = BytesIO()
    with ZipFile(stored, "w") as archive:
        archive.write(KEPT / f"{name}.json", "config.json")
        archive.writestr("metadata.json", "{}")
    found = read(stored.getvalue(), "net.keras")
    assert (found.params, found.buffers) == (params, statistics)


def test_plain_numbers_of_what_the_file_computes_of_shapes_count_as_nothing():
    # MViT v2 counts how far places lie apart, in floating-point numbers
    far = [
        node("Shape", "x", "s"),
        node("Cast", "s", "f", to=1),
        node("Mul", "f half", "h"),
        node("Cast", "h", "to", to=7),
    ]
    nodes = [*far, node("Mul", "x third", "t"), node("Reshape", "t to", "y", allowzero=0)]
    numbers = [tensor("half", (), [1.0]), tensor("third", (), [0.3])]
    assert onnx(*nodes, tensors=numbers).params == 1


def test_biases_that_may_have_been_tables_of_distances_are_told():
    # Swin-T: twelve of them hold 308,016 numbers more than its tables have
    added = [node("MatMul", "x x", "a"), node("Add", "a onnx::Add_7", "b"), node("Add", "b onnx::Add_8", "y")]
    held = [tensor("onnx::Add_7", (1, 3, 49, 49)), tensor("onnx::Add_8", (1, 1, 49, 49))]
    data = net(*added, x=(1, 3, 49, 49), tensors=held)
    notes = imported(ForeignFile("net.onnx", None, Limits(), data), Asked()).notes
    fewer = 4 * (49 * 49 - 13 * 13)
    told = "2 biases of attention are a number for each two places of a window"
    assert f"{told}: as tables of distances the net had {fewer:,} parameters fewer" in notes
    plain = net(*added, x=(1, 3, 50, 50), tensors=[tensor("onnx::Add_7", (1, 3, 50, 50)), tensor("onnx::Add_8", (1,))])
    notes = imported(ForeignFile("net.onnx", None, Limits(), plain), Asked()).notes
    assert not [note for note in notes if "tables of distances" in note]


def test_a_dense_layer_is_called_as_its_module_though_its_product_and_its_bias_are_two_nodes():
    product = node("MatMul", "x onnx::MatMul_7", "p", name="/mlp/mlp.3/MatMul")
    nodes = [product, node("Add", "mlp.3.bias p", "y", name="/mlp/mlp.3/Add")]
    found = read(
        net(*nodes, x=(1, 4), tensors=[tensor("onnx::MatMul_7", (4, 5)), tensor("mlp.3.bias", (5,))]), "n.onnx"
    )
    assert [(row.name, row.params) for row in report(found.graph).rows] == [("mlp.3", 25)]
