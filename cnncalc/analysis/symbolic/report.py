"""A net on symbolic lengths: every shape and cost as a closed form, and the lengths for which it works."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, NamedTuple

from cnncalc.analysis.costs import Costs, costs
from cnncalc.analysis.dtypes import amp_of, numbers_of
from cnncalc.analysis.memory.elements import Elements
from cnncalc.analysis.memory.totals import train_bytes
from cnncalc.analysis.symbolic.closed import Closed, Closing
from cnncalc.analysis.symbolic.input_conditions import Reason, conditions, reasons
from cnncalc.analysis.symbolic.memory import closed_peak, saved_by_layer
from cnncalc.arithmetic.symbolic.algebra import NoClosedForm, symbolic
from cnncalc.arithmetic.symbolic.cases import cases, indicator
from cnncalc.arithmetic.symbolic.conditions import Condition
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.graph import Graph, Node
from cnncalc.layers import Layer, Shape
from cnncalc.layers.dialects import DIALECTS
from cnncalc.notation.lines import write

__all__ = ["BATCH", "COUNTS", "TOTALS", "SymbolicReport", "SymbolicRow", "symbolic_report", "symbolic_totals"]

BATCH = "N"
COUNTS = (
    "params", "weights", "biases", "trainable", "buffers", "macs", "flops", "activation_bytes", "saved_bytes",
)  # fmt: skip
"""What every layer has, and the net as their sum."""
TOTALS = (*COUNTS, "weight_bytes", "peak_bytes", "train_bytes")
MEMORY = frozenset(("saved_bytes", "train_bytes"))


class SymbolicRow(NamedTuple):
    """One layer, in execution order."""

    name: str
    kind: str
    notation: str
    inputs: tuple[str, ...]
    input_shapes: tuple[tuple[Closed, ...], ...]
    output_shape: tuple[Closed, ...]
    params: Closed
    weights: Closed
    biases: Closed
    trainable: Closed
    buffers: Closed
    macs: Closed
    flops: Closed
    activation_bytes: Closed
    saved_bytes: Closed
    line: int


class SymbolicReport(NamedTuple):
    """The whole net; shapes with the batch."""

    name: str
    source: str
    dialect: str
    file: str
    inputs: dict[str, tuple[Closed, ...]]
    rows: tuple[SymbolicRow, ...]
    outputs: dict[str, tuple[Closed, ...]]
    totals: dict[str, Closed]
    condition: Condition
    reasons: tuple[Reason, ...]
    optimizer: str = "sgd"
    amp: str = ""


def symbolic_report(
    graph: Graph, *, batch: int | None = 1, dtype: str = "float32", optimizer: str = "sgd"
) -> SymbolicReport:
    """Every layer's row and the totals; `batch` None is any number N of images. Raises `CnncalcError`."""
    counter = _Counter(graph, batch, dtype)
    counted = counter.layers(with_saved=True)
    closing, images = Closing(counter.condition.sets), counter.images

    def shape(one: Shape) -> tuple[Closed, ...]:
        return closing.shape(one, images)

    rows = []
    for (_, node, layer), numbers in zip(graph.layers(), counted):
        counts: dict[str, Any] = dict(zip(COUNTS, map(closing.closed, numbers)))
        rows.append(
            SymbolicRow(
                node.name,
                layer.kind,
                write(layer),
                tuple(graph.nodes[one].name for one in node.inputs),
                tuple(map(shape, graph.input_shapes(node))),
                shape(node.shape),
                line=node.origin.line if node.origin else 0,
                **counts,
            )
        )
    totals = counter.totals(counted, TOTALS, optimizer)
    return SymbolicReport(
        graph.name,
        graph.source,
        graph.dialect,
        graph.file,
        {name: shape(graph.nodes[index].shape) for name, index in graph.inputs.items()},
        tuple(rows),
        {name: shape(graph.nodes[index].shape) for name, index in graph.outputs.items()},
        {name: closing.closed(value) for name, value in totals.items()},
        counter.condition,
        reasons(graph),
        optimizer,
        amp_of(dtype),
    )


def symbolic_totals(
    graph: Graph, figures: Collection[str], *, batch: int | None = 1, dtype: str = "float32", optimizer: str = "sgd"
) -> tuple[dict[str, Any], Condition]:
    """Some of `TOTALS` as numbers (`NoClosedForm` where there is none), and where the net works."""
    counter = _Counter(graph, batch, dtype)
    counted = counter.layers(with_saved=not MEMORY.isdisjoint(figures))
    return counter.totals(counted, figures, optimizer), counter.condition


def _attempt(compute: Callable[[], Any]) -> Any:
    """What it computes, or the reason why that has no closed form."""
    try:
        return compute()
    except NoClosedForm as problem:
        return problem


def _costs(layer: Layer, shapes: tuple[Shape, ...], condition: Condition) -> Costs:
    """The costs of a layer; where its rules branch on a length, sums over the cases."""
    first, *others = cases(lambda: costs(layer, shapes), condition)
    if not others:
        return first[1]
    return Costs(*(_added([indicator(case) * cost[place] for case, cost in (first, *others)]) for place in range(5)))


class _Counter:
    """The numbers of a net, each a closed form or the `NoClosedForm` that says why there is none."""

    def __init__(self, graph: Graph, batch: int | None, dtype: str) -> None:
        self.graph, self.condition = graph, conditions(graph)
        self.images: Any = symbolic(BATCH) if batch is None else batch
        self.numbers = numbers_of(dtype)
        self.elements = Elements(graph, *self.numbers).of

    def layers(self, *, with_saved: bool) -> list[tuple[Any, ...]]:
        """The COUNTS of every layer; the saved bytes only if they are wanted."""
        graph, condition = self.graph, self.condition
        each = [_attempt(partial(_costs, layer, shapes, condition)) for layer, shapes in graph.signatures]
        saved: Any = {}
        if with_saved:
            saved = _attempt(lambda: saved_by_layer(graph, condition, self.images, *self.numbers))
        return [
            (
                *self._counts(index, node, layer, each[node.signature]),
                saved if isinstance(saved, NoClosedForm) else saved.get(index, 0),
            )
            for index, node, layer in graph.layers()
        ]

    def _counts(self, index: int, node: Node, layer: Layer, cost: Costs | NoClosedForm) -> tuple[Any, ...]:
        stored = not layer.reuses_input(training=self.graph.train)
        activations = self.images * product(node.shape) * self.elements[index] if stored else 0
        if isinstance(cost, NoClosedForm):
            return (*(cost,) * 7, activations)
        weights, biases, buffers = cost[:3] if node.share is None else (0, 0, 0)
        params = weights + biases + (buffers if DIALECTS[self.graph.dialect].buffers_are_parameters else 0)
        trainable = weights + biases if node.trainable else 0
        macs, flops = self.images * cost.macs, self.images * (2 * cost.macs + cost.operations)
        return (params, weights, biases, trainable, buffers, macs, flops, activations)

    def totals(self, rows: Sequence[tuple[Any, ...]], figures: Collection[str], optimizer: str) -> dict[str, Any]:
        """The sums over all layers, the peak, and the bytes of training."""
        graph, images, size = self.graph, self.images, self.numbers.size
        sums = {name: _added([row[place] for row in rows]) for place, name in enumerate(COUNTS)}
        numbers = _added([sums["weights"], sums["biases"]])
        inputs = _added([product(graph.nodes[index].shape) for index in graph.inputs.values()])
        sums["activation_bytes"] = _added([sums["activation_bytes"], images * inputs * size])
        sums["weight_bytes"] = numbers if isinstance(numbers, NoClosedForm) else numbers * size
        if "peak_bytes" in figures:
            sums["peak_bytes"] = _attempt(lambda: closed_peak(graph, self.condition, images, *self.numbers))
        if "train_bytes" in figures:
            parts = (sums["trainable"], numbers, sums["buffers"], sums["saved_bytes"])
            problem = next((part for part in parts if isinstance(part, NoClosedForm)), None)
            sums["train_bytes"] = problem or train_bytes(*parts, size, optimizer)
        return {name: sums[name] for name in TOTALS if name in figures}


def _added(values: Sequence[Any]) -> Any:
    """The sum; a `NoClosedForm` where one of them is one."""
    total: Any = 0
    for value in values:
        if isinstance(value, NoClosedForm):
            return value
        total = total + value
    return total
