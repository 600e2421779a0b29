"""What a rule of a format's table works with: the tensors that an operator takes, and layers to put on them."""

from __future__ import annotations

from cnncalc.errors import CnncalcError, Fault, Place
from cnncalc.interchange.sketch import Sketch
from cnncalc.layers.base import Shape

__all__ = ["Build", "unit_length"]


class Build:
    """One foreign operator on its way to layers of ours.

    `tensors` are what it takes and `x` their shapes, without the batch. `put` adds a layer and gives its tensor; the first
    layer has the operator's name, the others that name with a suffix.
    """

    __slots__ = ("batch", "foreign", "name", "parameters", "place", "shared", "sketch", "tensors", "x")

    def __init__(self, sketch: Sketch, name: str, foreign: str, place: Place, tensors: list[int]) -> None:
        self.sketch, self.name, self.foreign, self.place, self.tensors = sketch, name, foreign, place, tensors
        self.batch: int | None = None
        self.parameters: int | None = None
        """The layer that holds the parameters of the operator, once a rule says so."""
        self.shared: int | None = None
        """The layer whose parameters the operator uses."""
        self.x: list[Shape] = [sketch.shape(tensor) for tensor in tensors]

    @property
    def axes(self) -> int:
        """The spatial axes of its first tensor; a vector has none."""
        return len(self.x[0]) - 1

    def shape(self, tensor: int) -> Shape:
        """The shape of a tensor, without the batch."""
        return self.sketch.shape(tensor)

    def put(self, kind: str, *tensors: int, suffix: str = "", **fields: object) -> int:
        """Add a layer on these tensors, or on all that the operator takes. Raises CnncalcError where it does not fit."""
        name = self.name + suffix
        return self.sketch.add(
            name, kind, fields, list(tensors or self.tensors), place=self.place, foreign=self.foreign, share=self.shared
        )

    def each(self, kind: str, **fields: object) -> list[int]:
        """A layer for each tensor, all with the parameters of the first."""
        made: list[int] = []
        for number, tensor in enumerate(self.tensors):
            suffix = f"_{number}" if number else ""
            made.append(self.put(kind, tensor, suffix=suffix, **fields))
            self.shared = made[0]
        return made

    def opaque(self, shape: Shape, *tensors: int, suffix: str = "") -> int:
        """Add a layer of which only the output's shape is known."""
        return self.put("opaque", *tensors, suffix=suffix, shape=shape, of=self.foreign)

    def fault(self, message: str, values: str = "", help: str = "") -> CnncalcError:
        """What is wrong with the operator."""
        return CnncalcError(Fault(message, self.place, self.name, values, help))


def unit_length(build: Build, *, everywhere: bool) -> int:
    """The operator's tensor divided by its length: over the channels at each position, or over all of it."""
    axes = tuple(range(build.axes + 1)) if everywhere else (0,)
    length = build.put("reduce", suffix="_length", by="l2", axes=axes, keep=True)
    return build.put("divide", build.tensors[0], length)
