"""Explanations: the questions of the course, golden texts, and that what is printed is what is counted."""

from __future__ import annotations

import pytest
from command_line import runner
from drawn import explained
from explained import QUESTION, chained, only, run, said

from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError
from cnncalc.explain.answer import explain
from cnncalc.language import load
from cnncalc.language.options import Options


def texts(told):
    """Every formula by what it gives."""
    derivation = told.derivation
    single = (derivation.weights, derivation.biases, derivation.parameters, derivation.macs)
    formulas = (*derivation.padding, *derivation.sizes, *filter(None, single), *derivation.receptive)
    return {formula.quantity: " = ".join(formula.text) for formula in formulas}


# -- the questions of the course ----------------------------------------------------------------------------------

EXAM = """\
chain: input 3x200x200, batch 1, dialect torch

conv1   conv 16 k5 s2 p1   3x200x200 → 16x99x99
  height, width     H_out = ⌊(H_in + 2·p − k)/s⌋ + 1 = ⌊(200 + 2·1 − 5)/2⌋ + 1 = ⌊98.5⌋ + 1 = 99
  weights + biases  C_out·C_in·k² + C_out = 16·3·5² + 16 = 1,200 + 16 = 1,216
  MACs              C_out·C_in·k²·H_out·W_out = 16·3·5²·99·99 = 11,761,200
  receptive field   r_out = r_in + (k − 1)·j_in = 1 + (5 − 1)·1 = 5
  its stride        j_out = j_in·s = 1·2 = 2
  Rounding down leaves out 1 row at the bottom and 1 column on the right, all of it padding: every pixel of the input \
is seen.
  Rounding up, as a pool can, would give 100x100, the last window hanging over by 1 pixel; an input of 201x201, or as \
much more padding, gives it exactly.

maxpool1   maxpool k3 s1 ceil   16x99x99 → 16x97x97
  height, width    H_out = H_in − k + 1 = 99 − 3 + 1 = 97
  receptive field  r_out = 5 + (3 − 1)·2 = 9
  With stride 1 there is nothing to round: rounding down would give 97x97 too.

conv2   conv 16 k3 p1   16x97x97
  height, width     H_out = H_in + 2·p − k + 1 = 97 + 2·1 − 3 + 1 = 97
  weights + biases  16·16·3² + 16 = 2,304 + 16 = 2,320
  MACs              16·16·3²·97·97 = 21,678,336
  receptive field   r_out = 9 + (3 − 1)·2 = 13

In all
  parameters       3,536: conv 100.0%; most in conv2: 2,320 (65.6%)
  MACs             33,439,536: conv 100.0%; most in conv2: 21,678,336 (64.8%)
  receptive field  13 pixels at conv2, stride 2
  activations      577,904 numbers, 2.20 MiB: conv 307,360, maxpool 150,544, input 120,000
  inference peak   1,229,440 bytes, 1.17 MiB, at maxpool1: conv1 612.6 KiB + maxpool1 588.1 KiB
  backward keeps   2,913,792 bytes, 2.78 MiB: maxpool 62.9%, conv 37.1%; most in maxpool1: 1,831,616 (62.9%)
  training, sgd    (params + trained)·b + kept = (3,536 + 3,536)·4 + 2,913,792 = 28,288 + 2,913,792 = 2,942,080   \
(2.81 MiB: weights 13.8 KiB + gradients 13.8 KiB + kept for backward 2.78 MiB)

Symbols: C channels, H height, W width, k kernel, s stride, p padding, b bytes of a number, r receptive field, j its \
stride.
"""


def test_two_hundred_pixels():
    assert explained(explain(chained(*QUESTION))) == EXAM


NARROW = """\
conv1   conv 96 k11 s4 p2:1   3x224x224 → 96x55x55
  height, width      H_out = ⌊(H_in + p_top + p_bottom − k)/s⌋ + 1
                     = ⌊(224 + 2 + 1 − 11)/4⌋ + 1 = 54 + 1 = 55
  weights + biases   C_out·C_in·k² + C_out = 96·3·11² + 96 = 34,848 + 96
                     = 34,944   (100.0% of the net's)
  MACs               C_out·C_in·k²·H_out·W_out = 96·3·11²·55·55 = 105,415,200
                     (100.0% of the net's)
  FLOPs              2·MACs + C_out·H_out·W_out = 2·105,415,200 + 96·55·55
                     = 210,830,400 + 290,400 = 211,120,800
  backward FLOPs     2·MACs = 2·105,415,200 = 210,830,400
                     (for its weights alone: nothing before it is trained)
  receptive field    r_out = r_in + (k − 1)·j_in = 1 + (11 − 1)·1 = 11
  its stride         j_out = j_in·s = 1·4 = 4
  its padding        P_out = P_in + p_top·j_in = 0 + 2·1 = 2
  output bytes       C_out·H_out·W_out·b = 96·55·55·4 = 1,161,600   (1.11 MiB)
  kept for backward  padded input 618,348 bytes
  The windows fit exactly: nothing is left over, and rounding plays no part.
  Without the border it would be ⌊(224 − 11)/4⌋ + 1 = ⌊53.25⌋ + 1 = 54, 1 pixel
  left over.
  Pixel (0, 54), counted from 0, sees 11x11 pixels: rows 0 to 8 and columns 214
  to 223 of the input; 2 rows before, 1 column after the input are padding.

Symbols: C channels, H height, W width, k kernel, s stride, p padding, b bytes
  of a number, r receptive field, j its stride, P its padding.
"""


def test_alexnet_needs_its_border():
    graph = chained("3x224x224", "conv 96 k11 s4 p2:1")
    assert explained(explain(graph, ["conv1"], pixel=[0, 54]), 80) == NARROW


def test_alexnet_without_the_border_is_54():
    told = only("3x224x224", "conv 96 k11 s4")
    assert texts(told)["height, width"] == "⌊(H_in − k)/s⌋ + 1 = ⌊(224 − 11)/4⌋ + 1 = ⌊53.25⌋ + 1 = 54"
    assert "Rounding down drops 1 row at the bottom and 1 column on the right: no window sees them." in said(told)


def test_the_bottleneck():
    told = only("512x14x14", "conv 24 k1 nobias", "conv 64 k5 p2 nobias")
    assert texts(told)["weights"].endswith("64·24·5² = 38,400")
    assert "12,288 + 38,400 = 50,688 weights; directly it would take 819,200" in said(told)


def test_the_separable_convolution():
    told = only("3x32x32", "dwconv k3 nobias", "conv 256 k1 nobias")
    assert "27 + 768 = 795 weights instead of 6,912" in said(told)
    assert "each filter sees one channel: 27 weights where a standard convolution has 81" in said(
        only("3x32x32", "dwconv k3 nobias")
    )


@pytest.mark.parametrize(
    ("count", "sees", "words"), [(2, "5x5", "18·C² instead of 25·C²"), (3, "7x7", "27·C² instead of 49·C²")]
)
def test_small_kernels_against_a_large_one(count, sees, words):
    told = only("64x32x32", *["conv 64 k3 p1 nobias", "relu"] * (count - 1), "conv 64 k3 p1 nobias")
    assert f"see {sees} pixels together" in said(told)
    assert words in said(told)
    assert told.row.receptive_field.size == (2 * count + 1,) * 2


def test_vgg16s_activations():
    """Input, convolutions, pools and linear outputs, ReLU in place: 58.1 MiB, where a famous slide says 93 MB."""
    totals = explain(load("vgg16", Options())).totals
    kinds = dict(totals.activations.kinds)
    assert sum(kinds[kind] for kind in ("input", "conv", "maxpool", "linear")) == 15_237_608
    assert set(kinds) == {"input", "conv", "maxpool", "linear", "adaptive_avgpool"}
    assert "relu" in totals.in_place
    assert totals.saved.total == 73_355_264
    assert totals.peak_at == "features.2"
    assert [one.name for one in totals.peak] == ["features.0", "features.2"]


def test_a_linear_layer_is_a_convolution():
    graph = load("vgg16", Options())
    (told,) = explain(graph, ["classifier.0"]).parts
    assert "The same as `conv 4096 k7` on the 512x7x7 map" in said(told)
    (told,) = explain(graph, ["classifier.3"]).parts
    assert "The same as `conv 4096 k1` on a 4096x1x1 map" in said(told)


REMARKS = [
    ("1x28x28", ["conv 1 k4 same"], "puts the odd pixel after: padding 1 at the top and on the left, 2 at the bottom"),
    ("1x28x28", ["conv 1 k4 same"], "as torch's `p2` does, would give 29x29"),
    ("1x28x28", ["conv 1 k4 same_lower"], "puts the odd pixel before: padding 2 at the top"),
    ("3x224x224", ["conv 8 k3 s2 same"], "as torch's `p1` does, gives 112x112 too, but every window lies 1 pixel"),
    ("1x28x28", ["conv 1 k4 p1"], "cannot keep 28 with equal padding: p1 gives 27, p2 gives 29; `p1:2` or `same` does"),
    ("64x56x56", ["conv 128 k1 s2"], "A 1x1 window with stride 2 sees 1 of every 4 pixels"),
    ("8x112x112", ["maxpool k3 s2 ceil"], "sees 2 rows of 3 and 2 columns of 3. Rounding down would give 55x55"),
    ("8x11x11", ["maxpool k2 s3 p1 ceil"], "but the last window would start behind the input"),
    ("1x10x10", ["conv 1 k3 s3"], "Rounding down drops 1 row at the bottom and 1 column on the right"),
    ("1x10x10", ["conv 1 k3 s3 p1"], "fit exactly"),
    ("8x9", ["maxpool k2"], "drops 1 position at the end"),
    ("8x9x9x9", ["maxpool k2"], "drops 1 plane at the back, 1 row at the bottom and 1 column on the right"),
    ("64x9x9", ["conv 64 k3 g2"], "1/2 of the channels: 18,432 weights where a standard convolution has 36,864"),
    ("8x8x9x9", ["conv 8 k1 s1x2x2"], "A 1x1x1 window with stride 1x2x2 sees 1 of every 4 pixels"),
    ("8x8x8x8", ["maxpool k1x3x3 s2 same"], "as torch's `p0x1x1` does"),
    ("64x7x7", ["adaptive_avgpool 7"], "The map is 7x7 already"),
    ("64x14x14", ["adaptive_avgpool 7"], "the same as a pool with a 2x2 window and that stride"),
    ("64x7x7", ["adaptive_maxpool 1"], "the same as a global pool"),
    ("8x21x21", ["adaptive_avgpool 5"], "21x21 does not divide into 5x5: neighbouring windows overlap, and take 25"),
    ("2x8x8", ["spp"], "Its grids 1x1, 2x2 and 4x4 have 1 + 4 + 16 = 21 cells a channel."),
    ("8x10x10", ["deconv 8 k4 s2 p1 output_padding=1"], "10x10 of every size from 20x20 to 21x21: `output_padding`"),
    ("3x224x224", ["conv 96 k11 s4"], "55x55, the last window hanging over by 3 pixels; an input of 227x227"),
    ("512x7x7", ["conv 4096 k7"], "Its kernel covers the whole 7x7 map: the same as `flatten` and `linear 4096`."),
    ("4x9x9", ["conv 8 k3 p0:1x1:1"], "Without the border the height would be 9 − 3 + 1 = 7."),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "layers", "words"), REMARKS)
def test_remarks(shape, layers, words):
    assert words in said(only(shape, *layers))


def test_a_bias_before_batch_norm_is_useless():
    graph = chained("3x8x8", "conv 64 k3", "batchnorm")
    (told,) = explain(graph, ["conv1"]).parts
    assert (
        "batchnorm1 subtracts the mean of each channel, and the bias with it. `nobias` spares 64 parameters."
        in said(told)
    )
    (told,) = explain(chained("3x8x8", "conv 64 k3 nobias", "batchnorm"), ["conv1"]).parts
    assert "useless" not in said(told)


def test_same_padding_is_derived():
    told = only("3x224x224", "conv 64 k7 s2 same")
    assert texts(told)["padding"] == (
        "max((⌈H_in/s⌉ − 1)·s + k − H_in, 0) = max((⌈224/2⌉ − 1)·2 + 7 − 224, 0) = max(5, 0) = 5"
    )
    padding = [formula for formula in told.derivation.receptive if formula.symbol == "P_out"]
    assert padding[0].value == 2


def test_dilation_names_the_extent():
    told = only("1x20x20", "conv 1 k3 d2 s2")
    (size,) = told.derivation.sizes
    assert size.text[0] == "⌊(H_in − k_eff)/s⌋ + 1"
    assert [" = ".join((where.symbol, *where.text)) for where in size.where] == [
        "k_eff = d·(k − 1) + 1 = 2·(3 − 1) + 1 = 5"
    ]


def test_kernels_that_differ():
    told = only("8x20x20", "conv 4 k1x7 p0x3")
    found = texts(told)
    assert found["height"] == "H_in − k_h + 1 = 20 − 1 + 1 = 20"
    assert found["width"] == "W_in + 2·p_w − k_w + 1 = 20 + 2·3 − 7 + 1 = 20"
    assert found["receptive field, width"] == "r_in + (k_w − 1)·j_in = 1 + (7 − 1)·1 = 7"


# -- receptive fields ---------------------------------------------------------------------------------------------


def test_a_receptive_field_that_there_is_not_is_said_in_words():
    explanation = explain(chained("8x8x8", "conv 8 k3 p1", "reshape 8x64", "conv 4 k3"), ["conv2"])
    assert explanation.parts[0].derivation.receptive == ()
    assert "undefined" in explained(explanation)
    assert "receptive field    the whole input" in explained(explain(chained("8x8x8", "groupnorm 2"), ["groupnorm1"]))


def test_enlarging_layers_have_a_recurrence_where_their_stride_is_whole():
    told = only("8x8x8", "deconv 8 k4 s2 p1")
    assert told.derivation.receptive == ()
    assert told.row.receptive_field.size == (2, 2)
    assert told.row.receptive_field.stride == ("1/2", "1/2")
    found = texts(only("8x8x8", "conv 8 k3 s2 p1", "deconv 8 k3 s2 p1"))
    assert found["receptive field"] == "r_in + (⌈k/s⌉ − 1)·j_in = 3 + (⌈3/2⌉ − 1)·2 = 3 + (⌈1.5⌉ − 1)·2 = 5"
    assert found["receptive field stride"] == "j_in/s = 2/2 = 1"
    found = texts(only("8x8x8", "conv 8 k4 s4", "upsample 2 mode=bilinear"))
    assert found["receptive field stride"] == "j_in/⌊H_out/H_in⌋ = 4/⌊4/2⌋ = 2"


def test_pixels_that_see_less_are_told():
    """A transposed convolution with a kernel of 3 and a stride of 2: every other pixel gets one pixel, not two."""
    told = only("8x8x8", "deconv 8 k3 s2 p1")
    assert told.smallest == (1, 1)
    assert "output pixels get 1 or 2 input pixels in turn" in said(told)
    assert "not all pixels see as much, some only 1" in explained(
        explain(chained("8x8x8", "deconv 8 k3 s2 p1"), ["deconv1"])
    )
    assert only("8x8x8", "deconv 8 k4 s2 p1").smallest == ()
    dilated = explain(chained("8x8x8", "deconv 8 k3 s2 d2"), ["deconv1"])
    assert "some none" in explained(dilated)
    assert "some output pixels get no input pixel, only the bias, and others 3" in said(dilated.parts[0])


def test_behind_enlarging_layers_fields_are_followed():
    text = explained(explain(load("unet", Options()), ["double_conv7.conv1"]))
    assert "188, stride 4, padding 94; not all pixels see as much, some only 172; followed pixel by pixel" in text


def test_a_walk_says_what_enlarging_layers_see():
    text = explained(explain(load("unet", Options())))
    section = next(part for part in text.split("\n\n") if part.startswith("double_conv9.conv2 "))
    assert "receptive field   204, stride 1" in section


def test_branches_see_differently():
    graph = load("resnet18", Options())
    (told,) = explain(graph, ["layer1.0.add1"]).parts
    assert "Its branches see 27 and 11 pixels of the input; the largest counts." in said(told)


def test_misaligned_branches_are_said(tmp_path):
    file = tmp_path / "shifted.yaml"
    file.write_text("input: 8x9x9\nlayers:\n  - add: [[conv 8 k2 p0:1], [conv 8 k2 p1:0]]\n")
    told = explain(load(str(file), Options()), ["add1"]).parts[0]
    assert "Its branches are not aligned: their centres lie up to 1 pixel of the input apart." in said(told)


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        (
            "add: [[conv 8 k2 p0:1], [conv 8 k3 p2:0]]",
            "Its branches see 3 and 2 pixels of the input; together they see 4.",
        ),
        ("add: [[conv 8 k3 p1], [conv 8 k4 p2:1]]", "centres lie up to ½ pixel of the input apart"),
        ("add: [[conv 8 k5 p2], []]", "Its branches see 5 and 1 pixels of the input; the largest counts."),
        ("multiply: [[global_avgpool], []]", "Its 8x1x1 input is repeated to 8x9x9."),
    ],
)
def test_what_meets_at_a_merge(layers, words, tmp_path):
    file = tmp_path / "merge.yaml"
    file.write_text(f"input: 8x9x9\nlayers:\n  - {{{layers}, name: merge}}\n")
    assert words in said(explain(load(str(file), Options()), ["merge"]).parts[0])


def test_a_pixel_that_there_is_not():
    with pytest.raises(CnncalcError, match="no pixel 9,9"):
        explain(chained("1x8x8", "conv 1 k3"), ["conv1"], pixel=[9, 9])
    with pytest.raises(CnncalcError, match="no pixel 1"):
        explain(chained("1x8x8", "conv 1 k3"), ["conv1"], pixel=[1])


def test_chain_explains():
    result = run("chain", *QUESTION, "--explain")
    assert result.exit_code == 0
    assert result.output == EXAM


def test_no_convolution_is_the_same_as_a_linear_layer_with_more_than_weights_and_a_bias(tmp_path):
    (tmp_path / "n.yaml").write_text("input: 2x4x4\nlayers: [flatten, linear 3]\n")
    (tmp_path / "m.yaml").write_text("input: 2x4x4\nlayers: [flatten, linear 3 bias weight]\n")
    plain, more = (runner().invoke(program, ["explain", str(tmp_path / name)]) for name in ("n.yaml", "m.yaml"))
    assert (plain.exit_code, more.exit_code) == (0, 0)
    assert "The same as `conv 3 k4`" in plain.stdout
    assert "The same as `conv" not in more.stdout
