"""Before a net is built: on which device, with which batch, and whether there is memory for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from cnncalc.analysis.costs import report
from cnncalc.analysis.dtypes import amp_of, element_bytes
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.errors import CnncalcError, Fault
from cnncalc.layers.kinds import norm
from cnncalc.layers.kinds.sequences.recurrent import Recurrent
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.graph import Net

__all__ = ["DEVICES", "DTYPES", "PRETENDED", "Plan", "SingleValue", "plan", "readable", "single_value"]

DEVICES = ("cpu", "cuda", "meta")
DTYPES = {
    "float64": torch.float64,
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
    "complex32": torch.complex32,
    "complex64": torch.complex64,
    "complex128": torch.complex128,
}
"""The types that torch can train in."""
PRETENDED = "cuda without a device"
"""Tensors without numbers, on which torch acts as on CUDA's."""
LARGE_MEMORY = 1 << 30
LARGE_MACS = 10_000_000_000
"""A net beyond one of these runs on `meta` unless told."""


class Plan(NamedTuple):
    """How a net is verified, and what of that is not as the user might think."""

    device: str
    batch: int
    training: bool
    """Whether torch can run it in training mode at all."""
    notes: tuple[str, ...]


def plan(graph: Net, device: str | None, batch: int, dtype: str) -> Plan:
    """Choose the device where none is given; raises CnncalcError where there is none such, or not the memory."""
    amp = amp_of(dtype)
    if dtype not in DTYPES and not amp:
        element_bytes(dtype)
        raise CnncalcError(Fault(f"torch cannot train a net in {dtype}", help=f"the types are {', '.join(DTYPES)}"))
    if amp and device not in (None, "cuda"):
        help = "leave --device out: types and storages are held on tensors that need no CUDA device"
        raise CnncalcError(Fault(f"--amp is torch.autocast as it acts on CUDA, not on {device}", help=help))
    if amp and device is None and any(isinstance(layer, Recurrent) for layer, _ in graph.signatures):
        help = "leave --amp out, or use `--device cuda` where there is one"
        raise CnncalcError(Fault("torch's recurrent layers run under autocast on a CUDA device alone", help=help))
    notes: list[str] = []
    mended, lasting = single_value(graph, batch)
    if mended:
        notes.append(f"batch {batch + 1}: in a batch of {batch}, {mended} has one value a channel, refused in training")
        batch += 1
    if lasting:
        notes.append(f"in eval mode, without saved bytes: {lasting} has one pixel, which torch refuses in training")
    estimate = _memory(graph, batch, dtype)
    if device is None and amp:
        notes.append(
            "torch.autocast as it acts on CUDA, on tensors without numbers: types and storages are held, no step of "
            "training is taken; `--device cuda` takes one"
        )
        return Plan(PRETENDED, batch, not lasting, tuple(notes))
    if device is None:
        macs = batch * sum(layer.macs(*graph.input_shapes(node)) for _, node, layer in graph.layers())
        device = "meta" if estimate > LARGE_MEMORY or macs > LARGE_MACS else "cpu"
        if device == "meta":
            notes.append(
                f"a large net ({readable(estimate)}, {macs / 1e9:.1f} G MACs): on torch's meta device, which computes "
                "no numbers; `--device cpu` runs it in full"
            )
    if device == "cuda" and not torch.cuda.is_available():
        others = "leave --device out" if amp else "use `--device cpu`, or `--device meta` for a large net"
        raise CnncalcError(Fault("torch finds no CUDA device here", help=others))
    room = _available(device)
    if room is not None and estimate > room:
        raise CnncalcError(
            Fault(
                f"the net does not fit in the memory of {device}",
                values=f"weights, gradients and activations take about {readable(estimate)}, {readable(room)} are free",
                help="use `--device meta`, which needs none, a smaller `--input` or a smaller `--batch`",
            )
        )
    return Plan(device, batch, not lasting, tuple(notes))


def readable(count: float) -> str:
    """A number of bytes as people say it: `1.2 GiB`."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:,.1f} TiB"


def _memory(graph: Net, batch: int, dtype: str) -> int:
    """Bytes that a step of training takes, roughly: what torch's kernels need for themselves is left out."""
    sums = report(graph, batch, dtype).totals
    return sums.train_bytes + sums.peak_bytes


class SingleValue(NamedTuple):
    """Normalisations with one value to normalise in training, which torch refuses: the first of each sort, or none."""

    mended: str
    """A larger batch gives it more."""
    lasting: str
    """Nothing does: one pixel of one image."""


def single_value(graph: Net, batch: int) -> SingleValue:
    """Whether a batch of this size is too small for a normalisation, or any batch is."""
    mended = lasting = ""
    for _, node, layer in graph.layers():
        (shape, *_) = graph.input_shapes(node)
        positions = product(shape[1:])
        if isinstance(layer, norm.InstanceNorm) and positions == 1:
            lasting = lasting or node.name
        values = batch * positions * (shape[0] // layer.groups if isinstance(layer, norm.GroupNorm) else 1)
        if isinstance(layer, (norm.BatchNorm, norm.GroupNorm)) and values == 1:
            mended = mended or node.name
    return SingleValue(mended, lasting)


def _available(device: str) -> int | None:
    """Free bytes on a device; None where it needs none or cannot say."""
    if device == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    if device == "meta":
        return None
    found = [_meminfo(), _control_group()]
    known = [number for number in found if number is not None]
    return min(known) if known else None


def _meminfo() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    numbers = {line.partition(":")[0]: line.split()[1] for line in lines if len(line.split()) > 1}
    return int(numbers["MemAvailable"]) * 1024 if "MemAvailable" in numbers else None


def _control_group() -> int | None:
    """What a container may still take (cgroup v2)."""
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
        used = Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(limit) - int(used) if limit.isdigit() and used.isdigit() else None
