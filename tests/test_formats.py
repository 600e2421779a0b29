"""Types of single layers: bytes of parameters as quantisers write them, and of what flows between the layers."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from cnncalc import CnncalcError, Net, Options, chain, load
from cnncalc.analysis.costs import report
from cnncalc.analysis.symbolic.report import symbolic_report
from cnncalc.arithmetic.symbolic.algebra import value_at
from cnncalc.cli.main import cnncalc as program
from cnncalc.graph.formats import FORMATS

MEASURED = [
    # onnxruntime 1.32, quantize_static: the bytes of a weight's (or bias's) initializers, scales and zero points too
    ("int8", (8, 3, 3, 3), 216 + 8 * 4 + 8),
    ("int8", (5, 288), 1440 + 5 * 4 + 5),
    ("int8-tensor", (8, 3, 3, 3), 216 + 4 + 1),
    # bitsandbytes 0.50.2 on CPU: quantize_4bit (blocks of 64), int8_vectorwise_quant
    ("nf4", (10, 100), 500 + 64),
    ("nf4", (64, 576), 18_432 + 2_304),
    ("nf4", (5, 7), 18 + 4),
    ("llm-int8", (10, 100), 1_000 + 40),
    ("llm-int8", (5, 7), 35 + 20),
    # gguf 0.19: quantize
    ("q8_0", (10, 96), 1_020),
    ("q8_0", (64, 576), 39_168),
    ("q4_0", (10, 96), 540),
    ("q4_0", (64, 576), 20_736),
    # AutoAWQ's WQLinear: int32 qweight (in, out/8), int32 qzeros (in/128, out/8), float16 scales (in/128, out)
    ("int4", (64, 256), 4 * 256 * 8 + 4 * 2 * 8 + 2 * 2 * 64),
    # TensorFlow 2.21: what its interpreter says of a converted weight; a scale has 4 bytes, a zero point 8
    ("tflite-dynamic", (29, 4, 3, 3), 1_044 + 29 * 12),
    # OpenVINO 2026.4.1: the bytes of the .bin of a convolution with a bias are 592, 576 and 16
    ("openvino-float16", (8, 4, 3, 3), 576),
    # Keras 3.15.1: the bytes of all variables but the bias, after quantize(); Dense(32) on 1,568 numbers and on 16
    ("keras-int8", (32, 1_568), 1_568 * 32 + 32 * 4),
    ("keras-int4", (32, 1_568), 1_568 * 16 + 13 * 32 * 4 + 13 * 32 + 1_568 * 4),
    ("keras-float8", (32, 16), (3_619 - 32) * 4),
    ("float16", (3, 5), 30),
]  # fmt: skip


def run(*arguments):
    return CliRunner().invoke(program, arguments)


@pytest.mark.parametrize(("name", "shape", "size"), MEASURED)
def test_weights_take_what_the_tools_write(name, shape, size):
    assert FORMATS[name].weights(shape) == size


def test_biases_of_onnx():
    """int32, with a scale and a zero point a channel, or one for all."""
    assert (FORMATS["int8"].bias((8,)), FORMATS["int8-tensor"].bias((8,))) == (3 * 4 * 8, 4 * 8 + 8)


LAYERS = ["conv 8 k3", "batchnorm", "relu", "conv 4 k1", "maxpool 2", "flatten", "linear 6"]


def sizes(*types):
    counted = report(chain("3x6x6", LAYERS, Options(types=types)), 2)
    return [(row.weight_bytes, row.activation_bytes) for row in counted.rows], counted.totals


def test_what_has_no_parameters_gives_the_type_that_it_takes():
    rows, totals = sizes(("conv2", "int8"), ("linear1", "nf4"))
    assert rows == [
        (4 * (216 + 8), 2 * 8 * 16 * 4),
        (4 * 16, 2 * 8 * 16 * 4),
        (0, 2 * 8 * 16 * 4),
        (32 + 4 * 5 + 4 * 12, 2 * 4 * 16),
        (0, 2 * 4 * 4),
        (0, 0),
        (48 + 4 * 2 + 4 * 6, 2 * 6 * 4),  # of weights alone: 96 in 48 bytes and two blocks
    ]
    assert totals.weight_bytes == sum(weights for weights, _ in rows)
    assert totals.activation_bytes == 2 * 3 * 36 * 4 + sum(activations for _, activations in rows)


def test_norms_are_left_by_quantisers_and_not_by_plain_types():
    assert sizes(("batchnorm1", "int8"))[0][1] == (4 * 16, 2 * 8 * 16)
    assert sizes(("batchnorm1", "float16"))[0][1] == (2 * 16, 2 * 8 * 16 * 2)


STORED = {
    # layers on 4 channels of 3x3 maps, and whether the tool stores their weights in its own way
    "tflite-dynamic": {
        "conv 28 k3": False, "conv 29 k3": True, "conv 256 k1": True, "conv 255 k1": False, "deconv 29 k3": True,
        "dwconv 28 k3": False, "dwconv 29 k3": True, "linear 28": False, "linear 29": True, "local 64 k1": False,
    },
    "openvino-float16": {"conv 2 k1": True, "dwconv k3": True, "batchnorm": False},
    "int8": {"conv 2 k1": True, "dwconv k3": True, "batchnorm": False},
    **{name: {"conv 128 k1": False, "dwconv k3": False, "deconv 64 k3": False, "linear 64": True}
       for name in ("llm-int8", "nf4", "int4", "keras-int8", "keras-int4", "keras-float8")},
    **{name: {"conv 128 k1": False, "conv 8 k3": False, "linear 64": False} for name in ("q8_0", "q4_0")},
}  # fmt: skip
"""Seen: TensorFlow 2.21, OpenVINO 2026.4.1, onnxruntime 1.32, bitsandbytes 0.50.2, Keras 3.15.1, and gguf 0.19, which
refuses rows that are no multiple of 32 numbers."""


@pytest.mark.parametrize(
    ("name", "text", "own"), [(name, text, own) for name in STORED for text, own in STORED[name].items()]
)
def test_tools_leave_what_they_do_not_take(name, text, own):
    lines = ["flatten", text] if text.startswith("linear") else [text]
    counted = report(chain("4x3x3", lines, Options(types=(("*", name),))))
    leaves = [hint for hint in counted.hints if f"{name} leaves these weights" in hint.text]
    assert bool(leaves) is (not own and text != "batchnorm")
    if not own:
        assert counted.totals.weight_bytes == 4 * counted.totals.params


def test_weights_on_three_axes_stay_float32_in_a_tflite_file():
    counted = report(chain("4x8x8x8", ["conv 29 k3"], Options(types=(("*", "tflite-dynamic"),))))
    assert counted.totals.weight_bytes == 4 * counted.totals.params == 4 * (29 * 108 + 29)


def test_rows_of_32_numbers_are_blocks_of_gguf():
    counted = report(chain("64", ["linear 5"], Options(types=(("*", "q8_0"),))))
    assert counted.totals.weight_bytes == 5 * 2 * 34 + 5 * 4


def test_where_a_symbol_decides_there_is_no_closed_form(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("input: 4x8x8\nlayers: [conv 29 k3, flatten, linear 5]\ndtypes: {'*': tflite-dynamic}\n")
    found = run("show", str(file), "--input", "4xHxW", "--columns", "name,weight_bytes").output
    assert f"conv1     {1_044 + 29 * 12 + 29 * 4:,}" in found
    assert "linear1   no closed form" in found


def test_the_last_pattern_wins():
    assert sizes(("*", "float16"), ("linear1", "float64"))[0][-1] == (8 * 102, 8 * 12)


def test_a_whole_net_in_one_type_is_the_net_in_that_type():
    """But for the image, which comes as the net has it."""
    halved, typed = report(load("resnet18"), 2, "float16"), report(load("resnet18", dtypes={"*": "float16"}), 2)
    assert [row.weight_bytes for row in typed.rows] == [row.weight_bytes for row in halved.rows]
    assert [row.activation_bytes for row in typed.rows] == [row.activation_bytes for row in halved.rows]
    image = 2 * 3 * 224 * 224 * 2
    assert typed.totals.activation_bytes == halved.totals.activation_bytes + image
    moved = [(row.moved_bytes, other.moved_bytes) for row, other in zip(typed.rows, halved.rows)]
    assert moved[0][0] == moved[0][1] + image
    assert all(one == other for one, other in moved[2:] if one)


def test_training_is_counted_in_the_type_of_the_net():
    plain, typed = (
        report(load("alexnet"), optimizer="adam"),
        report(load("alexnet", dtypes={"*": "int8"}), optimizer="adam"),
    )
    for figure in ("saved_bytes", "train_bytes", "optimizer_bytes", "buffer_bytes", "params"):
        assert getattr(typed.totals, figure) == getattr(plain.totals, figure)
    assert typed.totals.peak_bytes < plain.totals.peak_bytes


@pytest.mark.parametrize(
    "types", [{"features.*": "int8"}, {"classifier.*": "nf4"}, {"*": "int4", "features.0": "float16"}]
)
def test_closed_forms_are_the_numbers(types):
    closed = symbolic_report(load("alexnet", input="3xHxW", dtypes=types), batch=None).totals
    counted = report(load("alexnet", input="3x227x195", dtypes=types), 3).totals
    for figure in ("weight_bytes", "activation_bytes", "peak_bytes", "moved_bytes", "train_bytes"):
        assert value_at(closed[figure].value, {"H": 227, "W": 195, "N": 3}) == getattr(counted, figure), figure


def test_a_file_has_types_of_its_own_and_options_change_them(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("name: n\ninput: 4\ndtypes: {'linear*': int8}\nlayers: [linear 8, relu, linear 2]\n")
    said = json.loads(run("show", str(file), "--dtype", "linear2=float16", "--format", "json").stdout)
    assert said["dtypes"] == {"linear1": "int8", "linear2": "float16"}
    assert [layer["weight_bytes"] for layer in said["layers"]] == [32 + 8 * 5 + 8 * 12, 0, 2 * 18]


ITEMS = """
input: 3x8x8
variables: {precision: int8}
blocks:
  unit: {with: {n: required}, layers: [conv $n k3 p1, {conv: $n k1, name: last, dtype: int4}]}
layers:
  - {unit: 4, name: a}
  - {unit: 4, name: b, dtype: $precision}
  - {name: c, dtype: fp16, layers: [{unit: 4}, relu, {unit: 4, dtype: torch.bfloat16}]}
  - {add: [[conv 4 k1], [{conv: 4 k1, dtype: half}]], dtype: float8}
  - {repeat: 2, layers: [conv 4 k1], dtype: double}
  - flatten
  - linear 2
"""


def stored(text, **options):
    net = load(text, **options)
    return {net.nodes[index].name: stored for index, stored in net.plan.types.items()}


OWN = {
    "a.last": "int4", "b.conv1": "int8", "b.last": "int4", "c.unit1.conv1": "float16", "c.unit1.last": "int4",
    "c.relu1": "float16", "c.unit2.conv1": "bfloat16", "c.unit2.last": "int4", "conv1": "float8", "conv2": "float16",
    "add1": "float8", "conv3": "float64", "conv4": "float64",
}  # fmt: skip


def test_items_have_types_of_which_the_innermost_holds():
    assert stored(ITEMS) == OWN
    for _ in range(3):  # the blocks are put in from a template then
        assert stored(ITEMS, set={"precision": "fp8"}) == {**OWN, "b.conv1": "float8"}


def test_a_map_goes_before_items_and_an_option_before_both():
    text = ITEMS + "dtypes: {'b.*': nf4, linear1: int8}\n"
    mapped = {**OWN, "b.conv1": "nf4", "b.last": "nf4", "linear1": "int8"}
    assert stored(text) == mapped
    assert stored(text, dtypes={"*.last": "i8"}) == {
        name: "int8" if name.endswith(".last") else one for name, one in mapped.items()
    }


def test_a_file_that_extends_another_changes_its_types(tmp_path):
    (tmp_path / "base.yaml").write_text("input: 4\nlayers: [{linear: 8, dtype: int8}, {linear: 2, dtype: int8}]\n")
    child = tmp_path / "child.yaml"
    child.write_text("extends: base.yaml\ndtypes: {linear2: float32}\nreplace: {linear1: {linear: 6, dtype: int4}}\n")
    assert stored(str(child)) == {"linear1": "int4", "linear2": "float32"}
    child.write_text("input: 4\nlayers: [{net: base.yaml, dtype: fp16}, {net: base.yaml, to: linear1}, linear 3]\n")
    assert set(stored(str(child)).values()) == {"int8"}


def test_python_gives_types_to_what_it_builds():
    net = Net(input="3x8x8")
    net.add("conv 4 k3", name="stem")
    net.add("linear 2", net.add("flatten"))
    net.cast("*", "fp16")
    net.cast("stem", "int8")
    assert net.report().rows[0].weight_bytes == 108 + 4 * 5 + 4 * 12
    assert net.report().rows[2].weight_bytes == 2 * (144 * 2 + 2)
    with pytest.raises(CnncalcError, match="stem=int9: there is no type `int9`"):
        net.cast("stem", "int9")


def test_searches_over_types_count_whole_nets(tmp_path):
    """Bytes are no sums where layers have types; a variable may be one."""
    file = tmp_path / "net.yaml"
    file.write_text(
        "input: 3x8x8\nvariables: {p: int8, w: 4}\n"
        "layers: [{conv: $w k3, dtype: $p}, flatten, {linear: 4, dtype: int4}, linear 2]\n"
    )
    aims = ["--minimize", "weight_bytes,activation_bytes", "--maximize", "params"]
    done = run("search", str(file), "--over", "w=2:6", *aims, "--format", "json")
    for point in json.loads(done.stdout)["front"]:
        counted = load(str(file), set={"w": str(point["w"])}).report()
        assert point["weight_bytes"] == counted.totals.weight_bytes
        assert point["activation_bytes"] == counted.totals.activation_bytes
    swept = json.loads(run("sweep", str(file), "--set", "p=int8,float32,fp16", "--figures", "weight_bytes",
                           "--format", "json").stdout)  # fmt: skip
    assert [one["weight_bytes"] for one in swept["points"]] == [
        load(str(file), set={"p": p}).report().totals.weight_bytes for p in ("int8", "float32", "fp16")
    ]


def test_a_rewrite_keeps_types(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text(
        "name: n\ninput: 3x8x8\nlayers:\n  - {conv: 4 k3, dtype: int8}  # stem\n  - batchnorm\n"
        "  - {name: g, dtype: fp16, layers: [conv 4 k3, relu, conv 4 k1]}\n"
    )
    said = run("rewrite", str(file), "fold-batchnorm", "-o", "-").stdout
    assert "dtype: int8}  # stem" in said
    expected = {"conv1": "int8", "g.conv1": "float16", "g.relu1": "float16", "g.conv2": "float16"}
    assert stored(said) == expected
    assert stored(run("rewrite", str(file), "fold-batchnorm", "--dtype", "g.conv2=int4", "-o", "-").stdout) == {
        **expected, "g.conv2": "int4",
    }  # fmt: skip
    assert "types of single layers are not written" in run("export", str(file), "--to", "torch").stderr


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (
            ITEMS.replace("fp16", "fp17").replace("double", "[int8]"),
            [("there is no type `fp17` of a layer", 9), ("`dtype` is the type of a layer", 11)],
        ),
        (
            ITEMS + "dtypes: {nobody: int8, linear1: int9}\n",
            [("`dtypes: nobody` matches no layer", 14), ("there is no type `int9` of a layer", 14)],
        ),
    ],
)
def test_wrong_types_in_a_file_are_told_in_their_place(text, faults):
    with pytest.raises(CnncalcError) as caught:
        load(text)
    assert [(fault.message, fault.place.line) for fault in caught.value.faults] == faults


def test_budgets_and_the_batch_know_them():
    assert run("check", "vgg16", "--max", "weight_bytes=200MB", "--dtype", "classifier.*=int8").exit_code == 0
    assert run("check", "vgg16", "--max", "weight_bytes=200MB").exit_code == 1
    said = run("solve", "batch-size", "vgg16", "--memory", "1GiB", "--dtype", "*=int8", "--format", "json").stdout
    answer = json.loads(said)
    assert (
        answer["batch"]
        > json.loads(run("solve", "batch-size", "vgg16", "--memory", "1GiB", "--format", "json").stdout)["batch"]
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--dtype", "classifer.*=int8"], ["`--dtype classifer.*` matches no layer", "did you mean `classifier.*`"]),
        (["--dtype", "classifier.*=int9"], ["there is no type `int9` of a layer", "`int8`"]),
        (["--dtype", "float16", "--dtype", "int8"], ["--dtype is given 2 times", "classifier.*=int8"]),
        (["--dtype", "*=int8", "--amp", "float16"], ["--amp does not go with types of single layers"]),
        (["--dtype", "=int8"], ["matches no layer"]),
    ],
)
def test_what_is_wrong_is_told(arguments, words):
    done = run("show", "vgg16", *arguments)
    assert done.exit_code == 2
    assert all(word in done.stderr for word in words), done.stderr


def test_types_in_a_file_that_are_none(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("name: n\ninput: 4\ndtypes: [int8]\nlayers: [linear 8]\n")
    assert "`dtypes` maps patterns of layers to types" in run("show", str(file)).stderr


def test_a_type_of_a_layer_that_there_is_not_is_told_in_python():
    with pytest.raises(CnncalcError, match="there is no type `int9`"):
        load("lenet5", dtypes={"*": "int9"}).report()
