"""Caffe's prototxt: shapes as Caffe's own tests state them, phases, in-place blobs, old syntax, hostile text."""

from __future__ import annotations

import json
import re

import pytest
from command_line import runner
from reading import caffe

from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError

# -- shapes: bottom, layer, tops, as test_…_layer.cpp of BVLC/caffe (9b891540) and of its branch ssd (4817bf8) say --

POOL = 'type: "Pooling" pooling_param'
SHAPES = [
    ("3x6x5", POOL + " { kernel_size: 3 stride: 2 }", ["3x3x2"]),  # TestSetup
    ("3x6x5", POOL + " { kernel_size: 3 stride: 2 pad: 1 pool: AVE }", ["3x4x3"]),  # TestSetupPadded
    ("3x6x5", POOL + " { pool: AVE global_pooling: true }", ["3x1x1"]),  # TestSetupGlobalPooling
    ("2x3x5", POOL + " { kernel_size: 2 }", ["2x2x4"]),  # TestForwardSquare: the stride is 1 unless given
    ("2x6x6", POOL + " { kernel_h: 3 kernel_w: 2 }", ["2x4x5"]),  # TestForwardHigh
    ("3x9x8", 'type: "SPP" spp_param { pyramid_height: 3 }', ["63"]),
    ("3x1024x765", 'type: "SPP" spp_param { pyramid_height: 5 }', ["1023"]),
    ("3x7x7", 'type: "SPP" spp_param { pyramid_height: 3 }', ["63"]),
    ("3x6x4", 'type: "Deconvolution" convolution_param { kernel_size: 3 stride: 2 num_output: 4 }', ["4x13x9"]),
    ("3x6x4", 'type: "Convolution" convolution_param { kernel_size: 3 stride: 2 num_output: 4 }', ["4x2x1"]),
    ("12x2x3", 'type: "Slice" top: "u" slice_param { slice_point: 3 }', ["3x2x3", "9x2x3"]),
    ("12x1x1", 'type: "Slice" top: "u" top: "v" slice_param { slice_point: [2, 8] }', ["2x1x1", "6x1x1", "4x1x1"]),
    ("12x2x3", 'type: "Slice" top: "u" top: "v"', ["4x2x3", "4x2x3", "4x2x3"]),
    ("3x6x5", 'type: "Reshape" reshape_param { shape { dim: 0 dim: -1 dim: 1 dim: 1 } }', ["90x1x1"]),
    ("3x6x5", 'type: "Reshape" reshape_param { shape { dim: 0 dim: 0 dim: 0 dim: 0 } }', ["3x6x5"]),
    ("3x6x5", 'type: "Reshape" reshape_param { shape { dim: 0 dim: 3 dim: 10 dim: -1 } }', ["3x10x3"]),
    ("3x6x5", 'type: "Reshape" reshape_param { axis: 1 shape { dim: 3 dim: 10 dim: -1 } }', ["3x10x3"]),
    ("3x6x5", 'type: "Flatten"', ["90"]),
    ("3x6x5", 'type: "Flatten" flatten_param { axis: 2 }', ["3x30"]),
    ("3x6x5", 'type: "Flatten" flatten_param { end_axis: -2 }', ["18x5"]),
    ("3x4x5", 'type: "InnerProduct" inner_product_param { num_output: 10 }', ["10"]),
    ("4", 'type: "Embed" embed_param { input_dim: 5 num_output: 10 }', ["4x10"]),
    ("10x20x20", 'type: "ArgMax" argmax_param { axis: 1 }', ["1x20x20"]),  # TestSetupAxis
    ("10x20x20", 'type: "ArgMax" argmax_param { out_max_val: true top_k: 5 }', ["2x5"]),  # TestSetupMaxVal
    ("3x4x5", 'type: "Permute" permute_param { order: 0 order: 2 order: 3 order: 1 }', ["4x5x3"]),
    ("3x4x5", 'type: "Permute" permute_param { order: 0 order: 1 order: 2 order: 3 }', ["3x4x5"]),
]  # fmt: skip


def input_of(name: str, shape: str) -> str:
    dims = " ".join(f"dim: {length}" for length in ("1", *shape.split("x")))
    return f'layer {{ name: "{name}" type: "Input" top: "{name}" input_param {{ shape {{ {dims} }} }} }}\n'


def text_of(shape: str, layer: str) -> str:
    return input_of("x", shape) + f'layer {{ name: "l" bottom: "x" top: "t" {layer} }}\n'


@pytest.mark.parametrize(("bottom", "layer", "tops"), SHAPES)
def test_shapes_are_those_of_caffe_s_own_tests(bottom, layer, tops):
    assert sorted(caffe(text_of(bottom, layer)).outputs.values()) == sorted(tops)


def two(first: str, second: str, layer: str) -> str:
    taken = f'layer {{ name: "l" bottom: "x" bottom: "y" top: "t" {layer} }}\n'
    return input_of("x", first) + input_of("y", second) + taken


@pytest.mark.parametrize(
    ("first", "second", "layer", "top"),
    [
        ("4x5x4", "3x4x2", 'type: "Crop"', "4x4x2"),  # TestSetupShapeDefault
        ("4x5x4", "3x4x2", 'type: "Crop" crop_param { axis: -1 }', "4x5x2"),  # TestSetupShapeNegativeIndexing
        ("4x5x4", "3x4x2", 'type: "Crop" crop_param { axis: 1 offset: 1 offset: 1 offset: 2 }', "3x4x2"),
        ("3x6x5", "5x6x5", 'type: "Concat"', "8x6x5"),  # TestSetupChannels
        ("3x6x5", "5x6x5", 'type: "Concat" concat_param { axis: -3 }', "8x6x5"),
        ("3x6x5", "3x6x5", 'type: "Eltwise" eltwise_param { operation: MAX }', "3x6x5"),
        ("3x4x5", "3", 'type: "Scale" scale_param { axis: 0 }', "3x4x5"),  # as SENet has it
    ],
)
def test_layers_of_two_bottoms(first, second, layer, top):
    assert list(caffe(two(first, second, layer)).outputs.values()) == [top]


# -- parameters --

CONV = "convolution_param { num_output: %d kernel_size: 5 }"
HALF = "pooling_param { pool: MAX kernel_size: 2 stride: 2 }"
LENET = f"""name: "LeNet" input: "data" input_dim: 64 input_dim: 1 input_dim: 28 input_dim: 28
layer {{ name: "conv1" type: "Convolution" bottom: "data" top: "conv1" {CONV % 20} }}
layer {{ name: "pool1" type: "Pooling" bottom: "conv1" top: "pool1" {HALF} }}
layer {{ name: "conv2" type: "Convolution" bottom: "pool1" top: "conv2" {CONV % 50} }}
layer {{ name: "pool2" type: "Pooling" bottom: "conv2" top: "pool2" {HALF} }}
layer {{ name: "ip1" type: "InnerProduct" bottom: "pool2" top: "ip1" inner_product_param {{ num_output: 500 }} }}
layer {{ name: "relu1" type: "ReLU" bottom: "ip1" top: "ip1" }}
layer {{ name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" inner_product_param {{ num_output: 10 }} }}
layer {{ name: "prob" type: "Softmax" bottom: "ip2" top: "prob" }}
"""
# 20·25 + 20, 50·20·25 + 50, 500·800 + 500, 10·500 + 10: 431,080, as Caffe's own Net::learnable_params adds up


def old(text: str) -> str:
    """The same net in the syntax of 2014."""
    words = {"Convolution": "CONVOLUTION", "Pooling": "POOLING", "InnerProduct": "INNER_PRODUCT", "ReLU": "RELU"}
    for new, before in {**words, "Softmax": "SOFTMAX"}.items():
        text = text.replace(f'type: "{new}"', f"type: {before}")
    return text.replace("layer {", "layers {")


def oldest(text: str) -> str:
    """The same net in the syntax of 2013, where a border is a layer of its own; its first convolution has one of 1."""
    words = {"Convolution": "conv", "Pooling": "pool", "InnerProduct": "innerproduct"}
    head, *lines = text.splitlines()
    made = [head, 'layers { layer { name: "border" type: "padding" pad: 1 } bottom: "data" top: "border" }']
    for line in lines:
        name, kind, blobs, rest = re.fullmatch(
            r'layer { (name: \S+) type: "(\w+)" ((?:\w+: "\w+" )+)(.*)}', line
        ).groups()
        fields = re.sub(r"\w+_param { (.*) }", r"\1", rest).replace("kernel_size", "kernelsize")
        made.append(f'layers {{ layer {{ {name} type: "{words.get(kind, kind.lower())}" {fields} }} {blobs} }}')
    return "\n".join(made).replace('bottom: "data" top: "conv1"', 'bottom: "border" top: "conv1"')


@pytest.mark.parametrize("text", [LENET, old(LENET)], ids=["new", "old"])
def test_lenet_in_both_syntaxes(text):
    net = caffe(text)
    assert (net.params, net.outputs) == (431_080, {"prob": "10"})


def test_lenet_in_the_syntax_of_2013():
    """With a border of 1 the maps are 26, 13, 9 and 5 long, so that ip1 has 50·25 columns."""
    net = caffe(oldest(LENET))
    assert (net.params, net.outputs) == (431_080 + 500 * (50 * 25 - 800), {"prob": "10"})


def norm(layers: str) -> str:
    part = "convolution_param { num_output: 8 kernel_size: 1 bias_term: false }"
    conv = f'layer {{ name: "c" type: "Convolution" bottom: "x" top: "c" {part} }}\n'
    return input_of("x", "4x5x5") + conv + 'layer { name: "b" type: "BatchNorm" bottom: "c" top: "c" }\n' + layers


SCALE = 'layer { name: "s" type: "Scale" bottom: "c" top: "c" scale_param { bias_term: true } }\n'


@pytest.mark.parametrize(
    ("layers", "params", "layers_made"),
    [
        ("", 32, 2),  # a batch norm alone learns nothing
        (SCALE, 32 + 16, 2),
        (SCALE.replace("bias_term: true", ""), 32 + 8, 3),  # a factor without a shift is a layer of its own
    ],
)
def test_a_batch_norm_learns_in_the_scale_behind_it(layers, params, layers_made):
    net = caffe(norm(layers))
    assert (net.params, net.buffers) == (params, 2 * 8 + 1)
    assert net.layers == layers_made


def test_layers_that_name_their_parameters_alike_share_them():
    def branch(place: int) -> str:
        names = 'param { name: "w" } param { name: "b" }'
        top = f'bottom: "x" top: "f{place}" name: "f{place}"'
        return f'layer {{ {top} type: "InnerProduct" {names} inner_product_param {{ num_output: 7 }} }}\n'

    assert caffe(input_of("x", "10") + branch(0) + branch(1)).params == 77


# -- phases, data and labels --

TRAIN_VAL = """
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TRAIN } transform_param { crop_size: 24 } }
layer { name: "data" type: "Data" top: "data" top: "label" include { phase: TEST } transform_param { crop_size: 20 } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 5 } }
layer { name: "drop" type: "Dropout" bottom: "fc" top: "fc" exclude { phase: TEST } }
layer { name: "accuracy" type: "Accuracy" bottom: "fc" bottom: "label" top: "accuracy" include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
"""


def test_a_phase_has_its_own_layers():
    test, train = caffe(TRAIN_VAL), caffe(TRAIN_VAL, train=True)
    assert (test.params, train.params) == (5 * 3 * 20 * 20 + 5, 5 * 3 * 24 * 24 + 5)
    assert (set(test.outputs), set(train.outputs)) == ({"accuracy", "loss"}, {"loss"})


def test_a_data_layer_of_the_other_phase_serves_where_there_is_none():
    lines = TRAIN_VAL.splitlines(keepends=True)
    assert caffe("".join(lines[:2] + lines[3:4])).outputs == {"fc": "5"}


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        ('type: "Data" transform_param { crop_size: 7 force_gray: true }', "1x7x7"),
        ('type: "ImageData" image_data_param { new_height: 6 new_width: 9 }', "3x6x9"),
        ('type: "MemoryData" memory_data_param { batch_size: 2 channels: 5 height: 6 width: 7 }', "5x6x7"),
        ('type: "DummyData" dummy_data_param { shape { dim: 2 dim: 9 dim: 3 dim: 4 } }', "9x3x4"),
        ("type: DATA data_param { crop_size: 8 }", "3x8x8"),
        ('type: "AnnotatedData" transform_param { resize_param { height: 30 width: 40 } }', "3x30x40"),
    ],
)
def test_what_data_layers_say_of_their_shape(data, shape):
    layer = 'layer { name: "r" type: "ReLU" bottom: "d" top: "r" }'
    assert caffe(f'layer {{ name: "d" top: "d" {data} }}\n{layer}').outputs == {"r": shape}


# -- what is wrong is told with its place --


def on_x(kind: str, rest: str = "") -> str:
    return f'layer {{ name: "a" type: "{kind}" bottom: "x" top: "a" {rest} }}\n'


FAULTS = [
    (on_x("Foo") + on_x("Foo"), "2 layers of this Caffe net are not known"),
    (on_x("ReLU").replace('"x"', '"xx"'), "no layer before this one makes the blob `xx`"),
    (on_x("Convolution"), "a convolution needs `kernel_size`"),
    (on_x("ReLU")[:-3], "never closed by `}`"),
    ("layer { name: }", "a value is expected for `name`, not `}`"),
    ("layer: 5", "`layer` is a message"),
    (
        "layers { layer { type: 'padding' } bottom: 'x' top: 'p' } layers { layer { type: 'relu' } bottom: 'p' }",
        "a border stands before a convolution or a pool",
    ),
    (
        'layer { name: "d" type: "Data" top: "d" }' + on_x("ReLU").replace('"x"', '"d"'),
        "the shape of the input `d` is not in the file",
    ),
    (on_x("Pooling", "pooling_param { kernel_size: 99 }"), "the kernel does not fit"),
    (on_x("InnerProduct", "inner_product_param { num_output: 99999999999999 }"), "`num_output` is beyond"),
    (on_x("Slice", 'top: "b" slice_param { slice_point: 9 }'), "slices end where the next starts"),
    (on_x("Crop"), "`Crop` takes 2 inputs"),
    (on_x("Reshape", "reshape_param { shape { } }"), "the batch of one becomes nothing"),
    ("\x01", "no part of protobuf's text format"),
    ("{" * 9, "the name of a field is expected"),
    ("a { " * 99, "nest deeper"),
]


@pytest.mark.parametrize(("text", "told"), FAULTS)
def test_what_is_wrong_is_told_with_its_place(text, told):
    with pytest.raises(CnncalcError) as raised:
        caffe(input_of("x", "3x8x8") + text)
    assert told in str(raised.value)
    assert all(fault.place is not None for fault in raised.value.faults)


def test_all_faults_are_told_at_once():
    bad = "".join(f'layer {{ name: "p{n}" type: "Pooling" bottom: "x" top: "p{n}" }}\n' for n in range(3))
    with pytest.raises(CnncalcError) as raised:
        caffe(input_of("x", "3x8x8") + bad)
    assert [fault.layer for fault in raised.value.faults] == ["p0", "p1", "p2"]


WITHOUT_DATA = """
layer { name: "fc" type: "InnerProduct" bottom: "pixels" top: "fc" inner_product_param { num_output: 10 } }
layer { name: "also" type: "InnerProduct" bottom: "pixels" top: "also" inner_product_param { num_output: 5 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "fc" bottom: "label" top: "loss" }
layer { name: "accuracy" type: "Accuracy" bottom: "fc" bottom: "label" top: "accuracy" }
"""


@pytest.mark.parametrize("given", ["2x2x2", "pixels=2x2x2"])
def test_what_no_layer_makes_is_the_input_of_a_net_without_data(given, tmp_path):
    file = tmp_path / "net.prototxt"
    file.write_text(WITHOUT_DATA)
    answer = runner().invoke(program, ["show", str(file), "--input", given, "--format", "json"])
    found = json.loads(answer.output)
    assert (found["totals"]["params"], found["input"]) == (9 * 15, {"pixels": [1, 2, 2, 2]})


def test_an_input_that_has_no_shape_is_told_once_beside_what_is_not_known():
    with pytest.raises(CnncalcError) as raised:
        caffe(WITHOUT_DATA + on_x("Foo").replace('"x"', '"pixels"'))
    assert [(fault.message, fault.layer) for fault in raised.value.faults] == [
        ("the shape of the input `pixels` is not in the file", "pixels"),
        ("1 layer of this Caffe net is not known", None),
    ]


def test_text_format_is_read_as_protobuf_reads_it():
    text = """# a comment
    name: "two " 'pieces'; input: "x", input_shape < dim: [1, 0x3, 4] >
    layer: { name: "r" type: 'ReLU' bottom: "x" top: "r" relu_param: { negative_slope: 1e-1f } }"""
    net = caffe(text)
    assert (net.name, net.outputs) == ("two pieces", {"r": "3x4"})


def test_what_is_imported_passes_check(tmp_path):
    (tmp_path / "net.prototxt").write_text(TRAIN_VAL, encoding="utf-8")
    made = tmp_path / "net.yaml"
    for arguments in (["import", str(tmp_path / "net.prototxt"), "-o", str(made)], ["check", str(made)]):
        done = runner().invoke(program, arguments)
        assert done.exit_code == 0, done.output
    assert "outputs: {accuracy: scalar, loss: scalar}" in made.read_text(encoding="utf-8")


CODE = """layer { name: "d" type: "Python" top: "data" top: "label" python_param { module: "m" layer: "L" } }
layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 4 kernel_size: 3 } }
layer { name: "l" type: "SoftmaxWithLoss" bottom: "c" bottom: "label" top: "loss" }
"""


def test_a_size_that_code_or_a_database_has_is_usual_where_nothing_depends_on_it():
    assert caffe(CODE).params == 4 * 3 * 9 + 4  # the loss of a fully convolutional net is one number at any size
    assert caffe(CODE, input="data=3x9x9").macs == 4 * 27 * 49
    with pytest.raises(CnncalcError, match="comes from code"):
        caffe(CODE.replace("SoftmaxWithLoss", "Silence"))  # its map is an output then
    with pytest.raises(CnncalcError, match="comes from code"):
        caffe(CODE.replace("Convolution", "InnerProduct").replace("convolution_param", "inner_product_param"))


@pytest.mark.parametrize(
    ("layer", "params", "top"),
    [
        ('type: "Bias" bias_param { axis: 1 num_axes: 2 }', 6 * 8, "6x8x8"),
        ('type: "Scale" scale_param { axis: 2 num_axes: -1 bias_term: true }', 2 * 64, "6x8x8"),
        ('type: "Scale" scale_param { axis: -3 }', 6, "6x8x8"),
        ('type: "Scale" scale_param { num_axes: 0 }', 1, "6x8x8"),
        ('type: "Reorg" reorg_param { stride: 2 }', 0, "24x4x4"),
    ],
)
def test_what_is_learned_along_axes(layer, params, top):
    net = caffe(input_of("x", "6x8x8") + f'layer {{ name: "y" bottom: "x" top: "y" {layer} }}')
    assert (net.params, list(net.outputs.values())) == (params, [top])


def test_a_parameter_is_learned_and_what_is_written_to_a_file_comes_out():
    own = 'layer { name: "w" type: "Parameter" top: "w" parameter_param { shape { dim: 1 dim: 6 dim: 1 dim: 1 } } }\n'
    used = 'layer { name: "y" type: "Scale" bottom: "x" bottom: "w" top: "y" scale_param { axis: 0 } }\n'
    kept = 'layer { name: "h" type: "HDF5Output" bottom: "y" hdf5_output_param { file_name: "f" } }\n'
    net = caffe(input_of("x", "6x8x8") + own + used + kept)
    assert (net.params, net.outputs) == (6, {"y": "6x8x8"})
    with pytest.raises(CnncalcError, match="first axis of 1"):
        caffe(input_of("x", "6x8x8") + own.replace("dim: 1 dim: 6", "dim: 6") + used)
    with pytest.raises(CnncalcError, match="not the batch"):
        caffe(input_of("x", "6x8x8") + 'layer { name: "b" bottom: "x" top: "b" type: "Bias" bias_param { axis: 4 } }')
