"""Layers that connect every input feature to every output feature."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.arithmetic.windows.reach import IDENTITY, Reach, everywhere
from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.base import Layer, Requirement, Shape, field, show_shape, sure
from cnncalc.layers.fields import Choice, Flag, Whole
from cnncalc.layers.registry import layer
from cnncalc.layers.reparametrised import Reparametrised

__all__ = ["Bilinear", "Linear"]


@layer("linear", aliases=("dense", "fc", "fully_connected", "InnerProduct", "affine", "Gemm"))
class Linear(Reparametrised):
    """y = W·x + b with `out` features, as torch.nn.Linear.

    It takes a vector. With `axis=last` it acts on the last axis at every position of the others, as torch does, with
    `axis=channels` on the channels at every pixel, as Keras's does, whose last axis they are; Caffe's dialect takes a
    map as one long vector.
    """

    weighted: ClassVar[bool] = True
    autocast: ClassVar[str] = "half"
    complex: ClassVar[str] = "numbers"
    out: int = field(
        Whole(),
        "number of output features",
        position=0,
        symbol="F_out",
        aliases=("out_features", "units", "num_output"),
    )
    bias: bool = field(Flag(), "whether a bias is added", True, aliases=("use_bias", "bias_term"))
    axis: str = field(
        Choice("features", "last", "channels"),
        "features: the input is a vector; last: act on the last axis; channels: on them, at every pixel",
        "features",
    )

    def acts_on(self, x: Shape) -> str:
        """`features`, the vector or what is flattened to one; or the axis of a map, `last` or `channels`."""
        if len(x) == 1:
            return "features"
        return "channels" if self.rules.linear_takes == "channels" else self.axis

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        (shape,) = x
        vector = len(shape) == 1 or self.acts_on(shape) != "features" or self.rules.linear_takes == "flattens"
        yield Requirement(
            vector,
            "a linear layer takes a vector, and its input is a map",
            f"the input is {show_shape(shape)}",
            "put `flatten` before it, or write `axis=last` to act on the last axis alone"
            + (" (a pool gives a vector by `global_avgpool flat`)" if all(str(n) == "1" for n in shape[1:]) else ""),
        )

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        last, on = len(x[0]) - 1, self.acts_on(x[0])
        kept = {"features": 0, "last": last, "channels": last + 1}[on]
        return tuple(IDENTITY if axis < kept else everywhere(x[0][axis]) for axis in range(1, last + 1))

    def channel_reach(self, *x: Shape) -> Reach | None:
        return IDENTITY if self.acts_on(x[0]) == "last" else everywhere(x[0][0])

    def entering(self, *x: Shape) -> int:
        return self.features(x[0])

    def features(self, x: Shape) -> int:
        """The length of the vectors that go in."""
        return {"last": x[-1], "channels": x[0]}.get(self.acts_on(x)) or product(x)

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        on_a_map = bool(x) and len(x[0]) > 1  # which may be a slip of `flatten`, or of the axis
        return None if on_a_map or given.get("axis", "features") != "features" else (sure(given.get("out")),)

    def output_shape(self, *x: Shape) -> Shape:
        on = self.acts_on(x[0])
        if on == "last":
            return (*x[0][:-1], self.out)
        return (self.out, *x[0][1:]) if on == "channels" else (self.out,)

    def used_shapes(self, *x: Shape) -> dict[str, Shape]:
        shapes: dict[str, Shape] = {"weight": (self.out, self.features(x[0]))}
        if self.bias:
            shapes["bias"] = (self.out,)
        return shapes

    def joins(self, x: Shape) -> int:
        """All places are the rows of one matrix."""
        return len(x) - 1

    def macs(self, *x: Shape) -> int:
        """Every weight is used once for each vector."""
        return self.features(x[0]) * product(self.output_shape(*x))

    def operations(self, *x: Shape) -> int:
        """The additions of the bias."""
        return product(self.output_shape(*x)) if self.bias else 0

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """The input, which only the gradient of the weight needs."""
        if backward.weights:
            if self.acts_on(x[0]) == "channels":
                yield Saved("input, channels last", shape=x[0])
            else:
                yield Saved("input")
        yield from self.saved_weight(backward, *x)

    def keeps_weight(self, backward: Backward) -> bool:
        """Only the gradient of the input needs it."""
        return any(backward.inputs)


@layer("bilinear", aliases=("BilinearLayer",))
class Bilinear(Layer):
    """y = x₁ᵀ·W·x₂ + b of two vectors, as torch.nn.Bilinear.

    Counted as a matrix of out × (in₁·in₂) weights on the products of all pairs: one product a pair, one
    multiply–accumulate a weight.
    """

    inputs: ClassVar[tuple[int, int]] = (2, 2)
    needs: ClassVar[str] = "vector"
    weighted: ClassVar[bool] = True
    autocast: ClassVar[str] = "float32"  # it takes the widest of its inputs and its weight
    out: int = field(Whole(), "number of output features", position=0, symbol="F_out", aliases=("out_features",))
    bias: bool = field(Flag(), "whether a bias is added", True)

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return (sure(given.get("out")),)

    def output_shape(self, *x: Shape) -> Shape:
        return (self.out,)

    def channel_reach(self, *x: Shape) -> Reach | None:
        return everywhere(x[0][0])

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        shapes: dict[str, Shape] = {"weight": (self.out, x[0][0], x[1][0])}
        if self.bias:
            shapes["bias"] = (self.out,)
        return shapes

    def macs(self, *x: Shape) -> int:
        return self.out * x[0][0] * x[1][0]

    def backward_macs(self, backward: Backward, *x: Shape) -> int:
        """As many for each of three factors whose gradient is wanted."""
        return self.macs(*x) * (backward.weights + sum(backward.inputs))

    def operations(self, *x: Shape) -> int:
        """The products of all pairs, and the additions of the bias."""
        return x[0][0] * x[1][0] + (self.out if self.bias else 0)

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """Each input where the gradient of the weight or of the other input needs it."""
        for index in (0, 1):
            if backward.weights or backward.inputs[1 - index]:
                yield Saved("input", index)
