"""`show --input 3xHxW`: every printed formula gives the number that is printed where a size is given."""

from __future__ import annotations

import csv
import io
import json
from itertools import product

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from test_sizes import evaluated

from cnncalc.analysis.costs import report
from cnncalc.analysis.symbolic.report import symbolic_report
from cnncalc.answers.figures import KEYS, OF_LAYERS
from cnncalc.arithmetic.symbolic.algebra import symbolic, value_at
from cnncalc.arithmetic.symbolic.closed_text import divisors
from cnncalc.arithmetic.symbolic.conditions import every
from cnncalc.cli.main import cnncalc as program
from cnncalc.errors import CnncalcError
from cnncalc.language import load
from cnncalc.language.options import Options

NETS = [
    ("vgg16", 3, [(224, 224), (97, 64), (500, 33)]),
    ("resnet50", 3, [(224, 224), (1, 7), (321, 200)]),
    ("unet", 1, [(512, 512), (16, 160)]),
    ("unet_original", 1, [(572, 572), (188, 204)]),
    ("alexnet", 3, [(224, 224), (63, 100)]),
    ("lenet5", 1, [(28, 28), (12, 17)]),
    ("googlenet", 3, [(224, 224), (15, 111)]),
    ("densenet121", 3, [(224, 224), (30, 61)]),
    ("efficientnet_b0", 3, [(224, 224), (33, 5)]),
    ("inception_v3", 3, [(299, 299), (75, 130)]),
    ("mobilenet_v2", 3, [(224, 224), (50, 1)]),
    ("efficientnet_v2_b0", 3, [(224, 224), (97, 64)]),  # in a dialect that counts buffers among the parameters
]


def run(*arguments):
    return CliRunner().invoke(program, ["show", *map(str, arguments)])


def forms(name, channels, batch=1):
    graph = load(name, Options(input=f"{channels}xHxW", symbols=True))
    return symbolic_report(graph, batch=batch)


@pytest.mark.parametrize(("name", "channels", "sizes"), NETS, ids=[name for name, _, _ in NETS])
def test_every_formula_gives_the_number(name, channels, sizes):
    closed = forms(name, channels, batch=None)
    for height, width in sizes:
        lengths = {"H": height, "W": width, "N": 3}
        counted = report(load(name, Options(input=f"{channels}x{height}x{width}")), batch=3)
        for form, row in zip(closed.rows, counted.rows, strict=True):
            assert form.name == row.name
            assert tuple(value_at(n.value, lengths) for n in form.output_shape) == row.output_shape
            for count in OF_LAYERS:
                assert value_at(getattr(form, count).value, lengths) == getattr(row, count), (row.name, count)
        for count in KEYS:
            assert value_at(closed.totals[count].value, lengths) == getattr(counted.totals, count), count


@pytest.mark.parametrize(("name", "channels", "sizes"), NETS[:6], ids=[name for name, _, _ in NETS[:6]])
def test_every_text_gives_the_number(name, channels, sizes):
    closed = forms(name, channels)
    for height, width in sizes:
        lengths = {"H": height, "W": width}
        for row in closed.rows:
            for form in (*row.output_shape, row.params, row.macs, row.flops):
                assert evaluated(form.text, **lengths) == value_at(form.value, lengths), form.text
        for form in closed.totals.values():
            assert evaluated(form.text, **lengths) == value_at(form.value, lengths), form.text


def test_the_unet_says_sixteen_and_is_a_polynomial():
    text = run("unet", "--input", "1xHxW", "--batch", "N").stdout
    assert "It works where H divisible by 16, W divisible by 16." in text
    assert "733,888·N·H·W" in text
    assert "64xH/2xW/2" in text


def test_parameters_that_depend_on_the_input_are_formulas():
    assert "1,920·⌊(H − 8)/4⌋·⌊(W − 8)/4⌋ + 120" in run("lenet5", "--input", "1xHxW").stdout


def test_json_holds_texts_and_coefficients():
    answer = json.loads(run("vgg16", "--input", "3xHxW", "--format", "json").stdout)
    pool = next(layer for layer in answer["layers"] if layer["name"] == "features.30")
    assert pool["output_shape"] == [1, 512, "⌊H/32⌋", "⌊W/32⌋"]
    assert answer["forms"]["⌊H/32⌋"] == {
        "text": "⌊H/32⌋", "symbol": "H", "a": 1, "b": 0, "c": 32, "times": 1, "plus": 0,
    }  # fmt: skip
    first = answer["layers"][0]["macs"]
    assert first == {"text": "1,728·H·W", "terms": [{"coefficient": 1728, "factors": ["H", "W"]}]}
    assert answer["conditions"]["text"] == "H ≥ 32, W ≥ 32"
    assert answer["totals"]["params"] == 138_357_544


def test_csv_and_markdown():
    lines = list(csv.DictReader(io.StringIO(run("lenet5", "--input", "1xHxH", "--format", "csv").stdout)))
    assert lines[5]["output_shape"] == "16x⌊(H − 8)/4⌋x⌊(H − 8)/4⌋"
    assert (
        "| Parameters | 1,920·⌊(H − 8)/4⌋² + 13,706 |"
        in run("lenet5", "--input", "1xHxH", "--format", "markdown").stdout
    )


def test_one_length_may_be_a_number():
    assert "512x7x⌊W/32⌋" in run("vgg16", "--input", "3x224xW").stdout


WRONG = [
    (["vgg16", "--input", "3xHxW", "--sort", "output_shape"], "formulas are not sorted by `output_shape`"),
    (["vgg16", "--input", "3xHxW", "--style", "keras"], "--style does not go with symbols"),
    (["vgg16", "--input", "3xHxW", "--optimizer", "adm"], "there is no optimizer `adm`"),
    (["vgg16", "--input", "3xHxW", "--columns", "strid"], "there is no column `strid` with symbols"),
    (["vgg16", "--input", "CxHxW"], "channels are a number"),
    (["vgg16", "--input", "3xNxN"], "N is the batch"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_wrong_usage_is_told(arguments, message):
    done = run(*arguments)
    assert done.exit_code == 2
    assert message in done.stderr


def test_other_commands_take_numbers_only():
    done = CliRunner().invoke(program, ["check", "vgg16", "--input", "3xHxW"])
    assert done.exit_code == 2
    assert "lengths are numbers here" in done.stderr


def test_a_net_that_no_size_fits_is_told(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("input: 3x8x8\nlayers:\n  - concat: [[conv 4 k3], [conv 4 k2]]\n")
    with pytest.raises(CnncalcError):
        load(str(file), Options(input="3xHxW", symbols=True))


def test_chain_takes_symbols_too():
    done = CliRunner().invoke(program, ["chain", "3xHxW", "conv 16 k5 s2 p1", "maxpool k3 s1 ceil", "conv 16 k3 p1"])
    assert done.exit_code == 0
    assert "16x⌊(H − 5)/2⌋x⌊(W − 5)/2⌋" in done.stdout
    assert "H ≥ 7, W ≥ 7" in done.stdout


def test_shared_parameters_ask_for_equal_sizes(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("""\
inputs: {a: 3x32x32, b: 3x16x64}
layers:
  - {flatten: , from: a, name: fa}
  - {linear: 10, name: fc, from: fa}
  - {flatten: , from: b, name: fb}
  - {share: fc, from: fb, name: fd}
  - {add: , from: [fc, fd]}
""")
    done = run(file, "--input", "a=3xHxW,b=3xAxB")
    assert "It works where 3·A·B = 3·H·W." in done.stdout


def test_what_has_no_closed_form_is_told(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("input: 3x8x8\nlayers:\n  - {permute: 0x2x1, name: p}\n  - {add: , from: [p, input]}\n")
    done = run(file, "--input", "3xHxW")
    assert done.exit_code == 2
    assert "this layer has no closed form" in done.stderr
    assert run(file, "--input", "3xHxH").exit_code == 0
    file.write_text("input: 3x8x8\nlayers:\n  - {permute: 0x2x1, name: p}\n  - {concat: , from: [p, input]}\n")
    assert "It works where H = W.\n" in run(file, "--input", "3xHxW").stdout  # nothing is repeated: equal sizes only


def test_saved_bytes_that_depend_on_the_residue_are_a_sum_over_the_cases(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("input: 3x8x8\nlayers: [conv 8 k3 s2 same]\n")
    done = run(file, "--input", "3xHxW")
    assert "8x⌈H/2⌉x⌈W/2⌉" in done.stdout
    assert "[…] is 1 where what stands in it holds, else 0." in done.stdout
    closed = symbolic_report(load(str(file), Options(input="3xHxW", symbols=True)))
    for height, width in [(8, 8), (7, 7), (7, 8), (8, 7), (1, 2)]:
        counted = report(load(str(file), Options(input=f"3x{height}x{width}")))
        assert value_at(closed.totals["saved_bytes"].value, {"H": height, "W": width}) == counted.totals.saved_bytes


@pytest.mark.parametrize("name", ["mobilenet_v1", "m5", "s3d", "resnet50_late_stride"])
def test_nets_whose_memory_depends_on_the_case(name):
    channels, *spatial = load(name, Options()).nodes[0].shape
    symbols = {1: "L", 2: "HW", 3: "DHW"}[len(spatial)]
    closed = symbolic_report(load(name, Options(input="x".join([str(channels), *symbols]), symbols=True)))
    for step in (0, 1, 2, 7):
        lengths = dict(zip(symbols, (n + step for n in spatial)))
        counted = report(load(name, Options(input="x".join(map(str, [channels, *lengths.values()])))))
        for count in KEYS:
            assert value_at(closed.totals[count].value, lengths) == getattr(counted.totals, count), (count, lengths)
        for form, row in zip(closed.rows, counted.rows, strict=True):
            assert value_at(form.saved_bytes.value, lengths) == row.saved_bytes, (form.name, lengths)


def test_the_peak_is_a_maximum_of_the_sums_that_are_ever_the_largest():
    text = run("resnet50", "--input", "3xHxW").stdout
    assert "Peak bytes            max(3,072·⌈H/4⌉·⌈W/4⌉, 24,576·⌈H/32⌉·⌈W/32⌉)" in text
    assert "Training bytes (sgd)" in text
    parts = symbolic_report(load("resnet50", Options(input="3xHxW", symbols=True))).totals["peak_bytes"].value.parts
    sizes = [{"H": height, "W": width} for height in (1, 9, 17, 33, 224) for width in (1, 9, 17, 33, 224)]
    for part in parts:  # each is somewhere the only largest
        others = [other for other in parts if other is not part]
        assert any(part.at(size) > max(other.at(size) for other in others) for size in sizes)


def test_training_counts_the_state_of_the_optimizer():
    assert "Training bytes (adam)" in run("lenet5", "--input", "1xHxH", "--optimizer", "adam").stdout
    closed = symbolic_report(load("lenet5", Options(input="1xHxH", symbols=True)), batch=None, optimizer="adam")
    counted = report(load("lenet5", Options(input="1x40x40")), batch=7, optimizer="adam")
    assert value_at(closed.totals["train_bytes"].value, {"H": 40, "N": 7}) == counted.totals.train_bytes


def test_groups_are_folded_and_their_numbers_added_up():
    text = run("vgg16", "--input", "3xHxW", "--depth", 1, "--columns", "name,params,output_shape").stdout
    counted = report(load("vgg16", Options()))
    sums = {}
    for row in counted.rows:
        name = row.name.partition(".")[0]
        sums[name] = sums.get(name, 0) + row.params
    lines = [line.split() for line in text.splitlines()[3 : 3 + len(sums)]]
    assert {name: int(params.replace(",", "")) for name, params, _ in lines} == sums
    assert lines[0][2] == "512x⌊H/32⌋x⌊W/32⌋"


def test_the_usual_columns_and_one_more():
    heads = [
        run("lenet5", "--input", "1xHxW", *more).stdout.splitlines()[2] for more in ((), ("--columns", "usual,flops"))
    ]
    assert heads[1].split() == [*heads[0].split(), "FLOPs"]


def test_rows_are_sorted_by_their_numbers_at_the_declared_size():
    text = run("alexnet", "--input", "3xHxW", "--sort", "macs", "--columns", "name").stdout
    assert "sorted by macs at H = 224, W = 224" in text
    counted = report(load("alexnet", Options()))
    names = [row.name for row in sorted(counted.rows, key=lambda row: -row.macs)]
    assert [line for line in text.splitlines()[3:] if line][: len(names)] == names
    done = CliRunner().invoke(program, ["chain", "3xHxW", "conv 16 k5", "--sort", "macs"])
    assert done.exit_code == 2
    assert "no size is declared to sort at" in done.stderr


# -- conditions that contradict one another --

LENGTHS = st.tuples(st.integers(-2, 2), st.integers(-2, 2), st.integers(-4, 4))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(LENGTHS, st.booleans()), min_size=2, max_size=3))
def test_what_is_said_to_contradict_itself_holds_nowhere(relations):
    """Held by all maps up to 24x24."""
    h, w = symbolic("H"), symbolic("W")
    truths = []
    for (a, b, c), equal in relations:
        total = a * h + b * w + c
        truths.append(total == 0 if equal else total >= 0)
    if every(*truths) is False:
        for x, y in product(range(1, 25), repeat=2):
            found = [(a * x + b * y + c, equal) for (a, b, c), equal in relations]
            assert not all(value == 0 if equal else value >= 0 for value, equal in found)


@pytest.mark.parametrize(
    ("layers", "works"),
    [
        (["{concat: [[crop 1], [permute 0x2x1]]}", "conv 4 k1"], False),
        (["{concat: [[crop 1], [permute 0x2x1]]}"], False),
        (["{concat: [[upsample 2, conv 3 k2], [permute 0x2x1, upsample 2]]}"], False),
        (["{concat: [[], [permute 0x2x1]]}"], True),
    ],
)
def test_crossed_sizes_without_a_solution_are_a_fault(tmp_path, layers, works):
    net = tmp_path / "net.yaml"
    net.write_text(f"input: 3x16x16\nlayers: [{', '.join(layers)}]\n")
    options = Options(input="3xHxW", symbols=True)
    if works:
        assert str(symbolic_report(load(str(net), options)).condition) == "H = W"
        return
    with pytest.raises(CnncalcError, match=r"the layers contradict one another|have different sizes"):
        symbolic_report(load(str(net), options))


@settings(max_examples=60)
@given(st.integers(0, 100_000))
def test_divisors_by_trying_each(number):
    assert divisors(number) == [one for one in range(number, 1, -1) if number % one == 0]


@pytest.mark.parametrize("number", [(10**9) ** 2, 10**30 + 57, 2**64 - 59, 9_973**2 * 3])
def test_divisors_of_vast_numbers(number):
    found = divisors(number)
    assert found[0] == number
    assert found == sorted(set(found), reverse=True)
    assert all(number % one == 0 for one in found)


@pytest.mark.parametrize("layers", [("conv 7 k3 p1", "relu", "maxpool 2"), ("conv 2 k1", "softmax", "maxpool 4 d2")])
def test_thousands_of_millions_of_images_have_formulas(layers):
    plain, vast = (
        CliRunner().invoke(program, ["chain", "2x8xH", *layers, "--batch", batch, "--format", "json"])
        for batch in ("1", "1e9")
    )
    assert (plain.exit_code, vast.exit_code) == (0, 0)
    one, many = (json.loads(done.stdout)["layers"][0]["macs"] for done in (plain, vast))
    assert many["a"] == 10**9 * one["a"] > 0


def test_a_symbolic_batch_alone_sorts_at_one_image():
    told = run("lenet5", "--batch", "N", "--sort", "macs", "--columns", "name,macs", "--format", "csv").stdout
    counts = [int(macs.partition("·")[0].replace(",", "")) for _, macs in list(csv.reader(io.StringIO(told)))[1:]]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == 240_000
