"""Boxes of lengths that meet a condition, against every length tried one by one, in plain whole numbers."""

from __future__ import annotations

from itertools import product
from math import prod

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from cnncalc.answers.solutions import InputAnswer
from cnncalc.arithmetic.symbolic.algebra import symbolic
from cnncalc.arithmetic.symbolic.conditions import Condition
from cnncalc.arithmetic.symbolic.relating import grows_from
from cnncalc.claims.wants import InputWants
from cnncalc.language.options import Options
from cnncalc.solve.inputs import boxes
from cnncalc.solve.inputs.sizes import solve_input

SYMBOLS = ("D", "H", "W")
HIGH, FURTHER = 9, 14
SIZES = (
    lambda n: n,
    lambda n: n - 2,
    lambda n: n + 3,
    lambda n: n // 3,
    lambda n: (n - 1) // 2 + 1,
    lambda n: 5 - n,
)
"""A window's size, or a length itself: symbolic lengths and plain ones alike."""

shifted = st.tuples(st.sampled_from(SYMBOLS), st.sampled_from(SIZES))
terms = st.lists(
    st.tuples(
        st.integers(-3, 3),
        st.lists(st.tuples(st.sampled_from(SYMBOLS), st.sampled_from(SIZES)), min_size=1, max_size=3),
    ),
    min_size=1,
    max_size=4,
)
relations = st.tuples(terms, st.integers(-12, 12), st.sampled_from(["least", "zero"]))


def value(relation, lengths):
    """What the relation compares with 0."""
    summands, constant, _ = relation
    return sum((factor * prod(size(lengths[name]) for name, size in sizes) for factor, sizes in summands), constant)


def truth(relation, lengths):
    """Whether it holds: a flag, or a condition of symbolic lengths."""
    return value(relation, lengths) >= 0 if relation[2] == "least" else value(relation, lengths) == 0


def inside(found, at):
    """Whether the lengths lie in one of the boxes."""
    return any(all(low <= n and (last is None or n <= last) for n, (_, low, last) in zip(at, box)) for box in found)


@settings(max_examples=120)
@given(st.lists(relations, min_size=1, max_size=2))
def test_boxes_hold_what_the_relations_hold(asked):
    """Each to HIGH; where these are said to be all, each to FURTHER too, that in one box only."""
    letters = {name: symbolic(name) for name in SYMBOLS}
    truths = [truth(relation, letters) for relation in asked]
    conditions = [one for one in truths if isinstance(one, Condition)]
    assume(len(conditions) == len(truths))
    condition = conditions[0] if len(conditions) == 1 else conditions[0] & conditions[1]
    assume(isinstance(condition, Condition) and condition.relations)
    found, complete, high = boxes.boxes_of(condition, SYMBOLS, 1, HIGH, {})
    assert high == HIGH
    for at in product(range(1, (FURTHER if complete else HIGH) + 1), repeat=3):
        lengths = dict(zip(SYMBOLS, at))
        meant = all(truth(relation, lengths) for relation in asked)
        assert inside(found, at) is meant, (lengths, str(condition))
        assert not meant or sum(inside([box], at) for box in found) == 1


@settings(max_examples=120)
@given(terms, st.tuples(*[st.integers(1, 5)] * 3))
def test_what_is_said_to_grow_never_falls(summands, first):
    relation = (summands, 0, "least")
    difference = value(relation, {name: symbolic(name) for name in SYMBOLS})
    assume(hasattr(difference, "terms"))
    if not grows_from(difference, dict(zip(SYMBOLS, first))):
        return
    for at in product(*(range(low, low + 6) for low in first)):
        here = value(relation, dict(zip(SYMBOLS, at)))
        for axis in range(3):
            after = [n + (place == axis) for place, n in enumerate(at)]
            assert value(relation, dict(zip(SYMBOLS, after))) >= here


def test_a_product_of_shifted_lengths_grows_though_its_sum_has_terms_that_fall():
    depth, height, width = (symbolic(name) for name in SYMBOLS)
    numbers = (depth - 1) * (height + 2) * (width - 1) - 2
    assert any(factor < 0 for term, factor in numbers.terms.items() if term)
    assert grows_from(numbers, {"D": 1, "H": 1, "W": 1})
    assert not grows_from((depth - 3) * (height - 3), {"D": 1, "H": 1})
    assert grows_from((depth - 3) * (height - 3), {"D": 3, "H": 3})


VOLUME = "input: 2x4x4x4\nlayers: [selu, inverted_residual 4 stride=1 expand=2, groupnorm 4]\n"
SHIFTED = """
input: 4x6x5x5
layers: [deconv 3 k2x3x2 s1 p1 d1x2x1, conv 5 k3 p1, groupnorm 1]
"""


def solved(tmp_path, text, **wants) -> InputAnswer:
    net = tmp_path / "net.yaml"
    net.write_text(text)
    return solve_input(str(net), Options(), InputWants(**wants))


@pytest.mark.parametrize(
    ("text", "wants", "first"),
    [
        (VOLUME, {}, (("D", 2, None), ("H", 1, None), ("W", 1, None))),
        (SHIFTED, {}, (("D", 2, None), ("H", 1, None), ("W", 2, None))),
        ("input: 3x32x32\nlayers: [conv 4 k3]\n", {"where": ("H // H * W < H * H",)}, (("H", 32, 32), ("W", 3, 1023))),
    ],
)
def test_what_grows_is_not_walked_along(tmp_path, monkeypatch, text, wants, first):
    """The work of trying every length is thousands of times as much."""
    monkeypatch.setattr(boxes, "MOST_WORK", 60_000)
    answer = solved(tmp_path, text, **wants)
    assert answer.boxes[0] == first


@pytest.mark.parametrize("where", ["(H * W) % (H + W) == 0", "max(H, W) * W - H * H == 0"])
def test_where_a_single_length_is_more_work_than_the_bound_it_is_tried_all_the_same(tmp_path, monkeypatch, where):
    """It was halved for ever."""
    monkeypatch.setattr(boxes, "MOST_WORK", 0)
    answer = solved(tmp_path, "input: 2x4x4\nlayers: [relu]\n", where=(where,), low=2)
    assert answer.boxes == ((("H", 2, 2), ("W", 2, 2)),)
    assert "up to 2 only" in " ".join(answer.remarks)


def test_boxes_that_nothing_joins_are_work_too(tmp_path):
    """Every second length of three axes, and a relation that holds at all of them but one: 3,375,000 sizes to 300."""
    file = tmp_path / "net.yaml"
    file.write_text("input: 1x4x6x2\nlayers: [space_to_depth 2, instancenorm]\n")
    answer = solve_input(str(file), Options(), InputWants(high=300))
    assert 10_000 < len(answer.boxes) <= boxes.MOST_WORK // boxes.KEPT
    listed = int(answer.remarks[-1].split("listed up to ")[1].split()[0])
    found = {tuple(run[1] for run in box) for box in answer.boxes}
    assert found == set(product(range(2, listed + 1, 2), repeat=3)) - {(2, 2, 2)}
