"""The most bytes alive at once in a forward pass, if every storage were freed right after its last use.

What Python still refers to does not matter: `module(x)` holds `x` until it returns, and a group its input until it
ends. Torch's dispatcher says which storages each operation reads and makes, and from that follows when each could go.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

from torch.utils._python_dispatch import TorchDispatchMode

from cnncalc.torch_backend.running.watching import OUTSIDE, storage_of, tensors_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import Tensor

__all__ = ["Lives"]


class _Life:
    """One storage: its bytes, and the first and the last operation and step in which it is used."""

    __slots__ = ("first_operation", "first_step", "last_operation", "last_step", "lasting", "size")

    def __init__(self, size: int, operation: int, step: int, lasting: bool) -> None:
        self.size = size
        self.first_operation = self.last_operation = operation
        self.first_step = self.last_step = step
        self.lasting = lasting


class Lives(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves its subclass hook untyped
    """Follows every storage that is made inside `with lives:`, and those of `inputs`; `owned` tensors are left out.

    Time is counted twice: in operations, and in steps. A step is one stretch inside a row (tell it by `enter` and
    `leave`), or one operation between rows. A storage is lasting if it is an input, holds what a row gives, or is used
    in a step other than the one that made it.
    """

    def __init__(self, owned: Iterable[Tensor], inputs: Iterable[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # untyped in torch
        self.operation = 0
        self.step = 0
        self.row = OUTSIDE
        self.owned = {storage_of(tensor) for tensor in owned}
        self.lives = {
            storage_of(tensor): _Life(tensor.untyped_storage().nbytes(), 0, 0, lasting=True) for tensor in inputs
        }

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the operation and note what it reads and makes."""
        result = func(*args, **(kwargs or {}))
        self.operation += 1
        self.step += self.row == OUTSIDE
        self._use(tensors_in((args, kwargs)))
        for tensor in tensors_in(result):
            storage = storage_of(tensor)
            if storage not in self.owned and storage not in self.lives:
                size = tensor.untyped_storage().nbytes()
                self.lives[storage] = _Life(size, self.operation, self.step, lasting=False)
        return result

    def enter(self, row: str, _around: str, taken: list[Tensor]) -> None:
        """A row starts, and takes these tensors: a use, even if no operation follows."""
        self.row = row
        self.step += 1
        self._use(taken)

    def leave(self, _row: str, around: str, made: list[Tensor]) -> None:
        """A row ends, and gives these tensors."""
        for life in self._use(made):
            life.lasting = True
        self.row = around
        self.step += 1

    def peaks(self, outputs: Sequence[Tensor]) -> tuple[int, int]:
        """The most bytes alive in a step, of lasting storages, and in an operation, of all.

        `outputs` are what the net gives: they live to the end.
        """
        self.operation += 1
        self.step += 1
        self._use(outputs)
        lives = self.lives.values()
        return (
            _most((life.first_step, life.last_step, life.size) for life in lives if life.lasting),
            _most((life.first_operation, life.last_operation, life.size) for life in lives),
        )

    def _use(self, tensors: Sequence[Tensor]) -> list[_Life]:
        used = []
        for tensor in tensors:
            life = self.lives.get(storage_of(tensor))
            if life is not None:
                life.size = max(life.size, tensor.untyped_storage().nbytes())  # it may be made empty, and given a size
                used.append(life)
        for life in used:
            life.last_operation = self.operation
            life.lasting = life.lasting or life.first_step != self.step
            life.last_step = self.step
        return used


def _most(spans: Iterable[tuple[int, int, int]]) -> int:
    """The greatest sum of sizes over one moment, of spans (first, last, size) with both ends included."""
    changes: dict[int, int] = {}
    for first, last, size in spans:
        changes[first] = changes.get(first, 0) + size
        changes[last + 1] = changes.get(last + 1, 0) - size
    return max(accumulate((changes[moment] for moment in sorted(changes)), initial=0))
