"""The figures of a net in whole numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from operator import mul
from typing import Any

from cnncalc.analysis.counter import Counter, OfOneError, rule_of
from cnncalc.analysis.dtypes import numbers_of
from cnncalc.analysis.memory.checkpoints import Checkpointed, checkpointed, recomputed
from cnncalc.analysis.memory.elements import sizes
from cnncalc.analysis.memory.gradients import gradients
from cnncalc.analysis.memory.totals import Kept, Peak, Wanted, all_wanted, peak
from cnncalc.analysis.receptive.fields import Fields, described, of_inputs
from cnncalc.answers.figures import KEYS
from cnncalc.answers.report import ReceptiveField
from cnncalc.graph import Costs, Net, Node
from cnncalc.layers import Layer
from cnncalc.layers.backward import Backward

__all__ = ["Counts", "Followed"]

COUNT, PLACES = len(KEYS), {key: place for place, key in enumerate(KEYS)}
"""Of the figures in the table."""


@lru_cache(maxsize=64)
def _circumstances(*_: object) -> object:
    """One object for all that figures of a layer depend on beside itself and its place, as batch and optimizer."""
    return object()


class Followed:
    """What is not of one layer alone, but is followed through the whole graph: each when it is first asked for."""

    def __init__(self, graph: Net, batch: int, dtype: str) -> None:
        """Raises `CnncalcError` for a type that is not known."""
        self.graph, self.batch, self.numbers = graph, batch, numbers_of(dtype)

    @cached_property
    def elements(self) -> Sequence[int]:
        """Bytes of an element of each node's tensor."""
        return sizes(self.graph, *self.numbers)

    @cached_property
    def fields(self) -> dict[str, list[Fields]]:
        """What every node's tensor sees of each input of the net, by its name."""
        return of_inputs(self.graph)

    @cached_property
    def wanted(self) -> list[Wanted | None]:
        """What the pass backward wants of each layer."""
        return all_wanted(self.graph)

    @cached_property
    def gradients(self) -> dict[int, Backward]:
        """The gradients that are wanted of each node that the pass backward reaches."""
        return gradients(self.graph, self.wanted)

    @cached_property
    def checkpointed(self) -> Checkpointed:
        """What autograd keeps, and the most of it at once."""
        return checkpointed(self.graph, self.batch, *self.numbers, self.wanted)

    @property
    def kept(self) -> Sequence[Kept]:
        """What autograd keeps after the pass forward."""
        return self.checkpointed.kept

    @cached_property
    def peak(self) -> Peak:
        """The most bytes alive at once in inference."""
        return peak(self.graph, self.batch, *self.numbers)


class Counts(Counter):
    """The figures in whole numbers, for `batch` samples; `followed` is told of the same."""

    def __init__(
        self,
        graph: Net,
        batch: int = 1,
        dtype: str = "float32",
        optimizer: str = "sgd",
        followed: Followed | None = None,
    ) -> None:
        super().__init__(graph, batch, dtype, optimizer)
        self.followed = Followed(graph, batch, dtype) if followed is None else followed

    @property
    def elements(self) -> Sequence[int]:
        """Bytes of an element of each node's tensor, worked out once for all that is asked of the net."""
        return self.followed.elements

    def figures(self, keys: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """These figures of every layer, one layer after the other."""
        return zip(*map(self.each, keys))

    @cached_property
    def costs(self) -> Sequence[Costs]:
        """What each signature of the graph costs."""
        return [met.costs for met in self.graph.signatures]

    def read(self, node: Node, layer: Layer) -> Sequence[int]:
        """Asked of its class once for all nets of a process, as its costs are."""
        return self.graph.signatures[node.signature].read

    @cached_property
    def _known(self) -> list[list[Any]]:
        """The figures of layers by number, in the order of the table, each None until it is asked for.

        They are kept with the layers on their shapes for all nets of a process, as their costs are.
        """
        graph, parted = self.graph, self.parted is not None
        again = bool(graph.plan.checkpoints)
        here = _circumstances(self.images, self.numbers, self.optimizer, graph.dialect, graph.train, again, parted)
        mets = graph.signatures
        return [
            mets[one].figures(here, COUNT) if isinstance(one, int) else mets[one[0]].figures((here, *one[1:]), COUNT)
            for _, one in self.alike[1]
        ]

    @cached_property
    def _columns(self) -> list[Sequence[Any]]:
        return [*zip(*self._known)]

    def of_alike(self, key: str) -> Sequence[Any] | None:
        place = PLACES[key]
        found = self._columns[place]
        if None not in found:
            return found
        rule, known = rule_of(key), self._known
        try:
            for number, value in enumerate(found):
                if value is None:
                    known[number][place] = rule(self.facts(number))
        except OfOneError:
            return None
        found = self._columns[place] = [one[place] for one in known]
        return found

    @cached_property
    def _sums(self) -> dict[str, int]:
        """What layers add up to of all figures that are known of each."""
        times = self.times
        columns = zip(KEYS, self._columns)
        return {key: sum(map(mul, times, values)) for key, values in columns if None not in values}

    def sum(self, key: str) -> Any:
        found = self._sums.get(key)
        return super().sum(key) if found is None else found

    @cached_property
    def saved(self) -> Mapping[int, int]:
        """Bytes that autograd keeps, by the node that first meets them."""
        found: dict[int, int] = {}
        for kept in self.followed.kept:
            found[kept.node] = found.get(kept.node, 0) + kept.size
        return found

    @cached_property
    def backward(self) -> Mapping[int, int]:
        """Multiply–accumulates of the pass backward by node, of one image."""
        nodes, mets = self.graph.nodes, self.graph.signatures
        return {
            index: mets[nodes[index].signature].backward_macs(one) for index, one in self.followed.gradients.items()
        }

    @cached_property
    def again(self) -> dict[int, int]:
        """Multiply–accumulates that are done again by node, of one image."""
        nodes, mets = self.graph.nodes, self.graph.signatures
        found = {}
        for index, whole in recomputed(self.graph).items():
            layer, shapes = mets[nodes[index].signature]
            found[index] = layer.macs(*shapes) - (0 if whole else layer.last_macs(*shapes))
        return found

    @property
    def most_kept(self) -> int:
        """The most bytes that autograd keeps at once."""
        return self.followed.checkpointed.most

    @cached_property
    def peak(self) -> int:
        """The most bytes alive at once."""
        return self.followed.peak.size

    @property
    def seen(self) -> Iterable[ReceptiveField]:
        """The receptive field of every node."""
        return described(self.followed.fields)

    def state(self, node: Node) -> int:
        """The optimizer's rule on each tensor."""
        rule, size = self.optimizer.state, self.element_bytes
        return sum([rule(shape, size) for shape in self.graph.signatures[node.signature].tensors])
