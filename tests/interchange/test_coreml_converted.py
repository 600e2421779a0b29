"""What coremltools makes of a net of torch in either form of Core ML (9.0, torch 2.13.0), told as the net that it was.

Parameters and statistics are the torch module's, shapes those that the programs state; the files are written here field
by field as coremltools writes them.
"""

from __future__ import annotations

import struct

import pytest
from onnx_files import field
from test_coreml import (
    BOOL,
    FLOAT32,
    INT32,
    STRING,
    coreml,
    entry,
    feature,
    ints,
    kind_of,
    layer,
    network,
    operation,
    packed,
    program,
    value,
    weight,
)

from cnncalc.errors import CnncalcError
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.opening import imported
from cnncalc.interchange.sketch import Asked
from cnncalc.limits import Limits

MAP = (1, 4, 8, 8)


def learned(count: int, half: bool = False) -> bytes:
    """WeightParams of so many numbers of which no two are alike."""
    numbers = [0.125 + 0.25 * place for place in range(count)]
    return field(2 if half else 1, struct.pack(f"<{count}{'e' if half else 'f'}", *numbers))


def all_of(number: float, count: int) -> bytes:
    return field(1, struct.pack(f"<{count}f", *[number] * count))


def conv(stored: bytes, bias: bytes) -> bytes:
    """3x3 on 4 channels to 4."""
    size = field(20, packed(3, 3)) + field(51, b"")
    return field(1, 4) + field(2, 4) + field(10, 1) + size + field(70, 1) + field(90, stored) + field(91, bias)


def norm(gamma: bytes, beta: bytes, *statistics: bytes, own: bool = False) -> bytes:
    parts = field(1, 4) + (field(5, 1) + field(6, 1) if own else b"") + field(15, gamma) + field(16, beta)
    return parts + b"".join(field(17 + place, one) for place, one in enumerate(statistics))


def counted(data: bytes) -> tuple[int, int]:
    found = coreml(data)
    return found.params, found.buffers


def notes(data: bytes) -> tuple[str, ...]:
    return imported(ForeignFile("net.mlmodel", None, Limits(), data), Asked()).notes


# -- a layer that is called twice stands in a NeuralNetwork twice --

ZEROS, ONES = all_of(0.0, 4), all_of(1.0, 4)
TWICE = [
    (100, conv(learned(144), learned(4)), 148, 0),
    (100, conv(learned(144, half=True), learned(4, half=True)), 148, 0),
    (160, norm(learned(4), learned(4), learned(4), learned(4)), 8, 8),
    (130, field(25, field(1, learned(4))), 4, 0),
    (245, field(1, packed(4)) + field(2, learned(4)), 4, 0),
    (100, conv(all_of(0.5, 144), ZEROS), 296, 0),  # of fresh layers nothing says that they are one
    (160, norm(ONES, ZEROS, ZEROS, ONES), 16, 16),
]


@pytest.mark.parametrize(("kind", "settings", "params", "buffers"), TWICE)
def test_a_layer_with_the_same_settings_and_weights_is_the_same_layer(kind, settings, params, buffers):
    rows = [layer("a", "x", "b", kind, settings), layer("c", "b", "y", kind, settings)]
    assert counted(network(*rows, shape=MAP)) == (params, buffers)


def test_layers_that_differ_in_one_number_are_two():
    other = conv(learned(143) + struct.pack("<f", 9.0), learned(4))
    rows = [layer("a", "x", "b", 100, conv(learned(144), learned(4))), layer("c", "b", "y", 100, other)]
    assert counted(network(*rows, shape=MAP)) == (296, 0)


def test_a_tensor_that_stands_twice_is_the_same_tensor():
    held = field(1, packed(4, 1, 1)) + field(2, learned(4))
    rows = [
        layer("g", "", "g", 1070, held), layer("m", "x g", "a", 900, b""), layer("h", "", "h", 1070, held),
        layer("n", "a h", "y", 900, b""),
    ]  # fmt: skip
    assert counted(network(*rows, shape=MAP)) == (4, 0)


# -- norms --

NORMS = [
    (norm(learned(4), learned(4), ZEROS, ONES), 8, 0),  # a factor and a shift behind a group norm
    (norm(learned(4), learned(4), learned(4), learned(4)), 8, 8),
    (norm(ONES, ZEROS, ZEROS, ONES), 8, 8),  # a fresh batch norm
    (norm(ONES, ZEROS, own=True), 0, 0),  # an instance norm without factors
    (norm(learned(4), learned(4), own=True), 8, 0),
]


@pytest.mark.parametrize(("settings", "params", "buffers"), NORMS)
def test_statistics_and_factors_that_the_converter_makes_up_are_none(settings, params, buffers):
    assert counted(network(layer("n", "x", "y", 160, settings), shape=MAP)) == (params, buffers)


def held(name: str, numbers: list[float], *shape: int) -> bytes:
    """A const whose numbers stand in the program."""
    parts = field(1, "const") + field(3, field(1, name) + field(2, kind_of(*shape)))
    return parts + field(5, entry("val", value(numbers, FLOAT32, *shape)))


def batch_norm(*names: str) -> bytes:
    inputs = dict(zip(("gamma", "beta", "mean", "variance"), names))
    return operation("batch_norm", "y", MAP, {"x": "x", **inputs})


@pytest.mark.parametrize(
    ("mean", "variance", "numbers", "buffers"),
    [
        ("add_1_mean_0", "add_1_variance_0", (0.0, 1.0), 0),
        ("add_1_mean_0", "add_1_variance_0", (0.5, 1.0), 8),
        ("n_running_mean", "n_running_var", (0.0, 1.0), 8),
    ],
)
def test_a_program_calls_statistics_of_its_own_so(mean, variance, numbers, buffers):
    consts = [weight("n_weight", 4), weight("n_bias", 4)]
    consts += [held(name, [number] * 4, 4) for name, number in zip((mean, variance), numbers)]
    assert counted(program(*consts, batch_norm("n_weight", "n_bias", mean, variance), shape=MAP)) == (8, buffers)


def test_a_difference_and_a_product_with_inverted_numbers_are_a_batch_norm_without_factors():
    consts = [weight("reshape_0", 1, 4, 1, 1), weight("_inversed_input_y_0_to_fp16", 1, 4, 1, 1)]
    rows = [
        operation("sub", "s", MAP, {"x": "x", "y": "reshape_0"}),
        operation("mul", "y", MAP, {"x": "s", "y": "_inversed_input_y_0_to_fp16"}),
    ]
    assert counted(program(*consts, *rows, shape=MAP)) == (0, 8)
    assert counted(program(consts[1], operation("mul", "y", MAP, {"x": "x", "y": "_inversed_input_y_0_to_fp16"}),
                           shape=MAP)) == (0, 0)  # fmt: skip
    column = field(1, packed(1, 4, 1, 1)) + field(2, learned(4))
    layers = [
        layer("m", "", "m", 1070, column), layer("k", "m", "k", 130, field(5, linear(-1.0))),
        layer("s", "x k", "s", 230, b""), layer("_inversed_y_0", "", "_inversed_y_0", 1070, column),
        layer("_inversed", "s _inversed_y_0", "y", 231, b""),
    ]  # fmt: skip
    assert counted(network(*layers, shape=MAP)) == (0, 8)


def linear(alpha: float) -> bytes:
    """The settings of a linear activation."""
    return bytes([1 << 3 | 5]) + struct.pack("<f", alpha)


def test_a_layer_norm_over_two_of_three_axes_has_their_numbers():
    consts = [weight("n_weight", 8, 8), weight("n_bias", 8, 8)]
    one = operation("layer_norm", "y", MAP, {"x": "x", "gamma": "n_weight", "beta": "n_bias", "axes": ints(2, 3)})
    found = coreml(program(*consts, one, shape=MAP))
    assert (found.params, list(found.outputs.values())) == (128, ["4x8x8"])


def test_a_layer_norm_is_laid_out_as_a_map_in_the_older_form():
    row = field(1, packed(1, 1, 8))
    rows = [
        layer("r", "x", "r", 1140, field(1, packed(1, 5, 1, 8))), layer("m", "r", "m", 165, field(2, 1)),
        layer("s", "m", "s", 245, row + field(2, learned(8)) + field(3, 1) + field(4, packed(1, 1, 8)) +
              field(5, all_of(0.0, 8))),
        layer("b", "s", "y", 1140, field(1, packed(1, 5, 8))),
    ]  # fmt: skip
    found = coreml(network(*rows, shape=(1, 5, 8)))
    assert (found.params, list(found.outputs.values())) == (8, ["5x8"])


# -- biases, slopes, numbers that nobody learned --


def test_zeros_are_no_bias_of_a_matrix_that_was_learned():
    settings = field(1, 8) + field(2, 5) + field(10, 1) + field(20, learned(40))
    data = network(layer("fc", "x", "y", 140, settings + field(21, all_of(0.0, 5))), shape=(1, 3, 8))
    assert counted(data) == (40, 0)
    assert any("5 numbers count as nothing: zeros that the converter writes" in note for note in notes(data))
    assert counted(network(layer("fc", "x", "y", 140, settings + field(21, learned(5))), shape=(1, 3, 8))) == (45, 0)
    row = {"x": "x", "weight": "fc_weight"}
    for name, params in (("linear_0_bias_0_to_fp16", 40), ("fc_bias", 45)):
        rows = [weight("fc_weight", 5, 8), weight(name, 5), operation("linear", "y", (1, 5), {**row, "bias": name})]
        assert counted(program(*rows, shape=(1, 8))) == (params, 0)


@pytest.mark.parametrize(
    ("name", "source", "params"),
    [("var_16_alpha_0", "torch==2.13.0", 1), ("var_16_alpha_0", "tensorflow==2.16", 0), ("var_2", "torch==2.13.0", 0)],
)
def test_a_slope_that_the_converter_names_is_a_prelu_s(name, source, params):
    inputs = feature("x", *MAP)
    rows = [held(name, [0.25]), operation("leaky_relu", "y", MAP, {"x": "x", "alpha": name})]
    block = field(2, "y") + b"".join(field(3, one) for one in rows)
    function = field(1, field(1, "x") + field(2, kind_of(*MAP))) + field(2, "CoreML7")
    body = field(1, 1) + field(2, entry("main", function + field(3, entry("CoreML7", block))))
    said = field(100, field(100, field(1, "com.github.apple.coremltools.source") + field(2, source)))
    data = field(1, 7) + field(2, field(1, inputs) + field(10, field(1, "y")) + said) + field(502, body)
    assert counted(data) == (params, 0)


def test_numbers_by_which_pixels_are_shifted_are_no_parameters():
    rows = [weight("x__biased___y_0_to_fp16", 1, 4, 1, 1),
            operation("add", "y", MAP, {"x": "x", "y": "x__biased___y_0_to_fp16"})]  # fmt: skip
    assert counted(program(*rows, shape=MAP)) == (0, 0)
    rows = [weight("b_to_fp16", 1, 4, 1, 1), operation("add", "y", MAP, {"x": "x", "y": "b_to_fp16"})]
    assert counted(program(*rows, shape=MAP)) == (4, 0)


@pytest.mark.parametrize("packing", ["lut_to_dense", "affine_dequantize", "blockwise_shift_scale", "sparse_to_dense"])
def test_weights_in_few_bits_count_as_the_numbers_that_they_stand_for(packing):
    name = "c_weight_to_fp16_palettized"
    made = field(1, f"constexpr_{packing}") + field(3, field(1, name) + field(2, kind_of(6, 4, 3, 3)))
    one = operation("conv", "y", (1, 6, 6, 6), {"x": "x", "weight": name})
    found = coreml(program(made, one, shape=MAP))
    assert (found.params, [node.name for node in found.graph.nodes][1:]) == (216, ["c"])


# -- tables --


def test_places_of_a_table_are_not_guarded_and_one_matrix_may_be_turned():
    zero, rows = value((0,), INT32), value((20,), INT32)
    table = [
        operation("greater_equal", "g", (1, 7), {"x": "x", "y": zero}),
        operation("add", "a", (1, 7), {"x": "x", "y": rows}),
        operation("select", "s", (1, 7), {"cond": "g", "a": "x", "b": "a"}),
        weight("e_weight_to_fp16", 20, 6),
        operation("gather", "e", (1, 7, 6), {"x": "e_weight_to_fp16", "indices": "s", "axis": zero}),
    ]
    found = coreml(program(*table, shape=(1, 7), outputs=("e",)))
    assert (found.params, found.layers, list(found.outputs.values())) == (120, 1, ["7x6"])
    head = operation("linear", "y", (1, 7, 20), {"x": "e", "weight": "e_weight_to_fp16"})
    found = coreml(program(*table, head, shape=(1, 7)))
    assert (found.params, found.macs, list(found.outputs.values())) == (120, 840, ["7x20"])  # it is one tensor


def test_a_table_of_the_older_form():
    found = coreml(
        network(layer("e", "x", "y", 1040, field(1, 20) + field(2, 6) + field(20, learned(120))), shape=(1, 7, 1))
    )
    assert (found.params, list(found.outputs.values())) == (120, ["7x6"])


# -- recurrent layers: 4 gates of 8 units on 6 features, one vector of biases --

ONE = 4 * 8 * (6 + 8 + 1)


def cell(direction: str, every: bool, shape: tuple[int, ...]) -> bytes:
    both = direction == "bidirectional"
    inputs = {"x": "x", "weight_ih": "w", "weight_hh": "r", "bias": "b", "direction": value(direction, STRING),
              "output_sequence": value((int(every),), BOOL)}  # fmt: skip
    parts = operation("lstm", "y", shape, inputs)
    for name in "hc":
        parts += field(3, field(1, name) + field(2, kind_of(1, 16 if both else 8)))
    return parts


CELLS = [
    ("forward", True, "y", (5, 1, 8), "5x8"), ("reverse", True, "y", (5, 1, 8), "5x8"),
    ("forward", False, "y", (1, 1, 8), "8"), ("forward", True, "h", (5, 1, 8), "8"),
    ("forward", True, "c", (5, 1, 8), "8"), ("bidirectional", True, "y", (5, 1, 16), "5x16"),
    ("bidirectional", True, "h", (5, 1, 16), "16"),
]  # fmt: skip


@pytest.mark.parametrize(("direction", "every", "output", "stated", "made"), CELLS)
def test_recurrent_operations(direction, every, output, stated, made):
    ways = 2 if direction == "bidirectional" else 1
    consts = [weight("w", 32, 6), weight("r", 32, 8), weight("b", 32)]
    found = coreml(program(*consts, cell(direction, every, stated), shape=(5, 1, 6), outputs=(output,)))
    shape = next(iter(found.outputs.values()))
    assert (found.params, shape.removeprefix("1x")) == (ways * ONE, made)
    assert found.macs == ways * 5 * 4 * 8 * (6 + 8)


@pytest.mark.parametrize(("every", "made"), [(1, "5x8"), (0, "8")])
def test_recurrent_layers_of_the_older_form(every, made):
    settings = field(1, 6) + field(2, 8) + field(15, field(10, every) + field(20, 1)) + field(20, field(1, learned(4)))
    rows = [
        layer("w", "x", "w", 1125, field(1, packed(3, 4))), layer("l", "w", "l h c", 420, settings),
        layer("s", "l", "y", 1120, field(1, packed(3, 4))),
    ]  # fmt: skip
    found = coreml(network(*rows, shape=(5, 1, 6)))
    assert (found.params, next(iter(found.outputs.values())).removeprefix("1x")) == (ONE, made)
    both = [rows[0], layer("l", "w", "l h c hb cb", 430, settings), rows[2]]
    found = coreml(network(*both, shape=(5, 1, 6)))
    assert (found.params, next(iter(found.outputs.values())).removeprefix("1x")) == (
        2 * ONE, {"5x8": "5x16", "8": "16"}[made],
    )  # fmt: skip
    plain = field(1, 6) + field(2, 8) + field(15, every) + field(20, 1)
    for kind, gates in ((400, 1), (410, 3)):
        found = coreml(network(rows[0], layer("l", "w", "l h", kind, plain), rows[2], shape=(5, 1, 6)))
        assert (found.params, next(iter(found.outputs.values())).removeprefix("1x")) == (gates * 8 * 15, made)


def test_loops_and_the_older_mapping_of_sequences_are_told():
    with pytest.raises(CnncalcError, match="loops and branches are not read"):
        coreml(network(layer("l", "", "", 615, b""), layer("s", "x", "y", 301, b"")))
    with pytest.raises(CnncalcError, match="no shape says how long a sequence is"):
        coreml(network(layer("l", "x", "y h c", 420, field(1, 6) + field(2, 8)), exact=False, shape=(6,)))
