"""Receptive fields: sets of pixels followed one by one, and published tables."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncalc import Options, chain, load, report
from cnncalc.analysis.receptive import BROADCAST, RATES, UNDEFINED, WHOLE, fields
from cnncalc.arithmetic.formulas import TransposedWindow, Window
from cnncalc.arithmetic.reach import Field, join, scaled, shifted, transposed, windowed

# Araujo, Norris & Sim 2019 (Distill), table of networks: size, stride, padding of the last map before global pooling.
# torchvision's ResNets stride in the 3x3, so theirs are smaller; 435, 427 and 491 were measured by gradients on torch.
PUBLISHED = [
    ("resnet50_late_stride", 483, 32, 239),
    ("mobilenet_v1", 315, 32, 126),
    ("vgg16", 212, 32, 90),
]


def last_map(net):
    """The receptive field of the last row whose map has more than one pixel."""
    rows = report(load(net, Options())).rows
    return [row for row in rows if len(row.output_shape) == 4 and row.output_shape[2] > 1][-1].receptive_field


@pytest.mark.parametrize(("net", "size", "stride", "padding"), PUBLISHED)
def test_published_fields(net, size, stride, padding):
    assert last_map(net) == ((size, size), (stride, stride), (padding, padding), "")


@pytest.mark.parametrize(
    ("net", "size"), [("alexnet", 195), ("resnet18", 435), ("resnet50", 427), ("mobilenet_v2", 491)]
)
def test_measured_fields(net, size):
    assert last_map(net).size == (size, size)


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
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["window", "window", "transposed", "nearest", "pad", "crop"]))
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
            window = TransposedWindow(kernel, stride, (draw(st.integers(0, kernel - 1)),) * 2, draw(st.integers(1, 3)))
            if not 1 <= window.length(n) <= 150:
                continue
            steps.append((transposed(window, n), seen_by_transposed(window, n), n))
            n = window.length(n)
        elif kind == "nearest" and n < 80:
            factor = draw(st.integers(1, 3))
            steps.append((scaled(factor), [{o // factor} for o in range(n * factor)], n))
            n *= factor
        elif kind == "pad":
            before = draw(st.integers(0, 3))
            steps.append((shifted(before), [{o - before} for o in range(n + before)], n))
            n += before
        elif kind == "crop" and n > 10:
            before = draw(st.integers(0, 3))
            steps.append((shifted(-before), [{o + before} for o in range(n - before)], n))
            n -= before
    return steps


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
        (["permute 1x2x0"], UNDEFINED),
        (["adaptive_avgpool 5"], UNDEFINED),
        (["{concat: [[conv 2 k1 s2], [crop p0:4x0:4]]}"], RATES),
    ],
)
def test_what_has_no_field_is_said_in_words(layers, word):
    graph = chain("4x8x8", layers, Options())
    assert fields(graph)[-1] == word


def test_the_second_input_of_a_crop_is_not_seen():
    text = "{crop: , from: [conv1, conv2]}"
    graph = chain("1x16x16", ["conv 1 k3", "conv 1 k9", text], Options())
    assert fields(graph)[-1][0].size == 3
