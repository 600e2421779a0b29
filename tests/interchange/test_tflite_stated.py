"""TensorFlow Lite: operators that no layer is, what works along the first axis, and nets that are called step by step.

Shapes are those of ai-edge-litert 2.3.0, where it takes files as plain as these.
"""

from __future__ import annotations

import struct
from typing import Any

import pytest
from flat_tables import Byte
from lite_files import INT32, Lite, lite, window

# input, operator, numbers that stand behind it, options -> shape there, shape here
ONE: dict[str, tuple[Any, ...]] = {
    "quantised and nothing else": ((1, 8, 6, 4), "QUANTIZE", [], {}, (1, 8, 6, 4), "4x8x6"),
    "a mirror that shows the edge": (
        (1, 8, 6, 4), "MIRROR_PAD", [((4, 2), (0, 0, 1, 1, 0, 2, 0, 0))], {0: Byte(1)}, (1, 10, 8, 4), "4x10x8",
    ),
    "a mirror of channels": (
        (1, 8, 6, 4), "MIRROR_PAD", [((4, 2), (0, 0, 0, 0, 0, 0, 1, 1))], {0: Byte(0)}, (1, 8, 6, 6), "6x8x6",
    ),
    "some places": ((1, 8, 6, 4), "GATHER", [((2, 2), (0, 3, 3, 1))], {0: 1}, (1, 2, 2, 6, 4), "4x2x2x6"),
    "backwards": ((1, 8, 6, 4), "REVERSE_V2", [((1,), (2,))], {}, (1, 8, 6, 4), "4x8x6"),
    "a spectrum": ((1, 4, 16), "RFFT2D", [((2,), (4, 16))], {}, (1, 4, 9), "9x4"),
    "rows of a table": ((6, 4), "SLICE", [((2,), (1, 0)), ((2,), (3, 4))], {}, (3, 4), "4x3"),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE)
def test_the_shape_is_the_interpreters(name):
    shape, kind, numbers, options, there, here = ONE[name]
    net = Lite(*shape)
    held = [net.whole(*values, shape=dims) for dims, values in numbers]
    found = lite(net.bytes(net.add(kind, [net.x, *held], [there], options)))
    assert (list(found.outputs.values()), found.params, found.macs) == ([here], 0, 0)


def test_maps_behind_one_another_along_the_first_axis():
    net = Lite(1, 5, 4)
    two = net.add("CONCATENATION", [net.x, net.x], [(2, 5, 4)], {0: 0})
    three = net.add("PACK", [two, two, two], [(3, 2, 5, 4)], {0: 3, 1: 0})
    found = lite(net.bytes(two, three))
    assert sorted(found.outputs.values()) == ["4x2x5", "4x3x2x5"]


def test_a_transposed_convolution_whose_size_comes_in_has_the_stated_one():
    net = Lite(1, 5, 5, 8)
    size = net.tensor((4,), INT32, name="size")
    inputs = [size, net.weight(4, 3, 3, 8), net.x, net.weight(4)]
    out = net.add("TRANSPOSE_CONV", inputs, [(1, 11, 11, 4)], window(same=False, stride=(2, 2)))
    found = lite(net.bytes(out, inputs=[size, net.x]))
    assert (list(found.outputs.values()), found.params) == (["4x11x11"], 4 * 8 * 9 + 4)


def test_a_net_that_remembers_the_steps_before():
    net = Lite(1, 1, 1, 4)
    before = net.add("READ_VARIABLE", [net.tensor((), INT32)], [(1, 2, 1, 4)], {})
    joined = net.add("CONCATENATION", [before, net.x], [(1, 3, 1, 4)], {0: 1})
    net.add("ASSIGN_VARIABLE", [net.tensor((), INT32), joined], [])
    convolved = net.add("CONV_2D", [joined, net.weight(6, 3, 1, 4)], [(1, 1, 1, 6)], window(same=False, stride=(1, 1)))
    found = lite(net.bytes(convolved))
    assert (list(found.outputs.values()), found.params, found.macs) == (["6x1x1"], 72, 72)


def test_a_comparison_has_the_longer_lengths():
    net = Lite(1, 5, 4)
    out = net.add("EQUAL", [net.x, net.weight(4)], [(1, 5, 4)], {})
    assert list(lite(net.bytes(out)).outputs.values()) == ["4x5"]


def convolutions(*tensors):
    """A file of convolutions, each with the numbers of its weight and its bias."""
    net = Lite(1, 8, 8, 4)
    held = [net.weight(4, 3, 3, 4), net.weight(4, 3, 3, 4), net.weight(4), net.weight(4)]
    options = window(same=True, stride=(1, 1))
    ends = [net.add("CONV_2D", [net.x, held[w], held[b]], [(1, 8, 8, 4)], options) for w, b in tensors]
    return lite(net.bytes(*ends)).params


def test_a_tensor_that_several_operators_take_counts_once():
    assert convolutions((0, 2), (0, 2)) == 144 + 4
    assert convolutions((0, 2), (1, 2)) == 2 * 144 + 4, "a bias of two weights"
    assert convolutions((0, 2), (0, 3)) == 144 + 2 * 4, "two biases of a weight"


def test_a_convolution_along_three_axes():
    net = Lite(1, 5, 6, 7, 2)
    options = {0: Byte(0), 1: 2, 2: 1, 3: 1}  # depth, width, height
    made = net.add("CONV_3D", [net.x, net.weight(3, 3, 3, 2, 4), net.weight(4)], [(1, 3, 6, 7, 4)], options)
    found = lite(net.bytes(made))
    assert (list(found.outputs.values()), found.params, found.macs) == (["4x3x6x7"], 220, 126 * 216)


def test_a_weight_is_shared_by_other_strides():
    net = Lite(1, 8, 8, 4)
    weight = net.weight(4, 3, 3, 4)
    ends = [
        net.add("CONV_2D", [net.x, weight], [(1, n, n, 4)], window(same=True, stride=(8 // n, 8 // n))) for n in (8, 4)
    ]
    assert lite(net.bytes(*ends)).params == 144


def flexible(**numbers):
    """A map in FlexBuffers, of keys in their order: names, a vector of their places, the numbers, their types."""
    names, places = b"", []
    for name in sorted(numbers):
        places.append(len(names))
        names += name.encode() + b"\0"
    count = len(numbers)
    keys = bytes([count]) + bytes(len(names) + 1 + at - place for at, place in enumerate(places))
    values = bytes([count, 1, count]) + bytes(numbers[name] for name in sorted(numbers)) + bytes([4] * count)
    return names + keys + values + bytes([2 * count, 9 << 2, 1])


def test_detections_are_as_many_as_the_file_says():
    net = Lite(1, 30, 4)
    given = flexible(max_detections=10, max_classes_per_detection=1, num_classes=90)
    inputs = [net.x, net.weight(1, 30, 91), net.weight(30, 4)]
    net.add("LOGISTIC", [net.x], [(1, 30, 4)])
    made = net.add("CUSTOM", inputs, [None] * 4, custom="TFLite_Detection_PostProcess", settings=given)
    assert sorted(lite(net.bytes(*made)).outputs.values()) == ["1", "10", "10", "4x10"]


def test_an_enlarging_convolution_of_mediapipe():
    net = Lite(1, 5, 5, 8)
    inputs = [net.x, net.weight(4, 2, 2, 8), net.weight(4)]
    given = struct.pack("<3i", 1, 2, 2)
    made = net.add("CUSTOM", inputs, [(1, 10, 10, 4)], custom="Convolution2DTransposeBias", settings=given)
    found = lite(net.bytes(made))
    assert (list(found.outputs.values()), found.params, found.macs) == (["4x10x10"], 132, 25 * 128)


def test_a_pool_of_mediapipe_and_what_puts_it_back():
    net = Lite(1, 8, 8, 4)
    given = struct.pack("<5i", 1, 2, 2, 2, 2)
    shapes = [(1, 4, 4, 4)] * 2
    pooled, places = net.add("CUSTOM", [net.x], shapes, custom="MaxPoolingWithArgmax2D", settings=given)
    made = net.add("CUSTOM", [pooled, places], [(1, 8, 8, 4)], custom="MaxUnpooling2D", settings=given)
    assert list(lite(net.bytes(made, pooled)).outputs.values()) == ["4x8x8", "4x4x4"]
