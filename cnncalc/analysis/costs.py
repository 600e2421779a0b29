"""Net -> report: what each layer costs, and the totals.

What a layer costs is stated in the class of its kind, and what is made of it in the table of figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

from cnncalc.analysis.counter import Counter
from cnncalc.analysis.dtypes import amp_of, numbers_of
from cnncalc.analysis.memory.checkpoints import Checkpointed, checkpointed, recomputed
from cnncalc.analysis.memory.elements import sizes
from cnncalc.analysis.memory.gradients import gradients
from cnncalc.analysis.memory.totals import Kept, Peak, Wanted, all_wanted, peak
from cnncalc.analysis.receptive.fields import Fields, described, of_inputs
from cnncalc.analysis.remarks.hints import hints
from cnncalc.answers.figures import KEYS, OF_LAYERS
from cnncalc.answers.report import ReceptiveField, Report, Row, Totals
from cnncalc.graph import Costs, Net, Node, costs
from cnncalc.layers import Layer
from cnncalc.layers.backward import Backward
from cnncalc.notation.lines import write

__all__ = ["Costs", "Counts", "Followed", "costs", "report"]

MANY, NEAR = 20_000, 4_096
"""Different layers of a net, from which on memory matters more than time; and so many of which a text is kept, since
the next layers may be of them."""
KINDS = 65_536
"""Of so many layers, wherever they stand, the text is kept."""


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
        return dict(gradients(self.graph, self.wanted))

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
    from cnncalc.analysis.many import Many  # few nets are so large

    return Many(graph, batch, dtype, optimizer, followed)


def _rows(graph: Net, counter: Counts) -> Iterator[Row]:
    """Every layer in execution order, each when it is asked for."""
    batch, nodes, origins, signatures = counter.images, graph.nodes, graph.origins, graph.signatures
    text = lru_cache(KINDS)(write)
    notation = lru_cache(NEAR)(lambda number: text(signatures[number][0]))
    inputs = lru_cache(NEAR)(lambda number: tuple([(batch, *shape) for shape in signatures[number][1]]))
    figures = iter(counter.figures(OF_LAYERS))
    for node, seen in zip(nodes, counter.seen):
        if node.layer is None:
            continue
        yield Row(
            node.name,
            node.layer.kind,
            notation(node.signature),
            tuple([nodes[one].name for one in node.inputs]),
            inputs(node.signature),
            (batch, *node.shape),
            *next(figures),
            line=node.origin.line if node.origin else 0,
            receptive_field=seen,
            origin=origins.get(node.name, ""),
        )
