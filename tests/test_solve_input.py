"""`solve input-size`: the sets that are read off the closed form are those that trying every size finds."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from test_sizes import replayed

from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError
from cnncalc.language import chain, load
from cnncalc.language.options import Options
from cnncalc.layers.kinds.activation import ReLU
from cnncalc.layers.kinds.conv import ForwardConvolution
from cnncalc.layers.kinds.resize import Pad
from cnncalc.layers.sliding import Pool
from cnncalc.solve.inputs.sizes import InputWants, solve_input

VGG = """\
name: VGG-16 as the paper has it
input: 3x224x224
layers:
  - for: {width: [64, 128, 256, 512, 512], depth: [2, 2, 3, 3, 3]}
    layers: [{repeat: $depth, layers: [conv $width k3 p1, relu]}, maxpool k2]
  - flatten
  - {repeat: 2, layers: [linear 4096, relu, dropout]}
  - linear 1000
"""


@pytest.fixture
def vgg(tmp_path):
    file = tmp_path / "vgg.yaml"
    file.write_text(VGG)
    return str(file)


def run(*arguments):
    return CliRunner().invoke(program, ["solve", "input-size", *map(str, arguments)])


def texts(net, **wants):
    return [one.text for one in solve_input(str(net), Options(), InputWants(**wants)).sets]


# -- what the issue asks --


def test_the_unet_wants_multiples_of_16():
    assert texts("unet") == ["H divisible by 16", "W divisible by 16"]


def test_the_original_unet_wants_12_more_than_a_multiple_of_16():
    assert texts("unet_original", strict=True) == ["H = 16·m + 12, m ≥ 11", "W = 16·m + 12, m ≥ 11"]


def test_vgg_keeps_its_weights_from_224_to_255(vgg):
    assert texts(vgg, same_weights=True, where=("H == W",)) == ["224 ≤ H ≤ 255"]
    answer = solve_input(vgg, Options(), InputWants(same_weights=True))
    assert answer.boxes[0] == (("H", 224, 255), ("W", 224, 255))
    assert any("4096x25088" in clause.text for clause in answer.clauses)


def test_with_an_adaptive_pool_every_size_that_fits_keeps_the_weights():
    assert texts("vgg16", same_weights=True) == ["H ≥ 32", "W ≥ 32"]


@pytest.mark.parametrize(
    ("layers", "shape", "works"),
    [
        ("{conv: $in_channels k3 p1, when: in_channels == 3}, crop size=3x3", "1xHxW", False),
        ("{conv: $in_channels k3 p1, when: in_channels == 3}, crop size=3x3", "3xHxW", True),
        ("{conv: 4 k3 p1, when: in_channels == 1}, crop size=3x3", "1xHxW", False),
        ("{conv: 3 k3 p1, repeat: $in_channels}", "4xHxW", False),
        ("relu, conv 3 k1", "4xHxW", False),
    ],
)
def test_weights_of_a_net_whose_layers_go_by_its_channels(tmp_path, layers, shape, works):
    (tmp_path / "net.yaml").write_text(f"input: 3x8x8\nlayers: [{layers}]\n")
    answer = solve_input(str(tmp_path / "net.yaml"), Options(input=shape), InputWants(same_weights=True))
    assert bool(answer.sets) == works
    assert bool(answer.proof) != works


def test_resnet_takes_every_size():
    answer = solve_input("resnet50", Options(), InputWants())
    assert [one.text for one in answer.sets] == ["H ≥ 1", "W ≥ 1"]
    assert answer.tensor.endswith("2048x⌈H/32⌉x⌈W/32⌉")
    assert texts("resnet50", output="7x7") == ["193 ≤ H ≤ 224", "193 ≤ W ≤ 224"]
    assert texts("resnet50", output="layer2=28x14") == ["217 ≤ H ≤ 224", "105 ≤ W ≤ 112"]


def test_bounds_and_conditions():
    assert texts("vgg16", low=100, high=200) == ["100 ≤ H ≤ 200", "100 ≤ W ≤ 200"]
    assert texts("unet", where=("H % 48 == 0", "W < 40")) == ["H divisible by 48", "W = 16 or W = 32"]
    boxes = solve_input("vgg16", Options(), InputWants(where=("W == 2 * H",), high=70)).boxes
    assert boxes == ((("H", 32, 32), ("W", 64, 64)), (("H", 33, 33), ("W", 66, 66)), (("H", 34, 34), ("W", 68, 68)),
                     (("H", 35, 35), ("W", 70, 70)))  # fmt: skip


def test_where_there_is_none_it_is_proved_and_the_nearest_are_told():
    done = run("unet", "--output", "7x7")
    assert done.exit_code == 1
    assert "No size works: concat4 asks for W divisible by 2" in done.stdout
    assert "H = 16 at H = 16" in done.stdout


TWO = """\
inputs: {left: 3x64x48, right: 1x32x24}
layers:
  - {conv: 8 k3 s2 p1, from: left, name: a}
  - {conv: 8 k3 p1, from: right, name: b}
  - {KIND: , from: [a, b]}
"""


@pytest.mark.parametrize(("kind", "heights", "widths"), [
    ("concat", {63, 64}, {47, 48}),
    ("add", {1, 2, 63, 64}, {1, 2, 47, 48}),  # one row or column is added to all
])  # fmt: skip
def test_inputs_of_different_sizes_stay_as_they_are_declared(tmp_path, kind, heights, widths):
    file = tmp_path / "net.yaml"
    file.write_text(TWO.replace("KIND", kind))
    answer = solve_input(str(file), Options(), InputWants())
    assert answer.form == "left=3xHxW,right=1x32x24"
    assert "right stays at the declared size" in answer.remarks[0]
    for one, expected in zip(answer.sets, (heights, widths)):
        assert {n for low, high in one.intervals for n in range(low, (high or 0) + 1)} == expected
    for n in range(1, 130):
        options = Options(input=f"left=3x{n}x48,right=1x32x24")
        try:
            load(str(file), options)
        except CnncalcError:
            assert n not in heights
        else:
            assert n in heights


def test_inputs_of_one_size_share_their_letters(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text(TWO.replace("64x48", "32x24").replace("s2 ", "").replace("KIND", "add"))
    answer = solve_input(str(file), Options(), InputWants())
    assert answer.form == "left=3xHxW,right=1xHxW"
    assert [one.text for one in answer.sets] == ["H ≥ 1", "W ≥ 1"]


# -- brute force as the witness --

SIZES = range(1, 61)
LAYERS = [
    "conv 2 k3", "conv 2 k3 p1", "conv 2 k3 s2 p1", "conv 2 k2 s2", "conv 2 k5 s3 p2 d2", "conv 2 k3 s2 same",
    "maxpool k2", "maxpool k3 s2", "maxpool k3 s2 ceil", "avgpool k2 s2 p1", "deconv 2 k2 s2", "deconv 2 k4 s2 p1",
    "upsample 2", "pad 1:0", "pad 0:2", "crop 1", "space_to_depth 2", "relu",
]  # fmt: skip


def dropped(graph, shapes):
    """Whether a layer leaves pixels of its map unseen at the far end that are more than a padding layer's zeros."""
    zeros = []  # of each tensor and axis, which elements are a padding layer's
    for node in graph.nodes:
        layer = node.layer
        if isinstance(layer, Pad):
            taken = zeros[node.inputs[0]]
            borders = layer.borders(shapes[node.inputs[0]])
            zeros.append([[True] * low + axis + [True] * high for axis, (low, high) in zip(taken, borders)])
        elif isinstance(layer, ReLU):
            zeros.append(zeros[node.inputs[0]])
        else:
            zeros.append([[False] * n for n in shapes[len(zeros)][1:]])
        if not isinstance(layer, (ForwardConvolution, Pool)):
            continue
        shape = shapes[node.inputs[0]]
        for window, n, border in zip(layer.windows(shape), shape[1:], zeros[node.inputs[0]]):
            before, after = window.padding(n)
            last = (window.length(n) - 1) * window.stride + window.extent - 1 - before  # the last pixel that is seen
            if window.extent >= window.stride > 1 and after >= 0 and not all(border[last + 1 :]):
                return True
    return False


def expected(graph, size, wants, declared):
    """Whether a square input of this size works and meets the wants, by the rules on plain numbers."""
    shapes = replayed(graph, (graph.nodes[0].shape[0], size, size))
    if shapes is None or (wants.strict and dropped(graph, shapes)):
        return False
    if wants.output is not None and "x".join(map(str, shapes[-1][1:])) != wants.output:
        return False
    if wants.same_weights:
        for node in graph.nodes:
            if node.layer is not None and node.layer.weight_shapes(
                *(shapes[index] for index in node.inputs)
            ) != node.layer.weight_shapes(*(declared[index] for index in node.inputs)):
                return False
    return True


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(LAYERS), min_size=1, max_size=6),
    st.booleans(),
    st.one_of(st.none(), st.integers(1, 12)),
    st.integers(20, 40),
)
def test_random_nets_agree_with_trying_every_size(tmp_path_factory, layers, strict, output, size):
    options = Options()
    try:
        graph = chain(f"3x{size}x{size}", layers, options)
    except CnncalcError:
        return
    file = tmp_path_factory.mktemp("net") / "net.yaml"
    file.write_text(f"input: 3x{size}x{size}\nlayers:\n" + "".join(f"  - {layer}\n" for layer in layers))
    wants = InputWants(output=f"{output}x{output}" if output else None, strict=strict, where=("H == W",))
    answer = solve_input(str(file), options, wants)
    tried = [n for n in SIZES if expected(graph, n, wants, None)]
    assert found_in(answer, SIZES) == tried
    if answer.proof:
        assert not tried


def test_a_border_of_zeros_is_not_dropped(tmp_path):
    """As Keras writes a ResNet: the padding is a layer before the strided convolution."""
    file = tmp_path / "net.yaml"
    wants = InputWants(strict=True, where=("H == W",))
    for border, fits in [("pad 3", SIZES), ("pad 3 mode=reflect", range(5, 61, 2)), ("pad 3:0", range(4, 61, 2))]:
        file.write_text(f"input: 3x64x64\nlayers:\n  - {border}\n  - relu\n  - conv 8 k7 s2\n")
        answer = solve_input(str(file), Options(), wants)
        assert found_in(answer, SIZES) == [n for n in SIZES if n in fits]


def found_in(answer, sizes):
    if answer.proof:
        return []
    (one,) = answer.sets
    if one.period == 1:
        runs = [range(low, (high or sizes[-1]) + 1) for low, high in one.intervals]
        return [n for n in sizes if any(n in run for run in runs)]
    lines = list(csv.DictReader(io.StringIO(drawn(answer))))
    starts = [(int(line["first"]), int(line["step"]), line["last"]) for line in lines]
    return [
        n
        for n in sizes
        if any(n >= first and (n - first) % step == 0 and (not last or n <= int(last)) for first, step, last in starts)
    ]


def drawn(answer):
    from cnncalc.forms import text
    from cnncalc.pages.solving.input_sizes import page

    return text(page(answer), "csv")


@pytest.mark.parametrize(
    ("net", "wants"),
    [
        ("unet", InputWants(where=("H == W",))),
        ("unet_original", InputWants(where=("H == W",), strict=True)),
        ("alexnet", InputWants(where=("H == W",), strict=True)),
        ("lenet5", InputWants(where=("H == W",), same_weights=True)),
        ("densenet121", InputWants(where=("H == W",), strict=True)),
        ("resnet18", InputWants(where=("H == W",), strict=True)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bundled_nets_agree_with_trying_every_size(net, wants):
    graph = load(net, Options())
    declared = [node.shape for node in graph.nodes]
    sizes = range(1, 301)
    assert found_in(solve_input(net, Options(), wants), sizes) == [
        n for n in sizes if expected(graph, n, wants, declared)
    ]


# -- forms and usage --


def test_json_and_csv():
    answer = json.loads(run("unet", "--format", "json").stdout)
    assert answer["solved"] and answer["sets"][0]["period"] == 16
    lines = list(csv.DictReader(io.StringIO(run("unet_original", "--format", "csv").stdout)))
    assert (lines[0]["axis"], lines[0]["first"], lines[0]["last"], lines[0]["step"]) == ("H", "188", "", "16")


WRONG = [
    (["vgg16", "--output", "nope=3x3"], "there is no layer `nope`"),
    (["vgg16", "--output", "7xx"], "expected a size"),
    (["vgg16", "--where", "Q > 3"], "there is no `Q` here"),
    (["vgg16", "--where", "H >"], "--where H >"),
    (["vgg16", "--where", "H * 2"], "a condition is expected"),
    (["vgg16", "--from", "9", "--to", "3"], "--from 9 is larger than --to 3"),
    (["vgg16", "--to", "9999999"], "too large"),
    (["nope"], "there is no file or bundled net"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_wrong_usage_is_told(arguments, message):
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr


def test_a_file_whose_own_size_fails_is_answered(tmp_path):
    """The skip is a row short of the branch at 3x11x11; the sizes that work are those that `load` takes."""
    file = tmp_path / "own.yaml"
    layers = "[conv 4 k3 s2, {add: [[conv 4 k3 s2 p1, upsample 2], []]}]"
    file.write_text(f"input: 3x11x11\nlayers: {layers}\n", encoding="utf-8")
    found = solve_input(str(file), Options(), InputWants()).sets[0].examples
    assert found == tuple(size for size in range(1, 100) if _works(file, size))[: len(found)]
    assert 11 not in found


def _works(file, size):
    try:
        load(str(file), Options(input=f"3x{size}x{size}"))
    except CnncalcError:
        return False
    return True
