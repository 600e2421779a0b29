"""Products of two tensors, and the normalisation that today's transformers have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from cnncalc.arithmetic.symbolic.unknown import OPEN
from cnncalc.arithmetic.windows.formulas import all_equal, product
from cnncalc.arithmetic.windows.reach import IDENTITY, Reach, everywhere
from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.base import Layer, Requirement, Shape, field
from cnncalc.layers.fields import Choice, Flag, Real
from cnncalc.layers.kinds.merge import Merge, listed
from cnncalc.layers.registry import layer

__all__ = ["MatMul", "RMSNorm"]


@layer("matmul", aliases=("MatMul", "bmm", "batch_matmul"))
class MatMul(Merge):
    """The product of two tensors' matrices: (…, m, k) times (…, k, n) gives (…, m, n); the axes before are alike.

    With `transposed` the second is (…, n, k), as the keys of an attention. k multiply–accumulates an output element.
    """

    inputs: ClassVar[tuple[int, int]] = (2, 2)
    autocast: ClassVar[str] = "half"
    transposed: bool = field(Flag(), "the second tensor's matrices are taken transposed", False)

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield from self.one_rank(*x)
        left, right = x
        yield Requirement(
            len(left) >= 2,
            "a matmul takes matrices, or stacks of them",
            f"its inputs are {listed(x)}",
            "`linear` multiplies a vector by a learned matrix; `multiply` element by element",
        )
        inner = right[-1 if self.transposed else -2]
        for one, other, what in (
            (left[-1], inner, "inner lengths"),
            *((a, b, "stacks") for a, b in zip(left[:-2], right)),
        ):
            match = all_equal((one, other))
            if match is not True:
                yield Requirement(
                    match,
                    f"the {what} of a matmul differ",
                    f"its inputs are {listed(x)}: {one} and {other}",
                    "write `transposed`, swap the two, or `permute` one of them"
                    if what == "inner lengths"
                    else "`expand` the one with fewer",
                )

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return (OPEN,) * len(x[0]) if x else None

    def output_shape(self, *x: Shape) -> Shape:
        return (*x[0][:-1], x[1][-2 if self.transposed else -1])

    def macs(self, *x: Shape) -> int:
        """Every output element is a sum of k products."""
        return x[0][-1] * product(self.output_shape(*x))

    def backward_macs(self, backward: Backward, *x: Shape) -> int:
        """As many for each factor whose gradient is wanted."""
        return self.macs(*x) * sum(backward.inputs)

    def reaches_into(self, index: int, *x: Shape) -> tuple[Reach | None, ...] | None:
        """Told as all of both matrices; an element sees a row of the one and a column of the other."""
        last = len(x[index]) - 2
        return tuple(IDENTITY if axis < last else everywhere(n) for axis, n in enumerate(x[index]))

    def joins(self, x: Shape) -> int:
        """All matrices are one stack."""
        return len(x) - 2

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """Each factor where the gradient of the other needs it."""
        for index in (1, 0):
            if backward.inputs[1 - index]:
                yield Saved("input", index)


@layer("rmsnorm", aliases=("RMSNorm", "RMSNormalization", "rms_norm", "SimplifiedLayerNormalization"))
class RMSNorm(Layer):
    """Division by the root of the mean square (Zhang & Sennrich 2019), as torch.nn.RMSNorm; over the axes of layernorm.

    An element costs a square, an addition, a multiplication by 1/rms, and one by the scale where that is learned.
    """

    autocast: ClassVar[str] = "mixed"
    complex: ClassVar[str] = "numbers"
    over: str = field(Choice("channels", "all", "last"), "the axes that are normalised together", "channels")
    affine: bool = field(Flag(), "whether a scale is learned", True, aliases=("elementwise_affine",))
    eps: float = field(Real(), "added to the mean square", 1e-5, aliases=("epsilon",))

    def normalised(self, x: Shape) -> Shape:
        """The shape of what is normalised together."""
        return {"channels": x[:1], "last": x[-1:], "all": x}[self.over]

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        return {"weight": self.normalised(x[0])} if self.affine else {}

    def reaches(self, *x: Shape) -> tuple[Reach, ...]:
        last = len(x[0]) - 1
        seen = {"channels": (), "last": (last,), "all": tuple(range(last + 1))}[self.over]
        return tuple(everywhere(x[0][axis]) if axis in seen else IDENTITY for axis in range(1, last + 1))

    def channel_reach(self, *x: Shape) -> Reach | None:
        return IDENTITY if self.over == "last" and len(x[0]) > 1 else everywhere(x[0][0])

    def operations(self, *x: Shape) -> int:
        return (4 if self.affine else 3) * product(x[0])

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """torch composes it, in float32 at least: the input and 1/rms of each row, and for the scale what it scales."""
        rows = {"channels": x[0][1:], "last": x[0][:-1], "all": ()}[self.over]
        if backward.inputs[0]:
            yield Saved("input", element="full")
            yield Saved("1/rms", shape=(product(rows),), element="full")
        if backward.weights:
            yield Saved("normalised input", shape=x[0], element="full")
