"""Puts a layer that was read into the graph: its name, its shape, and whose parameters it uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc.arithmetic.symbolic.tables import IN_NUMBERS, NoClosedForm
from cnncalc.arithmetic.windows.formulas import every
from cnncalc.graph import Graph, Node, broken_requirement, undecided
from cnncalc.language.building.names import UNKNOWN, Level, Names, Tensor
from cnncalc.language.building.way_out import channels_last, larger_input
from cnncalc.language.faults import Faults
from cnncalc.language.yaml.reader import Node as YamlNode
from cnncalc.layers import Layer, Requirement, Shape, show_shape
from cnncalc.limits import Limits
from cnncalc.notation.lines import Parsed
from cnncalc.notation.vocabulary import Guess

__all__ = ["Placer"]


class Placer:
    """Adds nodes to a graph. What the groups around a layer say of it (frozen, shared) stands in attributes."""

    def __init__(self, graph: Graph, names: Names, limits: Limits, faults: Faults) -> None:
        self.graph, self.names, self.limits, self.faults = graph, names, limits, faults
        self.trainable = True
        self.train_only = False
        self.shared: list[tuple[str, str]] = []
        """The groups around that share another's parameters, as (prefix of its names, prefix of the other's)."""
        self.inferred: dict[int, Shape | Requirement] = {}
        """What each signature gives: its output shape, or the first rule that it breaks."""

    def place(
        self,
        parsed: Parsed | Guess | None,
        own: str | None,
        tensors: tuple[Tensor, ...],
        node: YamlNode,
        level: Level,
        share: Tensor | None = None,
    ) -> Tensor:
        """Add a layer, or what is sure of a misread one; `UNKNOWN` where its inputs are, or its rules are broken."""
        if not isinstance(parsed, Parsed):
            return self._guess(parsed, own, tensors, level)
        layer, names = parsed.layer, self.names
        name = level.name(layer.kind, own, names.tensors)
        if own is not None:
            self.graph.own_names.add(name)
        if level.by_position and own is None and not names.free(name, node):
            return UNKNOWN
        names.tensors[name] = UNKNOWN
        nodes = self.graph.nodes
        if UNKNOWN in tensors:
            return self._assumed(_outline(layer, vars(layer)), name, tensors)
        shapes = tuple([nodes[tensor].shape for tensor in tensors])
        signature = self.graph.sign(layer, shapes)
        shape = self._shape(parsed, tensors, shapes, signature, node, name)
        if shape is None:
            return self._assumed(_outline(layer, vars(layer), *shapes), name, tensors)
        owner = self._owner(share, name)
        if owner is not None and not self._fits(owner, layer, shapes, name, node):
            owner = None
        if len(nodes) >= self.limits.layers + len(self.graph.inputs):
            message = f"the net has more than {self.limits.layers:,} layers, the bound `layers`"
            self.faults.add(message, node, layer=name, help=self.limits.way_out("layers"))
            self.faults.raise_any()
        index = names.tensors[name] = len(nodes)
        placed = Node(
            name, layer, tensors, shape, signature=signature, trainable=self.trainable, share=owner, origin=node
        )
        placed.train_only = self.train_only
        nodes.append(placed)
        return index

    def _guess(self, guess: Guess | None, own: str | None, tensors: tuple[Tensor, ...], level: Level) -> Tensor:
        """Take the place of a layer that could not be read, with what is sure of its output's shape."""
        name = level.name(guess.cls.kind if guess else "layer", own, self.names.tensors)
        if name in self.names.tensors:
            return UNKNOWN
        self.names.tensors[name] = UNKNOWN
        if guess is None:
            return UNKNOWN
        shapes = () if UNKNOWN in tensors else tuple(self.graph.nodes[tensor].shape for tensor in tensors)
        return self._assumed(_outline(guess.cls, guess.given, *shapes), name, tensors)

    def _assumed(self, shape: Shape | None, name: str, tensors: tuple[Tensor, ...]) -> Tensor:
        """A tensor of which only so much is known; a fault has been noted, so that it never leaves the builder."""
        if shape is None:
            return UNKNOWN
        index = self.names.tensors[name] = len(self.graph.nodes)
        self.graph.nodes.append(Node(name, None, tensors, shape))
        return index

    def _shape(
        self,
        parsed: Parsed,
        tensors: tuple[Tensor, ...],
        shapes: tuple[Shape, ...],
        signature: int,
        node: YamlNode,
        name: str,
    ) -> Shape | None:
        """The output shape; None, and a fault, where a rule is broken."""
        layer = parsed.layer
        result = self.inferred.get(signature)
        if result is None:
            try:
                result = self._inferred(layer, shapes, signature)
            except NoClosedForm as problem:
                message = "this layer has no closed form"
                self.faults.add(message, node, layer=name, values=str(problem), help=IN_NUMBERS)
                return None
        if isinstance(result, Requirement):
            help = self._way_out(result, layer, tensors)
            values = result.values
            if len(tensors) > 1 and values:
                values += f" (from {', '.join(self.graph.nodes[tensor].name for tensor in tensors[:8])})"
            self.faults.add(result.rule, node, layer=name, values=values, help=help)
            return None
        axes = len(shapes[0]) - 1
        if parsed.rank is not None and parsed.rank != axes:
            message = f"this layer is for {parsed.rank} spatial {'axis' if parsed.rank == 1 else 'axes'}"
            help = f"write `{layer.kind}`, which fits any number of axes"
            found = f"the input {show_shape(shapes[0])} has {axes}"
            self.faults.add(message, node, layer=name, values=found, help=help)
        if parsed.channels is not None and not self._asserted(parsed.channels, layer, shapes, signature):
            found = f"`in={parsed.channels}` is asserted, but {layer.entering(*shapes)} come in"
            help = "correct the assertion, or the layers before"
            self.faults.add("the input channels are not those asserted", node, layer=name, values=found, help=help)
        return result

    def _way_out(self, broken: Requirement, layer: Layer, tensors: tuple[Tensor, ...]) -> str:
        """What to try where a rule is broken. A help may go by the lengths, which symbols leave open."""
        try:
            help = broken.help if isinstance(broken.help, str) else broken.help()
            if not broken.larger:
                return help
            larger = larger_input(self.graph, layer, tensors)
            return channels_last(self.graph) or f"use {larger}, {help.removeprefix('use ')}"
        except NoClosedForm:
            return f"{IN_NUMBERS}: then what would fit can be said"

    def _inferred(self, layer: Layer, shapes: tuple[Shape, ...], signature: int) -> Shape | Requirement:
        """The output shape, or the first rule that is broken; conditions on symbolic lengths are kept."""
        conditions: list[Requirement] = []
        broken = broken_requirement(layer, shapes, conditions)
        if conditions:
            self.graph.conditions[signature] = conditions
        result = layer.output_shape(*shapes) if broken is None else broken
        if not isinstance(result, Requirement):
            result = self._bounded(result)
        self.inferred[signature] = result
        return result

    def _bounded(self, shape: Shape) -> Shape | Requirement:
        """The shape, or the bound that it breaks: layers that enlarge could make numbers that nothing can print."""
        for n in shape:
            if type(n) is int and n > self.limits.number:
                message = f"a length is larger than {self.limits.number:,}, the bound `number`"
                found = f"the output has {n:.3e} along an axis"
                return Requirement(False, message, found, self.limits.way_out("number"))
        return shape

    def _asserted(self, channels: int, layer: Layer, shapes: tuple[Shape, ...], signature: int) -> bool:
        """Whether as many channels come in as `in=` says; on symbolic lengths a condition that is kept."""
        entering = layer.entering(*shapes)
        same = entering == channels
        if undecided(same):
            asserted = Requirement(
                same, "the input channels are not those asserted", f"in={channels}, {entering} come in"
            )
            self.graph.conditions.setdefault(signature, []).append(asserted)
            return True
        return bool(same)

    def _owner(self, share: Tensor | None, name: str) -> Tensor | None:
        """The node whose parameters a new one uses: that of its own `share`, or of a group around it."""
        if share is None and self.shared:
            new, old = self.shared[-1]
            share = self.names.tensors.get(old + name[len(new) :])
        if share is None or share == UNKNOWN:
            return None
        root = self.graph.nodes[share].share
        return share if root is None else root

    def _fits(self, owner: Tensor, layer: Layer, shapes: tuple[Shape, ...], name: str, node: YamlNode) -> bool:
        """Whether a layer can use another's parameters: all its tensors must have their shapes."""
        other = self.graph.nodes[owner]
        ours = {**layer.weight_shapes(*shapes), **layer.buffer_shapes(*shapes)}
        theirs: dict[str, Shape] = {}
        if other.layer:
            entering = self.graph.input_shapes(other)
            theirs = {**other.layer.weight_shapes(*entering), **other.layer.buffer_shapes(*entering)}
        same = _agree(ours, theirs)
        if undecided(same):
            rule = f"the parameters of `{other.name}` do not fit"
            shared = Requirement(same, rule, f"{_listed(ours)} here, {_listed(theirs)} there")
            self.graph.conditions.setdefault(self.graph.sign(layer, shapes), []).append(shared)
            return True
        if same:
            return True
        found = f"{_listed(ours)} here; {_listed(theirs)} in `{other.name}`"
        help = "layers that share parameters need the same channels and kernel"
        self.faults.add(f"the parameters of `{other.name}` do not fit", node, layer=name, values=found, help=help)
        return False


def _outline(layer: Layer | type[Layer], given: Mapping[str, object], *shapes: Shape) -> Shape | None:
    """What is sure of a faulty layer's output; nothing where that branches on a symbol."""
    try:
        return layer.outline(given, *shapes)
    except NoClosedForm:
        return None


def _agree(ours: dict[str, Shape], theirs: dict[str, Shape]) -> Any:
    """Whether all tensors have the same shapes; on symbolic lengths a condition."""
    if list(ours) != list(theirs) or any(len(ours[name]) != len(theirs[name]) for name in ours):
        return False
    return every(*(one == other for name in ours for one, other in zip(ours[name], theirs[name])))


def _listed(weights: dict[str, Shape]) -> str:
    return ", ".join(f"{name} {show_shape(shape)}" for name, shape in weights.items()) or "none"
