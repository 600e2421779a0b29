"""What a rule of a format's table works with: the tensors that an operator takes, and layers to put on them."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.errors import CnncalcError, Fault, Place
from cnncalc.interchange.sketch import Sketch
from cnncalc.layers import KINDS, Layer, Shape

__all__ = ["Build", "unit_length"]


class Build:
    """One foreign operator on its way to layers of ours.

    `tensors` are what it takes and `x` their shapes, without the batch. `put` adds a layer and gives its tensor; the first
    layer has the operator's name, the others that name with a suffix.
    """

    __slots__ = ("foreign", "made", "name", "place", "shared", "sketch", "tensors", "x")

    def __init__(
        self, sketch: Sketch, name: str, foreign: str, place: Place, tensors: list[int], shared: Sequence[int] = ()
    ) -> None:
        self.sketch, self.name, self.foreign, self.place, self.tensors = sketch, name, foreign, place, tensors
        self.shared = shared
        """What another operator made, whose parameters this one uses layer by layer."""
        self.made: list[int] = []
        """The layers that it has become so far."""
        self.x: list[Shape] = [sketch.shape(tensor) for tensor in tensors]

    @property
    def axes(self) -> int:
        """The spatial axes of its first tensor; a vector has none."""
        return len(self.x[0]) - 1

    def shape(self, tensor: int) -> Shape:
        """The shape of a tensor, without the batch."""
        return self.sketch.shape(tensor)

    def put(self, kind: str, *tensors: int, suffix: str = "", share: int | None = None, **fields: object) -> int:
        """Add a layer on these tensors, or on all that the operator takes. Raises CnncalcError where it does not fit."""
        if share is None and len(self.made) < len(self.shared) and has_parameters(kind):
            share = self.shared[len(self.made)]
        taken = list(tensors or self.tensors)
        name = self.name + suffix
        tensor = self.sketch.add(name, kind, fields, taken, place=self.place, foreign=self.foreign, share=share)
        self.made.append(tensor)
        return tensor

    def each(self, kind: str, **fields: object) -> list[int]:
        """A layer for each tensor, all with the parameters of the first."""
        first = self.put(kind, self.tensors[0], **fields)
        others = enumerate(self.tensors[1:], 1)
        return [first, *(self.put(kind, one, suffix=f"_{place}", share=first, **fields) for place, one in others)]

    def opaque(self, shape: Shape, *tensors: int, suffix: str = "") -> int:
        """Add a layer of which only the output's shape is known."""
        return self.put("opaque", *tensors, suffix=suffix, shape=shape)

    def fault(self, message: str, values: str = "", help: str = "") -> CnncalcError:
        """What is wrong with the operator."""
        return CnncalcError(Fault(message, self.place, self.name, values, help))


def has_parameters(kind: str) -> bool:
    """Whether layers of a kind may learn, or keep statistics."""
    cls = KINDS[kind]
    return cls.weight_shapes is not Layer.weight_shapes or cls.buffer_shapes is not Layer.buffer_shapes


def unit_length(build: Build, *, everywhere: bool) -> int:
    """The operator's tensor divided by its length: over the channels at each position, or over all of it."""
    axes = tuple(range(build.axes + 1)) if everywhere else (0,)
    length = build.put("reduce", suffix="_length", by="l2", axes=axes, keep=True)
    return build.put("divide", build.tensors[0], length)
