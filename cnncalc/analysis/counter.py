"""The figures of a graph by the rules of the table, each computed when it is first asked for.

The rules are the same on whole numbers (`Numbers` in `costs`) and on closed forms (`symbolic`); the two only differ in
how they come by what a layer costs, what backward keeps, and the peak.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from cnncalc.analysis.dtypes import numbers_of
from cnncalc.analysis.memory.elements import Elements
from cnncalc.analysis.memory.totals import optimizer_states
from cnncalc.answers.figures import BY_KEY, OfLayer
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.graph import Graph, Node
from cnncalc.layers import Layer, Shape
from cnncalc.layers.base import count, is_bias
from cnncalc.layers.dialects import DIALECTS, Dialect
from cnncalc.records import NamedTuple

__all__ = ["Costs", "Counter", "costs", "of_layer"]


class Costs(NamedTuple):
    """What a layer costs for one sample, whoever owns its parameters."""

    weights: int
    biases: int
    buffers: int
    macs: int
    operations: int


def costs(layer: Layer, shapes: tuple[Shape, ...]) -> Costs:
    """The costs of a layer on inputs of these shapes."""
    parameters = layer.weight_shapes(*shapes)
    biases = sum(product(shape) for name, shape in parameters.items() if is_bias(name))
    return Costs(
        count(parameters) - biases,
        biases,
        count(layer.buffer_shapes(*shapes)),
        layer.macs(*shapes),
        layer.operations(*shapes),
    )


def of_layer(
    node: Node,
    layer: Layer,
    costs: Sequence[Any],
    images: Any,
    element_bytes: int,
    saved: Callable[[], Any],
    dialect: Dialect,
    training: bool,
) -> OfLayer:
    """What the rules of figures read of a layer."""
    weights, biases, buffers, macs, operations = costs
    owned = node.share is None
    if not owned:
        weights = biases = buffers = 0
    return OfLayer(
        weights,
        biases,
        buffers,
        macs,
        operations,
        images,
        product(node.shape),
        element_bytes,
        saved,
        node.trainable,
        not layer.reuses_input(training=training),
        layer.weighted and owned,
        dialect.buffers_are_parameters,
    )


class Counter:
    """A graph for `images` in a batch, with elements of `dtype`; raises `CnncalcError` for names that are not known."""

    def __init__(self, graph: Graph, images: Any, dtype: str, optimizer: str = "sgd") -> None:
        self.graph, self.images, self.numbers = graph, images, numbers_of(dtype)
        self.element_bytes = self.numbers.size
        self.optimizer_states = optimizer_states(optimizer)
        self._each: dict[str, list[Any]] = {}
        self._totals: dict[str, Any] = {}

    # -- what kinds of numbers differ in -------------------------------------------------------------------------------

    @cached_property
    def costs(self) -> Sequence[Sequence[Any]]:
        """What each signature of the graph costs."""
        return [costs(layer, shapes) for layer, shapes in self.graph.signatures]

    @cached_property
    def saved(self) -> Mapping[int, Any]:
        """For each node the bytes that autograd keeps and first meets there."""
        raise NotImplementedError

    @cached_property
    def peak(self) -> Any:
        """The most bytes alive at once in inference."""
        raise NotImplementedError

    # -- what follows --------------------------------------------------------------------------------------------------

    @cached_property
    def elements(self) -> Sequence[int]:
        """Bytes of an element of each node's tensor."""
        return Elements(self.graph, *self.numbers).of

    @property
    def input_elements(self) -> Any:
        """Numbers in all inputs, of one image."""
        return sum(product(self.graph.nodes[index].shape) for index in self.graph.inputs.values())

    @cached_property
    def layers(self) -> list[OfLayer]:
        """What the rules read of each layer, in execution order."""
        dialect, training = DIALECTS[self.graph.dialect], self.graph.train
        found = []
        for index, node, layer in self.graph.layers():
            apart = self.elements[index], partial(self.saved_at, index)
            found.append(of_layer(node, layer, self.costs[node.signature], self.images, *apart, dialect, training))
        return found

    def saved_at(self, index: int) -> Any:
        """The bytes that autograd keeps and first meets at a node."""
        return self.saved.get(index, 0)

    def each(self, key: str) -> list[Any]:
        """A figure of every layer."""
        if key not in self._each:
            rule = BY_KEY[key].layer
            assert rule is not None
            self._each[key] = [rule(one) for one in self.layers]
        return self._each[key]

    def sum(self, key: str) -> Any:
        """What the layers add up to."""
        return sum(self.each(key))

    def __getitem__(self, key: str) -> Any:
        """A figure of the whole net."""
        if key not in self._totals:
            rule = BY_KEY[key].total
            self._totals[key] = self.sum(key) if rule is None else rule(self)
        return self._totals[key]
