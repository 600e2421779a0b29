"""TensorFlow Lite: operators that no layer is, what works along the first axis, and nets that are called step by step.

Shapes are those of ai-edge-litert 2.3.0, where it takes files as plain as these.
"""

from __future__ import annotations

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
