"""A torch module as a program of torch.export, in bytes."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Sequence

import torch
from torch import nn

from cnncalc.errors import CnncalcError, Fault
from cnncalc.torch_backend.building.kinds.unfolding import Remembering

__all__ = ["exported"]


def exported(module: nn.Module, inputs: Sequence[torch.Tensor]) -> bytes:
    """What `torch.export.save` writes of a module that runs on these inputs, as it is at inference.

    It runs the module's code. The module is left in the mode that it is in. Raises CnncalcError where torch finds no
    such program, and what the code itself raises.
    """
    modes = [(one, one.training) for one in module.modules()]
    module.eval()
    content = io.BytesIO()
    remembers = any(
        isinstance(one, Remembering) for one, _ in modes
    )  # our own pools, which do where gradients are wanted
    try:
        with warnings.catch_warnings(), torch.set_grad_enabled(remembers):
            warnings.simplefilter("ignore")  # of torch's own archive, which is thrown away
            torch.export.save(torch.export.export(module, tuple(inputs)), content)
    except TypeError as error:
        named = re.match(r"submodule `(\w+)`: .* is not an instance of torch.nn.Module", str(error), re.DOTALL)
        if named is None:
            raise
        message = f"torch.export cannot take a module that is called `{named[1]}`, as a method of torch's own is"
        raise CnncalcError(Fault(message, help="give it another name, such as `layer`")) from None
    finally:
        for one, training in modes:
            one.training = training
    return content.getvalue()
