"""Tensors that no layer before makes: learned, fixed, looked up; and layers of which only the shape is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from cnncalc.arithmetic.symbolic.broadcasting import broadcast, broadcasts
from cnncalc.arithmetic.symbolic.unknown import OPEN
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.arithmetic.windows.reach import IDENTITY, Reach, everywhere, shifted
from cnncalc.layers.axes import axes_exist
from cnncalc.layers.backward import INDEX_BYTES, Backward, Saved
from cnncalc.layers.base import MANY, Layer, Requirement, Shape, field, show_shape
from cnncalc.layers.fields import Choice, Flag, Whole, Wholes, Word
from cnncalc.layers.registry import layer

__all__ = ["Constant", "Embedding", "Given", "Opaque", "Parameter", "Positional"]


class ShapeOrScalar(Wholes):
    """A shape; or `scalar`, one number without an axis, such as a loss over the batch."""

    def read(self, value: object) -> tuple[int, ...]:
        return () if value in ("scalar", ()) else super().read(value)

    def write(self, value: Sequence[int]) -> str:
        return super().write(value) or "scalar"

    def words(self, name: str) -> dict[str, object]:
        return {"scalar": ()}

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"const": "scalar"}, *super().schema()["anyOf"]]}


SHAPE = Wholes(1, "a shape such as 768x1")


class Given(Layer):
    """A layer that brings a tensor of its own to the one that comes in."""

    autocast: ClassVar[str] = "mixed"  # its tensor is in float32
    complex: ClassVar[str] = "numbers"
    shape: tuple[int, ...] = field(SHAPE, "its shape, without the batch", position=0)
    join: str = field(
        Choice("alone", "add", "multiply", "concat"),
        "what it does with the tensor that comes in; alone: takes its place",
        "alone",
    )
    axis: int = field(Whole(-8), "the axis of a concat, 0 = channels, -1 = the last", 0)
    first: bool = field(Flag(), "in a concat it stands before what comes in", False)

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        if self.join == "alone":
            self.__dict__["seen_inputs"] = 0

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        if self.join == "alone":
            return
        yield Requirement(
            len(self.shape) == len(x[0]),
            f"`{self.kind}` needs as many axes as what comes in",
            f"{show_shape(self.shape)} and {show_shape(x[0])}",
            "write 1 for an axis along which it is the same everywhere, such as 64x1x1",
        )
        if self.join == "concat":
            yield from axes_exist(self.kind, (self.axis,), x[0])
        place = self.axis % len(x[0]) if self.join == "concat" else -1
        for axis, (own, n) in enumerate(zip(self.shape, x[0])):
            if axis != place:
                match = own == n if self.join == "concat" else broadcasts((own, n))
                yield Requirement(
                    match,
                    f"the shapes of `{self.kind}` and of what comes in differ",
                    f"{show_shape(self.shape)} and {show_shape(x[0])}",
                    f"axis {axis} has to be {n}" + ("" if self.join == "concat" else " or 1"),
                )

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return None

    def output_shape(self, *x: Shape) -> Shape:
        if self.join == "alone":
            return self.shape
        if self.join == "concat":
            place = self.axis % len(x[0])
            return tuple(own + n if axis == place else n for axis, (own, n) in enumerate(zip(self.shape, x[0])))
        return tuple(broadcast(lengths) for lengths in zip(self.shape, x[0]))

    def operations(self, *x: Shape) -> int:
        """One an element of a sum or a product."""
        return product(self.output_shape(*x)) if self.join in ("add", "multiply") else 0

    def moved(self, x: Shape, axis: int) -> Reach:
        """What an output sees along an axis of what comes in; its own part sees nothing."""
        if self.join == "concat":
            return shifted(self.shape[axis]) if self.first and axis == self.axis % len(x) else IDENTITY
        spread = self.join != "alone" and x[axis] != self.output_shape(x)[axis]
        return everywhere(1) if spread else IDENTITY  # one place, seen by all

    def reaches(self, *x: Shape) -> tuple[Reach | None, ...]:
        return tuple(self.moved(x[0], axis) for axis in range(1, len(x[0])))

    def channel_reach(self, *x: Shape) -> Reach | None:
        return self.moved(x[0], 0)


@layer("parameter", aliases=("Parameter", "learned", "LearnedTensor"))
class Parameter(Given):
    """A learned tensor: a class token, a scale, queries, position embeddings.

    `parameter 768x1 concat axis=1 first` puts a token before a sequence; `add` and `multiply` meet what comes in
    element by element, an axis of length 1 standing for all places.
    """

    learned: bool = field(Flag(), "whether it is learned; else it is a buffer", True)
    batch: bool = field(Flag(), "whether checkpoints have an axis for the batch in it", True)

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        return {"weight": self.shape} if self.learned else {}

    def buffer_shapes(self, *x: Shape) -> dict[str, Shape]:
        return {} if self.learned else {"weight": self.shape}

    def stored(self, *x: Shape) -> dict[str, tuple[str, Shape]]:
        return {"weight": ("", (1, *self.shape) if self.batch else self.shape)}

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if self.join == "multiply" and backward.weights:
            yield Saved("input")


@layer("constant", aliases=("Constant", "ConstantOfShape", "MemoryData", "DummyData"))
class Constant(Given):
    """A fixed tensor that is made where it stands, in the input's type: neither parameter nor buffer."""

    autocast: ClassVar[str] = "follow"

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if self.join == "multiply" and backward.inputs[0]:
            yield Saved("the constant", shape=self.shape, batched=False)


@layer("positional", aliases=("PositionEmbedding", "position_embedding", "PositionalEncoding"))
class Positional(Layer):
    """A learned tensor of the input's own shape, added to it: position embeddings; with `sine` fixed sines."""

    complex: ClassVar[str] = "numbers"
    by: str = field(Choice("learned", "sine"), "learned, or sines and cosines without a parameter", "learned")

    def casting(self) -> str:
        """What is learned is in float32, the sines in the input's type."""
        return "mixed" if self.by == "learned" else "follow"

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        return {"weight": x[0]} if self.by == "learned" else {}

    def stored(self, *x: Shape) -> dict[str, tuple[str, Shape]]:
        return {"weight": ("", (1, *x[0]))} if self.by == "learned" else {}

    def operations(self, *x: Shape) -> int:
        return product(x[0])


@layer("embedding", aliases=("Embedding", "Embed"))
class Embedding(Layer):
    """A learned vector for each whole number that comes in, as torch.nn.Embedding; no operation, it is looked up.

    L numbers, or a map 1xL of one channel, become features x L; with `axis=last` L x features. The numbers of the
    input are counted in the net's own type, what backward keeps of them in int64.
    """

    passes_gradient: ClassVar[bool] = False
    looks_up: ClassVar[bool] = True
    autocast: ClassVar[str] = "mixed"
    vocabulary: int = field(
        Whole(), "how many numbers there are", position=0, symbol="V", aliases=("num_embeddings", "input_dim")
    )
    features: int = field(
        Whole(), "length of each vector", position=1, symbol="E", aliases=("embedding_dim", "output_dim", "num_output")
    )
    axis: str = field(Choice("channels", "last"), "where the features stand", "channels")
    padding: int | None = field(Whole(0), "the number whose vector stays 0", None, aliases=("padding_idx",))
    bias: bool = field(Flag(), "whether a bias is added, as in Caffe", False, aliases=("bias_term",))

    def requirements(self, *x: Shape) -> Iterator[Requirement]:
        yield Requirement(
            len(x[0]) == 1 or x[0][0] == 1,
            "an embedding takes whole numbers: a vector of them, or a map of one channel",
            f"the input is {show_shape(x[0])}",
            "`slice 0:1` takes one channel, `flatten` makes a vector of all",
        )
        yield Requirement(
            self.padding is None or self.padding < self.vocabulary,
            "the padding is one of the numbers of the vocabulary",
            f"padding {self.padding}, vocabulary {self.vocabulary}",
            f"use a number up to {self.vocabulary - 1}",
        )

    def positions(self, x: Shape) -> Shape:
        """The axes on which the numbers stand."""
        return x[1:] or x

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return (OPEN,) * max(len(x[0]), 2) if x else None

    def output_shape(self, *x: Shape) -> Shape:
        at = self.positions(x[0])
        return (self.features, *at) if self.axis == "channels" else (*at, self.features)

    def kept_axes(self, *x: Shape) -> tuple[int | None, ...] | None:
        at = range(len(x[0]))[-len(self.positions(x[0])) :]
        return (None, *at) if self.axis == "channels" else (*at, None)

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        shapes: dict[str, Shape] = {"weight": (self.vocabulary, self.features)}
        return {**shapes, "bias": (self.features,)} if self.bias else shapes

    def operations(self, *x: Shape) -> int:
        """The additions of the bias."""
        return product(self.output_shape(*x)) if self.bias else 0

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.weights:
            yield Saved("indices", shape=x[0], size=INDEX_BYTES)


@layer("opaque", aliases=("Opaque", "Python", "DetectionOutput", "NonMaxSuppression"))
class Opaque(Layer):
    """A layer of which only the shape of its output is known. It is counted as nothing, which the totals say.

    `opaque 100x6 of=DetectionOutput`, or `opaque scalar of=SoftmaxWithLoss` for one number. What it sees is not known,
    nor what comes after it.
    """

    inputs: ClassVar[tuple[int, int]] = (1, MANY)
    unseen: ClassVar[str] = "undefined: nothing is known of an opaque layer before it"
    complex: ClassVar[str] = "numbers"
    shape: tuple[int, ...] = field(
        ShapeOrScalar(1, "a shape such as 768x1, or scalar"), "the shape of its output, without the batch", position=0
    )
    of: str | None = field(Word(), "what it stands for, as its framework calls it", None)

    @classmethod
    def outline(cls, given: Mapping[str, object], *x: Shape) -> Shape | None:
        return None

    def entering(self, *x: Shape) -> int:
        """Its channels; a scalar is one."""
        return x[0][0] if x[0] else 1

    def output_shape(self, *x: Shape) -> Shape:
        return self.shape
