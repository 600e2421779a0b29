"""compare: nets side by side, and two of them layer by layer."""

from __future__ import annotations

import csv
import json
from fractions import Fraction

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncalc import Options, chain, compare, load
from cnncalc.analysis.comparison import changes, compared
from cnncalc.analysis.costs import report
from cnncalc.answers.page import WHOLE, Layout
from cnncalc.cli.main import cnncalc
from cnncalc.forms import text
from cnncalc.pages.comparison import page, shortened

FOUR = ("vgg16", "resnet50", "mobilenet_v2", "efficientnet_b0")

# net, depth, weighted layers, last map, receptive field, output stride: as papers and torch give them
KNOWN = [
    ("vgg16", 16, 16, (512, 7, 7), 212, 32),
    ("vgg19", 19, 19, (512, 7, 7), None, 32),
    ("alexnet", 8, 8, (256, 6, 6), 195, 32),
    ("resnet18", 18, 21, (512, 7, 7), 435, 32),
    ("resnet50", 50, 54, (2048, 7, 7), 427, 32),
    ("resnet101", 101, 105, (2048, 7, 7), None, 32),
    ("mobilenet_v1", 28, 28, (1024, 7, 7), 315, 32),
    ("mobilenet_v2", 53, 53, (1280, 7, 7), 491, 32),
    ("densenet121", 121, 121, (1024, 7, 7), None, 32),
    ("unet", 23, 23, (2, 512, 512), None, 1),
    ("lenet5", 5, 5, (16, 5, 5), None, 4),
]


def as_text(nets, room=None):
    return text(page(nets), "plain", WHOLE if room is None else Layout(room))


def of(*nets):
    return [compared(net, load(net, Options())) for net in nets]


def run(*arguments):
    found = CliRunner().invoke(cnncalc, arguments, catch_exceptions=False)
    return found.exit_code, found.output


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known[0])
def test_depth_layers_last_map_and_stride_are_the_published_ones(known):
    net, depth, weighted, last_map, field, stride = known
    (found,) = of(net)
    assert (found.depth, found.report.totals.weighted_layers, found.last_map) == (depth, weighted, last_map)
    assert found.output_stride == (Fraction(stride),) * 2
    if field is not None:
        assert found.receptive_field.size == (field, field)


def test_a_map_that_grows_has_a_stride_below_one():
    found = compared("chain", chain("3x8x8", ["deconv 4 k2 s2", "relu"], Options()))
    assert found.output_stride == (Fraction(1, 2),) * 2
    assert "1/2" in as_text([found])


def test_a_net_of_vectors_has_no_map():
    found = compared("chain", chain("20", ["linear 4", "relu", "linear 2"], Options()))
    assert (found.depth, found.last_map, found.output_stride) == (2, (), ())
    assert "none" in as_text([found])


@pytest.mark.parametrize("room", [40, 60, 80, 100, 160])
def test_it_keeps_to_the_width(room):
    text = as_text(of(*FOUR), room)
    assert max(map(len, text.splitlines())) <= room
    assert all(net in text for net in FOUR)


def test_eighty_columns_hold_four_nets_in_full_and_160_their_ratios():
    nets = of(*FOUR)
    narrow, wide = as_text(nets, 80), as_text(nets, 160)
    assert narrow.count("\n\n") == wide.count("\n\n") == 0
    assert all(number in narrow for number in ("138,357,544", "15,470,264,320", "4,089,184,256", "527.8 MiB"))
    assert "×0.18" not in narrow
    assert "×0.18" in wide


def test_what_does_not_fit_goes_below():
    assert as_text(of(*FOUR), 40).count("\n\n") >= 1


SHORT = {999: "999", 1_000: "1.000 k", 138_357_544: "138.4 M", 25_557_032: "25.56 M", 15_470_264_320: "15.47 G"}


@pytest.mark.parametrize("count", SHORT)
def test_short_numbers(count):
    assert shortened(count) == SHORT[count]


def test_json_and_csv_have_the_numbers():
    found = json.loads(run("compare", *FOUR, "--format", "json")[1])
    assert [net["net"] for net in found["nets"]] == list(FOUR)
    assert [net["depth"] for net in found["nets"]] == [16, 50, 53, 82]
    assert found["nets"][0]["totals"]["params"] == 138_357_544
    assert found["nets"][3]["receptive_field"] is None
    rows = list(csv.DictReader(run("compare", *FOUR, "--format", "csv")[1].splitlines()))
    assert [int(row["macs"]) for row in rows] == [15_470_264_320, 4_089_184_256, 300_774_272, 385_814_752]
    assert run("compare", *FOUR, "--format", "markdown")[1].startswith("|  | vgg16 |")


def test_options_hold_for_all_nets():
    _, text = run("compare", "resnet18", "resnet34", "--input", "3x64x64")
    assert text.count("3x64x64") == 2


# -- layer by layer -------------------------------------------------------------------------------------------------


def test_resnext_differs_from_resnet_inside_its_blocks_only():
    left, right = (report(load(net, Options())) for net in ("resnet50", "resnext50_32x4d"))
    found = changes(left, right)
    names = {change.name for change in found}
    assert names == {change.left.name for change in found} == {change.right.name for change in found}
    inner = ("conv1", "bn1", "relu1", "conv2", "bn2", "relu2", "conv3")
    expected = {row.name for row in left.rows if row.name.count(".") == 2 and row.name.split(".")[2] in inner}
    assert names == expected


def test_a_net_does_not_differ_from_itself():
    code, text = run("compare", "--diff", "resnet50", "resnet50")
    assert code == 0
    assert "no layer changed" in text


def test_added_layers_stand_alone():
    left, right = (report(load(net, Options())) for net in ("vgg16", "vgg16_bn"))
    found = changes(left, right)
    assert [change.left for change in found] == [None] * 13
    assert {change.right.kind for change in found} == {"batchnorm"}


def test_deeper_nets_are_aligned_by_name():
    left, right = (report(load(net, Options())) for net in ("resnet50", "resnet101"))
    found = changes(left, right)
    assert {change.right.name.rsplit(".", 1)[0] for change in found} == {f"layer3.{i}" for i in range(6, 23)}
    assert all(change.left is None for change in found)


def test_blocks_that_change_alike_are_told_once():
    _, text = run("compare", "--diff", "resnet50", "resnext50_32x4d")
    assert "layer3.1–5.conv2" in text
    assert "layer3.2.conv2" not in text
    assert "-   conv 64 k3 p1 nobias " in text
    assert "+   conv 128 k3 p1 g32 nobias " in text
    assert max(map(len, text.splitlines())) <= 80


def test_diff_in_json_and_csv():
    found = json.loads(run("compare", "--diff", "vgg16", "vgg16_bn", "--format", "json")[1])
    assert len(found["changes"]) == 13
    assert all(change["left"] is None for change in found["changes"])
    rows = list(csv.DictReader(run("compare", "--diff", "vgg16", "vgg16_bn", "--format", "csv")[1].splitlines()))
    assert [row["params_left"] for row in rows] == [""] * 13


@pytest.mark.parametrize("nets", [["vgg16"], ["vgg16", "vgg19", "vgg13"]])
def test_diff_takes_two_nets(nets):
    code, text = run("compare", "--diff", *nets)
    assert code == 2
    assert "--diff takes two nets" in text


LAYERS = ("conv 8 k3 p1", "conv 4 k1", "relu", "batchnorm", "dropout", "conv 8 k3 p1 g2")


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.sampled_from(LAYERS), min_size=1, max_size=9), st.lists(st.sampled_from(LAYERS), min_size=1, max_size=9)
)
def test_the_changes_account_for_the_whole_difference(one, other):
    left, right = (report(chain("4x9x9", layers, Options())) for layers in (one, other))
    found = changes(left, right)
    for field in ("params", "macs"):
        removed = sum(getattr(change.left, field) for change in found if change.left)
        added = sum(getattr(change.right, field) for change in found if change.right)
        assert added - removed == getattr(right.totals, field) - getattr(left.totals, field)
    if one == other:
        assert not found


def told_of(*arguments):
    done = CliRunner().invoke(cnncalc, ["compare", *arguments])
    return done.output, done.exit_code


def test_a_convention_stands_beside_the_figures():
    text, _ = told_of("alexnet", "lenet5", "--convention", "thop")
    assert "thop MACs" in text
    assert "714,206,912" in text
    assert "It leaves out biases" in text


def test_a_convention_in_data():
    one = compare("alexnet", "lenet5", convention="fvcore").to_dict()["nets"][0]
    assert (one["convention"]["name"], one["convention"]["total"]) == ("fvcore", 714_197_696)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--convention", "nope"), "there is no convention `nope`"),
        (("--convention", "thop", "--diff"), "--convention does not go with --diff"),
        (("--functions", "a*"), "--functions is for conventions"),
    ],
)
def test_a_convention_that_is_none(options, words):
    text, code = told_of("alexnet", "lenet5", *options)
    assert code == 2
    assert words in text


def test_how_a_layer_is_spelt_is_no_difference(tmp_path):
    """A file of another tool says nothing of `inplace`, and calls what has no parameters as it likes."""
    layers = "[{conv: 8 k3, name: a}, relu inplace, {KIND: K, name: b}, sigmoid, {conv: 4 k1, name: c}]"
    text = f"input: 3x8x8\nlayers: {layers}\n"
    ours = text.replace("KIND: K", "dwconv: k3 p1")
    load(ours).export(tmp_path / "net.prototxt")
    told = text.replace("KIND: K", "conv: 8 k3 p1 g8").replace("sigmoid", "{sigmoid: , name: end}")
    (tmp_path / "net.yaml").write_text(told)
    found = CliRunner().invoke(
        cnncalc, ["compare", "--diff", str(tmp_path / "net.prototxt"), str(tmp_path / "net.yaml")]
    )
    assert "no layer changed, 5 are the same" in found.output
    left, right = (load(one).report().data for one in (ours, told.replace("relu inplace", "relu")))
    assert [change.name for change in changes(left, right)] == ["relu1", "sigmoid1", "end"]
    wider = told.replace("conv: 4 k1", "conv: 5 k1")
    (tmp_path / "net.yaml").write_text(wider)
    found = CliRunner().invoke(
        cnncalc, ["compare", "--diff", str(tmp_path / "net.prototxt"), str(tmp_path / "net.yaml")]
    )
    assert "1 layer changed, 4 are the same" in found.output
