"""A Keras model as it is written: layers with their configuration and their calls. JSON and code are made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import copysign, log2
from typing import Any

from cnncalc.interchange.written import Unsaid
from cnncalc.layers import Shape
from cnncalc.records import NamedTuple

__all__ = ["WEIGHTED", "Call", "Made", "Model", "Numbers", "Row", "Scribe", "Tensor", "distances", "out"]

WEIGHTED = (
    "BatchNormalization", "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose",
    "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D",
    "Bidirectional", "Dense", "DepthwiseConv1D", "DepthwiseConv2D", "Embedding", "GRU", "GroupNormalization", "LSTM",
    "LayerNormalization", "MultiHeadAttention", "PReLU", "RMSNormalization", "SimpleRNN",
)  # fmt: skip
"""The layers of Keras that have parameters, which another call of them shares."""


def out(shape: Shape) -> Shape:
    """A shape of ours as Keras has it, channels last."""
    return (*shape[1:], *shape[:1])


class Tensor(NamedTuple):
    """What a call of a layer makes, with its shape as Keras has it, without the batch."""

    layer: str
    call: int
    shape: Shape

    @property
    def place(self) -> tuple[str, int]:
        """Which call of which layer makes it."""
        return self.layer, self.call


class Numbers(NamedTuple):
    """Known numbers in a row, which are no list of the program: an array."""

    values: tuple[float, ...]


def distances(most: int) -> tuple[float, ...]:
    """Between two places of an axis, from `-most` to `most`: logarithms, as Swin V2 has them (Liu et al. 2022)."""
    far = (8 * one / max(most, 1) for one in range(-most, most + 1))
    return tuple(copysign(log2(1 + abs(one)) / 3, one) for one in far)


class Call(NamedTuple):
    """One call: its arguments, in which tensors stand beside numbers, lists, slices and arrays."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def tensors(self) -> list[Tensor]:
        """The tensors that it takes, those in lists too."""
        found: list[Tensor] = []
        for one in self.args:
            if isinstance(one, Tensor):
                found.append(one)
            elif isinstance(one, list):
                found += [each for each in one if isinstance(each, Tensor)]
        return found


class Made(NamedTuple):
    """One layer: a class of `keras.layers`, or with a dot in its kind one of `keras.ops`."""

    name: str
    kind: str
    config: dict[str, Any]
    calls: list[Call]


class Row(NamedTuple):
    """What a layer of ours became: the layers that hold its parameters, and the tensor that comes out."""

    owned: tuple[str, ...]
    end: Tensor
    turned: tuple[int, ...] = ()
    """Where nothing takes its axes in Keras's order: the order that they would have, counted from 1."""


class Model:
    """A whole model. `outputs` are those of the net, then the ends of side branches, which Keras would leave out."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.layers: dict[str, Made] = {}
        self.inputs: dict[str, Tensor] = {}
        self.outputs: dict[str, Tensor] = {}
        self.rows: dict[str, Row] = {}
        self.notes: list[str] = []
        self.macs = 0
        """Multiply–accumulates beside the net's: of convolutions that stand for factors."""
        self.made = 0
        """Numbers that the net keeps, and that the model makes anew each time."""
        self.groups: dict[str, str] = {}
        """The layer of ours that each layer of Keras is a part of."""
        self.one: Tensor | None = None
        """The number 1, of which learned tensors are made, once it is there."""

    @property
    def calls_deep(self) -> int:
        """Calls in each other that Python has to allow: Keras goes from the end of a model to its start by them."""
        return 1_000 + 4 * len(self.layers)

    def put(self, wanted: str, kind: str, args: tuple[Any, ...], shape: Shape, **config: Any) -> Tensor:
        """One more layer, called once, under a name of its own."""
        name = self.name_of(wanted)
        self.layers[name] = Made(name, kind, config, [Call(args, {})])
        return Tensor(name, 0, shape)

    def name_of(self, wanted: str) -> str:
        """A name that no other layer has, of letters that Keras's backends take."""
        cleaned = "".join(one if one.isascii() and one.isalnum() else "_" for one in wanted)[:150]
        cleaned = cleaned if cleaned.strip("_") else "layer"
        name, number = cleaned, 1
        while name in self.layers:
            number += 1
            name = f"{cleaned}_{number}"
        return name

    def sweep(self) -> None:
        """Leave out what only turns axes, and leads to nothing."""
        ends = {one.layer for one in self.outputs.values()}
        takers = Counter(one.layer for made in self.layers.values() for call in made.calls for one in call.tensors())
        rows: dict[str, list[str]] = {}
        for own, row in self.rows.items():
            rows.setdefault(row.end.layer, []).append(own)
        for name in [*self.layers][::-1]:
            made = self.layers[name]
            if made.kind == "Permute" and not takers[name] and name not in ends:
                (source,) = made.calls[0].tensors()
                takers[source.layer] -= 1
                del self.layers[name]
                for own in rows.get(name, ()):
                    self.rows[own] = self.rows[own]._replace(end=source, turned=tuple(made.config["dims"]))


class Scribe:
    """Puts one layer of ours on paper as layers of Keras, each on what another makes.

    `layer` and `op` add a layer, or a call of one that `owner` has made before, and give its tensor. A suffix is added
    to the name of all but that which the layer of ours is. `shape` is what comes out, as Keras has it; none: as it
    went in, or of the layer itself.
    """

    def __init__(
        self, model: Model, name: str, shape: Shape, *, trainable: bool, nonnegative: bool, owner: Row | None = None
    ) -> None:
        self.model, self.name, self.own, self.trainable = model, name, out(shape), trainable
        self.nonnegative = nonnegative
        """Whether no number that goes in is below zero, so that a border of zeros wins in no window."""
        self.owner = owner
        self.turned = False
        """Whether the axes of what it takes and gives are as ours, the channels first."""
        self.owned: list[str] = []

    def layer(
        self,
        kind: str,
        *tensors: Tensor,
        suffix: str = "",
        shape: Shape | None = None,
        apart: bool = False,
        **config: Any,
    ) -> Tensor:
        """A layer on a tensor, or on a list of several, which it may also take `apart`.

        A configuration of None is what is so unless told.
        """
        config = {key: value for key, value in config.items() if value is not None}
        if kind in WEIGHTED and not self.trainable:
            config["trainable"] = False
        args: tuple[Any, ...] = tensors if len(tensors) == 1 or apart else (list(tensors),)
        if kind in WEIGHTED and self.owner is not None:
            return self._again(kind, config, Call(args, {}), self._shape(tensors, suffix, shape))
        return self._put(kind, config, Call(args, {}), self._shape(tensors, suffix, shape), suffix)

    def op(
        self,
        kind: str,
        *args: Any,
        suffix: str = "",
        shape: Shape | None = None,
        kwargs: dict[str, Any] | None = None,
        **config: Any,
    ) -> Tensor:
        """An operation of `keras.ops` on tensors and numbers."""
        config = {key: value for key, value in config.items() if value is not None}
        tensors = [one for one in args if isinstance(one, Tensor)]
        return self._put(kind, config, Call(args, kwargs or {}), self._shape(tensors, suffix, shape), suffix)

    def axis(self, axis: int, x: Shape) -> int:
        """Keras's number of an axis of ours; the channels are its last, unless axes are as ours."""
        place = axis % len(x)
        if self.turned:
            return -1 if place == len(x) - 1 else place + 1
        return place or -1

    def enters(self, tensor: Tensor) -> bool:
        """Whether it is an input of the model."""
        return tensor in self.model.inputs.values()

    def source(self, tensor: Tensor) -> Tensor | None:
        """The tensor with its axes as ours, where it was made so."""
        made = self.model.layers.get(tensor.layer)
        dims = [*range(2, len(tensor.shape) + 1), 1]
        if made is None or made.kind != "Permute" or made.config["dims"] != dims:
            return None
        return made.calls[0].tensors()[0]

    def turn(self, tensor: Tensor, dims: Sequence[int], suffix: str = "") -> Tensor:
        """The axes in another order, counted from 1; of what was turned before, in one step or in none."""
        made = self.model.layers.get(tensor.layer)
        if made is not None and made.kind == "Permute":
            (source,) = made.calls[0].tensors()
            composed = [made.config["dims"][place - 1] for place in dims]
            if composed == sorted(composed) and not self.enters(source):
                return source
            tensor, dims = source, composed
        shape = tuple(tensor.shape[place - 1] for place in dims)
        return self.layer("Permute", tensor, suffix=suffix, shape=shape, dims=[*dims])

    def _shape(self, tensors: Any, suffix: str, shape: Shape | None) -> Shape:
        if shape is not None:
            return shape
        first: Shape = tensors[0].shape
        return first if suffix else self.own

    def _put(self, kind: str, config: dict[str, Any], call: Call, shape: Shape, suffix: str) -> Tensor:
        name = self.model.name_of(self.name + suffix)
        self.model.layers[name] = Made(name, kind, config, [call])
        self.model.groups[name] = self.name
        if kind in WEIGHTED:
            self.owned.append(name)
        return Tensor(name, 0, shape)

    def _again(self, kind: str, config: dict[str, Any], call: Call, shape: Shape) -> Tensor:
        """Another call of a layer that the owner of the parameters has made."""
        assert self.owner is not None
        place = len(self.owned)
        made = self.model.layers[self.owner.owned[place]] if place < len(self.owner.owned) else None
        if made is None or made.kind != kind or not _alike(made.config, config):
            raise Unsaid("a layer of Keras that shares parameters is the same layer", "give both the same fields")
        self.owned.append(made.name)
        made.calls.append(call)
        return Tensor(made.name, len(made.calls) - 1, shape)


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether they are the same but for what is trained, which the owner says."""
    return {**one, "trainable": True} == {**other, "trainable": True}
