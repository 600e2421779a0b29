"""A torch module as a program of torch.export, in bytes."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Sequence

import torch
from torch import nn

from cnncalc.torch_backend.building.kinds.unfolding import Remembering
from cnncalc.torch_backend.wrapping import bare

__all__ = ["exported"]

TELLING = ("torch.fx.experimental.symbolic_shapes", "torch.export._draft_export")
"""Loggers that print whole programs where one cannot be made without the numbers."""


def exported(module: nn.Module, inputs: Sequence[torch.Tensor]) -> bytes:
    """What `torch.export.save` writes of a module that runs on these inputs, as it is at inference.

    It runs the module's code. The module is left in the mode that it is in. A child that is called as a method of
    torch's own is, such as `type`, is `type_` in the program. Raises what torch and the code itself raise, and
    CnncalcError for what torch.export takes in no form.
    """
    modes = [(one, one.training) for one in module.modules()]
    module.eval()
    module = bare(module, inputs)
    content = io.BytesIO()
    renamed = _called_otherwise(modes)
    remembers = any(
        isinstance(one, Remembering) for one, _ in modes
    )  # our own pools, which do where gradients are wanted
    try:
        with warnings.catch_warnings(), torch.set_grad_enabled(remembers):
            warnings.simplefilter("ignore")  # of torch's own archive, which is thrown away
            program = _program(module, tuple(inputs))
            _weightless(program.state_dict)
            torch.export.save(program, content)
    finally:
        for children, before in renamed:
            children.clear()
            children.update(before)
        for one, training in modes:
            one.training = training
    return content.getvalue()


def _weightless(tensors: dict[str, torch.Tensor]) -> None:
    """Put one number in the place of all that a tensor holds; those that are one tensor stay one.

    Readers take no weights, so that none are written; and tensors on the meta device, which have no storage, would
    all be told as one.
    """
    made: dict[int, torch.Tensor] = {}
    for name, own in tensors.items():
        if type(own) in (torch.Tensor, nn.Parameter) and own.layout == torch.strided and not own.is_quantized:
            if id(own) not in made:
                empty = torch.zeros((), dtype=own.dtype).expand(own.shape)
                made[id(own)] = nn.Parameter(empty, own.requires_grad) if isinstance(own, nn.Parameter) else empty
            tensors[name] = made[id(own)]


def _program(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> torch.export.ExportedProgram:
    """The program; where the code branches on numbers that it computes, the way that it takes with these inputs."""
    from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

    told = [logging.getLogger(name) for name in TELLING]
    before = [one.disabled for one in told]
    for one in told:
        one.disabled = True
    try:
        return torch.export.export(module, inputs)
    except GuardOnDataDependentSymNode:
        draft = getattr(torch.export, "draft_export", None)  # since torch 2.7
        if draft is None:
            raise
        with contextlib.redirect_stdout(io.StringIO()):  # of what the code says, said before
            return draft(module, inputs)  # type: ignore[no-any-return]  # asked for by its name
    finally:
        for one, was in zip(told, before):
            one.disabled = was


def _called_otherwise(
    modes: Sequence[tuple[nn.Module, bool]],
) -> list[tuple[dict[str, nn.Module | None], dict[str, nn.Module | None]]]:
    """Rename the children that torch.export would look for and find a method instead; each module's, as they were.

    Our own modules have such names, which `add_module` refuses, and go by no name when they run.
    """
    renamed = []
    for module, _ in modes:
        children = module._modules  # noqa: SLF001  (the dict itself: a name may be one that nn.Module uses)
        if not any(map(_is_torchs, children)):
            continue
        before = dict(children)
        children.clear()
        for name, child in before.items():
            own = name
            while _is_torchs(own) or (own != name and own in before):
                own += "_"
            children[own] = child
        renamed.append((children, before))
    return renamed


def _is_torchs(name: str) -> bool:
    """Whether every module has something else under this name."""
    return hasattr(nn.Module, name) or name == "training"
