"""ncnn's .param: shapes and counts as ncnn has them, its numbers for settings, what is wrong."""

from __future__ import annotations

import pytest
from reading import ncnn
from reading import ncnn_layer as one
from reading import ncnn_net as net

from cnncalc import Options, load
from cnncalc.errors import CnncalcError
from cnncalc.layers import show_shape

NET = net(
    "Convolution c 1 1 x a 0=8 1=3 4=1 5=1 6=216 9=2 -23310=1,1.000000e-01",
    "Split s 1 2 a a1 a2",
    "ConvolutionDepthWise d 1 1 a1 b 0=8 1=3 4=1 5=1 6=72 7=8",
    "BinaryOp e 2 1 b a2 f 0=0",
    "Pooling p 1 1 f g 0=1 4=1",
    "InnerProduct i 1 1 g h 0=10 1=1 2=80",
    "Softmax m 1 1 h o",
)

# Each output is what ncnn 1.0 gives for the layer (tests/test_….cpp and src/layer of Tencent/ncnn).
LAYERS = [
    ("Pooling", "0=0 1=3 2=2", "0=112 1=112 2=64", "64x56x56"),  # full padding: it rounds up
    ("Pooling", "0=0 1=3 2=2 5=1", "0=112 1=112 2=64", "64x55x55"),
    ("Pooling", "0=0 1=2 2=3 3=1", "0=7 1=7 2=1", "1x4x4"),  # … and does not clip a padded one
    ("Pooling", "0=1 7=1 8=3 18=2", "0=9 1=9 2=4", "4x2x3"),
    ("Pooling", "0=0 4=1", "0=9 1=9 2=4", "4"),
    ("Convolution", "0=5 1=3 11=1 3=2 13=1 5=1 6=45", "0=9 1=7 2=3", "5x7x4"),  # the width's settings come first
    ("Convolution", "0=5 1=3 3=2 4=-233 6=135", "0=9 1=7 2=3", "5x4x5"),  # TensorFlow's same
    ("Deconvolution", "0=4 1=4 3=2 4=1 6=192", "0=5 1=6 2=3", "4x12x10"),
    ("Interp", "0=1 1=2.0 2=2.0", "0=5 1=6 2=3", "3x12x10"),
    ("Interp", "0=2 1=0.5 2=0.5", "0=5 1=6 2=3", "3x3x2"),
    ("Reshape", "0=-1 1=2", "0=5 1=6 2=4", "2x60"),
    ("Reshape", "0=0 1=-1", "0=5 1=6 2=4", "24x5"),
    ("Reshape", '6="0w,0h,-1"', "0=5 1=6 2=4", "4x6x5"),
    ("Permute", "0=3", "0=5 1=6 2=4", "6x5x4"),
    ("Permute", "0=1", "0=5 1=6 2=4", "4x5x6"),
    ("Permute", "0=8", "0=5 1=6 11=7 2=4", "7x6x4x5"),  # w c h d, the fastest first
    ("Permute", "0=17", "0=5 1=6 11=7 2=4", "6x5x7x4"),  # c d w h
    ("Interp", "0=2 1=14.0 2=9.0", "0=4", "4x14x9"),  # a vector is a map of one place
    ("Interp", "0=1 3=7 4=8", "0=4", "4x7x8"),
    ("Crop", "-23309=1,1 -23310=1,3 -23311=1,0", "0=5 1=6 2=4", "2x6x5"),
    ("Crop", "-23309=1,1 -23310=1,-233 -23311=1,2", "0=5 1=6 2=4", "4x6x4"),
    ("Crop", "0=1 1=2 2=0 3=3 4=2 5=4", "0=5 1=6 2=4", "4x2x3"),
    ("Flatten", "", "0=5 1=6 2=4", "120"),
    ("ShuffleChannel", "0=2", "0=5 1=6 2=4", "4x6x5"),
    ("PixelShuffle", "0=2", "0=5 1=6 2=4", "1x12x10"),
    ("Reduction", "0=3 1=0 -23303=2,1,2 4=0 5=1", "0=5 1=6 2=4", "4"),
    ("Reduction", "0=3 1=0 -23303=2,2,3", "0=5 1=6 2=4", "4"),  # of 2021: `axes_flag[axis - 1]`, the batch is axis 0
    ("Squeeze", "-23303=1,0", "0=5 1=6 2=1", "6x5"),
    ("ExpandDims", "-23303=1,0", "0=5 1=6", "1x6x5"),
    ("InnerProduct", "0=7 1=1 2=35", "0=5 1=6", "6x7"),  # rows of a matrix as wide as its weights
    ("PriorBox", "-23300=1,60.0 -23302=1,2.0 9=300 10=300", "0=19 1=19 2=4", "2x4332"),  # conv11 of MobileNet-SSD
    ("DetectionOutput", "0=21 3=50", "0=5 1=6", "50x6"),
    ("Reshape", '6="1,1,//(4,0n),0n" 12=0 13=0', "0=1 1=1 2=4", "4x1x1"),  # the batch stands last, as pnnx writes it
    ("Reshape", '6="*(0w,2),//(0h,2),-1"', "0=5 1=6 2=4", "4x3x10"),
    ("Reshape", "0=3 1=-1 2=0", "0=12", "1x4x3"),  # a length to copy that is not there is 1
    ("Convolution", "0=5 1=1 5=1 6=20", "0=4", "5"),  # of a vector it is a matrix
    ("Tile", "0=1 1=3", "0=5 1=6 2=4", "4x18x5"),
    ("Tile", "-23302=3,2,1,2", "0=5 1=6", "2x6x10"),
    ("Bias", "0=4", "0=5 1=6 2=4", "4x6x5"),
    ("SPP", "0=0 1=3", "0=8 1=8 2=4", "84"),
    ("Unfold", "1=3 11=2 3=2 4=1", "0=9 1=8 2=4", "24x25"),
    ("ArgMax", "0=1 1=3", "0=5 1=6", "2x3"),
    ("Flip", "-23300=1,0", "0=5 1=6", "6x5"),
    ("CumulativeSum", "0=0", "0=5 1=6", "6x5"),
    ("CELU", "0=1.0", "0=5 1=6", "6x5"),
    ("YoloV5Focus", "", "0=8 1=8 2=3", "12x4x4"),
]


@pytest.mark.parametrize(("layer", "settings", "shape", "output"), LAYERS)
def test_shapes_are_those_of_ncnn(layer, settings, shape, output):
    assert list(ncnn(one(layer, settings, shape)).outputs.values()) == [output]


def test_what_is_counted_is_what_its_weights_file_holds():
    found = ncnn(NET)
    assert (found.params, found.outputs) == (216 + 8 + 72 + 8 + 80 + 10, {"m": "10"})
    norm = ncnn(one("BatchNorm", "0=4", "0=5 1=6 2=4"))
    assert (norm.params, norm.buffers) == (16, 8)  # slope, mean, variance and bias, all in the file


@pytest.mark.parametrize(
    ("layer", "params", "output"),
    [
        # weight_xc, weight_hc and bias_c of src/layer/lstm.cpp; a GRU has four vectors of biases where torch has six
        ("LSTM l 1 1 x y 0=6 1=120", 4 * 6 * (5 + 6) + 4 * 6, "7x6"),
        ("LSTM l 1 1 x y 0=6 2=2", 2 * (4 * 6 * (5 + 6) + 4 * 6), "7x12"),
        ("RNN l 1 1 x y 0=6", 6 * (5 + 6) + 6, "7x6"),
        ("MultiHeadAttention l 1 1 x y 0=5 1=5 2=25", 4 * (25 + 5), "7x5"),
        ("RMSNorm l 1 1 x y 0=5", 5, "7x5"),
        ("LayerNorm l 1 1 x y 0=5", 10, "7x5"),
    ],
)
def test_layers_on_sequences(layer, params, output):
    found = ncnn(net(layer, shape="0=5 1=7"))
    assert (found.params, found.outputs) == (params, {"l": output})


@pytest.mark.parametrize(("direction", "rows"), [(0, 1), (1, 1), (2, 2)])
def test_states_that_come_in_and_are_left(direction, rows):
    """Both of a cell, as lstm.cpp makes them: a row a direction, the cell's as wide as what it keeps."""
    states = [f"Input {name} 0 1 {name} 0=6 1={rows}" for name in ("h", "c")]
    found = ncnn(net(*states, f"LSTM l 3 3 x h c y h2 c2 0=4 2={direction} 3=6", shape="0=5 1=7"))
    assert list(found.outputs.values()) == [f"7x{4 * rows}", f"{rows}x4", f"{rows}x6"]
    assert found.params == rows * (4 * 6 * (5 + 4) + 4 * 6 + 4 * 6)  # the last: from six to four


def test_two_tensors_by_an_equation():
    einsum = "Einsum e 2 1 x k y -23300=11,108,106,107,44,105,108,45,62,105,106,107"  # ljk,il->ijk
    found = ncnn(net("MemoryData k 0 1 k 0=3 1=5", einsum))
    assert (found.params, found.outputs, found.macs) == (15, {"e": "5x8x8"}, 5 * 3 * 64)


@pytest.mark.parametrize(
    ("shape", "axis", "along"),
    [("0=10", 1, 0), ("0=10", -1, 0), ("0=5 1=4", 1, 1), ("0=5 1=4 2=3", -1, 2), ("0=5 1=4", 2, None)],
)
def test_softmax_is_over_all_of_a_vector_and_leaves_what_has_no_such_axis(shape, axis, along):
    found = ncnn(one("Softmax", f"0={axis} 1=1", shape))
    layers = [layer for *_, layer in found.graph.layers()]
    assert [(layer.kind, getattr(layer, "axis", None)) for layer in layers] == [
        ("softmax", along) if along is not None else ("identity", None)
    ]


def test_heads_that_share_keys():
    layers = ("Split s 1 3 x q a b", "Slice t 1 2 a k r -23300=2,2,-233", "Slice u 1 2 b v w -23300=2,2,-233")
    found = ncnn(net(*layers, "SDPA d 3 1 q k v y", shape="0=5 1=7 2=4"))
    assert found.outputs["d"] == "4x7x5"
    assert found.macs == 2 * 4 * 7 * 7 * 5


def test_slices_share_out_what_is_left():
    layer = "Slice s 1 3 x a b c -23300=3,4,-233,-233 1=0"
    assert list(ncnn(net(layer, shape="0=2 1=2 2=14")).outputs.values()) == ["4x2x2", "5x2x2", "5x2x2"]


def test_a_vector_meets_the_channels_of_a_map():
    layers = ("Split s 1 2 x a b", "Pooling p 1 1 a v 0=1 4=1", "BinaryOp m 2 1 b v y 0=2")
    assert ncnn(net(*layers, shape="0=5 1=6 2=4")).outputs == {"m": "4x6x5"}


def test_a_number_of_the_weights_is_a_parameter_once():
    layers = ("MemoryData k 0 1 k 0=1", "Split s 1 2 k k1 k2", "BinaryOp a 2 1 x k1 y 0=0", "BinaryOp b 2 1 y k2 z 0=3")
    found = ncnn(net(*layers))
    assert (found.params, found.outputs) == (1, {"b": "3x8x8"})


def test_an_input_without_a_size_asks_for_it_with_the_channels_that_its_weights_say():
    text = net("Convolution c 1 1 x y 0=4 1=3 6=180", shape="")
    with pytest.raises(CnncalcError, match='give it: `input="5x224x224"`'):
        ncnn(text)


def test_an_input_without_a_size_is_of_the_usual_one_where_the_output_does_not_depend_on_it():
    conv = "Convolution c 1 1 x y 0=4 1=3 3=32 4=1 5=1 6=108"
    pooled = ncnn(net(conv, "Pooling p 1 1 y z 0=1 4=1", shape=""))
    assert (pooled.outputs, pooled.macs) == ({"p": "4"}, 4 * 27 * 49)
    stated = ncnn(net(conv, "Reshape r 1 1 y z 0=49 1=4", shape=""))  # no other length fits what the file states
    assert stated.outputs == {"r": "4x49"}


def test_an_input_without_a_size_takes_what_is_given():
    text = net("ReLU r 1 1 x y", shape="")
    with pytest.raises(CnncalcError, match="the shape of the input `x` is not in the file"):
        ncnn(text)
    assert ncnn(text, input="3x9x9").outputs == {"r": "3x9x9"}


@pytest.mark.parametrize(
    "text", ["0q", "//(4,0)", "+(1", "1,,2", "9w", "0d,-1", "*(99999999,99999999)", "sin(1)", "/(1,0.0)"]
)
def test_lengths_that_cannot_be_are_told(text):
    with pytest.raises(CnncalcError, match=r"shape|input has no"):
        ncnn(one("Reshape", f'6="{text}"', "0=5 1=6"))


def test_the_form_of_pnnx_is_told_from_that_of_ncnn():
    text = "7767517\n2 2\npnnx.Input pnnx_input_0 0 1 0 #0=(1,3,8,8)f32\nnn.ReLU r 1 1 0 1\n"
    with pytest.raises(CnncalcError, match=r"pnnx's own form of a net[\s\S]*\.ncnn\.param"):
        ncnn(text)


def test_lengths_that_are_open_may_be_symbols_where_no_layer_depends_on_them(tmp_path):
    def made(*layers, shape="3xHxW"):
        file = tmp_path / "net.param"
        file.write_text(net(*layers, shape=""), encoding="utf-8")
        graph = load(str(file), Options(input=shape, symbols=True))
        return [show_shape(graph.nodes[tensor].shape) for tensor in graph.outputs.values()]

    conv = "Convolution c 1 1 x y 0=4 1=3 3=2 4=1 5=1 6=108"
    assert made(conv) == ["4x⌈H/2⌉x⌈W/2⌉"]
    assert made(conv, "Crop k 1 1 y z -23309=1,0 -23310=1,20 -23311=1,1", shape="3x64xW") == ["4x20x⌈W/2⌉"]
    with pytest.raises(CnncalcError, match=r"cannot be symbols[\s\S]*with 224 one is .*with 352[\s\S]*give numbers"):
        made(conv, "Crop k 1 1 y z -23309=1,1 -23310=1,-1 -23311=1,1")  # up to the last row but one


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        ("Convolution c 1 1 x y 0=4 1=3 6=108", "4x8x8"), ("Deconvolution c 1 1 x y 0=4 1=3 6=108", "4x8x8"),
        ("InnerProduct c 1 1 x y 0=5 2=960", "3x9x9"), ("Convolution c 1 1 x y 0=4 1=1 6=12", "4"),
    ],
)  # fmt: skip
def test_weights_that_are_not_those_of_the_given_input_are_told(layer, shape):
    with pytest.raises(CnncalcError, match=r"its weight does not fit[\s\S]*made for, with `input`"):
        ncnn(net(layer, shape=""), input=shape)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (net("Foo f 1 1 x y", "Foo g 1 1 y z"), "2 layers of this ncnn net are not known"),
        (net("ReLU r 1 1 xx y"), "no layer before this one makes the blob `xx`"),
        (net("ReLU r 1 9 x y"), "a line is `Type name inputs outputs`"),
        (net("ReLU r 1 1 x y 0"), "`0` is no setting"),
        (net("Convolution c 1 1 x y 0=a 1=3"), "setting 0 is a whole number"),
        (net("ReLU r 1 1 x y").replace("2 99", "9 99"), "fewer layers than its second line says"),
        (net("Permute p 1 1 x y 0=9"), "permutation 9 of 3 axes is not read"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text, told):
    with pytest.raises(CnncalcError) as raised:
        ncnn(text)
    assert told in str(raised.value)
    assert all(fault.place is not None for fault in raised.value.faults)


def test_of_two_inputs_with_one_name_the_one_that_is_used_stays():
    again = "7767517\n3 3\nInput data 0 1 data 0=8 1=8 2=3\nReLU r 1 1 data r\nInput data 0 1 data 0=9 1=9 2=3\n"
    assert ncnn(again).outputs == {"r": "3x8x8"}


def test_weights_of_a_byte_are_told():
    text = net("Convolution c 1 1 x y 0=4 1=3 6=108 8=2", "InnerProduct d 1 1 y z 0=5 2=720 8=1", "ReLU r 1 1 z w")
    assert ncnn(text).graph.noted == ("the file stores the weights of 2 layers in int8, with scales beside",)
    assert ncnn(text.replace(" 8=2", "").replace(" 8=1", "")).graph.noted == ()
