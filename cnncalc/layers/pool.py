"""Pools: windows that slide, windows that adapt, and windows that cover everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from cnncalc.arithmetic.formulas import Rounding, Window, adaptive_windows, larger, product
from cnncalc.arithmetic.reach import Reach, windowed
from cnncalc.layers.base import INDEX_BYTES, Backward, Layer, Requirement, Saved, Shape, field
from cnncalc.layers.dialects import DIALECTS, Dialect
from cnncalc.layers.fields import LARGEST, Border, Choice, Flag, PerAxis, Real, spread
from cnncalc.layers.registry import layer
from cnncalc.layers.windows import axis_name, fits, per_axis_requirements, saved_input

__all__ = [
    "AdaptiveAvgPool",
    "AdaptiveMaxPool",
    "AvgPool",
    "GlobalAvgPool",
    "GlobalMaxPool",
    "LPPool",
    "MaxPool",
]


class Pool(Layer):
    """What the pools with a sliding window share; output length as `Window.length`."""

    needs: ClassVar[str] = "map"
    averages: ClassVar[bool] = False
    """Whether torch runs it by its average pool, which in 3-D takes no input smaller than the kernel, padded or not."""
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
    dialect: str = field(Choice(*DIALECTS), "whose rules apply", "torch", hidden=True)

    @property
    def rules(self) -> Dialect:
        """The habits of the layer's framework."""
        return DIALECTS[self.dialect]

    @property
    def dilations(self) -> tuple[int, ...]:
        """Step between the pixels of the window."""
        return (1,)

    def rounding_rule(self) -> Rounding:
        """What the rounding word means in the layer's dialect, for this padding."""
        if (self.rounding or self.rules.pool_rounding) == "floor":
            return Rounding.FLOOR
        unpadded = not isinstance(self.padding, str) and not any(a or b for a, b in self.padding)
        return Rounding.CEIL_UNCLIPPED if self.rules.clip_needs_padding and unpadded else self.rules.ceil

    def windows(self, x: Shape) -> tuple[Window, ...]:
        """One window an axis; shape and receptive field both come from it."""
        rank = len(x) - 1
        stride = self.stride or (self.kernel if self.rules.pool_stride_is_kernel else (1,))
        borders = (self.padding,) if isinstance(self.padding, str) else self.padding
        rounding = self.rounding_rule()
        return tuple(
            Window(k, s, p, d, rounding)
            for k, s, p, d in zip(
                spread(self.kernel, rank), spread(stride, rank), spread(borders, rank), spread(self.dilations, rank)
            )
        )

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        (shape,) = x
        rank = len(shape) - 1
        yield from per_axis_requirements(self, rank)
        for axis, (window, n) in enumerate(zip(self.windows(shape), shape[1:])):
            name = axis_name(axis, rank)
            yield from self.padding_requirements(window, name)
            yield Requirement(
                n >= window.kernel or not self.averages or rank < 3 or self.dialect != "torch",
                "torch's average pool takes no volume smaller than its kernel, padded or not",
                f"{name} {n}, kernel {window.kernel}",
                "use a smaller kernel, or a `pad` layer before the pool",
            )
        windows = self.windows(shape)
        yield from fits(windows, shape, [self.padding_limit(window)[0] for window in windows])

    def padding_limit(self, window: Window) -> tuple[int, str]:
        """The most padding that the dialect lets a pool have on an axis, and that in words."""
        limits = {
            "half": (window.kernel // 2, "half the kernel"),  # without the dilation
            "extent": (window.extent - 1, "less than the kernel's extent"),
            "none": (LARGEST, ""),
        }
        return limits[self.rules.pool_padding_limit]

    def padding_requirements(self, window: Window, axis: str) -> Iterator[Requirement]:
        """How much padding the dialect lets a pool have, so that every window holds at least one pixel."""
        if isinstance(window.border, str):
            return
        limit, words = self.padding_limit(window)
        yield Requirement(
            max(window.border) <= limit,
            f"a pool's padding may be at most {words}",
            f"{axis} padding {window.border[0]}:{window.border[1]}, extent {window.extent}",
            f"use padding up to {limit}, or a `pad` layer before the pool",
        )

    def reaches(self, *x: Shape) -> tuple[Reach, ...] | str:
        return tuple(windowed(window, n) for window, n in zip(self.windows(x[0]), x[0][1:]))

    def output_shape(self, *x: Shape) -> Shape:
        (shape,) = x
        return (shape[0], *(window.length(n) for window, n in zip(self.windows(shape), shape[1:])))

    def explicit_padding(self, x: Shape) -> tuple[tuple[int, int], ...] | None:
        """(before, after) of each axis where torch's pool cannot pad so itself; with them, rounding down is exact."""
        windows = self.windows(x)
        padding = tuple(window.padding(n) for window, n in zip(windows, x[1:]))
        native = all(
            before == after <= window.kernel // 2
            and window.rounding is not Rounding.CEIL_UNCLIPPED
            and (n >= window.kernel or not self.averages or len(windows) < 3)
            for window, n, (before, after) in zip(windows, x[1:], padding)
        )
        if native:
            return None
        return tuple(
            (before, after + larger(-window.unseen(n), 0))
            for window, n, (before, after) in zip(windows, x[1:], padding)
        )

    def window_operations(self, size: int) -> int:
        """Operations to reduce one window of `size` pixels."""
        raise NotImplementedError

    def operations(self, *x: Shape) -> int:
        """Every window counts its full size, at the border too."""
        return self.window_operations(product(w.kernel for w in self.windows(x[0]))) * product(self.output_shape(*x))


@layer("maxpool", aliases=("MaxPool", "max_pooling", "max_pool"))
class MaxPool(Pool):
    """The largest of each window, as torch.nn.MaxPool2d; size − 1 comparisons a window."""

    dilation: tuple[int, ...] = field(PerAxis(), "step between the window's own pixels", (1,), letter="d", symbol="d")

    @property
    def dilations(self) -> tuple[int, ...]:
        return self.dilation

    def window_operations(self, size: int) -> int:
        return size - 1

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.any:
            yield from saved_input(x[0], self.explicit_padding(x[0]))
            yield Saved("indices", shape=self.output_shape(*x), size=INDEX_BYTES)


@layer("avgpool", aliases=("AvgPool", "average_pooling", "avg_pool", "AveragePooling", "avg_pooling"))
class AvgPool(Pool):
    """The mean of each window, as torch.nn.AvgPool2d; size − 1 additions and a division a window."""

    averages: ClassVar[bool] = True
    count_include_pad: bool = field(Flag(), "whether padded zeros count in the mean", True)

    def window_operations(self, size: int) -> int:
        return size

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if not backward.any:
            return
        padding = self.explicit_padding(x[0])
        yield from saved_input(x[0], padding)
        if padding is not None and not self.count_include_pad:
            yield Saved("window sizes", shape=self.output_shape(*x)[1:], batched=False)


@layer("lppool", aliases=("LPPool", "lp_pool", "lp_pooling"))
class LPPool(Pool):
    """The p-norm of each window, as torch.nn.LPPool2d; a power each, size − 1 additions, and a root a window."""

    averages: ClassVar[bool] = True
    norm: float = field(Real(0.01, 1e6), "the power p of the norm", 2.0, aliases=("norm_type",))

    def padding_limit(self, window: Window) -> tuple[int, str]:
        return 0, ""

    def padding_requirements(self, window: Window, axis: str) -> Iterator[Requirement]:
        yield Requirement(
            window.border == (0, 0),
            "an lppool takes no padding",
            f"{axis} padding {window.border if isinstance(window.border, str) else max(window.border)}",
            "put a `pad` layer before it",
        )

    def window_operations(self, size: int) -> int:
        return 2 * size

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """torch composes the norm: the power of each pixel, and four tensors of the output's size on the way back."""
        if backward.any:
            padding = self.explicit_padding(x[0])
            yield from saved_input(x[0], padding)
            lengths = (n + sum(border) for n, border in zip(x[0][1:], padding or ((0, 0),) * len(x[0])))
            yield Saved("powers", shape=(x[0][0], *lengths))
            yield Saved("norms", shape=(4, *self.output_shape(*x)))


class AdaptivePool(Layer):
    """A pool to a given output size: window i covers ⌊i·n/out⌋ to ⌈(i+1)·n/out⌉ of an axis."""

    needs: ClassVar[str] = "map"
    output: tuple[int, ...] = field(
        PerAxis(), "output size, pixels", position=0, symbol="out", aliases=("output_size",)
    )

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield from per_axis_requirements(self, len(x[0]) - 1)

    def output_shape(self, *x: Shape) -> Shape:
        (shape,) = x
        return (shape[0], *spread(self.output, len(shape) - 1))

    def reaches(self, *x: Shape) -> tuple[Reach, ...] | str:
        """A plain pool where the output divides the input; otherwise its windows differ in size."""
        outputs = self.output_shape(*x)[1:]
        if max(outputs) == 1:
            return "whole"
        if any(n % out for n, out in zip(x[0][1:], outputs)):
            return "undefined"
        return tuple(windowed(Window(n // out, n // out), n) for n, out in zip(x[0][1:], outputs))

    def pixels(self, x: Shape) -> int:
        """The sizes of all windows of all channels, added up."""
        return x[0] * product(adaptive_windows(n, out) for n, out in zip(x[1:], self.output_shape(x)[1:]))


@layer("adaptive_maxpool", aliases=("AdaptiveMaxPool", "AdaptiveMaxPooling"))
class AdaptiveMaxPool(AdaptivePool):
    """The largest of each adaptive window, as torch.nn.AdaptiveMaxPool2d; size − 1 comparisons a window."""

    def operations(self, *x: Shape) -> int:
        return self.pixels(x[0]) - product(self.output_shape(*x))

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.any:
            yield Saved("input")
            yield Saved("indices", shape=self.output_shape(*x), size=INDEX_BYTES)


@layer("adaptive_avgpool", aliases=("AdaptiveAvgPool", "AdaptiveAveragePooling"))
class AdaptiveAvgPool(AdaptivePool):
    """The mean of each adaptive window, as torch.nn.AdaptiveAvgPool2d; size − 1 additions and a division a window."""

    def operations(self, *x: Shape) -> int:
        return self.pixels(x[0])

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """The input, but nothing for a global pool, which torch computes as a plain mean."""
        if backward.any and max(self.output) > 1:
            yield Saved("input")


class GlobalPool(Layer):
    """A pool over the whole map: channels x 1 x 1, or with `flat` a vector of channels."""

    needs: ClassVar[str] = "map"
    flat: bool = field(Flag(), "give a vector of channels, not a map of one pixel", False)

    def reaches(self, *x: Shape) -> tuple[Reach, ...] | str:
        return "whole"

    def output_shape(self, *x: Shape) -> Shape:
        (shape,) = x
        return (shape[0],) if self.flat else (shape[0], *(1,) * (len(shape) - 1))


@layer("global_maxpool", aliases=("GlobalMaxPool", "GlobalMaxPooling", "GlobalMaxPool2D"))
class GlobalMaxPool(GlobalPool):
    """The largest pixel of each channel; pixels − 1 comparisons."""

    def operations(self, *x: Shape) -> int:
        return product(x[0]) - x[0][0]

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.any:
            yield Saved("input")
            yield Saved("indices", shape=x[0][:1], size=INDEX_BYTES)


@layer("global_avgpool", aliases=("GlobalAvgPool", "GlobalAveragePooling", "GlobalAveragePool", "gap"))
class GlobalAvgPool(GlobalPool):
    """The mean pixel of each channel; pixels − 1 additions and a division."""

    def operations(self, *x: Shape) -> int:
        return product(x[0])
