"""Holds what the engine predicts for a graph against what a framework has, figure by figure."""

from __future__ import annotations

from cnncalc.answers.verification import Figure, Value, Verification, VerifiedRow
from cnncalc.graph import Net
from cnncalc.graph.nodes import Node
from cnncalc.layers import Layer
from cnncalc.layers.base import count
from cnncalc.witnesses.seen import Seen, SeenRow

__all__ = ["held"]


def held(graph: Net, seen: Seen, *, net: str, batch: int, seconds: float) -> Verification:
    """Every figure of every layer that the framework has, beside ours, and the totals."""
    from cnncalc.notation.lines import write

    counts: list[SeenRow] = []
    rows = []
    for _, node, layer in graph.layers():
        ours = _predicted(graph, node, layer)
        counts.append(ours)
        theirs = seen.rows.get(node.name)
        if theirs is not None:
            rows.append(VerifiedRow(node.name, layer.kind, write(layer), _figures(ours, theirs, batch)))
    return Verification(
        net=net or graph.name,
        name=graph.name,
        framework=seen.framework,
        device="cpu",
        dtype="float32",
        batch=batch,
        rows=tuple(rows),
        totals=_totals(graph, seen, counts, batch),
        notes=seen.notes,
        seconds=seconds,
    )


def _predicted(graph: Net, node: Node, layer: Layer) -> SeenRow:
    """What we say of a layer; one that uses the parameters of another has none of its own."""
    shapes = graph.input_shapes(node)
    learned = count(layer.weight_shapes(*shapes)) if node.share is None else 0
    kept = count(layer.buffer_shapes(*shapes)) if node.share is None else 0
    frozen = 0 if node.trainable else learned
    return SeenRow(node.shape, learned + kept, learned - frozen, kept + frozen)


def _figures(ours: SeenRow, theirs: SeenRow, batch: int) -> tuple[Figure, ...]:
    """The figures that the framework has."""
    found: list[tuple[str, Value, Value]] = []
    if theirs.shape is not None and ours.shape is not None:
        found.append(("output shape", (batch, *ours.shape), (batch, *theirs.shape)))
    found += [
        ("parameters", ours.parameters, theirs.parameters),
        ("trainable", ours.trainable, theirs.trainable),
        ("non-trainable", ours.non_trainable, theirs.non_trainable),
    ]
    return tuple(Figure(what, one, other) for what, one, other in found if other is not None)


def _totals(graph: Net, seen: Seen, rows: list[SeenRow], batch: int) -> tuple[Figure, ...]:
    """Sums over all layers, and the outputs; where the framework refuses the net, only that."""
    if seen.refusal:
        return (Figure("built", "runs", seen.refusal),)
    ours = SeenRow(
        None,
        sum(row.parameters or 0 for row in rows),
        sum(row.trainable or 0 for row in rows),
        sum(row.non_trainable or 0 for row in rows),
    )
    outputs = {name: (batch, *graph.nodes[index].shape) for name, index in graph.outputs.items()}
    theirs = {name: (batch, *shape) for name, shape in seen.outputs.items()}
    return (*_figures(ours, seen.total, batch), Figure("outputs", outputs, theirs))
