"""Locally connected layers: convolutions whose positions do not share their weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.base import Shape
from cnncalc.layers.convolving import Filtered, ForwardConvolution
from cnncalc.layers.fields import spread
from cnncalc.layers.registry import layer

__all__ = ["LocallyConnected"]


@layer("local", aliases=("LocallyConnected", "locally_connected", "LocalConvolution"))
class LocallyConnected(Filtered, ForwardConvolution):
    """A convolution with filters and biases of their own at each output position (LeCun 1989), as Darknet's `[local]`.

    Windows and output length are those of `conv`. Each weight is used once, so there are as many multiply–accumulates
    as weights.
    """

    complex: ClassVar[str] = "numbers"

    def group_count(self, x: Shape) -> int:
        return 1

    def positions(self, x: Shape) -> int:
        """How many output positions there are."""
        return product(self.output_shape(x)[1:])

    def window_size(self, x: Shape) -> int:
        """The numbers in one window."""
        return x[0] * product(spread(self.kernel, len(x) - 1))

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        """By position, as torch's batched products want it; Keras has the same order."""
        (shape,) = x
        positions = self.positions(shape)
        weights: dict[str, Shape] = {"weight": (positions, self.window_size(shape), self.out)}
        return {**weights, "bias": (positions, self.out)} if self.bias else weights

    def macs(self, *x: Shape) -> int:
        """Every weight is used once."""
        return product(self.weight_shapes(*x)["weight"])

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """All windows side by side, which only the gradient of the weight needs."""
        if backward.weights:
            yield Saved("windows", shape=(self.positions(x[0]), self.window_size(x[0])))

    def keeps_weight(self, backward: Backward) -> bool:
        """Only the gradient of the input needs it."""
        return any(backward.inputs)
