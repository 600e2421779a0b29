"""Layers that join several tensors into one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import ClassVar

from cnncalc.arithmetic.symbolic.broadcasting import broadcast, broadcasts
from cnncalc.arithmetic.symbolic.unknown import OPEN
from cnncalc.arithmetic.windows.formulas import all_equal, product
from cnncalc.arithmetic.windows.reach import IDENTITY, Reach
from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.base import MANY, Layer, Requirement, Shape, field, show_shape
from cnncalc.layers.fields import LARGEST, FieldError, Real, Whole
from cnncalc.layers.registry import layer

__all__ = ["Add", "Concat", "ElementwiseMerge", "Maximum", "Merge", "Multiply"]


class Merge(Layer):
    """A layer that takes the outputs of its branches."""

    inputs: ClassVar[tuple[int, int]] = (2, MANY)
    complex: ClassVar[str] = "numbers"

    def one_rank(self, *x: Shape) -> Iterator[Requirement]:
        """All are maps of as many axes, or all are vectors."""
        if len({len(shape) for shape in x}) > 1:
            yield Requirement(
                False,
                f"the inputs of `{self.kind}` have different numbers of axes",
                f"they are {listed(x)}" + (f"; {ALIGNED}" if self.rules.merges == "ranks alike" else ""),
                "flatten all of them, or keep all as maps (`global_avgpool` keeps 1x1)",
            )


ALIGNED = "frameworks line axes up from the last, so that the batch would meet a channel"


def listed(shapes: Sequence[Shape]) -> str:
    """All the shapes that meet, for errors."""
    text = ", ".join(map(show_shape, shapes[:8]))
    return text + (f" and {len(shapes) - 8} more" if len(shapes) > 8 else "")


def way_to_match(x: Sequence[Shape]) -> str:
    """The 1x1 convolution that would bring the first branch that differs to the smallest one's shape."""
    target = min(x, key=lambda shape: product(shape[1:]))
    other = next((shape for shape in x if shape != target), target)
    if target[0] != other[0] and len(target) == len(other) and product(target[1:]) == 1 < product(other[1:]):
        return (
            f"a gate for {show_shape(other)} has {other[0]} channels: `conv {other[0]} k1` before it; inside a branch "
            "`$in_channels` is what enters that layer"
        )
    strides = {n // m if m and n % m == 0 else 0 for n, m in zip(other[1:], target[1:])} or {1}
    stride = strides.pop()
    if strides or not stride:
        return "bring all branches to one size: the same strides and padding, or an upsample, pad or crop"
    convolution = f"conv {target[0]} k1" + (f" s{stride}" if stride > 1 else "")
    return f"`{convolution}` would bring {show_shape(other)} to {show_shape(target)}"


def lifted(shape: Shape, rank: int) -> Shape:
    """A shape with axes of length 1 put in behind the channels until it has so many: Keras puts them behind the batch.

    Keras's channels come last, so that the channels meet channels and the last axes meet.
    """
    return (*shape[:1], *(1,) * (rank - len(shape)), *shape[1:])


class Operand(Real):
    """A number that stands for a tensor; axes, as of a sum in other libraries, are answered with the kind for them."""

    def read(self, value: object) -> float:
        try:
            return super().read(value)
        except FieldError as error:
            raise FieldError(error.rule, "over axes it is `reduce sum 1x2`, or `reduce max 1`") from None


class ElementwiseMerge(Merge):
    """Element by element. An axis of length 1 stands for every position of the others' axis, as torch broadcasts.

    With a number, `multiply 0.1`, it takes one tensor.
    """

    def aligned(self, *x: Shape) -> tuple[Shape, ...]:
        """The shapes as they meet, which in Keras may have different numbers of axes."""
        rank = max(map(len, x))
        return tuple(lifted(shape, rank) for shape in x) if self.rules.merges == "ranks filled" else x

    def needs_alike(self) -> bool:
        """Caffe's Eltwise takes equal shapes only; its Scale multiplies by a tensor that is spread."""
        return self.rules.merges == "shapes alike" and self.kind in ("add", "maximum")

    inputs: ClassVar[tuple[int, int]] = (1, MANY)
    number: float | None = field(
        Operand(-LARGEST, LARGEST), "a number that stands for the second tensor", None, position=0, aliases=("value",)
    )

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        if len(x) == 1 and self.number is None:
            yield Requirement(
                False,
                f"`{self.kind}` takes at least 2 inputs, and it gets 1",
                "",
                "name them with `from: [a, b]`",
            )
        if len(x) > 1 and self.number is not None:
            yield Requirement(
                False,
                f"`{self.kind}` takes a number or a second tensor, not both",
                f"the number {self.number:g} and {len(x)} inputs",
                "make two layers of it",
            )
        yield from self.one_rank(*self.aligned(*x))
        for axis, lengths in enumerate(zip(*self.aligned(*x))):
            match = all_equal(lengths) if self.needs_alike() else broadcasts(lengths)
            if match is True:
                continue  # as most do: there is nothing to say
            unlike = f"{'channels' if axis == 0 else 'sizes'} {', '.join(map(str, dict.fromkeys(lengths)))} differ"
            yield Requirement(
                match,
                f"the inputs of `{self.kind}` do not match",
                f"they are {listed(x)}: {unlike}",
                partial(way_to_match, x),
            )

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        if len({len(shape) for shape in x}) != 1:
            return None
        return tuple(lengths[0] if len(set(lengths)) == 1 else OPEN for lengths in zip(*x))

    def output_shape(self, *x: Shape) -> Shape:
        return tuple(broadcast(lengths) for lengths in zip(*self.aligned(*x)))

    def operations(self, *x: Shape) -> int:
        """One operation an output element for each tensor, or number, after the first."""
        return (len(x) - 1 or 1) * product(self.output_shape(*x))


@layer("add", aliases=("Add", "sum", "eltwise_add", "plus"))
class Add(ElementwiseMerge):
    """The sum of its inputs."""


@layer("multiply", aliases=("Multiply", "mul", "eltwise_prod", "scale"))
class Multiply(ElementwiseMerge):
    """The product of its inputs, element by element. These are no multiply–accumulates."""

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """torch multiplies from left to right: each factor is kept where the gradient of the other needs it."""
        for step in range(1, len(x)):
            so_far = any(backward.inputs[:step])
            if backward.inputs[step]:
                yield Saved("input") if step == 1 else Saved("product so far", step, self.output_shape(*x[:step]))
            if so_far:
                yield Saved("input", step)


@layer("maximum", aliases=("Maximum", "eltwise_max", "Max"))
class Maximum(ElementwiseMerge):
    """The largest of its inputs, element by element."""

    complex: ClassVar[str] = ""  # which have no order

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """torch compares from left to right and keeps both sides of each step; of a number it keeps nothing."""
        if len(x) == 1 and backward.any:
            yield Saved("input")
        for step in range(1, len(x)):
            if any(backward.inputs[: step + 1]):
                yield Saved("input") if step == 1 else Saved("maximum so far", step, self.output_shape(*x[:step]))
                yield Saved("input", step)


@layer("concat", aliases=("Concat", "concatenate", "Concatenate", "cat", "depth_concat"))
class Concat(Merge):
    """Its inputs one after another along the channels, or along another axis."""

    axis: int = field(Whole(0), "the axis along which they follow one another, without the batch: 0 = channels", 0)

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield from self.one_rank(*x)
        if self.axis >= len(x[0]):
            yield Requirement(
                False,
                f"there is no axis {self.axis} to `concat` along",
                f"the inputs are {listed(x)}, whose axes are 0 to {len(x[0]) - 1}",
                "the batch is not counted: 0 = channels, 1 = the first spatial axis",
            )
        for axis, lengths in enumerate(zip(*x)):
            same = axis == self.axis or all_equal(lengths)
            if same is True:
                continue
            yield Requirement(
                same,
                f"the inputs of `concat` have different {'sizes' if axis else 'channels'}",
                f"they are {listed(x)}",
                "bring all branches to one size: the same strides and padding, or an upsample, pad or crop"
                if axis
                else f"bring all branches to {x[0][0]} channels, as `conv {x[0][0]} k1` does",
            )

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        axis = str(given.get("axis", 0))
        if len({len(shape) for shape in x}) != 1 or axis not in map(str, range(len(x[0]))):
            return None
        return tuple(sum(lengths) if one == int(axis) else OPEN for one, lengths in enumerate(zip(*x)))

    def output_shape(self, *x: Shape) -> Shape:
        return tuple(sum(lengths) if axis == self.axis else lengths[0] for axis, lengths in enumerate(zip(*x)))

    def reaches(self, *x: Shape) -> tuple[Reach | None, ...]:
        """Pixel by pixel; along the axis on which maps stand beside each other no one rule holds."""
        return tuple(None if axis == self.axis else IDENTITY for axis in range(1, len(x[0])))

    def channel_reach(self, *x: Shape) -> Reach | None:
        return None if self.axis == 0 else IDENTITY
