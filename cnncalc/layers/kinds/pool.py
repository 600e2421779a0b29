"""Pools: windows that slide, windows that adapt, and windows that cover everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from cnncalc.arithmetic.windows.formulas import Window, adaptive_windows, product
from cnncalc.arithmetic.windows.reach import Reach, binned, everywhere
from cnncalc.layers.backward import INDEX_BYTES, Backward, Saved
from cnncalc.layers.base import Layer, Requirement, Shape, field, resized
from cnncalc.layers.fields import Flag, PerAxis, Real, spread
from cnncalc.layers.registry import layer
from cnncalc.layers.sliding import Pool
from cnncalc.layers.windows import axis_name, per_axis_requirements, saved_input

__all__ = [
    "AdaptiveAvgPool",
    "AdaptiveMaxPool",
    "AvgPool",
    "GlobalAvgPool",
    "GlobalMaxPool",
    "LPPool",
    "MaxPool",
    "Pool",
]


@layer("maxpool", aliases=("MaxPool", "max_pooling", "max_pool"))
class MaxPool(Pool):
    """The largest of each window, as torch.nn.MaxPool2d; size − 1 comparisons a window."""

    dilation: tuple[int, ...] = field(PerAxis(), "step between the window's own pixels", (1,), letter="d", symbol="d")

    @property
    def dilations(self) -> tuple[int, ...]:
        return self.dilation

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        """As every pool, and no window between whose pixels the whole map slips through.

        torch takes such a pool, and its backward then writes outside the tensor (seen in 2.13).
        """
        yield from super().requirements(*x)
        for axis, (window, n) in enumerate(zip(self.windows(x[0]), x[0][1:])):
            if window.dilation > 1 and window.kernel > 1 and window.border != (0, 0):
                name = axis_name(axis, len(x[0]) - 1)
                yield Requirement(
                    n >= window.dilation,
                    "a window of the pool would see padding alone",
                    f"{name} {n} slips between pixels that are {window.dilation} apart",
                    "use a larger input, a smaller dilation, or no padding",
                )

    def window_operations(self, size: int) -> int:
        return size - 1

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.any:
            yield from saved_input(x[0], self.explicit_padding(x[0]))
            yield Saved("indices", shape=self.output_shape(*x), size=INDEX_BYTES)


@layer("avgpool", aliases=("AvgPool", "average_pooling", "avg_pool", "AveragePooling", "AveragePool", "avg_pooling"))
class AvgPool(Pool):
    """The mean of each window, as torch.nn.AvgPool2d; size − 1 additions and a division a window."""

    averages: ClassVar[bool] = True
    dilation: tuple[int, ...] = field(
        PerAxis(),
        "step between the window's own pixels, as ONNX has it",
        (1,),
        letter="d",
        symbol="d",
    )
    count_include_pad: bool = field(Flag(), "whether padded zeros count in the mean", True)

    @property
    def dilations(self) -> tuple[int, ...]:
        return self.dilation

    def window_operations(self, size: int) -> int:
        return size

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if not backward.any or max(self.dilation) > 1:  # of a dilated one, a sum of shifted maps, nothing is needed
            return
        padding = self.explicit_padding(x[0])
        yield from saved_input(x[0], padding)
        if padding is not None and not self.count_include_pad:
            yield Saved("window sizes", shape=self.output_shape(*x)[1:], batched=False)


@layer("lppool", aliases=("LPPool", "lp_pool", "lp_pooling"))
class LPPool(Pool):
    """The p-norm of each window, as torch.nn.LPPool2d; a power each, size − 1 additions, and a root a window."""

    averages: ClassVar[bool] = True
    pads_itself: ClassVar[bool] = False
    autocast: ClassVar[str] = "float32"
    norm: float = field(Real(0.01, 1e6), "the power p of the norm", 2.0, aliases=("norm_type",))

    def padding_limit(self, window: Window) -> tuple[int, str]:
        return super().padding_limit(window) if self.rules.lp_pads else (0, "")

    def padding_requirements(self, window: Window, axis: str) -> Iterator[Requirement]:
        if self.rules.lp_pads:
            yield from super().padding_requirements(window, axis)
            return
        yield Requirement(
            window.border == (0, 0),
            "an lppool takes no padding",
            f"{axis} padding {window.border if isinstance(window.border, str) else max(window.border)}",
            "put a `pad` layer before it",
        )

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield Requirement(
            self.rounding != "ceil" or self.rules.lp_rounds_up,
            f"{self.dialect} has no p-norm pool that rounds up",
            "LpPool has `ceil_mode` since opset 18",
            "leave out `ceil`, pad the map before, or use a later opset",
        )
        yield from super().requirements(*x)

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

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return resized(x[0][0], *x) if x else None

    def output_shape(self, *x: Shape) -> Shape:
        (shape,) = x
        return (shape[0], *spread(self.output, len(shape) - 1))

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        """A plain pool where the output divides the input; otherwise its windows differ in size."""
        return tuple(binned(n, out) for n, out in zip(x[0][1:], self.output_shape(*x)[1:]))

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

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        return tuple(everywhere(n) for n in x[0][1:])

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

    complex: ClassVar[str] = "numbers"

    def operations(self, *x: Shape) -> int:
        return product(x[0])
