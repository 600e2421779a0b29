"""A file with unknowns built piece by piece: what stands before an unknown is built once for all of its values.

A piece depends on the values that stand in it, on the shape that enters and on the names given so far (where it takes
earlier layers by `from:`, on all their shapes; where it repeats them by `share:`, on every value so far): with the same
of these, it is not built again.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import NamedTuple

from cnncalc.analysis.costs import Costs, costs
from cnncalc.errors import CnncalcError
from cnncalc.graph import Graph, Node
from cnncalc.language.building.builder import Builder
from cnncalc.language.building.finish import finish
from cnncalc.language.building.names import Body, Level
from cnncalc.language.faults import Faults
from cnncalc.language.unknowns import UnknownFile, variable_name
from cnncalc.language.yaml.reader import Mapping as MappingNode
from cnncalc.language.yaml.reader import Node as YamlNode
from cnncalc.solve.file.pieces import Action, Piece
from cnncalc.solve.file.sums import NOTHING, Sums, sums_of

__all__ = ["Ends", "MissedUnknownError", "Stages", "State"]

MOST_SIGNATURES = 20_000
"""Layers on input shapes that are remembered, so that a long search does not fill the memory."""
MOST_PIECES = 20_000


class MissedUnknownError(Exception):
    """A piece asks for an unknown that was not seen in it: the file must be built whole."""


class OpenLevel(NamedTuple):
    """A level of names that is being filled."""

    prefix: str
    by_position: bool
    counts: dict[str, int]
    position: int


class Fork(NamedTuple):
    """A merge whose branches are being built: where they start, and the ends of those that stand."""

    start: int
    ends: tuple[int, ...]
    own: str | None


class Kept(NamedTuple):
    """The names given so far."""

    tensors: dict[str, int]
    bodies: dict[str, Body]
    given: dict[str, YamlNode]
    outputs: dict[str, int]
    groups: dict[str, str]
    own: set[str]
    levels: tuple[OpenLevel, ...]


class State(NamedTuple):
    """A net up to the end of a piece."""

    nodes: list[Node]
    current: int
    forks: tuple[Fork, ...]
    kept: Kept
    structure: int
    """Equal where all names, connections and counts are; shapes may differ."""
    sums: Sums


class Ends(NamedTuple):
    """What follows from the structure of a whole net."""

    outputs: dict[str, int]
    groups: dict[str, int]
    places: dict[str, int]


class Stages:
    """Builds the pieces of a file, each for the values given so far."""

    def __init__(self, file: UnknownFile, parts: list[Piece], values: Mapping[int, int]) -> None:
        """`values` are those of the unknowns that every piece depends on; raises `CnncalcError`."""
        settings = {variable_name(number): str(value) for number, value in values.items()}
        options = file.options._replace(variables={**file.options.variables, **settings})
        self.faults = file.document.faults = Faults()
        self.file, self.parts = file, parts
        self.builder = Builder(file.document, options, self.faults)
        self.graph = self.builder.graph
        self.faults.raise_any()
        self.levels = [Level(by_position=file.document.text("naming") == "index")]
        self.layers, self.limits = self.builder.layers, self.builder.limits
        self._structures: dict[Hashable, int] = {}
        self._made: dict[Hashable, tuple[int, Sums, State] | CnncalcError] = {}
        self._known: dict[int, Costs] = {}
        self._ends: dict[tuple[int, int], Ends | CnncalcError] = {}
        self.start = State([], 0, (), self._kept(), 0, NOTHING)

    def advance(self, number: int, state: State, values: Mapping[int, int]) -> State:
        """The net with one piece more; raises `CnncalcError` where the values make none."""
        piece = self.parts[number]
        own = tuple([values[one] for one in piece.unknowns])
        shapes: tuple[object, ...] = ()
        if piece.takes or piece.shares:
            shapes = tuple([node.shape for node in state.nodes])
        elif piece.action is Action.JOIN:
            shapes = tuple([state.nodes[index].shape for index in state.forks[-1].ends])
        every = tuple(values.items()) if piece.shares else ()
        entering = state.nodes[state.current].shape if state.nodes else None
        key = (number, state.structure, state.current, state.forks, entering, own, shapes, every)
        made = self._made.get(key)
        if made is None:
            if len(self._made) >= MOST_PIECES:
                self._made.clear()
            try:
                after = self._built(piece, state, values)
                made = (len(state.nodes), after.sums.minus(state.sums), after)
            except CnncalcError as error:
                made = error
            self._made[key] = made
        if isinstance(made, CnncalcError):
            raise made
        known, more, after = made
        nodes, kept = state.nodes + after.nodes[known:], after.kept
        if state.kept.bodies:  # what builds a group once more knows the values that it was built with
            kept = kept._replace(bodies={**kept.bodies, **state.kept.bodies})
        return after._replace(nodes=nodes, sums=state.sums.plus(more), kept=kept)

    def _built(self, piece: Piece, state: State, values: Mapping[int, int]) -> State:
        self._restore(state)
        scope = self.builder.variables
        for number in range(len(self.file.unknowns)):
            if number in values:
                scope[variable_name(number)] = values[number]
            else:
                scope.pop(variable_name(number), None)
        forks = state.forks
        try:
            if piece.action is Action.BUILD:
                current = self.builder.items(piece.items, state.current, dict(scope), self.levels[-1])
            else:
                current, forks = self._step(piece, state)
            self.faults.raise_any()
        except CnncalcError as error:
            if any("`unknown_" in fault.message for fault in error.faults):
                raise MissedUnknownError from None
            raise
        return self._state(state, current, forks)

    def _step(self, piece: Piece, state: State) -> tuple[int, tuple[Fork, ...]]:
        """What is no building of items: see `Action`. The builder does the same in one go."""
        builder, level, action = self.builder, self.levels[-1], piece.action
        current, forks = state.current, state.forks
        if action is Action.INPUT:
            self._inputs()
            return 0, ()
        if action is Action.NEXT:
            return forks[-1].start, (*forks[:-1], forks[-1]._replace(ends=(*forks[-1].ends, current)))
        if action is Action.CLOSE:
            builder.names.tensors[self.levels.pop().prefix[:-1]] = current
            return current, forks
        node = piece.items[0]
        assert isinstance(node, MappingNode)
        item = builder.reader.read(node)
        if item is None:
            return current, forks  # the fault is noted
        if action is Action.JOIN:
            made = builder.long_form(item, forks[-1].own, forks[-1].ends, dict(builder.variables), level)
            return made, forks[:-1]
        builder.nesting.count(node)
        own = item.name.text if item.name is not None else None
        if item.name is None or own is None or builder.names.free(level.prefix + own, item.name, own):
            if action is Action.FORK:
                return current, (*forks, Fork(current, (), own))
            inner = builder.opened(own, "group", _not_repeated, level, node, by_position=item.by_position)
            self.levels += [inner] if inner is not None else []
        return current, forks

    def _inputs(self) -> None:
        names, document = self.builder.names, self.file.document
        for name, shape in document.input_shapes(self.file.options.input, self.builder.variables).items():
            self.graph.inputs[name] = names.tensors[name] = len(self.graph.nodes)
            self.graph.nodes.append(Node(name, None, (), shape))

    def _state(self, before: State, current: int, forks: tuple[Fork, ...]) -> State:
        """What the builder has come to."""
        kept, nodes = self._kept(), list(self.graph.nodes)
        new = tuple([(node.name, node.inputs, node.share, node.trainable, node.train_only)
                     for node in nodes[len(before.nodes) :]])  # fmt: skip
        key = (
            before.structure,
            new,
            tuple(kept.tensors.items()),
            tuple(kept.bodies),
            tuple(kept.outputs.items()),
            tuple([(*level[:2], *level.counts.items(), level.position) for level in kept.levels]),
        )
        structure = self._structures.setdefault(key, len(self._structures) + 1)
        sums = before.sums.plus(NOTHING._replace(built=self.builder.nesting.built))
        for node in nodes[len(before.nodes) :]:
            sums = sums.plus(self._sums(node))
        return State(nodes, current, forks, kept, structure, sums)

    def _sums(self, node: Node) -> Sums:
        """Of one layer, or of an input."""
        found = self._known.get(node.signature)
        if found is None and node.layer is not None:
            found = self._known[node.signature] = costs(node.layer, self.graph.signatures[node.signature][1])
        return sums_of(node, found, training=self.graph.train)

    def ends(self, state: State) -> Ends:
        """The outputs of the whole net; raises `CnncalcError` where something is left over."""
        key = (state.structure, state.current)
        ends = self._ends.get(key)
        if ends is None:
            self._restore(state)
            try:
                graph, names = self.graph, self.builder.names.tensors
                finish(graph, self.file.document, state.current, names, self.file.options, self.faults)
                self.faults.raise_any()
                places = {node.name: index for index, node in reversed([*enumerate(graph.nodes)])}
                ends = Ends(dict(graph.outputs), dict(graph.groups), {**places, **graph.groups})
            except CnncalcError as error:
                ends = error
            self._ends[key] = ends
        if isinstance(ends, CnncalcError):
            raise ends
        return ends

    def whole(self, state: State) -> Graph:
        """The net as a graph of its own; raises `CnncalcError`."""
        ends = self.ends(state)
        old = self.graph
        graph = Graph(old.name, source=old.source, dialect=old.dialect, file=old.file, train=old.train)
        graph.inputs = dict(old.inputs)
        graph.outputs, graph.groups = dict(ends.outputs), dict(ends.groups)
        graph.blocks, graph.own_names = dict(state.kept.groups), set(state.kept.own)
        for node in state.nodes:
            signature = -1
            if node.layer is not None:
                signature = graph.sign(node.layer, tuple([state.nodes[index].shape for index in node.inputs]))
            copy = Node(node.name, node.layer, node.inputs, node.shape, signature=signature, trainable=node.trainable,
                        share=node.share, train_only=node.train_only, origin=node.origin)  # fmt: skip
            graph.nodes.append(copy)
        if self.file.options.freeze:
            finish(graph, self.file.document, state.current, state.kept.tensors, self.file.options, Faults())
        return graph

    # -- the builder's state --

    def _kept(self) -> Kept:
        names, graph = self.builder.names, self.graph
        own, blocks = set(graph.own_names), dict(graph.blocks)
        given = (dict(names.tensors), dict(names.bodies), dict(names.given))
        levels = tuple([OpenLevel(one.prefix, one.by_position, dict(one.counts), one.position) for one in self.levels])
        return Kept(*given, dict(graph.outputs), blocks, own, levels)

    def _restore(self, state: State) -> None:
        """Put the builder where it was. Its bounds on layers and items hold for one piece: sums are judged later."""
        builder, graph, kept = self.builder, self.graph, state.kept
        graph.nodes[:] = state.nodes
        graph.outputs, graph.groups = dict(kept.outputs), {}
        graph.blocks, graph.own_names = dict(kept.groups), set(kept.own)
        names = builder.names
        names.tensors.clear()
        names.tensors.update(kept.tensors)
        names.bodies, names.given = dict(kept.bodies), dict(kept.given)
        self._restore_levels(kept)
        builder.layers = self.layers
        nesting, placer = builder.nesting, builder.placer
        nesting.built, nesting.depth = 0, len(state.forks) + len(kept.levels) - 1
        nesting.most = self.limits.built
        placer.trainable, placer.train_only = True, False
        placer.limits = self.limits._replace(layers=self.limits.layers + len(state.nodes))
        placer.shared.clear()
        self.faults.found.clear()
        self.faults.uses.clear()
        if len(graph.signatures) > MOST_SIGNATURES:
            graph.forget_signatures()
            self._known.clear()
            placer.inferred.clear()

    def _restore_levels(self, kept: Kept) -> None:
        self.levels = []
        for one in kept.levels:
            level = Level(one.prefix, self.levels[-1] if self.levels else None, by_position=one.by_position)
            level.counts, level.position = dict(one.counts), one.position
            self.levels.append(level)


def _not_repeated(level: Level, start: int) -> int:
    """The body of a group that is taken apart: only where nothing in the file is shared."""
    raise AssertionError(f"{level.prefix} is repeated from {start}")
