"""torch's old local response norm, whose sums slide along the channels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.arithmetic.windows.reach import Reach
from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.base import Layer, Requirement, Shape, field, show_shape
from cnncalc.layers.fields import Whole
from cnncalc.layers.registry import layer

__all__ = ["CrossMapNorm"]


@layer("crossmap_lrn", aliases=("CrossMapLRN",))
class CrossMapNorm(Layer):
    """torch.nn.CrossMapLRN2d: a local response norm whose sums slide along the channels, one more and one less each.

    The first channel never leaves the sums (docs/surprises.md), so it gives other numbers than `lrn`. An element costs
    a square, two additions, a scale and an offset, a power and a multiplication.
    """

    needs: ClassVar[str] = "map"
    complex: ClassVar[str] = "numbers"
    size: int = field(Whole(), "neighbouring channels", position=0, symbol="n", aliases=("local_size",))

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield Requirement(
            len(x[0]) == 3,
            "torch's CrossMapLRN2d takes two spatial axes",
            f"the input is {show_shape(x[0])}",
            "`lrn` takes any number of them",
        )

    def channel_reach(self, *x: Shape) -> Reach | None:
        return None

    def operations(self, *x: Shape) -> int:
        return 7 * product(x[0])

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """Its function of autograd keeps input and output, and holds the sums itself."""
        if backward.any:
            yield Saved("input")
            yield Saved("output")
            yield Saved("sums", shape=x[0])
