"""What is noted of a model while it is written: nodes, tensors with few numbers, and the learned tensors of layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from cnncalc.graph import Node
from cnncalc.interchange.written import Unsaid
from cnncalc.layers import Layer, Shape
from cnncalc.layers.reparametrised import PARAMETRISED, Reparametrised
from cnncalc.records import NamedTuple
from cnncalc.text import Distinct

__all__ = ["Body", "Held", "Learned", "Rule", "Said", "Scribe", "Step", "shaped"]


AFTER = 2**31 - 1
"""Behind the last place of an axis."""
BORDERS = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}


class Said(NamedTuple):
    """A node of the model."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    name: str
    attributes: Mapping[str, Any]


class Body(NamedTuple):
    """A graph inside a node: what it takes and what it gives, with their shapes."""

    nodes: tuple[Said, ...]
    inputs: Mapping[str, Shape]
    outputs: Mapping[str, Shape]


class Held(NamedTuple):
    """A tensor whose numbers the writer says: whole ones where `type` is `int64`."""

    shape: tuple[int, ...]
    numbers: tuple[int | float, ...]
    type: str = "float32"


class Learned(NamedTuple):
    """A parameter or buffer of a layer. The file has it in `shape`, which may lay out `own`, torch's shape, anew."""

    shape: tuple[int, ...]
    own: tuple[int, ...]
    role: str
    stored: tuple[tuple[str, tuple[int, ...]], ...]
    """The name and the shape that it has in checkpoints of torch; of a weight that is made of others, theirs."""
    rows: tuple[int, int] | None = None
    """The rows of torch's tensor that it is, where not all."""
    norm: str | None = None
    """How the weight is made of those in checkpoints."""
    first: tuple[float, ...] = ()
    """What it is from the start, where that is told."""


class Scribe:
    """The model so far. Every tensor has a name of its own: what a layer makes is called as the layer is."""

    __slots__ = ("called", "fresh", "held", "known", "learned", "nodes", "opset", "pooled", "read")

    def __init__(self, opset: int, reserved: Sequence[str]) -> None:
        self.opset = opset
        self.nodes: list[Said] = []
        self.held: dict[str, Held] = {}
        self.known: dict[Held, str] = {}
        self.learned: dict[str, Learned] = {}
        self.called: dict[tuple[str, str], str] = {}
        """The name of each learned tensor, by its layer and role."""
        self.pooled: dict[str, Shape] = {}
        """The map that a pool goes over by itself, without a border that was laid before, by the layer's name."""
        self.read: dict[int, tuple[int, int]] = {}
        """What a reader counts too much of a layer: numbers, and multiply–accumulates."""
        self.fresh = Distinct(reserved)
        """Gives names that no layer has, and nothing yet."""

    @contextmanager
    def inside(self) -> Iterator[list[Said]]:
        """Nodes that are put meanwhile are those of a body."""
        outer, self.nodes = self.nodes, []
        try:
            yield self.nodes
        finally:
            self.nodes = outer

    def places_of(self, tensor: str) -> str:
        """The second output of the pool that makes a tensor: where it found each of its numbers."""
        at = next(place for place, one in enumerate(self.nodes) if tensor in one.outputs)
        pool = self.nodes[at]
        if len(pool.outputs) == 1:
            self.nodes[at] = pool = pool._replace(outputs=(tensor, self.fresh(f"{tensor}/places")))
        return pool.outputs[1]

    def keep(self, tensor: Held) -> str:
        """A tensor of given numbers, noted once however often it is used."""
        name = self.known.get(tensor)
        if name is None:
            name = self.known[tensor] = self.fresh("numbers" if tensor.shape else "number")
            self.held[name] = tensor
        return name


class Step:
    """One layer on its way to nodes. Shapes are ours, without the batch; `taken` are the names of what it takes."""

    __slots__ = ("layer", "node", "owner", "scribe", "taken", "x", "y")

    def __init__(
        self, scribe: Scribe, node: Node, layer: Layer, taken: Sequence[str], x: tuple[Shape, ...], owner: str
    ) -> None:
        self.scribe, self.node, self.layer, self.owner = scribe, node, layer, owner
        self.taken, self.x, self.y = list(taken), x, node.shape

    @property
    def opset(self) -> int:
        """The opset that is written."""
        return self.scribe.opset

    @property
    def rank(self) -> int:
        """The spatial axes of its first tensor."""
        return len(self.x[0]) - 1

    # -- nodes --

    def put(self, kind: str, *inputs: str, suffix: str = "", outputs: int = 1, **attributes: Any) -> str:
        """A node on these tensors, or on all that the layer takes; the name of its first output."""
        return self.several(kind, *inputs, suffix=suffix, outputs=outputs, **attributes)[0]

    def several(
        self, kind: str, *inputs: str, suffix: str = "", outputs: int = 1, skipped: int = 0, **attributes: Any
    ) -> list[str]:
        """A node with several outputs, behind some that nobody takes; their names."""
        name = f"{self.node.name}/{suffix or kind}"
        made = [self.scribe.fresh(name) for _ in range(outputs)]
        said = {key: value for key, value in attributes.items() if value is not None}
        outs = ("",) * skipped + tuple(made)
        self.scribe.nodes.append(Said(kind, tuple(inputs or self.taken), outs, made[0], said))
        return made

    def reshaped(self, x: str, lengths: Sequence[Any]) -> str:
        """The elements of each sample in another shape, of which one length may be a symbol."""
        return self.put("Reshape", x, self.wholes((0, *shaped(lengths))))

    def permuted(self, x: str, *order: int) -> str:
        """The axes in another order, the batch among them."""
        return self.put("Transpose", x, perm=list(order))

    def channels_last(self, x: str, rank: int) -> str:
        """The channels moved behind the spatial axes."""
        return self.permuted(x, 0, *range(2, rank + 2), 1)

    def channels_first(self, x: str, rank: int) -> str:
        """The channels moved back before the spatial axes."""
        return self.permuted(x, 0, rank + 1, *range(1, rank + 1))

    def reduced(self, kind: str, x: str, axes: Sequence[int], *, keep: bool = True) -> str:
        """A reduction over axes, the batch counted: an input since opset 18 (of a sum since 13), else an attribute."""
        if self.opset >= (13 if kind == "ReduceSum" else 18):
            return self.put(kind, x, self.wholes(axes), keepdims=int(keep))
        return self.put(kind, x, axes=list(axes), keepdims=int(keep))

    def unsqueezed(self, x: str, *axes: int) -> str:
        """New axes of length 1: an input since opset 13."""
        if self.opset >= 13:
            return self.put("Unsqueeze", x, self.wholes(axes))
        return self.put("Unsqueeze", x, axes=list(axes))

    def split(self, x: str, axis: int, lengths: Sequence[int]) -> list[str]:
        """Parts of an axis, the batch counted: their lengths are an input since opset 13."""
        if self.opset >= 13:
            return self.several("Split", x, self.wholes(lengths), outputs=len(lengths), axis=axis)
        return self.several("Split", x, outputs=len(lengths), axis=axis, split=list(lengths))

    def sliced(self, x: str, axis: int, start: int, stop: int, step: int = 1) -> str:
        """Places of an axis, the batch counted."""
        ends = [self.wholes((one,)) for one in (start, stop, axis, step)]
        return self.put("Slice", x, *ends[: 4 if step != 1 else 3])

    def lengths(self, x: str, start: int, stop: int | None = None) -> str:
        """The lengths of some axes, the batch counted; in a node of their own before opset 15."""
        if self.opset >= 15:
            return self.put("Shape", x, start=start, end=stop)
        return self.sliced(self.put("Shape", x), 0, start, AFTER if stop is None else stop)

    def bordered_by(self, mode: str, sides: Sequence[Any]) -> str:
        """The layer's tensor with a border of zeros or of its own pixels; all sides before, then all behind."""
        if mode != "circular" or self.opset >= 19:
            return self.put("Pad", self.taken[0], self.wholes(sides), mode=BORDERS[mode])
        x = self.taken[0]
        for axis, (before, after) in enumerate(zip(sides[: len(sides) // 2], sides[len(sides) // 2 :])):
            parts = [self.sliced(x, axis, -before, AFTER)] if before else []
            parts += [x, self.sliced(x, axis, 0, after)] if after else [x]
            x = self.put("Concat", *parts, axis=axis) if len(parts) > 1 else x
        return x

    # -- tensors --

    def number(self, value: float) -> str:
        """A number."""
        return self.scribe.keep(Held((), (float(value),)))

    def wholes(self, values: Sequence[int]) -> str:
        """A list of whole numbers."""
        return self.scribe.keep(Held((len(values),), tuple(map(self.fixed, values)), "int64"))

    def whole(self, value: int) -> str:
        """A whole number without an axis."""
        return self.scribe.keep(Held((), (value,), "int64"))

    def filled(self, value: float, shape: Sequence[int]) -> str:
        """A tensor of one number everywhere, made where it stands, so that nobody takes it for a learned one."""
        return self.put("Expand", self.number(value), self.wholes(shape))

    def learned(
        self,
        role: str,
        shape: Sequence[int] | None = None,
        *,
        rows: tuple[int, int] | None = None,
        name: str = "",
        first: tuple[float, ...] = (),
    ) -> str:
        """A parameter or buffer by torch's name, laid out as `shape`; one of the layer whose parameters it shares.

        Of some `rows` alone it has a `name` of its own.
        """
        own, stored, norm = self.owned(role)
        kept = own if rows is None else (rows[1] - rows[0], *own[1:])
        layout = tuple(map(self.fixed, kept if shape is None else shape))
        full = tuple((f"{self.owner}.{part}" if part else self.owner, one) for part, one in stored)
        wanted = Learned(layout, own, role, full, rows, norm, first)
        called = self.scribe.called.get((self.owner, name or role))
        if called is None:
            known = role if norm else stored[0][0]
            fresh = self.scribe.fresh(f"{self.owner}.{name or known or role}")
            called = self.scribe.called[self.owner, name or role] = fresh
            self.scribe.learned[called] = wanted
        elif self.scribe.learned[called].shape != wanted.shape:
            return self.put("Reshape", called, self.wholes(wanted.shape))
        return called

    def owned(self, role: str) -> tuple[Shape, list[tuple[str, Shape]], str | None]:
        """A tensor's shape, those that checkpoints have of it by their names, and how it is made of these."""
        layer = self.layer
        stored = {key: (name, self.all_fixed(one)) for key, (name, one) in layer.stored(*self.x).items()}
        if isinstance(layer, Reparametrised) and layer.norm is not None and role == "weight":
            parts = [one for key, one in stored.items() if key.startswith(PARAMETRISED)]
            return self.all_fixed(layer.used_weight(*self.x)), parts, layer.norm
        own = {**layer.weight_shapes(*self.x), **layer.buffer_shapes(*self.x)}[role]
        return self.all_fixed(own), [stored[role]], None

    def all_fixed(self, shape: Shape) -> Shape:
        """Lengths as the numbers that they must be here. Raises `Unsaid`."""
        return tuple(map(self.fixed, shape))

    def by_channel(self, role: str, rank: int | None = None) -> str:
        """A learned number a channel, with axes of length 1 behind it."""
        own = self.layer.weight_shapes(*self.x)[role]
        return self.learned(role, (*own, *(1,) * (self.rank if rank is None else rank)))

    def fixed(self, length: Any) -> int:
        """A length as the number that it must be here. Raises `Unsaid` for a symbol."""
        if isinstance(length, int):
            return length
        raise Unsaid(f"the length {length} must be a number here", "give the `--input` in numbers")


def shaped(lengths: Sequence[Any]) -> tuple[Any, ...]:
    """Lengths as Reshape takes them: −1 for a symbol, if there is one alone."""
    symbols = [n for n in lengths if not isinstance(n, int)]
    if len(symbols) == 1:
        return tuple(n if isinstance(n, int) else -1 for n in lengths)
    return tuple(lengths)


Rule: TypeAlias = Callable[[Any], str]
"""What a layer becomes: a function of its `Step` to the name of the tensor that it makes."""
