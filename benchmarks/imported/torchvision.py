"""Nets of torchvision for classification, segmentation and video, each on every way, against our own file of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

import torch
from torch import nn
from torchvision import models

from benchmarks.imported.held import against, folded
from benchmarks.imported.ways import WAYS, light, told
from cnncalc import Options, bundled, load, report
from cnncalc.graph import Net

__all__ = ["readings"]

OTHER = ("detection", "optical_flow", "quantization")
"""Modules of torchvision.models whose nets are no classifiers, segmenters or video nets of floating-point numbers."""
LARGE = 250_000_000
"""Parameters from which on a module is written as ONNX in numbers of half the width, for want of memory."""
PLAIN: dict[str, dict[str, Any]] = {
    **{name: {"init_weights": False} for name in ("googlenet", "inception_v3")},
    **{name: {"weights_backbone": None} for name in bundled() if name.startswith(("deeplabv3_", "fcn_", "lraspp_"))},
}


def names() -> list[str]:
    """Those that we have, too."""
    return [
        name for name in models.list_models()
        if not models.get_model_builder(name).__module__.split(".")[2:3][0].startswith(OTHER) and name in bundled()
    ]  # fmt: skip


def readings(wanted: list[str], ways: list[str], done: set[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Each net on each way that is not done: what differs."""
    for name in wanted or names():
        left = [way for way in ways if (name, way) not in done]
        own = load(name, Options()) if left else None
        for way in left:
            assert own is not None
            yield name, way, reading(name, own, way)


def reading(name: str, own: Net, way: str) -> str:
    """One net on one way."""
    (index,) = own.inputs.values()
    shape = (1, *own.nodes[index].shape)
    if light(way):
        with without_numbers():
            module, x = models.get_model(name, weights=None, **PLAIN.get(name, {})).eval(), torch.zeros(shape)
        return told(lambda: against(own, WAYS[way](module, x)))
    module = models.get_model(name, weights=None, **PLAIN.get(name, {}))
    half = report(own).totals.params > LARGE
    dtype = torch.bfloat16 if half else torch.float32
    module = unlike(module.to(dtype))
    wanted, called = folded(name, own)
    more = tables(module)
    found = told(lambda: against(wanted, WAYS[way](module, torch.zeros(shape, dtype=dtype)), called, more))
    return f"{found}, in bfloat16" if half else found


def without_numbers() -> ExitStack:
    """On the meta device, but for the widths of RegNets, which torchvision computes with tensors."""
    kind = models.regnet.BlockParams
    widths = kind.from_init_params.__func__

    def computed(*given: Any, **named: Any) -> Any:
        with torch.device("cpu"):
            return widths(*given, **named)

    stack = ExitStack()
    stack.enter_context(patch.object(kind, "from_init_params", classmethod(computed)))
    stack.enter_context(torch.device("meta"))
    return stack


def tables(module: nn.Module) -> dict[str, int]:
    """How many numbers a file has more than each attention within windows, where an exporter reads out its table.

    A table of (2w - 1)² rows becomes w⁴ of them, with a number for each head. The coordinates of which Swin V2 computes
    its tables are a buffer here, and a tensor like others there.
    """
    more = {}
    for name, one in module.named_modules():
        table, index = (getattr(one, f"relative_position_{name}", None) for name in ("bias_table", "index"))
        coordinates = getattr(one, "relative_coords_table", None)
        if coordinates is not None:
            more[name] = coordinates.numel()
        elif table is not None:
            more[name] = index.numel() * table.shape[1] - table.numel()
    return more


def unlike(module: nn.Module) -> nn.Module:
    """The module with weights and statistics that differ from one another: exporters merge equal ones."""
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            tensor.data.uniform_(0.1, 0.2)
    return module.eval()
