"""OpenVINO: inputs of another size than the file's, weights that several layers take, plain numbers with axes.

Shapes are those that OpenVINO 2026.4 gives the same nets after `model.reshape`.
"""

from __future__ import annotations

import pytest
from test_openvino import CONV, Xml, result, small
from test_openvino_traced import Held, beside

from cnncalc.errors import CnncalcError


def of_closed_size(target=(0, -1), channels=8):
    """A convolution, a pool that rounds up, two axes as one, and a linear layer on the channels."""
    net = Held()
    x = net.add("Parameter", [(1, 4, 9, 9)])
    c = net.add("Convolution", [(1, 8, 5, 5)], [x, net.add("Const", [(8, 4, 3, 3)], element_type="f32")], **CONV)
    pool = {"kernel": "2,2", "strides": "3,3", "pads_begin": "0,0", "pads_end": "0,0", "rounding_type": "ceil"}
    p = net.add("MaxPool", [(1, 8, 2, 2)], [c], **pool)
    r = net.add("Reshape", [(1, 8, 4)], [p, net.const((3,), (0, channels, target[-1]))], special_zero="true")
    t = net.add("Transpose", [(1, 4, 8)], [r, net.const((3,), (0, 2, 1))])
    w = net.add("Const", [(5, 8)], element_type="f32")
    return net, net.add("MatMul", [(1, 4, 5)], [t, w], transpose_b="true")


@pytest.mark.parametrize(
    ("size", "made"), [("4x9x9", (1, 4, 5)), ("4x11x11", (1, 9, 5)), ("4x13x7", (1, 6, 5)), ("4x16x16", (1, 9, 5))]
)
def test_what_a_closed_file_says_follows_from_another_input(tmp_path, size, made):
    net, end = of_closed_size()
    found = net.read(tmp_path, end, input=size)
    assert list(found.outputs.values()) == [made]
    assert found.totals.params == 8 * 36 + 40


def test_lengths_that_the_file_has_fixed_are_told(tmp_path):
    net, end = of_closed_size(target=(0, 4))
    with pytest.raises(CnncalcError, match="the shape of this layer does not follow") as raised:
        net.read(tmp_path, end, input="4x11x11")
    assert 'not with `input="4x11x11"`: leave that out' in raised.value.faults[0].help


def test_channels_that_the_weights_are_not_for_are_told(tmp_path):
    net, end = of_closed_size()
    with pytest.raises(CnncalcError, match="the weights of a convolution are for the channels"):
        net.read(tmp_path, end, input="3x9x9")


def test_a_matrix_of_as_many_rows_as_the_file_had_pixels_is_told(tmp_path):
    net = Held()
    x = net.add("Parameter", [(1, 4, 9)])
    net_out = net.add("MatMul", [(1, 4, 5)], [x, net.add("Const", [(9, 5)], element_type="f32")])
    with pytest.raises(CnncalcError, match="its matrix is for as many numbers as come in"):
        net.read(tmp_path, net_out, input="4x10")


@pytest.mark.parametrize(("kind", "number"), [("Multiply", 0.5), ("Add", -2.0), ("Divide", 255.0)])
def test_a_number_with_axes_is_no_parameter(tmp_path, kind, number):
    net = Held()
    x = net.add("Parameter", [(1, 4, 9, 9)])
    found = net.read(tmp_path, net.add(kind, [(1, 4, 9, 9)], [x, net.const((1, 1, 1), (number,), "f32")]))
    assert (found.totals.params - beside(found), beside(found)) == (0, 1)
    assert [row.kind for row in found.rows if not row.params] == [kind.lower()]


@pytest.mark.parametrize("own", [False, True], ids=["one bias", "a bias each"])
def test_a_head_on_two_maps_counts_once(own):
    net = Xml()
    w, biases = net.add("Const", [(8, 4, 3, 3)]), [net.add("Const", [(1, 8, 1, 1)]) for _ in range(1 + own)]
    ends = []
    for place in range(2):
        x = net.add("Parameter", [(1, 4, 9, 9)])
        c = net.add("Convolution", [(1, 8, 5, 5)], [x, w], **CONV)
        ends.append(net.add("Add", [(1, 8, 5, 5)], [c, biases[place * own]]))
    assert result(net, net.add("Subtract", [(1, 8, 5, 5)], ends)).params == 288 + 8 * (1 + own)


def test_a_convolution_and_its_reverse_of_one_weight_count_once():
    net = Xml()
    x, w = net.add("Parameter", [(1, 4, 8, 8)]), net.add("Const", [(6, 4, 2, 2)])
    window = {"strides": "2,2", "pads_begin": "0,0", "pads_end": "0,0", "dilations": "1,1"}
    c = net.add("Convolution", [(1, 6, 4, 4)], [x, w], **window)
    found = result(net, net.add("ConvolutionBackpropData", [(1, 4, 8, 8)], [c, w], **window))
    assert (found.params, found.macs) == (96, 2 * 16 * 96)


def test_borders_that_cut():
    net, r = small(bias=False)
    p = net.add("Pad", [(1, 8, 8, 4)], [r, net.add("Const", [(4,)]), net.add("Const", [(4,)])], pad_mode="constant")
    assert list(result(net, p).outputs.values()) == ["8x8x4"]


@pytest.mark.parametrize("kind", ["Sign", "Round", "Tan", "Asinh", "Greater", "Select", "SquaredDifference", "CumSum"])
def test_what_is_elementwise_or_has_no_weights(kind):
    net, r = small(bias=False)
    found = result(net, net.add(kind, [(1, 8, 5, 5)], [r, r]))
    assert (found.params, list(found.outputs.values())) == (288, ["8x5x5"])


def test_one_number_of_all_is_a_list_of_one():
    net, r = small(bias=False)
    m = net.add("ReduceMax", [(1,)], [r, net.add("Const", [(3,)])], keep_dims="false")
    assert list(result(net, m).outputs.values()) == ["1"]


@pytest.mark.parametrize(
    "kind", ["GatherElements", "CumSum", "NormalizeL2", "ScatterElementsUpdate", "SquaredDifference"]
)
def test_what_has_no_weights_follows_another_size(tmp_path, kind):
    net = Held()
    x = net.add("Parameter", [(1, 4, 9, 9)])
    pool = {"kernel": "2,2", "strides": "2,2", "pads_begin": "0,0", "pads_end": "0,0"}
    smaller = net.add("MaxPool", [(1, 4, 4, 4)], [x], **pool)
    end = net.add(kind, [(1, 4, 4, 4)], [smaller, smaller])
    assert list(net.read(tmp_path, end, input="4x13x12").outputs.values()) == [(1, 4, 6, 6)]


def test_a_map_at_places_that_come_in_has_as_many(tmp_path):
    net = Held()
    x, grid = net.add("Parameter", [(1, 4, 9, 9)]), net.add("Parameter", [(1, 5, 6, 2)])
    end = net.add("GridSample", [(1, 4, 5, 6)], [x, grid])
    found = net.read(tmp_path, end, input="parameter_1=7x8x2")
    assert list(found.outputs.values()) == [(1, 4, 7, 8)]


MASKS = ("begin_mask", "end_mask", "new_axis_mask", "shrink_axis_mask", "ellipsis_mask")
SLICES = [
    # begin, end, step; the masks; what OpenVINO 2026.4 makes of 4x13x12
    ((0, 0, 0, 0), (1, 1, -3, 0), (1, 1, 1, 1), ("", "1,1,0,1", "", "", ""), (1, 4, 10, 12)),
    ((0, 0, 2, -4), (1, 4, 99, -1), (1, 1, 2, 1), ("", "", "", "", ""), (1, 4, 6, 3)),
    ((0, -1, 0, 0), (1, -2, 0, 0), (1, 1, -1, 1), ("1,0,1,1", "1,1,1,1", "", "0,1,0,0", ""), (1, 13, 12)),
    ((0, 0, 0), (1, 0, 5), (1, 1, 1), ("1", "1", "0,1,0", "", "1"), (1, 4, 13, 1, 5)),
]


@pytest.mark.parametrize(("begin", "end", "step", "masks", "made"), SLICES)
def test_a_part_by_masks_follows_another_size(tmp_path, begin, end, step, masks, made):
    net = Held()
    x = net.add("Parameter", [(1, 4, 9, 9)])
    bounds = [net.const((len(one),), one) for one in (begin, end, step)]
    part = net.add("StridedSlice", [(1,) * len(made)], [x, *bounds], **dict(zip(MASKS, masks)))
    found = net.read(tmp_path, net.add("ReLU", [(1,) * len(made)], [part]), input="4x13x12")
    assert list(found.outputs.values()) == [made]


def test_a_length_is_one_place_of_a_shape(tmp_path):
    """As files of the older form (IR 10) have it: ShapeOf, and of it a StridedSlice of one place."""
    net = Held()
    x = net.add("Parameter", [(1, 4, 9, 9)])
    place = [net.const((1,), one) for one in ((2,), (3,), (1,))]
    length = net.add("StridedSlice", [()], [net.add("ShapeOf", [(4,)], [x]), *place], shrink_axis_mask="1")
    last = net.add("Unsqueeze", [(1,)], [length, net.const((1,), (0,))])
    shape = net.add("Concat", [(3,)], [net.const((2,), (1, -1)), last], axis="0")
    end = net.add("Reshape", [(1, 36, 9)], [x, shape], special_zero="false")
    assert list(net.read(tmp_path, end, input="4x13x12").outputs.values()) == [(1, 48, 13)]
