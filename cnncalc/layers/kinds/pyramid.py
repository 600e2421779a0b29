"""Spatial pyramids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from cnncalc.arithmetic.windows.formulas import ceil_divide
from cnncalc.arithmetic.windows.reach import Reach, everywhere
from cnncalc.layers.backward import INDEX_BYTES, Backward, Saved
from cnncalc.layers.base import Layer, Requirement, Shape, field
from cnncalc.layers.fields import Choice, Wholes
from cnncalc.layers.kinds.pool import AdaptiveAvgPool, AdaptiveMaxPool
from cnncalc.layers.registry import layer
from cnncalc.layers.windows import axis_name

__all__ = ["SpatialPyramid"]


@layer("spp", aliases=("SpatialPyramidPooling", "spatial_pyramid"))
class SpatialPyramid(Layer):
    """Spatial pyramid pooling (He et al. 2014): adaptive pools of several sizes, flattened and joined to one vector."""

    needs: ClassVar[str] = "map"
    levels: tuple[int, ...] = field(
        Wholes(1, "sizes such as 1x2x4"), "output size of each level, pixels", (1, 2, 4), position=0, symbol="l"
    )
    mode: str = field(Choice("max", "avg"), "what each window gives", "max")

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        """Caffe pools a level by windows of ⌈n/level⌉, and pads what is over on both sides."""
        if not self.rules.pyramid_pads:
            return
        for axis, n in enumerate(x[0][1:]):
            for level in self.levels:
                kernel = ceil_divide(n, level)
                padding = (kernel * level - n + 1) // 2
                yield Requirement(
                    padding < kernel,
                    f"{self.rules.runs} pads each level of a pyramid by less than its kernel",
                    f"{axis_name(axis, len(x[0]) - 1)} {n} in {level} windows of {kernel} needs a padding of {padding}",
                    "use fewer levels, or a larger map",
                    larger=True,
                )

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        """Of all its outputs together: one alone sees its bin."""
        return tuple(everywhere(n) for n in x[0][1:])

    def channel_reach(self, *x: Shape) -> Reach | None:
        return None

    def output_shape(self, *x: Shape) -> Shape:
        (shape,) = x
        if self.rules.one_level_is_a_map and len(self.levels) == 1:
            return (shape[0], *self.levels * (len(shape) - 1))
        return (shape[0] * sum(level ** (len(shape) - 1) for level in self.levels),)

    def operations(self, *x: Shape) -> int:
        """The operations of the adaptive pools that it consists of."""
        kind = AdaptiveMaxPool if self.mode == "max" else AdaptiveAvgPool
        return sum(kind(output=(level,)).operations(*x) for level in self.levels)

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.any and (self.mode == "max" or max(self.levels) > 1):
            yield Saved("input")
            if self.mode == "max":
                yield Saved("indices", shape=self.output_shape(*x), size=INDEX_BYTES)
