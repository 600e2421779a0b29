"""The search over unknowns against building every candidate whole, with its numbers written into the text."""

from __future__ import annotations

from contextlib import suppress
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unknown_nets import answer_of, figure, nets, texts, witnessed

from cnncalc.analysis.costs import report
from cnncalc.errors import CnncalcError
from cnncalc.forms import text
from cnncalc.language import load
from cnncalc.language.options import Options
from cnncalc.language.unknowns import UnknownFile
from cnncalc.pages.solving.searches import file_page
from cnncalc.solve.figures import Measured, Want, miss
from cnncalc.solve.files import searching
from cnncalc.solve.files.answer import Goal, solve_file
from cnncalc.solve.files.growing import Growth
from cnncalc.solve.files.pieces import pieces
from cnncalc.solve.files.searching import Search

SUMS = (
    "params",
    "macs",
    "flops",
    "weight_bytes",
    "buffers",
    "layers",
    "trainable",
    "activation_bytes",
    "weighted_layers",
)
NAMED = ("a", "head", "conv2", "cat", "deep", "deep.b", "maybe", "output")


@st.composite
def problems(draw, most):
    """A text, what is wanted of its nets, and a goal; the values are those of one of its nets, or near."""
    text = draw(texts(most))
    made = [graph for _, graph in nets(text) if graph]
    if not made:
        return text, [], None
    like = Measured(draw(st.sampled_from(made)), 1, "float32")
    wants = []
    for name in draw(st.lists(st.sampled_from([*SUMS, *SUMS, *NAMED, "receptive_field", "saved_bytes"]), max_size=3)):
        found = figure(like, name)
        operator = draw(st.sampled_from(["==", "!="] if isinstance(found, str) else ["<=", ">=", "==", "<", ">", "!="]))
        if found != "none" and all(want.figure != name for want in wants):
            wants.append(Want(name, operator, found if isinstance(found, str) else found + draw(st.integers(0, 1))))
    goal = draw(st.one_of(st.none(), st.builds(Goal, st.sampled_from([*SUMS, "peak_bytes"]), st.booleans())))
    return text, wants or [Want("params", ">=", 0)], goal


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(60))
def test_the_search_finds_what_brute_force_finds(tmp_path, problem):
    text, wants, goal = problem
    if not wants:
        with suppress(CnncalcError):  # where the fault is no matter of the unknowns
            assert not answer_of(text, [Want("params", ">=", 0)], tmp_path).total
        return
    answer = answer_of(text, wants, tmp_path, goal)
    asked = [*wants, Want(goal.figure, ">=", 0)] if goal else wants
    assert {one.values: dict(one.figures) for one in answer.found} == witnessed(text, asked)
    assert answer.total == len(answer.found)
    assert answer.complete
    assert answer.tried == answer.candidates
    if goal:
        found = [dict(one.figures)[goal.figure] for one in answer.found]
        assert found == sorted(found, reverse=goal.largest)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(40), st.data())
def test_the_nearest_are_the_nearest_of_all(tmp_path, problem, data):
    text, wants, _ = problem
    far: dict[str, Any] = {"output": "77x9x9", "a": "5x1x2", "params": 7, "macs": 10**9, "receptive_field": 77}
    names = data.draw(st.lists(st.sampled_from(sorted(far)), min_size=1, max_size=2, unique=True))
    wants = [*(want for want in wants if want.figure not in far), *(Want(name, "==", far[name]) for name in names)]
    figures = [(values, Measured(graph, 1, "float32")) for values, graph in nets(text) if graph]
    known = {want.figure for _, net in figures for want in wants if figure(net, want.figure) != "none"}
    if not figures or known != {want.figure for want in wants}:
        return
    answer = answer_of(text, wants, tmp_path)
    if answer.total:
        return
    missed = {values: miss([figure(net, want.figure) for want in wants], wants) for values, net in figures}
    assert [missed[one.values] for one in answer.nearest] == sorted(missed.values())[:5]
    assert len({one.values for one in answer.nearest}) == len(answer.nearest)
    assert answer.nearest_complete
    assert all(one.missed for one in answer.nearest)


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
    assert len(names) == 14
    for one in search.found:
        candidate = search._candidate(one.values)
        totals = report(candidate.stages.whole(candidate.state), 3, "float16").totals
        assert {name: candidate.figure(name) for name in names} == {name: getattr(totals, name) for name in names}


@pytest.mark.parametrize("net", ["vgg16", "resnet18", "unet", "googlenet", "mobilenet_v2"])
def test_figures_that_are_computed_alone_agree_with_the_report(net):
    graph = load(net, Options())
    measured, whole = Measured(graph, 2, "float16"), report(graph, 2, "float16")
    for name in ("peak_bytes", "saved_bytes"):
        assert measured.figure(name) == getattr(whole.totals, name)
    sizes = [max(row.receptive_field.size) for row in whole.rows if row.receptive_field.moves]
    assert measured.figure("receptive_field") == sizes[-1]


def test_a_list_that_is_cut_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(searching, "KEPT", 10)
    answer = answer_of("input: 3x8x8\nlayers: [conv ?1..30 k1]\n", [Want("params", ">=", 0)], tmp_path)
    assert (answer.total, len(answer.found), answer.tried, answer.complete) == (30, 10, 30, False)
    assert "the first 10 are listed: the list is not complete" in text(file_page(answer))


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
    monkeypatch.setattr("cnncalc.solve.files.growing.pieces", blind)
    answer = answer_of("input: 3x8x8\nlayers: [conv ?2..3 k1, conv 4 k?1..3]\n", [Want("params", ">", 30)], tmp_path)
    assert answer.candidates == answer.tried == 6
    assert answer.complete
    assert answer.total == len(witnessed(file_text(tmp_path), [Want("params", ">", 30)]))


def file_text(folder):
    return (folder / "net.yaml").read_text()


CHANGES = {
    "after": ("after: {conv2: [relu, conv 5 k1]}", True),
    "replace": ("replace: {conv3: conv 7 k1, conv1: [conv 2 k1, relu]}", True),
    "without": ("without: [conv2]", True),
    "all": ("without: [conv2]\nafter: {conv3: relu}", True),
    "no such layer": ("after: {nope: relu}", False),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_file_that_changes_what_it_extends_is_changed_for_every_candidate(tmp_path, name):
    change, works = CHANGES[name]
    file, parent = tmp_path / "child.yaml", tmp_path / "parent.yaml"
    file.write_text(f"extends: parent\n{change}\n")
    layers = "input: 3x8x8\nlayers: [conv {} k1, conv 4 k1, conv {} k1]\n"
    expected = {}
    for one, two in product((2, 3, 4), (1, 2)) if works else ():
        parent.write_text(layers.format(one, two))
        totals = report(load(str(file), Options())).totals
        expected[one, two] = (totals.layers, totals.params)
    parent.write_text(layers.format("?2..4", "?1..2"))
    answer = solve_file(str(file), Options(), "float32", [Want("layers", ">=", 1), Want("params", ">=", 1)])
    assert {one.values: tuple(value for _, value in one.figures) for one in answer.found} == expected
