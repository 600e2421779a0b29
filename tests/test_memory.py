"""Memory: figures that were measured on torch, and small nets counted by hand."""

import json
from itertools import pairwise

import pytest
from click.testing import CliRunner

from cnncalc import CnncalcError, Options, chain, load, report
from cnncalc.analysis.dtypes import with_amp
from cnncalc.analysis.memory.totals import kept_for_backward, peak
from cnncalc.analysis.symbolic.report import symbolic_report
from cnncalc.arithmetic.symbolic.algebra import value_at
from cnncalc.cli.main import cnncalc as program
from cnncalc.solve.figures import Measured
from cnncalc.solve.inputs.batches import solve_batch

# facts measured with torch 2.14.1, batch 1, float32, training mode (the input's 602,112 bytes among them)
MEASURED = {
    "vgg16": 73_355_264, "resnet50": 86_121_984, "mobilenet_v2": 78_345_984,
    # torchvision 0.29.1's own modules: a class token is a view of all tokens, one window needs no copies of its keys
    "vit_b_16": 118_160_680, "swin_t": 106_935_272, "maxvit_t": 307_826_320,
    # Ultralytics 8.4, whose training makes no boxes; the authors' modules, without oneDNN's recurrence
    "yolo11n": 223_269_056, "crnn": 4_856_320,
}  # fmt: skip


@pytest.mark.parametrize(("net", "size"), MEASURED.items())
def test_saved_bytes_as_torch_measures_them(net, size):
    variables = {"decode": "false"} if net == "yolo11n" else {}
    assert report(load(net, Options(variables=variables))).totals.saved_bytes == size


def test_vgg16_activations_are_58_mib_not_93():
    """Input, convolutions, pools and linear outputs, ReLU in place: 15,237,608 numbers; torchvision's file adds its
    7x7 adaptive pool, 25,088 more."""
    rows = report(load("vgg16", Options())).rows
    kinds = {"conv", "maxpool", "linear"}
    values = 3 * 224 * 224 + sum(row.activation_bytes // 4 for row in rows if row.kind in kinds)
    assert values == 15_237_608
    assert report(load("vgg16", Options())).totals.activation_bytes == 4 * (values + 512 * 7 * 7)


def kept(shape, *layers, batch=1):
    return {(graph_name, size) for _, graph_name, size in kept_for_backward(chain(shape, layers, Options()), batch, 4)}


def test_a_relu_keeps_its_output_and_a_convolution_its_input():
    found = kept("2x4x4", "conv 3 k3 p1", "relu", "conv 1 k1")
    assert found == {("input", 2 * 16 * 4), ("relu1", 3 * 16 * 4)}


def test_a_part_keeps_the_whole_and_a_copy_of_one_itself():
    """Half of four channels is seen by a convolution; joined to rows, it is copied, but of one image."""
    assert kept("2x4x4", "conv 4 k1", "slice 2:", "conv 1 k1", batch=3) == {
        ("input", 3 * 128),
        ("conv1", 3 * 4 * 16 * 4),
    }
    rows = "2x4x4", "conv 4 k1", "slice 2:", "linear 1 axis=last"
    assert kept(*rows, batch=3) == {("input", 3 * 128), ("slice1 in one piece", 3 * 2 * 16 * 4)}
    assert kept(*rows) == {("input", 128), ("conv1", 4 * 16 * 4)}
    joined = "2x4x4", "conv 4 k1", "slice :2 axis=1", "flatten", "linear 1"
    assert kept(*joined) == {("input", 128), ("flatten1", 4 * 2 * 4 * 4)}  # between the channels are gaps


def test_the_largest_batch_counts_from_the_second_image_on():
    """Of several images a group norm copies its part: the line through one and two images would be another."""
    graph = chain(
        "2x8x8", ["conv 8 k1", "slice :2", "groupnorm 1", "conv 9 k1", "relu", "conv 9 k1", "relu"], Options()
    )
    needs = [report(graph, batch, "float32", "sgd").totals.train_bytes for batch in range(1, 6)]
    assert len({after - before for before, after in pairwise(needs[1:])}) == 1
    assert needs[1] - needs[0] != needs[2] - needs[1]
    for batch, memory in enumerate(needs, 1):
        assert solve_batch(graph, memory, "float32", "sgd").batch == batch
        assert solve_batch(graph, memory - 1, "float32", "sgd").batch == batch - 1


def test_what_two_layers_keep_counts_once():
    found = kept("2x4x4", "conv 3 k3 p1", "relu", "maxpool k2")
    assert found == {("input", 128), ("relu1", 192), ("indices", 3 * 4 * 8)}


def test_uneven_padding_keeps_the_padded_copy():
    assert kept("1x5x5", "conv 1 k2 same") == {("padded input", 6 * 6 * 4)}


def test_batch_norm_keeps_statistics_once_a_batch():
    found = kept("2x2x2", "conv 2 k1", "batchnorm", batch=3)
    assert found == {("input", 3 * 8 * 4), ("conv1", 3 * 8 * 4), ("mean and 1/σ", 2 * 2 * 4)}


@pytest.mark.parametrize(
    ("shape", "along", "size"),
    [("2x4x3", "1", 96 + 96), ("1x13", "0", 52), ("2x1x2x1", "3", 16), ("1x8x1", "0x1", 32), ("2x1x1x1", "0x1x2", 8)],
)
def test_shared_slopes_are_kept_where_torch_stretches_them(shape, along, size):
    """As measured: not where there is one in all, nor where the axes along which they are shared have length 1."""
    assert report(chain(shape, [f"prelu shared_along={along}"], Options())).totals.saved_bytes == size


def test_frozen_layers_before_the_first_trained_one_keep_nothing():
    graph = chain("2x4x4", ["conv 3 k3 p1", "relu", "conv 4 k1"], Options(freeze=("conv1",)))
    assert [(one.what, one.size) for one in kept_for_backward(graph, 1, 4)] == [("relu1", 192)]
    graph = chain("2x4x4", ["conv 3 k3 p1", "relu", "conv 4 k1"], Options(freeze=("*",)))
    assert [*kept_for_backward(graph, 1, 4)] == []


def test_the_peak_is_the_largest_sum_of_what_is_alive():
    # 2x4x4 = 32, conv 8: 128, relu in place: none, pool: 32, flatten: none, linear: 5
    graph = chain("2x4x4", ["conv 8 k3 p1", "relu inplace", "maxpool k2", "flatten", "linear 5"], Options())
    found = peak(graph, 1, 4)
    assert found.size == 4 * (32 + 128)
    assert [graph.nodes[index].name for index in found.alive] == ["input", "conv1"]


def test_a_shortcut_stays_alive_until_its_sum():
    graph = chain("2x4x4", ["{add: [[conv 8 k3 p1, conv 8 k1, conv 2 k1], []]}"], Options())
    # at the second convolution: the shortcut 32, the first's output 128, its own 128
    assert peak(graph, 1, 4).size == 4 * (32 + 128 + 128)


@pytest.mark.parametrize(
    ("optimizer", "states", "counters"), [("sgd", 0, 0), ("momentum", 1, 0), ("adam", 2, 1), ("adamw", 2, 1)]
)
def test_training_memory_by_optimizer(optimizer, states, counters):
    """Four tensors, each with its counter of 4 bytes, and a batch norm's of 8."""
    graph = chain("2x4x4", ["conv 3 k3 p1", "batchnorm"], Options())
    totals = report(graph, optimizer=optimizer).totals
    params, buffers = 3 * 2 * 9 + 3 + 6, 6
    assert totals.optimizer_bytes == 4 * params * states + 4 * 4 * counters
    assert totals.buffer_bytes == 4 * buffers + 8
    assert totals.train_bytes == 8 * params + totals.buffer_bytes + totals.optimizer_bytes + totals.saved_bytes


def test_an_unknown_optimizer_offers_near_ones():
    with pytest.raises(CnncalcError, match="did you mean `adam`"):
        report(load("lenet5", Options()), optimizer="adamm")


def test_sizes_follow_the_type_and_the_batch():
    single, eight = (report(load("lenet5", Options()), batch, "float16").totals for batch in (1, 8))
    assert eight.activation_bytes == 8 * single.activation_bytes
    assert single.weight_bytes == 2 * 61_706


# -- automatic mixed precision, counted by hand; tests/test_amp.py holds it to torch --


def mixed(shape, *layers, batch=1):
    graph = chain(shape, layers, Options())
    return [(one.what, one.size) for one in kept_for_backward(graph, batch, 4, 2)]


def test_mixed_precision_keeps_half_copies_of_inputs_and_weights():
    image, weight, plane = 3 * 2 * 16, 2 * (3 * 2 * 9), 3 * 3 * 16
    expected = [("input in half precision", 2 * image), ("weight in half precision", weight), ("relu1", 2 * plane)]
    assert mixed("2x4x4", "conv 3 k3 p1", "relu", batch=3) == expected


def test_layers_that_stay_in_float32_copy_what_is_not():
    statistics = 2 * 4 * 16  # a mean and a deviation a position
    found = mixed("2x4x4", "conv 3 k1", "layernorm", "linear 5 axis=last")
    assert found[2:] == [
        ("conv1 in float32", 4 * 3 * 16),
        ("mean and 1/σ", statistics),
        ("layernorm1 in half precision", 2 * 3 * 16),
        ("weight in half precision", 2 * 4 * 5),
    ]


def test_a_dropout_mask_is_a_byte_a_number_under_mixed_precision():
    assert mixed("8", "linear 6", "dropout")[-1] == ("mask", 6)


def test_training_memory_under_mixed_precision():
    """Parameters, gradients and state in float32; what is saved in the types that it has."""
    graph = chain("2x4x4", ["conv 3 k3 p1", "batchnorm", "relu"], Options())
    totals = report(graph, 2, "amp-bfloat16", "adam").totals
    params, buffers = 3 * 2 * 9 + 3 + 6, 6
    saved = 2 * (2 * 2 * 16) + 2 * (3 * 2 * 9) + 2 * (2 * 3 * 16) + 4 * 6 + 2 * (2 * 3 * 16)
    assert totals.saved_bytes == saved
    assert totals.train_bytes == 4 * (params * 4 + buffers) + 8 + 4 * 4 + saved
    assert totals.weight_bytes == 4 * params
    assert totals.activation_bytes == 4 * (2 * 2 * 16) + 3 * 2 * (2 * 3 * 16)
    assert totals.peak_bytes == 4 * (2 * 2 * 16) + 2 * (2 * 3 * 16)


def test_small_nets_gain_little_where_weights_are_most():
    """VGG-16's weights are kept once more, in half precision: on small batches that outweighs the activations."""
    plain, mixed_ = (
        report(load("vgg16", Options()), 8, dtype).totals.saved_bytes for dtype in ("float32", "amp-float16")
    )
    assert mixed_ > plain


@pytest.mark.parametrize(("net", "size"), [("resnet18", (97, 64)), ("unet", (192, 160)), ("convnext_tiny", (64, 96))])
def test_closed_forms_under_mixed_precision_are_the_numbers(net, size):
    lengths = {"H": size[0], "W": size[1], "N": 3}
    closed = symbolic_report(load(net, Options(input="3xHxW", symbols=True)), batch=None, dtype="amp-float16").totals
    counted = report(load(net, Options(input=f"3x{size[0]}x{size[1]}")), 3, "amp-float16").totals
    for figure in ("activation_bytes", "saved_bytes", "weight_bytes", "peak_bytes", "train_bytes"):
        assert value_at(closed[figure].value, lengths) == getattr(counted, figure), figure


@pytest.mark.parametrize("figure", ["activation_bytes", "saved_bytes", "peak_bytes", "train_bytes"])
def test_figures_that_are_wanted_of_a_net_in_mixed_precision(figure):
    graph = load("unet", Options(input="3x64x64"))
    whole = report(graph, 2, "amp-bfloat16").totals
    assert Measured(graph, 2, "amp-bfloat16").figure(figure) == getattr(whole, figure)


def run(*arguments):
    return CliRunner().invoke(program, list(arguments))


def test_json_names_the_mixed_precision_only_where_it_is_asked_for():
    plain, mixed_ = (run("show", "lenet5", *more, "--format", "json") for more in ([], ["--amp", "bfloat16"]))
    assert "amp" not in json.loads(plain.stdout)
    found = json.loads(mixed_.stdout)
    assert found["amp"] == "bfloat16"
    assert found["totals"]["weight_bytes"] == 4 * 61_706
    assert found["totals"]["saved_bytes"] == sum(layer["saved_bytes"] for layer in found["layers"])


@pytest.mark.parametrize(
    "arguments",
    [
        ("chain", "3x32x32", "conv 8 k3", "upsample 2"),
        ("show", "lenet5", "--input", "1xHxW"),
        ("chain", "3x32x32", "conv 8 k3", "--explain"),
        ("explain", "lenet5"),
        ("compare", "lenet5", "m5"),
        ("sweep", "lenet5", "--input", "1x{28:32:4}", "--figures", "saved_bytes,activation_bytes,train_bytes"),
        ("solve", "variable", "mobilenet_v2", "width", "--want", "saved_bytes <= 30MiB", "--to", "0.2"),
        ("solve", "batch-size", "lenet5", "--memory", "1GiB", "--optimizer", "adam"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_commands_that_count_memory_take_mixed_precision(arguments):
    plain, other = run(*arguments), run(*arguments, "--amp", "float16")
    assert (plain.exit_code, other.exit_code) == (0, 0), other.stderr
    assert other.stdout != plain.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "lenet5", "--amp", "bfloat16", "--style", "keras"), "--amp does not go with --style keras"),
        (("show", "lenet5", "--amp", "bfloat16", "--dtype", "int8"), "the parameters are float32, not int8"),
        (("show", "lenet5", "--amp", "bf17"), "is not one of `float16`, `bfloat16`"),
        (("solve", "batch-size", "lenet5", "--memory", "1GiB", "--amp", "float16"), "inference is not known"),
    ],
)
def test_what_mixed_precision_does_not_go_with(arguments, said):
    done = run(*arguments)
    assert done.exit_code == 2
    assert said in done.stderr


def test_the_largest_batch_in_mixed_precision_fits_and_one_more_does_not():
    done = run("solve", "batch-size", "resnet50", "--memory", "24GiB", "--optimizer", "adam", "--amp", "bfloat16")
    batch = int(done.stdout.partition("The largest batch is ")[2].partition(".")[0].replace(",", ""))
    graph = load("resnet50", Options())
    fits, more = (report(graph, one, "amp-bfloat16", "adam").totals.train_bytes for one in (batch, batch + 1))
    assert fits <= 24 << 30 < more


@pytest.mark.parametrize(("amp", "dtype"), [("float32", "float32"), ("float16", "float16"), ("bfloat16", "int8")])
def test_what_is_no_mixed_precision(amp, dtype):
    with pytest.raises(CnncalcError, match="--amp"):
        with_amp(amp, dtype)


def test_a_type_that_is_none():
    with pytest.raises(CnncalcError, match="there is no type `amp-int8`"):
        report(load("lenet5", Options()), 1, "amp-int8")
