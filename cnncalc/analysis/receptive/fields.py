"""The receptive field of every tensor: which pixels of the net's input one of its pixels sees."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import TypeAlias, TypeVar

from cnncalc.analysis.receptive.sight import Sight, plain
from cnncalc.answers.report import ReceptiveField
from cnncalc.graph import Met, Net, Node
from cnncalc.layers import Requirement
from cnncalc.layers.kinds.merge import Concat, ElementwiseMerge, lifted
from cnncalc.records import NamedTuple

__all__ = [
    "NOTHING", "WHOLE", "Fields", "before", "described", "described_in_turn", "few_phases", "fields", "of_inputs",
    "receptive_field",
]  # fmt: skip

WHOLE = "the whole input"
NOTHING = "nothing: this input does not reach it"
MANY, MOST, NEAR = 8, 100_000, 4_096
UNTOLD = f"not told: more than {MOST:,} of them, one a tensor and input"
"""Of nets with many inputs."""

Fields: TypeAlias = "Sight | str"
"""What the pixels of a tensor see, or in words why that has no description."""


def fields(graph: Net, source: str | None = None) -> list[Fields]:
    """What every node's tensor sees of the input called `source`, the net's first unless given.

    Computed forwards once, so the cost is linear in the number of layers.
    """
    return [*_Walk(graph, source).steps()]


def of_inputs(graph: Net) -> dict[str, list[Fields]]:
    """What every node's tensor sees of each input of the net, by its name; where they are too many, in words."""
    return {name: [*steps] for name, steps in _of_inputs(graph, _Walk).items()}


def _of_inputs(graph: Net, walk: Callable[[Net, str], _Walk]) -> dict[str, Iterable[Fields]]:
    if len(graph.inputs) > MANY and len(graph.inputs) * len(graph.nodes) > MOST:
        return {name: repeat(UNTOLD, len(graph.nodes)) for name in (*graph.inputs,)[:1]}
    return {name: walk(graph, name).steps() for name in graph.inputs}


class _Walk:
    """One walk through the graph. Where channels are sliced, those that see different regions are told apart."""

    def __init__(self, graph: Net, source: str | None) -> None:
        self.graph = graph
        self.first = graph.inputs[source] if source is not None else next(iter(graph.inputs.values()))
        self.found: list[Fields] = []
        self.parts: dict[int, Parts] = {}
        self.through: dict[tuple[Fields, int], Fields] = {}
        self.sliced = any(layer.kind == "slice" for layer, _ in graph.signatures)

    def steps(self) -> Iterator[Fields]:
        """What each node's tensor sees, one after the other."""
        mets, found = self.graph.signatures, self.found
        for index, node in enumerate(self.graph.nodes):
            if node.layer is None:
                found.append(plain(node.shape[1:]) if index == self.first else NOTHING)
            elif node.layer.unseen:
                found.append(node.layer.unseen)
            elif len(node.inputs) == 1 and mets[node.signature].unmoved:
                found.append(found[node.inputs[0]])
                if node.inputs[0] in self.parts:
                    self.parts[index] = self.parts[node.inputs[0]]
            else:
                found.append(self._seen(index, node))
            yield found[index]

    def _seen(self, index: int, node: Node) -> Fields:
        """What the output of a layer sees that moves what its inputs see."""
        parts = self._parts(node) if self.sliced else ()
        if len(parts) > 1:
            self.parts[index] = parts
        return _together(parts) if parts else self._behind(node, before(self.graph, node, self.found))

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
        reach = self.graph.signatures[node.signature].reaches[0]
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


class _Forgetting(_Walk):
    """A walk that keeps what a tensor sees no longer than until the last layer took it."""

    def steps(self) -> Iterator[Fields]:
        from array import array  # only long nets pay for it

        last = array("q", range(len(self.graph.nodes)))
        for node in self.graph.nodes:
            for one in node.inputs:
                last[one] = node.index
        found, parts, through = self.found, self.parts, self.through
        for node, seen in zip(self.graph.nodes, super().steps()):
            yield seen
            index = node.index
            for one in node.inputs if last[index] > index else (index, *node.inputs):
                if last[one] == index:
                    found[one] = ""
                    if parts:
                        parts.pop(one, None)
            if len(through) > NEAR:
                through.clear()


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


def described(of_inputs: Mapping[str, Iterable[Fields]]) -> list[ReceptiveField]:
    """The receptive field of every node, from what it sees of each input of the net, by the input's name.

    In a net with several inputs it is that on the first which reaches the node, and says that on each.
    """
    return [*_described(of_inputs)]


def described_in_turn(graph: Net) -> Iterator[ReceptiveField]:
    """The receptive field of every node, one after the other, none of which is kept: for nets of very many layers."""
    return _described(_of_inputs(graph, _Forgetting))


def _described(of_inputs: Mapping[str, Iterable[Fields]]) -> Iterator[ReceptiveField]:
    """In turn, as each is asked for."""
    told = [_each_described(seen) for seen in of_inputs.values()]
    if len(told) == 1:
        yield from told[0]
        return
    for each in zip(*told):
        every = tuple(zip(of_inputs, each))
        first = next((field for field in each if field.note != NOTHING), each[0])
        yield first._replace(inputs=every)


def _each_described(seen: Iterable[Fields]) -> Iterator[ReceptiveField]:
    """Of every tensor; most see what another does."""
    known: dict[int, tuple[Fields, ReceptiveField]] = {}  # with what it is of, so that nothing else is of that number
    for one in seen:
        if id(one) not in known:
            if len(known) >= NEAR:
                known.clear()
            known[id(one)] = one, _told(one) if few_phases(one) else receptive_field(one)
        yield known[id(one)][1]


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


_told = lru_cache(maxsize=8_192)(receptive_field)
