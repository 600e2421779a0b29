"""The figures of a graph by the rules of the table, each computed when it is first asked for.

The rules are the same on whole numbers (`Numbers` in `costs`) and on closed forms (`symbolic`); the two only differ in
how they come by what a layer costs, what backward keeps, and the peak.
"""

from __future__ import annotations

from collections import Counter as Times
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from operator import mul
from typing import Any, TypeAlias

from cnncalc.analysis.dtypes import numbers_of
from cnncalc.analysis.facts import of_layer
from cnncalc.analysis.formats import check_types, parameter_bytes, parts_of_nodes
from cnncalc.analysis.memory.elements import sizes
from cnncalc.analysis.memory.layouts import laid_out
from cnncalc.analysis.memory.optimizers import optimizer_named
from cnncalc.analysis.memory.sharding import ALONE, SHARDINGS, Held, check_sharding
from cnncalc.analysis.pruning import NOTHING, Zeros, check_sparsity, zeros_of
from cnncalc.answers.figures import BY_KEY, OfLayer
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.graph import Net, Node
from cnncalc.layers import Layer
from cnncalc.layers.dialects import DIALECTS

__all__ = ["Alike", "Counter", "OfOneError", "rule_of"]

Alike: TypeAlias = "int | tuple[int, tuple[object, ...], str | None, str | None]"
"""A signature; and where that does not say all, what else, the format that its layer is stored in and its zeros."""


def rule_of(key: str) -> Callable[[OfLayer], Any]:
    """The rule of a figure that each layer has."""
    rule = BY_KEY[key].layer
    assert rule is not None
    return rule


class OfOneError(Exception):
    """A rule asks for what is not the same of all layers that are alike."""


class _One:
    """What is told of each layer alone, of one after the other; asked for many at once it fails."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.node: int | None = None

    def saved(self) -> Any:
        """The bytes that autograd keeps."""
        if self.node is None:
            raise OfOneError
        return self.counter.saved.get(self.node, 0)

    def backward(self) -> Any:
        """The multiply–accumulates of the pass backward."""
        if self.node is None:
            raise OfOneError
        return self.counter.backward.get(self.node, 0)

    def again(self) -> Any:
        """Those that are done again in it."""
        if not self.counter.graph.plan.checkpoints:
            return 0
        if self.node is None:
            raise OfOneError
        return self.counter.again.get(self.node, 0)


class Counter:
    """A graph for `images` in a batch, with elements of `dtype`; raises `CnncalcError` for names that are not known."""

    def __init__(self, graph: Net, images: Any, dtype: str, optimizer: str = "sgd") -> None:
        self.graph, self.images, self.numbers = graph, images, numbers_of(dtype)
        check_types(graph, self.numbers.half, self.numbers.parts)
        check_sparsity(graph)
        check_sharding(*graph.plan.sharding)
        self.element_bytes, self.parts, self.accumulate = self.numbers.size, self.numbers.parts, graph.plan.accumulate
        self.optimizer = optimizer_named(optimizer)
        self.own = _One(self)
        self._facts: dict[int, OfLayer] = {}
        self._each: dict[str, list[Any]] = {}
        self._totals: dict[str, Any] = {}

    # -- what kinds of numbers differ in -------------------------------------------------------------------------------

    @cached_property
    def costs(self) -> Sequence[Sequence[Any]]:
        """What each signature of the graph costs."""
        raise NotImplementedError

    @cached_property
    def saved(self) -> Mapping[int, Any]:
        """For each node the bytes that autograd keeps and first meets there."""
        raise NotImplementedError

    @cached_property
    def backward(self) -> Mapping[int, Any]:
        """For each node that the pass backward reaches its multiply–accumulates there, of one image."""
        raise NotImplementedError

    @cached_property
    def again(self) -> Mapping[int, Any]:
        """For each node that runs again in the pass backward the multiply–accumulates there, of one image."""
        raise NotImplementedError

    @cached_property
    def most_kept(self) -> Any:
        """The most bytes that autograd keeps at once in the pass backward."""
        raise NotImplementedError

    @cached_property
    def peak(self) -> Any:
        """The most bytes alive at once in inference."""
        raise NotImplementedError

    def state(self, node: Node) -> Any:
        """The bytes that the optimizer keeps for a layer's parameters, if they are trained."""
        raise NotImplementedError

    def read(self, node: Node, layer: Layer) -> Sequence[Any]:
        """How many elements a layer reads of each of its inputs, of one image, if it moves any."""
        return layer.read(*self.graph.input_shapes(node))

    @property
    def held(self) -> Held:
        """Bytes of parameters, gradients and state that each rank holds, where several train together."""
        name, ranks = self.graph.plan.sharding
        owned = [node for _, node, _ in self.graph.layers() if node.share is None]
        tensors = [(shape, node.trainable) for node in owned for shape in self.graph.signatures[node.signature].tensors]
        return SHARDINGS.get(name, ALONE).held(tensors, ranks, self.element_bytes, self.optimizer.state)

    @property
    def rank_bytes(self) -> Any:
        """Bytes that each rank holds."""
        if not self.graph.plan.sharding[0]:
            return self["train_bytes"]
        return sum(self.held) + self["buffer_bytes"] + self["backward_bytes"]

    def weight_bytes(self, node: Node, layer: Layer, stored: str) -> Any:
        """What a layer's parameters take in a format of their own."""
        return parameter_bytes(layer, self.graph.input_shapes(node), stored, self.element_bytes)

    def zeros(self, node: Node, layer: Layer, share: str, stored: str | None) -> Zeros:
        """The zeros among a layer's weights."""
        return zeros_of(layer, self.graph.input_shapes(node), share, stored, self.element_bytes)

    # -- what follows --------------------------------------------------------------------------------------------------

    @cached_property
    def elements(self) -> Sequence[int]:
        """Bytes of an element of each node's tensor."""
        return sizes(self.graph, *self.numbers)

    @cached_property
    def made_of(self) -> Sequence[int]:
        """Real numbers in a number of each node's tensor."""
        return parts_of_nodes(self.graph, self.parts)

    @property
    def input_elements(self) -> Any:
        """Numbers in all inputs, of one image."""
        return sum(product(self.graph.nodes[index].shape) for index in self.graph.inputs.values())

    @cached_property
    def parted(self) -> Sequence[int] | None:
        """Whose storage each node's output is, where tensors are parts of others."""
        parts = any(met.part_along is not None for met in self.graph.signatures)
        return laid_out(self.graph, training=self.graph.train).owner if parts else None

    def keys(self) -> Iterator[tuple[int, Alike]]:
        """Every layer's node, with what is the same of those that are alike."""
        elements, types, sparse, owner = self.elements, self.graph.plan.types, self.graph.plan.sparsity, self.parted
        mixed = self.numbers.half or types or sparse
        for index, node in enumerate(self.graph.nodes):
            if node.layer is None:
                continue
            lent = owner is not None and owner[index] != index
            if mixed or lent or not node.trainable or node.share is not None:
                taken = tuple([elements[each] for each in node.inputs])
                kind = node.share is None, node.trainable, lent, elements[index], taken, self.made_of[index]
                yield index, (node.signature, kind, types.get(index), sparse.get(index))
            else:
                yield index, node.signature

    @cached_property
    def alike(self) -> tuple[list[int], list[tuple[int, Alike]]]:
        """A number for each layer, the same for those alike; of each number the first node, and what is alike."""
        known: dict[Alike, int] = {}
        numbers, found = list[int](), list[tuple[int, Alike]]()
        for index, key in self.keys():
            number = known.get(key)
            if number is None:
                number = known[key] = len(found)
                found.append((index, key))
            numbers.append(number)
        return numbers, found

    def facts_of(self, index: int) -> OfLayer:
        """What the rules read of a layer, but for what is its own."""
        node, elements, plan, one = self.graph.nodes[index], self.elements, self.graph.plan, self.own
        layer, stored, share = node.layer, plan.types.get(index), plan.sparsity.get(index)
        assert layer is not None
        owns = None if self.parted is None else self.parted[index] == index
        zeros = NOTHING if share is None else self.zeros(node, layer, share, stored)
        own_bytes = zeros.bytes
        if own_bytes is None and stored is not None:
            own_bytes = self.weight_bytes(node, layer, stored)
        apart = self.images, elements[index], one.saved, one.backward, one.again, partial(self.state, node)
        sizes_ = partial(self._read_bytes, node, layer), self.element_bytes, owns, own_bytes, zeros
        parts = self.made_of[index], self.parts
        cost, dialect = self.costs[node.signature], DIALECTS[self.graph.dialect]
        return of_layer(node, layer, cost, *apart, dialect, self.graph.train, *sizes_, *parts)

    def facts(self, number: int) -> OfLayer:
        """What the rules read of all layers of a number."""
        found = self._facts.get(number)
        if found is None:
            found = self._facts[number] = self.facts_of(self.alike[1][number][0])
        return found

    def _read_bytes(self, node: Node, layer: Layer) -> Any:
        return sum([count * self.elements[each] for count, each in zip(self.read(node, layer), node.inputs)])

    @cached_property
    def times(self) -> list[int]:
        """How many layers there are of each that are alike, in the order of their numbers."""
        return [*Times(self.alike[0]).values()]

    def of_alike(self, key: str) -> Sequence[Any] | None:
        """A figure of what is alike, each computed once; None where what is a layer's own is a part of it."""
        rule = rule_of(key)
        try:
            return [rule(self.facts(number)) for number in range(len(self.alike[1]))]
        except OfOneError:
            return None

    def each(self, key: str) -> list[Any]:
        """A figure of every layer."""
        if key not in self._each:
            values = self.of_alike(key)
            if values is None:
                self._each[key] = self._apart(key)
            else:
                self._each[key] = [values[number] for number in self.alike[0]]
        return self._each[key]

    def _apart(self, key: str) -> list[Any]:
        """A figure of every layer, of which what is its own is a part."""
        rule, one = rule_of(key), self.own
        values: list[Any] = []
        for (index, _, _), number in zip(self.graph.layers(), self.alike[0]):
            one.node = index
            values.append(rule(self.facts(number)))
        one.node = None
        return values

    @staticmethod
    def total(numbers: Iterable[Any]) -> Any:
        """What numbers add up to."""
        return sum(numbers)

    def sum(self, key: str) -> Any:
        """What the layers add up to: those that are alike are computed once, and taken as often as they are there."""
        values = self.of_alike(key)
        if values is None:
            return self.total(self.each(key))
        return self.total(map(mul, self.times, values))

    def __getitem__(self, key: str) -> Any:
        """A figure of the whole net."""
        found = self._totals.get(key)
        if found is None:
            rule = BY_KEY[key].total
            found = self._totals[key] = self.sum(key) if rule is None else rule(self)
        return found
