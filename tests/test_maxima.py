"""Cases and maxima: what is left out of a maximum is nowhere needed, and a sum over cases is right in each."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncalc.arithmetic.symbolic.algebra import NoClosedForm, symbolic, value_at
from cnncalc.arithmetic.symbolic.cases import cases, indicator, number_by_case, union_indicator
from cnncalc.arithmetic.symbolic.conditions import Condition, every
from cnncalc.arithmetic.symbolic.maxima import Maximum, largest_of, sum_of

H, W = symbolic("H"), symbolic("W")
LENGTHS = (*range(1, 41), 97, 128, 1_000)


def halves(n, times, plus=0):
    """What convolutions of stride 2 and some cropping leave."""
    for _ in range(times):
        n = (n + 1) // 2
    return n + plus


SHAPES = st.tuples(st.integers(1, 600), st.integers(0, 5), st.integers(0, 5), st.integers(0, 2))
STEPS = st.lists(st.lists(SHAPES, min_size=1, max_size=3), min_size=1, max_size=7)


def elements(step, height, width):
    """The tensors of a step, counted."""
    return sum(c * halves(height, a, plus) * halves(width, b, plus) for c, a, b, plus in step)


@settings(max_examples=120, deadline=None)
@given(STEPS, st.integers(1, 9))
def test_the_maximum_is_the_largest_at_every_length(steps, factor):
    sums = [sum_of((c, halves(H, a, plus), halves(W, b, plus)) for c, a, b, plus in step) for step in steps]
    largest = largest_of(sums, Condition({}), factor)
    for height in LENGTHS:
        for width in LENGTHS[::3]:
            expected = factor * max(elements(step, height, width) for step in steps)
            assert value_at(largest, {"H": height, "W": width}) == expected


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 600), st.integers(0, 5)), min_size=2, max_size=8))
def test_each_part_of_a_maximum_is_somewhere_the_only_largest(shapes):
    largest = largest_of([sum_of([(c, halves(H, a))]) for c, a in shapes], Condition({}))
    parts = largest.parts if isinstance(largest, Maximum) else (largest,)
    for part in parts:
        others = [value for value in parts if value is not part]
        assert not others or any(
            value_at(part, {"H": n}) > max(value_at(other, {"H": n}) for other in others) for n in range(1, 3_000)
        )


def test_a_condition_decides_what_is_ever_the_largest():
    small, large = sum_of([(64, H)]), sum_of([(2_048,)])
    assert str(largest_of([small, large], Condition({}))) == "max(64·H, 2048)"
    assert str(largest_of([small, large], every(H >= 33))) == "64·H"
    assert largest_of([small, large], every(H >= 1, H <= 31)) == 2_048


def test_a_tie_between_axes_is_respected():
    square = every(H * W == 64)  # of these the largest sum of sides is 65
    assert isinstance(largest_of([sum_of([(1, H), (1, W)]), sum_of([(65,)])], square), (int, Maximum))


# -- cases --


def branching(h, w):
    """A rule that branches on lengths, written for any number."""
    total = 3 * h
    if h % 2 == 0:
        total = total + 5 * w
    if w >= 13:
        total = total + 7
        if h % 4 == 3:
            total = total * 2
    return total


def test_a_sum_over_the_cases_is_right_in_each():
    number = number_by_case(lambda: branching(H, W))
    for h in range(1, 30):
        for w in range(1, 30):
            assert value_at(number, {"H": h, "W": w}) == branching(h, w)


def test_cases_exclude_one_another_and_leave_nothing_out():
    found = [condition for condition, _ in cases(lambda: branching(H, W))]
    for h in range(1, 30):
        for w in range(1, 30):
            assert sum(condition.holds_at({"H": h, "W": w}) for condition in found) == 1


def test_what_is_given_is_no_case():
    assert len(cases(lambda: branching(H, W), every(H % 4 == 0, W >= 20))) == 1


@pytest.mark.parametrize("count", range(1, 5))
def test_a_union_is_counted_once(count):
    conditions = [every(H % 2 == 0), every(W % 3 == 0), every(H >= 5), every(H % 4 == 0, W >= 7)][:count]
    united = union_indicator(conditions)
    for h in range(1, 14):
        for w in range(1, 14):
            lengths = {"H": h, "W": w}
            assert value_at(united, lengths) == int(any(one.holds_at(lengths) for one in conditions))


def test_marks_of_both_cases_cancel():
    even, odd = indicator(every(H % 2 == 0)), indicator(every(H % 2 == 1))
    assert even * W + odd * W == W
    assert re.search(r"\[H divisible by 2\]", str(even * W))


def test_what_ties_axes_is_no_case():
    with pytest.raises(NoClosedForm):
        cases(lambda: bool(H * W % 4 == 0))
    with pytest.raises(NoClosedForm):
        indicator(every(H * W == 64))


def test_too_many_cases_are_refused():
    def many():
        return [bool(symbolic(letter) % 2 == 0) for letter in "ABCDEFG"]

    with pytest.raises(NoClosedForm):
        cases(many)
