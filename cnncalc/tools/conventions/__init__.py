"""Nets as other tools count them, to the unit, their mistakes included and named.

The rules were read from the tools' own sources and are held against what the tools print: `tests/data/conventions.csv`,
made by `python -m benchmarks.conventions`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, Fault, suggestion

if TYPE_CHECKING:
    from cnncalc.tools.conventions.base import Convention

__all__ = ["NAMES", "convention_named"]

NAMES = (
    "torch", "fvcore", "thop", "ultralytics-thop", "ptflops", "ptflops-aten", "torchinfo", "torchscan", "torchprofile",
    "calflops", "deepspeed", "onnx-tool", "paddle", "paper",
)  # fmt: skip


def convention_named(name: str) -> Convention:
    """The convention of that name. Raises CnncalcError where there is none."""
    from cnncalc.tools.conventions import (
        deepspeed,
        functions,
        modules,
        onnx_tool,
        operators,
        torchprofile,
        torchscan,
        ultralytics,
    )

    known = {
        "torch": operators.TORCH,
        "fvcore": operators.FVCORE,
        "thop": modules.THOP,
        "ultralytics-thop": ultralytics.ULTRALYTICS,
        "ptflops": functions.PTFLOPS,
        "ptflops-aten": operators.PTFLOPS_ATEN,
        "torchinfo": modules.TORCHINFO,
        "torchscan": torchscan.TORCHSCAN,
        "torchprofile": torchprofile.TORCHPROFILE,
        "calflops": functions.CALFLOPS,
        "deepspeed": deepspeed.DEEPSPEED,
        "onnx-tool": onnx_tool.ONNX_TOOL,
        "paddle": modules.PADDLE,
        "paper": operators.PAPER,
    }
    wanted = name.strip().lower().replace("_", "-")
    if wanted not in known:
        help = suggestion(wanted, NAMES, f"the conventions are {', '.join(NAMES)}")
        raise CnncalcError(Fault(f"there is no convention `{name[:60]}`", help=help))
    return known[wanted]
