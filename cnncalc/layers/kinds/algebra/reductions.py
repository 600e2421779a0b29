"""Layers that make one number of all along some axes, and those that pick or repeat places along an axis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from cnncalc.arithmetic.symbolic.broadcasting import broadcasts
from cnncalc.arithmetic.symbolic.unknown import OPEN
from cnncalc.arithmetic.windows.formulas import every, product
from cnncalc.arithmetic.windows.reach import IDENTITY, Reach, everywhere
from cnncalc.layers.axes import AXIS, axes_exist, placed
from cnncalc.layers.backward import INDEX_BYTES, Backward, Saved
from cnncalc.layers.base import Layer, Requirement, Shape, field, show_shape
from cnncalc.layers.fields import LARGEST, Choice, Flag, Whole, Wholes
from cnncalc.layers.registry import layer
from cnncalc.records import NamedTuple

__all__ = ["REDUCTIONS", "ArgMax", "Expand", "OneReduction", "Reduce", "Select", "TopK"]


class OneReduction(NamedTuple):
    """What is to be known of a reduction."""

    each: int
    """Operations an element."""
    more: int
    """Operations an output element beside them."""
    keeps: tuple[str, ...] = ("input", "output")
    casting: str = "follow"
    """What torch.autocast makes of it, as `Layer.autocast`."""


REDUCTIONS: dict[str, OneReduction] = {
    "mean": OneReduction(1, 0, ()),  # n − 1 additions and a division
    "sum": OneReduction(1, -1, (), "mixed"),
    "max": OneReduction(1, -1),
    "min": OneReduction(1, -1),
    "l1": OneReduction(2, -1, casting="mixed"),  # n absolute values and n − 1 additions
    "l2": OneReduction(2, 0, casting="mixed"),  # n squares, n − 1 additions and a root
    "logsumexp": OneReduction(
        4, 0, casting="float32"
    ),  # n − 1 comparisons, n subtractions, n exps, n − 1 additions, log, an addition
}


class OverAxes(Layer):
    """A layer that makes something of all elements along some axes."""

    axes: tuple[int, ...] = field(AXIS, "the axes that it goes over, 0 = channels", position=0, aliases=("axis",))
    keep: bool = field(Flag(), "leave an axis of length 1 where one was", False, aliases=("keepdim", "keepdims"))

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield from axes_exist(self.kind, self.axes, x[0])
        yield Requirement(
            self.keep or len(placed(self.axes, x[0])) < len(x[0]),
            f"`{self.kind}` over all axes leaves no tensor",
            f"{show_shape(x[0])} over axes {show_shape(placed(self.axes, x[0]))}",
            "write `keep` to leave axes of length 1",
        )

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return None

    def kept_axes(self, *x: Shape) -> tuple[int | None, ...] | None:
        gone = placed(self.axes, x[0])
        return tuple(axis for axis in range(len(x[0])) if self.keep or axis not in gone)

    def output_shape(self, *x: Shape) -> Shape:
        gone = placed(self.axes, x[0])
        return tuple(1 if axis in gone else n for axis, n in enumerate(x[0]) if self.keep or axis not in gone)

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        gone = placed(self.axes, x[0])
        return tuple(everywhere(n) if axis in gone else IDENTITY for axis, n in enumerate(x[0]) if axis)

    def channel_reach(self, *x: Shape) -> Reach | None:
        return everywhere(x[0][0]) if 0 in placed(self.axes, x[0]) else IDENTITY


@layer(
    "reduce",
    presets={
        "mean": {"by": "mean"},
        **{f"Reduce{name}": {"by": name.lower()} for name in ("Mean", "Sum", "Max", "Min", "L1", "L2")},
        "logsumexp": {"by": "logsumexp"},
        "ReduceLogSumExp": {"by": "logsumexp"},
    },
)
class Reduce(OverAxes):
    """One number of all elements along some axes: `reduce sum 1x2`, `mean -1 keep`. The axes go, unless `keep` is set.

    Of n elements mean costs n operations, sum, max and min n − 1, l1 2n − 1, l2 2n, logsumexp 4n.
    """

    by: str = field(Choice(*REDUCTIONS), "what is made of them")

    @property
    def rule(self) -> OneReduction:
        """What is known of the reduction."""
        return REDUCTIONS[self.by]

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield from super().requirements(*x)
        yield Requirement(
            self.by != "logsumexp" or len(x[0]) <= self.rules.logsumexp_axes,
            f"{self.rules.runs} sums exponentials of {self.rules.logsumexp_axes} axes at most",
            f"the input is {show_shape(x[0])}",
            "`reshape` joins axes to one",
        )

    def casting(self) -> str:
        return self.rule.casting

    def on_complex(self) -> str:
        return "real" if self.by in ("l1", "l2") else "" if self.by in ("max", "min") else "numbers"

    def operations(self, *x: Shape) -> int:
        return self.rule.each * product(x[0]) + self.rule.more * product(self.output_shape(*x))

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.any:
            for what in self.rule.keeps:
                yield Saved(what)


@layer("argmax", aliases=("ArgMax", "ArgMin"))
class ArgMax(OverAxes):
    """The place of the largest element along an axis, as a number of the net's type; no gradient flows through it.

    Of n elements n − 1 comparisons.
    """

    passes_gradient: ClassVar[bool] = False

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield from super().requirements(*x)
        yield Requirement(
            len(self.axes) == 1,
            "an argmax goes over one axis",
            f"it has the axes {show_shape(self.axes)}",
            "`reshape` joins axes to one",
        )

    def operations(self, *x: Shape) -> int:
        return product(x[0]) - product(self.output_shape(*x))


class AlongAxis(Layer):
    """A layer that changes one axis."""

    axis: int = field(Whole(-8), "the axis, 0 = channels, -1 = the last", 0)

    def place(self, x: Shape) -> int:
        """The axis counted from the first one."""
        return self.axis % len(x)

    def along(self, x: Shape) -> Reach | None:
        """What an output sees along the axis."""
        raise NotImplementedError

    def reaches(self, *x: Shape) -> tuple[Reach | None, ...]:
        return tuple(self.along(x[0]) if axis == self.place(x[0]) else IDENTITY for axis in range(1, len(x[0])))

    def channel_reach(self, *x: Shape) -> Reach | None:
        return self.along(x[0]) if self.place(x[0]) == 0 else IDENTITY


@layer("topk", aliases=("TopK",))
class TopK(AlongAxis):
    """The `k` largest along an axis, in order; counted as (k + 1) comparisons an element, as a heap of k at most needs.

    It sees all along the axis.
    """

    k: int = field(Whole(), "how many are kept", position=0)

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield from axes_exist(self.kind, (self.axis,), x[0])
        length = x[0][self.place(x[0])]
        yield Requirement(
            self.k <= length,
            "there are fewer elements than the k largest",
            f"k is {self.k}, axis {self.axis} of {show_shape(x[0])} is {length} long",
            f"use a k up to {length}",
        )

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return (OPEN,) * len(x[0]) if x else None

    def output_shape(self, *x: Shape) -> Shape:
        return tuple(self.k if axis == self.place(x[0]) else n for axis, n in enumerate(x[0]))

    def along(self, x: Shape) -> Reach | None:
        return everywhere(x[self.place(x)])

    def operations(self, *x: Shape) -> int:
        return (self.k + 1) * product(x[0])

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.any:
            yield Saved("indices", shape=self.output_shape(*x), size=INDEX_BYTES)


@layer("select", aliases=("index", "Gather", "take"))
class Select(AlongAxis):
    """The elements at one place of an axis, which goes: `select 0 axis=1` is the class token of a sequence."""

    complex: ClassVar[str] = "numbers"
    at: int = field(Whole(-LARGEST), "the place, from 0; -1 is the last", position=0, aliases=("indices",))

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield from axes_exist(self.kind, (self.axis,), x[0])
        yield Requirement(
            len(x[0]) > 1,
            "a select takes an axis away, and a vector has one only",
            f"the input is {show_shape(x[0])}",
            f"write `slice {self.at}:{self.at + 1}`, which leaves it",
        )
        length = x[0][self.place(x[0])]
        yield Requirement(
            every(-length <= self.at, self.at < length),
            "a select must lie inside the axis",
            f"place {self.at} of axis {self.axis} of {show_shape(x[0])}",
            f"use a number from 0 to {length - 1}",
        )

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return (OPEN,) * (len(x[0]) - 1) if x and len(x[0]) > 1 else None

    def part_along(self, x: Shape) -> int | None:
        return self.place(x)

    def reuses_input(self, *, training: bool) -> bool:
        return True

    def moves(self, *, training: bool) -> bool:
        return False

    def kept_axes(self, *x: Shape) -> tuple[int | None, ...] | None:
        return tuple(axis for axis in range(len(x[0])) if axis != self.place(x[0]))

    def output_shape(self, *x: Shape) -> Shape:
        return tuple(n for axis, n in enumerate(x[0]) if axis != self.place(x[0]))

    def along(self, x: Shape) -> Reach | None:
        at = self.at if self.at >= 0 else x[self.place(x)] + self.at
        return Reach(0, at, at)


@layer("expand", aliases=("Expand", "broadcast_to", "Tile"))
class Expand(Layer):
    """Axes of length 1 repeated to the lengths of `shape`; −1 leaves an axis as it is."""

    complex: ClassVar[str] = "numbers"
    shape: tuple[int, ...] = field(
        Wholes(-1, "a shape such as 64x7x7, where -1 leaves an axis as it is"),
        "the new shape, without the batch",
        position=0,
    )

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield Requirement(
            len(self.shape) == len(x[0]) and 0 not in self.shape,
            "an expand names a length for every axis",
            f"{show_shape(self.shape)} for the axes of {show_shape(x[0])}",
            f"write {len(x[0])} lengths, −1 for those that stay",
        )
        for n, length in zip(x[0], self.shape):
            yield Requirement(
                length == -1 or (broadcasts((n, length)) if length > 1 else n == 1),
                "only an axis of length 1 can be repeated",
                f"{show_shape(x[0])} to {show_shape(self.shape)}",
                "write −1 where an axis is to stay; `concat` repeats a longer one, `upsample` each pixel of it",
            )

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return (OPEN,) * len(x[0]) if x else None

    def output_shape(self, *x: Shape) -> Shape:
        return tuple(n if length == -1 else length for n, length in zip(x[0], self.shape))

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        return tuple(IDENTITY if n == out else everywhere(1) for n, out in zip(x[0][1:], self.output_shape(*x)[1:]))

    def channel_reach(self, *x: Shape) -> Reach | None:
        return IDENTITY if x[0][0] == self.output_shape(*x)[0] else everywhere(1)
