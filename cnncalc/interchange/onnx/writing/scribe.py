"""What is noted of a model while it is written: nodes, tensors with few numbers, and the learned tensors of layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from cnncalc.graph import Node
from cnncalc.interchange.written import Unsaid
from cnncalc.layers import Layer, Shape
from cnncalc.records import NamedTuple
from cnncalc.text import Distinct

__all__ = ["Held", "Learned", "Rule", "Said", "Scribe", "Step", "shaped"]


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
    source: str
    """Its name in checkpoints of torch."""
    stored: tuple[int, ...]
    """Its shape there."""
    rows: tuple[int, int] | None = None
    """The rows of torch's tensor that it is, where not all."""


class Scribe:
    """The model so far. Every tensor has a name of its own: what a layer makes is called as the layer is."""

    __slots__ = ("called", "fresh", "held", "known", "learned", "nodes", "opset")

    def __init__(self, opset: int, reserved: Sequence[str]) -> None:
        self.opset = opset
        self.nodes: list[Said] = []
        self.held: dict[str, Held] = {}
        self.known: dict[Held, str] = {}
        self.learned: dict[str, Learned] = {}
        self.called: dict[tuple[str, str], str] = {}
        """The name of each learned tensor, by its layer and role."""
        self.fresh = Distinct(reserved)
        """Gives names that no layer has, and nothing yet."""

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
        if self.opset >= 18 or kind == "ReduceSum":
            return self.put(kind, x, self.wholes(axes), keepdims=int(keep))
        return self.put(kind, x, axes=list(axes), keepdims=int(keep))

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
        if mode == "circular" and self.opset < 19:
            raise Unsaid("Pad takes pixels of the other side since opset 19", "write a later one: `--opset 19`")
        return self.put("Pad", self.taken[0], self.wholes(sides), mode=BORDERS[mode])

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
        self, role: str, shape: Sequence[int] | None = None, *, rows: tuple[int, int] | None = None, name: str = ""
    ) -> str:
        """A parameter or buffer by torch's name, laid out as `shape`; one of the layer whose parameters it shares.

        Of some `rows` alone it has a `name` of its own.
        """
        own = {**self.layer.weight_shapes(*self.x), **self.layer.buffer_shapes(*self.x)}[role]
        kept = own if rows is None else (rows[1] - rows[0], *own[1:])
        layout = tuple(map(self.fixed, kept if shape is None else shape))
        known, stored = self.layer.stored(*self.x)[role]
        source = f"{self.owner}.{known}" if known else self.owner
        wanted = Learned(layout, tuple(map(self.fixed, own)), role, source, tuple(map(self.fixed, stored)), rows)
        called = self.scribe.called.get((self.owner, name or role))
        if called is None:
            fresh = self.scribe.fresh(f"{self.owner}.{name or known or role}")
            called = self.scribe.called[self.owner, name or role] = fresh
            self.scribe.learned[called] = wanted
        elif self.scribe.learned[called].shape != wanted.shape:
            return self.put("Reshape", called, self.wholes(wanted.shape))
        return called

    def plain_weight(self) -> None:
        """Raises `Unsaid` for a weight that torch computes of others at each step."""
        if "weight" not in self.layer.weight_shapes(*self.x):
            raise Unsaid(
                "its weight is normalised at each step", "leave `norm` out: the weight that comes of it is a plain one"
            )

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
