"""PyTorch programs, run and read back."""

from __future__ import annotations

import programs
import torch

from benchmarks.exports.nets import Case, large

__all__ = ["back", "held", "through_torch"]

torch.set_num_threads(1)


def held(case: Case) -> list[str]:
    """A program against `to_torch`: shapes and operations at the net's own size, and what comes out at the small one.

    Small nets, whose norms may blow up what is lost in rounding, in 64 bits.
    """
    one = large(case.small)
    lines = programs.differences(case.small, batch=1 if one else 2, dtype=torch.float32 if one else torch.float64)
    return [*lines, *programs.sizes(case.whole)]


def back(case: Case) -> list[str]:
    """The net against what is read of the program's module."""
    return programs.back(case.small)


def through_torch(case: Case) -> list[str]:
    """The net against what is read of the module of `to_torch`."""
    return programs.through_torch(case.small)
