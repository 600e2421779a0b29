"""A torch module as a program of torch.export, in bytes."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence

import torch
from torch import nn

__all__ = ["exported"]


def exported(module: nn.Module, inputs: Sequence[torch.Tensor]) -> bytes:
    """What `torch.export.save` writes of a module that runs on these inputs, as it is at inference.

    It runs the module's code. The module is left in the mode that it is in. Raises what torch.export raises.
    """
    modes = [(one, one.training) for one in module.modules()]
    module.eval()
    content = io.BytesIO()
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # of torch's own archive, which is thrown away
            torch.export.save(torch.export.export(module, tuple(inputs)), content)
    finally:
        for one, training in modes:
            one.training = training
    return content.getvalue()
