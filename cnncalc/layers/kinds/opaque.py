"""What is known by the shape of its output alone."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.arithmetic.windows.reach import Reach
from cnncalc.layers.base import MANY, Layer, Shape, field
from cnncalc.layers.fields import Wholes
from cnncalc.layers.registry import layer

__all__ = ["Opaque"]


@layer("opaque")
class Opaque(Layer):
    """An operator of another tool that has no kind here: its output's shape is declared, and it counts as nothing."""

    shape: tuple[int, ...] = field(
        Wholes(1, "a shape such as 256x6x6"), "the shape of the output, without the batch", position=0
    )
    inputs = (1, MANY)

    def output_shape(self, *x: Shape) -> Shape:
        return self.shape

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return None

    def reaches(self, *x: Shape) -> tuple[Reach | None, ...]:
        return (None,) * (len(self.shape) - 1)

    def channel_reach(self, *x: Shape) -> Reach | None:
        return None
