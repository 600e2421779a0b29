"""Layers that lay the same elements out anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from cnncalc.arithmetic.symbolic.unknown import OPEN
from cnncalc.arithmetic.windows.formulas import exact_divide, product
from cnncalc.layers.base import Layer, Requirement, Shape, field, show_shape
from cnncalc.layers.fields import Wholes
from cnncalc.layers.registry import layer

__all__ = ["Flatten", "Permute", "Reshape"]


class View(Layer):
    """A layer whose output lies where its input lies."""

    complex: ClassVar[str] = "numbers"

    def reuses_input(self, *, training: bool) -> bool:
        return True

    def taken_axes(self, *x: Shape) -> tuple[int, ...] | None:
        return tuple(range(len(x[0])))


@layer("flatten", aliases=("Flatten",))
class Flatten(View):
    """All elements as one vector."""

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return (product(x[0]) if x else OPEN,)

    def output_shape(self, *x: Shape) -> Shape:
        return (product(x[0]),)


@layer("reshape", aliases=("Reshape", "view", "unflatten"))
class Reshape(View):
    """The same elements in another shape, one −1 being whatever is left; with a second input, in that one's shape."""

    inputs: ClassVar[tuple[int, int]] = (1, 2)
    seen_inputs: ClassVar[int] = 1
    shape: tuple[int, ...] | None = field(
        Wholes(-1, "a shape such as 256x6x6, where one -1 is what is left"),
        "the new shape, without the batch",
        None,
        position=0,
    )

    def target(self, *x: Shape) -> Shape:
        """The new shape as it is given, a −1 included."""
        return x[1] if len(x) == 2 else self.shape or ()

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield Requirement(
            (self.shape is not None) + (len(x) == 2) == 1,
            "a reshape needs a shape, or a second input that has it",
            f"it has {(self.shape is not None) + (len(x) == 2)} of them",
            "write `reshape 256x-1`, or `from: [tokens, map]`",
        )
        target = self.target(*x)
        given = [length for length in target if length != -1]
        total, kept = product(x[0]), product(given)
        yield Requirement(
            len(target) - len(given) <= 1 and 0 not in given,
            "a reshape needs whole lengths, with at most one -1",
            f"the shape is {show_shape(target)}",
            "write one -1 at most, for what is left over",
        )
        left = len(given) < len(target)
        wanted = f"{show_shape(target)} {'needs a multiple of' if left else 'has'} {kept:,}"
        yield Requirement(
            total % kept == 0 if left else total == kept,
            "a reshape keeps the number of elements",
            f"{show_shape(x[0])} has {total:,} elements, {wanted}",
            f"write lengths whose product {'divides' if left else 'is'} {total:,}"
            + ("" if left else "; one -1 stands for what is left"),
        )

    def output_shape(self, *x: Shape) -> Shape:
        if self.shape is None:
            return x[1]
        left = exact_divide(product(x[0]), product(length for length in self.shape if length != -1))
        return tuple(left if length == -1 else length for length in self.shape)


@layer("permute", aliases=("Permute", "transpose"))
class Permute(Layer):
    """The same axes in another order; 0 is the channels."""

    complex: ClassVar[str] = "numbers"
    order: tuple[int, ...] = field(
        Wholes(0, "axes such as 1x2x0"),
        "the input axis that each output axis is, 0 for channels",
        position=0,
        aliases=("dims",),
    )

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        axes = "x".join(map(str, range(len(x[0]))))
        yield Requirement(
            sorted(self.order) == list(range(len(x[0]))),
            "a permutation names every axis once",
            f"{show_shape(self.order)} for the axes {axes} of {show_shape(x[0])}",
            f"write the numbers {axes} in some order",
        )

    def moves(self, *, training: bool) -> bool:
        return False

    def taken_axes(self, *x: Shape) -> tuple[int, ...] | None:
        return self.order

    def output_shape(self, *x: Shape) -> Shape:
        return tuple(x[0][axis] for axis in self.order)
