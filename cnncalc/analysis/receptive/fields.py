"""The receptive field of every tensor: which pixels of the net's input one of its pixels sees."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias, TypeVar

from cnncalc.analysis.receptive.sight import Sight, plain
from cnncalc.answers.report import ReceptiveField
from cnncalc.graph import Met, Net, Node
from cnncalc.layers import Requirement
from cnncalc.layers.kinds.merge import Concat, ElementwiseMerge, lifted
from cnncalc.layers.kinds.resize import Slice
from cnncalc.records import NamedTuple

__all__ = [
    "NOTHING", "WHOLE", "Fields", "before", "described", "few_phases", "fields", "of_inputs", "receptive_field",
]  # fmt: skip

WHOLE = "the whole input"
NOTHING = "nothing: this input does not reach it"
MANY, MOST = 8, 100_000
UNTOLD = f"not told: more than {MOST:,} of them, one a tensor and input"
"""Of nets with many inputs."""

Fields: TypeAlias = "Sight | str"
"""What the pixels of a tensor see, or in words why that has no description."""


def fields(graph: Net, source: str | None = None) -> list[Fields]:
    """What every node's tensor sees of the input called `source`, the net's first unless given.

    Computed forwards once, so the cost is linear in the number of layers.
    """
    first = graph.inputs[source] if source is not None else next(iter(graph.inputs.values()))
    return _Walk(graph, first).found


def of_inputs(graph: Net) -> dict[str, list[Fields]]:
    """What every node's tensor sees of each input of the net, by its name; where they are too many, in words."""
    if len(graph.inputs) > MANY and len(graph.inputs) * len(graph.nodes) > MOST:
        return {name: [UNTOLD] * len(graph.nodes) for name in (*graph.inputs,)[:1]}
    return {name: fields(graph, name) for name in graph.inputs}


class _Walk:
    """One walk through the graph. Where channels are sliced, those that see different regions are told apart."""

    def __init__(self, graph: Net, first: int) -> None:
        self.graph = graph
        self.reaches = [met.reaches for met in graph.signatures]
        self.found: list[Fields] = []
        self.parts: dict[int, Parts] = {}
        self.through: dict[tuple[Fields, int], Fields] = {}
        unmoved = [met.unmoved for met in graph.signatures]
        sliced = any(isinstance(layer, Slice) for layer, _ in graph.signatures)
        for index, node in enumerate(graph.nodes):
            if node.layer is None:
                self.found.append(plain(node.shape[1:]) if index == first else NOTHING)
                continue
            if node.layer.unseen:
                self.found.append(node.layer.unseen)
                continue
            if unmoved[node.signature] and len(node.inputs) == 1:
                self.found.append(self.found[node.inputs[0]])
                if node.inputs[0] in self.parts:
                    self.parts[index] = self.parts[node.inputs[0]]
                continue
            parts = self._parts(node) if sliced else ()
            if len(parts) > 1:
                self.parts[index] = parts
            together = _together(parts) if parts else before(graph, node, self.found)
            self.found.append(together if parts else self._behind(node, together))

    def _behind(self, node: Node, seen: Fields) -> Fields:
        """What a layer's output sees, from what its inputs see together."""
        key = (seen, node.signature)
        if key not in self.through:
            self.through[key] = _after(self.graph.signatures[node.signature], seen)
        return self.through[key]

    def _parts(self, node: Node) -> Parts:
        """The runs of channels of a layer's output that see alike; none where every channel sees those of all."""
        layer, shapes = self.graph.signatures[node.signature]
        taken = [
            self.parts.get(index) or _one_part(self.graph.nodes[index], self.found[index])
            for index in node.inputs[: layer.seen_inputs]
        ]
        if not taken or not all(taken):
            return ()
        if isinstance(layer, Concat) and layer.axis == 0:
            return _merged([part for parts in taken for part in parts])
        reach = self.reaches[node.signature][0]
        if reach is None or (reach.a, reach.c) != (1, 1) or reach.first != reach.last or len(taken) > 1:
            return ()
        if not any(index in self.parts for index in node.inputs) or layer.taken_axes(*shapes) is not None:
            return ()
        found: list[Part] = []
        for part in _cut(taken[0], reach.first, node.shape[0]):
            seen = self._behind(node, part.seen)
            if isinstance(seen, str) and seen != NOTHING:
                return ()
            found.append(Part(part.channels, seen))
        return _merged(found)


class Part(NamedTuple):
    """Neighbouring channels, so many, that see alike; or `NOTHING` of this input."""

    channels: int
    seen: Fields


Parts: TypeAlias = "tuple[Part, ...]"


def _one_part(node: Node, seen: Fields) -> Parts:
    """All channels of a tensor; none where they are no channels, or what they see cannot be told."""
    told = seen == NOTHING if isinstance(seen, str) else seen.axes[0] is None
    return (Part(node.shape[0], seen),) if told else ()


def _together(parts: Parts) -> Fields:
    """What all channels see."""
    sights = [part.seen for part in parts if isinstance(part.seen, Sight)]
    return Sight.met(sights) if sights else NOTHING


def _merged(parts: Sequence[Part]) -> Parts:
    """Neighbours that see the same as one."""
    merged: list[Part] = []
    for part in parts:
        if merged and merged[-1].seen == part.seen:
            merged[-1] = Part(merged[-1].channels + part.channels, part.seen)
        else:
            merged.append(part)
    return tuple(merged)


def _cut(parts: Parts, start: int, channels: int) -> Iterator[Part]:
    """So many channels from `start` on; those that are no channels of the tensor see nothing."""
    at = 0
    if start < 0:
        yield Part(min(-start, channels), NOTHING)
    for part in parts:
        kept = min(at + part.channels, start + channels) - max(at, start)
        if kept > 0:
            yield Part(kept, part.seen)
        at += part.channels
    if start + channels > at:
        yield Part(min(start + channels - at, channels), NOTHING)


def before(graph: Net, node: Node, found: Sequence[Fields]) -> Fields:
    """What the inputs of a layer see together; `found` is what each node sees."""
    assert node.layer is not None
    taken = node.inputs[: node.layer.seen_inputs]
    if len(taken) == 1:
        return found[taken[0]]
    return _met(graph.signatures[node.signature], tuple([found[one] for one in taken]))


FEW = 16
"""Fields of more phases are not remembered for all nets: they could fill the memory."""
Asked = TypeVar("Asked", bound=Hashable)


def _remembered(rule: Callable[[Met, Asked], Fields]) -> Callable[[Met, Asked], Fields]:
    """A rule that is followed once for a layer and what is seen before it, in all nets of a process."""
    known = lru_cache(maxsize=8_192)(rule)
    return lambda met, seen: known(met, seen) if few_phases(seen) else rule(met, seen)


def few_phases(seen: object) -> bool:
    """Whether that is a field, or fields, of few phases."""
    if isinstance(seen, Sight):
        return max(len(field.phases) for field in seen.fields) <= FEW if seen.fields else True
    return isinstance(seen, str) or (isinstance(seen, tuple) and all(map(few_phases, seen)))


@_remembered
def _met(met: Met, taken: tuple[Fields, ...]) -> Fields:
    """What the inputs of a layer see together, where their elements meet one to one."""
    layer, shapes = met
    after, _ = met.inferred
    assert not isinstance(after, Requirement)
    sights: list[Sight] = []
    words: list[str] = []
    for at, one in enumerate(taken):
        seen = one
        reaches = layer.reaches_into(at, *shapes)
        if reaches is not None and not isinstance(seen, str):
            seen = seen.through(reaches, shapes[at], after)
        if isinstance(seen, str):
            words.append(seen)
        elif reaches is not None and all(axis is None for axis in seen.axes):
            sights.append(seen._replace(axes=(None,) * len(after)))
        elif len(shapes[at]) == len(after):
            sights.append(seen.spread(shapes[at], after))
        elif isinstance(layer, ElementwiseMerge):
            sights.append(seen.lifted(len(after)).spread(lifted(shapes[at], len(after)), after))
    words = [one for one in words if one != NOTHING]
    if words:
        return next((one for one in sights if one.whole), words[0])
    return Sight.met(sights) if sights else NOTHING


@_remembered
def _after(met: Met, seen: Fields) -> Fields:
    """What a layer's output sees, from what its inputs see together."""
    if isinstance(seen, str):
        return seen
    layer, shapes = met
    shape, _ = met.inferred
    assert not isinstance(shape, Requirement)
    order = layer.taken_axes(*shapes)
    if order is not None:
        return seen.rearranged(order, shapes[0], shape)
    together = min(len(shapes), layer.seen_inputs) > 1
    before = shape if together else shapes[0]
    middle = layer.between(*shapes)
    if middle is not None:
        spread = seen.through(met.reaches, before, middle)
        return spread if isinstance(spread, str) else spread.rearranged(range(len(middle)), middle, shape)
    kept = layer.kept_axes(*shapes)
    if kept is None:
        return seen.through(met.reaches, before, shape)
    after = tuple(shape[kept.index(at)] if at in kept else 1 for at in range(len(before)))
    behind = seen.through(met.reaches, before, after)
    if isinstance(behind, str):
        return behind
    return behind._replace(axes=tuple(None if at is None else behind.axes[at] for at in kept)).settled()


def described(of_inputs: Mapping[str, Sequence[Fields]]) -> list[ReceptiveField]:
    """The receptive field of every node, from what it sees of each input of the net, by the input's name.

    In a net with several inputs it is that on the first which reaches the node, and says that on each.
    """
    told = {name: _each_described(of_input) for name, of_input in of_inputs.items()}
    if len(told) == 1:
        return next(iter(told.values()))
    found = []
    for at in range(len(next(iter(told.values())))):
        every = tuple((name, of_input[at]) for name, of_input in told.items())
        first = next((field for _, field in every if field.note != NOTHING), every[0][1])
        found.append(first._replace(inputs=every))
    return found


def _each_described(seen: Sequence[Fields]) -> list[ReceptiveField]:
    """Of every tensor; most see what another does."""
    known: dict[int, ReceptiveField] = {}
    for one in seen:
        if id(one) not in known:
            known[id(one)] = _described(one) if few_phases(one) else receptive_field(one)
    return [known[id(one)] for one in seen]


def receptive_field(seen: Fields) -> ReceptiveField:
    """The three numbers by which a field is known."""
    if isinstance(seen, str):
        return ReceptiveField(note=seen)
    if seen.whole:
        return ReceptiveField(note=WHOLE)
    return ReceptiveField(
        tuple(axis.size for axis in seen.fields),
        tuple(axis.stride for axis in seen.fields),
        tuple(axis.padding for axis in seen.fields),
    )


_described = lru_cache(maxsize=8_192)(receptive_field)
