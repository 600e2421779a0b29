"""A table of distances along an axis, read for each two places of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from cnncalc.arithmetic.symbolic.unknown import OPEN
from cnncalc.arithmetic.windows.reach import IDENTITY, Reach, everywhere
from cnncalc.layers.backward import INDEX_BYTES, Backward, Saved
from cnncalc.layers.base import Layer, Requirement, Shape, field, show_shape
from cnncalc.layers.fields import Whole
from cnncalc.layers.registry import layer

__all__ = ["Distances"]


@layer("distances")
class Distances(Layer):
    """The rows of a table, one for each distance along an axis, of each two places: relative positions.

    `distances 56 7` makes 56x7x96 of a table 111x96: the first axis are places that ask, the second those that are
    asked. Where one map is shorter, a step of it is as long as several of the other (Li et al. 2022, MViTv2). Of the
    longer length n a table has 2·n − 1 rows, the one for no distance in their middle. It computes nothing.
    """

    complex: ClassVar[str] = "numbers"
    places: int = field(Whole(), "how many places ask", position=0)
    asked: int = field(Whole(), "how many are asked", position=1)

    @property
    def longer(self) -> int:
        """The larger of the two."""
        return max(self.places, self.asked)

    def rows(self) -> list[list[int]]:
        """The row of the table for each place that asks and each that is asked."""
        step, far = self.longer // self.places, self.longer // self.asked
        return [
            [at * step + (self.asked - 1 - other) * far for other in range(self.asked)] for at in range(self.places)
        ]

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        shorter = min(self.places, self.asked)
        yield Requirement(
            self.longer % shorter == 0,
            "the shorter of two lengths must divide the longer",
            f"{self.places} places ask {self.asked}",
            f"use lengths such as {shorter} and {-(-self.longer // shorter) * shorter}",
        )
        yield Requirement(
            x[0][0] == 2 * self.longer - 1,
            "a table has a row for each distance",
            f"it is {show_shape(x[0])}, and {self.longer} places are up to {self.longer - 1} apart",
            f"give it {2 * self.longer - 1} rows",
        )

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return (OPEN, OPEN, *x[0][1:]) if x else None

    def kept_axes(self, *x: Shape) -> tuple[int | None, ...] | None:
        return (None, None, *range(1, len(x[0])))

    def output_shape(self, *x: Shape) -> Shape:
        return (self.places, self.asked, *x[0][1:])

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        return (IDENTITY,) * (len(x[0]) - 1)

    def channel_reach(self, *x: Shape) -> Reach | None:
        return everywhere(x[0][0])

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.any:
            yield Saved("indices", shape=(self.places, self.asked), size=INDEX_BYTES, batched=False)
