"""What users put around a module before they hand it over, and what torch.export takes in no form."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin

from cnncalc.errors import CnncalcError, Fault

__all__ = ["bare", "giving_plain_values"]

WRAPPERS = (nn.DataParallel, nn.parallel.DistributedDataParallel)
QUANTIZED = "torch.ao.nn.quantized."


def bare(module: nn.Module, inputs: Sequence[torch.Tensor], named: Mapping[str, torch.Tensor]) -> nn.Module:
    """The module that was wrapped for several devices or compiled; lazy layers have their weights afterwards.

    Raises CnncalcError for scripted modules, quantized ones and those with sparse weights, which torch.export does not
    take, and what the code raises where lazy layers run.
    """
    _refuse(type(module).__name__, module)
    while (inner := _inside(module)) is not None:
        module = inner
    for name, one in module.named_modules():
        _refuse(name or type(one).__name__, one)
    if any(isinstance(one, LazyModuleMixin) and one.has_uninitialized_params() for one in module.modules()):
        with torch.no_grad():
            module(*inputs, **named)
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
    for own, parameter in module.named_parameters(recurse=False):
        if parameter.layout != torch.strided:
            help = "hand over the module with `weight.to_dense()`: zeros are counted by `sparsity`"
            values = f"`{own}` of `{name}` is {str(parameter.layout).removeprefix('torch.')}"
            raise CnncalcError(Fault("torch.export takes no sparse weights", values=values, help=help))


@contextlib.contextmanager
def giving_plain_values(module: nn.Module) -> Iterator[None]:
    """Have a module give tensors, and lists, tuples and dicts of them, in place of objects of the user's own classes.

    torch.export takes no others. Raises CnncalcError, while the module runs, for what is no record of tensors.
    """
    forward, own = module.forward, module.__dict__.get("forward")

    @functools.wraps(forward)
    def plain(*inputs: Any, **named: Any) -> Any:
        return _plain(forward(*inputs, **named))

    module.forward = plain  # of this one module, and no child's
    try:
        yield
    finally:
        if own is None:
            del module.forward
        else:
            module.forward = own


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (torch.Tensor, str, bool, int, float)):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    name = type(value).__name__[:60]
    help = "return tensors, or lists, tuples, dicts or dataclasses of them"
    raise CnncalcError(Fault(f"the module gives a `{name}`, of which nobody knows the tensors", help=help))
