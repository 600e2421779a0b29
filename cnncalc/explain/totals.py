"""What dominates a whole net: parameters, work and memory by kind of layer, and where memory peaks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cnncalc.analysis.costs import Followed
from cnncalc.answers.figures import train_bytes
from cnncalc.answers.report import Report, Row
from cnncalc.arithmetic.traced.numbers import Traced
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.explain.derive import Formula, certain
from cnncalc.graph import Net
from cnncalc.records import NamedTuple

__all__ = ["Breakdown", "Largest", "Totals", "breakdown", "totals"]

NAMED = 5
"""The largest tensors that are named one by one."""


class Largest(NamedTuple):
    """One layer or tensor and its number."""

    name: str
    value: int


class Breakdown(NamedTuple):
    """A total, its parts by kind from the largest down, and the layer with most."""

    total: int
    kinds: tuple[Largest, ...]
    largest: Largest | None


class Totals(NamedTuple):
    """What a lecture ends with."""

    params: Breakdown
    macs: Breakdown
    activations: Breakdown
    """Numbers (not bytes) of the inputs and of all outputs, those that lie in another's storage left out."""
    in_place: tuple[str, ...]
    """The kinds whose outputs need no memory of their own."""
    peak_at: str
    peak: tuple[Largest, ...]
    """The tensors alive at the peak of inference, in bytes."""
    saved: Breakdown
    """Bytes that autograd keeps for backward, by kind of the layer that keeps them first."""
    again_at: str
    """The group that keeps most when it runs again; empty where most is kept before any does."""
    training: Formula
    """Bytes for training, batch and all."""
    training_parts: tuple[Largest, ...]
    """The same, term by term: what it is, and its bytes."""
    optimizer: str
    maps: tuple[Row, ...]
    """The last layers whose pixels see regions of known size: one, or of several outputs each that is a map."""


def breakdown(parts: Iterable[tuple[str, str, int]]) -> Breakdown:
    """From (kind, layer, number); a layer may come several times."""
    kinds: dict[str, int] = {}
    layers: dict[str, int] = {}
    for kind, name, value in parts:
        kinds[kind] = kinds.get(kind, 0) + value
        layers[name] = layers.get(name, 0) + value
    ranked = sorted((Largest(*item) for item in kinds.items() if item[1]), key=lambda one: -one.value)
    best = max((Largest(*item) for item in layers.items()), key=lambda one: one.value, default=None)
    return Breakdown(sum(kinds.values()), tuple(ranked), best if best and best.value else None)


def totals(graph: Net, counted: Report, followed: Followed, batch: int) -> Totals:
    """The breakdowns of a report and of what autograd keeps."""
    rows, elements, most, size = counted.rows, followed.elements, followed.peak, followed.numbers.size
    sizes = [elements[index] for index, _, _ in graph.layers()]
    inputs = [("input", name, batch * product(graph.nodes[index].shape)) for name, index in graph.inputs.items()]
    stored = [(row.kind, row.name, row.activation_bytes // each) for row, each in zip(rows, sizes)]
    alive = [Largest(graph.nodes[i].name, batch * product(graph.nodes[i].shape) * elements[i]) for i in most.alive]
    kinds = [node.layer.kind if node.layer else "input" for node in graph.nodes]
    saved = [(kinds[kept.node], graph.nodes[kept.node].name, kept.size) for kept in followed.kept]
    return Totals(
        params=breakdown((row.kind, row.name, row.params) for row in rows),
        macs=breakdown((row.kind, row.name, row.macs) for row in rows),
        activations=breakdown([*inputs, *stored]),
        in_place=tuple(dict.fromkeys(row.kind for row in rows if not row.activation_bytes)),
        peak_at=graph.nodes[most.at].name,
        peak=tuple(sorted(alive, key=lambda one: -one.value)),
        saved=breakdown(saved),
        again_at=followed.checkpointed.at,
        training=_training(counted, size),
        training_parts=_training_parts(counted, size),
        optimizer=counted.optimizer,
        maps=_maps(graph, rows),
    )


def _training(counted: Report, size: int) -> Formula:
    """The rule of the training bytes, run on the net's totals."""
    totals = counted.totals
    numbers = {
        "params": totals.weights + totals.biases,
        "trained": totals.trainable,
        "buffers": totals.buffer_bytes,
        "state": totals.optimizer_bytes,
        "kept": totals.backward_bytes,
    }
    params, trained, *others = (Traced.symbol(name, n) if n else 0 for name, n in numbers.items())
    number = train_bytes(trained, params, Traced.symbol("b", size), *others)
    return certain("training bytes", "bytes", number)


def _training_parts(counted: Report, size: int) -> tuple[Largest, ...]:
    """Its terms."""
    totals = counted.totals
    gradients = totals.trainable * size
    parts = (
        Largest("weights", (totals.weights + totals.biases) * size),
        Largest("buffers", totals.buffer_bytes),
        Largest("gradients", gradients),
        Largest("optimizer state", totals.optimizer_bytes),
        Largest("kept for backward", totals.backward_bytes),
    )
    return tuple(part for part in parts if part.value)


def _maps(graph: Net, rows: Sequence[Row]) -> tuple[Row, ...]:
    """The outputs whose pixels see regions of known size; the last map too, where not all outputs are such."""
    names = {graph.nodes[index].name for index in graph.outputs.values()} if len(graph.outputs) > 1 else {""}
    found = [row for row in rows if row.name in names and len(row.output_shape) > 2 and row.receptive_field.moves]
    last = _last_map(rows) if len(found) < len(names) else None
    return (*found, *([last] if last is not None and last not in found else []))


def _last_map(rows: Sequence[Row]) -> Row | None:
    """The last map before the first vector or whole-input layer; side branches come after it."""
    found = None
    for row in rows:
        if len(row.output_shape) < 3 or not row.receptive_field.moves:
            break
        found = row
    return found
