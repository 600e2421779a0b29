"""The pass backward: which layers it reaches, and what is wanted of each there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncalc.analysis.memory.totals import Wanted, all_wanted
from cnncalc.graph import Net
from cnncalc.layers.backward import Backward, known_backward

__all__ = ["each_gradient", "gradients"]


def gradients(graph: Net, wanted: Sequence[Wanted | None] | None = None) -> dict[int, Backward]:
    """For each node that the pass backward reaches the gradients that are wanted of it."""
    return dict(each_gradient(graph, wanted))


def each_gradient(graph: Net, wanted: Sequence[Wanted | None] | None = None) -> Iterator[tuple[int, Backward]]:
    """The same, one node after the other.

    It begins at all outputs of the net and goes back to where something is trained: a layer whose output leads to no
    output of the net has no gradient. `wanted` is `all_wanted` of the net, where somebody has it.
    """
    reached = _reached(graph)
    backward_of = dict[Wanted, Backward]()
    for index, one in enumerate(all_wanted(graph) if wanted is None else wanted):
        if one is None or not reached[index]:
            continue
        trains, inputs = one
        if trains or True in inputs:
            if one not in backward_of:
                backward_of[one] = known_backward(True, trains, inputs)
            yield index, backward_of[one]


def _reached(graph: Net) -> list[bool]:
    """For each node whether a gradient can come to it from an output."""
    nodes = graph.nodes
    reached = [False] * len(nodes)
    for index in graph.outputs.values():
        reached[index] = True
    for index in range(len(nodes) - 1, -1, -1):
        layer = nodes[index].layer
        if reached[index] and layer is not None and layer.passes_gradient:
            for one in nodes[index].inputs[: layer.seen_inputs]:
                reached[one] = True
    return reached
