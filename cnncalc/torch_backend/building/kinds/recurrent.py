"""Recurrent layers in torch, step by step as its own operations compose them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from cnncalc.layers.kinds.sequences import recurrent
from cnncalc.torch_backend.building import modules
from cnncalc.torch_backend.building.kinds.registry import builds

if TYPE_CHECKING:
    from cnncalc.layers import Shape

__all__: list[str] = []

FUNCTIONS: dict[str, Any] = {
    "lstm": torch.lstm,
    "gru": torch.gru,
    "rnn": {"tanh": torch.rnn_tanh, "relu": torch.rnn_relu},
}
GATES = {"lstm": 4, "gru": 3, "rnn": 1}
"""Rows of weights for a number of the state, as torch has them."""


class Recurred(nn.Module):
    """torch's own recurrence on features x length; oneDNN's, which keeps a workspace of its own, is left aside."""

    def __init__(self, rule: recurrent.Recurrent, shape: Shape) -> None:
        super().__init__()
        self.rule, self.features = rule, rule.features(shape)
        self.names: list[str] = []
        for name, size in rule.weight_shapes(shape).items():
            self.register_parameter(name, nn.Parameter(torch.randn(size) * 0.1))

    def flat(self, x: Tensor) -> list[Tensor]:
        """The parameters in torch's order; a second vector of biases that is not there is zero."""
        rule = self.rule
        found: list[Tensor] = []
        for number in range(rule.layers):
            for direction in range(rule.directions):
                end = f"_l{number}{'_reverse' if direction else ''}"
                weights = [getattr(self, f"weight_{side}h{end}") for side in "ih"]
                if {len(weight) for weight in weights} != {GATES[rule.kind] * rule.hidden}:
                    raise ValueError(
                        f"torch's {rule.kind} has {GATES[rule.kind]} gates"
                    )  # it would read on beyond them
                biases = [getattr(self, f"bias_{side}h{end}") for side in "ih"[: rule.bias_vectors]]
                if len(biases) == 1:
                    biases.append(torch.zeros_like(biases[0]).detach())
                found += [*weights, *biases, *(getattr(self, f"{name}{end}") for name in rule.projecting())]
        return found

    def forward(self, x: Tensor) -> Tensor:
        rule = self.rule
        if x.dim() != 3 or rule.features(tuple(x.shape[1:])) != self.features:
            raise ValueError(f"a sequence of {self.features} features, not {tuple(x.shape[1:])}")
        steps = x.movedim(2, 0) if rule.axis == "channels" else x.movedim(1, 0)
        count = rule.layers * rule.directions
        state = steps.new_zeros(count, steps.shape[1], rule.state)
        start: Any = state
        if isinstance(rule, recurrent.LSTM):
            start = (state, steps.new_zeros(count, steps.shape[1], rule.hidden))
        function = FUNCTIONS[rule.kind]
        if isinstance(rule, recurrent.RNN):
            function = function[rule.nonlinearity]
        before = torch._C._get_mkldnn_enabled()  # noqa: SLF001  (torch.backends.mkldnn.flags warns of Intel's GPUs)
        torch._C._set_mkldnn_enabled(False)  # noqa: SLF001
        try:
            out, last, *_ = function(
                steps, start, self.flat(x), rule.bias, rule.layers, 0.0, self.training, rule.bidirectional, False
            )
        finally:
            torch._C._set_mkldnn_enabled(before)  # noqa: SLF001
        if rule.returns == "final":
            ends = last[-rule.directions :]
            return modules.copied(ends.movedim(0, 1)).flatten(1)
        return modules.copied(out.movedim(0, 2) if rule.axis == "channels" else out.movedim(0, 1))


@builds(recurrent.LSTM, recurrent.GRU, recurrent.RNN)
def recurred(layer: recurrent.Recurrent, shapes: tuple[Shape, ...]) -> nn.Module:
    """A module of our own, with the parameters of LSTM, GRU or RNN by their names."""
    if len(shapes[0]) != 2:
        raise ValueError(f"no sequence: {shapes[0]}")
    if isinstance(layer, recurrent.LSTM) and layer.state > layer.hidden - (layer.projection is not None):
        raise ValueError(f"projection {layer.projection} of {layer.hidden}")
    return Recurred(layer, shapes[0])
