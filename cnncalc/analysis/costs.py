"""Graph -> report: what each layer costs, and the totals.

What a layer costs is stated in the class of its kind, and what is made of it in the table of figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from cnncalc.analysis.counter import Costs, Counter, costs
from cnncalc.analysis.dtypes import Numbers, amp_of, numbers_of
from cnncalc.analysis.memory.elements import Elements
from cnncalc.analysis.memory.totals import Kept, Peak, kept_for_backward, peak
from cnncalc.analysis.receptive.fields import Fields, described, fields
from cnncalc.analysis.remarks.hints import hints
from cnncalc.answers.figures import KEYS, OF_LAYERS
from cnncalc.answers.report import Report, Row, Totals
from cnncalc.graph import Graph
from cnncalc.notation.lines import write
from cnncalc.records import NamedTuple

__all__ = ["Costs", "Counts", "Followed", "costs", "follow", "report"]


class Followed(NamedTuple):
    """What is not of one layer alone, but is followed through the whole graph."""

    numbers: Numbers
    elements: Sequence[int]
    """Bytes of an element of each node's tensor."""
    fields: dict[str, list[Fields]]
    """What every node's tensor sees of each input of the net, by its name."""
    kept: Sequence[Kept]
    peak: Peak


def follow(graph: Graph, batch: int = 1, dtype: str = "float32") -> Followed:
    """The receptive fields and the memory of a graph; raises `CnncalcError` for a type that is not known."""
    numbers = numbers_of(dtype)
    return Followed(
        numbers,
        Elements(graph, *numbers).of,
        {name: fields(graph, name) for name in graph.inputs},
        kept_for_backward(graph, batch, *numbers),
        peak(graph, batch, *numbers),
    )


class Counts(Counter):
    """The figures in whole numbers, for `batch` samples; `followed` is what `follow` says of the same."""

    def __init__(
        self,
        graph: Graph,
        batch: int = 1,
        dtype: str = "float32",
        optimizer: str = "sgd",
        followed: Followed | None = None,
    ) -> None:
        super().__init__(graph, batch, dtype, optimizer)
        self.followed = followed

    @cached_property
    def saved(self) -> dict[int, int]:
        """Bytes that autograd keeps, by the node that first meets them."""
        followed = self.followed
        found: dict[int, int] = {}
        for kept in followed.kept if followed else kept_for_backward(self.graph, self.images, *self.numbers):
            found[kept.node] = found.get(kept.node, 0) + kept.size
        return found

    @cached_property
    def peak(self) -> int:
        """The most bytes alive at once."""
        return (self.followed.peak if self.followed else peak(self.graph, self.images, *self.numbers)).size


def report(
    graph: Graph,
    batch: int = 1,
    dtype: str = "float32",
    optimizer: str = "sgd",
    followed: Followed | None = None,
) -> Report:
    """Every layer's row and the totals, for `batch` samples with elements of `dtype`; raises `CnncalcError`.

    `amp-float16` and `amp-bfloat16` stand for torch.autocast on CUDA, with parameters in float32.
    `followed` is what `follow` says of the same graph, batch and type, where somebody has it already.
    """
    known = follow(graph, batch, dtype) if followed is None else followed
    counter = Counts(graph, batch, dtype, optimizer, known)
    seen = described(known.fields)
    notations = [write(layer) for layer, _ in graph.signatures]
    inputs = [tuple([(batch, *shape) for shape in shapes]) for _, shapes in graph.signatures]
    figures = zip(*map(counter.each, OF_LAYERS))
    rows = [
        Row(
            node.name,
            layer.kind,
            notations[node.signature],
            tuple([graph.nodes[one].name for one in node.inputs]),
            inputs[node.signature],
            (batch, *node.shape),
            *numbers,
            line=node.origin.line if node.origin else 0,
            receptive_field=seen[index],
        )
        for (index, node, layer), numbers in zip(graph.layers(), figures)
    ]
    return Report(
        name=graph.name,
        source=graph.source,
        dialect=graph.dialect,
        file=graph.file,
        inputs={name: (batch, *graph.nodes[index].shape) for name, index in graph.inputs.items()},
        rows=tuple(rows),
        outputs={name: (batch, *graph.nodes[index].shape) for name, index in graph.outputs.items()},
        totals=Totals(*map(counter.__getitem__, KEYS)),
        hints=hints(graph, known.fields, batch),
        optimizer=optimizer,
        amp=amp_of(dtype),
    )
