"""`python -m benchmarks.read_back torch|onnx --nets N --first M --seed S`: random nets, built in torch and read again.

A net of the generator as text, its module by `to_torch`, and what `from_torch` reads of that, or what is read of the
ONNX file that torch's TorchScript exporter writes of it: as many parameters (as ONNX only where no batch norm can be
folded), multiply–accumulates, and the same outputs. A line for each that differs, counts of what is refused at the end.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

import cnncalc  # noqa: E402
from benchmarks.exports.nets import drawn  # noqa: E402
from benchmarks.imported import by_onnx, totals  # noqa: E402
from cnncalc.errors import CnncalcError  # noqa: E402
from cnncalc.graph import Net  # noqa: E402


def back(net: Net, way: str) -> Net:
    """What is read of the net's module. Raises CnncalcError, or whatever torch does of a net that it cannot say."""
    module = cnncalc.to_torch(net).eval()
    inputs = [torch.zeros(1, *net.nodes[index].shape) for index in net.inputs.values()]
    with torch.no_grad():
        if way == "torch":
            return cnncalc.from_torch(module, *inputs)
        if len(inputs) > 1:
            raise NotImplementedError("several inputs")
        return by_onnx(module, inputs[0], dynamo=False)


def differing(net: Net, way: str) -> str:
    """How what is read differs from the net; empty where it does not."""
    (params, macs, outputs), (found, found_macs, found_outputs) = totals(net), totals(back(net, way))
    told = []
    if way == "torch" and found != params:
        told.append(f"params {found:,} for {params:,}")
    if found_macs != macs:
        told.append(f"macs {found_macs:,} for {macs:,}")
    if found_outputs != outputs:
        told.append(f"outputs {found_outputs} for {outputs}")
    return "; ".join(told)


def outcome(net: Net, way: str) -> tuple[str, str]:
    """`equal`, `differs`, `refused` by us or `not exported` by torch; and in words how or why."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            told = differing(net, way)
    except CnncalcError as error:
        return "refused", " ".join(str(error).split())[:240]
    except Exception as error:  # noqa: BLE001 - whatever torch's exporters raise of a net is told
        return "not exported", f"{type(error).__name__} {' '.join(str(error).split())[:120]}"
    return ("differs", told) if told else ("equal", "")


def main() -> int:
    """Draw, build, read and compare; 1 where one differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.read_back", description=__doc__.splitlines()[0])
    parser.add_argument("way", choices=("torch", "onnx"))
    parser.add_argument("--nets", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="the number of the first net")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.backends.mha.set_fastpath_enabled(False)  # TorchScript's exporter has no operator for it
    start, counts = time.monotonic(), Counter[str]()
    for number in range(given.first, given.first + given.nets):
        dialect = ("torch",) if given.way == "torch" else ("onnx",)
        net = drawn(given.seed, number, dialects=dialect)
        if net is None:
            continue
        kind, told = outcome(net, given.way)
        counts[kind] += 1
        if kind != "equal":
            print(f"{given.seed}/{number} {kind}: {told}", flush=True)
    spent = f"{time.monotonic() - start:.0f} s, torch {torch.__version__}"
    print(", ".join(f"{count} {kind}" for kind, count in counts.most_common()) + f" in {spent}")
    return int(counts["differs"] > 0)


if __name__ == "__main__":
    sys.exit(main())
