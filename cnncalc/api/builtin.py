"""Functions that take a net, for those who prefer them to its methods, and the bundled nets by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cnncalc.api.answers import Report
from cnncalc.api.boundary.keywords import known_keywords
from cnncalc.api.loading import NetLike
from cnncalc.api.nets import Net
from cnncalc.api.opening import load
from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Net as Built
from cnncalc.language.options import Options

if TYPE_CHECKING:
    import torch
    from torch import nn

    from cnncalc.api.rewriting import Rewritten

__all__ = ["bundled", "from_torch", "report", "rewrite", "to_torch"]


def bundled() -> dict[str, Path]:
    """Every bundled architecture by name, with its file."""
    from cnncalc.language import bundled as files

    return files()


@known_keywords
def report(net: NetLike | Built, batch: int | None = None, dtype: str = "float32", optimizer: str = "sgd") -> Report:
    """Every layer's row and the totals of a net, see `Net.report`. Raises CnncalcError."""
    held = net if isinstance(net, Net) else load(net)
    return held.report(batch=batch, dtype=dtype, optimizer=optimizer)


@known_keywords
def to_torch(
    net: NetLike | Built,
    options: Options | None = None,
    *,
    seed: int = 0,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
) -> nn.Module:
    """A net as a torch module, see `Net.to_torch`. It needs torch. Raises CnncalcError."""
    held = net if isinstance(net, Net) else load(net, options)
    return held.to_torch(seed=seed, device=device, dtype=dtype)


@known_keywords
def rewrite(net: NetLike | Built, *rules: str, at: str | Sequence[str] = ()) -> Rewritten[Net]:
    """A net through rules, see `Net.rewrite`. Raises CnncalcError."""
    held = net if isinstance(net, Net) else load(net)
    return held.rewrite(*rules, at=at)


@known_keywords
def from_torch(
    module: nn.Module,
    *inputs: torch.Tensor,
    named: Mapping[str, torch.Tensor] | None = None,
    opaque: bool = False,
) -> Net:
    """A torch module as a net, by torch.export: it runs the module's code on the inputs, whose first axis is the batch.

    `named` are inputs by the names of `forward`. What comes out are tensors, also in lists, dicts and dataclasses.
    Layers are called as the modules. With `opaque`, operations that are not known become layers of which only the
    shape is known. What was noted on the way, as that the code looks at numbers that it computes, is among the hints
    of the net's reports. It needs torch. Raises CnncalcError for what cannot be read, and what torch.export raises.

    >>> from torch import nn, zeros
    >>> from_torch(nn.Conv2d(3, 8, 3), zeros(1, 3, 32, 32)).report().totals.params
    224
    """
    from cnncalc.api.programs import foreign_of
    from cnncalc.language import given_foreign
    from cnncalc.torch_backend.exporting import exported

    name = type(module).__name__
    if not hasattr(module, "named_modules"):
        help = "such as `torch.nn.Conv2d(3, 8, 3)`"
        if hasattr(module, "graph_module"):  # a program of torch.export
            help = 'write it with `torch.export.save(program, "net.pt2")`, and `cnncalc.load` that file'
        raise CnncalcError(Fault(f"a value of the type `{name}` is no torch module", help=help))
    found = foreign_of(exported(module, inputs, named or {}), name, opaque=opaque)
    return Net.read(given_foreign(found._replace(net=None), name), Options())
