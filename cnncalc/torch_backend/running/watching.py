"""Looking on while a torch module runs: which row is running, and which storages its tensors lie in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef

if TYPE_CHECKING:
    from torch.utils.hooks import RemovableHandle

__all__ = ["OUTSIDE", "Shape", "all_finite", "fractional", "fresh", "mode", "shapes", "storage_of", "tensors_in",
           "watched"]  # fmt: skip

Shape = tuple[int, ...]
Border = Callable[[str, str, list[Tensor]], None]
"""Called where a row starts or ends: the row, the row around it or OUTSIDE, and the tensors that it takes or gives."""
OUTSIDE = ""
"""Stands for the row's name while no row is running."""


def storage_of(tensor: Tensor) -> StorageWeakRef:
    """The identity of the tensor's storage, which views share.

    It does not keep the memory alive, and while it exists no later storage compares equal to it. Unlike the address of
    the data it also tells storages of the meta device apart, and empty ones.
    """
    return StorageWeakRef(tensor.untyped_storage())  # type: ignore[no-untyped-call]  # untyped in torch


def tensors_in(value: object) -> list[Tensor]:
    """Every tensor in nested tuples, lists and mappings, in order; anything else is passed over."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [tensor for part in value for tensor in tensors_in(part)]
    return []


def shapes(tensors: Sequence[Tensor]) -> tuple[Shape, ...]:
    """The shapes of `tensors`, batch axis included."""
    return tuple(tuple(tensor.shape) for tensor in tensors)


def fresh(inputs: Sequence[Tensor]) -> list[Tensor]:
    """Copies of `inputs`, each with a storage of just its size, so that in-place layers spoil nothing."""
    return [tensor.detach().clone().requires_grad_(tensor.requires_grad) for tensor in inputs]


def fractional(tensor: Tensor) -> bool:
    """Whether it holds no whole numbers: real ones, or complex ones."""
    return tensor.is_floating_point() or tensor.is_complex()


def all_finite(tensors: Sequence[Tensor]) -> bool | None:
    """Whether every number is finite; None where a tensor is on the meta device and has no numbers."""
    if any(tensor.is_meta for tensor in tensors):
        return None
    return all(bool(tensor.isfinite().all()) for tensor in tensors)


@contextmanager
def mode(module: nn.Module, training: bool) -> Iterator[None]:
    """Train or eval mode for a while; every submodule gets its own flag back."""
    flags = [(part, part.training) for part in module.modules()]
    module.train(training)
    try:
        yield
    finally:
        for part, flag in flags:
            part.__dict__["training"] = flag  # a child of it may be called training too


@contextmanager
def watched(rows: Mapping[str, nn.Module], enter: Border, leave: Border) -> Iterator[None]:
    """Call `enter` and `leave` around every call of a module in `rows`.

    Where several rows have one module its calls are dealt to them in order; the last one gets any that are left over.
    """
    names: dict[nn.Module, list[str]] = {}
    for name, module in rows.items():
        names.setdefault(module, []).append(name)
    running = [OUTSIDE]
    calls = dict.fromkeys(names, 0)

    def before(module: nn.Module, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        row = names[module][min(calls[module], len(names[module]) - 1)]
        calls[module] += 1
        enter(row, running[-1], tensors_in((arguments, keywords)))
        running.append(row)

    def after(_module: nn.Module, _arguments: tuple[Any, ...], output: object) -> None:
        row = running.pop()
        leave(row, running[-1], tensors_in(output))

    handles: list[RemovableHandle] = []
    try:
        for module in names:
            handles.append(module.register_forward_pre_hook(before, with_kwargs=True))
            handles.append(module.register_forward_hook(after))
        yield
    finally:
        for handle in handles:
            handle.remove()
