"""torch.autocast as it acts on CUDA; also where there is no CUDA device, on tensors without numbers.

torch chooses what it casts by a tensor's dispatch keys. A FakeTensor on `cuda` has CUDA's and needs no device: autocast
and autograd act on it as they do on a GPU, with every type and storage, and nothing is computed.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from torch import Tensor

__all__ = ["autocast", "has_numbers", "pretend_cuda"]

CUDA, META = 1, 14
"""torch's numbers of the two kinds of device."""
LIBRARIES = {"linux": "libc10.so", "darwin": "libc10.dylib"}
REGISTRY = "_ZN3c104impl26device_guard_impl_registryE"
"""c10::impl::device_guard_impl_registry: a pointer for each kind of device."""


@contextmanager
def autocast(half: torch.dtype | None, *, cache: bool = True) -> Iterator[None]:
    """torch.autocast("cuda", half), which would switch itself off where there is no device; None: nothing is cast.

    With `cache`, a weight that is trained is cast once inside it, as by default; else at each use.
    """
    if half is None:
        yield
        return
    before = torch.is_autocast_enabled("cuda"), torch.get_autocast_dtype("cuda"), torch.is_autocast_cache_enabled()
    torch.set_autocast_enabled("cuda", True)
    torch.set_autocast_dtype("cuda", half)
    torch.set_autocast_cache_enabled(cache)
    torch.autocast_increment_nesting()
    try:
        yield
    finally:
        if torch.autocast_decrement_nesting() == 0:
            torch.clear_autocast_cache()
        torch.set_autocast_enabled("cuda", before[0])
        torch.set_autocast_dtype("cuda", before[1])
        torch.set_autocast_cache_enabled(before[2])


def pretend_cuda(module: nn.Module, inputs: Sequence[Tensor]) -> tuple[FakeTensorMode, list[Tensor]]:
    """Move a module to a CUDA device that is not there, without its numbers.

    Gives the mode in which it is to be run, and inputs such as these. Raises CnncalcError where this torch cannot.
    """
    if not torch.backends.cuda.is_built():  # type: ignore[no-untyped-call]  # untyped in torch
        _lend_a_guard()
    mode = FakeTensorMode()

    def moved(tensor: Tensor) -> Tensor:
        return FakeTensor(mode, torch.empty_like(tensor, device="meta"), torch.device("cuda", 0))

    held: dict[Tensor, Tensor] = {buffer: moved(buffer) for buffer in module.buffers()}
    held |= {one: nn.Parameter(moved(one), one.requires_grad) for one in module.parameters()}
    for part in module.modules():
        for name, tensor in (*part.named_parameters(recurse=False), *part.named_buffers(recurse=False)):
            setattr(part, name, held[tensor])
    return mode, [moved(tensor) for tensor in inputs]


def has_numbers(tensor: Tensor) -> bool:
    """Whether a tensor has numbers, as it has not on meta or on a device that is not there.

    Where torch.export traces, the tensor stands for one that has.
    """
    return torch.compiler.is_compiling() or not (tensor.is_meta or isinstance(tensor, FakeTensor))


def _lend_a_guard() -> None:
    """Let the guard of the meta device, which does nothing, stand for CUDA's.

    Where autograd notes a tensor it asks for the guard of its device. FakeTensorMode sees to one that does nothing, but
    only in a torch that was built with CUDA; in others there is none.
    """
    import ctypes

    library = Path(torch.__file__).parent / "lib" / LIBRARIES.get(sys.platform, "")
    try:
        guards = (ctypes.c_void_p * (META + 1)).in_dll(ctypes.CDLL(str(library)), REGISTRY)
    except (OSError, ValueError):
        help = "install a torch that is built with CUDA; it needs no device here"
        raise CnncalcError(Fault("this build of torch knows nothing of CUDA", help=help)) from None
    if not guards[CUDA]:
        guards[CUDA] = guards[META]
