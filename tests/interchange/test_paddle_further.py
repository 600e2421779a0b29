"""What fewer programs of Paddle have, as PaddlePaddle 3.3.1 ran and saved it."""

from __future__ import annotations

import pytest
from paddle_files import Desc, Pir, paddle

from cnncalc.errors import CnncalcError


@pytest.mark.parametrize("weights", [0, 1, 2])
def test_a_batch_norm_without_scale_or_shift_has_only_statistics(weights):
    net = Pir(1, 8, 4, 4)
    held = [net.weight(f"norm.w_{place}", 8) for place in range(2 + weights)]
    out = net.add("batch_norm_", [net.x, *held, *[0] * (2 - weights)], [(1, 8, 4, 4)])
    found = paddle(net.bytes(out), "json")
    assert (found.params, found.buffers) == (8 * weights, 16)


SAME = {"padding_algorithm": "SAME", "paddings": [0, 0], "groups": 1}


def test_what_fits_is_padded_for_a_kernel_without_gaps():
    net = Pir(1, 1, 9, 9)
    w = net.weight("conv2d_0.w_0", 1, 1, 3, 3)
    out = net.add("conv2d", [net.x, w], [(1, 1, 9, 9)], strides=[1, 1], dilations=[2, 2], **SAME)
    [conv] = [layer for _, _, layer in paddle(net.bytes(out), "json").graph.layers()]
    assert (conv.kernel, conv.dilation) == ((3,), (1,))  # Paddle's own run sees 3 neighbouring pixels an axis


@pytest.mark.parametrize(
    ("n", "kernel", "stride", "made"), [(5, 3, 2, 9), (6, 4, 2, 12), (5, 2, 3, 14), (6, 2, 3, 17), (7, 5, 3, 19)]
)
def test_a_transposed_convolution_that_fits_is_as_long_as_paddle_makes_it(n, kernel, stride, made):
    net = Pir(1, 1, n, n)
    w = net.weight("conv2d_transpose_0.w_0", 1, 1, kernel, kernel)
    settings = {"strides": [stride, stride], "dilations": [2, 2], **SAME}
    out = net.add("conv2d_transpose", [net.x, w], [(1, 1, -1, -1)], **settings)
    assert list(paddle(net.bytes(out), "json").outputs.values()) == [f"1x{made}x{made}"]


def test_where_a_pool_found_its_largest_is_an_output_if_it_is_used():
    net = Pir(1, 6, 8, 8)
    settings = {"kernel_size": [2, 2], "strides": [2, 2]}
    pooled, places = net.add("max_pool2d_with_index", [net.x], [(1, 6, 4, 4), (1, 6, 4, 4)], **settings)
    assert len(paddle(net.bytes(pooled), "json").outputs) == 1
    assert list(paddle(net.bytes(pooled, places), "json").outputs.values()) == ["6x4x4", "6x4x4"]


def test_numbers_that_the_program_computes_are_folded():
    net = Pir(1, 8, 4, 4)
    count, one = net.add("numel", [net.x], [()]), net.add("full", [], [(1,)], value=1.0)
    less = net.add(
        "maximum", [net.add("scale", [count, one], [()], bias=-1.0), net.add("full_like", [count, one], [()])], [()]
    )
    out = net.add("divide", [net.x, less], [(1, 8, 4, 4)])
    found = paddle(net.bytes(out), "json")
    assert (found.layers, found.params) == (1, 0)
    assert [layer.number for _, _, layer in found.graph.layers()] == [127]


def test_a_product_by_an_equation_has_its_weight():
    net = Pir(1, 8, 4, 5)
    w = net.weight("w_0", 8, 3)
    both = net.add("combine", [net.x, w], [()])
    out = net.add("einsum", [both], [(1, 3, 4, 5)], equation="bchw,cd->bdhw")
    found = paddle(net.bytes(out), "json")
    assert (found.params, found.macs, list(found.outputs.values())) == (24, 8 * 3 * 20, ["3x4x5"])


def test_constants_beside_a_map_are_no_parameters():
    net = Pir(1, 8, 4, 5)
    steps = net.add("arange", [net.numbers(0), net.numbers(5), net.numbers(1)], [(5,)])
    out = net.add("multiply", [net.x, steps], [(1, 8, 4, 5)])
    found = paddle(net.bytes(out), "json")
    assert (found.params, list(found.outputs.values())) == (0, ["8x4x5"])


def test_loops_are_named():
    net = Pir(1, 8)
    ends = [net.add("full", [], [()], value=float(one)) for one in (0, 5)]
    test = net.add("less_than", ends, [()])
    out = net.add("while", [test], [(1, 8)])
    with pytest.raises(CnncalcError, match=r"(?s)1 layer of this Paddle net is not known.*while"):
        paddle(net.bytes(out), "json")


def test_the_older_form_has_lists_of_reals_and_other_names():
    net = Desc(1, 6, 4, 4)
    wide, taken, found = net.value((1, 6, 8, 8)), net.value((1, 6, 2, 8)), net.value((1, 6, 2, 8))
    net.operator("nearest_interp_v2", {"X": [net.x]}, {"Out": [wide]}, {"scale": [2.0, 2.0], "out_h": -1, "out_w": -1})
    net.operator("top_k_v2", {"X": [wide]}, {"Out": [taken], "Indices": [found]}, {"k": 2, "axis": 2})
    made = paddle(net.bytes(taken, found), "pdmodel")
    assert list(made.outputs.values()) == ["6x2x8", "6x2x8"]
