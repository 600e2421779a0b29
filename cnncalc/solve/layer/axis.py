"""One layer on one axis with one number left out: which values give the wanted output length.

Nothing is inverted by hand. The layer's own rule is asked: the output length only grows, or only shrinks, as each of
the numbers grows, so that the values that give it are an interval, and bisection finds its ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cnncalc.arithmetic.windows.formulas import Border, Rounding, TransposedWindow, Window
from cnncalc.layers import KINDS, Layer, Requirement
from cnncalc.records import NamedTuple

__all__ = ["KIND_OF", "UNKNOWNS", "Axis", "Bounds", "bounds_of", "candidates", "interval"]

KIND_OF = {"conv": "conv", "pool": "maxpool", "deconv": "deconv"}
UNKNOWNS = ("padding", "kernel", "stride", "dilation", "input", "output-padding")
MOST = 10_000
"""More values than these are not listed."""
MOST_OUTPUT_PADDING = 64
"""As many output paddings are tried beside a padding."""
MOST_PADDING = 500
"""Pairs of paddings are counted in squares of it."""


class Axis(NamedTuple):
    """One axis of a layer, all numbers known; lengths in pixels."""

    kind: str
    """conv, pool or deconv."""
    input: int
    kernel: int
    stride: int | None
    border: Border
    dilation: int
    output_padding: int
    rounding: str | None
    dialect: str

    def layer(self) -> Layer:
        """The layer with one channel; its dialect says what an unknown stride of a pool is."""
        fields: dict[str, Any] = {
            "kernel": (self.kernel,),
            "padding": self.border if isinstance(self.border, str) else (self.border,),
            "dilation": (self.dilation,),
            "dialect": self.dialect,
        }
        if self.stride is not None:
            fields["stride"] = (self.stride,)
        if self.kind == "pool":
            fields["rounding"] = self.rounding
        else:
            fields["out"] = 1
        if self.kind == "deconv" and self.output_padding:
            fields["output_padding"] = (self.output_padding,)
        return KINDS[KIND_OF[self.kind]](**fields)

    @property
    def shape(self) -> tuple[int, int]:
        """The input: one channel."""
        return (1, self.input)

    def window(self) -> Window | TransposedWindow:
        """The window that the layer itself uses."""
        layer: Any = self.layer()
        window: Window | TransposedWindow = layer.windows(self.shape)[0]
        return window

    def length(self) -> int:
        """The output length by the layer's rule, whether or not its requirements hold."""
        return self.window().length(self.input)

    def broken(self) -> Requirement | None:
        """The rule that the layer breaks on this input, whatever the number of axes that a dialect has it on."""
        return next((one for one in self.layer().requirements(self.shape) if not one.holds), None)

    def dropped(self) -> int:
        """Pixels of the input itself, at its far end, that no window sees; a transposed convolution drops none."""
        window = self.window()
        if isinstance(window, TransposedWindow):
            return 0
        return max(window.unseen(self.input) - max(window.padding(self.input)[1], 0), 0)

    @property
    def total(self) -> int:
        """The padding of both sides; 0 for a word."""
        return 0 if isinstance(self.border, str) else sum(self.border)


class Bounds(NamedTuple):
    """The values that are looked at, both ends included."""

    low: int
    high: int
    why: str
    """Why no larger value need be looked at."""
    complete: bool = True


def interval(function: Callable[[int], int], target: int, low: int, high: int) -> range:
    """The arguments from `low` to `high` at which a function that never falls is `target`."""
    return range(_first(function, target, low, high), _first(function, target + 1, low, high))


def _first(function: Callable[[int], int], target: int, low: int, high: int) -> int:
    """The first argument at which the function reaches `target`; high + 1 where it does not."""
    end = high + 1
    while low < end:
        middle = (low + end) // 2
        if function(middle) >= target:
            end = middle
        else:
            low = middle + 1
    return low


def bounds_of(axis: Axis, unknown: str, output: int) -> Bounds:
    """Where a value can lie. `axis` holds 1 (no padding) for the unknown itself."""
    natural = _NATURAL[unknown](axis, output)
    most = MOST_PADDING if unknown == "padding" else 10**12 if unknown == "input" else 10**9
    if natural.high > most:
        return Bounds(natural.low, most, "the bound of the search", complete=False)
    return natural._replace(high=max(natural.high, natural.low))


def _padding_bounds(axis: Axis, output: int) -> Bounds:
    extent = axis.window().extent
    if axis.kind != "pool":
        return Bounds(0, extent - 1, f"less than the kernel's extent {extent}: more would be windows of padding alone")
    fitting = axis._replace(input=max(axis.input, extent))

    def allowed(padding: int) -> bool:
        return fitting._replace(border=(padding, padding)).broken() is None

    limit = _first(lambda padding: int(not allowed(padding)), 1, 0, extent - 1) - 1
    if limit == extent - 1:
        return Bounds(0, limit, f"less than the kernel's extent {extent}: more would be windows of padding alone")
    return Bounds(0, limit, f"as much as {axis.dialect} lets a pool have; a `pad` layer before it may add more")


def _kernel_bounds(axis: Axis, output: int) -> Bounds:
    if isinstance(axis.border, str):
        return Bounds(1, max(axis.input, output), "the length of input and output", complete=False)
    if axis.kind == "deconv":
        return Bounds(1, (output + axis.total) // axis.dilation + 1, "a larger kernel gives a larger output")
    room = axis.input + axis.total - 1
    if axis.kind == "pool" and axis.stride is None:
        return Bounds(1, room + 1, "the padded input's length: a larger kernel can only give 1")
    window, hanging = axis.window(), 0
    if axis.kind == "pool" and isinstance(window, Window) and window.rounding is not Rounding.FLOOR:
        hanging = (axis.stride or 1) - 1  # how far a window may hang over when the length is rounded up
    return Bounds(1, (room + hanging) // axis.dilation + 1, "a larger kernel does not fit the padded input")


def _stride_bounds(axis: Axis, output: int) -> Bounds:
    if axis.kind == "deconv":
        if axis.input == 1:
            return Bounds(1, max(axis.dilation, axis.output_padding + 1), "of one pixel, the stride changes nothing")
        return Bounds(1, output + axis.total + 1, "a larger stride gives a larger output")
    return Bounds(1, axis.input + axis.total, "the padded input's length: every larger stride gives 1 too")


def _dilation_bounds(axis: Axis, output: int) -> Bounds:
    if axis.kernel == 1:
        most = axis.output_padding + 1 if axis.kind == "deconv" else 1
        return Bounds(1, most, "with kernel 1 the dilation changes nothing")
    if isinstance(axis.border, str):
        most = max(axis.input, output) // (axis.kernel - 1)
        return Bounds(1, max(most, axis.output_padding + 1), "the length of input and output", complete=False)
    if axis.kind == "deconv":
        most = max((output + axis.total) // (axis.kernel - 1), axis.output_padding) + 1
        return Bounds(1, most, "a larger dilation gives a larger output")
    hanging = axis.window().stride if axis.kind == "pool" else 0
    most = (axis.input + axis.total - 1 + hanging) // (axis.kernel - 1)
    return Bounds(1, max(most, 1), "a larger one does not fit the padded input")


def _input_bounds(axis: Axis, output: int) -> Bounds:
    if axis.kind == "deconv":
        return Bounds(1, output + axis.total + 1, "a longer input gives a larger output")
    stride = axis.window().stride
    return Bounds(1, output * stride + axis.window().extent + axis.total, "a longer input gives a larger output")


def _output_padding_bounds(axis: Axis, output: int) -> Bounds:
    stride = axis.window().stride
    if axis.dialect == "keras":
        return Bounds(
            0, output + axis.total, "more would be larger than the output", complete=not isinstance(axis.border, str)
        )
    return Bounds(0, max(stride, axis.dilation) - 1, "less than the stride or the dilation")


_NATURAL: dict[str, Callable[[Axis, int], Bounds]] = {
    "padding": _padding_bounds,
    "kernel": _kernel_bounds,
    "stride": _stride_bounds,
    "dilation": _dilation_bounds,
    "input": _input_bounds,
    "output-padding": _output_padding_bounds,
}
FIELD = {"output-padding": "output_padding"}


def with_value(axis: Axis, unknown: str, value: int) -> Axis:
    """The axis with the unknown (any but the padding) set."""
    fields: dict[str, Any] = {FIELD.get(unknown, unknown): value}
    return axis._replace(**fields)


def shrinks(axis: Axis, unknown: str) -> bool:
    """Whether the output never grows as the unknown grows; else it never shrinks."""
    return axis.kind != "deconv" and unknown in ("kernel", "stride", "dilation")


def candidates(axis: Axis, unknown: str, output: int, bounds: Bounds, *, any_output_padding: bool) -> Iterator[Axis]:
    """Every axis within the bounds whose rule gives `output`; requirements are still to be checked."""
    if unknown == "padding":
        yield from _paddings(axis, output, bounds, any_output_padding=any_output_padding)
        return
    low = bounds.low
    if unknown == "output-padding":  # 0 stands for "none given", which Keras fills up to the stride
        low = 1
        if with_value(axis, unknown, 0).length() == output:
            yield with_value(axis, unknown, 0)
    sign = -1 if shrinks(axis, unknown) else 1
    found = interval(lambda value: sign * with_value(axis, unknown, value).length(), sign * output, low, bounds.high)
    for value in found[:MOST]:
        yield with_value(axis, unknown, value)


def _paddings(axis: Axis, output: int, bounds: Bounds, *, any_output_padding: bool) -> Iterator[Axis]:
    n = axis.input
    sign = -1 if axis.kind == "deconv" else 1
    most = min(max(axis.window().stride, axis.dilation), MOST_OUTPUT_PADDING) if any_output_padding else 1
    for extra in range(most):
        padded = axis._replace(output_padding=extra) if any_output_padding else axis
        none = padded._replace(border=(0, 0))
        if none.length() == output:  # by itself: Caffe rounds a pool without padding by a rule of its own
            yield none
        window = padded._replace(border=(0, 1)).window()
        for before in range(bounds.high + 1):
            afters = interval(
                lambda after: sign * window._replace(border=(before, after)).length(n),  # noqa: B023 - used at once
                sign * output, int(before == 0), bounds.high,
            )  # fmt: skip
            for after in afters:
                yield padded._replace(border=(before, after))
