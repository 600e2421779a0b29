"""Graph -> report: what each layer costs, and the totals.

What is counted is stated in the class of each layer kind; here it is only multiplied by the batch, attributed (a shared
parameter belongs to the layer that owns it) and added up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.analysis.dtypes import Numbers, amp_of, numbers_of
from cnncalc.analysis.memory.elements import Elements
from cnncalc.analysis.memory.totals import Kept, Peak, kept_for_backward, peak, train_bytes
from cnncalc.analysis.receptive.fields import Fields, described, fields
from cnncalc.analysis.remarks.hints import hints
from cnncalc.answers.report import ReceptiveField, Report, Row, Totals
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.graph import Graph, Node
from cnncalc.layers import Layer, Shape
from cnncalc.layers.base import count
from cnncalc.layers.dialects import DIALECTS
from cnncalc.notation.lines import write

__all__ = ["Costs", "Followed", "costs", "follow", "report"]


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
    biases = product(parameters["bias"]) if "bias" in parameters else 0
    return Costs(
        count(parameters) - biases,
        biases,
        count(layer.buffer_shapes(*shapes)),
        layer.macs(*shapes),
        layer.operations(*shapes),
    )


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
    seen = described(known.fields)
    saved = [0] * len(graph.nodes)
    for kept in known.kept:
        saved[kept.node] += kept.size
    with_buffers = DIALECTS[graph.dialect].buffers_are_parameters
    each = [costs(layer, shapes) for layer, shapes in graph.signatures]
    notations = [write(layer) for layer, _ in graph.signatures]
    inputs = [tuple([(batch, *shape) for shape in shapes]) for _, shapes in graph.signatures]
    rows: list[Row] = []
    weighted = 0
    for index, node, layer in graph.layers():
        number = node.signature
        memory = (batch, known.elements[index], saved[index])
        described_as = (notations[number], inputs[number])
        rows.append(_row(graph, node, layer, described_as, each[number], memory, seen[index], with_buffers))
        weighted += layer.weighted and node.share is None
    return Report(
        name=graph.name,
        source=graph.source,
        dialect=graph.dialect,
        file=graph.file,
        inputs={name: (batch, *graph.nodes[index].shape) for name, index in graph.inputs.items()},
        rows=tuple(rows),
        outputs={name: (batch, *graph.nodes[index].shape) for name, index in graph.outputs.items()},
        totals=_totals(graph, rows, weighted, batch, known, optimizer),
        hints=hints(graph, known.fields),
        optimizer=optimizer,
        amp=amp_of(dtype),
    )


def _row(
    graph: Graph,
    node: Node,
    layer: Layer,
    described_as: tuple[str, tuple[Shape, ...]],
    cost: Costs,
    memory: tuple[int, int, int],
    field: ReceptiveField,
    with_buffers: bool,
) -> Row:
    """One row.

    `described_as` is its notation and its input shapes; `memory` the batch, the bytes of an element of the output, and
    those that the layer keeps for backward.
    """
    batch, size, saved = memory
    owned = node.share is None
    weights, biases, buffers = (cost.weights, cost.biases, cost.buffers) if owned else (0, 0, 0)
    stored = not layer.reuses_input(training=graph.train)
    return Row(
        name=node.name,
        kind=layer.kind,
        notation=described_as[0],
        inputs=tuple([graph.nodes[index].name for index in node.inputs]),
        input_shapes=described_as[1],
        output_shape=(batch, *node.shape),
        params=weights + biases + (buffers if with_buffers else 0),
        weights=weights,
        biases=biases,
        trainable=weights + biases if node.trainable else 0,
        buffers=buffers,
        macs=batch * cost.macs,
        flops=batch * (2 * cost.macs + cost.operations),
        activation_bytes=batch * product(node.shape) * size if stored else 0,
        line=node.origin.line if node.origin else 0,
        saved_bytes=saved,
        receptive_field=field,
    )


def _totals(graph: Graph, rows: list[Row], weighted: int, batch: int, known: Followed, optimizer: str) -> Totals:
    inputs = sum(product(graph.nodes[index].shape) for index in graph.inputs.values())
    numbers = sum(row.weights + row.biases for row in rows)
    trainable = sum(row.trainable for row in rows)
    buffers = sum(row.buffers for row in rows)
    saved = sum(row.saved_bytes for row in rows)
    return Totals(
        layers=len(rows),
        weighted_layers=weighted,
        params=sum(row.params for row in rows),
        weights=sum(row.weights for row in rows),
        biases=sum(row.biases for row in rows),
        trainable=trainable,
        buffers=buffers,
        macs=sum(row.macs for row in rows),
        flops=sum(row.flops for row in rows),
        weight_bytes=numbers * known.numbers.size,
        activation_bytes=batch * inputs * known.numbers.size + sum(row.activation_bytes for row in rows),
        saved_bytes=saved,
        peak_bytes=known.peak.size,
        train_bytes=train_bytes(trainable, numbers, buffers, saved, known.numbers.size, optimizer),
    )
