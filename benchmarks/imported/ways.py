"""The ways from a module of torch to a net of ours."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

import cnncalc
from cnncalc import Options, load
from cnncalc.errors import CnncalcError
from cnncalc.graph import Net

__all__ = ["WAYS", "by_onnx", "light", "told"]


def by_program(module: nn.Module, x: torch.Tensor) -> Net:
    """What is read of a `.pt2` that torch writes."""
    with tempfile.NamedTemporaryFile(suffix=".pt2") as file:
        torch.export.save(torch.export.export(module, (x,)), file.name)
        return load(file.name, Options())


def by_onnx(module: nn.Module, x: torch.Tensor, **how: Any) -> Net:
    """What is read of the ONNX file that one of torch's exporters writes; beyond 2 GB it lays weights beside it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        torch.onnx.export(module, (x,), str(path), verbose=False, **how)
        return load(str(path), Options())


WAYS: dict[str, Callable[[nn.Module, torch.Tensor], Net]] = {
    "from_torch": cnncalc.from_torch,
    "pt2": by_program,
    "onnx dynamo": lambda module, x: by_onnx(module, x, dynamo=True),
    "onnx torchscript": lambda module, x: by_onnx(module, x, dynamo=False),
}


def light(way: str) -> bool:
    """Whether a way needs no numbers: the module can lie on the meta device."""
    return not way.startswith("onnx")


def told(work: Callable[[], str]) -> str:
    """What came out, or why nothing did."""
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            return work()
    except CnncalcError as error:
        return "not read: " + " ".join(str(error).split())[:300]
    except Exception as error:  # noqa: BLE001 - whatever torch's exporters raise of a net is told
        return f"not exported: {type(error).__name__} {' '.join(str(error).split())[:120]}"
