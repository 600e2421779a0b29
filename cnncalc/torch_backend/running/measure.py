"""Run a torch module and write down what torch did: shapes, parameters, multiply–accumulates and bytes.

`measure` gives one row for each named submodule, in up to four runs, so that no way of looking disturbs another:

1. as the module stands (train or eval), without gradients: output shapes, whether they are finite, and
   multiply–accumulates by torch's own FlopCounterMode;
2. as the module stands, with gradients: what autograd keeps for backward;
3. in eval mode, without gradients: the most bytes alive at once;
4. on CUDA also the allocator's own peak, with nothing looking on.

It works on cpu, cuda and meta, and on tensors that only pretend to be on cuda: storages are told apart by identity, not
by where their data lie. Where torch.autocast is asked for, it is on in each run. On meta, torch keeps
a little more than on cpu in two cases: the statistics of a batch norm in eval mode, and those of batch and layer norm
in float32 where the net has a half type. Runs in train mode move batch norm's running statistics, as they always do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from cnncalc.records import NamedTuple
from cnncalc.torch_backend.building.autocasting import autocast, has_numbers
from cnncalc.torch_backend.running.alive import Lives
from cnncalc.torch_backend.running.flops import counted_otherwise
from cnncalc.torch_backend.running.watching import (
    OUTSIDE,
    Shape,
    all_finite,
    fractional,
    fresh,
    mode,
    shapes,
    storage_of,
    tensors_in,
    watched,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch.multiprocessing.reductions import StorageWeakRef

__all__ = ["Kept", "MeasuredRow", "Measurement", "measure"]


class Kept(NamedTuple):
    """One storage that autograd keeps, by the first tensor that was kept of it."""

    shape: Shape
    dtype: str
    size: int
    """Bytes of the whole storage, of which the tensor may be a part."""


class MeasuredRow(NamedTuple):
    """What one named submodule did. All shapes include the batch axis; bytes and counts are whole numbers."""

    name: str
    calls: int
    output_shapes: tuple[Shape, ...]
    """One for each tensor that came out, calls one after another."""
    parameters: dict[str, Shape]
    frozen: tuple[str, ...]
    """The names of those parameters that take no gradient."""
    buffers: dict[str, Shape]
    counters: dict[str, Shape]
    """Buffers of whole numbers, as `num_batches_tracked`."""
    macs: int
    kept: tuple[Kept, ...] | None
    """What autograd keeps and first met in this row, parameters and buffers apart; None if it was not asked for."""
    finite: bool | None
    """Whether every output number is finite; None on meta, which has no numbers."""

    @property
    def saved_bytes(self) -> int | None:
        """The bytes of `kept`."""
        return None if self.kept is None else sum(kept.size for kept in self.kept)


class Measurement(NamedTuple):
    """What a whole net did. A figure that was not asked for, or that its device cannot give, is None."""

    torch: str
    device: str
    rows: dict[str, MeasuredRow]
    output_shapes: tuple[Shape, ...]
    finite: bool | None
    params: int
    trainable: int
    buffers: int
    """Numbers in the buffers, counters left out. What is shared counts once, here and in `params`."""
    macs: int
    saved_bytes: int | None
    """What autograd keeps: unique storages at their full size, the inputs included, parameters and buffers apart."""
    saved_input_bytes: int | None
    """The part of `saved_bytes` that the net's own inputs are."""
    saved_parameter_bytes: int | None
    """What stands apart: parameters and buffers that are kept as well."""
    peak_bytes: int | None
    """The most bytes alive in one row in inference: inputs of the net and outputs of rows, each from the row that makes
    it to the last that takes it, net outputs to the end. What only lives inside one row is left out."""
    operation_peak_bytes: int | None
    """The same, operation by operation, with everything that an operation returns: padded copies, indices and the
    parts of composed layers too. Scratch memory inside one kernel is unknown to torch's dispatcher and left out."""
    cuda_peak_bytes: int | None
    """`torch.cuda.max_memory_allocated` over one inference: parameters, inputs and kernels' scratch memory too."""


def measure(
    module: nn.Module,
    rows: Mapping[str, nn.Module],
    inputs: Sequence[Tensor],
    *,
    saved: bool = True,
    peak: bool = True,
    finite: bool = True,
    half: torch.dtype | None = None,
) -> Measurement:
    """Run `module` on `inputs` and record what each of `rows` did.

    `rows` maps a name to a submodule. Where several names have one module (shared parameters), its calls are dealt to
    them in the order of `rows`; where one name is called several times, it gathers them all. A row that runs inside
    another has its share to itself: rows and what runs outside of them add up to the totals.
    `saved` and `peak` switch the runs for bytes off, `finite` the look at every number; `half` is what torch.autocast
    is to compute in. Whatever torch raises in a forward pass is raised here.
    """
    device = inputs[0].device
    run = _count(module, rows, fresh(inputs), finite, half)
    kept = _autograd(module, rows, fresh(inputs), half) if saved else None
    peaks = _peaks(module, rows, fresh(inputs), half) if peak else (None, None)
    on_cuda = device.type == "cuda" and has_numbers(inputs[0])
    parameters = list(module.parameters())
    return Measurement(
        torch=str(torch.__version__),
        device=str(device),
        rows={name: _row(name, part, run, kept) for name, part in rows.items()},
        output_shapes=shapes(run.outputs),
        finite=all_finite(run.outputs) if finite else None,
        params=sum(parameter.numel() for parameter in parameters),
        trainable=sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
        buffers=sum(buffer.numel() for buffer in module.buffers() if fractional(buffer)),
        macs=sum(run.flops.values()) // 2,
        saved_bytes=None if kept is None else kept.total,
        saved_input_bytes=None if kept is None else kept.inputs,
        saved_parameter_bytes=None if kept is None else kept.parameters,
        peak_bytes=peaks[0],
        operation_peak_bytes=peaks[1],
        cuda_peak_bytes=_cuda_peak(module, inputs, half) if peak and on_cuda else None,
    )


class _Counted(NamedTuple):
    """The first run. Everything by row, `flops` under OUTSIDE as well."""

    calls: dict[str, int]
    shapes: dict[str, tuple[Shape, ...]]
    finite: dict[str, bool | None]
    flops: dict[str, int]
    outputs: list[Tensor]


class _Autograd(NamedTuple):
    """The second run; the sums are in bytes."""

    rows: dict[str, list[Kept]]
    total: int
    inputs: int
    parameters: int


def _count(
    module: nn.Module, rows: Mapping[str, nn.Module], inputs: Sequence[Tensor], finite: bool, half: torch.dtype | None
) -> _Counted:
    counter = FlopCounterMode(display=False, custom_mapping=counted_otherwise())
    run = _Counted({}, {}, {}, {}, [])
    counted = 0

    def settle(row: str) -> None:  # what was counted since the last border belongs to `row`
        nonlocal counted
        total = counter.get_total_flops()
        run.flops[row] = run.flops.get(row, 0) + total - counted
        counted = total

    def enter(_row: str, around: str, _taken: list[Tensor]) -> None:
        settle(around)

    def leave(row: str, _around: str, made: list[Tensor]) -> None:
        settle(row)
        run.calls[row] = run.calls.get(row, 0) + 1
        run.shapes[row] = run.shapes.get(row, ()) + shapes(made)
        if not finite:
            run.finite[row] = None
        elif run.finite.get(row, True):
            run.finite[row] = all_finite(made)

    with torch.no_grad(), autocast(half), counter, watched(rows, enter, leave):
        run.outputs.extend(tensors_in(module(*inputs)))
    settle(OUTSIDE)
    return run


def _autograd(
    module: nn.Module, rows: Mapping[str, nn.Module], inputs: Sequence[Tensor], half: torch.dtype | None
) -> _Autograd:
    running = OUTSIDE
    kept: dict[str, list[Kept]] = {}
    owned = {storage_of(tensor) for tensor in (*module.parameters(), *module.buffers())}
    given = {storage_of(tensor) for tensor in inputs}
    sizes: dict[StorageWeakRef, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = storage_of(tensor)
        if storage not in sizes:
            sizes[storage] = size = tensor.untyped_storage().nbytes()
            if size and storage not in owned:  # batch norm in eval mode keeps empty tensors too
                entry = Kept(tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."), size)
                kept.setdefault(running, []).append(entry)
        return tensor

    def enter(row: str, _around: str, _taken: list[Tensor]) -> None:
        nonlocal running
        running = row

    def leave(_row: str, around: str, made: list[Tensor]) -> None:
        nonlocal running
        for tensor in made:  # what a function written in Python keeps by itself
            for held in tensors_in(getattr(tensor.grad_fn, "__dict__", {})):
                pack(held)
        running = around

    hooks = saved_tensors_hooks(pack, lambda tensor: tensor)
    with torch.enable_grad(), autocast(half), hooks, watched(rows, enter, leave):
        module(*inputs)
    apart = sum(size for storage, size in sizes.items() if storage in owned)
    from_inputs = sum(size for storage, size in sizes.items() if storage in given)
    return _Autograd(rows=kept, total=sum(sizes.values()) - apart, inputs=from_inputs, parameters=apart)


def _peaks(
    module: nn.Module, rows: Mapping[str, nn.Module], inputs: Sequence[Tensor], half: torch.dtype | None
) -> tuple[int, int]:
    lives = Lives([*module.parameters(), *module.buffers()], inputs)
    casting = autocast(half, cache=False)  # or copies of shared weights would outlive their rows
    with mode(module, training=False), torch.no_grad(), casting, lives, watched(rows, lives.enter, lives.leave):
        outputs = tensors_in(module(*inputs))
    return lives.peaks(outputs)


def _cuda_peak(module: nn.Module, inputs: Sequence[Tensor], half: torch.dtype | None) -> int:
    device = inputs[0].device
    before = torch.cuda.memory_allocated(device)
    copies = fresh(inputs)
    copied = torch.cuda.memory_allocated(device) - before  # the caller's inputs are there as well
    with mode(module, training=False), torch.no_grad(), autocast(half):
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        module(*copies)
        torch.cuda.synchronize(device)
    return torch.cuda.max_memory_allocated(device) - copied


def _row(name: str, module: nn.Module, run: _Counted, kept: _Autograd | None) -> MeasuredRow:
    buffers = list(module.named_buffers())
    return MeasuredRow(
        name=name,
        calls=run.calls.get(name, 0),
        output_shapes=run.shapes.get(name, ()),
        parameters={key: tuple(parameter.shape) for key, parameter in module.named_parameters()},
        frozen=tuple(key for key, parameter in module.named_parameters() if not parameter.requires_grad),
        buffers={key: tuple(buffer.shape) for key, buffer in buffers if fractional(buffer)},
        counters={key: tuple(buffer.shape) for key, buffer in buffers if not fractional(buffer)},
        macs=run.flops.get(name, 0) // 2,
        kept=None if kept is None else tuple(kept.rows.get(name, ())),
        finite=run.finite.get(name, True),
    )
