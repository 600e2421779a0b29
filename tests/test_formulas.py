"""Lengths of convolutions and pools. The witness is a walk: windows are placed one by one and counted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cnncalc.arithmetic.windows.formulas import (
    SAME,
    SAME_LOWER,
    Rounding,
    TransposedWindow,
    Window,
    adaptive_windows,
    ceil_divide,
    common_divisor,
    exact_divide,
    larger,
    product,
    smaller,
)
from cnncalc.graph import broken_requirement
from cnncalc.notation.lines import parse

LENGTHS = st.integers(1, 40)
KERNELS = st.integers(1, 9)
STRIDES = st.integers(1, 6)
DILATIONS = st.integers(1, 4)
PADS = st.tuples(st.integers(0, 8), st.integers(0, 8))


# -- the walks --


def taps(start, k, d):
    """The pixels that a window sees which starts at `start`."""
    return [start + i * d for i in range(k)]


def walk_floor(n, k, s, pads, d):
    """How many windows lie wholly inside the padded input."""
    before, after = pads
    windows, start = 0, -before
    while taps(start, k, d)[-1] <= n + after - 1:
        windows, start = windows + 1, start + s
    return windows


def walk_ceil(n, k, s, pads, d, *, clipped):
    """How many windows it takes until the padded input's end is reached, the last hanging over if need be.

    `clipped`: a window that would start behind the image, in the padding after it or beyond, is not made.
    """
    before, after = pads
    windows, start = 1, -before
    while taps(start, k, d)[-1] < n + after - 1:
        start += s
        if clipped and start >= n:
            break
        windows += 1
    return windows


def two_steps(n, k, s, p, d):
    """The rule of Caffe and torch for the same padding on both sides: round up, then take back a window that
    starts in the padding at the end (or beyond)."""
    k_eff = d * (k - 1) + 1
    out = -(-(n + 2 * p - k_eff) // s) + 1
    return out - 1 if (out - 1) * s >= n + p else out


# -- convolutions and pools that round down --


@given(LENGTHS, KERNELS, STRIDES, PADS, DILATIONS)
def test_floor_counts_the_windows_that_fit(n, k, s, pads, d):
    window = Window(k, s, pads, d)
    assume(n + sum(pads) >= d * (k - 1) + 1)
    assert window.length(n) == walk_floor(n, k, s, pads, d)


@given(LENGTHS, KERNELS, STRIDES, PADS, DILATIONS)
def test_unseen_pixels_are_those_behind_the_last_window(n, k, s, pads, d):
    window = Window(k, s, pads, d)
    assume(n + sum(pads) >= window.extent)
    seen = {x for index in range(walk_floor(n, k, s, pads, d)) for x in taps(index * s - pads[0], k, d)}
    assert window.unseen(n) == n + pads[1] - 1 - max(seen)


@given(KERNELS, DILATIONS)
def test_the_extent_is_from_the_first_pixel_to_the_last(k, d):
    assert Window(k, dilation=d).extent == taps(0, k, d)[-1] + 1


# -- pools that round up --


@given(LENGTHS, KERNELS, STRIDES, PADS, DILATIONS)
def test_ceil_counts_windows_until_the_end_is_reached(n, k, s, pads, d):
    k_eff = d * (k - 1) + 1
    assume(max(pads) < k_eff and n + sum(pads) >= k_eff)
    assert Window(k, s, pads, d, Rounding.CEIL).length(n) == walk_ceil(n, k, s, pads, d, clipped=True)


@given(LENGTHS, KERNELS, STRIDES, PADS, DILATIONS)
def test_unclipped_ceil_counts_all_of_them(n, k, s, pads, d):
    k_eff = d * (k - 1) + 1
    assume(n + sum(pads) >= k_eff)
    assert Window(k, s, pads, d, Rounding.CEIL_UNCLIPPED).length(n) == walk_ceil(n, k, s, pads, d, clipped=False)


@given(LENGTHS, KERNELS, STRIDES, st.integers(0, 8), DILATIONS)
def test_one_formula_is_the_two_step_rule(n, k, s, p, d):
    k_eff = d * (k - 1) + 1
    assume(p < k_eff and n + 2 * p >= k_eff)
    assert Window(k, s, (p, p), d, Rounding.CEIL).length(n) == two_steps(n, k, s, p, d)


def test_one_formula_is_the_two_step_rule_everywhere():
    """Every case that is small, so that no corner is left to chance."""
    for n in range(1, 15):
        for k in range(1, 6):
            for s in range(1, 6):
                for d in (1, 2, 3):
                    for p in range(d * (k - 1) + 1):
                        if n + 2 * p >= d * (k - 1) + 1:
                            assert Window(k, s, (p, p), d, Rounding.CEIL).length(n) == two_steps(n, k, s, p, d)


# -- same, same_lower, valid --


@given(LENGTHS, KERNELS, STRIDES, DILATIONS, st.sampled_from([SAME, SAME_LOWER]))
def test_same_is_the_least_padding_that_gives_a_window_every_stride(n, k, s, d, word):
    """A window for each of the ⌈n/s⌉ starts 0, s, 2s … below n; padded as little as it takes, evenly but for one."""
    starts = len(range(0, n, s))
    window = Window(k, s, word, d)
    before, after = window.padding(n)
    assert window.length(n) == starts == walk_floor(n, k, s, (before, after), d)
    assert after - before in ((0, 1) if word == SAME else (0, -1))
    if before + after:
        less = (before, after - 1) if after else (before - 1, after)
        assert walk_floor(n, k, s, less, d) < starts


def test_same_puts_the_odd_pixel_after_and_same_lower_before():
    # TensorFlow's worked cases: 6 by 3x3 stride 2 pads (0, 1); 224 by 7x7 stride 2 pads (2, 3)
    assert Window(3, 2, SAME).padding(6) == (0, 1)
    assert Window(3, 2, SAME_LOWER).padding(6) == (1, 0)
    assert Window(7, 2, SAME).padding(224) == (2, 3)


def test_valid_is_no_padding():
    assert parse("conv 8 k3 valid") == parse("conv 8 k3") == parse("conv 8 k3 p0")


# -- transposed convolutions --


@given(
    st.integers(1, 12), KERNELS, STRIDES, st.tuples(st.integers(0, 3), st.integers(0, 3)), DILATIONS, st.integers(0, 5)
)
def test_a_transposed_window_spreads_every_pixel(n, k, s, pads, d, op):
    """Every input pixel i paints the output pixels i·s … i·s + k_eff − 1; then the border is cut off."""
    painted = {x for i in range(n) for x in taps(i * s, k, d)}
    left = max(painted) + 1 + op - sum(pads)
    assert TransposedWindow(k, s, pads, d, op).length(n) == left


@given(LENGTHS, KERNELS, STRIDES, PADS, DILATIONS)
def test_a_transposed_window_undoes_a_window(n, k, s, pads, d):
    """With the right output padding it gives back the length that the window started from."""
    window = Window(k, s, pads, d)
    assume(n + sum(pads) >= window.extent)
    op = window.unseen(n)
    assert 0 <= op < s
    assert TransposedWindow(k, s, pads, d, op).length(window.length(n)) == n


@given(st.integers(1, 30), KERNELS, STRIDES, DILATIONS)
def test_transposed_same(n, k, s, d):
    """Keras: the length of which a forward `same` convolution makes n windows, the longest one."""
    m = TransposedWindow(k, s, SAME, d, same="keras").length(n)
    assert Window(k, s, SAME, d).length(m) == n
    assert Window(k, s, SAME, d).length(m + 1) == n + 1
    before, after = TransposedWindow(k, s, SAME, d, same="keras").padding(n)
    assert (n - 1) * s + d * (k - 1) + 1 - before - after == m


# -- adaptive pools --


@given(st.integers(1, 60), st.integers(1, 60))
def test_adaptive_windows_add_up(n, out):
    windows = [((i * n) // out, -(-((i + 1) * n) // out)) for i in range(out)]
    assert {x for start, stop in windows for x in range(start, stop)} == set(range(n))
    assert adaptive_windows(n, out) == sum(stop - start for start, stop in windows)


# -- where frameworks disagree; each number was run on the framework, or for Caffe read in its source --

C, T, K, P, X = "caffe", "torch", "keras", "paddle", "onnx"
REFUSED = None
DISAGREEMENTS = [
    # case, layer, input length, {dialect: output length, or REFUSED}
    ("default rounding of a pool", "maxpool k3 s2", 112, {C: 56, T: 55, K: 55, P: 55, X: 55}),
    ("default rounding, `same`", "maxpool k3 s2 same", 112, {K: 56}),
    ("ResNet's stem", "maxpool k3 s2 p1", 112, {C: 57, T: 56, P: 56, X: 56}),
    ("ceil, no padding, k < s", "maxpool k1 s2 ceil", 32, {C: 17, T: 16, P: 17, X: 16}),
    ("ceil, padded", "maxpool k3 s3 p1 ceil", 5, {C: 2, T: 2, P: 3, X: 2}),
    ("ceil, padded, even kernel", "maxpool k2 s3 p1 ceil", 7, {C: 3, T: 3, P: 4, X: 3}),
    ("ceil, padded, two pixels", "maxpool k3 s3 p1 ceil", 2, {C: 1, T: 1, P: 2, X: 1}),
    ("padding of k − 1", "maxpool k3 s2 p2 ceil", 5, {C: 4, P: 4, X: 4, T: REFUSED}),
    ("stride 2, same", "conv 8 k3 s2 same", 6, {T: 3, K: 3, P: 3, X: 3}),
    ("7x7, stride 2, same", "conv 8 k7 s2 same", 224, {T: 112, K: 112, P: 112, X: 112}),
    ("7x7, stride 2, padded by 3", "conv 8 k7 s2 p3", 224, {T: 112, C: 112, P: 112, X: 112}),
    ("same and a dilation", "conv 8 k3 d2 same", 6, {T: 6, K: 6, P: 6, X: REFUSED}),
    ("stride and dilation", "conv 8 k3 s2 d2", 9, {T: 3, C: 3, P: 3, X: 3, K: REFUSED}),
    ("transposed, k < s", "deconv 8 k2 s3", 4, {T: 11, C: 11, X: 11, P: 11, K: 12}),
    ("transposed, k < s, same", "deconv 8 k2 s3 same", 4, {X: 11, K: 12, P: 10, T: REFUSED, C: REFUSED}),
    ("transposed, same", "deconv 8 k3 s2 same", 5, {K: 10, X: 10, P: 9, T: REFUSED, C: REFUSED}),
    ("transposed, padded", "deconv 8 k3 s2 p1", 5, {T: 9, C: 9, P: 9, X: 9}),
    ("transposed, padded, output padding", "deconv 8 k3 s2 p1 output_padding=1", 5, {T: 10, P: 10, X: 10}),
]  # fmt: skip
EXCEPTIONS = [
    # What frameworks compute and we refuse in every dialect: a window of which a part lies outside everything
    # is a mistake in a net (Caffe and Paddle give 1 or 0 there by truncating a negative division).
    ("conv 8 k3 s2", 2, "the kernel does not fit its input"),
    ("conv 8 k3 s2", 1, "the kernel does not fit its input"),
    ("maxpool k3 s2 floor", 1, "the kernel does not fit its input"),
]


def length(text, n, dialect):
    """The output length, or the rule that is broken."""
    layer = parse(text, dialect).layer
    shape = (8, n, n) if dialect == C else (8, n)  # Caffe's pools are for two axes
    broken = broken_requirement(layer, (shape,))
    return broken.rule if broken else layer.output_shape(shape)[1]


@pytest.mark.parametrize(
    ("text", "n", "dialect", "expected"),
    [(text, n, dialect, out) for _, text, n, outs in DISAGREEMENTS for dialect, out in outs.items()],
    ids=[f"{case}-{dialect}" for case, _, _, outs in DISAGREEMENTS for dialect in outs],
)
def test_where_frameworks_disagree(text, n, dialect, expected):
    found = length(text, n, dialect)
    assert isinstance(found, str) if expected is REFUSED else found == expected


@pytest.mark.parametrize("dialect", [C, T, K, P, X])
@pytest.mark.parametrize(("text", "n", "rule"), EXCEPTIONS)
def test_what_is_refused_in_every_dialect(text, n, rule, dialect):
    assert length(text, n, dialect) == rule


def test_keras_fills_the_stride_only_where_no_output_padding_is_given():
    assert length("deconv 8 k2 s3", 4, K) == 12
    assert length("deconv 8 k2 s3 output_padding=0", 4, K) == 11
    # `same` with one given: (n − 1)·s + k mod 2 + op
    assert [length(f"deconv 8 k{k} s3 same output_padding={op}", 4, K) for k in (2, 3) for op in (0, 1)] == [
        9,
        10,
        10,
        11,
    ]


def test_paddle_forgets_the_dilation_of_same():
    """With dilation 1 the weights see one pixel to each side, so one pixel of padding is enough."""
    paddle: Any = parse("conv 8 k3 d2 same", P).layer
    (window,) = paddle.windows((8, 6))
    assert window.padding(6) == (1, 1)
    torch: Any = parse("conv 8 k3 d2 same", T).layer
    (window,) = torch.windows((8, 6))
    assert window.padding(6) == (2, 2)


def test_default_strides_of_pools():
    assert {dialect: length("maxpool k2", 8, dialect) for dialect in (T, K, P, C, X)} == {T: 4, K: 4, P: 4, C: 7, X: 7}


# -- the helpers --


@given(st.integers(-50, 50), st.integers(1, 12))
def test_helpers_are_exact(a, b):
    assert ceil_divide(a, b) == -((-a) // b)
    assert (ceil_divide(a, b) - 1) * b < a <= ceil_divide(a, b) * b
    assert exact_divide(a * b, b) == a
    assert (larger(a, b), smaller(a, b)) == (max(a, b), min(a, b))
    assert a % common_divisor(a, b) == 0 == b % common_divisor(a, b)
    assert product([a, b, 2]) == a * b * 2
    assert product([]) == 1
