"""ncnn's rarer layers and settings: each output is what ncnn 1.0.20261020 gives for the layer."""

from __future__ import annotations

import pytest
from reading import ncnn
from reading import ncnn_layer as one
from reading import ncnn_net as net

from cnncalc.errors import CnncalcError

LAYERS = [
    ("Deconvolution", "0=6 1=3 3=2 4=-233 20=17 21=16 5=1 6=216", "0=9 1=8 2=4", "6x16x17"),  # cut to a stated size
    ("Deconvolution", "0=6 1=3 3=2 4=-233 5=1 6=216", "0=9 1=8 2=4", "6x17x19"),  # no size is stated, nothing is cut
    ("Deconvolution1D", "0=6 1=4 3=2 4=-234 20=17 5=1 6=96", "0=9 1=4", "6x17"),
    ("Deconvolution3D", "0=6 1=3 3=2 4=-233 25=9 26=8 27=6 5=1 6=324", "0=5 1=4 11=3 2=2", "6x6x8x9"),
    ("BinaryOp", "0=10 1=1 2=2.5", "0=9 1=8 2=4", "4x8x9"),
    ("UnaryOp", "0=27", "0=9 1=8 2=4", "4x8x9"),
    ("Reshape", '6="trunc(/(*(0w,2),3)),-1"', "0=9 1=8 2=4", "48x6"),
    ("Reshape", '6="round(/(0w,2)),ceil(/(0h,2.5)),-1"', "0=9 1=8 2=5", "18x4x5"),
    ("Interp", '0=1 9="*(0w,2),*(0h,3)"', "0=9 1=8 2=4", "4x24x18"),
    ("Reduction", "0=3 1=1 4=0 5=1", "0=9 1=8 2=4", "1"),
    ("Crop", '19="1" 20="//(0w,2)" 21="2"', "0=9 1=8 2=4", "4x8x3"),
    ("Padding", "2=2 3=3", "0=9", "14"),
    ("Padding", "0=1 1=0 2=2 3=1 4=2", "0=9 1=8", "9x12"),  # of a matrix the first two are rows
    ("Padding", "0=1 1=1 2=1 3=1 7=1 8=1", "0=9 1=8 11=3 2=4", "4x5x10x11"),  # the last two are the depth
    ("Reorg", "0=2", "0=9 1=8 2=4", "16x4x4"),
    ("Unfold", "1=3 4=-233 3=2", "0=9 1=8 2=4", "36x20"),
    ("Unfold", "1=3 4=1 15=2 14=0 16=1", "0=9 1=8 2=4", "36x70"),
    ("Fold", "1=3 11=3 4=1 14=1 20=9 21=8", "0=72 1=36", "4x8x9"),
    ("Fold", "1=3 11=3 4=1 15=2 14=0 16=1 20=9 21=8", "0=70 1=36", "4x8x9"),
    ("GLU", "0=-1", "0=8 1=8", "8x4"),
    ("Diag", "0=-1", "0=9 1=8", "7"),
    ("Diag", "0=1", "0=9", "10x10"),
    ("Tile", "-23302=4,2,1,1,3", "0=9 1=8 2=4", "8x1x8x27"),  # the fourth axis is the depth, behind the channels
    ("Squeeze", "0=0 1=0 2=1 11=1", "0=5 1=6 11=1 2=1", "6x5"),
    ("Spectrogram", "0=16 1=1 2=4", "0=64", "9x17"),
    ("Spectrogram", "0=15 1=0 2=4 5=0 8=0", "0=64", "15x13x2"),
    ("InverseSpectrogram", "0=16 1=1 2=4", "0=2 1=17 2=9", "64"),
    ("InverseSpectrogram", "0=16 2=4 5=0", "0=2 1=17 2=9", "80x2"),
    ("Normalize", "0=1 3=4 4=0", "0=9 1=8 2=4", "4x8x9"),
]


@pytest.mark.parametrize(("layer", "settings", "shape", "output"), LAYERS)
def test_shapes_are_those_of_ncnn(layer, settings, shape, output):
    assert list(ncnn(one(layer, settings, shape)).outputs.values()) == [output]


@pytest.mark.parametrize(
    ("settings", "params", "output"),
    [
        ("3=1 5=1 6=1 8=6 9=9 10=4", 54 + 6, "8x6"),
        ("5=1 6=1 8=6 9=9 10=0", 54 + 1, "8x6"),  # one number is added to all
        ("3=1 5=1 6=1 7=8 8=6 9=9 10=2", 54 + 8, "8x6"),  # one a row
        ("2=1 3=1 5=1 8=6 9=8", 48, "9x6"),
        ("4=1 6=1 7=5 9=8 10=1", 40 + 5, "5x9"),  # the constant stands first
        ("3=1 5=1 6=1 8=6 9=9 10=4 14=1", 60, "6x8"),
        ("3=1 5=1 6=1 8=6 9=9 10=4 11=1", 60, "8x1x6"),
    ],
)
def test_products_with_a_constant(settings, params, output):
    """What load_model of gemm.cpp takes from the weights, and the shapes that ncnn 1.0.20261020 gives."""
    found = ncnn(one("Gemm", settings, "0=9 1=8"))
    assert (found.params, list(found.outputs.values())) == (params, [output])


@pytest.mark.parametrize(
    ("layer", "first", "second", "output"),
    [
        ("MatMul", "0=9", "0=9", "1"),
        ("MatMul", "0=9 1=8 2=4", "0=9", "4x8"),
        ("MatMul", "0=9", "0=5 1=9", "5"),
        ("MatMul", "0=9 1=8 2=4", "0=5 1=9", "4x8x5"),
        ("MatMul", "0=9 1=8 2=1", "0=5 1=9 2=4", "4x8x5"),
        ("MatMul", "0=9 1=8 11=2 2=3", "0=5 1=9 2=2", "3x2x8x5"),
        ("MatMul", "0=9 1=8", "0=5 1=9 2=4", "4x8x5"),
        ("Gemm", "0=9 1=8", "0=5 1=9", "8x5"),
        ("Gemm", "0=9 1=1 2=8", "0=5 1=9", "8x5"),
        ("Crop", "0=9 1=8 2=4", "0=5 1=4", "4x4x5"),
    ],
)
def test_two_tensors_of_other_axes(layer, first, second, output):
    body = [f"Input a 0 1 a {first}", f"Input b 0 1 b {second}", f"{layer} l 2 1 a b y"]
    assert list(ncnn("\n".join(["7767517", "3 3", *body]) + "\n").outputs.values()) == [output]


@pytest.mark.parametrize(
    ("layer", "size", "params"),
    [("LayerNorm", 9, 18), ("LayerNorm", 72, 144), ("RMSNorm", 9, 9), ("RMSNorm", 72, 72)],
)
def test_norms_over_the_last_axis_or_the_last_two(layer, size, params):
    found = ncnn(one(layer, f"0={size} 2=1", "0=9 1=8 2=4"))
    assert (found.params, list(found.outputs.values())) == (params, ["4x8x9"])
    with pytest.raises(CnncalcError, match="as long as the last axis, or as the last two"):
        ncnn(one(layer, "0=7 2=1", "0=9 1=8 2=4"))


def test_an_instance_norm_may_have_nothing_to_learn():
    assert [ncnn(one("InstanceNorm", settings, "0=9 1=8 2=4")).params for settings in ("0=4", "0=4 2=0")] == [8, 0]


def test_convolutions_whose_weights_are_blobs():
    """Of the weights' file they count, once for two that take them; of another layer they are that one's."""
    kernel, split = "MemoryData w 0 1 w 0=3 1=3 11=3 2=3", "Split t 1 2 x a b"
    twice = ("Split s 1 2 w p q", "Convolution c 2 1 a p y 1=3 4=1 19=1", "Convolution d 2 1 b q z 1=3 4=1 19=1")
    found = ncnn(net(kernel, split, *twice))
    assert (found.params, found.outputs, found.macs) == (81, {"c": "3x8x8", "d": "3x8x8"}, 2 * 81 * 64)
    upward = ncnn(
        net(kernel.replace("11=3", "11=5"), "MemoryData b 0 1 b 0=5", "Deconvolution c 3 1 x w b y 3=2 5=1 28=1")
    )
    assert (upward.params, upward.outputs) == (135 + 5, {"c": "5x17x17"})
    computed = ncnn(net("Input w 0 1 w 0=3 1=3 11=3 2=6", "Convolution c 2 1 x w y 3=2 19=1"))
    assert (computed.params, computed.outputs) == (0, {"c": "6x3x3"})


def test_a_deformable_convolution():
    layers = ("Input o 0 1 o 0=8 1=8 2=18", "Input m 0 1 m 0=8 1=8 2=9")
    found = ncnn(net(*layers, "DeformableConv2D d 3 1 x o m y 0=6 1=3 4=1 5=1 6=162"))
    assert (found.params, found.outputs, found.macs) == (168, {"d": "6x8x8"}, 162 * 64)


def test_an_attention_that_keeps_its_keys():
    layers = [f"Input {name} 0 1 {name} 0=8 1={rows} 2=4" for name, rows in zip("qkvst", (1, 1, 1, 5, 5))]
    found = ncnn("\n".join(["7767517", "6 8", *layers, "SDPA d 5 3 q k v s t y m n 7=1"]) + "\n")
    assert sorted(found.outputs.values()) == ["4x1x8", "4x6x8", "4x6x8"]
    assert found.macs == 2 * 4 * 6 * 8
