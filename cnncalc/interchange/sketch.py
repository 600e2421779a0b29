"""A net as a reader of a foreign format leaves it: operators in order, as layers of ours on tensors.

What a reader is (`cnncalc.interchange.formats` has a line for each): a function `read(file, asked)` of a `ForeignFile`
and of what the user asked (`Asked`) that returns a `Sketch`, or, where a format is nearly our language, a text of it.
It raises `CnncalcError` with everything that is wrong, operators that it does not know all in one error. A reader
knows its format and nothing else; what a format says of a size (auto padding, ceil modes, versions) is decided there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import prod
from typing import Any

from cnncalc.errors import CnncalcError, Fault, Place
from cnncalc.graph import Signatures
from cnncalc.layers import KINDS, FieldError, Layer, Requirement, Shape, show_shape
from cnncalc.layers.fields import Border, PerAxis
from cnncalc.limits import Limits
from cnncalc.records import NamedTuple

__all__ = ["Asked", "Operator", "Sketch"]


LONGEST = 120
"""Characters of a foreign operator's name that are told."""


class Asked(NamedTuple):
    """What a user says that a file may leave open."""

    inputs: Mapping[str, Shape] = {}
    """Shapes of inputs by name, without the batch; under the empty name that of a net's only input."""
    settings: Mapping[str, str] = {}
    """`--set name=value`."""
    train: bool = False
    """Whether the net is read as it is trained, where a format has both."""
    opaque: bool = False
    """Whether operators that are not known become layers of a declared shape."""


class Operator(NamedTuple):
    """One layer of ours, and what the file says of it. Shapes are without the batch."""

    name: str
    layer: Layer | None
    """None for an input of the net."""
    inputs: tuple[int, ...]
    """The numbers of the tensors that it takes."""
    shape: Shape
    """Of its output, by our rules."""
    foreign: str = ""
    """What the format calls it."""
    place: Place | None = None
    share: int | None = None
    """The operator whose parameters it uses."""
    trainable: bool = True
    dtype: str = ""
    """The type that it is stored in, where that is its own."""

    def said(self) -> list[str]:
        """The keys that say how it is trained and stored, where that is not as usual."""
        if self.trainable and not self.dtype:
            return []
        return ["trainable: false"] * (not self.trainable) + [f"dtype: {self.dtype}"] * bool(self.dtype)

    def origin(self) -> str:
        """What it is in the file, in words: `Convolution conv1, line 12`."""
        own = self.name if self.name not in self.foreign and "," not in self.foreign else ""
        called = f"{self.foreign} {own}".strip()[:LONGEST]
        return called if self.place is None else f"{called}, line {self.place.line}"


class Sketch:
    """The operators of a net; each makes one tensor, which is known by the operator's number."""

    __slots__ = (
        "assumed", "beside", "dialect", "idle", "inputs", "layers", "name", "notes", "operators", "outputs", "signed",
        "source",
    )  # fmt: skip

    def __init__(self, name: str = "", dialect: str = "torch", source: str = "") -> None:
        self.name, self.dialect, self.source = name, dialect, source
        self.operators: list[Operator] = []
        self.signed = Signatures(Limits())
        self.layers: dict[tuple[str, str], Layer] = {}
        """Those that were added, by their kinds and what is said of them: of many few differ."""
        self.inputs: dict[str, int] = {}
        self.outputs: list[int] = []
        """The tensors that come out; none: those that nothing takes."""
        self.idle: list[str] = []
        """Inputs of the file on which nothing that is counted depends, such as a state that cells begin with."""
        self.beside = 0
        """Numbers that the file holds and no layer has: a side branch counts them."""
        self.notes: list[str] = []
        """What was folded, left out or not counted: sentences for whoever reads the net."""
        self.assumed: list[str] = []
        """Those of them that every number goes by."""

    def assume(self, text: str) -> None:
        """Say what is taken for lengths that the file leaves open."""
        self.notes.append(text)
        self.assumed.append(text)

    def stored(self, what: str, total: int, counts: Counter[str]) -> None:
        """Say in how many bytes a file stores something, and how many numbers of each type, where not all are plain."""
        if counts.keys() - {"float32"}:
            listed = ", ".join(f"{count:,} {name}" for name, count in counts.most_common())
            self.notes.append(f"the file stores {what} in {total:,} bytes: {listed}")

    def input(self, name: str, shape: Shape) -> int:
        """An input of the net, without the batch; returns its tensor. Of two with one name, one gets a number."""
        number, own = len(self.inputs) + 1, name
        while name in self.inputs:
            name, number = f"{own}_{number}", number + 1
        self.inputs[name] = len(self.operators)
        self.operators.append(Operator(name, None, (), tuple(shape)))
        return len(self.operators) - 1

    def shape(self, tensor: int) -> Shape:
        """The shape of a tensor, without the batch."""
        return self.operators[tensor].shape

    def add(
        self,
        name: str,
        kind: str,
        fields: Mapping[str, Any],
        inputs: list[int],
        *,
        place: Place | None,
        foreign: str,
        share: int | None = None,
        shape: Shape | None = None,
    ) -> int:
        """A layer on tensors; returns its tensor. `shape` is the output's as the file declares it.

        Raises CnncalcError where a field is wrong, where the layer does not fit its inputs, and where what the file
        declares is not what our rule makes.
        """
        said = (kind, repr(fields))  # 1 and true are equal, and not the same to a field
        layer = self.layers.get(said)
        if layer is None:
            try:
                layer = self.layers[said] = self.layer(kind, fields)
            except FieldError as error:
                raise CnncalcError(Fault(f"`{foreign}`: {error.rule}", place, name, help=error.help)) from None
        shapes = tuple(self.shape(tensor) for tensor in inputs)
        signature = self.signed.sign(layer, shapes)
        if isinstance(signature, Requirement):
            rule = f"`{foreign}`: {signature.rule}"
            raise CnncalcError(Fault(rule, place, name, signature.values, signature.way_out()))
        made = self.signed.shapes[signature]
        if shape is not None and tuple(shape) != made:
            values_text = f"the file says {show_shape(shape)}, and it comes to {show_shape(made)}"
            raise CnncalcError(Fault(f"the shape of this `{foreign}` is not what it makes", place, name, values_text))
        self.operators.append(Operator(name, layer, tuple(inputs), made, foreign, place, share))
        return len(self.operators) - 1

    def holds(self, tensor: int, numbers: int) -> int:
        """The tensor that a layer makes whose weight the file holds. Raises CnncalcError where it has other numbers."""
        if self.learned(tensor, "weight") != numbers:
            own = self.parameters(tensor)["weight"]
            raise CnncalcError(unfit(self.operators[tensor], f"{numbers:,} numbers", own))
        return tensor

    def learned(self, tensor: int, *names: str) -> int:
        """How many numbers the operator that makes a tensor learns: in its parameters of these names, or in all."""
        operator = self.operators[tensor]
        if operator.layer is None:
            return 0
        own = operator.layer.weight_shapes(*map(self.shape, operator.inputs))
        return sum(prod(own[name]) for name in names or own)

    def refitted(self, inputs: Mapping[str, Shape]) -> None:
        """Raises CnncalcError where the weights would be others with these inputs, of a net that is read as it is."""
        shapes: list[Shape] = []
        for one in self.operators:
            if one.layer is None:
                shapes.append(inputs.get(one.name) or inputs.get("") or one.shape)
                continue
            own, before = tuple(shapes[at] for at in one.inputs), tuple(map(self.shape, one.inputs))
            signature = self.signed.sign(one.layer, own)
            if isinstance(signature, Requirement):
                return  # it is told where the net is built
            shapes.append(self.signed.shapes[signature])
            if own == before:
                continue
            ours, theirs = one.layer.weight_shapes(*own), one.layer.weight_shapes(*before)
            apart = next((name for name in ours if ours[name] != theirs.get(name)), None)
            if apart is not None:
                raise CnncalcError(unfit(one, show_shape(theirs[apart]), ours[apart]))

    def parameters(self, tensor: int) -> dict[str, Shape]:
        """The shapes of the weights and buffers of the operator that makes a tensor."""
        operator = self.operators[tensor]
        if operator.layer is None:
            return {}
        shapes = [self.shape(one) for one in operator.inputs]
        return {**operator.layer.weight_shapes(*shapes), **operator.layer.buffer_shapes(*shapes)}

    def can_share(self, first: int, second: int) -> bool:
        """Whether two operators have parameters of the same names and shapes."""
        return list(self.parameters(first).items()) == list(self.parameters(second).items())

    def layer(self, kind: str, fields: Mapping[str, Any]) -> Layer:
        """A layer by the rules of the sketch's dialect. Raises FieldError."""
        cls = KINDS[kind]
        values = {field: alike(cls, field, value) for field, value in fields.items()}
        if "dialect" in cls.fields:
            values.setdefault("dialect", self.dialect)
        return cls(**values)

    def train(self, tensor: int, trainable: bool) -> None:
        """Say whether the parameters of the layer that makes a tensor are trained."""
        self.operators[tensor] = self.operators[tensor]._replace(trainable=trainable)

    def overwriting(self) -> list[int]:
        """The layers that overwrite what they take."""
        return [number for number, one in enumerate(self.operators) if getattr(one.layer, "inplace", False)]

    def ends(self) -> list[int]:
        """The tensors that come out of the net."""
        if self.outputs:
            return self.outputs
        taken = {tensor for operator in self.operators for tensor in operator.inputs}
        return [tensor for tensor in range(len(self.operators)) if tensor not in taken]


def unfit(one: Operator, held: str, own: Shape) -> Fault:
    """That a file's weight is not the one that a layer takes behind what comes in."""
    values = f"the file has {held}, and what comes in needs {show_shape(own)}"
    help = "give the input the size that the weights were made for, with --input"
    return Fault(f"`{one.foreign}`: its weight does not fit", one.place, one.name, values, help)


def alike(cls: type[Layer], field: str, value: object) -> object:
    """A size that is the same along every axis, said once."""
    if not isinstance(value, tuple) or len(set(value)) != 1 or field not in cls.fields:
        return value
    return value[:1] if isinstance(cls.fields[field].type, (PerAxis, Border)) else value
