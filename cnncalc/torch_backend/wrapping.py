"""What users put around a module before they hand it over, and what torch.export takes in no form."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin

from cnncalc.errors import CnncalcError, Fault

__all__ = ["bare"]

WRAPPERS = (nn.DataParallel, nn.parallel.DistributedDataParallel)
QUANTIZED = "torch.ao.nn.quantized."


def bare(module: nn.Module, inputs: Sequence[torch.Tensor]) -> nn.Module:
    """The module that was wrapped for several devices or compiled; lazy layers have their weights afterwards.

    Raises CnncalcError for scripted modules and quantized ones, which torch.export does not take, and what the code
    raises where lazy layers run.
    """
    _refuse(type(module).__name__, module)
    while (inner := _inside(module)) is not None:
        module = inner
    for name, one in module.named_modules():
        _refuse(name or type(one).__name__, one)
    if any(isinstance(one, LazyModuleMixin) and one.has_uninitialized_params() for one in module.modules()):
        with torch.no_grad():
            module(*inputs)
    return module


def _inside(module: nn.Module) -> nn.Module | None:
    """What a wrapper is around; None where it is none."""
    inner = getattr(module, "module" if isinstance(module, WRAPPERS) else "_orig_mod", None)
    return inner if isinstance(inner, nn.Module) else None


def _refuse(name: str, module: nn.Module) -> None:
    if isinstance(module, torch.jit.ScriptModule):
        help = "hand over the module itself, before torch.jit.script or torch.jit.trace"
        raise CnncalcError(Fault("torch.export takes no scripted module", values=f"`{name}`", help=help))
    if type(module).__module__.startswith(QUANTIZED):
        help = "hand over the module before `convert` or `quantize_dynamic`, or write it as ONNX"
        raise CnncalcError(
            Fault("torch.export takes no layer whose weights torch has packed", values=f"`{name}`", help=help)
        )
