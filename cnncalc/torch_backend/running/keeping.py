"""What is kept for the pass backward, when it begins and at most, seen by which storages are still alive.

It looks at no hook of autograd, so that it sees what groups keep that run again, whose own hooks hide it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.autograd.graph import get_gradient_edge
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode

from cnncalc.records import NamedTuple
from cnncalc.torch_backend.building.autocasting import autocast
from cnncalc.torch_backend.running.watching import fresh, mode, storage_of, tensors_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor, nn

__all__ = ["Alive", "alive"]


class _Alive(TorchDispatchMode):  # type: ignore[no-untyped-call]  # untyped in torch
    """Remembers the storages that operations make in passes forward, and which live at each operation backward."""

    def __init__(self, apart: set[StorageWeakRef], given: Sequence[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # as above
        self.apart = apart
        self.seen: list[int] = []
        """Bytes that live when it is looked, as at each operation of the pass backward."""
        self.sizes: dict[StorageWeakRef, int] = {}
        self.remember(given)

    def remember(self, tensors: Sequence[Tensor]) -> None:
        for tensor in tensors:
            storage = storage_of(tensor)
            if storage not in self.apart and storage not in self.sizes:
                self.sizes[storage] = tensor.untyped_storage().nbytes()

    def look(self) -> None:
        """Add up what lives now."""
        gone: Any = StorageWeakRef.expired
        self.sizes = {storage: size for storage, size in self.sizes.items() if not gone(storage)}
        self.seen.append(sum(self.sizes.values()))

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Operations of the pass backward run without gradients; a group that runs again does not, but for `detach`."""
        forward = torch.is_grad_enabled()
        if not forward and func is not torch.ops.aten.detach.default:
            self.look()
        made = func(*args, **(kwargs or {}))
        if forward:
            self.remember(tensors_in(made))
        return made


class Alive(NamedTuple):
    """Bytes of what the pass forward takes and makes that are alive in the pass backward."""

    first: int
    """When it begins."""
    most: int


def alive(
    module: nn.Module, inputs: Sequence[Tensor], half: torch.dtype | None = None, *, backward: bool = True
) -> Alive:
    """Run both passes in training mode, and look what lives: 0 where nothing can be trained.

    Without `backward`, which a device that is not there does not run, it is what the pass forward leaves. Parameters,
    buffers and gradients are apart, and the net's outputs where nothing keeps them.
    """
    apart = {storage_of(tensor) for tensor in (*module.parameters(), *module.buffers())}
    copies = fresh(inputs)
    with mode(module, training=True), torch.enable_grad(), _Alive(apart, copies) as looking:
        with autocast(half):
            made = [one for one in tensors_in(module(*copies)) if one.requires_grad]
        with torch.no_grad():
            gradients = [torch.empty_like(one) for one in made]
        ends = [get_gradient_edge(one) for one in made]
        del copies, made
        looking.seen.clear()
        looking.look()
        if ends and backward:
            torch.autograd.backward(ends, gradients)
    return Alive(looking.seen[0], max(looking.seen))
