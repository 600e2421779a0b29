"""What a block or a whole file adds to a net, told apart from what was there, and put in where the same is to be built.

What depends on more than its own is not told: blocks that share layers from outside, side branches. Tensors that a
block takes by name are looked up again.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any, TypeVar

from cnncalc.graph import Level, Met, Net, Node, Origin, Signatures
from cnncalc.language.building.lookup import Body, Lookup
from cnncalc.language.building.nesting import Nesting
from cnncalc.layers import Layer, Shape
from cnncalc.records import NamedTuple

__all__ = ["Recording", "Template", "Whole"]

START = -1
"""The tensor that enters."""
FAR = 1_000_000_000
"""Longer than any prefix: no name was looked up yet."""
Value = TypeVar("Value")


class Placed(NamedTuple):
    """One layer; tensors are counted from the block's first, its name is that of this number."""

    name: int
    layer: Layer
    inputs: tuple[int, ...]
    shape: Shape
    met: int
    """Of the template's `mets`."""
    trainable: bool
    share: int | None
    train_only: bool
    origin: Origin | None
    dtype: str


class Template(NamedTuple):
    """All that a block adds, its names without the block's own before them."""

    names: list[str]
    tensors: list[int]
    """What each name stands for."""
    layers: list[Placed]
    mets: list[Met]
    """The layers on their input shapes, each once."""
    made: int
    """What comes out."""
    outside: list[tuple[str, Shape]]
    """The names by which it takes tensors from outside, and their shapes; these are counted down from `START` − 1."""
    groups: list[int]
    """The names of groups, by their numbers."""
    own: list[int]
    given: list[tuple[int, Origin]]
    blocks: list[tuple[int, str]]
    bodies: list[tuple[int, Body]]
    counted: list[tuple[str, int]]
    false: list[tuple[str, Any]]
    built: int
    """Items."""
    depth: int
    """How deep the block stood: no deeper it fits again."""

    def _entering(self, start: int, level: Level, at: Recording) -> list[int] | None:
        """All tensors that it takes, the last of `outside` first; None where one is not there, or of another shape."""
        found = [at.lookup.find(name, level.parent) for name, _ in self.outside]
        tensors = [start]
        for one, (_, shape) in zip(found, self.outside):
            if one is None or one.tensor < 0 or at.net.nodes[one.tensor].shape != shape:
                return None
            tensors.append(one.tensor)
        if at.lookup.log is not None:
            at.lookup.log += [one for one in found if one is not None]
        return tensors[::-1]

    def place(self, level: Level, start: int, at: Recording) -> int | None:
        """Put it in behind the tensor `start`, and say what comes out.

        None where a bound is in the way, or a name is taken: building it says so.
        """
        net, lookup, nesting = at.net, at.lookup, at.nesting
        nodes, held, base = net.nodes, net.names, len(net.nodes)
        prefix = level.prefix
        names = [prefix + name for name in self.names]
        room = net.limits.layers + len(net.inputs) - base
        if nesting.depth > self.depth or nesting.built + self.built > nesting.most or len(self.layers) > room:
            return None
        if not held.tensors.keys().isdisjoint(names) or not held.groups.keys().isdisjoint(names):
            return None
        entering = self._entering(start, level, at)
        if entering is None:
            return None
        signatures = [net.signed.number(met) for met in self.mets]
        for name, layer, inputs, shape, met, trainable, share, train_only, origin, dtype in self.layers:
            taken = tuple([entering[one] if one < 0 else base + one for one in inputs])
            owner = None if share is None else base + share
            index, signature = len(nodes), signatures[met]
            nodes.append(
                Node(names[name], layer, taken, shape, index, signature, trainable, owner, train_only, origin, dtype)
            )
        tensors = [entering[one] if one < 0 else base + one for one in self.tensors]
        held.tensors.update(zip(names, tensors))
        held.groups.update([(names[one], tensors[one]) for one in self.groups])
        held.own.update([names[one] for one in self.own])
        held.given.update([(names[one], origin) for one, origin in self.given])
        held.counted.update([(prefix + stem, count) for stem, count in self.counted])
        net.blocks.update([(names[one], block) for one, block in self.blocks])
        lookup.bodies.update([(names[one], body) for one, body in self.bodies])
        lookup.false.update([(prefix + name, condition) for name, condition in self.false])
        nesting.built += self.built
        return entering[self.made] if self.made < 0 else base + self.made


class Whole(NamedTuple):
    """All that the items of a net add to its one input: put in as it stands, since nodes are never changed."""

    layers: list[Node]
    signed: Signatures
    own: set[str]
    tables: list[dict[str, Any]]
    """What is added to those of `Recording.tables`."""
    built: int
    made: int

    def place(self, level: Level, start: int, at: Recording) -> int | None:
        """As a template's; the options are those under which it was built, so that no bound is in the way."""
        net, tables = at.net, at.tables()
        if not tables[0].keys().isdisjoint(self.tables[0]):
            return None
        net.nodes += self.layers
        net.signed = self.signed.fork()
        net.names.own |= self.own
        for table, added in zip(tables, self.tables):
            table.update(added)
        at.nesting.built += self.built
        return self.made


class Recording:
    """Where a block goes; and what is there before it is built, to tell afterwards what was added."""

    __slots__ = ("built", "count", "ends", "log", "logged", "lookup", "met", "nesting", "net", "reached", "sizes")

    def __init__(self, net: Net, lookup: Lookup, nesting: Nesting) -> None:
        self.net, self.lookup, self.nesting = net, lookup, nesting

    def begin(self) -> None:
        """Remember what is there."""
        self.count, self.met, self.built = len(self.net.nodes), self.lookup.faults.met, self.nesting.built
        self.sizes = [len(table) for table in self.tables()]
        self.ends = self._ends()
        self.reached, self.lookup.reached = self.lookup.reached, FAR
        self.log = self.lookup.log
        self.logged = 0 if self.log is None else len(self.log)
        if self.log is None:
            self.lookup.log = []

    def _outside(self, prefix: str, start: int) -> dict[int, str] | None:
        """What was taken by name from outside; None where that cannot be told from what enters, or has two names."""
        found: dict[int, str] = {}
        for level, name, tensor in (self.lookup.log or ())[self.logged :]:
            if level < len(prefix) and (tensor == start or found.setdefault(tensor, name) != name):
                return None
        return found

    def _ends(self) -> tuple[int, int]:
        """How many ends of side branches there are."""
        return len(self.net.chosen), len(self.net.idle)

    def tables(self) -> tuple[dict[str, Any], ...]:
        """What is kept by name, of tensors first."""
        net, names, lookup = self.net, self.net.names, self.lookup
        return names.tensors, names.groups, names.given, names.counted, net.blocks, lookup.bodies, lookup.false

    def template(self, prefix: str, start: int, made: int) -> Template | Whole | None:
        """What was added below a prefix, behind the tensor `start`; None where it depends on more than that."""
        lookup, count = self.lookup, self.count
        alone = lookup.reached >= len(prefix) and lookup.faults.met == self.met and self._ends() == self.ends
        lookup.reached = min(lookup.reached, self.reached)
        outside = self._outside(prefix, start)
        lookup.log = self.log
        new = self.net.nodes[count:]
        if not alone or outside is None or any(one.share is not None and one.share < count for one in new):
            return None
        if not prefix:
            added = [dict(_added(table, size)) for table, size in zip(self.tables(), self.sizes)]
            own, built = self.net.names.own.copy(), self.nesting.built - self.built
            return Whole(new, self.net.signed.fork(), own, added, built, made)
        from_here = _Relative(count, start, outside)
        try:
            tensors, groups, given, counted, blocks, bodies, false = (
                [(_inside(prefix, name), value) for name, value in _added(table, size)]
                for table, size in zip(self.tables(), self.sizes)
            )
            number = {name: place for place, (name, _) in enumerate(tensors)}
            numbers = [number[_inside(prefix, one.name)] for one in new]
            pairs, own = self.net.signatures, self.net.names.own
            signatures = dict.fromkeys([one.signature for one in new if one.layer is not None])
            met = {signature: place for place, signature in enumerate(signatures)}
            return Template(
                [name for name, _ in tensors],
                [from_here[tensor] for _, tensor in tensors],
                [
                    Placed(name, one.layer, tuple([from_here[each] for each in one.inputs]), one.shape,
                           met[one.signature], one.trainable, None if one.share is None else one.share - count,
                           one.train_only, one.origin, one.dtype)
                    for name, one in zip(numbers, new) if one.layer is not None
                ],
                [pairs[one] for one in met],
                from_here[made],
                [(name, self.net.nodes[tensor].shape) for tensor, name in outside.items()],
                [number[name] for name, _ in groups],
                [name for name, one in zip(numbers, new) if one.name in own],
                [(number[name], origin) for name, origin in given],
                [(number[name], block) for name, block in blocks],
                [(number[name], body) for name, body in bodies],
                counted,
                false,
                self.nesting.built - self.built,
                self.nesting.depth,
            )  # fmt: skip
        except LookupError:
            return None


class _Relative(dict[int, int]):
    """Tensors counted from the first of a block; raises `LookupError` for one from outside that nobody named."""

    def __init__(self, count: int, start: int, outside: Mapping[int, str]) -> None:
        self.count = count
        super().__init__({tensor: START - place for place, tensor in enumerate(outside, start=1)})
        self[start] = START

    def __missing__(self, tensor: int) -> int:
        if tensor < self.count:
            raise LookupError(tensor)
        return tensor - self.count


def _added(table: dict[str, Value], size: int) -> list[tuple[str, Value]]:
    """What a table holds since it had so many entries: none is ever taken out."""
    return [*islice(reversed(table.items()), len(table) - size)][::-1]


def _inside(prefix: str, name: str) -> str:
    """A name without the prefix; raises `LookupError` for one that has it not."""
    if not name.startswith(prefix):
        raise LookupError(name)
    return name[len(prefix) :]
