"""Receptive fields by the gradient of one pixel, as they are measured elsewhere: for a few layers of a net."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from cnncalc.analysis.receptive.sight import Sight
from cnncalc.answers.verification import Figure
from cnncalc.torch_backend.fields.lighting import Lamp
from cnncalc.torch_backend.fields.trials import lit_nodes, own_size, picks_channels, whole_fields

if TYPE_CHECKING:
    from cnncalc.graph import Net, Node
    from cnncalc.torch_backend.fields.trials import Trial

__all__ = ["gradient_fields"]


def gradient_fields(graph: Net, layers: int = 3) -> dict[str, list[Figure]]:
    """For so many layers, the last one whose field is known and some before it: what a pixel in the middle sees.

    The net has positive weights, and nothing in it picks one of several pixels or bends, so that no gradient vanishes.
    """
    found: dict[str, list[Figure]] = {}
    lamp = Lamp(gradients=True, channels=picks_channels(graph))
    for source, index in graph.inputs.items():
        for axis in range(len(graph.nodes[index].shape) - 1):
            own = own_size(graph, source, axis)
            trial = whole_fields(own) or own
            for name, figure in _of_trial(trial, lamp, layers):
                found.setdefault(name, []).append(figure)
    return found


def _of_trial(trial: Trial, lamp: Lamp, layers: int) -> list[tuple[str, Figure]]:
    known = [at for at, sight in enumerate(trial.seen) if _place(sight, trial.axis) is not None]
    chosen = {known[len(known) * turn // layers - 1] for turn in range(1, layers + 1) if len(known) * turn >= layers}
    tensors: dict[int, Tensor] = {}

    def look(index: int, _node: Node, lit: Tensor, _new: bool) -> None:
        if index in chosen:
            tensors[index] = lit

    length = trial.graph.nodes[trial.graph.inputs[trial.source]].shape[1 + trial.axis]
    rows = torch.ones(1, length, requires_grad=True)
    lit_nodes(trial, rows, lamp, look)
    return [(trial.graph.nodes[at].name, _held(trial, at, lit, rows)) for at, lit in tensors.items()]


def _place(sight: object, axis: int) -> int | None:
    """The axis of a tensor whose pixels move along an axis of the input, if one does alone."""
    return sight.axes.index(axis) if isinstance(sight, Sight) and axis in sight.axes else None


def _held(trial: Trial, index: int, lit: Tensor, rows: Tensor) -> Figure:
    """The pixel in the middle; what it sees beyond the borders is not to be seen."""
    sight = trial.seen[index]
    place = _place(sight, trial.axis)
    assert isinstance(sight, Sight)
    assert place is not None
    pixel = lit.shape[1 + place] // 2
    (gradient,) = torch.autograd.grad(lit.select(1 + place, pixel).sum(), rows, retain_graph=True)
    reached = gradient[0].nonzero().flatten()
    interval, extent = sight.fields[trial.axis].interval(pixel), sight.extents[trial.axis]
    predicted = "nothing"
    if interval is not None and extent is not None:
        predicted = f"{max(interval[0], extent[0])}..{min(interval[1], extent[1])}"
    measured = f"{int(reached[0])}..{int(reached[-1])}" if len(reached) else "nothing"
    return Figure("receptive field", f"{pixel} sees {predicted}", f"{pixel} sees {measured}")
