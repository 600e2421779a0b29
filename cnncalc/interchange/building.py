"""What a rule of a format's table works with: the tensors that an operator takes, and layers to put on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from cnncalc.errors import CnncalcError, Fault, Place
from cnncalc.interchange.sketch import Sketch
from cnncalc.layers import KINDS, Layer, Shape
from cnncalc.layers.fields import Border, PerAxis

__all__ = ["Build", "Fields", "finished", "leading", "learned", "unit_length"]

Fields: TypeAlias = "dict[str, Any]"
"""Fields of a layer by name."""


class Build:
    """One foreign operator on its way to layers of ours.

    `tensors` are what it takes and `x` their shapes, without the batch. `put` adds a layer and gives its tensor; the
    first layer has the operator's name, the others that name with a suffix.
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

    def takes(self, count: int) -> None:
        """Raises CnncalcError where the operator does not take so many tensors."""
        if len(self.tensors) != count:
            raise self.fault(f"`{self.foreign}` takes {count} inputs", f"it gets {len(self.tensors)}")

    def put(self, kind: str, *tensors: int, suffix: str = "", share: int | None = None, **fields: Any) -> int:
        """Add a layer on these tensors, or on all that the operator takes; its tensor. Raises CnncalcError."""
        if share is None and len(self.made) < len(self.shared) and has_parameters(kind):
            share = self.shared[len(self.made)]
        taken = list(tensors or self.tensors)
        name = self.name + suffix
        fields = {field: alike(kind, field, value) for field, value in fields.items()}
        tensor = self.sketch.add(name, kind, fields, taken, place=self.place, foreign=self.foreign, share=share)
        self.made.append(tensor)
        return tensor

    def each(self, kind: str, **fields: Any) -> list[int]:
        """A layer for each tensor, all with the parameters of the first."""
        first = self.put(kind, self.tensors[0], **fields)
        others = enumerate(self.tensors[1:], 1)
        return [first, *(self.put(kind, one, suffix=f"_{place}", share=first, **fields) for place, one in others)]

    def opaque(self, shape: Shape, *tensors: int, suffix: str = "") -> int:
        """Add a layer of which only the output's shape is known."""
        return self.put("opaque", *tensors, suffix=suffix, shape=shape, of=self.foreign.strip("[]")[:60] or None)

    def fault(self, message: str, values: str = "", help: str = "") -> CnncalcError:
        """What is wrong with the operator."""
        return CnncalcError(Fault(message, self.place, self.name, values, help))


def alike(kind: str, field: str, value: object) -> object:
    """A size that is the same along every axis, said once."""
    per_axis = field in KINDS[kind].fields and isinstance(KINDS[kind].fields[field].type, (PerAxis, Border))
    return value[:1] if per_axis and isinstance(value, tuple) and len(set(value)) == 1 else value


def learned(build: Build, tensor: int, join: str, suffix: str, *, shared: bool = False) -> int:
    """A tensor times, or plus, a learned number a channel, or one for all."""
    shape = build.shape(tensor)
    own = (1 if shared else shape[0], *(1,) * (len(shape) - 1))
    return build.put("parameter", tensor, suffix=suffix, shape=own, join=join)


def has_parameters(kind: str) -> bool:
    """Whether layers of a kind may learn, or keep statistics."""
    cls = KINDS[kind]
    return cls.weight_shapes is not Layer.weight_shapes or cls.buffer_shapes is not Layer.buffer_shapes


def unit_length(build: Build, *, everywhere: bool) -> int:
    """The operator's tensor divided by its length: over the channels at each position, or over all of it."""
    axes = tuple(range(build.axes + 1)) if everywhere else (0,)
    length = build.put("reduce", suffix="_length", by="l2", axes=axes, keep=True)
    return build.put("divide", build.tensors[0], length)


def finished(sketch: Sketch, outputs: Sequence[int]) -> Sketch:
    """The sketch with these outputs, and with what nothing takes: layers are outputs too, inputs are left out.

    A layer of a file counts whether or not it leads anywhere, as its weights are in the framework's own file.
    """
    if all(operator.layer is None for operator in sketch.operators):
        raise CnncalcError(Fault("the net has no layers"))
    taken = {tensor for operator in sketch.operators for tensor in operator.inputs}
    dead = [tensor for tensor in range(len(sketch.operators)) if tensor not in taken and tensor not in outputs]
    sketch.outputs = list(dict.fromkeys(outputs))
    for tensor in dead:
        if sketch.operators[tensor].layer is None:
            sketch.notes.append(f"the input `{sketch.operators[tensor].name}` is used by no layer, and left out")
        else:
            sketch.notes.append(f"`{sketch.operators[tensor].name}` is used by no layer: it is an output here")
            sketch.outputs.append(tensor)
    gone = {tensor for tensor in dead if sketch.operators[tensor].layer is None}
    return without(sketch, gone) if gone else sketch


def leading(sketch: Sketch, outputs: Sequence[int]) -> Sketch:
    """The sketch with these outputs and what leads to them; what leads nowhere is left out, as a runtime does."""
    sketch.outputs = list(dict.fromkeys(outputs))
    used = set(sketch.outputs)
    for tensor in range(len(sketch.operators) - 1, -1, -1):
        if tensor in used:
            operator = sketch.operators[tensor]
            used.update(operator.inputs)
            if operator.share is not None:
                used.update((operator.share, *sketch.operators[operator.share].inputs))
    if all(sketch.operators[tensor].layer is None for tensor in used):
        raise CnncalcError(Fault("the net has no layers"))
    return without(sketch, set(range(len(sketch.operators))) - used)


def without(sketch: Sketch, gone: set[int]) -> Sketch:
    """The sketch without these tensors, which no other takes; the rest is numbered anew."""
    left = Sketch(sketch.name, sketch.dialect, sketch.source)
    left.notes = sketch.notes
    numbers: dict[int, int] = {}
    for tensor, operator in enumerate(sketch.operators):
        if tensor in gone:
            continue
        numbers[tensor] = len(left.operators)
        inputs = tuple(numbers[one] for one in operator.inputs)
        share = None if operator.share is None else numbers[operator.share]
        left.operators.append(operator._replace(inputs=inputs, share=share))
    left.inputs = {name: numbers[tensor] for name, tensor in sketch.inputs.items() if tensor not in gone}
    left.outputs = [numbers[tensor] for tensor in sketch.outputs]
    return left
