"""The largest batch that fits in a memory: what is needed grows by the same bytes with every image."""

from __future__ import annotations

from cnncalc.analysis.costs import Counts, report
from cnncalc.analysis.dtypes import amp_of
from cnncalc.analysis.memory.optimizers import optimizer_named
from cnncalc.analysis.memory.sharding import Held
from cnncalc.answers.report import Totals
from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Net
from cnncalc.records import NamedTuple

__all__ = ["BatchAnswer", "solve_batch"]


class BatchAnswer(NamedTuple):
    """The largest batch, and what it takes; all in bytes."""

    net: str
    memory: int
    optimizer: str
    """Empty for inference."""
    batch: int
    """0 where not even one image fits."""
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
    forward: bool
    """Whether it is the pass forward that bounds the batch of training, as where layers are frozen."""
    accumulate: int = 1
    """Batches that a step of training adds up, which take no memory more than one."""


class _Line(NamedTuple):
    """Bytes that grow by the same with every image."""

    fixed: int
    each: int

    def at(self, batch: int) -> int:
        return self.fixed + batch * self.each

    def most(self, memory: int) -> int:
        """The largest batch that fits, or, where an image adds nothing, what no batch of a real net reaches."""
        if self.each:
            return max((memory - self.fixed) // self.each, 0)
        return memory if self.fixed <= memory else 0


def solve_batch(graph: Net, memory: int, dtype: str, optimizer: str | None) -> BatchAnswer:
    """The largest batch whose training (or, without an optimizer, inference) fits in so many bytes.

    Training also runs the net forward, which takes what inference takes: where layers are frozen that can be the more.
    Raises CnncalcError for an optimizer that there is not, and for inference in mixed precision.
    """
    if optimizer is not None:
        optimizer_named(optimizer)
    elif amp_of(dtype):
        message = "--amp: the memory of inference is not known, since copies of weights come and go"
        help = "add `--optimizer adam`; for inference in half precision, write `--dtype float16`"
        raise CnncalcError(Fault(message, help=help))
    one, two, three = (report(graph, batch, dtype, optimizer or "sgd").totals for batch in (1, 2, 3))
    needs = [_line(memory, *map(_inference, (one, two, three)))]
    if optimizer:
        line = _line(memory, one.rank_bytes, two.rank_bytes, three.rank_bytes)
        needs.insert(0, _training(graph, memory, dtype, optimizer, line))
    least = min(needs, key=lambda need: need.most(memory))
    batch = least.most(memory)
    used, more = (max(need.at(count) for need in needs) for count in (batch, batch + 1))
    assert batch == 0 or used <= memory < more
    forward = least is not needs[0]
    held = Counts(graph, 1, dtype, optimizer).held if optimizer and not forward else None
    parts = _parts(one, held, optimizer or "", least.fixed)
    answer = BatchAnswer(graph.name, memory, optimizer or "", batch, *least, used if batch else 0, more, parts, forward)
    return answer._replace(accumulate=graph.plan.accumulate)


def _training(graph: Net, memory: int, dtype: str, optimizer: str, line: _Line) -> _Line:
    """The line that training follows at the batch that fits.

    Where groups run again it is the largest of several lines, one a group: each that is met is followed to where it
    leaves the memory, which is never below the batch that fits.
    """
    while graph.plan.checkpoints:
        batch = max(line.most(memory), 1)
        one, two = (report(graph, count, dtype, optimizer).totals.rank_bytes for count in (batch, batch + 1))
        steeper = _Line(one - batch * (two - one), two - one)
        if steeper == line or line.most(memory) == 0:
            break
        line = steeper
    return line


def _line(memory: int, one: int, two: int, three: int) -> _Line:
    """What so many images need: from the second on every image adds the same, the first may do with less."""
    later = _Line(3 * two - 2 * three, three - two)
    return later if later.most(memory) > 1 else _Line(2 * one - two, two - one)


def _inference(totals: Totals) -> int:
    return totals.peak_bytes + _stored(totals)


def _stored(totals: Totals) -> int:
    """Parameters and buffers."""
    return totals.weight_bytes + totals.buffer_bytes


def _parts(totals: Totals, held: Held | None, optimizer: str, fixed: int) -> tuple[tuple[str, int], ...]:
    """What is needed whatever the batch; `held` is what training holds, None where it is inference."""
    parts = [("parameters", totals.weight_bytes), ("buffers", totals.buffer_bytes)]
    if held is not None:
        parts[0] = ("parameters", held.parameters)
        parts += [("gradients", held.gradients), (f"the state of {optimizer}", held.state)]
    rest = fixed - sum(value for _, value in parts)
    return tuple((name, value) for name, value in [*parts, ("saved once for the batch", rest)] if value)
