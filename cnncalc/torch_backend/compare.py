"""Holds what the engine predicts for a graph against what torch did, figure by figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.analysis.costs import Counts, report
from cnncalc.analysis.dtypes import numbers_of
from cnncalc.analysis.memory.totals import backwards, kept_for_backward
from cnncalc.answers.verification import Figure, VerifiedRow
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.graph.formats import parts_of
from cnncalc.layers.backward import Backward
from cnncalc.layers.base import is_bias
from cnncalc.layers.dialects import DIALECTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.answers.verification import Value
    from cnncalc.graph import Net, Node
    from cnncalc.layers import Layer
    from cnncalc.torch_backend.building.builder import GraphModule
    from cnncalc.torch_backend.running.keeping import Alive
    from cnncalc.torch_backend.running.measure import MeasuredRow, Measurement
    from cnncalc.torch_backend.running.training import TrainingStep

__all__ = ["backward", "kept", "rows", "totals"]


def rows(graph: Net, measured: Measurement, batch: int, dtype: str) -> tuple[VerifiedRow, ...]:
    """Every layer: output shape, parameters, whether they are trained, buffers, MACs, saved bytes, finite outputs.

    Saved bytes are left out where they were not measured, finiteness where the device has no numbers.
    """
    from cnncalc.notation.lines import write

    saved: dict[int, int] = {}
    if measured.saved_bytes is not None:
        for kept in kept_for_backward(graph, batch, *numbers_of(dtype)):
            saved[kept.node] = saved.get(kept.node, 0) + kept.size
    found = []
    for index, node, layer in graph.layers():
        row = measured.rows[node.name]
        figures = _row(graph, node, layer, row, batch, products(layer, dtype))
        if row.saved_bytes is not None and not graph.plan.checkpoints:
            figures.append(Figure("saved bytes", saved.get(index, 0), row.saved_bytes))
        found.append(VerifiedRow(node.name, layer.kind, write(layer), tuple(figures)))
    return tuple(found)


def products(layer: Layer, dtype: str) -> int:
    """Products of real numbers that FlopCounterMode sees of one: torch convolves complex ones by three (Gauss)."""
    return 3 if parts_of(dtype) > 1 and layer.on_complex() == "parts" else 1


def _row(graph: Net, node: Node, layer: Layer, row: MeasuredRow, batch: int, times: int) -> list[Figure]:
    shapes = graph.input_shapes(node)
    parameters = layer.weight_shapes(*shapes)
    made: Value = row.output_shapes[0] if len(row.output_shapes) == 1 else f"{len(row.output_shapes)} tensors"
    whole = sum(product(shape) for shape in row.counters.values())
    figures = [
        Figure("output shape", (batch, *node.shape), made),
        Figure("parameters", parameters, row.parameters),
        Figure("buffers", layer.buffer_shapes(*shapes), row.buffers),
        Figure("macs", batch * times * layer.macs(*shapes), row.macs + (batch - 1) * layer.macs_once(*shapes)),
    ]
    counted = layer.whole_numbers(*shapes)
    if graph.dialect == "torch" and (counted or whole):
        figures.append(Figure("whole numbers", counted, whole))
    if parameters:
        owner = node if node.share is None else graph.nodes[node.share]
        frozen = len(row.frozen)
        trained = False if frozen == len(row.parameters) else True if not frozen else f"all but {frozen}"
        figures.append(Figure("trained", owner.trainable, trained))
    if row.finite is not None:
        figures.append(Figure("finite", True, row.finite))
    return figures


def totals(graph: Net, module: GraphModule, measured: Measurement, batch: int, dtype: str) -> tuple[Figure, ...]:
    """The totals, the shapes of the outputs, and the two sums of memory."""
    predicted = report(graph, batch, dtype)
    sums = predicted.totals
    names = dict(module.named_parameters())
    biases = sum(parameter.numel() for name, parameter in names.items() if is_bias(name))
    once = (batch - 1) * _once(graph)
    buffers = measured.buffers if DIALECTS[graph.dialect].buffers_are_parameters else 0
    outputs = dict(zip(graph.outputs, measured.output_shapes))
    figures = [
        Figure("params", sums.params, measured.params + buffers),
        Figure("weights", sums.weights, measured.params - biases),
        Figure("biases", sums.biases, biases),
        Figure("trainable", sums.trainable, measured.trainable),
        Figure("buffers", sums.buffers, measured.buffers),
        Figure("macs", _seen(graph, batch, dtype, sums.macs), measured.macs + once),
        Figure("outputs", predicted.outputs, outputs),
    ]
    if measured.saved_bytes is not None and not graph.plan.checkpoints:
        figures.append(Figure("saved bytes", sums.saved_bytes, measured.saved_bytes))
    if measured.peak_bytes is not None:
        figures.append(Figure("peak bytes", sums.peak_bytes, measured.peak_bytes))
    if measured.finite is not None:
        figures.append(Figure("finite", True, measured.finite))
    return tuple(figures)


def _seen(graph: Net, batch: int, dtype: str, macs: int) -> int:
    """Of the multiply–accumulates forward those that FlopCounterMode sees."""
    more = [(products(layer, dtype) - 1, layer.macs(*graph.input_shapes(node))) for _, node, layer in graph.layers()]
    return macs + batch * sum(times * each for times, each in more if times)


def _seen_backward(graph: Net, batch: int, dtype: str) -> int:
    """The operations backward and again that FlopCounterMode sees, of a net of complex numbers."""
    counts, nodes = Counts(graph, batch, dtype), graph.nodes
    return (
        2
        * batch
        * sum(
            products(graph.signatures[nodes[index].signature][0], dtype) * macs
            for found in (counts.backward, counts.again)
            for index, macs in found.items()
        )
    )


def _once(graph: Net) -> int:
    """Multiply–accumulates forward that torch does once for a batch."""
    return sum(layer.macs_once(*graph.input_shapes(node)) for _, node, layer in graph.layers())


def kept(graph: Net, found: Alive, batch: int, dtype: str) -> tuple[Figure, ...]:
    """What is kept where groups run again: after the pass forward, and at most in the pass backward."""
    sums = report(graph, batch, dtype).totals
    return (
        Figure("saved bytes", sums.saved_bytes, found.first),
        Figure("backward bytes", sums.backward_bytes, found.most),
    )


def backward(graph: Net, step: TrainingStep, macs: int, batch: int, dtype: str) -> Iterator[Figure]:
    """What the pass backward costs, groups that run again included; of a step of several batches all that it costs.

    `macs` are those that torch counts in the pass forward. What torch does once for a batch we count for each image.
    """
    once = sum(
        graph.signatures[node.signature][0].backward_macs_once(
            Backward(True, trains, inputs), *graph.input_shapes(node)
        )
        for _, node, trains, inputs in backwards(graph)
    )
    sums, batches = report(graph, batch, dtype).totals, graph.plan.accumulate
    if parts_of(dtype) > 1:
        found = _seen_backward(graph, batch, dtype)
    else:
        found = sums.backward_flops + 2 * sums.recomputed_macs
    yield Figure("backward flops", found * batches, step.backward_flops + 2 * batches * (batch - 1) * once)
    if batches > 1:
        forward = macs + (batch - 1) * _once(graph)
        measured = step.backward_flops + 2 * batches * (forward + (batch - 1) * once)
        if parts_of(dtype) == 1:
            yield Figure("step flops", sums.step_flops, measured)
        if not step.without_gradient:
            yield Figure("gradient bytes", sums.trainable * numbers_of(dtype).size, step.gradient_bytes)
