"""Unfold, fold and max unpooling in torch."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from cnncalc.layers.fields import spread
from cnncalc.layers.kinds import unfolding
from cnncalc.torch_backend.building import modules
from cnncalc.torch_backend.building.kinds.registry import builds

if TYPE_CHECKING:
    from cnncalc.layers import Shape

__all__ = ["Remembering", "remember_places"]

POOLS: dict[type[nn.Module], Any] = {
    nn.MaxPool1d: functional.max_pool1d,
    nn.MaxPool2d: functional.max_pool2d,
    nn.MaxPool3d: functional.max_pool3d,
}
UNPOOLS = (functional.max_unpool1d, functional.max_unpool2d, functional.max_unpool3d)


class Unfolded(nn.Unfold):
    """torch's unfold makes its output in a storage of at least the input's size; this is one of its own."""

    def forward(self, input: Tensor) -> Tensor:
        return modules.copied(super().forward(input))


@builds(unfolding.Unfold)
def unfold(layer: unfolding.Unfold, shapes: tuple[Shape, ...]) -> nn.Module:
    """Unfold."""
    if len(shapes[0]) != 3:
        raise ValueError(f"no map with height and width: {shapes[0]}")
    return Unfolded(*(tuple(spread(one, 2)) for one in (layer.kernel, layer.dilation, layer.padding, layer.stride)))


class Folded(nn.Fold):
    """torch's fold makes its output in a storage of the input's size; this is one of its own."""

    def forward(self, input: Tensor) -> Tensor:
        return modules.copied(super().forward(input))


@builds(unfolding.Fold)
def fold(layer: unfolding.Fold, shapes: tuple[Shape, ...]) -> nn.Module:
    """Fold."""
    fields = (layer.size, layer.kernel, layer.dilation, layer.padding, layer.stride)
    return Folded(*(tuple(spread(one, 2)) for one in fields))


class Unpooled(nn.Module):
    """Max unpooling. `pool` holds the module of the pool whose places it takes; without one they are made up."""

    def __init__(self, rule: unfolding.MaxUnpool) -> None:
        super().__init__()
        self.rule = rule
        self.pool: list[Remembering] = []

    def forward(self, x: Tensor, pooled: Tensor) -> Tensor:
        rule, shape = self.rule, tuple(x.shape[1:])
        if x.shape != pooled.shape:
            raise ValueError(f"{shape} and a pool's {tuple(pooled.shape[1:])}")
        out = rule.output_shape(shape, shape)[1:]
        if min(out) < 1:
            raise ValueError(f"no pixel: {out}")
        # at inference peaks are those of outputs: what the pool hands over is made up
        indices = self.pool[0].indices if self.pool and torch.is_grad_enabled() else self.made_up(x, out)
        windows = rule.windows(shape)
        unpool = UNPOOLS[len(windows) - 1]
        each = ([w.kernel for w in windows], [w.stride for w in windows], [w.padding(1)[0] for w in windows])
        made: Tensor = unpool(x, indices, *each, [*x.shape[:2], *out])
        return made

    @staticmethod
    def made_up(x: Tensor, out: Shape) -> Tensor:
        """Any places inside the output."""
        places = torch.arange(prod(x.shape[2:]), device=x.device) % prod(out)
        return places.reshape(x.shape[2:]).expand(x.shape).contiguous()


@builds(unfolding.MaxUnpool)
def max_unpool(layer: unfolding.MaxUnpool, shapes: tuple[Shape, ...]) -> nn.Module:
    """MaxUnpool1d to MaxUnpool3d, which take the places from the pool itself."""
    return Unpooled(layer)


class Remembering(nn.Module):
    """A max pool that remembers where it found its pixels."""

    indices: Tensor

    def __init__(self, pool: nn.Module) -> None:
        super().__init__()
        self.pool = [pool]

    def forward(self, x: Tensor) -> Tensor:
        pool: Any = self.pool[0]
        if not torch.is_grad_enabled():
            plain: Tensor = pool(x)
            return plain
        fields = (pool.kernel_size, pool.stride, pool.padding, pool.dilation, pool.ceil_mode)
        made, self.indices = POOLS[type(pool)](x, *fields, return_indices=True)
        result: Tensor = made
        return result


def remember_places(modules: dict[int, nn.Module], unpool: int, pool: int) -> None:
    """Let an unpooling take the places of its pool, where torch's own pool can give them."""
    ours, theirs = modules[unpool], modules[pool]
    if type(theirs) in POOLS:
        theirs = modules[pool] = Remembering(theirs)
    if isinstance(ours, Unpooled) and isinstance(theirs, Remembering):
        ours.pool = [theirs]
