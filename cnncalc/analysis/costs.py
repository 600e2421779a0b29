"""Net -> report: what each layer costs, and the totals.

What a layer costs is stated in the class of its kind, and what is made of it in the table of figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import Any

from cnncalc.analysis.counter import Counter, OfOneError, rule_of
from cnncalc.analysis.dtypes import amp_of, numbers_of
from cnncalc.analysis.memory.checkpoints import Checkpointed, checkpointed, recomputed
from cnncalc.analysis.memory.elements import sizes
from cnncalc.analysis.memory.gradients import gradients
from cnncalc.analysis.memory.totals import Kept, Peak, Wanted, all_wanted, peak
from cnncalc.analysis.receptive.fields import Fields, described, of_inputs
from cnncalc.analysis.remarks.hints import hints
from cnncalc.answers.figures import FIGURES, KEYS, OF_LAYERS
from cnncalc.answers.reading import OfLayer
from cnncalc.answers.report import Report, Row, Totals
from cnncalc.graph import Costs, Met, Net, Node, costs
from cnncalc.layers import Layer
from cnncalc.layers.backward import Backward
from cnncalc.notation.lines import write

__all__ = ["Costs", "Counts", "Followed", "costs", "report"]

MANY, NEAR = 20_000, 4_096
"""Different layers of a net, from which on memory matters more than time; and so many of which what was read is kept,
since the next layers may be of them."""


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
    def saved(self) -> dict[int, int]:
        """Bytes that autograd keeps, by the node that first meets them."""
        found: dict[int, int] = {}
        for kept in self.followed.kept:
            found[kept.node] = found.get(kept.node, 0) + kept.size
        return found

    @cached_property
    def backward(self) -> dict[int, int]:
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

    def state(self, node: Node) -> int:
        """The optimizer's rule on each tensor."""
        rule, size = self.optimizer.state, self.element_bytes
        return sum([rule(shape, size) for shape in self.graph.signatures[node.signature].tensors])


class _CostsOf(Sequence[Costs]):
    """What each signature costs, asked of it when it is wanted."""

    def __init__(self, signatures: Sequence[Met]) -> None:
        self.signatures = signatures

    def __len__(self) -> int:
        return len(self.signatures)

    def __getitem__(self, at: Any) -> Any:
        return self.signatures[at].costs


class Many(Counts):
    """Those of a net of very many different layers: what was read of a layer would fill the memory, and is not kept."""

    @cached_property
    def costs(self) -> Sequence[Costs]:
        return _CostsOf(self.graph.signatures)

    @cached_property
    def saved(self) -> dict[int, int]:
        found = super().saved
        self._forget()
        return found

    @cached_property
    def backward(self) -> dict[int, int]:
        found = super().backward
        self._forget()
        return found

    def figures(self, keys: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        rules = [(key, rule_of(key)) for key in keys]
        near: dict[int, tuple[OfLayer, dict[str, Any]]] = {}
        one, signatures = self.own, self.graph.signatures
        for (index, node, _), number in zip(self.graph.layers(), self.alike[0]):
            if number not in near:
                if len(near) >= NEAR:
                    near.clear()
                near[number] = self.facts_of(index), {}
            facts, known = near[number]
            for key, rule in rules:
                if key not in known:
                    try:
                        known[key] = rule(facts)
                    except OfOneError:
                        continue
            one.node = index
            found = tuple([known[key] if key in known else rule(facts) for key, rule in rules])
            one.node = None
            signatures[node.signature].forget()
            yield found

    def each(self, key: str) -> list[Any]:
        return [value for (value,) in self.figures((key,))]

    def sum(self, key: str) -> Any:
        return self._sums[key] if key in self._sums else sum(value for (value,) in self.figures((key,)))

    @cached_property
    def _sums(self) -> dict[str, Any]:
        """Of all figures of which nothing is a layer's own, in one walk."""
        rules = {one.key: one.layer for one in FIGURES if one.layer is not None and one.total is None}
        sums = dict.fromkeys(rules, 0)
        for times, (index, _) in zip(self.times, self.alike[1]):
            facts = self.facts_of(index)
            for key in [*sums]:
                try:
                    sums[key] += times * rules[key](facts)
                except OfOneError:
                    del sums[key]
            self.graph.signatures[self.graph.nodes[index].signature].forget()
        return sums

    def _forget(self) -> None:
        for met in self.graph.signatures:
            met.forget()


def report(
    graph: Net,
    batch: int = 1,
    dtype: str = "float32",
    optimizer: str = "sgd",
    followed: Followed | None = None,
) -> Report:
    """Every layer's row and the totals, for `batch` samples with elements of `dtype`; raises `CnncalcError`.

    `amp-float16` and `amp-bfloat16` stand for torch.autocast on CUDA, with parameters in float32. Rows, totals and
    hints are computed when they are first asked for, of the graph as it stands now. `followed` is of the same graph,
    batch and type, where somebody has it already.
    """
    graph = graph.standing()
    counter = _counts(graph, batch, dtype, optimizer, followed or Followed(graph, batch, dtype))
    return Report(
        name=graph.name,
        source=graph.source,
        dialect=graph.dialect,
        file=graph.file,
        inputs={name: (batch, *graph.nodes[index].shape) for name, index in graph.inputs.items()},
        rows=lambda: _rows(graph, counter),
        outputs=lambda: {name: (batch, *graph.nodes[index].shape) for name, index in graph.outputs.items()},
        totals=lambda: Totals(*map(counter.__getitem__, KEYS)),
        hints=lambda: hints(graph, counter.followed, batch),
        optimizer=optimizer,
        amp=amp_of(dtype),
        checkpoints=tuple([one.name for one in graph.plan.checkpoints]),
        sharding=graph.plan.sharding,
        accumulate=graph.plan.accumulate,
        types={graph.nodes[index].name: stored for index, stored in graph.plan.types.items()},
    )


def _counts(graph: Net, batch: int, dtype: str, optimizer: str, followed: Followed) -> Counts:
    """The counts of a net, which forget what they read where there are very many different layers."""
    if len(graph.signatures) < MANY:
        return Counts(graph, batch, dtype, optimizer, followed)
    return Many(graph, batch, dtype, optimizer, followed)


def _rows(graph: Net, counter: Counts) -> Iterator[Row]:
    """Every layer in execution order, each when it is asked for."""
    batch, nodes, origins, signatures = counter.images, graph.nodes, graph.origins, graph.signatures
    seen = described(counter.followed.fields)
    notation = lru_cache(NEAR)(lambda number: write(signatures[number][0]))
    inputs = lru_cache(NEAR)(lambda number: tuple([(batch, *shape) for shape in signatures[number][1]]))
    for (index, node, layer), numbers in zip(graph.layers(), counter.figures(OF_LAYERS)):
        yield Row(
            node.name,
            layer.kind,
            notation(node.signature),
            tuple([nodes[one].name for one in node.inputs]),
            inputs(node.signature),
            (batch, *node.shape),
            *numbers,
            line=node.origin.line if node.origin else 0,
            receptive_field=seen[index],
            origin=origins.get(node.name, ""),
        )
