"""The search over unknowns against building every candidate whole, with its numbers written into the text."""

from __future__ import annotations

import re
from contextlib import suppress
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cnncalc.analysis.costs import report
from cnncalc.errors import CnncalcError
from cnncalc.language import load
from cnncalc.language.builder import Builder
from cnncalc.language.document import Document
from cnncalc.language.faults import Faults
from cnncalc.language.limits import Limits
from cnncalc.language.options import Options
from cnncalc.language.reader import read
from cnncalc.language.unknowns import UnknownFile
from cnncalc.render.searches import draw_file
from cnncalc.solve import searching
from cnncalc.solve.figures import Measured, Want, miss
from cnncalc.solve.files import Goal, solve_file
from cnncalc.solve.growing import Growth
from cnncalc.solve.pieces import pieces
from cnncalc.solve.searching import Search

UNKNOWN = re.compile(r"\"?\?(\d+)\.\.(\d+)\"?")
FIGURES = ("params", "macs", "flops", "weight_bytes", "buffers", "layers", "saved_bytes", "peak_bytes", "trainable",
           "receptive_field", "output", "activation_bytes", "weighted_layers")  # fmt: skip


def nets(text):
    """Every assignment of a text with the net that it makes, or None."""
    ranges = [range(int(low), int(high) + 1) for low, high in UNKNOWN.findall(text)]
    for values in product(*ranges):
        written = text
        for value in values:
            written = UNKNOWN.sub(str(value), written, count=1)
        faults = Faults()
        try:
            root = read(written, "net")
            yield values, Builder(Document.of(root, "net", Limits(), faults), Options(), faults).build()
        except CnncalcError:
            yield values, None


def witnessed(text, wants):
    found = {}
    for values, graph in nets(text):
        measured = graph and Measured(graph, 1, "float32")
        if measured and measured.meets_all(wants):
            found[values] = {name: measured.figure(name) for name in dict.fromkeys(want.figure for want in wants)}
    return found


def answer_of(text, wants, folder, goal=None):
    file = folder / "net.yaml"
    file.write_text(text)
    return solve_file(str(file), Options(), "float32", wants, goal)


UNKNOWNS = st.sampled_from(["?1..2", "?2..4", "?1..3", "2", "3"])
LAYERS = [
    "conv {0} k{1} p1",
    "conv 4 k{0} s{1}",
    "conv {0} k3 s2 p{1}",
    "relu",
    "batchnorm",
    "maxpool {0} s{1}",
    "unit",
    "wide {0}",
    "conv $(in_channels * 2) k1",
    '{{conv: {{out: "{0}", kernel: "{1}"}}, name: a}}',
    "{{concat: , from: [a, previous]}}",
    "{{add: [[conv 4 k3 p1], [conv {0} k1]]}}",
    "{{layers: [relu, conv {0} k{1}]}}",
    "{{layers: [conv {0} k1, relu], name: head}}",
    "{{share: head}}",
    '{{conv: 3 k{0}, repeat: "{1}"}}',
    "[relu, conv {0} k1]",
    "{{conv: 4 k{0}, when: in_channels > 2}}",
    "conv 4 k3 p1 g{0}",
    "{{conv: 4 k1, share: a}}",
]
BLOCKS = "blocks:\n  unit: [conv 4 k?1..2, relu]\n  wide: {with: {w: 1}, layers: [conv $w k?1..2 p1]}\n"


@st.composite
def texts(draw):
    layers = [
        draw(st.sampled_from(LAYERS)).format(draw(UNKNOWNS), draw(UNKNOWNS)) for _ in range(draw(st.integers(1, 6)))
    ]
    lines = "".join(f"  - {layer}\n" for layer in layers)
    blocks = BLOCKS if any(layer.split()[0] in ("unit", "wide") for layer in layers) else ""
    text = f"input: 2x9x9\nlayers:\n{lines}{blocks}"
    size = 1
    for low, high in UNKNOWN.findall(text):
        size *= int(high) - int(low) + 1
    return (
        text
        if 1 < size <= 40
        else f"input: 2x9x9\nlayers:\n  - {LAYERS[0].format('?1..3', '?1..3')}\n  - unit\n{BLOCKS}"
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts(), st.sampled_from(["<=", ">=", "==", "<"]), st.sampled_from(FIGURES), st.sampled_from(FIGURES), st.data())
def test_the_search_finds_what_brute_force_finds(tmp_path, text, operator, figure, other, data):
    made = [Measured(graph, 1, "float32") for _, graph in nets(text) if graph]
    if not made:
        with suppress(CnncalcError):  # where the fault is no matter of the unknowns
            assert not answer_of(text, [Want("params", ">=", 0)], tmp_path).total
        return
    value = data.draw(st.sampled_from(made)).figure(figure)
    wants = [Want(figure, "==" if isinstance(value, str) else operator, value)]
    if other not in ("output", figure):
        wants.append(Want(other, ">=", 0))
    answer = answer_of(text, wants, tmp_path)
    assert {one.values: dict(one.figures) for one in answer.found} == witnessed(text, wants)
    assert answer.complete
    assert answer.tried == answer.candidates


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts(), st.sampled_from(["params", "macs", "output"]))
def test_the_nearest_are_the_nearest_of_all(tmp_path, text, figure):
    wants = [Want(figure, "==", "77x9x9" if figure == "output" else 7)]
    try:
        answer = answer_of(text, wants, tmp_path)
    except CnncalcError:
        return  # the fault is no matter of the unknowns
    if answer.total:
        return
    missed = [
        (miss([Measured(graph, 1, "float32").figure(figure)], wants), values) for values, graph in nets(text) if graph
    ]
    assert [one.values for one in answer.nearest] == [values for _, values in sorted(missed)[:5]]


PRUNED = "input: 3x32x32\nlayers:\n  - {conv: '?1..30 k3 p?0..5', name: stem}\n  - conv ?1..30 k3\n  - conv 8 k1\n"


def test_sub_trees_are_refused_early(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text(PRUNED)
    for wants in ([Want("stem", "==", "4x32x32")], [Want("params", "<=", 200)]):
        search = Search(UnknownFile(str(file), Options()), "float32", wants, None)
        search.find(None)
        assert not search.undecided
        assert search.growth.built < 30 * 6 * 30 / 3


@pytest.mark.parametrize("largest", [True, False])
def test_the_goal_is_the_best_of_all(tmp_path, largest):
    wants = [Want("output", "==", "8x28x28")]
    text = PRUNED.replace("?1..30 k3 p", "?1..5 k3 p")
    answer = answer_of(text, wants, tmp_path, Goal("params", largest))
    every = witnessed(text, [*wants, Want("params", ">=", 0)]).values()
    assert dict(answer.found[0].figures)["params"] == (max if largest else min)(one["params"] for one in every)


def test_unknown_defaults_hold_for_every_layer(tmp_path):
    text = "input: 3x8x8\nlayers: [conv 4 k3, conv 4 k3]\ndefaults: {conv: {padding: '?0..2'}}\n"
    assert [one.values for one in answer_of(text, [Want("output", "==", "4x8x8")], tmp_path).found] == [(1,)]


def test_a_fault_that_is_no_matter_of_the_unknowns_is_told_as_such(tmp_path):
    with pytest.raises(CnncalcError, match="kernel"):
        answer_of("input: 3x8x8\nlayers: [maxpool 20, conv ?1..3 k1]\n", [Want("params", "<", 9)], tmp_path)


def test_figures_agree_with_the_whole_report(tmp_path):
    text = "input: 3x8x8\nlayers: [conv ?2..3 k3, batchnorm, relu, {share: conv1, conv: 3 k3}]\n"
    assert answer_of(text, [Want("params", ">=", 0)], tmp_path).candidates == 2
    search = Search(UnknownFile(str(tmp_path / "net.yaml"), Options(batch=3)), "float16", [], None)
    search.find(None)
    names = search.counting.names
    assert len(names) == 11
    for one in search.found:
        candidate = search._candidate(one.values)
        totals = report(candidate.stages.whole(candidate.state), 3, "float16").totals
        assert {name: candidate.figure(name) for name in names} == {name: getattr(totals, name) for name in names}


@pytest.mark.parametrize("name", ["vgg16", "resnet18", "unet", "googlenet", "mobilenet_v2"])
def test_figures_that_are_computed_alone_agree_with_the_report(name):
    graph = load(name, Options())
    measured, whole = Measured(graph, 2, "float16"), report(graph, 2, "float16")
    for figure in ("peak_bytes", "saved_bytes"):
        assert measured.figure(figure) == getattr(whole.totals, figure)
    sizes = [max(row.receptive_field.size) for row in whole.rows if row.receptive_field.size]
    assert measured.figure("receptive_field") == sizes[-1]


def test_a_list_that_is_cut_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(searching, "KEPT", 10)
    answer = answer_of("input: 3x8x8\nlayers: [conv ?1..30 k1]\n", [Want("params", ">=", 0)], tmp_path)
    assert (answer.total, len(answer.found), answer.tried, answer.complete) == (30, 10, 30, False)
    assert "the first 10 are listed: the list is not complete" in draw_file(answer, "table")


def test_library_blocks_and_side_branches(tmp_path):
    layers = "[bottleneck ?4..6, {aux: [conv ?1..2 k?1..2]}, conv ?3..4 k1, {conv: 3 k1, when: in_channels > 3}]"
    text = f"input: 8x8x8\nlayers: {layers}\n"
    wants = [Want("output", "==", "3x8x8"), Want("params", "<=", 800)]
    answer = answer_of(text, wants, tmp_path)
    assert {one.values: dict(one.figures) for one in answer.found} == witnessed(text, wants)
    assert answer.candidates == 24


def test_an_unknown_that_no_piece_is_seen_to_hold_is_searched_all_the_same(tmp_path, monkeypatch):
    def blind(file):
        return [pieces(file)[0], *(piece._replace(unknowns=()) for piece in pieces(file)[1:])]

    cuts = Growth._cuts
    monkeypatch.setattr(Growth, "_cuts", lambda self, whole: cuts(self, whole=True) if whole else [(0, ())])
    monkeypatch.setattr("cnncalc.solve.growing.pieces", blind)
    answer = answer_of("input: 3x8x8\nlayers: [conv ?2..3 k1, conv 4 k?1..3]\n", [Want("params", ">", 30)], tmp_path)
    assert answer.candidates == answer.tried == 6
    assert answer.complete
    assert answer.total == len(witnessed(file_text(tmp_path), [Want("params", ">", 30)]))


def file_text(folder):
    return (folder / "net.yaml").read_text()
