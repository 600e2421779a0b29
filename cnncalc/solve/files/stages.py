"""A file with unknowns built piece by piece: what stands before an unknown is built once for all of its values.

A piece depends on the values that stand in it, on the shape that enters and on the names given so far (where it takes
earlier layers by `from:`, on all their shapes; where it repeats them by `share:`, on every value so far): with the same
of these, it is not built again.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from cnncalc.errors import CnncalcError
from cnncalc.graph import Level, Net, Node, Signatures
from cnncalc.language.building.finish import finish
from cnncalc.language.building.lookup import Body
from cnncalc.language.documents.inputs import input_shapes
from cnncalc.language.unknowns import UnknownFile
from cnncalc.language.yaml.reader import Mapping as MappingNode
from cnncalc.records import NamedTuple
from cnncalc.solve.figures import BUILT
from cnncalc.solve.files.pieces import Action, Piece
from cnncalc.solve.files.sums import Counting, Sums, less, plus

__all__ = ["Ends", "MissedUnknownError", "Stages", "State"]

MOST_PIECES = 20_000
"""Pieces that are remembered, so that a long search does not fill the memory."""


COPIED = 8
"""So many layers are copied in the time and the room in which one is measured."""


class MissedUnknownError(Exception):
    """A piece asks for an unknown that was not seen in it: the file must be built whole."""


class Branching(NamedTuple):
    """A merge whose branches are being built: where they start, and the ends of those that stand."""

    start: int
    ends: tuple[int, ...]
    own: str | None


class State(NamedTuple):
    """A net up to the end of a piece."""

    nodes: list[Node]
    net: Net
    """With all names and outputs; it was built for shapes that may be others than those of `nodes`, which hold."""
    bodies: dict[str, Body]
    """What builds each group once more, with the values that it was built with."""
    current: int
    levels: tuple[Level, ...]
    branchings: tuple[Branching, ...]
    structure: int
    """Equal where all names, connections and counts are; shapes may differ."""
    sums: Sums
    met: frozenset[tuple[str, str]] = frozenset()
    """What the file changes of the net that it extends, as far as its layers were met."""


class Ends(NamedTuple):
    """What follows from the structure of a whole net."""

    net: Net
    outputs: dict[str, int]
    places: dict[str, int]


class Stages:
    """Builds the pieces of a file, each for the values given so far."""

    def __init__(self, file: UnknownFile, parts: list[Piece], values: Mapping[int, int], counting: Counting) -> None:
        """`values` are those of the unknowns that every piece depends on; raises `CnncalcError`."""
        self.file, self.parts, self.counting = file, parts, counting
        self.builder = file.builder(values)
        self.faults = self.builder.faults
        self.faults.raise_any()
        self._structures: dict[Hashable, int] = {}
        self._made: dict[Hashable, tuple[int, Sums, State] | CnncalcError] = {}
        self._ends: dict[Hashable, Ends | CnncalcError] = {}
        self.work = 0
        """What it took, in layers that are measured: those that were built, and those that were copied on the way."""
        top = Level(by_position=file.document.text("naming") == "index")
        self.start = State([], self.builder.net, {}, 0, (top,), (), 0, counting.nothing)

    def advance(self, number: int, state: State, values: Mapping[int, int]) -> State:
        """The net with one piece more; raises `CnncalcError` where the values make none."""
        piece = self.parts[number]
        own = tuple([values[one] for one in piece.unknowns])
        shapes: tuple[object, ...] = ()
        if piece.takes or piece.shares:
            shapes = tuple([node.shape for node in state.nodes])
        elif piece.action is Action.JOIN:
            shapes = tuple([state.nodes[index].shape for index in state.branchings[-1].ends])
        every = tuple(values.items()) if piece.shares else ()
        entering = state.nodes[state.current].shape if state.nodes else None
        key = (number, state.structure, state.current, state.branchings, entering, own, shapes, every)
        made = self._made.get(key)
        if made is None:
            if len(self._made) >= MOST_PIECES:
                self._made.clear()
            try:
                after = self._built(piece, state, values)
                made = (len(state.nodes), less(after.sums, state.sums), after)
            except CnncalcError as error:
                made = error
            self._made[key] = made
        if isinstance(made, CnncalcError):
            raise made
        known, more, after = made
        bodies = {**after.bodies, **state.bodies} if state.bodies else after.bodies
        nodes, sums = state.nodes + after.nodes[known:], plus(state.sums, more)
        met = state.met | after.met
        return State(
            nodes, after.net, bodies, after.current, after.levels, after.branchings, after.structure, sums, met
        )

    def _built(self, piece: Piece, state: State, values: Mapping[int, int]) -> State:
        self.work += BUILT + len(state.nodes) // COPIED
        net = self._resumed(state)
        scope = self.builder.variables
        missing = []
        for number in range(len(self.file.unknowns)):
            name = self.file.variable(number)
            if number in values:
                scope[name] = self.file.value(number, values[number])
            else:
                scope.pop(name, None)
                missing.append(f"`{name}`")
        try:
            if piece.action is Action.BUILD:
                current = self.builder.items(piece.items, state.current, dict(scope), state.levels[-1])
                after = state._replace(current=current)
            else:
                after = self._step(piece, state)
            self.faults.raise_any()
        except CnncalcError as error:
            self.work += BUILT * (len(net.nodes) - len(state.nodes))
            if any(name in fault.message for name in missing for fault in error.faults):
                raise MissedUnknownError from None
            raise
        new = net.nodes[len(state.nodes) :]
        self.work += BUILT * len(new)
        items, layers = self.counting.items(self.builder.nesting.built), [self.counting.of(node, net) for node in new]
        sums = tuple(map(sum, zip(state.sums, items, *layers)))
        net.signed = Signatures(net.limits)  # numbers of layers mean something in whole nets only
        return after._replace(nodes=net.nodes, net=net, bodies=self.builder.lookup.bodies, sums=sums,
                              structure=self._structure(state, net, new, after.levels),
                              met=frozenset(self.builder.met))  # fmt: skip

    def _structure(self, before: State, net: Net, new: list[Node], levels: tuple[Level, ...]) -> int:
        made = tuple([(one.name, one.inputs, one.share, one.trainable, one.train_only, one.dtype) for one in new])
        around = tuple([(level.prefix, level.by_position) for level in levels])
        key = (before.structure, made, net.names.state(), tuple(net.chosen.items()), around)
        return self._structures.setdefault(key, len(self._structures) + 1)

    def _resumed(self, state: State) -> Net:
        """Put the builder where a state is. Its bounds hold for one piece: sums are judged later."""
        net = state.net.fork()
        net.nodes = [*state.nodes]
        limits = self.builder.limits
        net.limits = limits._replace(layers=limits.layers + len(state.nodes))
        self.builder.met.clear()  # a piece may be built many times, and be changed each time
        self.builder.resume(net, dict(state.bodies), len(state.branchings) + len(state.levels) - 1)
        return net

    def _step(self, piece: Piece, state: State) -> State:
        """What is no building of items: see `Action`. The builder does the same in one go."""
        builder, level, action = self.builder, state.levels[-1], piece.action
        if action is Action.INPUT:
            document = self.file.document
            for name, shape in input_shapes(document, self.file.options.input, builder.variables).items():
                builder.net.add_input(name, shape)
            return state
        last = state.branchings[-1] if state.branchings else None
        if action is Action.NEXT:
            assert last is not None
            ended = last._replace(ends=(*last.ends, state.current))
            return state._replace(current=last.start, branchings=(*state.branchings[:-1], ended))
        if action is Action.CLOSE:
            builder.net.close(level, state.current)
            return state._replace(levels=state.levels[:-1])
        node = piece.items[0]
        assert isinstance(node, MappingNode)
        item = builder.reader.read(node)
        if item is None:
            return state  # the fault is noted
        if action is Action.JOIN:
            assert last is not None
            made = builder.long_form(item, last.own, last.ends, dict(builder.variables), level)
            return state._replace(current=made, branchings=state.branchings[:-1])
        builder.nesting.count(node)
        own = item.name.text if item.name is not None else None
        if item.name is None or own is None or builder.lookup.free(level.prefix + own, item.name, own):
            if action is Action.BRANCH:
                return state._replace(branchings=(*state.branchings, Branching(state.current, (), own)))
            inner = builder.opened(own, "group", _not_repeated, level, node, item.by_position, "")
            return state if inner is None else state._replace(levels=(*state.levels, inner))
        return state

    def ends(self, state: State) -> Ends:
        """The outputs of the whole net; raises `CnncalcError` where something is left over."""
        key = (state.structure, state.current, state.met)
        ends = self._ends.get(key)
        if ends is None:
            net = self._resumed(state)
            try:
                self.builder.met.update(state.met)
                self.builder.check_met()
                self.faults.raise_any()
                finish(net, self.file.document, state.current, self.file.options, self.faults)
                places = {node.name: node.index for node in reversed(net.nodes)}
                ends = Ends(net, net.outputs, {**places, **net.groups})
            except CnncalcError as error:
                ends = error
            self._ends[key] = ends
        if isinstance(ends, CnncalcError):
            raise ends
        return ends

    def whole(self, state: State) -> Net:
        """The net by itself; raises `CnncalcError`."""
        net = self.ends(state).net.fork()
        net.nodes, net.limits = [*state.nodes], self.builder.limits
        net.infer()
        for pattern in self.file.options.freeze:
            net.freeze(pattern)
        return net


def _not_repeated(builder: object, level: Level, start: int) -> int:
    """The body of a group that is taken apart: only where nothing in the file is shared."""
    raise AssertionError(f"{level.prefix} is repeated from {start}")
