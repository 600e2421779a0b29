"""One operator on its way to layers of ours. Tensors are channels last there, batch first; channels first here."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from math import prod
from typing import Any, TypeAlias

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.building import Build
from cnncalc.interchange.sketch import Sketch
from cnncalc.interchange.tflite.flatbuffer import Table
from cnncalc.interchange.tflite.model import Fixed, Operator
from cnncalc.layers import Shape, show_shape
from cnncalc.records import NamedTuple

__all__ = ["Below", "Call", "Live", "Rule", "Spread", "Value", "activated"]

Dims: TypeAlias = "tuple[int, ...]"


class Live(NamedTuple):
    """A tensor that depends on the input: its number in the sketch, and its shape there, the batch with it."""

    tensor: int
    dims: Dims


class Spread(NamedTuple):
    """A map that is dealt out over the batch: what is convolved so, is convolved with a dilation (`SPACE_TO_BATCH_ND`).

    `call` is the convolution that was met on the way; it becomes a layer when the map is put together again.
    """

    live: Live
    block: Dims
    border: tuple[Dims, ...]
    call: Call | None = None


class Below(NamedTuple):
    """Whether the numbers of a tensor are below 0."""

    live: Live


Value: TypeAlias = "Live | Fixed | Spread | Below"
Rule: TypeAlias = "Any"
"""A function of a `Call` to the list of what its outputs are."""
ACTIVATIONS: dict[int, tuple[str, dict[str, Any]]] = {
    1: ("relu", {}),
    2: ("function", {"of": "clip", "low": -1, "high": 1}),
    3: ("relu6", {}),
    4: ("tanh", {}),
    5: ("function", {"of": "sign"}),
}
"""ActivationFunctionType: what an operator does with its own output."""


class Call:
    """An operator, what it takes, and the sketch that it is put into."""

    __slots__ = ("batch", "build", "common", "operator", "options", "owners", "stated", "values")

    def __init__(
        self,
        sketch: Sketch,
        operator: Operator,
        values: Sequence[Value | None],
        name: str,
        batch: int,
        owners: dict[tuple[object, ...], int],
        stated: Sequence[Dims | None] = (),
        common: AbstractSet[int] = frozenset(),
    ) -> None:
        self.operator, self.values, self.batch, self.owners = operator, list(values), batch, owners
        self.common = common
        """The tensors of the file that several operators add, each to what its own weights make."""
        self.stated = stated
        """The shapes that the file states of what comes out; None where one is open."""
        self.options: Table | None = operator.options
        lives = [value.tensor for value in values if isinstance(value, Live)]
        self.build = Build(sketch, name, operator.kind, None, lives)

    def fault(self, rule: str, values: str = "", help: str = "") -> CnncalcError:
        """What is wrong with the operator."""
        message = f"`{self.operator.kind}`, operator {self.operator.number}: {rule}"
        return CnncalcError(Fault(message, None, self.build.name, values, help))

    # -- settings --

    def whole(self, field: int, otherwise: int = 0, *, size: int = 4) -> int:
        """A setting of the operator by its number in the schema."""
        return otherwise if self.options is None else self.options.whole(field, otherwise, size=size)

    def real(self, field: int, otherwise: float) -> float:
        """A setting to the seven digits that float32 has."""
        return otherwise if self.options is None else float(f"{self.options.real(field, otherwise):.7g}")

    def flag(self, field: int) -> bool:
        """A setting that is on or off."""
        return self.options is not None and self.options.flag(field)

    # -- what it takes --

    def given(self, place: int) -> bool:
        """Whether it takes something in this place."""
        return place < len(self.values) and self.values[place] is not None

    def live(self, place: int = 0) -> Live:
        """A tensor that depends on the net's input; one of the file becomes a layer that brings it."""
        value = self.values[place] if place < len(self.values) else None
        if isinstance(value, Live):
            return value
        if isinstance(value, Fixed):
            entering = next(iter(self.build.sketch.inputs.values()))
            tensor = self.build.put("constant", entering, suffix="_own", shape=self.ours(value.dims), join="alone")
            return Live(tensor, value.dims)
        if isinstance(value, Below):
            return self.put("opaque", value.live, dims=value.live.dims, shape=self.ours(value.live.dims), of="LESS")
        if isinstance(value, Spread):
            raise self.fault("it takes a map that is dealt out over the batch, and is no convolution")
        raise self.fault(f"it takes no tensor in place {place + 1}")

    def fixed(self, place: int) -> Fixed:
        """A tensor that the file holds."""
        value = self.values[place] if place < len(self.values) else None
        if not isinstance(value, Fixed):
            raise self.fault(f"what it takes in place {place + 1} depends on the input")
        return value

    def wholes(self, place: int) -> tuple[int, ...]:
        """The numbers of a tensor that the file holds."""
        found = self.fixed(place).wholes()
        if found is None:
            raise self.fault(f"the numbers of what it takes in place {place + 1} are not known")
        return found

    def map(self, place: int = 0) -> Live:
        """A tensor with batch, two spatial axes and channels."""
        live = self.live(place)
        if len(live.dims) != 4 or live.dims[0] != self.batch:
            raise self.fault("it takes a map, the batch first", show_shape(live.dims))
        return live

    # -- shapes --

    def batched(self, dims: Dims) -> bool:
        """Whether the first axis is the batch."""
        return bool(dims) and dims[0] == self.batch

    def ours(self, dims: Dims) -> Shape:
        """A shape of theirs as ours. A batch of one may stand anywhere, or be left out."""
        if not self.batched(dims) and self.batch != 1:
            raise self.fault("the batch is not its first axis", show_shape(dims))
        body = dims[1:] if self.batched(dims) else dims
        return (body[-1], *body[:-1]) if body else (1,)

    def axis(self, axis: int, dims: Dims) -> int:
        """An axis of theirs among ours."""
        rank = len(dims)
        if not -rank <= axis < rank:
            raise self.fault(f"there is no axis {axis}", show_shape(dims))
        place, rank = axis % rank - self.batched(dims), rank - self.batched(dims)
        if place < 0:
            raise self.fault("it works along the batch")
        return 0 if place == rank - 1 else place + 1

    def among(self, axis: int, dims: Dims) -> int:
        """An axis of theirs, counted from either end, as a place among these lengths."""
        if not -len(dims) <= axis < len(dims):
            raise self.fault(f"there is no axis {axis}", show_shape(dims) if dims else "it takes one number")
        return axis % len(dims)

    # -- layers --

    def put(
        self, kind: str, *lives: Live, dims: Dims | None = None, weights: Sequence[int] = (), **fields: Any
    ) -> Live:
        """A layer on tensors. `dims` is the output's shape there, where the layer's own does not tell it.

        Layers with the same tensors of the file, `weights` by their places, share their parameters.
        """
        suffix = f"_{kind}" if self.build.made else ""
        held = [value for place in weights if isinstance(value := self.place(place), Fixed)]
        key = (kind, *(one.number for one in held), repr(fields) if kind == "parameter" else "")
        shared = held and all(one.number >= 0 for one in held)
        share = self.owners.get(key) if shared else None
        tensor = self.build.put(kind, *(live.tensor for live in lives), suffix=suffix, share=share, **fields)
        if shared:
            self.owners.setdefault(key, tensor)
        shape = self.build.shape(tensor)
        return Live(tensor, (self.batch, *shape[1:], shape[0]) if dims is None else dims)

    def biased(self, kind: str, x: Live, place: int, dims: Dims | None = None, **fields: Any) -> Live:
        """A layer with the weight in place 1 and the bias in this place; one that others add, too, they share."""
        bias = self.place(place)
        if not isinstance(bias, Fixed) or bias.number not in self.common:
            given = self.given(place)
            return self.put(kind, x, weights=(1, place) if given else (1,), dims=dims, bias=given, **fields)
        made = self.put(kind, x, weights=(1,), dims=dims, bias=False, **fields)
        shape = (bias.size, *(1,) * (len(self.build.shape(made.tensor)) - 1))
        return self.put("parameter", made, weights=(place,), dims=made.dims, shape=shape, join="add")

    def place(self, place: int) -> Value | None:
        """What it takes in a place."""
        return self.values[place] if place < len(self.values) else None

    def whole_of(self, live: Live) -> Live:
        """The tensor with all its axes in its shape here, the first among them."""
        shape = (live.dims[-1], *live.dims[:-1])
        if shape == self.build.shape(live.tensor):
            return live
        if self.batch != 1:
            raise self.fault("it works along the batch")
        return self.put("reshape", live, dims=live.dims, shape=shape)

    def shaped(self, live: Live, dims: Dims) -> Live:
        """The tensor with another shape of as many elements."""
        if prod(dims) != prod(live.dims):
            raise self.fault("the new shape has another number of elements", f"{live.dims} to {dims}")
        shape = self.ours(dims)
        if shape == self.build.shape(live.tensor):
            return Live(live.tensor, dims)
        return (
            self.put("flatten", live, dims=dims)
            if len(shape) == 1
            else self.put("reshape", live, dims=dims, shape=shape)
        )


def activated(call: Call, made: Live, number: int) -> Live:
    """What an operator makes, through the activation that it has of its own."""
    if number == 0:
        return made
    if number not in ACTIVATIONS:
        raise call.fault(f"there is no activation {number}")
    kind, fields = ACTIVATIONS[number]
    return call.put(kind, made, dims=made.dims, **fields)
