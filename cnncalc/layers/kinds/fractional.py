"""Max pooling whose windows lie by chance, so that a map may shrink by any fraction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from cnncalc.arithmetic.windows.formulas import every, product
from cnncalc.layers.backward import INDEX_BYTES, Backward, Saved
from cnncalc.layers.base import Layer, Requirement, Shape, field, resized, show_shape
from cnncalc.layers.fields import PerAxis, spread
from cnncalc.layers.registry import layer
from cnncalc.layers.windows import axis_name, per_axis_requirements

__all__ = ["FractionalMaxPool"]


@layer("fractional_maxpool", aliases=("FractionalMaxPool", "fractional_max_pool"))
class FractionalMaxPool(Layer):
    """Fractional max pooling (Graham 2014), as torch.nn.FractionalMaxPool2d: `fractional_maxpool k2 size=9x9`.

    The steps between its windows are 1 or more, drawn anew each time; size − 1 comparisons a window.
    """

    needs: ClassVar[str] = "map"
    unseen: ClassVar[str] = "undefined: the windows of a fractional pool lie by chance"
    kernel: tuple[int, ...] = field(
        PerAxis(), "window size, pixels", letter="k", position=0, symbol="k", aliases=("kernel_size",)
    )
    size: tuple[int, ...] = field(PerAxis(), "output size, pixels", position=1, aliases=("output_size", "output"))

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        (shape,) = x
        rank = len(shape) - 1
        yield Requirement(
            rank > 1,
            "a fractional pool takes a map with two or three axes",
            f"the input is {show_shape(shape)}",
            "use `adaptive_maxpool`, or `reshape` it to channels x height x width",
        )
        yield from per_axis_requirements(self, rank)
        spare = rank > 2  # torch's own check is stricter there by a pixel
        each = zip(shape[1:], spread(self.kernel, rank), spread(self.size, rank))
        for axis, (n, kernel, size) in enumerate(each):
            yield Requirement(
                every(kernel + size - 1 + spare <= n),
                "a fractional pool needs room for windows one pixel apart",
                f"{axis_name(axis, rank)} {n}, {size} windows of {kernel} take {kernel + size - 1 + spare}",
                f"use a size up to {n - kernel + 1 - spare}",
                larger=True,
            )

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return resized(x[0][0], *x) if x else None

    def output_shape(self, *x: Shape) -> Shape:
        return (x[0][0], *spread(self.size, len(x[0]) - 1))

    def operations(self, *x: Shape) -> int:
        return (product(spread(self.kernel, len(x[0]) - 1)) - 1) * product(self.output_shape(*x))

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.any:
            yield Saved("input")
            yield Saved("indices", shape=self.output_shape(*x), size=INDEX_BYTES)
