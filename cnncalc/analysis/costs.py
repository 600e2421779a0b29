"""Net -> report: what each layer costs, and the totals.

What a layer costs is stated in the class of its kind, and what is made of it in the table of figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from cnncalc.analysis.counts import Counts, Followed
from cnncalc.analysis.dtypes import amp_of
from cnncalc.analysis.remarks.hints import hints
from cnncalc.answers.figures import KEYS, OF_LAYERS
from cnncalc.answers.report import Report, Row, Totals
from cnncalc.graph import Costs, Net, costs
from cnncalc.notation.lines import write

__all__ = ["Costs", "Counts", "Followed", "costs", "report"]

MANY = 20_000
"""Layers of a net, from which on memory matters too; where they are all different, more than time."""
NEAR = 4_096
"""Rows one after another, for which notations and shapes are kept."""
KINDS = 65_536
"""Of so many layers, wherever they stand, the text is kept."""


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
    """The counts of a net, which keep less where there are very many layers."""
    if len(graph.nodes) < MANY:
        return Counts(graph, batch, dtype, optimizer, followed)
    from cnncalc.analysis.many import Long, Many

    return (Long if len(graph.signatures) < MANY else Many)(graph, batch, dtype, optimizer, followed)


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
