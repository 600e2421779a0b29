"""The largest batch that fits in a memory: what is needed grows by the same bytes with every image."""

from __future__ import annotations

from cnncalc.analysis.costs import report
from cnncalc.analysis.memory.totals import OPTIMIZER_STATES
from cnncalc.answers.report import Totals
from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.graph import Graph
from cnncalc.records import NamedTuple

__all__ = ["BatchAnswer", "solve_batch"]


class BatchAnswer(NamedTuple):
    """The largest batch, and what it takes; all in bytes."""

    net: str
    memory: int
    optimizer: str
    """Empty for inference."""
    batch: int | None
    """0 where not even one image fits, None where every batch does, because no image adds a byte."""
    fixed: int
    """What is needed whatever the batch."""
    each: int
    """What every image adds."""
    used: int
    """What the largest batch takes; 0 where not even one image fits."""
    next: int
    """What one image more would take."""
    parts: tuple[tuple[str, int], ...]
    """What the fixed bytes consist of."""


def solve_batch(graph: Graph, memory: int, dtype: str, optimizer: str | None) -> BatchAnswer:
    """The largest batch whose training (or, without an optimizer, inference) fits in so many bytes."""
    if optimizer is not None and optimizer not in OPTIMIZER_STATES:
        help = suggestion(optimizer, OPTIMIZER_STATES, f"there are {', '.join(OPTIMIZER_STATES)}")
        raise CnncalcError(Fault(f"there is no optimizer `{optimizer[:60]}`", help=help))

    def needed(batch: int) -> int:
        totals = report(graph, batch, dtype, optimizer or "sgd").totals
        return totals.train_bytes if optimizer else totals.peak_bytes + _stored(totals)

    one, two = needed(1), needed(2)
    each, fixed = two - one, 2 * one - two
    totals = report(graph, 1, dtype, optimizer or "sgd").totals
    if each:
        batch: int | None = max((memory - fixed) // each, 0)
    else:  # one image or a million: the same bytes
        batch = None if fixed <= memory else 0
    if batch is None:
        used = more = fixed
    else:
        used, more = (needed(batch) if batch else 0), needed(batch + 1)
        assert batch == 0 or used == fixed + batch * each <= memory < more
    return BatchAnswer(
        graph.name, memory, optimizer or "", batch, fixed, each, used, more, _parts(totals, optimizer, fixed)
    )


def _stored(totals: Totals) -> int:
    """Parameters and buffers."""
    return totals.weight_bytes + _buffer_bytes(totals)


def _buffer_bytes(totals: Totals) -> int:
    numbers = totals.weights + totals.biases
    return totals.buffers * totals.weight_bytes // numbers if numbers else 0


def _parts(totals: Totals, optimizer: str | None, fixed: int) -> tuple[tuple[str, int], ...]:
    numbers = totals.weights + totals.biases
    size = totals.weight_bytes // numbers if numbers else 0
    parts = [("parameters", totals.weight_bytes), ("buffers", _buffer_bytes(totals))]
    if optimizer:
        parts += [("gradients", totals.trainable * size)]
        parts += [(f"the state of {optimizer}", totals.trainable * size * OPTIMIZER_STATES[optimizer])]
    rest = fixed - sum(value for _, value in parts)
    return tuple((name, value) for name, value in [*parts, ("saved once for the batch", rest)] if value)
