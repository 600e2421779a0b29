"""Spaces of unknowns that nobody could try one by one: what is said of them against what can be counted otherwise."""

from __future__ import annotations

from itertools import product
from math import prod

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unknown_nets import answer_of, witnessed

from cnncalc.analysis.costs import report
from cnncalc.errors import CnncalcError
from cnncalc.language import load
from cnncalc.language.options import Options
from cnncalc.language.unknowns import UnknownFile
from cnncalc.limits import Limits
from cnncalc.solve.figures import Want, check_wants
from cnncalc.solve.files import growing, listing
from cnncalc.solve.files.answer import Goal
from cnncalc.solve.files.searching import Search


def row(layer, count, below=""):
    return "input: 3x64x64\nlayers:\n" + f"  - {layer}\n" * count + below


def windows(count, kernels=(1, 3, 5, 7), paddings=range(4), start=64):
    """How many choices of kernels and paddings give each size, layer by layer, the windows counted one by one."""
    sizes = {start: 1}
    for _ in range(count):
        after = {}
        for size, ways in sizes.items():
            for kernel, padding in product(kernels, paddings):
                places = len(range(size + 2 * padding - kernel + 1))
                if places:
                    after[places] = after.get(places, 0) + ways
        sizes = after
    return sizes


@pytest.mark.parametrize("wanted", [8, 62, 7])
def test_twelve_layers_of_unknown_windows(tmp_path, wanted):
    text = row("conv 16 k?1|3|5|7 p?0..3", 12)
    answer = answer_of(text, [Want("output", "==", f"16x{wanted}x{wanted}")], tmp_path)
    assert answer.candidates == answer.tried == 16**12
    assert answer.total == windows(12).get(wanted, 0)
    assert answer.exact
    if not answer.total:  # an odd kernel keeps an even size even
        assert answer.reasons == ("no candidate has output == 16x7x7",)
        assert [one.missed for one in answer.nearest] == ["output 0x+1x+1"] * 5


def test_branches_are_independent(tmp_path):
    items = [f"[{', '.join(f'conv {n} k?1|3|5|7 p?0..3' for _ in range(4))}]" for n in (4, 6)]
    text = f"input: 3x20x20\nlayers:\n  - {{concat: [{', '.join(items)}], name: both}}\n  - conv 2 k1\n"
    answer = answer_of(text, [Want("output", "==", "2x12x12"), Want("params", "!=", 0)], tmp_path)
    ways = windows(4, start=20)[12]
    assert answer.candidates == 16**8
    assert answer.total == ways * ways
    assert answer.exact


def test_a_ladder_of_widths(tmp_path):
    """Parameters of a row of convolutions, counted by a table of sums that knows nothing of nets."""
    widths = (16, 24, 32, 48, 64)
    text = row("conv ?16|24|32|48|64 k3 p1", 7)
    sums = {(3, 0): 1}
    for _ in range(7):
        after = {}
        for (before, total), ways in sums.items():
            for width in widths:
                key = width, total + 9 * before * width + width
                after[key] = after.get(key, 0) + ways
        sums = after
    totals = {}
    for (_, total), ways in sums.items():
        totals[total] = totals.get(total, 0) + ways
    for wanted in sorted(totals)[100:4000:1300]:
        answer = answer_of(text, [Want("params", "==", wanted)], tmp_path)
        assert (answer.total, answer.exact) == (totals[wanted], True)
        assert {dict(one.figures)["params"] for one in answer.found} == {wanted}
        answer = answer_of(text, [Want("params", "<=", wanted)], tmp_path, Goal("params", largest=True))
        assert answer.total == sum(ways for total, ways in totals.items() if total <= wanted)
        assert dict(answer.found[0].figures)["params"] == wanted
    missing = next(n for n in range(sorted(totals)[1000], 10**9) if n not in totals)
    answer = answer_of(text, [Want("params", "==", missing)], tmp_path)
    assert answer.total == 0
    nearest = min(totals, key=lambda total: abs(total - missing))
    assert abs(dict(answer.nearest[0].figures)["params"] - missing) == abs(nearest - missing)


OPERATORS = st.sampled_from(["<=", ">=", "==", "<", ">", "!="])


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(OPERATORS, OPERATORS, st.integers(0, 80), st.integers(0, 10), st.sampled_from([1, 30, 300]))
def test_sums_that_are_too_many_to_follow_are_counted(tmp_path, monkeypatch, first, second, share, apart, told_apart):
    monkeypatch.setattr(listing, "TOLD_APART", told_apart)
    text = "input: 2x6x6\nlayers: [conv ?1..3 k3, conv ?2..4 k?1..2, batchnorm, conv ?1..3 k1]\n"
    wants = [Want("params", first, 60 + 3 * share), Want("params", second, 60 + 3 * share + apart)]
    wants = wants[: 1 + apart % 2]
    try:
        check_wants(wants)
    except CnncalcError:
        return  # they contradict each other
    answer = answer_of(text, wants, tmp_path)
    found = witnessed(text, wants)
    assert {one.values for one in answer.found} == set(found)
    assert (answer.total, answer.exact) == (len(found), True)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(60, 400), st.integers(1_000, 9_000), st.sampled_from([1, 300]))
def test_where_not_all_can_be_counted_it_is_said(tmp_path, monkeypatch, params, macs, told_apart):
    monkeypatch.setattr(listing, "TOLD_APART", told_apart)
    text = "input: 2x6x6\nlayers: [conv ?1..3 k3, conv ?2..4 k?1..2, batchnorm, conv ?1..3 k1]\n"
    wants = [Want("params", "<=", params), Want("macs", ">=", macs)]
    answer = answer_of(text, wants, tmp_path)
    found = witnessed(text, wants)
    assert {one.values for one in answer.found} <= set(found)
    assert answer.total == len(answer.found)
    assert not answer.exact or answer.total == len(found)


def test_too_much_work_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(growing, "AT_A_TIME", 1)
    text = row("conv ?1..9 k1", 4)
    answer = answer_of(text, [Want("params", "<=", 10_000)], tmp_path, limits=Limits(search=400))
    assert 0 < answer.tried < answer.candidates
    assert not answer.exact
    assert not answer.complete
    assert "narrow the bounds" in answer.left[0]


@pytest.mark.parametrize("want", [Want("saved_bytes", "<=", 10**5), Want("output", "==", "9x9x9")])
def test_every_phase_can_be_interrupted(tmp_path, want):
    def stop(what, done, total):
        seen.append(what)
        if what == phase:
            raise KeyboardInterrupt

    text = "input: 3x8x8\nlayers: [conv ?1..9 k?1..4 p?0..2, conv ?1..4 k1]\n"
    for phase in ("built", "measured"):
        seen = []
        file = tmp_path / "net.yaml"
        file.write_text(text)
        search = Search(UnknownFile(str(file), Options()), "float32", [want], None)
        search.find(stop)
        assert (phase in seen) == ("interrupted" in search.left)
        assert "interrupted" not in search.left or search.undecided or not search.nearest_complete


def test_what_is_shared_is_counted_once(tmp_path):
    """Merging must not forget the values that a later `share:` repeats."""
    text = (
        "input: 4x8x8\nlayers:\n  - {layers: [conv 4 k?1|3 p?0..1, relu], name: head}\n  - conv 4 k?1|3 p?0..1\n"
        "  - {share: head}\n  - conv ?4..5 k1\n"
    )
    answer = answer_of(text, [Want("output", "==", "5x8x8")], tmp_path)
    graphs = {}
    for one in answer.found:
        first, border, second, other, last = one.values
        assert 8 - 2 * (first - 1) + 4 * border - (second - 1) + 2 * other == 8
        graphs[one.values] = last
    assert set(graphs.values()) == {5}
    sizes = [2 * (2 * p - k + 1) + 2 * q - j + 1 for k, p, j, q in product((1, 3), (0, 1), (1, 3), (0, 1))]
    assert answer.total == sizes.count(0)


def test_solutions_hold_in_the_net_that_they_make(tmp_path):
    text = row("conv ?8..10 k?1|3|5 p?0..2", 6, "  - global_avgpool flat\n  - linear 10\n")
    wants = [Want("params", "<=", 6_000), Want("conv6", "==", "9x60x60")]
    answer = answer_of(text, wants, tmp_path, Goal("macs", largest=False))
    assert answer.candidates == prod([3, 3, 3]) ** 6
    assert answer.total > 10_000
    macs = []
    for one in answer.found[:: len(answer.found) // 20]:
        values = iter(one.values)
        written = "".join(f"  - conv {next(values)} k{next(values)} p{next(values)}\n" for _ in range(6))
        file = tmp_path / "written.yaml"
        file.write_text(f"input: 3x64x64\nlayers:\n{written}  - global_avgpool flat\n  - linear 10\n")
        whole = report(load(str(file), Options()))
        assert whole.totals.params <= 6_000
        assert whole.rows[5].output_shape == (1, 9, 60, 60)
        macs.append(whole.totals.macs)
    assert macs == sorted(macs)
