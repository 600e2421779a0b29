"""Build a net in torch, run it, and hold every predicted number against what torch did."""

from __future__ import annotations

from contextlib import nullcontext
from time import perf_counter
from typing import TYPE_CHECKING

import torch

from cnncalc.analysis.dtypes import amp_of
from cnncalc.answers.verification import Figure, Verification
from cnncalc.errors import CnncalcError, Fault
from cnncalc.layers.kinds.deformable import DeformableConv
from cnncalc.torch_backend import compare
from cnncalc.torch_backend.building.autocasting import autocast, pretend_cuda
from cnncalc.torch_backend.building.builder import GraphModule, build
from cnncalc.torch_backend.building.kinds.naming import Naming, without_warnings
from cnncalc.torch_backend.running.flops import unknown_to_torch
from cnncalc.torch_backend.running.keeping import alive
from cnncalc.torch_backend.running.measure import measure
from cnncalc.torch_backend.running.planning import DTYPES, PRETENDED, plan
from cnncalc.torch_backend.running.training import training_step
from cnncalc.torch_backend.running.watching import watched

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from torch import Tensor

    from cnncalc.answers.verification import VerifiedRow
    from cnncalc.graph import Net
    from cnncalc.torch_backend.running.planning import Plan

    Progress = Callable[[int, int], None]
    """Called with the layers run so far, and with how many there will be."""

__all__ = ["verify"]

RUNS = 4
"""Shapes and MACs, what autograd keeps, inference, and a step of training."""


def verify(
    graph: Net,
    *,
    net: str = "",
    device: str | None = None,
    batch: int = 1,
    dtype: str = "float32",
    seed: int = 0,
    receptive_field: bool = False,
    progress: Progress | None = None,
) -> Verification:
    """Hold a net to torch. No device: cpu, or meta for a large net; for a dtype such as `amp-bfloat16`, none at all.

    Raises CnncalcError where it cannot be tried: no such device, too little memory, a kind or a type that torch lacks.
    What torch refuses to run is a difference, not an error.
    """
    start = perf_counter()
    planned = plan(graph, device, batch, dtype)
    stored = DTYPES["float32" if amp_of(dtype) else dtype]
    numbers = planned.device not in ("meta", PRETENDED)
    naming = Naming()
    module = build(graph, seed=seed, device=planned.device if numbers else "meta", dtype=stored, make=naming)
    module.train(planned.training)
    if progress is not None:
        _report_progress(module, progress)
    shapes = [(planned.batch, *graph.nodes[index].shape) for index in graph.inputs.values()]
    generator = torch.Generator().manual_seed(seed)
    inputs = [
        torch.randn(shape, generator=generator, dtype=torch.float32).to(planned.device, stored)
        if numbers
        else torch.empty(shape, device="meta", dtype=stored)
        for shape in shapes
    ]
    notes = list(planned.notes)
    around: AbstractContextManager[object] = nullcontext()
    if planned.device == PRETENDED:
        around, inputs = pretend_cuda(module, inputs)
    with around, without_warnings():
        rows, totals = _held(graph, module, inputs, planned, dtype, notes)
    rows = tuple(
        row._replace(figures=(naming.held[row.name], *row.figures)) if row.name in naming.held else row for row in rows
    )
    if receptive_field:
        rows = _with_fields(graph, rows, seed, notes)
    notes += filter(None, [unknown_to_torch(graph)])
    return Verification(
        net=net or graph.name,
        name=graph.name,
        framework=f"torch {torch.__version__}",
        device=planned.device,
        dtype=dtype,
        batch=planned.batch,
        rows=rows,
        totals=totals,
        notes=tuple(notes),
        seconds=perf_counter() - start,
    )


def _with_fields(graph: Net, rows: tuple[VerifiedRow, ...], seed: int, notes: list[str]) -> tuple[VerifiedRow, ...]:
    """The rows with their receptive fields."""
    from cnncalc.torch_backend.fields.receptive import held_fields

    found = held_fields(graph)
    others = "; the others act pixel by pixel" if len(found) < len(rows) else ""
    notes.append(f"receptive fields of {len(found)} layers held along every axis, on cpu{others}")
    return tuple(row._replace(figures=(*row.figures, *found.get(row.name, ()))) for row in rows)


def _held(
    graph: Net, module: GraphModule, inputs: Sequence[Tensor], planned: Plan, dtype: str, notes: list[str]
) -> tuple[tuple[VerifiedRow, ...], tuple[Figure, ...]]:
    """All figures; where torch refuses, only that."""
    saved = planned.training and not (planned.device == "meta" and dtype in ("float16", "bfloat16"))
    if planned.training and not saved:
        notes.append(f"saved bytes not held: on meta torch keeps the statistics of a {dtype} net in float32")
    try:
        finite = planned.device != PRETENDED
        measured = measure(module, module.rows, inputs, saved=saved, finite=finite, half=DTYPES.get(amp_of(dtype)))
    except (RuntimeError, ValueError, MemoryError) as error:
        return (), (_refusal(module, inputs, error, planned, dtype),)
    rows = compare.rows(graph, measured, planned.batch, dtype)
    totals = compare.totals(graph, module, measured, planned.batch, dtype)
    if graph.plan.checkpoints and saved and planned.device == PRETENDED:
        notes.append("what is kept when groups run again is not held: without a device torch runs no pass backward")
        found = alive(module, inputs, DTYPES.get(amp_of(dtype)), backward=False)
        totals += compare.kept(graph, found, planned.batch, dtype)[:1]
    elif graph.plan.checkpoints and saved:
        totals += compare.kept(graph, alive(module, inputs, DTYPES.get(amp_of(dtype))), planned.batch, dtype)
    if planned.training and planned.device != PRETENDED:
        totals += _training(graph, module, inputs, planned, dtype, notes, measured.macs)
    return rows, totals


def _training(
    graph: Net, module: GraphModule, inputs: Sequence[Tensor], planned: Plan, dtype: str, notes: list[str],
    macs: int,
) -> tuple[Figure, ...]:  # fmt: skip
    """Whether a step of training runs, and what it costs; `macs` are those that torch counts forward."""
    try:
        step = training_step(module, inputs, half=DTYPES.get(amp_of(dtype)), batches=graph.plan.accumulate)
    except (RuntimeError, ValueError, MemoryError) as error:
        _raise_unable(error, planned, dtype)
        return (Figure("training step", "runs", _line(error)),)
    if step.without_gradient:
        names = ", ".join(step.without_gradient[:3])
        notes.append(f"backward reaches {len(step.without_gradient)} trainable tensors not at all, such as {names}")
    ran = Figure("training step", "runs", "runs" if step.finite in (True, None) else "weights that are not finite")
    if any(isinstance(layer, DeformableConv) for layer, _ in graph.signatures):  # ours runs forward again in backward
        return (ran,)
    return ran, *compare.backward(graph, step, macs, planned.batch, dtype)


def _refusal(module: GraphModule, inputs: Sequence[Tensor], error: Exception, planned: Plan, dtype: str) -> Figure:
    """The layer that torch refuses, and what it says."""
    _raise_unable(error, planned, dtype)
    running = [""]

    def enter(row: str, _around: str, _taken: list[Tensor]) -> None:
        running[0] = row

    try:
        with torch.no_grad(), autocast(DTYPES.get(amp_of(dtype))), watched(module.rows, enter, lambda *_: None):
            module(*inputs)
    except (RuntimeError, ValueError):
        pass
    return Figure("forward pass", "runs", f"{running[0]}: {_line(error)}")


def _raise_unable(error: Exception, planned: Plan, dtype: str) -> None:
    """Raise CnncalcError where it is not the net that torch refuses."""
    text = str(error)
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "can't allocate memory" in text:
        help = "use `--device meta`, which needs none, a smaller `--input` or a smaller `--batch`"
        raise CnncalcError(Fault(f"there is not enough memory on {planned.device}", help=help)) from None
    if "not implemented for" in text:
        help = "use `--device meta`, or `--dtype float32`"
        raise CnncalcError(
            Fault(f"torch has no {dtype} of a layer of this net on {planned.device}", values=_line(error), help=help)
        ) from None


def _line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200] or type(error).__name__


def _report_progress(module: GraphModule, progress: Progress) -> None:
    done = 0
    total = RUNS * len(module.rows)

    def count(*_: object) -> None:
        nonlocal done
        done += 1
        progress(done, total)

    for one in set(module.rows.values()):
        one.register_forward_hook(count)
