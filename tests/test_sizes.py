"""Closed forms: what the rules make of a symbol gives at each length what they make of the number."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnncalc.arithmetic.symbolic.algebra import NoClosedForm, Polynomial, Size, symbolic, value_at
from cnncalc.arithmetic.symbolic.broadcasting import broadcast, broadcasts
from cnncalc.arithmetic.symbolic.conditions import Condition, every
from cnncalc.arithmetic.windows.formulas import (
    Rounding,
    TransposedWindow,
    Window,
    adaptive_windows,
    all_equal,
    ceil_divide,
    common_divisor,
    larger,
    smaller,
)
from cnncalc.errors import CnncalcError
from cnncalc.graph import broken_requirement
from cnncalc.language import bundled, load
from cnncalc.language.options import Options

H, W = symbolic("H"), symbolic("W")


def evaluated(text, **lengths):
    """What a printed formula comes to: floors and ceilings of exact fractions."""
    code = text.replace("·", "*").replace("−", "-").replace("²", "**2")
    code = re.sub(r"(?<=\d),(?=\d)", "", code)
    code = code.replace("⌊", "floor(").replace("⌋", ")").replace("⌈", "ceil(").replace("⌉", ")")
    code = re.sub(r"(?<![\w.*])(\d+)(?![\w.])", r"whole(\1)", code)
    from fractions import Fraction

    known = {"floor": math.floor, "ceil": math.ceil, "gcd": lambda a, b: math.gcd(int(a), int(b)), "whole": Fraction}
    known |= {"max": max, "min": min} | {name: Fraction(value) for name, value in lengths.items()}
    return eval(code, {"__builtins__": {}}, known)


# -- arithmetic --


STEPS = {
    "+": lambda n, k, p: n + p - k,
    "*": lambda n, k, p: n * k,
    "/": lambda n, k, p: n // k,
    "%": lambda n, k, p: n - n % k,
    "c": lambda n, k, p: Window(k, p + 1, (p // 2, p - p // 2)).length(n),
    "p": lambda n, k, p: Window(k + p, k, (p // 2, p // 2), 1, Rounding.CEIL).length(n),
    "u": lambda n, k, p: TransposedWindow(k, p + 1, (0, 0)).length(n),
    "d": lambda n, k, p: ceil_divide(n, k),
    "s": lambda n, k, p: n + Window(k, p + 1, "same").padding(n)[0],
    "g": lambda n, k, p: adaptive_windows(n, k),
    "m": lambda n, k, p: smaller(larger(n, k), 3 * k + p + 2 * n),
}
"""What layers do to a length."""


@st.composite
def rules(draw):
    """A chain of what layers do to a length, as a function of any number."""
    steps = draw(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(1, 6), st.integers(0, 5)), max_size=5))

    def run(n):
        for what, k, p in steps:
            n = STEPS[what](n, k, p)
        return n

    return run


@settings(max_examples=300, deadline=None)
@given(rules(), st.lists(st.integers(1, 2_000), min_size=1, max_size=8))
def test_a_size_is_exact_at_every_length(rule, lengths):
    form = rule(H)
    for n in [*range(1, 40), *lengths]:
        assert value_at(form, {"H": n}) == rule(n)


@settings(max_examples=300, deadline=None)
@given(rules(), st.lists(st.integers(1, 2_000), min_size=1, max_size=8))
def test_the_printed_formula_is_the_size(rule, lengths):
    form = rule(H)
    text = str(form)
    if "mod" in text or "[" in text or text.count("gcd") > 1 or text.count("max") + text.count("min") > 1:
        return
    for n in [*range(1, 12), *lengths]:
        assert evaluated(text, H=n) == rule(n), text


@settings(max_examples=200, deadline=None)
@given(rules(), rules(), st.integers(-3, 40))
def test_conditions_are_exact(first, second, number):
    left, right = first(H), second(H)
    for truth, plain in (
        (left >= number, lambda n: first(n) >= number),
        (left == right, lambda n: first(n) == second(n)),
        (left > right, lambda n: first(n) > second(n)),
        (left % 3 == 1, lambda n: first(n) % 3 == 1),
        (broadcasts([left, right]), lambda n: len({first(n), second(n)} - {1}) < 2),
    ):
        for n in [*range(1, 60), 611, 1_024]:
            found = truth.holds_at({"H": n}) if isinstance(truth, Condition) else truth
            assert found == plain(n), (truth, n)


@settings(max_examples=100, deadline=None)
@given(rules(), rules(), st.integers(1, 50), st.integers(1, 50))
def test_areas_are_exact(first, second, height, width):
    area = 64 * first(H) * second(W) + first(H) * first(H) - 3 * second(W) + 5
    number = 64 * first(height) * second(width) + first(height) ** 2 - 3 * second(width) + 5
    assert value_at(area, {"H": height, "W": width}) == number
    if isinstance(area, Polynomial) and not re.search(r"mod|gcd|max|min|\[", str(area)):
        assert evaluated(str(area), H=height, W=width) == number


TEXTS = [
    (H // 2 // 2 // 2 // 2 // 2, "⌊H/32⌋"),
    (Window(3, 2, (1, 1)).length(Window(7, 2, (3, 3)).length(H)), "⌈H/4⌉"),
    (H // 2 * 2, "2·⌊H/2⌋"),
    (H - 184, "H − 184"),
    (Window(11, 4, (2, 2)).length(H), "⌊(H − 3)/4⌋"),
    (2 * (H // 2) + 1, "2·⌊H/2⌋ + 1"),
    (H // 2 * 2 // 3, "⌊2·⌊H/2⌋/3⌋"),
    (H // 32 - common_divisor(H // 32, 7), "⌊H/32⌋ − gcd(⌊H/32⌋, 7)"),
    (512 * (H // 32) * (W // 32), "512·⌊H/32⌋·⌊W/32⌋"),
    ((H // 4) * (H // 4), "⌊H/4⌋²"),
    (H // 32 >= 1, "H ≥ 32"),
    (H // 32 == 7, "224 ≤ H ≤ 255"),
    (H // 2 * 2 == H, "H divisible by 2"),
    (every(H % 16 == 12, H >= 188), "H = 16·m + 12, m ≥ 11"),
    (H // 32 * (H // 32) * 512 == 25_088, "224 ≤ H ≤ 255"),
    (512 * (H // 32) * (W // 32) == 25_088, "512·⌊H/32⌋·⌊W/32⌋ = 25,088"),
    (H * W % 4 == 0, "H·W divisible by 4"),
    (every((H - 1) % 4 >= 2), "H mod 4 is 0 or 3"),
    (every(H % 3 == 0, H >= 7), "H divisible by 3, H ≥ 9"),
]


@pytest.mark.parametrize(("form", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_texts(form, text):
    assert str(form) == text


def test_what_is_the_same_everywhere_is_a_plain_number_or_flag():
    assert type(H - H) is int
    assert type((H // 2 * 2) // 2 - H // 2) is int
    assert (H + 1 >= 2) is True
    assert (H >= 0) is True
    assert all_equal([H // 4, H // 2 // 2]) is True
    assert bool(H == H + 1) is False
    assert broadcast([H, 1]) is H


def test_a_multiple_of_a_size_is_divided_by_it():
    n = (H + 3) // 4
    assert (2 * n) // n == 2 and (2 * n) % n == 0
    assert (6 * n + 0) // (3 * n) == 2
    with pytest.raises(NoClosedForm):
        (2 * n + 1) % n


def test_equal_sizes_are_one_object():
    assert H // 2 // 2 is H // 4
    assert len({H // 4, H // 2 // 2}) == 1


@pytest.mark.parametrize("what", [lambda: bool(H >= 3), lambda: H // W, lambda: H * W // 2, lambda: 7 // H])
def test_what_has_no_closed_form_says_so(what):
    with pytest.raises(NoClosedForm):
        what()


# -- whole nets --


def conditions_of(graph):
    return every(*(one.holds for met in graph.conditions.values() for one in met))


def replayed(graph, shape):
    """The shapes of all nodes by the rules on plain numbers, from another input; None where a rule refuses."""
    shapes, seen = [], {}
    for node in graph.nodes:
        if node.layer is None:
            shapes.append(shape)
            continue
        inputs = tuple(shapes[index] for index in node.inputs)
        key = (node.signature, inputs)
        if key not in seen:
            broken = broken_requirement(node.layer, inputs)
            seen[key] = None if broken else node.layer.output_shape(*inputs)
        if seen[key] is None:
            return None
        shapes.append(seen[key])
    return shapes


def nets():
    found = []
    for name in bundled():
        try:
            load(name, Options())
        except CnncalcError:
            continue
        found.append(name)
    return found


def held(name, sizes):
    """The closed form of a bundled net against the rules at these heights and widths."""
    numbers = load(name, Options())
    channels, *spatial = numbers.nodes[0].shape
    symbols = {1: "L", 2: "HW", 3: "DHW"}[len(spatial)]
    forms = load(name, Options(input="x".join([str(channels), *symbols]), symbols=True))
    condition = conditions_of(forms)
    assert [node.layer for node in forms.nodes] == [node.layer for node in numbers.nodes]
    for height, width in sizes:
        lengths = {"H": height, "W": width, "D": width // 2 + 1, "L": 10 * height * width}
        expected = replayed(numbers, (channels, *(lengths[symbol] for symbol in symbols)))
        possible = condition if isinstance(condition, bool) else condition.holds_at(lengths)
        assert possible == (expected is not None), (name, lengths)
        if possible:
            found = [tuple(value_at(n, lengths) for n in node.shape) for node in forms.nodes]
            assert found == expected, (name, lengths)


FEW = [(n, n) for n in (*range(1, 80, 3), 188, 204, 224, 299, 572, 1_000)] + [(64, 75), (300, 29), (572, 188)]


VECTORS = ("textcnn", "stylegan2_ffhq_1024")
WITHOUT = {
    **dict.fromkeys(VECTORS, "it takes a vector, which has no size that could be a symbol"),
    **dict.fromkeys(("mixer_b16", "mixer_l16", "mixer_s16", "mixer_s32"), "it mixes a fixed number of patches"),
    **dict.fromkeys((f"yolo12{scale}" for scale in "nsmlx"), "its attention cuts the map into areas by `reshape`"),
    "deepspeech2": "its `reshape` divides lengths",
    **dict.fromkeys((f"efficientformer_l{size}" for size in (1, 3, 7)), "its `reshape` makes rows of the map's pixels"),
    **dict.fromkeys((f"efficientvit_b{size}" for size in range(4)), "its `reshape` makes columns of the map's pixels"),
    **dict.fromkeys((f"efficientvit_m{size}" for size in range(6)), "its windows are no larger than the map"),
    **dict.fromkeys(("mvit_v1_b", "mvit_v2_s"), "its `reshape` makes a map of its tokens again"),
    **dict.fromkeys((f"mobilevit_{scale}" for scale in ("s", "xs", "xxs")), "its patches are as many as the map has"),
}
"""Nets without a closed form, and why."""


@pytest.mark.parametrize("name", [name for name in nets() if name not in WITHOUT])
def test_every_bundled_net_is_its_closed_form(name):
    held(name, FEW)


@pytest.mark.parametrize("name", [name for name in WITHOUT if name not in VECTORS])
def test_a_net_without_a_closed_form_says_so(name):
    channels, *lengths = load(name, Options()).nodes[0].shape
    size = "x".join([str(channels), *"DHW"[3 - len(lengths) :]])
    with pytest.raises(CnncalcError, match="no closed form"):
        load(name, Options(input=size, symbols=True))


@pytest.mark.parametrize("name", ["vgg16", "unet", "unet_original", "lenet5"])
def test_some_nets_at_every_size(name):
    held(name, [(n, 1_001 - n) for n in range(1, 1_001)])
    held(name, [(n, n) for n in range(1, 1_001)])


CONDITIONS = [
    ("unet", "1xHxW", "H divisible by 16, W divisible by 16"),
    ("unet_original", "1xHxW", "H = 16·m + 12, m ≥ 11, W = 16·m + 12, m ≥ 11"),
    ("vgg16", "3xHxW", "H ≥ 32, W ≥ 32"),
    ("vgg16", "3xHxH", "H ≥ 32"),
    ("vgg16", "3x224xW", "W ≥ 32"),
    ("inception_v3", "3xHxH", "H ≥ 75"),
]


@pytest.mark.parametrize(("name", "shape", "text"), CONDITIONS)
def test_conditions_of_nets(name, shape, text):
    assert str(conditions_of(load(name, Options(input=shape, symbols=True)))) == text


def test_resnet_needs_nothing_and_ends_at_a_thirty_second():
    graph = load("resnet50", Options(input="3xHxW", symbols=True))
    assert conditions_of(graph) is True
    assert str(graph.nodes[graph.groups["layer4"]].shape) == "(2048, ⌈H/32⌉, ⌈W/32⌉)"


def test_an_asserted_input_becomes_a_condition(tmp_path):
    file = tmp_path / "net.yaml"
    file.write_text("input: 1x28x28\nlayers: [conv 4 k3 p1, maxpool k2, flatten, linear 10 in=784]\n")
    square = conditions_of(load(str(file), Options(input="1xHxH", symbols=True)))
    assert [n for n in range(1, 100) if square.holds_at({"H": n})] == [28, 29]
    pair = conditions_of(load(str(file), Options(input="1xHxW", symbols=True)))
    assert pair.holds_at({"H": 14, "W": 57}) and not pair.holds_at({"H": 14, "W": 28})


@pytest.mark.parametrize("shape", ["CxHxW", "3xNxW", "3xHHxW", "3xHx-1", "3xHxWxDxE"])
def test_wrong_symbols_are_told(shape):
    with pytest.raises(CnncalcError):
        load("vgg16", Options(input=shape, symbols=True))


def test_a_size_is_no_number():
    assert isinstance(H // 2, Size) and not isinstance(H // 2, int)
