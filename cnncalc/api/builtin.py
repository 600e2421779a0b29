"""Functions that take a net, for those who prefer them to its methods, and the bundled nets by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cnncalc.api.answers import Report
from cnncalc.api.loading import NetLike
from cnncalc.api.nets import Net, load
from cnncalc.graph import Net as Built
from cnncalc.language.options import Options

if TYPE_CHECKING:
    import torch
    from torch import nn

__all__ = ["bundled", "report", "to_torch"]


def bundled() -> dict[str, Path]:
    """Every bundled architecture by name, with its file."""
    from cnncalc.language import bundled as files

    return files()


def report(net: NetLike | Built, batch: int | None = None, dtype: str = "float32", optimizer: str = "sgd") -> Report:
    """Every layer's row and the totals of a net, see `Net.report`. Raises CnncalcError."""
    held = net if isinstance(net, Net) else load(net)
    return held.report(batch=batch, dtype=dtype, optimizer=optimizer)


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
