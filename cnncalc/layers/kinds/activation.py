"""Activations. `each` is the number of operations an element; exp, log, tanh, erf and comparisons count one each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import ClassVar

from cnncalc.arithmetic.symbolic.unknown import OPEN
from cnncalc.arithmetic.windows.formulas import exact_divide, product
from cnncalc.arithmetic.windows.reach import IDENTITY, Reach, everywhere
from cnncalc.layers.axes import AXIS, axes_exist, placed
from cnncalc.layers.backward import INDEX_BYTES, Backward, Saved
from cnncalc.layers.base import Elementwise, Layer, Requirement, Shape, field
from cnncalc.layers.fields import Choice, Flag, Real, Whole
from cnncalc.layers.registry import layer
from cnncalc.layers.windows import divisors_help

__all__ = ["InPlace", "LogSoftmax", "Maxout", "PReLU", "Softmax"]


class InPlace(Elementwise):
    """An activation that can overwrite its input."""

    inplace: bool = field(Flag(), "whether the output overwrites the input's memory", False)
    copies_in_place: ClassVar[bool] = False
    """Whether torch copies the input before overwriting it, since backward cannot do with the output."""

    def reuses_input(self, *, training: bool) -> bool:
        return self.inplace

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if not backward.any:
            return
        if self.inplace and self.copies_in_place:
            yield Saved("copy of the input", shape=x[0])
        else:
            yield Saved("output" if self.inplace else self.keeps)


@layer("relu", aliases=("ReLU", "rectifier"))
class ReLU(InPlace):
    """max(x, 0): a comparison."""

    each = 1
    keeps = "output"


@layer("relu6", aliases=("ReLU6",))
class ReLU6(InPlace):
    """min(max(x, 0), 6): two comparisons."""

    each = 2
    copies_in_place = True


@layer("leaky_relu", aliases=("LeakyReLU", "lrelu"))
class LeakyReLU(InPlace):
    """x where positive, slope·x elsewhere: a comparison and a multiplication."""

    slope: float = field(
        Real(), "factor of negative values", 0.01, position=0, symbol="a", aliases=("negative_slope", "alpha")
    )
    each = 2


@layer("rrelu", aliases=("RReLU",))
class RReLU(InPlace):
    """A leaky ReLU whose slopes are drawn anew for each element in training (Xu et al. 2015); else it is their middle.

    torch keeps the slopes for backward, in evaluation too, where there is nothing in them.
    """

    lower: float = field(Real(), "least slope of negative values", 1 / 8, position=0, symbol="a")
    upper: float = field(Real(), "largest slope of negative values", 1 / 3, position=1, symbol="b")
    each = 2

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield Requirement(
            self.lower <= self.upper,
            "the least slope is no larger than the largest",
            f"lower {self.lower:g}, upper {self.upper:g}",
            "give them the other way round",
        )

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        yield from super().saved(backward, *x)
        if backward.any:
            yield Saved("slopes", shape=x[0])


@layer("prelu", aliases=("PReLU",))
class PReLU(Elementwise):
    """Leaky ReLU with a learned slope (He et al. 2015): one in all as torch.nn.PReLU, one a channel, or one an element.

    Keras learns one an element unless `shared_axes` says less, Caffe one a channel. `shared_along=1`, as Keras's
    `shared_axes`, shares them along some axes alone; in the keras dialect the number behind all others is the channels.
    """

    autocast = "half"
    slopes: str = field(
        Choice("shared", "per_channel", "per_element"), "one slope in all, one a channel, or one an element", "shared"
    )
    shared_along: tuple[int, ...] | None = field(
        AXIS, "axes along which slopes are shared (0 = channels), in place of `slopes`", None
    )
    each = 2

    def own(self, x: Shape) -> str | tuple[int, ...]:
        """Which elements have slopes of their own: a word of `slopes`, or the axes along which they differ."""
        if self.shared_along is None:
            return self.slopes
        shared = placed(self._axes(x), x)
        axes = tuple(axis for axis in range(len(x)) if axis not in shared)
        if len(axes) == len(x):
            return "per_element"
        return {(): "shared", (0,): "per_channel"}.get(axes, axes)

    def _axes(self, x: Shape) -> tuple[int, ...]:
        last = len(x) if self.dialect == "keras" else None
        return tuple(0 if axis == last else axis for axis in self.shared_along or ())

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield from axes_exist(self.kind, self._axes(x[0]), x[0])

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        own = self.own(x[0])
        if isinstance(own, tuple):
            return {"weight": tuple(n if axis in own else 1 for axis, n in enumerate(x[0]))}
        return {"weight": {"shared": (1,), "per_channel": x[0][:1], "per_element": x[0]}[own]}

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """Where slopes are shared along some axes alone, a slope for each element of a sample is kept, too.

        Not where there is one in all, or one for each already: the axes along which they are shared have length 1.
        """
        yield from super().saved(backward, *x)
        slopes = self.weight_shapes(*x)["weight"]
        stretched = isinstance(self.own(x[0]), tuple) and slopes != x[0] and any(n != 1 for n in slopes)
        if backward.any and stretched:
            yield Saved("slopes of the elements", shape=x[0], batched=False)

    def cast_weights(self, backward: Backward, *x: Shape) -> dict[str, int]:
        return {} if isinstance(self.own(x[0]), tuple) else super().cast_weights(backward, *x)


@layer("elu", aliases=("ELU",))
class ELU(InPlace):
    """x where positive, α·(exp(x) − 1) elsewhere: a comparison, exp, a subtraction, a multiplication."""

    alpha: float = field(Real(), "limit for very negative values", 1.0, position=0, symbol="a")
    each = 4


@layer("selu", aliases=("SELU",))
class SELU(InPlace):
    """An ELU with fixed constants, scaled: five operations."""

    each = 5


@layer("gelu", aliases=("GELU",))
class GELU(Elementwise):
    """x·Φ(x): a scaling, erf, an addition and two multiplications; `tanh` is its approximation."""

    approximate: str = field(Choice("none", "tanh"), "none: by erf; tanh: the approximation", "none")
    each = 5


@layer("silu", aliases=("SiLU", "swish", "Swish"))
class SiLU(InPlace):
    """x·σ(x): a sigmoid and a multiplication."""

    each = 5
    copies_in_place = True


@layer("mish", aliases=("Mish",))
class Mish(InPlace):
    """x·tanh(ln(1 + exp(x))): exp, an addition, a logarithm, tanh, a multiplication."""

    each = 5
    copies_in_place = True


@layer("sigmoid", aliases=("Sigmoid", "logistic"))
class Sigmoid(Elementwise):
    """1/(1 + exp(−x)): a negation, exp, an addition, a division."""

    complex: ClassVar[str] = "numbers"
    each = 4
    keeps = "output"


@layer("tanh", aliases=("Tanh", "TanH"))
class Tanh(Elementwise):
    """The hyperbolic tangent: one operation."""

    complex: ClassVar[str] = "numbers"
    each = 1
    keeps = "output"


@layer("hardswish", aliases=("Hardswish", "hard_swish", "HardSwish", "hswish"))
class HardSwish(InPlace):
    """x·relu6(x + 3)/6: an addition, two comparisons, a multiplication, a division."""

    each = 5
    copies_in_place = True


@layer("hardsigmoid", aliases=("Hardsigmoid", "hard_sigmoid", "HardSigmoid", "hsigmoid"))
class HardSigmoid(InPlace):
    """relu6(x + 3)/6: an addition, two comparisons, a division."""

    each = 4
    copies_in_place = True


@layer("softplus", aliases=("Softplus", "SoftPlus"))
class Softplus(Elementwise):
    """ln(1 + exp(x)): exp, an addition, a logarithm."""

    autocast = "float32"
    each = 3


@layer("softmax", aliases=("Softmax", "Softmax2d"))
class Softmax(Layer):
    """exp(x − max) over the channels, or along another axis, divided by the sum.

    Along an axis n elements cost n − 1 comparisons, n subtractions, n exps, n − 1 additions and n divisions.
    """

    autocast: ClassVar[str] = "float32"
    axis: int = field(Whole(-8), "the axis that adds up to 1, 0 = channels, -1 = the last", 0)

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield from axes_exist(self.kind, (self.axis,), x[0])

    def others(self, x: Shape) -> Shape:
        """The axes along which nothing is added up."""
        return tuple(n for axis, n in enumerate(x) if axis != self.axis % len(x))

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        place = self.axis % len(x[0])
        return tuple(everywhere(n) if axis == place else IDENTITY for axis, n in enumerate(x[0]) if axis)

    def channel_reach(self, *x: Shape) -> Reach | None:
        return everywhere(x[0][0]) if self.axis % len(x[0]) == 0 else IDENTITY

    def operations(self, *x: Shape) -> int:
        return 5 * product(x[0]) - 2 * product(self.others(x[0]))

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.any:
            yield Saved("output")


@layer("log_softmax", aliases=("LogSoftmax", "logsoftmax"))
class LogSoftmax(Softmax):
    """The logarithm of softmax: as softmax, with a logarithm each and subtractions for the divisions."""

    def operations(self, *x: Shape) -> int:
        return 5 * product(x[0]) - product(self.others(x[0]))


@layer("maxout", aliases=("Maxout",))
class Maxout(Layer):
    """The largest of each `pieces` neighbouring channels (Goodfellow et al. 2013); pieces − 1 comparisons an output."""

    needs: ClassVar[str] = "any"
    pieces: int = field(Whole(2), "channels that compete", position=0, symbol="m", aliases=("num_pieces",))

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        channels = x[0][0]
        yield Requirement(
            channels % self.pieces == 0,
            "the pieces of a maxout must divide its channels",
            f"{self.pieces} does not divide the {channels} channels",
            partial(divisors_help, channels, self.pieces),
        )

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return (OPEN, *x[0][1:]) if x else None

    def output_shape(self, *x: Shape) -> Shape:
        return (exact_divide(x[0][0], self.pieces), *x[0][1:])

    def channel_reach(self, *x: Shape) -> Reach | None:
        return Reach(self.pieces, 0, self.pieces - 1)

    def operations(self, *x: Shape) -> int:
        return (self.pieces - 1) * product(self.output_shape(*x))

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.any:
            yield Saved("indices", shape=self.output_shape(*x), size=INDEX_BYTES)
