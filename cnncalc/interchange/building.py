"""What a rule of a format's table works with: the tensors that an operator takes, and layers to put on them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

from cnncalc.errors import CnncalcError, Fault, Place
from cnncalc.interchange.sketch import Sketch
from cnncalc.interchange.unknown import Unknown
from cnncalc.layers import KINDS, Layer, Shape

__all__ = [
    "MOST_FAULTS",
    "Build",
    "Fields",
    "behind",
    "each_made",
    "finished",
    "has_parameters",
    "leading",
    "learned",
    "only",
    "unit_length",
]

Fields: TypeAlias = "dict[str, Any]"
"""Fields of a layer by name."""
Operator = TypeVar("Operator")
Made = TypeVar("Made")
MOST_FAULTS = 20
"""So many are told of a file, and no more of it is read."""


def each_made(
    operators: Iterable[Operator], make: Callable[[Operator], Made], unknown: Unknown | None = None
) -> Iterator[tuple[Operator, Made | None]]:
    """Every operator with what it makes, None where it is wrong.

    Raises CnncalcError in the end, with all that was wrong and all that `unknown` has met by then.
    """
    faults: list[Fault] = []
    for operator in operators:
        made = None
        try:
            made = make(operator)
        except CnncalcError as error:
            faults.extend(error.faults)
        yield operator, made
        if len(faults) >= MOST_FAULTS:
            break
    faults += unknown.faults() if unknown else []
    if faults:
        raise CnncalcError(faults)


class Build:
    """One foreign operator on its way to layers of ours.

    `tensors` are what it takes and `x` their shapes, without the batch. `put` adds a layer and gives its tensor; the
    first layer has the operator's name, the others that name with a suffix.
    """

    __slots__ = ("foreign", "made", "name", "place", "shared", "sketch", "tensors", "x")

    def __init__(
        self,
        sketch: Sketch,
        name: str,
        foreign: str,
        place: Place | None,
        tensors: list[int],
        shared: Sequence[int] = (),
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

    def use(self, place: int, tensor: int) -> None:
        """Take another tensor in place of one of the operator's."""
        self.tensors[place], self.x[place] = tensor, self.shape(tensor)

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
        return self.put("opaque", *tensors, suffix=suffix, shape=shape, of=word(self.foreign))

    def fault(self, message: str, values: str = "", help: str = "") -> CnncalcError:
        """What is wrong with the operator."""
        return CnncalcError(Fault(message, self.place, self.name, values, help))


def word(foreign: str) -> str | None:
    """The name of a foreign operator as one word, as `opaque` tells it."""
    return re.sub(r"[^\w.:-]+", "_", foreign).strip("_")[:60] or None


def learned(build: Build, tensor: int, join: str, suffix: str, *, shared: bool = False) -> int:
    """A tensor times, or plus, a learned number a channel, or one for all."""
    shape = build.shape(tensor)
    own = (1 if shared else shape[0], *(1,) * (len(shape) - 1))
    return build.put("parameter", tensor, suffix=suffix, shape=own, join=join)


def has_parameters(kind: str) -> bool:
    """Whether layers of a kind may learn, or keep statistics."""
    cls = KINDS[kind]
    return cls.weight_shapes is not Layer.weight_shapes or cls.buffer_shapes is not Layer.buffer_shapes


def unit_length(build: Build, axes: tuple[int, ...] = (0,)) -> int:
    """The operator's tensor divided by its length along some axes: by default over the channels at each position."""
    length = build.put("reduce", suffix="_length", by="l2", axes=axes, keep=True)
    return build.put("divide", build.tensors[0], length)


def finished(sketch: Sketch, outputs: Sequence[int]) -> Sketch:
    """The sketch with these outputs, and with what leads to none of them: what has parameters is an output too.

    A layer counts whether or not it leads anywhere, as its weights are in the framework's own file. Anything else that
    leads nowhere is left out. Raises CnncalcError for a net without layers.
    """
    if all(operator.layer is None for operator in sketch.operators):
        raise CnncalcError(Fault("the net has no layers"))
    kept, ends = set(outputs), list(dict.fromkeys(outputs))
    for tensor in range(len(sketch.operators) - 1, -1, -1):
        operator = sketch.operators[tensor]
        if tensor not in kept and operator.layer is not None and has_parameters(operator.layer.kind):
            sketch.notes.append(f"`{operator.name}` leads to no output: it is one here")
            kept.add(tensor)
            ends.append(tensor)
        if tensor in kept:
            kept.update(operator.inputs)
    if not kept:
        raise CnncalcError(Fault("nothing comes out of the net", help="the file may have lost its outputs"))
    left_out = [sketch.operators[tensor].name for tensor in range(len(sketch.operators)) if tensor not in kept]
    if left_out:
        more = ", …" if len(left_out) > 5 else ""
        sketch.notes.append(f"left out, since nothing uses what they make: {', '.join(left_out[:5])}{more}")
    sketch.outputs = ends
    return only(sketch, kept) if left_out else sketch


def leading(sketch: Sketch, outputs: Sequence[int]) -> Sketch:
    """The sketch with these outputs and what leads to them; what leads nowhere is left out, as a runtime does.

    An output that is an input of the net is one by an identity, and so is one that is given again, such as the places
    of the largest numbers, which are as many as these.
    """
    sketch.outputs, seen = [], set()
    for one in outputs:
        again = sketch.operators[one].layer is None or one in seen
        passed = sketch.add("identity", "identity", {}, [one], place=None, foreign="output") if again else one
        sketch.outputs.append(passed)
        seen.add(one)
    used = behind(sketch, sketch.outputs)
    if not used:
        raise CnncalcError(Fault("the net has no layers"))
    return only(sketch, used)


def behind(sketch: Sketch, ends: Iterable[int]) -> set[int]:
    """The tensors on which these depend, and they."""
    found = set(ends)
    for tensor in range(len(sketch.operators) - 1, -1, -1):
        if tensor in found:
            found.update(sketch.operators[tensor].inputs)
    return found


def only(sketch: Sketch, kept: set[int]) -> Sketch:
    """The sketch with these operators alone, its tensors numbered anew; of several that share, the first has it."""
    heirs: dict[int, int] = {}
    for tensor in sorted(kept):
        share = sketch.operators[tensor].share
        if share is not None and share not in kept:  # what first had the parameters is left out
            heir = heirs.setdefault(share, tensor)
            sketch.operators[tensor] = sketch.operators[tensor]._replace(share=None if heir == tensor else heir)
    left = Sketch(sketch.name, sketch.dialect, sketch.source)
    left.notes, left.assumed, left.beside = sketch.notes, sketch.assumed, sketch.beside
    left.idle = [*sketch.idle, *(name for name, tensor in sketch.inputs.items() if tensor not in kept)]
    if left.idle:
        left.notes.append(f"nothing that is counted depends on these inputs: {', '.join(left.idle[:5])[:300]}")
    if len(kept) == len(sketch.operators):
        left.operators, left.inputs, left.outputs = sketch.operators, sketch.inputs, sketch.outputs
        return left
    numbers: dict[int, int] = {}
    for tensor in sorted(kept):
        operator = sketch.operators[tensor]
        numbers[tensor] = len(left.operators)
        inputs = tuple(numbers[one] for one in operator.inputs)
        share = None if operator.share is None else numbers[operator.share]
        left.operators.append(operator._replace(inputs=inputs, share=share))
    left.inputs = {name: numbers[tensor] for name, tensor in sketch.inputs.items() if tensor in kept}
    left.outputs = [numbers[tensor] for tensor in sketch.outputs]
    return left
