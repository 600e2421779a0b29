"""`python -m benchmarks.read_back torch|onnx --nets N --first M --seed S [-o FILE]`: random nets, read again.

A net of the generator as text, its module by `to_torch`, and what `from_torch` reads of that, or what is read of the
ONNX file that torch's TorchScript exporter writes of it. Held are the parameters (as ONNX only where no batch norm can
be folded), those of each layer by its name, the multiply–accumulates, the outputs' shapes, and, of `from_torch`, the
numbers that both modules give of the same weights and input. What no output depends on, torch leaves out, and so do we.
A line a net in FILE, where a run goes on behind the last that is there; counts at the end, by class.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

import cnncalc  # noqa: E402
from benchmarks.exports.nets import drawn  # noqa: E402
from benchmarks.imported.held import totals, weighted  # noqa: E402
from benchmarks.imported.ways import by_onnx  # noqa: E402
from cnncalc.errors import CnncalcError  # noqa: E402
from cnncalc.graph import Net  # noqa: E402

TOLERANCE = 1e-4
"""Of the largest number of an output."""
UNSAID = ("fractional_maxpool", "constant", "opaque")
"""Kinds whose output is one of chance, or not in what is read: a table of sines is a constant there."""


class Held(NamedTuple):
    """What a net has on the ways to its outputs: figures, the outputs' shapes, and the parameters of each layer."""

    params: int
    macs: int
    outputs: list[tuple[int, ...]]
    layers: dict[str, int]


def reached(net: Net) -> Held:
    """What of a net stands on a way to an output: a constant that stands alone takes nothing of what is before it."""
    nodes, waiting, seen = net.nodes, list(net.outputs.values()), set[int]()
    while waiting:
        index = waiting.pop()
        if index in seen:
            continue
        seen.add(index)
        layer = nodes[index].layer
        if layer is None or (layer.kind in ("constant", "parameter") and layer.join in (None, "alone")):
            continue
        waiting += nodes[index].inputs
    rows = {row.name: row for row in cnncalc.report(net).rows}
    kept = [rows[nodes[index].name] for index in sorted(seen) if nodes[index].name in rows]
    owners = {nodes[index].share for index in seen} - {None} - seen
    kept_params = sum(row.params for row in kept) + sum(rows[nodes[index].name].params for index in owners)
    layers = {row.name: row.params for row in kept if row.params}
    return Held(kept_params, sum(row.macs for row in kept), totals(net)[2], layers)


def differing(net: Net, way: str, batch: int = 1) -> tuple[str, str]:
    """How what is read differs from the net, empty where it does not; and how far it was held.

    Raises CnncalcError, or whatever torch does of a net that it cannot say.
    """
    module = cnncalc.to_torch(net).eval()
    inputs = [torch.rand(batch, *net.nodes[index].shape) for index in net.inputs.values()]
    with torch.no_grad():
        if way == "onnx" and len(inputs) > 1:
            raise NotImplementedError("several inputs")
        read = (
            cnncalc.from_torch(module, *inputs)
            if way == "torch"
            else by_onnx(module.requires_grad_(False), inputs[0], dynamo=False)
        )
    own, (params, macs, outputs) = reached(net), totals(read)
    told = []
    if way == "torch" and params != own.params:
        told.append(f"params {params:,} for {own.params:,}")
    if macs != own.macs:
        told.append(f"macs {macs:,} for {own.macs:,}")
    if outputs != own.outputs:
        told.append(f"outputs {outputs} for {own.outputs}")
    if way != "torch":
        return "; ".join(told), ""
    named = by_name(own.layers, weighted(read))
    said = not any(row.kind in UNSAID for one in (net, read) for row in cnncalc.report(one).rows)
    taken = [inputs[int(name.rpartition("_")[2])] for name in read.inputs] if len(inputs) > 1 else inputs
    far = apart(module, inputs, cnncalc.to_torch(read).eval(), taken) if said else None
    if far is not None and far > TOLERANCE:
        told.append(f"numbers, by {far:.2g}")
    return "; ".join(told), f"{'named' if named else ''} {'computed' if far is not None else ''}".strip()


def by_name(own: dict[str, int], read: dict[str, int]) -> bool:
    """Whether each layer of ours has its parameters under its name, or below it."""
    return all(
        sum(count for one, count in read.items() if one == name or one.startswith((f"{name}.", f"{name}_"))) >= params
        for name, params in own.items()
    )


def apart(
    module: torch.nn.Module, inputs: list[torch.Tensor], other: torch.nn.Module, taken: list[torch.Tensor]
) -> float | None:
    """The largest difference of the outputs of two modules of the same weights, of their largest number.

    None where their parameters have other names and another order, and where a layer gives what is no finite number.
    """
    mine, theirs = tensors(module), tensors(other)
    called = [(name, one.shape) for name, one in mine.items() if name in theirs and theirs[name].shape == one.shape]
    pairs = [(mine.pop(name), theirs.pop(name)) for name, _ in called]
    for name in list(theirs):  # a parameter that is a layer of its own there is called as it is here
        own = name.rpartition(".")[0]
        if own in mine and mine[own].numel() == theirs[name].numel():
            pairs.append((mine.pop(own), theirs.pop(name)))
    if [one.numel() for one in mine.values()] != [one.numel() for one in theirs.values()]:
        return None
    pairs += zip(mine.values(), theirs.values())
    finite: list[bool] = []
    for row in dict.fromkeys(module.rows.values()):
        row.register_forward_hook(lambda _, __, made: finite.append(bool(made.isfinite().all())))
    with torch.no_grad():
        for one, another in pairs:
            another.copy_(one.reshape(another.shape))
        left, right = (values(one(*[x.clone() for x in xs])) for one, xs in ((module, inputs), (other, taken)))
    if not all(finite):
        return None
    if sorted(one.numel() for one in left) != sorted(one.numel() for one in right):
        return float("inf")
    both = [[torch.nan_to_num(each.double().flatten()) for each in pair] for pair in zip(left, right)]
    return max(float((one - other).abs().max() / one.abs().max().clamp_min(1.0)) for one, other in both)


def tensors(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The parameters and statistics of a net of ours by their names, in the order in which its layers run."""
    found: dict[torch.Tensor, str] = {}
    for name, row in module.rows.items():
        for own, one in (*row.named_parameters(), *row.named_buffers()):
            if one.is_floating_point():
                found.setdefault(one, f"{name}.{own}")
    return {name: one for one, name in found.items()}


def values(made: torch.Tensor | dict[str, torch.Tensor]) -> list[torch.Tensor]:
    """The outputs."""
    return list(made.values()) if isinstance(made, dict) else [made]


def outcome(net: Net, way: str) -> tuple[str, str]:
    """`equal`, `differs`, `refused` by us or `not exported` by torch; and in words how or why."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                told, held = differing(net, way)
            except ValueError as error:
                if "more than 1 value per channel" not in str(error):
                    raise
                told, held = differing(net, way, batch=2)  # a batch norm without statistics, of one pixel
    except CnncalcError as error:
        return "refused", " ".join(str(error).split())[:240]
    except Exception as error:  # noqa: BLE001 - whatever torch's exporters raise of a net is told
        return "not exported", f"{type(error).__name__} {' '.join(str(error).split())[:120]}"
    return ("differs", told) if told else ("equal", held)


def done(path: Path) -> dict[int, tuple[str, str]]:
    """What a file of results holds, by the number of the net."""
    found: dict[int, tuple[str, str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        number, kind, told = line.split("\t")
        found[int(number)] = (kind, told)
    return found


def main() -> int:
    """Draw, build, read and compare; 1 where one differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.read_back", description=__doc__.splitlines()[0])
    parser.add_argument("way", choices=("torch", "onnx"))
    parser.add_argument("--nets", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="the number of the first net")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, help="a file of results, with which a run goes on")
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.backends.mha.set_fastpath_enabled(False)  # TorchScript's exporter has no operator for it
    found = done(given.output) if given.output else {}
    start = time.monotonic()
    with (given.output or Path("/dev/null")).open("a", encoding="utf-8") as file:
        for number in range(given.first, given.first + given.nets):
            if number in found:
                continue
            net = drawn(given.seed, number, dialects=(given.way,))
            if net is None:
                continue
            torch.manual_seed(number)
            found[number] = kind, told = outcome(net, given.way)
            print(number, kind, told.replace("\t", " "), sep="\t", file=file, flush=True)
            if kind != "equal":
                print(f"{given.seed}/{number} {kind}: {told}", flush=True)
    counts = Counter(kind for kind, _ in found.values())
    counts.update(f"{kind} {word}" for kind, told in found.values() if kind == "equal" for word in told.split())
    spent = f"{time.monotonic() - start:.0f} s, torch {torch.__version__}"
    print(", ".join(f"{count} {kind}" for kind, count in counts.most_common()) + f" in {spent}")
    return int(counts["differs"] > 0)


if __name__ == "__main__":
    sys.exit(main())
