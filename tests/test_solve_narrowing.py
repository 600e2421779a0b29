"""Bisection over widths: it leaves nothing out that is as wanted, and keeps off where growth is not proven."""

from __future__ import annotations

from math import prod

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from unknown_nets import UNKNOWN, answer_of, nets, witnessed

from cnncalc.analysis.costs import report
from cnncalc.language import load
from cnncalc.language.options import Options
from cnncalc.language.unknowns import UnknownFile
from cnncalc.solve.figures import Measured, Want
from cnncalc.solve.files import narrowing
from cnncalc.solve.files.judging import Judging
from cnncalc.solve.files.searching import Search

FIGURES = ["params", "macs", "flops", "weights", "biases", "buffers", "weight_bytes", "activation_bytes", "trainable"]
WIDTHS = st.sampled_from(["?1..6", "?2..9", "?3..5", "4"])
LAYERS = [
    "conv {0} k3 p1", "conv {0} k2 s2", "conv {0} k1 nobias", "deconv {0} k2 s2", "dwconv 1 k3 p1", "conv 4 k3 g2",
    "batchnorm", "relu", "gelu", "maxpool 2", "avgpool 3 s1", "dropout 0.5", "upsample 2", "pad 1",
    "adaptive_avgpool 2",
    "{{add: [[conv {0} k1], [conv 4 k3 p1]]}}", "{{concat: [[conv {0} k1, relu], []]}}",
    "{{name: head, layers: [conv {0} k1, batchnorm]}}", "{{conv: '{0} k1', repeat: 2}}", "global_avgpool",
]  # fmt: skip
ENDS = ["relu", "flatten", "global_avgpool flat"]


def narrowed(text, wants, folder):
    file = folder / "net.yaml"
    file.write_text(text)
    search = Search(UnknownFile(str(file), Options()), "float32", wants, None)
    return search.narrowed, [unknown.values for unknown in search.file.unknowns]


@st.composite
def problems(draw):
    widths = [draw(WIDTHS) for _ in range(7)]
    items = [draw(st.sampled_from(LAYERS)).format(widths[place]) for place in range(draw(st.integers(1, 4)))]
    end = draw(st.sampled_from(ENDS))
    items += [end, *([f"linear {widths[6]}", "relu"] if end != "relu" else [])]
    text = "input: 2x8x8\nlayers:\n" + "".join(f"  - {item}\n" for item in items)
    assume(prod(int(high) - int(low) + 1 for low, high in UNKNOWN.findall(text)) <= 150)
    return text


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(), st.sampled_from(FIGURES), st.sampled_from(["<=", ">=", "==", "<", ">"]), st.data())
def test_nothing_that_is_as_wanted_is_left_out(tmp_path, monkeypatch, text, figure, operator, data):
    monkeypatch.setattr(narrowing, "WORTH_WHILE", 0)
    monkeypatch.setattr(narrowing, "NEAR", 0)
    made = [Measured(graph, 1, "float32") for _, graph in nets(text) if graph]
    assume(len(made) > 1)
    wants = [Want(figure, operator, data.draw(st.sampled_from(made)).figure(figure) + data.draw(st.integers(-1, 1)))]
    answer = answer_of(text, wants, tmp_path)
    assert {one.values for one in answer.found} == set(witnessed(text, wants))
    assert answer.tried == answer.candidates


def test_a_long_range_is_not_built(tmp_path):
    """w filters of 3·3·3, then 10 of w·3·3: 27w + w + 90w + 10 = 118w + 10 parameters."""
    text = "input: 3x32x32\nlayers:\n  - conv ?1..1000000 k3 p1\n  - relu\n  - conv 10 k3\n"
    answer = answer_of(text, [Want("params", "==", 118 * 76_543 + 10)], tmp_path)
    assert [one.values for one in answer.found] == [(76_543,)]
    assert answer.complete
    known, values = narrowed(text, [Want("params", "==", 118 * 76_543 + 10)], tmp_path)
    assert known
    assert len(values[0]) <= 2 * narrowing.NEAR + 1
    answer = answer_of(text, [Want("params", "==", 118 * 76_543 + 11)], tmp_path)
    assert not answer.total
    assert answer.tried == answer.candidates == 10**6
    assert answer.nearest[0].values == (76_543,)


UNPROVEN = [
    "conv ?1..40 k3\n  - conv $(in_channels // 2) k1",
    "conv ?1..40 k3\n  - {conv: 4 k1, when: in_channels > 6}",
    "conv ?1..40 k?1..3",
    "conv ?1..40 k3\n  - reshape 2x-1x6",
    "conv ?2..40 k3\n  - squeeze_excite",
    "linear ?1..40 axis=last\n  - conv 4 k3",
    "maxpool ?1..5\n  - conv ?1..40 k1",
]


@pytest.mark.parametrize("layers", UNPROVEN)
def test_where_growth_is_not_proven_all_is_searched(tmp_path, monkeypatch, layers):
    monkeypatch.setattr(narrowing, "WORTH_WHILE", 0)
    text = f"input: 3x8x8\nlayers:\n  - {layers}\n"
    known, _ = narrowed(text, [Want("params", "<=", 100)], tmp_path)
    assert not known
    answer = answer_of(text, [Want("params", "<=", 100)], tmp_path)
    assert {one.values for one in answer.found} == set(witnessed(text, [Want("params", "<=", 100)]))


FIELDS = {"conv": "6 k3 p1", "deconv": "6 k3 s2", "linear": "5", "dwconv": "2 k3", "maxpool": "2", "avgpool": "2",
          "adaptive_maxpool": "2", "adaptive_avgpool": "3", "dropout": "0.5", "droppath": "0.1", "pad": "1",
          "upsample": "2"}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(narrowing.GROWING))
def test_the_kinds_that_grow_do(tmp_path, kind):
    """More channels, and no count and no output channels are less; the lengths of maps stay."""
    before = None
    for channels in (1, 2, 3, 4, 7, 8, 12, 64):
        item = f"{kind} {FIELDS.get(kind, '')}"
        if kind in ("add", "multiply", "maximum", "concat"):
            item = f"{{{kind}: [[relu], []]}}"
        shape = f"{channels}" if kind == "linear" else f"{channels}x6x6"
        file = tmp_path / "net.yaml"
        file.write_text(f"input: {shape}\nlayers:\n  - {item}\n")
        whole = report(load(str(file), Options()))
        now = [*(getattr(whole.totals, name) for name in FIGURES), whole.rows[-1].output_shape[1]]
        if before is not None:
            assert all(one <= other for one, other in zip(before[0], now))
            assert whole.rows[-1].output_shape[2:] == before[1]
        before = now, whole.rows[-1].output_shape[2:]


def test_what_is_judged_is_what_is_reported(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("input: 3x8x8\nlayers: [conv ?4..9 k3, batchnorm, relu, maxpool 2, flatten, linear 10]\n")
    unknown = UnknownFile(str(file), Options())
    wants = [Want(name, ">=", 0) for name in FIGURES]
    search = Search(unknown, "float32", wants, None)
    graph = narrowing._built(unknown, (5,))
    judging = Judging(search.counting, wants, [], Options().limits)
    totals = report(graph).totals
    found = dict(zip(judging.figures, narrowing._figures(graph, judging)))
    assert {name: found[name] for name in FIGURES} == {name: getattr(totals, name) for name in FIGURES}
