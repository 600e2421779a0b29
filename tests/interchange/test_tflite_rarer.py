"""TensorFlow Lite's rarer operators: shapes are ai-edge-litert 2.3.0's, numbers those of the tensors it takes."""

from __future__ import annotations

import struct

import pytest
from flat_tables import Byte
from lite_files import Lite, lite, window

from cnncalc.errors import CnncalcError


def answers(net, *outputs, inputs=None):
    found = lite(net.bytes(*outputs, inputs=inputs))
    return list(found.outputs.values()), found.params


SLICES = [
    # begins, ends, steps; masks of open begins, open ends, ellipsis, new and vanishing axes; what comes out there, here
    ((0, -1, 0, 0), (1, -10, 8, 6), (1, -1, 1, 1), (0, 0, 0, 0, 0), (1, 9, 8, 6), "6x9x8"),
    ((0, 0, 0, 0), (1, 0, 0, 0), (1, -1, -2, 1), (15, 15, 0, 0, 0), (1, 9, 4, 6), "6x9x4"),
    ((0, 0, 0, 0, 0), (1, 9, 0, 8, 6), (1, 1, 1, 1, 1), (0, 0, 0, 4, 0), (1, 9, 1, 8, 6), "6x9x1x8"),
    ((0, 1), (0, 4), (1, 1), (0, 0, 1, 0, 0), (1, 9, 8, 3), "3x9x8"),
    ((0, 0), (0, 0), (1, 1), (0, 0, 1, 2, 0), (1, 9, 8, 6, 1), "1x9x8x6"),
    ((0, -2, 0, 0), (1, -1, 8, 6), (1, 1, 1, 1), (0, 0, 0, 0, 2), (1, 8, 6), "6x8"),
    ((0, 1, 0, -3), (0, -1, 0, 6), (1, 2, 1, 1), (5, 5, 0, 0, 0), (1, 4, 8, 3), "3x4x8"),
]


@pytest.mark.parametrize(("begins", "ends", "steps", "masks", "stated", "output"), SLICES)
def test_slices_by_all_their_masks(begins, ends, steps, masks, stated, output):
    net = Lite(1, 9, 8, 6)
    bounds = [net.whole(*numbers) for numbers in (begins, ends, steps)]
    out = net.add("STRIDED_SLICE", [net.x, *bounds], [stated], dict(enumerate(masks)))
    assert answers(net, out) == ([output], 0)


def test_slices_that_leave_nothing_or_name_too_many_axes_are_told():
    for begins, ends, told in (((0, 5), (1, 5), "nothing is left"), ((0,) * 5, (1,) * 5, "more axes than there are")):
        net = Lite(1, 9, 8, 6)
        steps = net.whole(*[1] * len(begins))
        out = net.add("STRIDED_SLICE", [net.x, net.whole(*begins), net.whole(*ends), steps], [(1, 9, 8, 6)], {})
        with pytest.raises(CnncalcError, match=told):
            lite(net.bytes(out))


def test_slices_of_axes_that_are_very_long_are_not_walked():
    net = Lite(1, 2**31 - 1, 2, 2)
    bounds = [net.whole(*one) for one in ((0, 0, 0, 0), (1, 2**31 - 2, 2, 2), (1, 1, 1, 1))]
    out = net.add("STRIDED_SLICE", [net.x, *bounds], [(1, 2**31 - 2, 2, 2)], {})
    assert answers(net, out) == ([f"2x{2**31 - 2}x2"], 0)


def test_bounds_that_are_no_numbers_are_told():
    net = Lite(1, 4, 4, 2)
    broken = net.tensor((4,), 0, struct.pack("<4f", float("nan"), 0, float("inf"), 0))
    out = net.add("SLICE", [net.x, broken, net.whole(1, 4, 4, 2)], [(1, 4, 4, 2)], {})
    with pytest.raises(CnncalcError, match="the numbers of what it takes in place 2 are not known"):
        lite(net.bytes(out))


def cell(net, units, features, *, count=4, bias=True):
    """The weights of a cell's gates, of its states, three peepholes that are not there, and its biases."""
    own = [net.weight(units, features) for _ in range(count)] + [net.weight(units, units) for _ in range(count)]
    return own + [-1] * 3 * (count == 4) + [net.weight(units) if bias else -1 for _ in range(count)]


def test_cells_over_sequences_in_one_direction_and_both():
    numbers = 6 * (5 + 6 + 1)
    for kind, shape, made, settings in (
        ("RNN", (1, 5), (1, 6), {0: Byte(4)}),
        ("UNIDIRECTIONAL_SEQUENCE_RNN", (1, 7, 5), (1, 7, 6), {1: Byte(4)}),
        ("UNIDIRECTIONAL_SEQUENCE_RNN", (7, 1, 5), (7, 1, 6), {0: Byte(1), 1: Byte(1)}),
    ):
        net = Lite(*shape)
        out = net.add(kind, [net.x, *cell(net, 6, 5, count=1), net.tensor((1, 6))], [made], settings)
        outputs, params = answers(net, out)
        assert params == numbers
        assert outputs == {(1, 6): ["6"], (1, 7, 6): ["6x7"], (7, 1, 6): ["6x7x1"]}[made]
    net = Lite(1, 7, 5)
    first, second = ([*cell(net, 6, 5, count=1), net.tensor((1, 6))] for _ in range(2))
    out = net.add("BIDIRECTIONAL_SEQUENCE_RNN", [net.x, *first, *second], [(1, 7, 12)], {1: Byte(4), 2: Byte(1)})
    assert answers(net, out) == (["12x7"], 2 * numbers)


@pytest.mark.parametrize("merged", [True, False])
def test_an_lstm_in_both_directions(merged):
    net = Lite(1, 7, 5)
    cells = [*cell(net, 6, 5), -1, -1, *cell(net, 6, 5), -1, -1]
    settings = {0: Byte(4), 3: Byte(merged), 4: Byte(0)}
    shapes = [(1, 7, 12)] if merged else [(1, 7, 6)] * 2
    states = [net.tensor((1, 6)) for _ in range(4)]
    out = net.add("BIDIRECTIONAL_SEQUENCE_LSTM", [net.x, *cells, *states, *[-1] * 9], shapes, settings)
    outputs, params = answers(net, *([out] if merged else out))
    assert (outputs, params) == (["12x7"] if merged else ["6x7"] * 2, 2 * 4 * 6 * (5 + 6 + 1))


def test_one_step_of_an_lstm_whose_gates_are_one_matrix_and_a_sequence_that_stands_first():
    net = Lite(1, 5)
    taken = [net.x, net.tensor((1, 6)), net.weight(24, 11), net.weight(24), net.tensor((1, 6))]
    out = net.add("LSTM", taken, [(1, 6), (1, 6), (1, 11), (1, 24)], {0: Byte(4), 3: Byte(1)})
    assert answers(net, out[0]) == (["6"], 24 * 11 + 24)
    net = Lite(7, 1, 5)
    states = [-1, -1, net.tensor((1, 6)), net.tensor((1, 6))]
    out = net.add(
        "UNIDIRECTIONAL_SEQUENCE_LSTM", [net.x, *cell(net, 6, 5), *states], [(7, 1, 6)], {0: Byte(4), 3: Byte(1)}
    )
    assert answers(net, out) == (["6x7x1"], 4 * 6 * (5 + 6 + 1))


@pytest.mark.parametrize("shape", [(5,), (1, 7, 5, 2)])
def test_a_cell_takes_a_sequence(shape):
    net = Lite(*shape)
    taken = [net.x, *cell(net, 6, 5, count=1), net.tensor((1, 6))]
    out = net.add("UNIDIRECTIONAL_SEQUENCE_RNN", taken, [(1, 7, 6)], {0: Byte(1)})
    with pytest.raises(CnncalcError, match="it takes a sequence, or one step"):
        lite(net.bytes(out))


def test_an_svdf_of_rank_two():
    net = Lite(1, 10)
    taken = [net.x, net.weight(16, 10), net.weight(16, 5), net.weight(8), net.tensor((1, 80))]
    out = net.add("SVDF", taken, [(1, 8)], {0: 2, 1: Byte(1)})
    assert answers(net, out) == (["8"], 16 * 10 + 16 * 5 + 8)


PRODUCTS = [
    # of another input, or of the file; the shape there, here; multiply-accumulates
    ((1, 3, 5, 4), (1, 1, 4, 6), False, (1, 3, 5, 6), "6x3x5", 3 * 5 * 4 * 6),
    ((1, 3, 5, 4), (4, 6), False, (1, 3, 5, 6), "6x3x5", 3 * 5 * 4 * 6),
    ((1, 2, 5, 4), (1, 2, 4, 6), True, (1, 2, 5, 6), "6x2x5", 2 * 5 * 4 * 6),
    ((5, 4), (4, 6), False, (5, 6), "6x5", 5 * 4 * 6),
]


@pytest.mark.parametrize(("first", "second", "held", "stated", "output", "macs"), PRODUCTS)
def test_products_of_stacks_that_are_not_alike(first, second, held, stated, output, macs):
    net = Lite(*first)
    other = net.weight(*second) if held else net.tensor(second, name="other")
    out = net.add("BATCH_MATMUL", [net.x, other], [stated], {})
    found = lite(net.bytes(out, inputs=[net.x] if held else [net.x, other]))
    assert (list(found.outputs.values()), found.macs) == ([output], macs)
    assert found.params == (48 if held else 0)


def test_a_product_of_one_tensor_is_told():
    net = Lite(1, 5, 4)
    with pytest.raises(CnncalcError, match="what it takes in place 2 depends on the input"):
        lite(net.bytes(net.add("BATCH_MATMUL", [net.x], [(1, 5, 4)], {})))


def test_a_dense_layer_of_a_computed_matrix_and_one_that_folds_its_rows():
    net = Lite(1, 6, 4)
    matrix = net.tensor((5, 4), name="matrix")
    out = net.add("FULLY_CONNECTED", [net.x, matrix, net.weight(5)], [(1, 6, 5)], {2: Byte(1)})
    found = lite(net.bytes(out, inputs=[net.x, matrix]))
    assert (list(found.outputs.values()), found.params, found.macs) == (["5x6"], 5, 6 * 4 * 5)
    net = Lite(1, 6, 4)
    out = net.add("FULLY_CONNECTED", [net.x, net.weight(5, 8), net.weight(5)], [(3, 5)], {})
    assert answers(net, out) == (["5x3"], 45)


def test_a_convolution_by_filters_that_come_in_is_one_of_which_the_shape_is_known():
    net = Lite(1, 9, 8, 3)
    filters = net.tensor((4, 3, 3, 3), name="filters")
    out = net.add("CONV_2D", [net.x, filters, net.weight(4)], [(1, 9, 8, 4)], window(same=True, stride=(1, 1)))
    found = lite(net.bytes(out, inputs=[net.x, filters]))
    assert (list(found.outputs.values()), found.macs) == (["4x9x8"], 0)


def test_a_transposed_convolution_of_volumes():
    net = Lite(1, 5, 9, 8, 3)
    shape = net.whole(1, 10, 18, 16, 4)
    taken = [shape, net.weight(3, 3, 3, 4, 3), net.x, net.weight(4)]
    out = net.add("CONV_3D_TRANSPOSE", taken, [(1, 10, 18, 16, 4)], {0: Byte(0), 1: 2, 2: 2, 3: 2})
    assert answers(net, out) == (["4x10x18x16"], 324 + 4)


def test_what_else_was_not_read():
    net = Lite(1, 9, 8, 3)
    pool = net.add("L2_POOL_2D", [net.x], [(1, 3, 3, 3)], window(same=False, stride=(3, 2), first={3: 3, 4: 2}))
    alone = net.add("PACK", [pool], [(1, 3, 1, 3, 3)], {0: 1, 1: 2})
    twice = net.add("TILE", [pool, net.whole(2, 1, 1, 1)], [(2, 3, 3, 3)], {})
    bordered = net.add("L2_POOL_2D", [net.x], [(1, 3, 4, 3)], window(same=True, stride=(3, 2), first={3: 3, 4: 2}))
    assert answers(net, alone, twice, bordered) == (["3x3x1x3", "3x2x3x3", "3x3x4"], 0)


def test_the_largest_numbers_and_their_places_are_two_outputs():
    net = Lite(1, 9)
    out = net.add("TOPK_V2", [net.x, net.whole(4, shape=())], [(1, 4), (1, 4)], {})
    assert answers(net, *out) == (["4", "4"], 0)
