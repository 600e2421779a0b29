"""What a rule sees of a net, and how it says what is to stand in place of what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from cnncalc.answers.rewriting import SAME
from cnncalc.graph import Net, Node
from cnncalc.layers import Layer, Shape
from cnncalc.layers.base import Elementwise
from cnncalc.layers.kinds import norm, regularize
from cnncalc.layers.reparametrised import Reparametrised
from cnncalc.records import NamedTuple

__all__ = ["Edit", "Edits", "View", "changed", "new"]

L = TypeVar("L", bound=Layer)


class Edit(NamedTuple):
    """What stands in place of a layer: layers one after another; without any, its input goes on in its place."""

    layers: tuple[Layer, ...] = ()
    takes: int | None = None
    """The tensor that they take, where it is not that which the layer took."""
    how: str = SAME
    """How one of them comes by its parameters, see `cnncalc.answers.rewriting`."""
    main: int = -1
    """Which of them that is."""
    of: tuple[tuple[int, ...], ...] = ()
    """Of which layers' parameters these are made; empty for the layer's own."""


class Edits:
    """All that a rule changes: `made` by the layer that is replaced, and `dropped`, which go with them."""

    __slots__ = ("dropped", "made")

    def __init__(self) -> None:
        self.made: dict[int, Edit] = {}
        self.dropped: set[int] = set()

    def replace(self, index: int, *layers: Layer, **more: Any) -> None:
        """Put layers in place of one."""
        self.made[index] = Edit(layers, **more)

    def remove(self, *indices: int) -> None:
        """Take layers out; what took their output takes their input."""
        self.made.update(dict.fromkeys(indices, Edit()))

    def touches(self, *indices: int) -> bool:
        """Whether any of these layers is changed already."""
        return any(index in self.made or index in self.dropped for index in indices)


class View:
    """A net as the rules see it: `chosen` are the layers that they may change, all unless the user named some."""

    __slots__ = ("chosen", "ends", "graph", "passed", "shared", "users")

    def __init__(self, graph: Net, chosen: set[int]) -> None:
        self.graph, self.chosen = graph, chosen
        self.users: list[list[int]] = [[] for _ in graph.nodes]
        """The layers that take each tensor, once for each time that they take it."""
        self.shared: set[int] = set()
        """The layers that lend or borrow parameters."""
        for index, node, _ in graph.layers():
            for one in node.inputs:
                self.users[one].append(index)
            if node.share is not None:
                self.shared.update((index, node.share))
        self.ends = {*graph.outputs.values(), *graph.idle}
        self.passed: dict[str, list[str]] = {}
        """Layers that a rule looked at and left as they are, by the reason."""

    def node(self, index: int) -> Node:
        """A node of the net."""
        return self.graph.nodes[index]

    def layer(self, index: int) -> Layer | None:
        """The layer of a node; None for an input."""
        return self.graph.nodes[index].layer

    def shape(self, index: int) -> Shape:
        """The shape of a tensor."""
        return self.graph.nodes[index].shape

    def entering(self, index: int) -> Shape:
        """The shape of the first tensor that a layer takes."""
        return self.shape(self.node(index).inputs[0])

    def layers_of(self, *kinds: type[L]) -> Iterator[tuple[int, L]]:
        """The chosen layers of some kinds, in order."""
        for index, _, layer in self.graph.layers():
            if index in self.chosen and isinstance(layer, kinds):
                yield index, layer

    def leave(self, why: str, index: int) -> None:
        """Note that a layer is left as it is."""
        self.passed.setdefault(why, []).append(self.node(index).name)

    def after(self, index: int) -> int | None:
        """The layer that alone takes a tensor; None where several do, or none, or the tensor is an output."""
        users = self.users[index]
        return users[0] if len(users) == 1 and index not in self.ends else None

    def before(self, index: int) -> int | None:
        """The tensor that a layer takes, where it alone takes it."""
        source = self.node(index).inputs[0]
        return source if self.after(source) == index else None

    def own(self, index: int) -> bool:
        """Whether a layer has plain parameters of its own; the reason is noted where it has not."""
        layer = self.layer(index)
        if index in self.shared:
            self.leave("parameters are shared with another layer", index)
            return False
        if isinstance(layer, Reparametrised) and layer.norm is not None:
            self.leave("the weight is normalised in each call", index)
            return False
        return True

    def behind(self, index: int) -> list[Layer]:
        """The norm and the activation that follow a layer and nothing else: what goes between parts of it as well."""
        found: list[Layer] = []
        after = self.after(index)
        while after is not None and len(found) < 2:
            layer = self.layer(after)
            norms = (norm.BatchNorm, norm.GroupNorm, norm.InstanceNorm)
            if not isinstance(layer, (Elementwise, *norms)) or isinstance(layer, regularize.Dropout):
                break
            if isinstance(layer, norms) and found:
                break
            found.append(layer)
            if not isinstance(layer, norms):
                break
            after = self.after(after)
        return found


def changed(layer: L, **fields: object) -> L:
    """The layer with other values of some fields."""
    values: Mapping[str, object] = {name: getattr(layer, name) for name in layer.fields}
    return type(layer)(**{**values, **fields})


def new(kind: type[L], **fields: object) -> L:
    """A layer of a kind, in whose fields values are read as a person may write them."""
    return kind(**fields)
