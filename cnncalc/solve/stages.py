"""A file with unknowns built piece by piece: what stands before an unknown is built once for all of its values.

The list under `layers:` is cut at the items that hold unknowns. A piece depends on the values that stand in it, on the
shape that enters and on the names given so far (where it takes earlier layers by `from:`, on all their shapes; where it
repeats them by `share:`, on every value so far): with the same of these, it is not built again.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from operator import add
from typing import NamedTuple

from cnncalc.analysis.costs import Costs, costs
from cnncalc.errors import CnncalcError
from cnncalc.graph import Graph, Node
from cnncalc.language.builder import Builder
from cnncalc.language.faults import Faults
from cnncalc.language.finish import finish
from cnncalc.language.names import Body, Level
from cnncalc.language.reader import Node as YamlNode
from cnncalc.language.unknowns import UnknownFile, variable_name
from cnncalc.solve.pieces import Piece

__all__ = ["Ends", "MissedUnknownError", "Stages", "State"]

MOST_SIGNATURES = 20_000
"""Layers on input shapes that are remembered, so that a long search does not fill the memory."""
MOST_PIECES = 20_000


class MissedUnknownError(Exception):
    """A piece asks for an unknown that was not seen in it: the file must be built whole."""


class Kept(NamedTuple):
    """The names given so far."""

    tensors: dict[str, int]
    bodies: dict[str, Body]
    given: dict[str, YamlNode]
    outputs: dict[str, int]
    groups: dict[str, str]
    own: set[str]
    counts: dict[str, int]
    position: int
    built: int


class State(NamedTuple):
    """A net up to the end of a piece."""

    nodes: list[Node]
    current: int
    kept: Kept
    structure: int
    """Equal where all names, connections and counts are; shapes may differ."""
    sums: Costs
    """Of all layers, for one sample; shared parameters once."""
    layers: int


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
        for number in range(len(file.unknowns)):
            if number not in values:
                self.builder.variables.pop(variable_name(number), None)
        names = self.builder.names
        for name, shape in file.document.input_shapes(options.input, self.builder.variables).items():
            self.graph.inputs[name] = names.tensors[name] = len(self.graph.nodes)
            self.graph.nodes.append(Node(name, None, (), shape))
        self.faults.raise_any()
        self.level = Level(by_position=file.document.text("naming") == "index")
        self.layers, self.most = self.builder.layers, self.builder.nesting.most
        self._structures: dict[Hashable, int] = {}
        self._made: dict[Hashable, tuple[int, State] | CnncalcError] = {}
        self._known: dict[int, Costs] = {}
        self._ends: dict[tuple[int, int], Ends | CnncalcError] = {}
        self.start = State(list(self.graph.nodes), 0, self._kept(), 0, Costs(0, 0, 0, 0, 0), 0)

    def advance(self, number: int, state: State, values: Mapping[int, int]) -> State:
        """The net with one piece more; raises `CnncalcError` where the values make none."""
        piece = self.parts[number]
        own = tuple([values[one] for one in piece.unknowns])
        shapes = tuple([node.shape for node in state.nodes]) if piece.takes or piece.shares else ()
        every = tuple(values.items()) if piece.shares else ()
        key = (number, state.structure, state.current, state.nodes[state.current].shape, own, shapes, every)
        made = self._made.get(key)
        if made is None:
            if len(self._made) >= MOST_PIECES:
                self._made.clear()
            try:
                made = (len(state.nodes), self._built(piece, state, values))
            except CnncalcError as error:
                made = error
            self._made[key] = made
        if isinstance(made, CnncalcError):
            raise made
        known, after = made
        sums = Costs(*map(add, state.sums, after.sums))
        nodes = state.nodes + after.nodes[known:]
        return State(nodes, after.current, after.kept, after.structure, sums, len(nodes) - len(self.graph.inputs))

    def _built(self, piece: Piece, state: State, values: Mapping[int, int]) -> State:
        self._restore(state)
        builder = self.builder
        scope = builder.variables
        for number in range(len(self.file.unknowns)):
            if number in values:
                scope[variable_name(number)] = values[number]
            else:
                scope.pop(variable_name(number), None)
        try:
            current = builder.items(piece.items, state.current, dict(scope), self.level)
            self.faults.raise_any()
        except CnncalcError as error:
            if any("`unknown_" in fault.message for fault in error.faults):
                raise MissedUnknownError from None
            raise
        kept, nodes = self._kept(), list(self.graph.nodes)
        new = tuple([(node.name, node.inputs, node.share, node.trainable, node.train_only)
                     for node in nodes[len(state.nodes) :]])  # fmt: skip
        key = (
            state.structure,
            new,
            tuple(kept.tensors.items()),
            tuple(kept.outputs.items()),
            tuple(kept.counts.items()),
            kept.position,
        )
        structure = self._structures.setdefault(key, len(self._structures) + 1)
        added = [self._costs(node) for node in nodes[len(state.nodes) :]]
        sums = Costs(*map(sum, zip(*added))) if added else Costs(0, 0, 0, 0, 0)
        return State(nodes, current, kept, structure, sums, len(added))

    def _costs(self, node: Node) -> Costs:
        """Of one layer."""
        found = self._known.get(node.signature)
        if found is None:
            assert node.layer is not None
            found = self._known[node.signature] = costs(node.layer, self.graph.signatures[node.signature][1])
        return found if node.share is None else found._replace(weights=0, biases=0, buffers=0)

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
        names, graph, level = self.builder.names, self.graph, self.level
        own, blocks = set(graph.own_names), dict(graph.blocks)
        given = (dict(names.tensors), dict(names.bodies), dict(names.given))
        return Kept(
            *given, dict(graph.outputs), blocks, own, dict(level.counts), level.position, self.builder.nesting.built
        )

    def _restore(self, state: State) -> None:
        builder, graph, kept = self.builder, self.graph, state.kept
        graph.nodes[:] = state.nodes
        graph.outputs, graph.groups = dict(kept.outputs), {}
        graph.blocks, graph.own_names = dict(kept.groups), set(kept.own)
        names = builder.names
        names.tensors.clear()
        names.tensors.update(kept.tensors)
        names.bodies, names.given = dict(kept.bodies), dict(kept.given)
        self.level.counts, self.level.position = dict(kept.counts), kept.position
        builder.layers = self.layers
        builder.nesting.built, builder.nesting.depth, builder.nesting.most = kept.built, 0, self.most
        builder.placer.trainable, builder.placer.train_only = True, False
        builder.placer.shared.clear()
        self.faults.found.clear()
        self.faults.uses.clear()
        if len(graph.signatures) > MOST_SIGNATURES:
            graph.forget_signatures()
            self._known.clear()
            builder.placer.inferred.clear()
