"""A torch module as a program of torch.export, in bytes."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import nn

from cnncalc.errors import CnncalcError, Fault
from cnncalc.torch_backend.building.kinds.unfolding import Remembering
from cnncalc.torch_backend.wrapping import bare, giving_plain_values

__all__ = ["exported"]

TELLING = (
    "torch.fx.experimental.symbolic_shapes",
    "torch.export._draft_export",
    "torch._export.serde.serialize",
)
"""Loggers that print whole programs where one cannot be made without the numbers."""
NOTHING: Mapping[str, torch.Tensor] = {}


def exported(module: nn.Module, inputs: Sequence[torch.Tensor], named: Mapping[str, torch.Tensor] = NOTHING) -> bytes:
    """What `torch.export.save` writes of a module that runs on these inputs, as it is at inference.

    `named` are inputs by the names of `forward`. It runs the module's code. The module is left in the mode that it is
    in. A child that is called as a method of torch's own is, such as `type`, is `type_` in the program. Raises what
    torch and the code itself raise, and CnncalcError for what torch.export takes in no form.
    """
    modes = [(one, one.training) for one in module.modules()]
    module.eval()
    module = bare(module, inputs, named)
    content = io.BytesIO()
    renamed = _called_otherwise(modes)
    remembers = any(
        isinstance(one, Remembering) for one, _ in modes
    )  # our own pools, which do where gradients are wanted
    try:
        with warnings.catch_warnings(), torch.set_grad_enabled(remembers), _silent(), giving_plain_values(module):
            warnings.simplefilter("ignore")  # of torch's own archive, which is thrown away
            program = _program(module, tuple(inputs), dict(named))
            _weightless(program.state_dict)
            _save(program, content)
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


def _save(program: torch.export.ExportedProgram, content: io.BytesIO) -> None:
    """Write a program. Raises CnncalcError where it holds numbers that torch cannot write, as a float of a tensor."""
    try:
        torch.export.save(program, content)
    except TypeError as error:
        if "JSON serializable" not in str(error):
            raise
        help = "leave out `.item()` and `float(…)`: numbers that stay tensors are read"
        raise CnncalcError(Fault("the code computes a number of a tensor and goes on with it", help=help)) from None


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Without what torch tells of programs that it cannot make."""
    told = [logging.getLogger(name) for name in TELLING]
    before = [one.disabled for one in told]
    for one in told:
        one.disabled = True
    try:
        yield
    finally:
        for one, was in zip(told, before):
            one.disabled = was


def _program(
    module: nn.Module, inputs: tuple[torch.Tensor, ...], named: dict[str, torch.Tensor]
) -> torch.export.ExportedProgram:
    """The program; where the code branches on numbers that it computes, the way that it takes with these inputs.

    What the code prints is printed once, and what torch prints of programs that it cannot make is not.
    """
    from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode

    said, told = io.StringIO(), io.StringIO()
    draft = getattr(torch.export, "draft_export", None)  # since torch 2.7
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(told):
            program = torch.export.export(module, inputs, named)
    except GuardOnDataDependentSymNode:
        told = io.StringIO()
        if draft is None:
            raise
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            program = draft(module, inputs, named)
    finally:
        sys.stdout.write(said.getvalue())
        sys.stderr.write(told.getvalue())
    return program


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
