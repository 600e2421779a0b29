"""`python -m benchmarks.imported torchvision|timm [NAMES]`: nets of these packages through our readers, held.

Of torchvision each net by `from_torch`, a `.pt2`, and the ONNX of both of torch's exporters, held against our own file
of that name: multiply–accumulates, outputs, parameters, and layer by layer where names survive. Of timm one member of
each family by `from_torch`, held against what the module has, and what torch's FlopCounterMode counts. A line a net.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import cnncalc
from cnncalc import Options, bundled, load, report
from cnncalc.errors import CnncalcError
from cnncalc.graph import Net

OTHER = ("detection", "optical_flow", "quantization")
"""Modules of torchvision.models whose nets are no classifiers, segmenters or video nets of floating-point numbers."""
LARGEST = 130_000_000
"""Parameters of the nets that are written as ONNX files here."""


def totals(net: Net) -> tuple[int, int, list[tuple[int, ...]]]:
    """Parameters, multiply–accumulates, and the shapes of the outputs."""
    found = report(net)
    return found.totals.params, found.totals.macs, sorted(shape[1:] for shape in found.outputs.values())


def weighted(net: Net) -> dict[str, int]:
    """The parameters of each layer that has some, by its name."""
    return {row.name: row.params for row in report(net).rows if row.params}


# -- torchvision --


def input_of(net: Net) -> torch.Tensor:
    """Zeros of the shape of our own net's input."""
    (index,) = net.inputs.values()
    return torch.zeros(1, *net.nodes[index].shape)


def unlike(module: nn.Module) -> nn.Module:
    """The module with weights and statistics that differ from one another: exporters merge equal ones."""
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            tensor.data.uniform_(0.1, 0.2)
    return module.eval()


def by_program(module: nn.Module, x: torch.Tensor) -> Net:
    """What is read of a `.pt2` that torch writes."""
    with tempfile.NamedTemporaryFile(suffix=".pt2") as file:
        torch.export.save(torch.export.export(module, (x,)), file.name)
        return load(file.name, Options())


def by_onnx(module: nn.Module, x: torch.Tensor, **how: Any) -> Net:
    """What is read of the ONNX file that one of torch's exporters writes."""
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


def against(own: Net, read: Net) -> str:
    """How a net that was read differs from our own file of it."""
    (params, macs, outputs), (found, found_macs, found_outputs) = totals(own), totals(read)
    told = []
    if found_macs != macs:
        told.append(f"macs {found_macs:,} for {macs:,}")
    if found_outputs != outputs:
        told.append(f"outputs {found_outputs} for {outputs}")
    if found != params:
        told.append(f"params {found - params:+,}")
    names, mine = weighted(read), weighted(own)
    same = sum(names.get(name) == count for name, count in mine.items())
    return f"{'; '.join(told) or 'equal'} ({same} of {len(mine)} layers by name, {lines(read)} layers)"


def lines(net: Net) -> int:
    """How many layers a net has."""
    return len(net.nodes) - len(net.inputs)


def torchvision_nets(wanted: list[str], ways: list[str]) -> Iterator[tuple[str, str]]:
    """Each net of torchvision that we have, and what differs on each way."""
    from torchvision import models

    names = wanted or [
        name for name in models.list_models()
        if not models.get_model_builder(name).__module__.split(".")[2:3][0].startswith(OTHER) and name in bundled()
    ]  # fmt: skip
    for name in names:
        own = load(name, Options())
        size = report(own).totals.params
        for way in ways:
            light = not way.startswith("onnx")
            if not light and size > LARGEST:
                yield name, f"{way}: left out, {size:,} parameters"
                continue
            weightless = light and not name.startswith("regnet")  # whose widths torchvision computes with tensors
            with torch.device("meta" if weightless else "cpu"):
                module = models.get_model(name, weights=None, **PLAIN.get(name, {}))
                x = input_of(own)
            module = module.eval() if light else unlike(module)
            yield name, f"{way}: {told(lambda m=module, x=x, way=way, own=own: against(own, WAYS[way](m, x)))}"


PLAIN: dict[str, dict[str, Any]] = {
    **{name: {"init_weights": False} for name in ("googlenet", "inception_v3")},
    **{name: {"weights_backbone": None} for name in bundled() if name.startswith(("deeplabv3_", "fcn_", "lraspp_"))},
}


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


# -- timm --


def families() -> list[str]:
    """One member of each module of timm: the one with the fewest parameters that its module lists first by name."""
    import timm

    chosen: dict[str, str] = {}
    for module in timm.list_modules():
        names = timm.list_models(module=module)
        small = [name for name in names if any(word in name for word in ("tiny", "nano", "pico", "atto", "_s", "18"))]
        if names:
            chosen[module] = min(small or names, key=lambda name: (len(name), name))
    return list(chosen.values())


def timm_nets(wanted: list[str], _: list[str]) -> Iterator[tuple[str, str]]:
    """Each family of timm by `from_torch`, against the module and FlopCounterMode."""
    import timm

    for name in wanted or families():
        with torch.device("meta"):
            module = timm.create_model(name).eval().requires_grad_(False)  # torch cannot export all with gradients
            x = torch.zeros(1, *module.default_cfg["input_size"])
        yield name, told(lambda m=module, x=x: by_module(m, x))


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


PACKAGES = {"torchvision": torchvision_nets, "timm": timm_nets}


def main() -> int:
    """Read the nets; 1 where one differs or is not read."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.imported", description=__doc__.splitlines()[0])
    parser.add_argument("package", choices=PACKAGES)
    parser.add_argument("names", nargs="*", help="its names of nets; all of them unless said")
    parser.add_argument("--ways", default=",".join(WAYS), help=f"for torchvision, of {', '.join(WAYS)}")
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.backends.mha.set_fastpath_enabled(False)  # TorchScript's exporter has no operator for it
    start, wrong, count = time.monotonic(), 0, 0
    for name, said in PACKAGES[given.package](given.names, given.ways.split(",")):
        count += 1
        wrong += "equal" not in said
        print(f"{name}: {said}", flush=True)
    print(f"{count} readings, {wrong} not equal, in {time.monotonic() - start:.0f} s; torch {torch.__version__}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
