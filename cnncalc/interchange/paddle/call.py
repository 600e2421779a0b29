"""One operator on its way to layers of ours. Shapes there have the batch first, and channels behind it, as here."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, TypeAlias

from cnncalc.errors import CnncalcError
from cnncalc.interchange.building import Build
from cnncalc.interchange.paddle.program import Operator, Weight
from cnncalc.layers import Shape, show_shape
from cnncalc.records import NamedTuple

__all__ = ["Call", "Numbers", "Rule", "Several", "States", "Turned", "Unread", "Value"]


class Numbers(NamedTuple):
    """Numbers that the program states: sizes, axes, a rate."""

    values: tuple[int | float, ...]


class Several(NamedTuple):
    """A list of tensors."""

    values: tuple[Value, ...]


class Turned(NamedTuple):
    """A sequence whose length stands before the batch, as recurrent layers take it."""

    tensor: int


class States(NamedTuple):
    """What recurrent layers leave, of each layer and direction a vector; an axis for them stands before the batch."""

    rows: tuple[int, ...]


class Unread(NamedTuple):
    """What an operator makes besides, and no layer here gives; it is told where an output depends on it."""

    fault: CnncalcError


Value: TypeAlias = "int | Weight | Numbers | Several | Turned | States | Unread"
"""A tensor of the sketch, a weight, numbers, several tensors, a sequence with its length first, states, or none."""
FIRST = ("", "NCHW", "NCDHW", "AnyLayout")
"""Layouts with channels first."""
Rule: TypeAlias = "Any"
"""A function of a `Call` to the list of what its outputs are."""


class Call:
    """An operator, what it takes, and the sketch that it is put into."""

    __slots__ = ("batch", "bias", "build", "operator", "owners", "stated", "taken", "values")

    def __init__(
        self, build: Build, operator: Operator, values: list[list[Value | None]], batch: int, owners: dict[Any, int]
    ) -> None:
        self.build, self.operator, self.values, self.batch, self.owners = build, operator, values, batch, owners
        self.bias = False
        """Whether the addition of a bias follows."""
        self.stated: Mapping[str, tuple[int, ...]] = {}
        """The shapes that the file states, with the batch."""
        self.taken: Container[str] = ()
        """The values that some operator takes."""

    def fault(self, rule: str, values: str = "", help: str = "") -> CnncalcError:
        """What is wrong with the operator."""
        return self.build.fault(f"`{self.operator.kind}`, operator {self.operator.number}: {rule}", values, help)

    def value(self, place: int) -> Value | None:
        """The first of what it takes in a place."""
        return next(iter(self.values[place]), None) if place < len(self.values) else None

    def several(self, place: int) -> list[Value | None]:
        """A list of tensors that it takes in a place."""
        value = self.value(place)
        return (
            list(value.values) if isinstance(value, Several) else self.values[place] if place < len(self.values) else []
        )

    def x(self, place: int = 0) -> int:
        """A tensor that depends on the input."""
        value = self.value(place)
        if isinstance(value, int):
            return value
        if isinstance(value, Weight):
            return self.parameter(value.dims[1:] if value.dims[:1] == (1,) and len(value.dims) > 1 else value.dims)
        if isinstance(value, (Turned, States)):
            help = "of a state take one, as `h[-1]`, and of a sequence the steps behind the batch"
            raise self.fault(f"what it takes in place {place + 1} does not have the batch first", help=help)
        raise self.fault(f"what it takes in place {place + 1} does not depend on the input")

    def parameter(self, shape: Shape) -> int:
        """A weight as a tensor of its own."""
        entering = next(iter(self.build.sketch.inputs.values()))
        return self.build.put("parameter", entering, suffix="_own", shape=shape or (1,), join="alone")

    def weight(self, place: int) -> Weight:
        """A weight that it takes."""
        value = self.value(place)
        if not isinstance(value, Weight):
            raise self.fault(f"what it takes in place {place + 1} is no weight")
        return value

    def numbers(self, name: str, place: int) -> tuple[int, ...] | None:
        """Whole numbers that it takes in a place, or else has as a setting; None where there are none."""
        value = self.value(place)
        if isinstance(value, Numbers):
            return tuple(int(one) for one in value.values)
        if value is not None:
            raise self.fault(f"its `{name}` is computed from the input's numbers")
        return self.operator.wholes(name)

    def shape(self, tensor: int) -> Shape:
        """Our shape of a tensor."""
        return self.build.shape(tensor)

    def map(self, place: int = 0, axes: int = 2) -> int:
        """A tensor with so many spatial axes, channels first."""
        x = self.x(place)
        if self.operator.word("data_format") not in FIRST or len(self.shape(x)) != axes + 1:
            raise self.fault("it takes a map, channels first", show_shape(self.shape(x)))
        return x

    def axis(self, axis: int, x: int) -> int:
        """An axis of theirs among ours."""
        rank = len(self.shape(x)) + 1
        if not -rank <= axis < rank or axis % rank == 0:
            raise self.fault(f"there is no axis {axis} beside the batch", show_shape(self.shape(x)))
        return axis % rank - 1

    def put(self, kind: str, *tensors: int, **fields: Any) -> int:
        """A layer on tensors; layers with the same weights share their parameters."""
        held = tuple(value.name for one in self.values for value in one if isinstance(value, Weight))
        share = self.owners.get((kind, *held)) if held and all(held) else None
        suffix = f"_{kind}" if self.build.made else ""
        made = self.build.put(kind, *tensors, suffix=suffix, share=share, **fields)
        if held and all(held):
            self.owners.setdefault((kind, *held), made)
        return made

    def stacked(self, states: States) -> int:
        """States as a tensor, an axis for them behind the batch."""
        rows = [self.put("reshape", row, shape=(1, *self.shape(row))) for row in states.rows]
        return rows[0] if len(rows) == 1 else self.put("concat", *rows)

    def shaped(self, x: int, shape: Shape) -> int:
        """The tensor in another shape."""
        if shape == self.shape(x):
            return x
        return self.put("flatten", x) if len(shape) == 1 else self.put("reshape", x, shape=shape)


Rules: TypeAlias = "Mapping[str, Rule]"
