"""Functions of one length, held as tables: each operation against the same done length by length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.arithmetic.symbolic.algebra import length
from cnncalc.arithmetic.symbolic.bounds import MOST, MOST_WORK, NoClosedForm, begin_work, spend
from cnncalc.arithmetic.symbolic.covering import Covering
from cnncalc.arithmetic.symbolic.tables import (
    Table,
    combined,
    compared,
    divided,
    extreme,
    intersection,
    linear,
    periodic,
    steps,
    tabulate,
    values_to,
)

FURTHEST = 150


@st.composite
def tables(draw, advances=(-4, -1, 0, 0, 1, 1, 2, 3, 6), ends=(-6, 6)):
    """Any table in its shortest form."""
    values = st.integers(*ends)
    known, prefix = draw(st.lists(values, min_size=1, max_size=12)), draw(st.lists(values, max_size=7))
    advance, period, start = draw(st.sampled_from(advances)), len(known), len(prefix)
    begin_work()
    return tabulate(
        "H", period, advance, start,
        lambda n: prefix[n - 1] if n <= start else advance * (n // period) + known[n % period],
    )  # fmt: skip


SETS = tables(advances=(0,), ends=(0, 1))


def everywhere(table, expected):
    """Whether the table is that function, and in the one form that it has."""
    assert [table.at(n) for n in range(1, FURTHEST)] == [expected(n) for n in range(1, FURTHEST)]
    again = tabulate("H", table.period, table.advance, table.start, table.at)
    assert tuple(again) == tuple(table)


@given(tables(), tables(), st.integers(-3, 3), st.integers(-3, 3), st.integers(-5, 5))
def test_sums(left, right, first, second, plus):
    everywhere(
        combined((first, second), (left, right), plus), lambda n: first * left.at(n) + second * right.at(n) + plus
    )
    everywhere(combined((first,), (left,), plus), lambda n: first * left.at(n) + plus)


@given(tables(), st.integers(1, 9))
def test_quotients_and_remainders(table, divisor):
    everywhere(divided(table, divisor), lambda n: table.at(n) // divisor)
    everywhere(periodic(table, divisor, lambda value: value % divisor), lambda n: table.at(n) % divisor)


@given(tables(), tables())
def test_comparisons(left, right):
    everywhere(compared("ge", left, right), lambda n: int(left.at(n) >= right.at(n)))
    everywhere(compared("eq", left, right), lambda n: int(left.at(n) == right.at(n)))
    everywhere(extreme("max", left, right), lambda n: max(left.at(n), right.at(n)))
    everywhere(extreme("min", left, right), lambda n: min(left.at(n), right.at(n)))


@given(SETS, SETS, st.integers(1, 60))
def test_sets(left, right, length):
    everywhere(intersection(left, right), lambda n: left.at(n) * right.at(n))
    members = [n for n in range(1, FURTHEST) if left.at(n)]
    covering = Covering({"H": left})
    assert covering.next("H", length) == next((n for n in members if n >= length), None)
    before = [n for n in members if n <= length]
    if before:
        assert covering.last("H", length) == before[-1]


@given(tables(), st.integers(1, 60), st.integers(-1, 60))
def test_stretches_and_steps(table, first, more):
    assert values_to(table, first, first + more) == [table.at(n) for n in range(first, first + more + 1)]
    assert set(steps(table)) == {table.at(n + 1) - table.at(n) for n in range(1, FURTHEST)}


def test_the_work_of_all_is_bounded_not_only_that_of_each():
    begin_work()
    for _ in range(MOST_WORK // MOST):
        spend("H", MOST, 0)
    with pytest.raises(NoClosedForm, match="together"):
        spend("H", 1, 0)
    begin_work()
    spend("H", MOST, MOST)
    with pytest.raises(NoClosedForm, match="a formula in H of more than"):
        spend("H", MOST + 1, 0)
    begin_work()


def test_a_text_of_thousands_of_steps():
    begin_work()
    height = length(linear("H"), lambda: "H")
    deep = height // 2 + height // 3
    assert str(deep + 1) == "⌊H/2⌋ + ⌊H/3⌋ + 1"
    for _ in range(3_000):
        deep = deep + 1
    assert str(deep) == "a formula in H of 6 cases"
    assert isinstance(deep.table, Table)
