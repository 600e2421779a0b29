"""What the pools with a sliding window share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import repeat
from typing import ClassVar

from cnncalc.arithmetic.windows.formulas import Rounding, Window, ceil_divide, product
from cnncalc.arithmetic.windows.reach import Reach, windowed
from cnncalc.layers.base import Layer, Requirement, Shape, field, resized
from cnncalc.layers.fields import LARGEST, Border, Choice, PerAxis, spread
from cnncalc.layers.habits import not_fitting
from cnncalc.layers.windows import axis_name, fits, per_axis_requirements, read_by_windows

__all__ = ["Pool"]


class Pool(Layer):
    """What the pools with a sliding window share; output length as `Window.length`."""

    needs: ClassVar[str] = "map"
    averages: ClassVar[bool] = False
    """Whether torch runs it by its average pool, which in 3-D takes no input smaller than the kernel, padded or not."""
    pads_itself: ClassVar[bool] = True
    """Whether torch's pool can pad."""
    kernel: tuple[int, ...] = field(
        PerAxis(), "window size, pixels", letter="k", position=0, symbol="k", aliases=("kernel_size", "pool_size")
    )
    stride: tuple[int, ...] | None = field(
        PerAxis(),
        "step of the window, pixels; the kernel unless given",
        None,
        letter="s",
        symbol="s",
        aliases=("strides",),
    )
    padding: tuple[tuple[int, int], ...] | str = field(
        Border(),
        "border around the input, pixels, or same, same_lower, valid",
        ((0, 0),),
        letter="p",
        symbol="p",
        aliases=("pad",),
    )
    rounding: str | None = field(
        Choice("floor", "ceil"),
        "how the output length is made whole; floor unless the dialect says",
        None,
        aliases=("round_mode",),
    )

    @property
    def dilations(self) -> tuple[int, ...]:
        """Step between the pixels of the window."""
        return (1,)

    def rounding_rule(self) -> Rounding:
        """What the rounding word means in the layer's dialect, for this padding."""
        if (self.rounding or self.rules.pool_rounding) == "floor":
            return Rounding.FLOOR
        unpadded = not isinstance(self.padding, str) and not any(a or b for a, b in self.padding)
        if self.rules.clip_needs_padding and unpadded:
            return Rounding.CEIL_UNCLIPPED
        return self.rules.ceil_of.get(self.kind, self.rules.ceil)

    def windows(self, x: Shape) -> tuple[Window, ...]:
        """One window an axis; shape and receptive field both come from it."""
        rank = len(x) - 1
        stride = self.stride or (self.kernel if self.rules.pool_stride_is_kernel else (1,))
        borders = (self.padding,) if isinstance(self.padding, str) else self.padding
        rounding = self.rounding_rule()
        apart = (1,) if self.rules.pools_ignore_dilation else self.dilations
        each = spread(self.kernel, rank), spread(stride, rank), spread(borders, rank), spread(apart, rank)
        first = self.rules.pool_same_pads_first
        takes = first and self.kind in self.rules.pool_same_needs_padding
        return tuple(map(Window, *each, repeat(rounding), repeat(first), repeat(takes)))

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        (shape,) = x
        rank = len(shape) - 1
        yield from per_axis_requirements(self, rank)
        for axis, (window, n) in enumerate(zip(self.windows(shape), shape[1:])):
            name = axis_name(axis, rank)
            yield from self.padding_requirements(window, name)
            yield Requirement(
                not self.averages or rank < 3 or self.dialect != "torch" or n >= window.kernel,
                "torch's average pool takes no volume smaller than its kernel, padded or not",
                f"{name} {n}, kernel {window.kernel}",
                "use a smaller kernel, or a `pad` layer before the pool",
            )
            yield from self.same_requirements(window, n, name)
        windows = self.windows(shape)
        limits = [self.padding_limit(window)[0] for window in windows]
        yield from fits(windows, shape, limits, beside=not_fitting(self))

    def padding_limit(self, window: Window) -> tuple[int, str]:
        """The most padding that the dialect lets a pool have on an axis, and that in words."""
        limits = {
            "half": (window.kernel // 2, "half the kernel"),  # without the dilation
            "kernel": (window.kernel - 1, "less than the kernel"),
            "extent": (window.extent - 1, "less than the kernel's extent"),
            "none": (LARGEST, ""),
        }
        return limits[self.rules.pool_padding_limit]

    def padding_requirements(self, window: Window, axis: str) -> Iterator[Requirement]:
        """How much padding the dialect lets a pool have, so that every window holds at least one pixel."""
        if isinstance(window.border, str):
            return
        limit, words = self.padding_limit(window)
        extent = f"extent {window.extent}" if words.endswith("extent") else f"kernel {window.kernel}"
        yield Requirement(
            max(window.border) <= limit,
            f"a pool's padding may be at most {words}",
            f"{axis} padding {window.border[0]}:{window.border[1]}, {extent}"
            + (f"; {self.rules.overpads}" if self.rules.overpads else ""),
            f"use padding up to {limit}, or a `pad` layer before the pool",
        )

    def same_requirements(self, window: Window, n: int, axis: str) -> Iterator[Requirement]:
        """What a dialect has against `same`: beside rounding, or where a stride wider than the kernel leaves pixels."""
        beside = self.rounding == "ceil" or max(self.dilations) > 1
        if self.rules.pool_same_alone and self.kind == "maxpool" and isinstance(window.border, str):
            yield Requirement(
                not beside,
                f"{self.rules.runs} takes neither `ceil` nor a dilation beside `{window.border}`",
                f"{axis} rounding {self.rounding or 'floor'}, dilation {window.dilation}",
                "write the padding in numbers",
            )
        failing = self.kind in self.rules.pool_same_needs_padding and max(self.dilations) == 1
        if failing and isinstance(window.border, str):
            missing = (ceil_divide(n, window.stride) - 1) * window.stride + window.kernel - n
            yield Requirement(
                missing >= 0,
                f"{self.rules.runs} fails where `{window.border}` of a pool leaves pixels over",
                f"{axis} {n}, kernel {window.kernel}, stride {window.stride}: {-missing} pixels are over; "
                "shape inference goes on",
                "use a kernel as large as the stride, or write the padding in numbers",
            )

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        return tuple(windowed(window, n) for window, n in zip(self.windows(x[0]), x[0][1:]))

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return resized(x[0][0], *x) if x else None

    read = read_by_windows

    def output_shape(self, *x: Shape) -> Shape:
        (shape,) = x
        return (shape[0], *(window.length(n) for window, n in zip(self.windows(shape), shape[1:])))

    def explicit_padding(self, x: Shape) -> tuple[tuple[int, int], ...] | None:
        """(before, after) of each axis where torch's pool cannot pad so itself; with them, rounding down is exact."""
        windows = self.windows(x)
        padding = tuple(window.padding(n) for window, n in zip(windows, x[1:]))
        native = all(
            0 <= before == after <= (window.kernel // 2 if self.pads_itself else 0)
            and window.rounding is not Rounding.CEIL_UNCLIPPED
            and (not self.averages or len(windows) < 3 or n >= window.kernel)
            for window, n, (before, after) in zip(windows, x[1:], padding)
        )
        if native:
            return None
        return tuple(
            # what no window covers must be less than a stride, or rounding down would count one more
            (before, after if 0 <= window.unseen(n) < window.stride else after - window.unseen(n))
            for window, n, (before, after) in zip(windows, x[1:], padding)
        )

    def window_operations(self, size: int) -> int:
        """Operations to reduce one window of `size` pixels."""
        raise NotImplementedError

    def operations(self, *x: Shape) -> int:
        """Every window counts its full size, at the border too."""
        return self.window_operations(product(w.kernel for w in self.windows(x[0]))) * product(self.output_shape(*x))
