"""Layer -> torch module, for every kind."""

from __future__ import annotations

from cnncalc.torch_backend.building.kinds import (
    algebra,
    attention,
    contractions,
    convolved,
    deformable,
    modulated,
    others,
    recurrent,
    tensors,
    unfolding,
    windowed,
)
from cnncalc.torch_backend.building.kinds.registry import BUILDERS, module_of

__all__ = [
    "BUILDERS",
    "algebra",
    "attention",
    "contractions",
    "convolved",
    "deformable",
    "modulated",
    "module_of",
    "others",
    "recurrent",
    "tensors",
    "unfolding",
    "windowed",
]
