"""Functions as torch modules, and a module held against what `from_torch` reads of it."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from cnncalc import Net, from_torch, report, to_torch

__all__ = ["Doing", "held"]


class Doing(nn.Module):
    """A function as a module, with modules that it is given last."""

    def __init__(self, does: Callable[..., Any], *parts: nn.Module) -> None:
        super().__init__()
        self.does, self.parts = does, nn.ModuleList(parts)

    def forward(self, *inputs: Tensor) -> Any:
        return self.does(*inputs, *self.parts)


def held(module: nn.Module, *inputs: Tensor, numbers: bool = True) -> Net:
    """The net that is read of a module: its parameters, multiply–accumulates and outputs are the module's.

    What torch's own counter finds is the witness of the products. With `numbers` the net is built again, with the
    module's own weights where it calls them alike, and gives what the module gives; else the shapes are held.
    """
    module.eval()
    _scatter(module)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        read = from_torch(module, *inputs)
        totals = report(read).totals
        assert totals.params == sum(one.numel() for one in module.parameters())
        assert 2 * totals.macs == _operations(module, inputs)
        again = to_torch(read).eval()
        _alike(module, again)
    with warnings.catch_warnings():  # a pool that remembers its places does so where gradients are wanted
        warnings.simplefilter("ignore")
        made, found = list(_tensors(module(*inputs))), list(_tensors(again(*inputs)))
    assert [one.numel() for one in made] == [one.numel() for one in found]
    for one, other in zip(made, found):
        if numbers:
            torch.testing.assert_close(other.reshape(one.shape), one.to(other.dtype), rtol=1e-4, atol=1e-4)
    return read


def _scatter(module: nn.Module) -> None:
    random = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for one in (*module.parameters(), *module.buffers()):
            if one.is_floating_point():
                low, high = (0.5, 1.5) if one.dim() < 2 else (-0.5, 0.5)
                one.copy_(low + (high - low) * torch.rand(one.shape, generator=random))


def _operations(module: nn.Module, inputs: tuple[Tensor, ...]) -> int:
    usual = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # which hides what attention does
    try:
        with torch.device("meta"), FlopCounterMode(display=False) as counter:
            copy.deepcopy(module).to("meta")(*(one.to("meta") for one in inputs))
    finally:
        torch.backends.mha.set_fastpath_enabled(usual)
    return int(counter.get_total_flops())


def _alike(module: nn.Module, again: nn.Module) -> None:
    """The module's own weights in what was built, or, where these are parts of them, the same in both."""
    own, layers = module.state_dict(keep_vars=True), again.state_dict(keep_vars=True)
    for name in [name for name, one in layers.items() if name in own and own[name].numel() == one.numel()]:
        layers.pop(name).data.copy_(own[name].data.reshape(again.state_dict()[name].shape))
        own.pop(name)
    for one in (*own.values(), *layers.values()):
        if one.is_floating_point():
            one.data.copy_(
                torch.linspace(-1, 1, one.shape[-1]).expand(one.shape) if one.dim() > 1 else torch.tensor(0.3)
            )


def _tensors(made: Any) -> Iterator[Tensor]:
    if isinstance(made, Tensor):
        yield made
    elif isinstance(made, (list, tuple, dict)):
        for one in made.values() if isinstance(made, dict) else made:
            yield from _tensors(one)
