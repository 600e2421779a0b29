"""Random networks, and single layers on inputs that may not fit them, held against torch on every figure."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

pytest.importorskip("torch", reason="the torch backend is an extra: pip install 'cnncalc[torch]'")

from agreement import EXCEPTIONS, refusals, unexplained
from held import BYTES_UNKNOWN, channels_blurred, differences, graph_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from layer_texts import MAP_KINDS, MERGES, TWO, VECTOR_KINDS, wild_text
from networks import Network, network

from cnncalc.layers import KINDS

pytestmark = pytest.mark.usefixtures("one_thread")


CASES = sorted((Path(__file__).parent / "cases" / "torch").glob("*.yaml"))
QUICK = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
RANDOMS = st.randoms(use_true_random=False)


def case(path: Path) -> Network:
    """A net that is kept in a file; its first line says how it is run."""
    text = path.read_text(encoding="utf-8")
    said = dict(part.split("=") for part in text.splitlines()[0].removeprefix("# ").split())
    flags = {name: said[name] == "True" for name in ("train", "step", "fields")}
    return Network(text, int(said["batch"]), said["dtype"], refused=(), **flags)


@given(RANDOMS)
@settings(QUICK, max_examples=80)
def test_random_networks(random):
    net = network(random)
    assert differences(net)[1] == [], net.text


@pytest.mark.parametrize("part", range(4))
def test_seeded_networks(part):
    for index in range(80 * part, 80 * part + 80):
        net = network(Random(f"tests/{index}"))
        assert differences(net)[1] == [], net.text


@given(RANDOMS)
@settings(QUICK, max_examples=400)
def test_both_refuse_a_layer_or_neither(random):
    text, shapes = wild_text(random)
    assert unexplained(text, shapes) == ""


@pytest.mark.filterwarnings("ignore:dropout3d. Received a 6-D input")  # it drops whole samples there, and says so
def test_seeded_layers_are_refused_by_both_or_neither():
    random = Random("tests")
    assert [line for _ in range(4_000) if (line := unexplained(*wild_text(random)))] == []


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_differences_that_were_found_stay_away(path):
    assert differences(case(path))[1] == []


REFUSED = {
    "a dilated pool's padding is half its kernel, not half its extent": ("maxpool k3 p2 d2", ((2, 9, 9),)),
    "and so in 3-D": ("maxpool 2 p1x0x2 d3", ((2, 9, 9, 9),)),
    "an average of a volume smaller than its kernel": ("avgpool k3x3x4 s1 p1", ((6, 1, 4, 4),)),
    "a p-norm of such a volume": ("lppool 3 s3 ceil", ((2, 4, 4, 2),)),
    "an instance norm of one pixel": ("instancenorm", ((2, 1, 1),)),
    "a batch norm with four spatial axes": ("batchnorm", ((2, 3, 3, 2, 2),)),
    "output padding as large as stride and dilation": ("deconv 4 k3 s2 output_padding=2", ((2, 5, 5),)),
    "a kernel that hangs over by a whole stride": ("maxpool 3 s2 ceil", ((2, 4, 1),)),
}
TAKEN = {
    "a kernel larger than its input, in ceil mode": ("maxpool 2 ceil", ((5, 5, 1),)),
    "a p-norm likewise": ("lppool k3 s3 ceil", ((2, 2),)),
    "output padding beyond the stride, below the dilation": ("deconv 4 k3 d3 output_padding=2", ((2, 5, 5),)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_both_refuse(name):
    found = refusals(*REFUSED[name])
    assert found.cnncalc, found
    assert found.torch, found


@pytest.mark.parametrize("name", TAKEN)
def test_neither_refuses(name):
    found = refusals(*TAKEN[name])
    assert (found.cnncalc, found.torch) == ("", "")


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        ("maxpool 2x2", ((3, 8),)),
        ("crop 0", ((4,),)),
        ("maxpool k2 p0:2", ((3, 8),)),
        ("crop 4", ((2, 8, 8),)),
        ("instancenorm stats", ((2, 1),)),
        ("linear 6", ((1, 1, 2),)),
        ("add", ((2, 1, 3, 2), (1, 1))),
        ("mean 0", ((4,),)),
    ],
)
def test_every_exception_is_met(text, shapes):
    found = refusals(text, shapes)
    assert bool(found.cnncalc) != bool(found.torch)
    assert [one.reason for one in EXCEPTIONS if one.applies(found.layer, shapes, found)]
    assert unexplained(text, shapes) == ""


def test_exceptions_have_reasons():
    assert all(len(one.reason) > 40 for one in EXCEPTIONS)
    assert all(len(reason) > 40 for reason, _ in BYTES_UNKNOWN)


def test_the_generator_knows_every_kind():
    assert {
        *MAP_KINDS,
        *VECTOR_KINDS,
        *MERGES,
        *TWO,
        "bilinear",
        "maxunpool",
        "deform_conv",
        "modulated_conv",
        "distances",
        "einsum",
    } == set(KINDS)


def test_the_generator_writes_what_it_promises():
    nets = [network(Random(f"promises/{index}")) for index in range(600)]
    graphs = [graph_of(net.text, train=net.train) for net in nets]
    kinds = {layer.kind for graph in graphs for _, _, layer in graph.layers()}
    seldom = {"distances", "fold"}  # tables and columns rarely fit a size that is drawn: kind_cases.py has them
    assert kinds | seldom == set(KINDS)
    assert {len(graph.nodes[0].shape) - 1 for graph in graphs} == {0, 1, 2, 3}
    assert {net.dtype for net in nets} == {"float32", "float64", "bfloat16", "amp-float16", "amp-bfloat16"}
    assert any(len(graph.inputs) > 1 for graph in graphs)
    assert any(len(graph.outputs) > 1 for graph in graphs)
    assert any(node.share is not None for graph in graphs for node in graph.nodes)
    assert any(not node.trainable for graph in graphs for node in graph.nodes)
    texts = "\n".join(net.text for net in nets)
    for word in (
        "repeat:",
        "for:",
        "blocks:",
        "naming:",
        "when:",
        "share:",
        "$(",
        "same_lower",
        "p0:1",
        "aux:",
        "from:",
    ):
        assert word in texts, word
    assert {graph.dialect for graph in graphs} == {"torch", "keras", "caffe", "paddle", "onnx"}


def test_a_network_depends_on_its_seed_alone():
    assert network(Random("a")) == network(Random("a"))
    assert network(Random("a")).text != network(Random("b")).text


def test_what_an_unfold_deals_out_is_blurred_behind_a_select():
    """One row of its columns sees one pixel of each window, and all rows are said to see the window."""
    assert channels_blurred(graph_of("{input: 1x6x4, layers: [unfold k2, select -4 axis=-2]}"))
    assert not channels_blurred(graph_of("{input: 1x6x4, layers: [unfold k2, linear 3 axis=last]}"))
