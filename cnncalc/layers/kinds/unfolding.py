"""Windows laid side by side and back, and the pool that puts pixels back where a max pool found them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from cnncalc.arithmetic.symbolic.unknown import OPEN
from cnncalc.arithmetic.windows.formulas import TransposedWindow, Window, every, exact_divide, product
from cnncalc.arithmetic.windows.reach import IDENTITY, Reach, transposed, windowed
from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.base import Layer, Requirement, Shape, field, resized, show_shape
from cnncalc.layers.fields import PerAxis, spread
from cnncalc.layers.registry import layer
from cnncalc.layers.windows import axis_name, fits, per_axis_requirements

__all__ = ["Fold", "MaxUnpool", "Unfold"]


class Sliding(Layer):
    """A layer of windows on two axes, as torch's unfold and fold take them."""

    complex: ClassVar[str] = "numbers"
    kernel: tuple[int, ...] = field(
        PerAxis(), "window size, pixels", letter="k", position=0, symbol="k", aliases=("kernel_size", "filter_size")
    )
    stride: tuple[int, ...] = field(PerAxis(), "step of the window, pixels", (1,), letter="s", symbol="s")
    padding: tuple[int, ...] = field(
        PerAxis(0), "zeros around the map, pixels", (0,), letter="p", symbol="p", aliases=("pad",)
    )
    dilation: tuple[int, ...] = field(PerAxis(), "step between the window's own pixels", (1,), letter="d", symbol="d")

    def windows(self) -> tuple[Window, ...]:
        """One for each of the two axes."""
        each = (spread(field, 2) for field in (self.kernel, self.stride, self.padding, self.dilation))
        return tuple(Window(k, s, (p, p), d) for k, s, p, d in zip(*each))


@layer("unfold", aliases=("Unfold", "im2col", "ExtractImagePatches", "extract_patches"))
class Unfold(Sliding):
    """Every window of a map as a column, as torch.nn.Unfold: channels x height x width become channels·k² x windows.

    It computes nothing, and backward keeps nothing.
    """

    needs: ClassVar[str] = "map"

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield Requirement(
            len(x[0]) == 3,
            "an unfold takes a map with height and width",
            f"the input is {show_shape(x[0])}",
            "`reshape` it to channels x height x width",
        )
        yield from per_axis_requirements(self, 2)
        yield from fits(self.windows(), x[0])

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return (OPEN, OPEN)

    def between(self, *x: Shape) -> Shape | None:
        """The windows still on their two axes."""
        windows = self.windows()
        lengths = (window.length(n) for window, n in zip(windows, x[0][1:]))
        return (x[0][0] * product(window.kernel for window in windows), *lengths)

    def output_shape(self, *x: Shape) -> Shape:
        columns, *lengths = self.between(*x) or ()
        return (columns, product(lengths))

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        return tuple(windowed(window, n) for window, n in zip(self.windows(), x[0][1:]))

    def channel_reach(self, *x: Shape) -> Reach | None:
        return None


@layer("fold", aliases=("Fold", "col2im"))
class Fold(Sliding):
    """Columns added up to a map of `size`, as torch.nn.Fold: the reverse of `unfold`. An addition an element.

    Which columns a pixel comes of is not told as a receptive field.
    """

    unseen: ClassVar[str] = "undefined: a fold lays windows over each other"
    size: tuple[int, ...] = field(PerAxis(), "height and width that come out", position=1, aliases=("output_size",))

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield Requirement(
            len(x[0]) == 2,
            "a fold takes columns: channels·k² x windows",
            f"the input is {show_shape(x[0])}",
            "`reshape` it to channels·k² x windows",
        )
        yield from per_axis_requirements(self, 2)
        size = tuple(spread(self.size, 2))
        windows = self.windows()
        yield from fits(windows, (1, *size))
        count = product(window.length(n) for window, n in zip(windows, size))
        yield Requirement(
            x[0][1] == count,
            "a fold needs a column for each window",
            f"{x[0][1]} columns, and {show_shape(size)} has {count} windows",
            "use the size and the windows of the `unfold`",
        )
        each = product(window.kernel for window in windows)
        yield Requirement(
            x[0][0] % each == 0,
            "a fold needs channels times the pixels of a window",
            f"{x[0][0]} rows, {each} pixels a window",
            f"use a multiple of {each}",
        )

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return (OPEN, OPEN, OPEN)

    def output_shape(self, *x: Shape) -> Shape:
        return (exact_divide(x[0][0], product(spread(self.kernel, 2))), *spread(self.size, 2))

    def operations(self, *x: Shape) -> int:
        return product(x[0])


@layer("maxunpool", aliases=("MaxUnpool", "max_unpool", "unpool"))
class MaxUnpool(Layer):
    """Each pixel where a max pool found it, zeros elsewhere (Zeiler & Fergus 2014), as torch.nn.MaxUnpool2d.

    `{maxunpool: k2, pool: NAME}` names the pool. Output length (n − 1)·s − 2·p + k an axis, or `size`, which is wanted
    where the pool dropped pixels. Backward keeps the pool's indices.
    """

    inputs: ClassVar[tuple[int, int]] = (2, 2)
    seen_inputs: ClassVar[int] = 1
    beside: ClassVar[str] = "pool"
    made_by: ClassVar[tuple[str, ...]] = ("maxpool", "adaptive_maxpool", "fractional_maxpool")
    needs: ClassVar[str] = "map"
    kernel: tuple[int, ...] = field(
        PerAxis(), "window size, pixels", letter="k", position=0, symbol="k", aliases=("kernel_size",)
    )
    stride: tuple[int, ...] | None = field(
        PerAxis(), "step of the window, pixels; the kernel unless given", None, letter="s", symbol="s"
    )
    padding: tuple[int, ...] = field(PerAxis(0), "the pool's padding, pixels", (0,), letter="p", symbol="p")
    size: tuple[int, ...] | None = field(PerAxis(), "output size, pixels", None, symbol="out", aliases=("output_size",))

    def windows(self, x: Shape) -> tuple[TransposedWindow, ...]:
        """One an axis."""
        each = (spread(one, len(x) - 1) for one in (self.kernel, self.stride or self.kernel, self.padding))
        return tuple(TransposedWindow(k, s, (p, p)) for k, s, p in zip(*each))

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        rank = len(x[0]) - 1
        yield from per_axis_requirements(self, rank)
        yield Requirement(
            len(x[0]) == len(x[1]) and all(n == m for n, m in zip(*x)),
            "a maxunpool takes a map of the size that its pool gave",
            f"they are {' and '.join(map(show_shape, x))}",
            "name the pool that it undoes: `{maxunpool: k2, pool: NAME}`",
        )
        sizes = zip(self.windows(x[0]), x[0][1:], self.output_shape(*x)[1:])
        for axis, (window, n, out) in enumerate(sizes):
            yield Requirement(
                every(out >= 1, out < window.length(n) + window.stride, out > window.length(n) - window.stride),
                "a maxunpool gives a map of less than a stride more or less than its windows make",
                f"{axis_name(axis, rank)} {out}, and the windows make {window.length(n)}",
                "use the size and the padding of the pool",
            )

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return resized(x[0][0], *x) if x else None

    def output_shape(self, *x: Shape) -> Shape:
        if self.size is not None:
            return (x[0][0], *spread(self.size, len(x[0]) - 1))
        return (x[0][0], *(window.length(n) for window, n in zip(self.windows(x[0]), x[0][1:])))

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        return tuple(transposed(window, n) for window, n in zip(self.windows(x[0]), x[0][1:]))

    def channel_reach(self, *x: Shape) -> Reach | None:
        return IDENTITY

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """The indices, which are the pool's own."""
        if backward.any:
            yield Saved("indices of input", 1, shape=x[1], size=8)
