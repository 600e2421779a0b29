"""A step of training, of one batch or of several whose gradients add up, and what torch did in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from cnncalc.records import NamedTuple
from cnncalc.torch_backend.building.autocasting import autocast
from cnncalc.torch_backend.running.flops import counted_otherwise
from cnncalc.torch_backend.running.watching import all_finite, fresh, mode, storage_of, tensors_in

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["TrainingStep", "training_step"]


class TrainingStep(NamedTuple):
    """The outcome of one step of training."""

    loss: float | None
    """None on meta."""
    without_gradient: tuple[str, ...]
    """Trainable parameters that backward never reached."""
    finite: bool | None
    """Whether loss and parameters are finite after the step; None on meta."""
    backward_flops: int
    """Of all passes backward, by torch's FlopCounterMode, which counts products alone."""
    gradient_bytes: int
    """What the storages of all gradients take at the end of the step."""


def _parts(tensor: Tensor) -> Tensor:
    """A tensor's real numbers: of complex ones both parts."""
    return torch.view_as_real(tensor) if tensor.is_complex() else tensor


def training_step(
    module: nn.Module, inputs: Sequence[Tensor], lr: float = 0.01, half: torch.dtype | None = None, batches: int = 1
) -> TrainingStep:
    """Forward in train mode, backward from the sum of the outputs' means, one step of plain gradient descent.

    With several batches, all alike, both are done as often before the step, and gradients add up.

    The module comes back with its parameters moved, its gradients in place and its train or eval flags as they were.
    Where nothing can be trained there is only the forward pass.
    """
    with mode(module, training=True), torch.enable_grad():
        module.zero_grad(set_to_none=True)
        flops = 0
        for _ in range(batches):
            with autocast(half):
                outputs = tensors_in(module(*fresh(inputs)))
            loss = torch.stack([_parts(output).mean() for output in outputs]).sum() / batches
            counter = FlopCounterMode(display=False, custom_mapping=counted_otherwise())
            if loss.requires_grad:
                with counter:
                    torch.autograd.backward(loss)
            flops += counter.get_total_flops()
    trainable = {name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad}
    gradients = [one.grad for one in trainable.values() if one.grad is not None]
    if loss.requires_grad:
        torch.optim.SGD(trainable.values(), lr=lr).step()
    return TrainingStep(
        loss=None if loss.is_meta else loss.item(),
        without_gradient=tuple(name for name, parameter in trainable.items() if parameter.grad is None),
        finite=all_finite([loss.detach(), *(parameter.detach() for parameter in trainable.values())]),
        backward_flops=flops,
        gradient_bytes=sum({storage_of(one): one.untyped_storage().nbytes() for one in gradients}.values()),
    )
