"""What runs at every time step and has no layer here that does: it is called on each, and what it makes is joined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc.interchange.keras.call import Call
from cnncalc.interchange.keras.config import MODELS, Entry
from cnncalc.interchange.keras.sequences.recurrent import CELLS, MAPS

__all__ = ["at_each_step", "is_stepped"]

MOST_STEPS = 64
"""Time steps of a layer, each of which it is called on."""
MOST_CALLS = 1_024
"""Such calls in a file, as steps may lie in steps."""
MOST_AXES = 4
"""Axes of what a layer takes that has windows along the steps, too."""
RUNS = {*CELLS, *MAPS, "RNN", "Bidirectional", "TimeDistributed"}
"""Layers that have steps of their own."""


def is_stepped(inner: Entry, axes: int) -> bool:
    """Whether a layer that runs at every step of a tensor with so many axes is called on each."""
    return axes > MOST_AXES or _runs(inner.config if inner.kind in MODELS else {"layer": {"class_name": inner.kind}})


def _runs(config: dict[str, Any]) -> bool:
    """Whether one of the layers within has steps of its own."""
    waiting: list[Any] = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if str(value.get("class_name", "")).rpartition(">")[2] in RUNS:
                return True
            waiting += [one for key, one in value.items() if key in ("layers", "layer", "config")]
        elif isinstance(value, list):
            waiting += value
    return False


def at_each_step(call: Call, applied: Callable[[list[int]], list[int]]) -> list[int]:
    """What `applied` makes of each step of the tensors, with the steps where they were. Calls share parameters."""
    axis = call.step_axis
    if call.rank < 2:
        raise call.fault("it takes steps of something", f"the input has {call.rank} axes beside the batch")
    steps = call.x[0][axis]
    if any(len(shape) <= axis or shape[axis] != steps for shape in call.x):
        raise call.fault("all that it takes has as many steps", f"the first has {steps}")
    call.work.stepped += steps
    if steps > MOST_STEPS or call.work.stepped > MOST_CALLS:
        help = "call it on each sequence by itself"
        values = f"it has {steps}, and all in the file {call.work.stepped:,}"
        message = f"what it runs is read for at most {MOST_STEPS} steps, {MOST_CALLS:,} in all"
        raise call.fault(message, values, help)
    every = [
        applied([call.put("select", one, suffix="step", at=at, axis=axis or None) for one in call.tensors])
        for at in range(steps)
    ]
    return [_joined(call, list(ends), axis) for ends in zip(*every)]


def _joined(call: Call, ends: list[int], axis: int) -> int:
    """What comes of the steps, with an axis for them."""
    wide = []
    for end in ends:
        shape = call.shape(end)
        wide.append(call.put("reshape", end, suffix="wide", shape=(*shape[:axis], 1, *shape[axis:])))
    return call.put("concat", *wide, suffix="steps", axis=axis or None) if len(wide) > 1 else wide[0]
