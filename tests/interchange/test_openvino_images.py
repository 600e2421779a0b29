"""OpenVINO's XML: tensors whose first axis is no batch, and constants that are computed."""

from __future__ import annotations

import pytest
from test_openvino import Xml, result

from cnncalc.errors import CnncalcError


@pytest.mark.parametrize("axis", [2, -1])
def test_windows_that_stand_where_the_batch_was_are_those_of_one_image(axis):
    """As Swin's: four windows of 16 places, each multiplied with the same matrix, and put together again."""
    net = Xml()
    x = net.add("Parameter", [(1, 8, 8, 6)])
    cut = net.add("Reshape", [(1, 2, 4, 2, 4, 6)], [x])
    turned = net.add("Transpose", [(1, 2, 2, 4, 4, 6)], [cut])
    windows = net.add("Reshape", [(4, 16, 6)], [turned])
    made = net.add("MatMul", [(4, 16, 5)], [windows, net.add("Const", [(6, 5)])])
    scored = net.add("SoftMax", [(4, 16, 5)], [made], axis=axis)
    found = result(net, net.add("Reshape", [(1, 2, 2, 4, 4, 5)], [scored]))
    assert (found.params, found.macs, list(found.outputs.values())) == (30, 64 * 6 * 5, ["2x2x4x4x5"])


def test_a_sequence_whose_length_stands_first_is_that_of_one_image():
    net = Xml()
    x = net.add("Parameter", [(1, 5, 8)])
    first = net.add("Transpose", [(5, 1, 8)], [x])
    made = net.add("MatMul", [(5, 1, 3)], [first, net.add("Const", [(8, 3)])])
    found = result(net, net.add("Transpose", [(1, 5, 3)], [made]))
    assert (found.params, list(found.outputs.values())) == (24, ["5x3"])


def test_a_batch_that_is_open_is_none_of_the_shape():
    net = Xml()
    found = result(net, net.add("Sigmoid", [(-1, 5, 8)], [net.add("Parameter", [(-1, 5, 8)])]))
    assert list(found.outputs.values()) == ["5x8"]


@pytest.mark.parametrize(("low", "high"), [("-inf", "4.6"), ("0.01", "3.4028234663852886e+38")])
def test_a_bound_may_be_infinite(low, high):
    net = Xml()
    found = result(net, net.add("Clamp", [(1, 5, 8)], [net.add("Parameter", [(1, 5, 8)])], min=low, max=high))
    assert list(found.outputs.values()) == ["5x8"]


@pytest.mark.parametrize("bound", ["nan", "many"])
def test_a_bound_that_is_no_number_is_told(bound):
    net = Xml()
    clamp = net.add("Clamp", [(1, 5, 8)], [net.add("Parameter", [(1, 5, 8)])], min="0", max=bound)
    with pytest.raises(CnncalcError, match=f"a bound is a number[\\s\\S]*{bound}"):
        result(net, clamp)


@pytest.mark.parametrize(("given", "made"), [((1, 5, 1), (1, 5, 8)), ((1, 1), (1, 5, 8)), ((1, 4, 1, 3), (1, 4, 7, 3))])
def test_a_tensor_is_broadcast_to_the_declared_shape(given, made):
    net = Xml()
    found = result(net, net.add("Broadcast", [made], [net.add("Parameter", [given])], mode="numpy"))
    assert list(found.outputs.values()) == ["x".join(map(str, made[1:]))]


def test_what_is_computed_of_fewer_numbers_is_no_parameter():
    """As a mask of Swin's windows, of a few numbers that are broadcast."""
    net = Xml()
    x = net.add("Parameter", [(1, 4, 9, 9)])
    wide = net.add("Broadcast", [(1, 4, 9, 9)], [net.add("Const", [(1, 4, 1, 1)])])
    found = result(net, net.add("Add", [(1, 4, 9, 9)], [x, wide]))
    assert (found.params, list(found.outputs.values())) == (0, ["4x9x9"])


def test_a_border_may_be_around_the_last_axis():
    net = Xml()
    found = result(net, net.add("Pad", [(1, 8, 8, 4)], [net.add("Parameter", [(1, 7, 5, 4)])], pad_mode="constant"))
    assert list(found.outputs.values()) == ["8x8x4"]


@pytest.mark.parametrize(("mask", "params"), [((2, 5, 5), 50), ((1, 1, 1, 1), 0)])
def test_what_attention_adds_to_its_scores_counts(mask, params):
    net = Xml()
    queries, keys, values = (net.add("Parameter", [(1, 2, 5, 3)]) for _ in range(3))
    made = net.add("ScaledDotProductAttention", [(1, 2, 5, 3)], [queries, keys, values, net.add("Const", [mask])])
    found = result(net, made)
    assert (found.params, list(found.outputs.values())) == (params, ["2x5x3"])
