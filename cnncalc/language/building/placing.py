"""Puts a layer that was read into the net, and notes what is wrong; behind a fault, what is still sure goes on."""

from __future__ import annotations

from collections.abc import Mapping as MappingType

from cnncalc.arithmetic.symbolic.bounds import NoClosedForm
from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import UNKNOWN, Level, Net, Node
from cnncalc.language.building.evaluation import Scope, Tensor
from cnncalc.language.building.items import Item
from cnncalc.language.building.lookup import Lookup
from cnncalc.language.faults import Faults
from cnncalc.language.yaml.reader import Mapping, Scalar, YamlNode
from cnncalc.layers import Layer, Shape, kind_named
from cnncalc.notation.lines import Parsed
from cnncalc.notation.vocabulary import Guess
from cnncalc.records import NamedTuple

__all__ = ["Around", "Placer"]


class Around(NamedTuple):
    """What the items around a layer say of it."""

    trainable: bool = True
    train_only: bool = False
    dtype: str = ""
    """The type of the innermost that has one."""


class Placer:
    """Adds layers to a net."""

    def __init__(self, net: Net, lookup: Lookup, faults: Faults) -> None:
        self.net, self.lookup, self.faults = net, lookup, faults
        self.around = Around()

    def enter(self, item: Item, scope: Scope, tensor: Tensor) -> Around:
        """Take in what an item says of all layers in it; returns what was said around it, to be put back."""
        outer, evaluator = self.around, self.lookup.evaluator
        if item.trainable is not None:
            trainable = evaluator.flag(item.trainable, scope, tensor) is True
            self.around = self.around._replace(trainable=outer.trainable and trainable)
        if item.dtype is not None:
            self.around = self.around._replace(dtype=evaluator.format(item.dtype, scope, tensor) or outer.dtype)
        return outer

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
        layer, net = parsed.layer, self.net
        name = net.names.next(layer.kind, own, level)
        if own is not None:
            net.names.own.add(name)
        elif level.by_position and not self.lookup.free(name, node):
            return UNKNOWN
        if UNKNOWN in tensors:
            return self._assumed(_outline(layer, vars(layer)), name, tensors)
        faults: list[Fault] = []
        try:
            placed = net.place(parsed, tensors, name, level, share, *self.around, node, faults)
        except CnncalcError as error:  # there may be no further layer
            for fault in error.faults:
                self.faults.note(fault)
            self.faults.raise_any()
            raise
        for fault in faults:
            self.faults.note(fault)
        if placed is not None:
            return placed.index
        shapes = [net.nodes[one].shape for one in tensors]
        return self._assumed(_outline(layer, vars(layer), *shapes), name, tensors)

    def unread(self, node: YamlNode, level: Level) -> Tensor:
        """Take the place of an item that could not be read: its name, or that of its kind, is no second fault."""
        entries = node.entries if isinstance(node, Mapping) else {}
        name = entries["name"][1] if "name" in entries else None
        own = name.text if isinstance(name, Scalar) and "$" not in name.text else None
        kind = next((found[0] for key in entries if (found := kind_named(key)) is not None), None)
        if own is None and kind is None:
            return UNKNOWN
        return self._guess(None if kind is None else Guess(kind, {}), own, (UNKNOWN,), level)

    def _guess(self, guess: Guess | None, own: str | None, tensors: tuple[Tensor, ...], level: Level) -> Tensor:
        """Take the place of a layer that could not be read, with what is sure of its output's shape."""
        net = self.net
        name = net.names.next(guess.cls.kind if guess else "layer", own, level)
        if name in net.names.tensors:
            return UNKNOWN
        shape = None
        if guess is not None:
            shapes = () if UNKNOWN in tensors else tuple(net.nodes[tensor].shape for tensor in tensors)
            shape = _outline(guess.cls, guess.given, *shapes)
        return self._assumed(shape, name, tensors)

    def _assumed(self, shape: Shape | None, name: str, tensors: tuple[Tensor, ...]) -> Tensor:
        """A tensor of which only so much is known; a fault has been noted, so that it never leaves the builder."""
        self.net.names.tensors[name] = UNKNOWN
        if shape is None:
            return UNKNOWN
        node = Node(name, None, tensors, shape, len(self.net.nodes))
        self.net.nodes.append(node)
        self.net.names.tensors[name] = node.index
        return node.index


def _outline(layer: Layer | type[Layer], given: MappingType[str, object], *shapes: Shape) -> Shape | None:
    """What is sure of a faulty layer's output; nothing where that branches on a symbol."""
    try:
        return layer.outline(given, *shapes)
    except NoClosedForm:
        return None
