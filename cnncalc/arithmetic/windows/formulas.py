"""The length of a convolution, a pool or a transposed convolution along one axis.

Every rule is written once with `+ - * //` and the helpers below, and never branches on the value of a size, so that the
same line gives the number on `int`, the closed form on a symbolic size, and the derivation on a traced number. What a
rule may branch on is its declaration: which padding word, which rounding.

Symbols: n input length, k kernel, s stride, d dilation, k_eff = d(k − 1) + 1 its extent; all in pixels.

Sources: Dumoulin & Visin 2016, "A guide to convolution arithmetic for deep learning" (relationships 6, 14 and 15);
PyTorch's pooling rule with its last-window clip; TensorFlow's SAME. Where frameworks differ, `Rounding` and `SAME` name
the rule.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any, TypeAlias

from cnncalc.records import NamedTuple

__all__ = [
    "CAUSAL",
    "SAME",
    "SAME_LOWER",
    "Border",
    "Rounding",
    "TransposedWindow",
    "Window",
    "adaptive_windows",
    "all_equal",
    "ceil_divide",
    "common_divisor",
    "every",
    "exact_divide",
    "larger",
    "named",
    "product",
    "scaled_in_single",
    "scaled_length",
    "smaller",
]

SAME = "same"
SAME_LOWER = "same_lower"
CAUSAL = "causal"

Border: TypeAlias = "tuple[int, int] | str"
"""Padding (before, after) along one axis, or the word `same` or `same_lower`, which depends on the input's length."""


class Rounding(Enum):
    """How an output length that is not whole is made whole."""

    FLOOR = "floor"
    """Down. Every convolution, and pools unless told."""
    CEIL = "ceil"
    """Up, but the last window must start inside the input or its left padding (PyTorch, ONNX from opset 22)."""
    CEIL_UNCLIPPED = "ceil, never clipped"
    """Up, always (Paddle, ONNX to opset 21)."""


def _by_itself(helper: str, *numbers: int) -> Any:
    """What a number or truth that is not plain (traced, symbolic) answers for a helper, or None where all are plain."""
    for number in numbers:
        if getattr(number, "absorbs", False):  # an open number makes all open, whatever else there is
            return number
    for number in numbers:
        own = getattr(number, helper, None)
        if own is not None:
            return own(*numbers)
    return None


def ceil_divide(dividend: int, divisor: int) -> int:
    """⌈dividend / divisor⌉, exactly."""
    if type(dividend) is int is type(divisor):
        return -(-dividend // divisor)
    answer = _by_itself("ceil_divide", dividend, divisor)
    return -(-dividend // divisor) if answer is None else answer


def exact_divide(dividend: int, divisor: int) -> int:
    """dividend / divisor where a requirement holds that the divisor divides it."""
    if type(dividend) is int is type(divisor):
        return dividend // divisor
    answer = _by_itself("exact_divide", dividend, divisor)
    return dividend // divisor if answer is None else answer


def larger(left: int, right: int) -> int:
    """The larger of two numbers; a rule calls it where a plain `max` would branch on a size."""
    if type(left) is int is type(right):
        return max(left, right)
    answer = _by_itself("larger", left, right)
    return max(left, right) if answer is None else answer


def smaller(left: int, right: int) -> int:
    """The smaller of two numbers; see `larger`."""
    if type(left) is int is type(right):
        return min(left, right)
    answer = _by_itself("smaller", left, right)
    return min(left, right) if answer is None else answer


def scaled_length(n: int, factor: int | float) -> int:
    """⌊n·factor⌋ as torch takes it: the product in double precision, rounded down.

    On numbers that are no plain ints a fraction is divided by exactly, which is the same unless the product rounds up
    to a whole number.
    """
    if isinstance(factor, int):
        return n * factor
    if type(n) is int:
        return math.floor(n * factor)
    numerator, denominator = factor.as_integer_ratio()
    return n * numerator // denominator


def scaled_in_single(n: int, factor: int | float) -> int:
    """⌊n·factor⌋ as onnxruntime takes it: the product in single precision, rounded down.

    On numbers that are no plain ints the factor is the single-precision one, and divided by exactly.
    """
    import struct

    if isinstance(factor, int):
        return n * factor
    nearest: float = struct.unpack("<f", struct.pack("<f", factor))[0]
    if type(n) is int:
        rounded: float = struct.unpack("<f", struct.pack("<f", n * nearest))[0]
        return math.floor(rounded)
    return scaled_length(n, nearest)


def common_divisor(left: int, right: int) -> int:
    """The greatest common divisor of two numbers."""
    if type(left) is int is type(right):
        return math.gcd(left, right)
    answer = _by_itself("common_divisor", left, right)
    return math.gcd(left, right) if answer is None else answer


def every(*truths: bool) -> Any:
    """All of them; a rule says it where `and` would branch on a size, which on symbolic sizes is a condition."""
    if all(type(truth) is bool for truth in truths):
        return all(truths)
    answer = _by_itself("every", *truths)
    return all(truths) if answer is None else answer


def all_equal(lengths: Sequence[int]) -> Any:
    """Whether all are the same; a condition on symbolic sizes, as `every`."""
    return every(*(length == lengths[0] for length in lengths[1:]))


def named(symbol: str, number: int) -> int:
    """The number; a derivation prints it as `symbol`, and says beside it what that is."""
    own = getattr(number, "named", None)
    return number if own is None else own(symbol, number)


def product(numbers: Iterable[int]) -> int:
    """The product of all numbers; 1 for none."""
    return math.prod(numbers)


class Window(NamedTuple):
    """A window that slides along one axis of a convolution or pool."""

    kernel: int
    stride: int = 1
    border: Border = (0, 0)
    dilation: int = 1
    rounding: Rounding = Rounding.FLOOR
    pads_first: bool = False
    """`same` pads so that a kernel without dilation gives ⌈n/s⌉; what the window then gives may be another length."""
    takes_away: bool = False
    """`same` takes pixels away where a stride larger than the kernel leaves some over: onnxruntime's dilated pools."""

    @property
    def extent(self) -> int:
        """k_eff, the pixels from the window's first to its last, both included."""
        return named("k_eff", self.dilation * (self.kernel - 1) + 1)

    def length(self, n: int) -> int:
        """The number of windows on an input of `n` pixels.

        The clip of a ceil-mode pool is no special case: it is one bound inside one formula,
        ⌈(n + min(before + after − k_eff + s, before)) / s⌉, for every padding smaller than the extent.
        """
        if isinstance(self.border, str) and not self.pads_first:
            return ceil_divide(n, self.stride)
        before, after = self.padding(n)
        if self.rounding is Rounding.CEIL:
            return ceil_divide(n + smaller(before + after - self.extent + self.stride, before), self.stride)
        room = n + before + after - self.extent
        if self.rounding is Rounding.CEIL_UNCLIPPED:
            return ceil_divide(room, self.stride) + 1
        return room // self.stride + 1

    def padding(self, n: int) -> tuple[int, int]:
        """Padded pixels before and after an input of `n`; `same` puts the odd one after, `same_lower` before."""
        if not isinstance(self.border, str):
            return self.border
        extent = self.kernel if self.pads_first else self.extent
        wanted = (ceil_divide(n, self.stride) - 1) * self.stride + extent - n
        total = named("p_total", wanted if self.takes_away else larger(wanted, 0))
        less = total // 2 if not self.takes_away else larger(total, 0) // 2 - larger(-total, 0) // 2
        more = total - less
        return (less, more) if self.border == SAME else (more, less)

    def unseen(self, n: int) -> int:
        """Pixels at the far end, padding included, that no window covers; negative where the last window hangs over."""
        before, after = self.padding(n)
        return n + before + after - (self.length(n) - 1) * self.stride - self.extent


class TransposedWindow(NamedTuple):
    """A window of a transposed convolution along one axis: the `Window` whose gradient it is, run backwards.

    `same` is the rule of one framework: "keras" gives n·s, "onnx" cuts down to n·s what is more than that, "paddle"
    pads as a forward SAME convolution of the input would be.
    """

    kernel: int
    stride: int = 1
    border: Border = (0, 0)
    dilation: int = 1
    output_padding: int = 0
    same: str = "keras"

    @property
    def extent(self) -> int:
        """k_eff, the pixels from the window's first to its last, both included."""
        return named("k_eff", self.dilation * (self.kernel - 1) + 1)

    def length(self, n: int) -> int:
        """The output length for an input of `n` pixels (Dumoulin & Visin, relationship 14)."""
        spread = (n - 1) * self.stride + self.extent + self.output_padding
        if not isinstance(self.border, str):
            before, after = self.border
            return spread - before - after
        if self.same == "keras":
            return n * self.stride
        if self.same == "onnx":
            return smaller(spread, n * self.stride)
        if self.same in ("opencv", "ncnn"):
            return spread - (self.extent - 1 if self.same == "opencv" else 0)
        return spread - larger((ceil_divide(n, self.stride) - 1) * self.stride + self.kernel - n, 0)

    def padding(self, n: int) -> tuple[int, int]:
        """Pixels cut off before and after; a negative second number is output padding that `same` adds."""
        if not isinstance(self.border, str):
            return self.border
        total = (n - 1) * self.stride + self.extent + self.output_padding - self.length(n)
        less = larger(total, 0) // 2
        return (less, total - less) if self.border == SAME else (total - less, less)


def adaptive_windows(n: int, out: int) -> int:
    """Σ of the window lengths of an adaptive pool from `n` to `out` pixels.

    Window i covers ⌊i·n/out⌋ to ⌈(i+1)·n/out⌉. Neighbours overlap by one pixel except where out divides (i+1)·n, which
    happens gcd(n, out) times, so the lengths add up to n + out − gcd(n, out).
    """
    return n + out - common_divisor(n, out)
