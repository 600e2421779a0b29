"""Arithmetic of two tensors, or of a tensor and a number, beside the sums and products of `merge`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.base import Shape
from cnncalc.layers.kinds.merge import ElementwiseMerge, Maximum
from cnncalc.layers.registry import layer

__all__ = ["Divide", "Minimum", "Power", "Subtract"]


@layer("minimum", aliases=("Minimum", "Min", "eltwise_min"))
class Minimum(Maximum):
    """The smallest of its inputs, element by element."""


@layer("subtract", aliases=("Subtract", "Sub", "minus"))
class Subtract(ElementwiseMerge):
    """The first input less the second, element by element."""

    inputs: ClassVar[tuple[int, int]] = (1, 2)


@layer("divide", aliases=("Divide", "Div", "TrueDivide"))
class Divide(ElementwiseMerge):
    """The first input divided by the second, element by element."""

    inputs: ClassVar[tuple[int, int]] = (1, 2)

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if len(x) == 2 and backward.any:
            yield Saved("input", 1)
            if backward.inputs[1]:
                yield Saved("input")


@layer("power", aliases=("Power", "Pow"))
class Power(ElementwiseMerge):
    """The first input to the power of the second, element by element; one operation each."""

    inputs: ClassVar[tuple[int, int]] = (1, 2)
    autocast: ClassVar[str] = "float32"

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """Both sides and the result, whichever gradient is wanted; of a number the base alone."""
        if backward.any:
            yield Saved("input")
            if len(x) == 2:
                yield Saved("input", 1)
                yield Saved("output")
