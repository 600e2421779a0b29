"""The user's own code: a module that a function of it makes, and what torch.export says of that module."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from cnncalc.errors import CnncalcError, Fault
from cnncalc.layers import Shape
from cnncalc.torch_backend.exporting import exported

__all__ = ["program_of"]

WHOLE = ("Long", "long", "int64")
"""What torch's errors name where it wants whole numbers, as tables that are looked up do."""


def program_of(called: str, shapes: Sequence[Shape], batch: int = 1) -> bytes:
    """The program of the module that `package.module:function` makes, on inputs of these shapes without the batch.

    The package is looked for where Python looks, the current folder first; the function, or class, is called without
    arguments. What the code prints goes to standard error. Raises CnncalcError for whatever it raises.
    """
    before = list(sys.path)
    sys.path.insert(0, str(Path.cwd()))
    try:
        with contextlib.redirect_stdout(sys.stderr):
            module = _module(called)
            return _exported(module, [(batch, *shape) for shape in shapes])
    except CnncalcError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the code is the user's, and raises what it likes
        message = f"running `{called}` ended in {type(error).__name__}"
        said = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
        help = "the function takes no arguments, and the module runs on `--input`, as torch.export traces it"
        raise CnncalcError(Fault(message, values=said[:200], help=help)) from None
    finally:
        sys.path[:] = before


def _exported(module: nn.Module, shapes: Sequence[tuple[int, ...]]) -> bytes:
    """The program on zeros where the weights are, of their type; of whole numbers where the code asks for these."""
    first = next((one for one in module.parameters() if one.dtype.is_floating_point), torch.zeros(()))
    try:
        return exported(module, [torch.zeros(shape, dtype=first.dtype, device=first.device) for shape in shapes])
    except (RuntimeError, IndexError) as error:
        if not any(word in str(error) for word in WHOLE):
            raise
        return exported(module, [torch.zeros(shape, dtype=torch.long, device=first.device) for shape in shapes])


def _module(called: str) -> nn.Module:
    """The module: what stands under the name itself, or what it makes."""
    package, _, path = called.partition(":")
    found: object = importlib.import_module(package)
    for name in path.split("."):
        found = getattr(found, name)
    made = found() if callable(found) and not isinstance(found, nn.Module) else found
    if not isinstance(made, nn.Module):
        message = f"`{called}` makes a `{type(made).__name__}`, and no torch module"
        raise CnncalcError(Fault(message, help="name a function or a class that makes one without arguments"))
    return made
