"""The convolutional LSTM in torch, step by step, of convolutions and elementwise operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from cnncalc.layers.fields import spread
from cnncalc.layers.kinds.sequences import convolved
from cnncalc.torch_backend.building.kinds.registry import builds
from cnncalc.torch_backend.building.windows import CONVOLVE

if TYPE_CHECKING:
    from cnncalc.layers import Shape

__all__: list[str] = []


class ConvolvedSteps(nn.Module):
    """A convolutional LSTM on (batch, channels, steps, length), (…, height, width) or (…, depth, height, width)."""

    weight_ih: Tensor
    weight_hh: Tensor

    def __init__(self, rule: convolved.ConvLSTM, shape: Shape) -> None:
        super().__init__()
        self.rule, self.rank = rule, len(shape) - 2
        for name, size in rule.weight_shapes(shape).items():
            self.register_parameter(name, nn.Parameter(torch.randn(size) * 0.1))
        self.padding = [window.padding(n) for window, n in zip(rule.windows(shape), shape[2:], strict=True)]
        if any(before != after for before, after in self.padding) or any(size % 2 == 0 for size in rule.kernel):
            raise ValueError(f"padding {self.padding}, kernel {rule.kernel}")

    def forward(self, x: Tensor) -> Tensor:
        rule, rank = self.rule, self.rank
        convolve: Any = CONVOLVE[rank - 1]
        bias = self.bias if rule.bias else None
        half = [size // 2 for size in spread(rule.kernel, rank)]
        fields = (
            list(spread(rule.stride, rank)),
            [before for before, _ in self.padding],
            list(spread(rule.dilation, rank)),
        )
        states: list[Tensor] = []
        cell = state = None
        for step in range(x.shape[2]):
            gates = convolve(x.select(2, step), self.weight_ih, bias, *fields)
            if state is None or cell is None:
                state = gates.new_zeros(len(x), rule.out, *gates.shape[2:])
                cell = torch.zeros_like(state)
            gates = gates + convolve(state, self.weight_hh, None, 1, half)
            entering, leaving, kept, new = gates.chunk(4, 1)
            cell = kept.sigmoid() * cell + entering.sigmoid() * new.tanh()
            state = leaving.sigmoid() * cell.tanh()
            states.append(state)
        return states[-1] if rule.returns == "final" else torch.stack(states, 2)


@builds(convolved.ConvLSTM)
def convolved_steps(layer: convolved.ConvLSTM, shapes: tuple[Shape, ...]) -> nn.Module:
    """A module of our own; torch has none."""
    if not 3 <= len(shapes[0]) <= 5:
        raise ValueError(f"no maps step by step: {shapes[0]}")
    return ConvolvedSteps(layer, shapes[0])
