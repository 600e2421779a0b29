"""Receptive fields: sets of pixels followed one by one, and published tables."""

import csv
import math
from fractions import Fraction
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncalc import Options, chain, load, report
from cnncalc.analysis.receptive.fields import NOTHING, WHOLE, fields, receptive_field
from cnncalc.analysis.receptive.sight import ACROSS, BESIDE, BROADCAST, MIXED, RATES, TORN
from cnncalc.arithmetic.windows.formulas import TransposedWindow, Window
from cnncalc.arithmetic.windows.reach import (
    Field,
    binned,
    everywhere,
    join,
    resampled,
    scaled,
    seen_of,
    shifted,
    transposed,
    windowed,
)


def published():
    """The rows of the published table, one group a net.

    Made by the authors of Araujo, Norris & Sim 2019 (Computing receptive fields of convolutional neural networks,
    Distill, https://distill.pub/2019/computing-receptive-fields) from TF-Slim's nets: RECEPTIVE_FIELD_TABLE.md of
    https://github.com/google-research/receptive_field at f12ae8e. Paddings are left out where theirs depend on the size
    of the image, or the bundled net pads its first layer as Caffe does.
    """
    path = Path(__file__).parent / "data" / "receptive_fields.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [list(group) for _, group in groupby(rows, key=lambda row: row["published_net"])]


# TF-Slim's alexnet_v2, which is not bundled: without a border at the first convolution
ALEXNET_V2 = [
    "conv 64 k11 s4", "maxpool k3 s2", "conv 192 k5 p2", "maxpool k3 s2",
    "conv 384 k3 p1", "conv 384 k3 p1", "conv 256 k3 p1", "maxpool k3 s2",
]  # fmt: skip


def seen_by_point(net, variables):
    """The receptive field of every layer and group."""
    if net == "alexnet_v2":
        graph = chain("3x224x224", ALEXNET_V2, Options())
    else:
        pairs = (text.partition("=") for text in variables.split(";") if text)
        graph = load(net, Options(variables={name: value for name, _, value in pairs}))
    rows = {row.name: row.receptive_field for row in report(graph).rows}
    names = [node.name for node in graph.nodes]
    return {**{name: rows[names[index]] for name, index in graph.groups.items() if names[index] in rows}, **rows}


@pytest.mark.parametrize("rows", published(), ids=lambda rows: rows[0]["published_net"])
def test_published_fields(rows):
    found = seen_by_point(rows[0]["net"], rows[0]["variables"])
    for row in rows:
        field = found[row["layer"]]
        assert (set(field.size), set(field.stride)) == ({int(row["size"])}, {int(row["stride"])}), row
        if row["padding"]:
            assert set(field.padding) == {int(row["padding"])}, row


@pytest.mark.parametrize(
    # measured by gradients on torchvision's nets, which stride in the 3x3; the 70 of PatchGAN is in its paper's title
    # of the discriminator (Isola et al. 2017, section 3.2.2)
    ("net", "size"),
    [("alexnet", 195), ("resnet18", 435), ("resnet50", 427), ("mobilenet_v2", 491), ("pix2pix_discriminator", 70)],
)
def test_measured_fields(net, size):
    rows = report(load(net, Options())).rows
    maps = [row for row in rows if len(row.output_shape) == 4 and row.output_shape[2] > 1]
    assert maps[-1].receptive_field.size == (size, size)


def seen_by_window(window, n):
    """For each output pixel the input positions that a window covers, padding included, one by one."""
    before, _ = window.padding(n)
    return [
        {o * window.stride - before + tap * window.dilation for tap in range(window.kernel)}
        for o in range(window.length(n))
    ]


def seen_by_transposed(window, n):
    """For each output pixel the input pixels that spread to it: input i reaches i·s − p + tap·d."""
    before, _ = window.padding(n)
    seen = [set() for _ in range(window.length(n))]
    for i in range(-20, n + 20):  # beyond the map, too: those pixels are recognised below as seen at the border
        for tap in range(window.kernel):
            o = i * window.stride - before + tap * window.dilation
            if 0 <= o < len(seen):
                seen[o].add(i)
    return seen


@st.composite
def layers(draw):
    """A few layers on one axis: for each its reach, and the sets of pixels by brute force."""
    n = 40
    steps = []
    kinds = ["window", "window", "transposed", "nearest", "pad", "crop", "bins", "bins", "linear", "cubic", "resize"]
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(kinds))
        if kind == "window":
            kernel, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 2))
            border = (draw(st.integers(0, 2)), draw(st.integers(0, 2)))
            window = Window(kernel, draw(st.integers(1, 3)), border, dilation)
            if window.length(n) < 1:
                continue
            steps.append((windowed(window, n), seen_by_window(window, n), n))
            n = window.length(n)
        elif kind == "transposed":
            kernel, stride = draw(st.integers(1, 4)), draw(st.integers(1, 3))
            enlarging = TransposedWindow(
                kernel, stride, (draw(st.integers(0, kernel - 1)),) * 2, draw(st.integers(1, 3))
            )
            if not 1 <= enlarging.length(n) <= 150:
                continue
            steps.append((transposed(enlarging, n), seen_by_transposed(enlarging, n), n))
            n = enlarging.length(n)
        elif kind == "nearest" and n < 80:
            factor = draw(st.integers(1, 3))
            steps.append((scaled(factor), [{o // factor} for o in range(n * factor)], n))
            n *= factor
        elif kind == "pad":
            before = draw(st.integers(0, 3))
            steps.append((shifted(before), [{o - before} for o in range(n + before)], n))
            n += before
        elif kind == "bins":
            out = draw(st.integers(1, 12))
            bins = [set(range(math.floor(o * n / out), math.ceil((o + 1) * n / out))) for o in range(out)]
            steps.append((binned(n, out), bins, n))
            n = out
        elif kind == "resize":
            out = draw(st.integers(1, 40))
            steps.append((resampled(n, out), [{math.floor(o * n / out)} for o in range(out)], n))
            n = out
        elif kind in ("linear", "cubic") and n < 80:
            out, corners, beyond = draw(st.integers(2, 40)), draw(st.booleans()), int(kind == "cubic")
            seen = seen_between(n, out, corners, beyond if out != n else 0)
            steps.append((resampled(n, out, between=True, corners=corners, beyond=beyond), seen, n))
            n = out
        elif kind == "crop" and n > 10:
            before = draw(st.integers(0, 3))
            steps.append((shifted(-before), [{o + before} for o in range(n - before)], n))
            n -= before
    return steps


def seen_between(n, out, corners, beyond=0):
    """The two pixels that a linear interpolation lies between, or the one on which it lies; beyond an end, that end.

    Of a cubic one there is one more `beyond` these on both sides.
    """
    places = [
        Fraction(o * (n - 1), out - 1) if corners else Fraction((2 * o + 1) * n, 2 * out) - Fraction(1, 2)
        for o in range(out)
    ]
    return [set(range(math.floor(place) - beyond, math.ceil(place) + beyond + 1)) for place in places]


def hull(pixels):
    return (min(pixels), max(pixels)) if pixels else None


@settings(max_examples=400, deadline=None)
@given(layers())
def test_fields_are_the_hull_of_the_pixels_that_are_seen(steps):
    field = Field()
    seen = [{o} for o in range(40)]
    for reach, sets, n in steps:
        field = field.through(reach)
        assert field is not None
        # a pixel that looks beyond its own map sees padding there: no claim is made, and its successors are left out
        seen = [
            None if any(not 0 <= i < n or seen[i] is None for i in pixels) else set().union(*(seen[i] for i in pixels))
            for pixels in sets
        ]
    inside = [(o, pixels) for o, pixels in enumerate(seen) if pixels is not None]
    for o, pixels in inside:
        assert field.interval(o) == hull(pixels), o
    assert all(pixels is None or not pixels or max(pixels) - min(pixels) < field.size for pixels in seen)


@settings(max_examples=200, deadline=None)
@given(layers())
def test_what_all_pixels_see_together(steps):
    for reach, sets, n in steps:
        there = {pixel for pixels in sets for pixel in pixels if 0 <= pixel < n}
        assert seen_of(reach, n, len(sets)) == hull(there)


def test_a_layer_that_sees_everything_leaves_one_field():
    field = Field(((-2, 3),), 2).through(everywhere(5))
    assert field == Field(((-2, 11),), 0)
    assert (field.constant, field.stride) == (True, 0)
    assert field.through(windowed(Window(3, 2, (1, 1)), 9)) == field


def test_a_strided_transposed_convolution_leaves_pixels_that_see_nothing():
    field = Field().through(transposed(TransposedWindow(1, 2), 8))
    assert field.phases == ((0, 0), None)
    assert (field.size, field.stride) == (1, "1/2")


def test_branches_join_to_the_hull():
    narrow, wide = Field(((0, 0),), 2), Field(((-3, 5),), 2)
    assert join([narrow, wide]) == wide
    assert join([Field(((0, 0),), 2), Field(((4, 6),), 2)]) == Field(((0, 6),), 2)
    assert join([Field(((0, 0),), 2), Field(((0, 0),), 1)]) is None


@pytest.mark.parametrize(
    ("layers", "word"),
    [
        (["global_avgpool"], WHOLE),
        (["flatten", "linear 3"], WHOLE),
        (["instancenorm"], WHOLE),
        (["{multiply: [[global_avgpool, conv 4 k1, sigmoid], []]}"], WHOLE),
        (["{add: [[crop size=1x8], []]}"], BROADCAST),
        (["{add: [[permute 0x2x1], []]}"], ACROSS),
        (["reshape 4x64", "conv 2 k3"], MIXED),
        (["conv 1 k3", "reshape 1x4x9"], TORN),
        # rows and columns joined, and elements put beside them that are no pixels
        (["flatten", "constant 1 concat"], BESIDE),
        (["flatten", "parameter 1 concat first", "relu"], BESIDE),
        (["{concat: [[conv 2 k1 s2], [crop p0:4x0:4]]}"], RATES),
        # each token sees all rows and columns once the tokens are mixed
        (["conv 6 k2 s2", "reshape 6x16", "linear 9 axis=last"], WHOLE),
    ],
)
def test_what_has_no_field_is_said_in_words(layers, word):
    graph = chain("4x8x8", layers, Options())
    assert receptive_field(fields(graph)[-1]).note == word


@pytest.mark.parametrize(
    ("layers", "size", "stride"),
    [
        (["conv 2 k3 p1", "permute 1x2x0", "linear 5 axis=last"], (3, 3), (1, 1)),
        (["conv 2 k3x1", "permute 2x1x0", "conv 7 k3x1"], (5, 8), (1, 0)),
        (["flatten"], (1, 1), (1, 1)),
        (["linear 3 axis=last"], (1, 8), (1, 0)),
        (["conv 3 k3 s2 p1", "reshape 3x16"], (3, 3), (2, 2)),
        # windows of 4 x 4, each mixed within itself
        (["reshape 4x2x4x2x4", "permute 0x1x3x2x4", "reshape 4x4x16", "linear 2 axis=last"], (4, 4), (4, 4)),
        # pixels four apart, mixed
        (["reshape 4x2x4x8", "permute 0x2x3x1", "linear 2 axis=last"], (5, 1), (1, 1)),
        (["adaptive_avgpool 5"], (3, 3), ("8/5", "8/5")),
        (["upsample 2"], (1, 1), ("1/2", "1/2")),
        (["upsample size=12x8 mode=bilinear"], (2, 1), ("2/3", 1)),
        (["adaptive_avgpool 4x1"], (2, 8), (2, 0)),
        (["conv 1 k3 s3", "global_avgpool"], (6, 6), (0, 0)),
    ],
)
def test_fields_of_elements_that_have_moved(layers, size, stride):
    field = receptive_field(fields(chain("4x8x8", layers, Options()))[-1])
    assert (field.size, field.stride, field.note) == (size, stride, "" if field.size else WHOLE)


def test_a_slice_sees_what_its_own_channels_see():
    graph = chain("2x16x16", ["{concat: [conv 2 k3 p1, conv 3 k7 p3]}", "relu", "slice 0:2", "conv 4 k1"], Options())
    assert [receptive_field(one).size for one in fields(graph)[-4:]] == [(7, 7), (7, 7), (3, 3), (3, 3)]


def test_the_second_input_of_a_crop_is_not_seen():
    text = "{crop: , from: [conv1, conv2]}"
    graph = chain("1x16x16", ["conv 1 k3", "conv 1 k9", text], Options())
    assert fields(graph)[-1].fields[0].size == 3


TWO_INPUTS = """
inputs: {left: 2x16x16, right: 2x16x16}
layers:
  - {name: near, from: left, conv: 2 k3 p1}
  - {name: far, from: right, conv: 2 k5 p2}
  - {concat: , from: [near, far]}
  - {name: last, conv: 2 k3 p1}
"""


def test_a_slice_of_one_input_sees_nothing_of_the_other(tmp_path):
    path = tmp_path / "sliced.yaml"
    path.write_text(TWO_INPUTS.replace("{name: last, conv: 2 k3 p1}", "slice 2:4\n  - {name: last, conv: 2 k3 p1}"))
    graph = load(str(path), Options())
    assert fields(graph, "left")[-1] == NOTHING
    assert receptive_field(fields(graph, "right")[-1]).size == (7, 7)


def test_each_input_has_its_own_fields(tmp_path):
    path = tmp_path / "two.yaml"
    path.write_text(TWO_INPUTS, encoding="utf-8")
    rows = {row.name: row.receptive_field for row in report(load(str(path), Options())).rows}
    assert dict(rows["near"].inputs)["right"].note == NOTHING
    assert rows["far"].size == (5, 5)
    assert {name: one.size for name, one in rows["last"].inputs} == {"left": (5, 5), "right": (7, 7)}


@pytest.mark.parametrize(
    ("branches", "apart"),
    [
        ("conv 2 k3 p1, conv 2 k2 p1:0", "½ pixel"),
        ("conv 2 k3 p1, [maxpool k3 s1, 'pad 0:2x0:2']", "1 pixel"),
        ("conv 2 k3 p1 s2, maxpool k3 s2 p0:1", "1 pixel"),
        ("conv 2 k3 p1, conv 2 k5 p2", ""),
        ("[maxpool k2, deconv 2 k2 s2], []", ""),
        ("[maxpool k2, deconv 2 k3 s2 p0 output_padding=0, 'crop p0:1x0:1'], []", "½ pixel"),
    ],
)
def test_branches_that_are_not_aligned_are_said(branches, apart):
    hints = report(chain("2x16x16", [f"{{concat: [{branches}]}}"], Options())).hints
    assert [hint.text for hint in hints if "aligned" in hint.text] == (
        [f"its branches are not aligned: the centres of their receptive fields lie {apart} of the input apart"]
        if apart
        else []
    )
