"""Conventions: every number of the table that the tools themselves made; what cannot be counted."""

from __future__ import annotations

import csv
import json
import re
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from one_layer import one_layer

from cnncalc import CnncalcError, Options, chain, load
from cnncalc.cli.main import cnncalc
from cnncalc.language import load_text
from cnncalc.layers import KINDS
from cnncalc.tools.conventions import NAMES, convention_named
from cnncalc.tools.conventions.base import FREE
from cnncalc.tools.conventions.counting import count
from cnncalc.tools.conventions.difference import difference

DATA = Path(__file__).parent / "data"
TABLE = list(csv.DictReader((DATA / "conventions.csv").read_text(encoding="utf-8").splitlines()))
NUMBERS = [row for row in TABLE if row["count"].isdigit()]


@cache
def graph_of(net):
    own = DATA / "conventions" / f"{net}.yaml"
    return load(str(own) if own.exists() else net, Options())


OUTSIDE = {("vit_b_16", "torchprofile"): 1}
"""What torchvision's code does beside layers: it multiplies height and width of the patches, which the trace holds."""


@pytest.mark.parametrize("row", NUMBERS, ids=lambda row: "-".join((row["net"], row["witness"], row["convention"])))
def test_the_tool_itself_gives_this_number(row):
    counted = count(graph_of(row["net"]), convention_named(row["convention"]), functions=row["functions"].split())
    assert not counted.unknown
    assert counted.total + OUTSIDE.get((row["net"], row["convention"]), 0) == int(row["count"])
    assert counted.convention.unit == row["unit"]
    version = row["tool"].split()[1]
    assert version in counted.convention.tool


@pytest.mark.parametrize("row", [row for row in TABLE if row["witness"] == "published"], ids=lambda row: row["net"])
def test_the_model_card_gives_the_papers_number_rounded(row):
    counted = count(graph_of(row["net"]), convention_named("paper"))
    assert round(counted.total / 10**9, 3) == float(row["count"])


def test_twelve_nets_and_more_are_held_in_every_convention():
    for name in NAMES:
        assert len({row["net"] for row in TABLE if row["convention"] == name and "Error" not in row["count"]}) >= 12


FAILS = {
    ("stretched", "calflops"): ["upsample1"], ("activations", "onnx-tool"): ["selu1"],
    ("norms", "onnx-tool"): ["lrn2", "batchnorm1", "batchnorm2"],
    ("resizing", "onnx-tool"): ["lppool1", "upsample3", "upsample4", "global_maxpool1"],
    ("sequence", "onnx-tool"): ["lppool1"],
}  # fmt: skip
"""Nets that a tool fails on, and the layers that are not counted for it, among them those that it fails on."""


@pytest.mark.parametrize("row", [row for row in TABLE if "Error" in row["count"]], ids=lambda row: row["net"])
def test_where_the_tool_fails_the_layer_is_named_and_the_rest_counted(row):
    counted = count(graph_of(row["net"]), convention_named(row["convention"]))
    assert list(counted.unknown) == FAILS[row["net"], row["convention"]]
    assert counted.total > 0


FIGURES = {"torch": 8178368512, "fvcore": 4111512576, "thop": 4133742592, "ptflops": 4132436968,
           "ptflops-aten": 4089185256, "torchinfo": 4089238376, "paper": 4089184256}  # fmt: skip


@pytest.mark.parametrize("name", FIGURES)
def test_resnet50_as_others_count_it(name):
    assert count(graph_of("resnet50"), convention_named(name)).total == FIGURES[name]


WINDOWED = {"fold", "fractional_maxpool", "glu", "unfold"}
STYLED = {"blur", "modulated_conv"}
UNMEASURED = {
    **{key: {"convlstm", "crossmap_lrn", "local", "maxunpool", "opaque"} | STYLED for key in NAMES},
    "torch": {"convlstm", "crossmap_lrn", "local", "maxunpool", "opaque"},
    "paper": {"opaque"},
    "onnx-tool": {"convlstm", "crossmap_lrn", "opaque"} | STYLED,
    "paddle": STYLED | {"attention", "convlstm", "crossmap_lrn", "deform_conv", "einsum", "embedding", "gru", "local",
                        "lstm", "matmul", "maxunpool", "opaque", "rmsnorm", "rnn"} | WINDOWED,
}  # fmt: skip
"""Kinds that a tool was not measured on: its convention calls them not counted, never 0."""


@pytest.mark.parametrize("name", NAMES)
def test_a_convention_says_what_it_does_with_every_kind(name):
    convention = convention_named(name)
    assert convention.name == name
    places = [set(convention.rules), set(convention.unknown), set(convention.nothing)]
    for place in places:
        assert place <= set(KINDS)
    assert sum(map(len, places)) == len(set().union(*places))
    assert not set(convention.nothing) & set(FREE)
    assert set(KINDS) - set(FREE).union(*places) == UNMEASURED[name]
    assert convention.leaves_out.startswith("It leaves out ")


LAYERS = list(csv.DictReader((DATA / "convention_layers.csv").read_text(encoding="utf-8").splitlines()))
VERSIONS, LAYERS = LAYERS[0], LAYERS[1:]
TOLD = {  # conventions that say "not counted" of a layer that their tool has a number for, and of how many
    "ptflops": 5, "calflops": 2, "onnx-tool": 9,
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in VERSIONS if name != "case"])
def test_the_tool_itself_gives_this_number_for_each_layer(name):
    convention = convention_named(name)
    assert VERSIONS[name].split()[1] in convention.tool
    found = {row["case"]: count(one_layer(row["case"]), convention) for row in LAYERS}
    expected = {row["case"]: row[name] for row in LAYERS}
    assert len(expected) > 170
    differing = {
        case: (counting.total, expected[case])
        for case, counting in found.items()
        if not counting.unknown and str(counting.total) != expected[case]
    }
    assert differing == {}
    assert sum(bool(found[case].unknown) for case, number in expected.items() if number.isdigit()) == TOLD.get(name, 0)


@pytest.mark.parametrize(
    ("name", "layer", "words"),
    [
        ("torchinfo", "conv 6 k3 p1 weight", "parametrised weights taken for nothing"),
        ("torchinfo", "embedding 50 12", "all of the table once an image"),
        ("thop", "linear 5 spectral", "parametrised weights taken for nothing"),
        ("thop", "attention 4", "attention taken for nothing"),
        ("torch", "lstm 16", "LSTMs taken for nothing"),
        ("torch", "attention 4", "products of an attention taken for nothing"),
        ("fvcore", "attention 4", "products of an attention taken for nothing"),
        ("torchscan", "maxpool k3", "one number is not squared"),
        ("torchscan", "dropout", "dropout at inference"),
        ("torchprofile", "deconv 8 k4 s2 p1 g4", "by all groups"),
        ("torchprofile", "gru 16", "it knows the LSTM alone"),
        ("deepspeed", "upsample size=20x21 linear", "one channel of one image"),
        ("ptflops", "lstm 16 projection=5", "projections of an LSTM"),
        ("onnx-tool", "batchnorm", "31 an element"),
        ("onnx-tool", "deconv 8 k4 s2 p1 nobias", "by a group's filters"),
        ("onnx-tool", "lstm 16 bidirectional", "cells of a second direction"),
    ],
)
def test_a_tools_mistake_on_a_layer_is_named(name, layer, words):
    inputs = "16x10" if "attention" in layer else "8x10" if "16" in layer else "12" if "linear" in layer else "4x8x9"
    inputs = "20" if "embedding" in layer else "8x8x9" if "upsample" in layer else inputs
    assert any(words in bug for bug in count(one_layer(f"{inputs} {layer}"), convention_named(name)).bugs)


def test_an_attention_of_windows_is_not_counted_where_no_module_of_torch_has_it():
    for name in ("torch", "fvcore", "thop", "torchscan"):
        counting = count(one_layer("16x8x8 attention 4 w4"), convention_named(name))
        assert list(counting.unknown) == ["attention1"]


@pytest.mark.parametrize(("name", "words"), [("thop", "transposed convolutions over their output"),
                                             ("torchinfo", "transposed convolutions over their output"),
                                             ("calflops", "divided by their groups twice"),
                                             ("ptflops", "modules counted again as functions")])  # fmt: skip
def test_known_mistakes_are_named(name, words):
    bugs = count(graph_of("transposed"), convention_named(name)).bugs
    assert any(words in bug for bug in bugs)


def test_same_padding_taken_for_nothing_is_named():
    assert any("same" in bug for bug in count(graph_of("same"), convention_named("fvcore")).bugs)


def test_a_mistake_that_plays_no_part_is_not_named():
    assert count(graph_of("resnet50"), convention_named("thop")).bugs == {}


def test_the_batch_multiplies_but_where_the_tool_takes_one_image():
    net = graph_of("resnet18")
    for name in NAMES:
        one, three = (count(net, convention_named(name), batch).total for batch in (1, 3))
        roots = 19_200 if name == "torchscan" else 0  # its batch norms take 2 x 4,800 roots a batch, not an image
        assert three == (one if name.startswith("ptflops") else 3 * one - roots)


def test_an_unknown_convention_is_a_fault_with_the_nearest():
    with pytest.raises(CnncalcError, match="did you mean `ptflops`"):
        convention_named("ptflop")


# -- the command line -----------------------------------------------------------------------------------------------


def run(*arguments):
    found = CliRunner().invoke(cnncalc, arguments, catch_exceptions=False)
    return found.exit_code, found.output


def test_show_prints_the_counts_of_the_tool_in_place_of_the_macs():
    code, text = run("show", "lenet5", "--convention", "thop")
    assert code == 0
    assert "thop MACs" in text
    assert re.search(r"^avgpool1 .* 1,176$", text, re.MULTILINE)
    assert re.search(r"^thop +418,096 +MACs$", text, re.MULTILINE)
    assert "It leaves out biases" in text


def test_what_cannot_be_counted_is_a_question_mark_and_the_total_partial():
    net = str(DATA / "conventions" / "stretched.yaml")
    code, text = run("show", net, "--convention", "calflops")
    assert code == 0
    assert re.search(r"^upsample1 .* \?$", text, re.MULTILINE)
    assert "PARTIAL: 1 layer is not counted" in text
    assert "not counted: upsample1: the tool fails where" in text
    found = json.loads(run("show", net, "--convention", "calflops", "--format", "json")[1])
    assert found["convention"]["partial"] is True
    assert list(found["convention"]["not_counted"]) == ["upsample1"]
    assert [layer["counted"] for layer in found["layers"]].count(None) == 1
    assert sum(layer["counted"] or 0 for layer in found["layers"]) == found["convention"]["total"]


@pytest.mark.parametrize("form", ["csv", "markdown", "json"])
def test_every_form_has_the_counts(form):
    code, text = run("show", "resnet18", "--convention", "ptflops", "--format", form)
    assert code == 0
    total = count(graph_of("resnet18"), convention_named("ptflops")).total
    if form == "csv":
        assert sum(int(row["counted"]) for row in csv.DictReader(text.splitlines())) == total
    elif form == "json":
        assert json.loads(text)["convention"]["total"] == total
    else:
        assert f"{total:,}" in text


def test_without_a_convention_nothing_speaks_of_one():
    assert "counted" not in run("show", "lenet5", "--format", "csv")[1].splitlines()[0]
    assert "convention" not in json.loads(run("show", "lenet5", "--format", "json")[1])
    assert run("show", "lenet5", "--columns", "name,counted")[0] == 2


def test_a_sorted_and_folded_table_sums_the_counts():
    code, text = run("show", "resnet50", "--convention", "torchinfo", "--depth", "1", "--sort", "counted")
    assert code == 0
    numbers = [int(line.split()[-1].replace(",", "")) for line in text.split("\n\n")[1].splitlines()[1:]]
    assert sum(numbers) == FIGURES["torchinfo"]
    assert numbers == sorted(numbers, reverse=True)


def test_functions_are_not_seen_by_a_tool_that_watches_modules():
    _, text = run("show", "mobilenet_v1", "--convention", "thop", "--functions", "global_avgpool1", "--format", "json")
    _, all_modules = run("show", "mobilenet_v1", "--convention", "thop", "--format", "json")
    without, whole = (json.loads(one)["convention"]["total"] for one in (text, all_modules))
    assert whole - without == 1024 * (49 + 1)
    assert run("show", "lenet5", "--convention", "thop", "--functions", "nothing*")[0] == 2


@pytest.mark.parametrize(
    ("functions", "words"),
    [
        ("[nothing*]", "no layer is called `nothing*`"),
        ("{relu1: method}", "each a `function` or a `mean`"),
        ("[[relu1]]", "each a `function` or a `mean`"),
    ],
)
def test_a_slip_in_what_a_file_calls_functions_is_told(functions, words):
    text = f"input: 3x8x8\nlayers: [relu, global_avgpool]\nfunctions: {functions}\n"
    with pytest.raises(CnncalcError, match=re.escape(words)):
        load_text(text, "net", Options())


def test_a_mean_is_a_pool_to_no_tool():
    text = "input: 3x8x8\nlayers: [conv 4 k3, global_avgpool]\n"
    hows = ("function", "mean")
    called = {how: load_text(f"{text}functions: {{global_avgpool1: {how}}}\n", "n", Options()) for how in hows}
    plain = load_text(text, "net", Options())
    for name in NAMES:
        as_module, as_function, as_mean = (
            count(net, convention_named(name)).total for net in (plain, called["function"], called["mean"])
        )
        assert as_module >= as_function >= as_mean
    assert count(called["mean"], convention_named("fvcore")).total < count(plain, convention_named("fvcore")).total


def test_chain_counts_as_a_tool_too():
    code, text = run("chain", "3x8x8", "deconv 4 k2 s2", "--convention", "torchinfo")
    assert code == 0
    assert "torchinfo's mistake, 1 layer: transposed convolutions over their output" in text


# -- differences ----------------------------------------------------------------------------------------------------

PIECES = (
    "conv 6 k3 p1",
    "conv 6 k3 same",
    "conv 6 k4 same nobias",
    "conv 6 k3 s2 p1 g3",
    "dwconv k3 p1",
    "deconv 6 k2 s2",
    "deconv 6 k3 s2 p1 g2 output_padding=1",
    "batchnorm",
    "batchnorm affine=false",
    "layernorm",
    "instancenorm",
    "groupnorm 2",
    "lrn",
    "relu",
    "prelu",
    "gelu",
    "silu",
    "hardswish",
    "softmax",
    "maxpool k2",
    "avgpool k2",
    "adaptive_avgpool 5",
    "upsample 2 nearest",
    "upsample 2x3 linear",
    "grn",
    "layerscale",
    "dropout",
    "reduce mean 1 keep",
    "multiply 0.5",
    "leaky_relu",
    "conv 6 k3 p1 weight",
    "permute 0x2x1",
    "dropout",
)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=8),
    st.sampled_from(NAMES),
    st.sampled_from(NAMES),
    st.integers(1, 3),
)
def test_the_terms_add_up_to_the_whole_difference(layers, left, right, batch):
    graph = chain("6x24x26", [*layers, "global_avgpool flat", "linear 3"], Options())
    found = difference(graph, (left, right), batch)
    assert sum(term.amount for term in found.terms) == found.right.total - found.left.total == found.amount
    assert all(not term.amount for term in found.agreed)
    for name, counting in ((left, found.left), (right, found.right)):
        whole = count(graph, convention_named(name), batch)
        missing = sum(whole.layers[layer].total for layer in found.not_counted)
        assert counting.total == whole.total - missing
    if left == right:
        assert not found.terms


def test_explain_says_term_by_term_why_two_tools_differ():
    code, text = run("explain", "resnet50", "--convention", "torchinfo,ptflops")
    assert code == 0
    assert re.search(r"^total +4,089,238,376 +4,132,436,968 +\+43,198,592$", text, re.MULTILINE)
    assert "batch norm (a mistake): torchinfo counts its parameters once an image" in text
    found = json.loads(run("explain", "resnet50", "--convention", "torchinfo,ptflops", "--format", "json")[1])
    assert sum(term["difference"] for term in found["terms"]) == found["difference"] == 43_198_592
    assert (
        "| total | 4,089,238,376 |"
        in run("explain", "resnet50", "--convention", "torchinfo,ptflops", "--format", "markdown")[1]
    )


def test_layers_that_one_tool_cannot_count_are_left_out_on_both_sides():
    net = str(DATA / "conventions" / "stretched.yaml")
    _, text = run("explain", net, "--convention", "calflops,torch")
    assert "PARTIAL" in text
    assert "left out on both sides: upsample1: calflops: the tool fails" in text


@pytest.mark.parametrize("names", ["thop", "thop,fvcore,torch", "thop,nothing"])
def test_explain_needs_two_conventions_that_there_are(names):
    assert run("explain", "lenet5", "--convention", names)[0] == 2
