"""One node on its way to layers: its attributes, its tensors with the batch taken out, and layers to put on them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

from cnncalc.interchange.onnx.arrays import ints
from cnncalc.interchange.onnx.names import own_name
from cnncalc.interchange.onnx.parts import Graph, Node, Tensor, module_of
from cnncalc.interchange.sketch import Sketch
from cnncalc.layers import Shape
from cnncalc.records import NamedTuple

__all__ = ["WITHIN", "Call", "Live", "NotKnown", "Parts", "Rule", "Sought", "Value"]


class NotKnown(Exception):
    """What of a node is no layer of ours."""


WITHIN = -1
"""The batch, of one image, is part of another axis, or stands among those of the image."""


class Live(NamedTuple):
    """A tensor that depends on the input: its number in the sketch, and which of its axes is the batch.

    A net may put the batch of one image together with windows or heads for a while: all axes are the image's, `WITHIN`.
    """

    tensor: int
    axis: int = 0


class Parts(NamedTuple):
    """A list of tensors that depend on the input, or of parts of one that the file holds."""

    lives: tuple[Live | Tensor, ...]


class Sought(NamedTuple):
    """What a search finds, or what follows from that: nobody knows its length."""

    lives: tuple[Live, ...]
    """What the search takes, and what else all that follows from it."""
    searches: tuple[tuple[str, str], ...]
    """The kinds of the searches, and their places."""


Value: TypeAlias = "Live | Tensor | Parts | Sought"
_MEMBER = r"([A-Za-z_]\w*(\.\w+)+|[a-z]+(_[a-z]+)+)\Z"
"""What torch calls a tensor of a module, and of the net itself."""


class Call:
    """A node, the values that it takes, and the sketch that it is put into. Shapes called `full` have the batch."""

    __slots__ = ("batch", "common", "name", "node", "opset", "owners", "sketch", "values")

    def __init__(
        self,
        sketch: Sketch,
        node: Node,
        values: Sequence[Value | None],
        opset: int,
        batch: int,
        owners: dict[Any, int],
        common: AbstractSet[str] = frozenset(),
    ) -> None:
        self.sketch, self.node, self.values, self.opset, self.batch = sketch, node, values, opset, batch
        self.owners = owners
        """The layer that first used some initialisers, by their names."""
        self.common = common
        """Vectors that are added in several places, and stand in the file once."""
        weight = next((value for value in values if isinstance(value, Tensor) and value.name), None)
        self.name = own_name(node, weight)

    def on(self, first: Live, suffix: str = "") -> Call:
        """The same node with another first input, for a layer whose name ends otherwise."""
        return self.like([first, *self.values[1:]], self.name + suffix)

    def like(self, values: Sequence[Value | None], name: str, kind: str = "") -> Call:
        """This node on other values, perhaps as one of another kind, for a layer of that name."""
        node = self.node._replace(kind=kind, told=self.node.called()) if kind else self.node
        made = Call(self.sketch, node, values, self.opset, self.batch, self.owners, self.common)
        made.name = name
        return made

    def within(self) -> Call | None:
        """The same node on tensors of which all axes are the image's; None where they are, or of several images."""
        lives = [value for value in self.values if isinstance(value, Live) and value.axis != WITHIN]
        if self.batch != 1 or not lives:
            return None
        values = [self.freed(value) if isinstance(value, Live) else value for value in self.values]
        return self.like(values, self.name)

    # -- attributes --

    def whole(self, name: str, otherwise: int) -> int:
        """A whole number."""
        value = self.node.attributes.get(name, otherwise)
        if not isinstance(value, int):
            raise NotKnown(f"`{name}` is no whole number")
        return value

    def real(self, name: str, otherwise: float) -> float:
        """A number, to the seven digits that float32 has."""
        value = self.node.attributes.get(name, otherwise)
        return float(f"{value:.7g}") if isinstance(value, (int, float)) and math.isfinite(value) else otherwise

    def wholes(self, name: str) -> tuple[int, ...] | None:
        """A list of whole numbers; None where there is none."""
        value = self.node.attributes.get(name)
        if value is None:
            return None
        if not isinstance(value, tuple) or not all(isinstance(one, int) for one in value):
            raise NotKnown(f"`{name}` is no list of whole numbers")
        return tuple(one for one in value if isinstance(one, int))

    def word(self, name: str, otherwise: str) -> str:
        """A text."""
        value = self.node.attributes.get(name, otherwise)
        return value if isinstance(value, str) else otherwise

    def graph(self, name: str) -> Graph:
        """A graph inside the node."""
        value = self.node.attributes.get(name)
        if not isinstance(value, Graph):
            raise NotKnown(f"there is no `{name}`")
        return value

    # -- inputs --

    def given(self, index: int) -> bool:
        """Whether there is an input of this number."""
        return index < len(self.values) and self.values[index] is not None

    def present(self) -> list[Live | Tensor]:
        """All inputs that are given. Raises `NotKnown` for lists of tensors."""
        found: list[Live | Tensor] = []
        for value in self.values:
            if isinstance(value, (Parts, Sought)):
                raise NotKnown("it takes a list of tensors")
            if value is not None:
                found.append(value)
        return found

    def live(self, index: int = 0) -> Live:
        """An input that depends on that of the net."""
        value = self.values[index] if index < len(self.values) else None
        if not isinstance(value, Live):
            raise NotKnown(f"input {index + 1} does not depend on the net's input")
        return value

    def fixed(self, index: int) -> Tensor:
        """An input that the file holds."""
        value = self.values[index] if index < len(self.values) else None
        if not isinstance(value, Tensor):
            raise NotKnown(f"input {index + 1} is not fixed")
        return value

    def numbers(self, index: int) -> tuple[int, ...] | None:
        """An input of whole numbers; None where it is not given. Raises `NotKnown` where it is not known."""
        if not self.given(index):
            return None
        found = ints(self.fixed(index))
        if found is None:
            raise NotKnown(f"the numbers of input {index + 1} are not known")
        return found

    def shape(self, live: Live) -> Shape:
        """The shape of a tensor, without the batch."""
        return self.sketch.shape(live.tensor)

    def full(self, live: Live) -> tuple[int, ...]:
        """The shape of a tensor as ONNX has it."""
        shape = self.shape(live)
        if live.axis == WITHIN:
            return shape
        return (*shape[: live.axis], self.batch, *shape[live.axis :])

    def own(self, live: Live, full: tuple[int, ...]) -> Shape:
        """A shape as ONNX has it without the batch, which stands where this tensor has it."""
        return full if live.axis == WITHIN else (*full[: live.axis], *full[live.axis + 1 :])

    def freed(self, live: Live) -> Live:
        """The same tensor with all axes those of the image. Raises `NotKnown` for more images than one."""
        if live.axis == WITHIN:
            return live
        if self.batch != 1:
            raise NotKnown("the batch is another axis of each input")
        return self.put("reshape", live, suffix="_axes", batch=WITHIN, shape=self.full(live))

    def ours(self, axis: int, live: Live) -> int:
        """An axis of ONNX among ours. Raises `NotKnown` for the batch."""
        rank = len(self.full(live))
        axis = axis + rank if axis < 0 else axis
        if axis == live.axis:
            raise NotKnown("it works along the batch")
        if not 0 <= axis < rank:
            raise NotKnown(f"there is no axis {axis}")
        return axis - (axis > live.axis != WITHIN)

    def axes(self, index: int = 1) -> tuple[int, ...] | None:
        """`axes`, an attribute or an input."""
        return self.wholes("axes") if "axes" in self.node.attributes else self.numbers(index)

    def map(self, index: int = 0) -> Live:
        """An input with batch and channels first and spatial axes behind them."""
        live = self.batched(self.live(index), 0)
        if live.axis:
            raise NotKnown("the batch is not its first axis")
        return live

    def batched(self, live: Live, axis: int) -> Live:
        """The same tensor with this axis as its batch, where there is one image and the axis is of length 1."""
        full = self.full(live)
        if live.axis == axis or self.batch != 1 or full[axis : axis + 1] != (1,) or len(full) < 2:
            return live
        return self.put("reshape", live, suffix="_batch", batch=axis, shape=(*full[:axis], *full[axis + 1 :]))

    # -- layers --

    def biased(self, index: int, place: int, kind: str, live: Live, weights: Sequence[Tensor], **fields: Any) -> Live:
        """A layer with the bias that an input is, added along our axis `place`.

        One that others add, too, or of a matrix that is a table, too, is a `parameter`.
        """
        bias = self.fixed(index) if self.given(index) else None
        tied = kind == "linear" and len(weights) == 1 and self._is_table(weights[0])
        if bias is None or (bias.name not in self.common and not tied):
            return self.put(
                kind, live, weights=[*weights, *([] if bias is None else [bias])], bias=bias is not None, **fields
            )
        made = self.put(kind, live, weights=weights, bias=False, **fields)
        rank = len(self.shape(made))
        shape = tuple(bias.size if axis == place % rank else 1 for axis in range(rank))
        return self.put("parameter", made, suffix="_bias", weights=[bias], shape=shape, join="add")

    def of_each_sample(self) -> bool:
        """Whether it repeats a module's tensor for each sample, as of a layer that takes no other tensor's numbers."""
        own = self.values[0] if self.values else None
        if self.node.kind != "Expand" or not isinstance(own, Tensor) or not own.floating or module_of(own) is None:
            return False
        return own.dims[:1] == (1,) and self.numbers(1) == (self.batch, *own.dims[1:])

    def brought(self, tensor: Tensor) -> Live | None:
        """What the file holds for each image, such as queries, as a layer; None for what is nothing of the kind."""
        whole = tensor.dims[:1] != (self.batch,)  # of one image all axes may be the image's, as where words stand first
        fitting = tensor.floating and len(tensor.dims) > 1 and (self.batch == 1 or not whole)
        if not fitting or not self.sketch.inputs:
            return None
        kind, weights = ("parameter", [tensor]) if tensor.held_as_learned else ("constant", [])
        net, shape = Live(next(iter(self.sketch.inputs.values()))), tensor.dims[not whole :]
        batch = WITHIN if whole else 0
        return self.put(kind, net, suffix="_own", weights=weights, batch=batch, shape=shape, join="alone")

    def put(
        self,
        kind: str,
        *lives: Live,
        suffix: str = "",
        weights: Sequence[Tensor] = (),
        batch: int | None = None,
        **fields: Any,
    ) -> Live:
        """A layer on tensors, whose output has the batch as its first one's input has it, or as the axis `batch`.

        Layers with the same initialisers share their parameters.
        """
        name = self.name + suffix
        if kind == "parameter" and weights and re.match(_MEMBER, weights[0].name):
            name = weights[0].name  # a person called it so
        names = tuple([weight.name for weight in weights])
        # one number a channel has its axis in the shape, and what joins in another way is another layer
        own = (kind, *names, (fields["shape"], fields["join"]) if kind == "parameter" else ())
        held = bool(names) and all(names)
        if held and kind == "parameter" and own not in self.owners and names[0] in self.owners:
            kind, held = "constant", False  # it counts where it was taken first
        taken = [live.tensor for live in lives]
        tensor = self.sketch.add(name, kind, fields, taken, place=None, foreign=self.node.called())
        if kind == "linear" and weights and len(weights[0].dims) == 2:  # one in blocks of a few bits says its features
            self.sketch.holds(tensor, math.prod(weights[0].dims))
        if held:
            self.share(own, names, tensor)
        return Live(tensor, lives[0].axis if batch is None else batch)

    def share(self, own: tuple[Any, ...], names: tuple[str, ...], tensor: int) -> None:
        """Let a layer have the parameters of the first one with the same weights, if they have these shapes there."""
        owner = self.owners.setdefault(own, self.owners.get(names, tensor))
        for key in (names, *names):
            self.owners.setdefault(key, tensor)
        if owner != tensor and self.sketch.can_share(owner, tensor):
            self.sketch.operators[tensor] = self.sketch.operators[tensor]._replace(share=owner)

    def _is_table(self, weight: Tensor) -> bool:
        """Whether an embedding has a matrix for its table."""
        owner = self.owners.get(weight.name)
        layer = None if owner is None else self.sketch.operators[owner].layer
        return layer is not None and layer.kind == "embedding"

    def taken_otherwise(self, weight: Tensor, shape: Shape) -> bool:
        """Whether a layer before has a weight otherwise than in this shape, as a table that is multiplied with."""
        owner = self.owners.get(weight.name)
        return owner is not None and shape not in self.sketch.parameters(owner).values()


Rule: TypeAlias = "Any"
"""What a node becomes: a function of its `Call` to the values of its outputs."""
