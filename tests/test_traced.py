"""Traced numbers: they count as ints, and what they print evaluates to what they are."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from latex_value import value_of_latex
from notation_value import value_of
from test_layers import CASES as EVERY_KIND

from cnncalc.analysis.costs import costs
from cnncalc.arithmetic.traced.expression import Number, Quotient, Sum, definitions
from cnncalc.arithmetic.traced.numbers import Traced, expression_of
from cnncalc.arithmetic.traced.written import LATEX, defined, steps, write
from cnncalc.arithmetic.windows.formulas import (
    SAME,
    Rounding,
    TransposedWindow,
    Window,
    ceil_divide,
    common_divisor,
    exact_divide,
    larger,
    named,
    product,
    smaller,
)
from cnncalc.arithmetic.windows.reach import Field, transposed, windowed
from cnncalc.explain.derive import Seen, derive, traced_inputs, traced_layer
from cnncalc.graph import broken_requirement
from cnncalc.layers import KINDS
from cnncalc.notation.lines import parse

T = Traced.symbol

NAMES = {"a": 2, "b_in": 7, "k": 3, "s": 1, "H_in": 1234, "p_top": 0, "P_in": -5}
"""A name always stands for the same value."""
numbers = st.integers(-40, 40)


OPERATIONS = {
    "+": lambda a, b, _: a + b,
    "-": lambda a, b, _: a - b,
    "*": lambda a, b, _: a * b,
    "negative": lambda a, b, _: -a,
    "power": lambda a, b, n: a**n,
    "larger": lambda a, b, _: larger(a, b),
    "smaller": lambda a, b, _: smaller(a, b),
    "floor": lambda a, b, _: a // b,
    "ceil": lambda a, b, _: ceil_divide(a, b),
    "exact": lambda a, b, _: exact_divide(a * b, b),
    "gcd": lambda a, b, _: common_divisor(a, b),
}
PLAIN = {
    "larger": lambda a, b, _: max(a, b),
    "smaller": lambda a, b, _: min(a, b),
    "ceil": lambda a, b, _: math.ceil(Fraction(a, b)),
    "exact": lambda a, b, _: a,
    "gcd": lambda a, b, _: math.gcd(a, b),
}
"""The same on plain numbers, where our own helpers would answer."""
DIVISIONS = ("floor", "ceil", "exact")


@st.composite
def traced_numbers(draw, depth=4):
    """A traced number, made by random operations, with the plain number that the same operations make."""
    if not depth or draw(st.booleans()):
        value = draw(numbers)
        if draw(st.booleans()):
            return value, value
        name = draw(st.sampled_from(sorted(NAMES)))
        return T(name, NAMES[name], declared=name == "k"), NAMES[name]
    (left, plain), (right, other) = draw(traced_numbers(depth - 1)), draw(traced_numbers(depth - 1))
    exponent = draw(st.integers(0, 3))
    operation = draw(st.sampled_from(list(OPERATIONS)))
    if not other and operation in DIVISIONS:
        return left, plain
    return OPERATIONS[operation](left, right, exponent), PLAIN.get(operation, OPERATIONS[operation])(
        plain, other, exponent
    )


def symbols_in(expression):
    found = {symbol.name: symbol.value for symbol in definitions(expression)}
    pending = [expression]
    while pending:
        one = pending.pop()
        if hasattr(one, "name"):
            found[one.name] = one.value
            pending += [one.definition] if one.definition else []
        elif isinstance(one, Sum):
            pending += [term for _, term in one.terms]
        elif hasattr(one, "factors"):
            pending += one.factors
        elif not isinstance(one, Number):
            pending += [part for part in one if not isinstance(part, (int, str))]
    return found


def assert_prints_its_value(number):
    """Every step, evaluated as it is written, gives the number; so does the LaTeX."""
    symbols = symbols_in(expression_of(number))
    for text in steps(number):
        assert value_of(text, symbols) == number, text
    for latex in steps(number, LATEX):
        assert value_of_latex(latex, symbols) == number, latex


@settings(max_examples=400)
@given(traced_numbers())
def test_counts_as_the_plain_number_and_prints_it(pair):
    number, plain = pair
    assert number == plain
    assert expression_of(number).value == plain
    assert_prints_its_value(number)


@given(
    st.integers(1, 300),
    st.integers(1, 12),
    st.integers(1, 6),
    st.integers(0, 5),
    st.integers(0, 5),
    st.integers(1, 3),
    st.sampled_from(Rounding),
    st.sampled_from(["pair", "same", "same_lower"]),
)
def test_windows(n, k, s, before, after, d, rounding, padding):
    border = (before, after) if padding == "pair" else padding
    plain = Window(k, s, border, d, rounding)
    sides = (T("p_top", before), T("p_bottom", after)) if padding == "pair" else padding
    window = Window(T("k", k, declared=True), T("s", s, declared=True), sides, T("d", d, declared=True), rounding)
    for traced, number in (
        (window.length(T("n", n)), plain.length(n)),
        (window.padding(T("n", n))[0], plain.padding(n)[0]),
        (window.padding(T("n", n))[1], plain.padding(n)[1]),
        (window.unseen(T("n", n)), plain.unseen(n)),
    ):
        assert traced == number
        assert_prints_its_value(traced)


@given(
    st.integers(1, 60),
    st.integers(1, 9),
    st.integers(1, 5),
    st.integers(0, 3),
    st.integers(1, 3),
    st.sampled_from(["keras", "onnx", "paddle"]),
    st.booleans(),
)
def test_transposed_windows(n, k, s, p, d, rule, same):
    border = SAME if same else (p, p)
    plain = TransposedWindow(k, s, border, d, 0, rule).length(n)
    sides = SAME if same else (T("p", p), T("p", p))
    traced = TransposedWindow(T("k", k), T("s", s), sides, T("d", d), 0, rule).length(T("n", n))
    assert traced == plain
    assert_prints_its_value(traced)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 4), st.integers(0, 4), st.integers(1, 3)), max_size=6))
def test_the_recurrence_is_the_field(layers):
    """Size, stride and padding by the recurrence are those of the field that the engine follows pixel by pixel."""
    field, three = Field(), (1, 1, 0)
    for k, s, p, d in layers:
        reach = windowed(Window(k, s, (p, p), d), 100)
        field = field.through(reach)
        three = reach.recurrence(*three)
        assert three == (field.size, field.stride, field.padding)


@pytest.mark.parametrize("kernel", range(1, 8))
@pytest.mark.parametrize("stride", [2, 3, 4])
@pytest.mark.parametrize("padding", [0, 1])
def test_the_recurrence_of_an_enlarging_layer_is_the_field(kernel, stride, padding):
    """Behind a layer whose stride it undoes; the field follows every phase of its pixels."""
    before: Any = Field().through(windowed(Window(3, stride, (1, 1)), 100))
    reach = transposed(TransposedWindow(kernel, stride, (padding, padding)), 10)
    field = before.through(reach)
    sizes = [last - first + 1 for first, last in filter(None, field.phases)]
    size, jump, _ = reach.recurrence(before.size, before.stride, before.padding)
    assert (size, jump) == (max(sizes), field.stride)
    if field.phases[0]:
        assert reach.recurrence(before.size, before.stride, before.padding)[2] == field.padding


WRITTEN = {
    "2·p": T("p", 3) + T("p", 3),
    "k − 1": T("k", 3) - 1,
    "1 − k": 1 - T("k", 3),
    "k": 1 * (T("k", 3) - 1) + 1,
    "(k − 1)·j": (T("k", 3) - 1) * T("j", 2),
    "C_out·(C_in/g)·k²": product((T("C_out", 8), exact_divide(T("C_in", 6), T("g", 2)), T("k", 3), T("k", 3))),
    "⌊(n − k)/s⌋ + 1": (T("n", 10) - T("k", 3)) // T("s", 2) + 1,
    "⌈(n − k)/s⌉ + 1": ceil_divide(T("n", 10) - T("k", 3) + T("s", 2), T("s", 2)),
    "n − k": (T("n", 10) - T("k", 3)) // 1,
    "max(n − k, 0)": larger(T("n", 10) - T("k", 3), 0),
    "a − (b + 1)·c": T("a", 9) - (T("b", 1) + 1) * T("c", 2),
    "a − b − 1": T("a", 9) - (T("b", 1) + 1),
    "−a": -T("a", 2),
    "⌊a/(b·c)⌋": T("a", 9) // (T("b", 2) * T("c", 2)),
    "⌊⌊a/b⌋/c⌋": T("a", 9) // T("b", 2) // T("c", 2),
    "(k²)³": (T("k", 3) ** 2) ** 3,
    "(a + 1)²": (T("a", 9) + 1) * (T("a", 9) + 1),
}


@pytest.mark.parametrize("text", WRITTEN)
def test_written_as_people_write(text):
    assert write(WRITTEN[text]) == text


def test_a_negative_number_is_put_in_brackets():
    assert write(T("a", 2) + T("P_in", -5) * T("j", 4), "numbers") == "2 + (−5)·4"
    assert write(T("a", 2) - T("P_in", -5), "numbers") == "2 − (−5)"


def test_steps_of_the_exam_question():
    window = Window(T("k", 5), T("s", 2), (T("p", 1), T("p", 1)))
    assert steps(window.length(T("H_in", 200))) == (
        "⌊(H_in + 2·p − k)/s⌋ + 1",
        "⌊(200 + 2·1 − 5)/2⌋ + 1",
        "⌊98.5⌋ + 1",
        "99",
    )
    assert steps(window.length(T("H_in", 200)), LATEX)[0] == (
        r"\left\lfloor \frac{H_{\text{in}} + 2 \cdot p - k}{s} \right\rfloor + 1"
    )


def test_a_quotient_without_end_is_a_fraction():
    assert steps((T("n", 10) - 3) // T("s", 3))[2] == "⌊2 + 1/3⌋"


def test_a_declaration_decides_at_once():
    assert write(smaller(T("p", 1, declared=True), T("k", 3, declared=True) - 1)) == "p"
    assert write(smaller(T("H_in", 1), T("k", 3, declared=True))) == "min(H_in, k)"


def test_named_results_are_defined_beside():
    extent: Any = named("k_eff", T("d", 2) * (T("k", 3) - 1) + 1)
    assert write(extent) == "k_eff"
    assert defined(T("n", 9) - extent) == (("k_eff", ("d·(k − 1) + 1", "2·(3 − 1) + 1", "5")),)
    whole: Any = named("k_eff", T("k", 3))
    assert whole.expression == T("k", 3).expression
    assert named("k_eff", 3) == 3


def test_is_an_int():
    number: Any = T("n", 7)
    assert {number: 1}[7] == 1
    assert number == 7
    assert number > 6
    assert number % 4 == 3
    assert [*range(10)][number] == 7
    assert f"{number}" == "7"
    assert isinstance((number // 2).expression, Quotient)


# -- every kind, on random fields and shapes ----------------------------------------------------------------------

sizes = st.integers(1, 40)
small = st.integers(1, 5)
CASES = {
    "conv": lambda d: {
        "out": 4 * d(small),
        "kernel": d(small),
        "stride": d(small),
        "dilation": d(small),
        "padding": d(st.sampled_from(["same", "0", "2", "2:1", "0x1"])),
        "groups": d(st.sampled_from([1, 2])),
    },
    "local": lambda d: {"out": d(small), "kernel": d(small), "stride": d(small), "padding": d(st.sampled_from([0, 1]))},
    "dwconv": lambda d: {
        "multiplier": d(small),
        "kernel": [d(small), d(small)],
        "stride": d(small),
        "padding": d(small),
    },
    "deconv": lambda d: {"out": 4, "kernel": d(small), "stride": d(small), "padding": d(st.sampled_from([0, 1]))},
    "maxpool": lambda d: {
        "kernel": d(small),
        "stride": d(st.sampled_from([None, 1, 2, 3])),
        "rounding": d(st.sampled_from(["floor", "ceil"])),
        "padding": d(st.sampled_from([0, 1])),
    },
    "avgpool": lambda d: {"kernel": d(small)},
    "lppool": lambda d: {"kernel": d(small)},
    "adaptive_avgpool": lambda d: {"output": d(small)},
    "adaptive_maxpool": lambda d: {"output": d(small)},
    "spp": lambda d: {},
    "linear": lambda d: {"out": d(sizes), "axis": "last"},
    "batchnorm": lambda d: {},
    "groupnorm": lambda d: {"groups": 2},
    "instancenorm": lambda d: {"affine": True},
    "layernorm": lambda d: {"over": d(st.sampled_from(["channels", "all", "last"]))},
    "lrn": lambda d: {"size": d(small)},
    "grn": lambda d: {},
    "relu": lambda d: {},
    "softmax": lambda d: {},
    "maxout": lambda d: {"pieces": 2},
    "flatten": lambda d: {},
    "pad": lambda d: {"border": d(st.sampled_from(["1", "1:2", "0x3"]))},
    "crop": lambda d: {"border": d(st.sampled_from(["1", "1:2", "0x3"]))},
    "upsample": lambda d: {"scale": d(small), "mode": "linear"},
    "pixel_shuffle": lambda d: {"factor": 2},
    "space_to_depth": lambda d: {"factor": d(small)},
}


@given(st.data(), st.sampled_from(sorted(CASES)))
def test_every_formula_of_every_layer(data, kind):
    """What is derived is what the layer counts, and what is printed evaluates to it."""
    shape = (4 * data.draw(small), data.draw(sizes), data.draw(sizes))
    fields = {name: value for name, value in CASES[kind](data.draw).items() if value is not None}
    layer = KINDS[kind](**fields)
    if broken_requirement(layer, (shape,)):
        return
    batch = data.draw(st.integers(1, 3))
    seen = [Seen(data.draw(sizes), data.draw(small), data.draw(small)) for _ in shape[1:]]
    derivation = derive(layer, (shape,), seen, batch, 4)
    cost, out = costs(layer, (shape,)), layer.output_shape(shape)
    expected = {
        "weights": cost.weights,
        "biases": cost.biases,
        "macs": batch * cost.macs,
        "flops": batch * (2 * cost.macs + cost.operations),
        "parameters": cost.weights + cost.biases,
    }
    for name, value in expected.items():
        formula = getattr(derivation, name)
        assert (formula.value if formula else 0) == value, name
    assert derivation.memory.value == batch * product(out) * 4
    traced = traced_layer(layer, (shape,)).output_shape(*traced_inputs((shape,)))
    assert traced == out
    for number in traced:
        assert_prints_its_value(number)
    for formula in derivation_formulas(derivation):
        known = {where.symbol: value_of(where.text[-1]) for where in formula.where}
        for text in formula.text[1:]:
            assert value_of(text, known) == formula.value, formula
        for where in formula.where:
            assert value_of(where.text[-2] if len(where.text) > 1 else where.text[0]) == value_of(where.text[-1])


def derivation_formulas(derivation):
    for value in derivation:
        if isinstance(value, tuple) and value and hasattr(value, "quantity"):
            yield value
        elif isinstance(value, tuple):
            yield from value


@pytest.mark.parametrize(
    ("text", "inputs", "macs", "operations"),
    [(text, inputs, macs, others) for text, inputs, output, _, macs, others in EVERY_KIND if output],
)
def test_every_kind_can_be_traced(text, inputs, macs, operations):
    """No kind's rule breaks on traced numbers, and what is derived is what was counted by hand."""
    layer, shapes = parse(text).layer, tuple(tuple(map(int, one.split("x"))) for one in inputs)
    derivation = derive(layer, shapes, [Seen(3, 2, 1)] * (len(shapes[0]) - 1), 1, 4)
    assert derivation.memory.value == product(layer.output_shape(*shapes)) * 4
    assert (derivation.macs.value if derivation.macs else 0) == macs
    assert (derivation.flops.value if derivation.flops else 0) == 2 * macs + operations
