"""One member of each family of timm by `from_torch`, against the module and FlopCounterMode."""

from __future__ import annotations

from collections.abc import Iterator

import timm
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import cnncalc
from benchmarks.imported.held import totals
from benchmarks.imported.ways import told

__all__ = ["readings"]

WAY = "from_torch"


def families() -> list[str]:
    """One member of each module of timm: the one with the fewest parameters that its module lists first by name."""
    chosen: dict[str, str] = {}
    for module in timm.list_modules():
        names = timm.list_models(module=module)
        small = [name for name in names if any(word in name for word in ("tiny", "nano", "pico", "atto", "_s", "18"))]
        if names:
            chosen[module] = min(small or names, key=lambda name: (len(name), name))
    return list(chosen.values())


def readings(wanted: list[str], _: list[str], done: set[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    """Each family that is not done: what differs."""
    for name in wanted or families():
        if (name, WAY) in done:
            continue
        with torch.device("meta"):
            module = timm.create_model(name).eval().requires_grad_(False)  # torch cannot export all with gradients
            x = torch.zeros(1, *module.default_cfg["input_size"])
        yield name, WAY, told(lambda m=module, x=x: by_module(m, x))


def by_module(module: nn.Module, x: torch.Tensor) -> str:
    """How the net that is read of a module differs from it."""
    params, macs, outputs = totals(cnncalc.from_torch(module, x))
    counter = FlopCounterMode(display=False)
    with counter:
        made = module(x)
    several = made if isinstance(made, (tuple, list)) else [made]
    shapes = sorted(tuple(one.shape[1:]) for one in several)
    wanted = sum(one.numel() for one in dict.fromkeys(module.parameters()))
    differing = []
    if params != wanted:
        differing.append(f"params {params:,} for {wanted:,}")
    if 2 * macs != counter.get_total_flops():
        differing.append(f"macs {macs:,} for {counter.get_total_flops() / 2:,.0f}")
    if outputs != shapes:
        differing.append(f"outputs {outputs} for {shapes}")
    return "; ".join(differing) or "equal"
