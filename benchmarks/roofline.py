"""The least times that `--device` tells, against the times of torch on this machine's CPU, layer by layer.

Run it as `python -m benchmarks.roofline [NET…]`; it exits with 1 where a layer, or a net, is faster than its bound.

The device is this machine, on one thread: its peak is that of products of matrices and of a few convolutions, its
bandwidth the best of copies and scalar products, of arrays that fit in a cache too, since the tensors of these nets do.
All times are the best of several runs, and the machine is measured before the nets and after them: other work makes it
seem slower than it is.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from typing import NamedTuple

import torch
from torch.nn.functional import conv2d

from cnncalc.analysis.costs import report
from cnncalc.analysis.roofline import bounded
from cnncalc.answers.report import Row
from cnncalc.answers.roofline import Device
from cnncalc.graph import Net
from cnncalc.language import load
from cnncalc.language.options import Options
from cnncalc.torch_backend.building.builder import build

NETS = (
    "lenet5", "alexnet", "squeezenet1_1", "shufflenet_v2_x1_0", "mobilenet_v2", "mnasnet1_0", "efficientnet_b0",
    "resnet18", "googlenet", "densenet121", "resnet50", "vgg11",
)  # fmt: skip
RUNS = 7
SIDES = (384, 768, 1536)
"""Of the matrices that are multiplied."""
MAPS = ((64, 32), (64, 56), (128, 28))
"""Channels and length of the maps that are convolved."""
BYTES = tuple(2**power for power in range(14, 29, 2))
"""Of the arrays that are copied: 16 KiB to 256 MiB."""


class Machine(NamedTuple):
    """What this CPU does at most, in operations and bytes a second."""

    peak: int
    bandwidth: int
    memory: int
    """The bandwidth of the largest arrays, which no cache holds."""


class Timed(NamedTuple):
    """A net: its bound and its time, and the layers, each with the seconds that it took at best."""

    net: str
    bound: float
    seconds: float
    layers: list[tuple[Row, float]]


def best(what: Callable[[], object], least: float = 0.05) -> float:
    """Seconds that a call takes at best, called for a while."""
    what()
    found, end = float("inf"), time.perf_counter() + least
    while time.perf_counter() < end or found == float("inf"):
        start = time.perf_counter()
        what()
        found = min(found, time.perf_counter() - start)
    return found


def products() -> Iterator[tuple[int, Callable[[], object]]]:
    """Operations, and what does them: products of matrices, and the convolutions of a library of its own.

    On AMD's processors torch's library for matrices leaves the widest units alone, and that for convolutions does not.
    """
    for side in SIDES:
        left, right, out = torch.rand(side, side), torch.rand(side, side), torch.empty(side, side)
        yield 2 * side**3, partial(torch.mm, left, right, out=out)
    for channels, length in MAPS:
        image, weight = torch.rand(1, channels, length, length), torch.rand(channels, channels, 3, 3)
        yield 18 * (channels * length) ** 2, partial(conv2d, image, weight, padding=1)


def machine() -> Machine:
    """Measure it."""
    peak = max(operations / best(what, 1.0) for operations, what in products())
    rates = []
    for size in BYTES:
        source, target = torch.rand(size // 4), torch.empty(size // 4)
        copied = 2 * size / best(lambda: target.copy_(source), 0.3)  # noqa: B023 - called here
        read = 2 * size / best(lambda: torch.dot(source, target), 0.3)  # noqa: B023 - called here
        rates.append(max(copied, read))
    return Machine(int(peak), int(max(rates)), int(rates[-1]))


def timed(graph: Net) -> tuple[float, list[float]]:
    """Seconds of the whole net and of each layer, at best."""
    module = build(graph).eval()
    inputs = [torch.rand(1, *graph.nodes[index].shape) for index in graph.inputs.values()]
    layers = [float("inf")] * len(module.steps)
    with torch.no_grad():
        whole = best(lambda: module(*inputs), 0.5)
        for _ in range(RUNS):
            tensors = dict(zip(graph.inputs.values(), inputs))
            for place, step in enumerate(module.steps):
                taken = [tensors[one] for one in step.inputs]
                start = time.perf_counter()
                tensors[step.output] = step.module(*taken)
                layers[place] = min(layers[place], time.perf_counter() - start)
    return whole, layers


def ranks(values: list[float]) -> list[int]:
    """The place of each value when they are sorted; no two of them are equal here."""
    order = sorted(values)
    return [order.index(value) for value in values]


def spearman(one: list[float], other: list[float]) -> float:
    """How far two orders agree: 1 where they are the same."""
    apart = sum((a - b) ** 2 for a, b in zip(ranks(one), ranks(other)))
    return 1 - 6 * apart / (len(one) * (len(one) ** 2 - 1))


def held(name: str, of: Machine, whole: float, layers: list[float]) -> Timed:
    """The net's bounds beside its times."""
    device = Device("cpu", "this CPU", "measured", {"float32": of.peak}, of.bandwidth)
    found = bounded(report(load(name, Options())), device, "float32")
    assert found.roofline is not None
    return Timed(name, float(found.roofline.total.seconds), whole, list(zip(found.rows, layers)))


def show(nets: list[Timed]) -> int:
    """Print nets and kinds, and how many layers and nets are faster than their bounds."""
    broken = 0
    kinds: dict[str, list[float]] = {}
    print("| net | bound | time | time / bound | layers | faster than bound |\n| --- | --- | --- | --- | --- | --- |")
    for one in nets:
        bounds = [(row, float(row.bound.seconds), seconds) for row, seconds in one.layers if row.bound]
        faster = [(row, bound, seconds) for row, bound, seconds in bounds if seconds < bound]
        broken += len(faster) + (one.seconds < one.bound)
        for row, bound, seconds in bounds:
            if bound:
                kinds.setdefault(row.kind, []).append(seconds / bound)
        texts = [f"{1000 * value:.3f} ms" for value in (one.bound, one.seconds)]
        print(f"| {one.net} | {' | '.join(texts)} | {one.seconds / one.bound:.2f} | {len(bounds)} | {len(faster)} |")
        for row, bound, seconds in faster:
            print(f"  {row.name} ({row.notation}): {1e6 * seconds:.1f} µs, bound {1e6 * bound:.1f} µs")
    print("\n| kind | layers | least time / bound | median |\n| --- | --- | --- | --- |")
    for kind, ratios in sorted(kinds.items()):
        print(f"| {kind} | {len(ratios)} | {min(ratios):.2f} | {median(ratios):.2f} |")
    return broken


def main() -> int:
    """Measure the machine and the nets, and print what was found."""
    parser = argparse.ArgumentParser(prog="benchmarks.roofline", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("nets", nargs="*", default=NETS)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    before = machine()
    times = {name: timed(load(name, Options())) for name in asked.nets}
    after = machine()
    of = Machine(*map(max, before, after))
    load_now = os.getloadavg()[0]
    print(f"torch {torch.__version__}, one thread, load {load_now:.1f} on {os.cpu_count()} cores")
    print(f"{of.peak / 1e9:.1f} GFLOPS, {of.bandwidth / 1e9:.1f} GB/s, beyond the caches {of.memory / 1e9:.1f} GB/s\n")
    nets = [held(name, of, *found) for name, found in times.items()]
    broken = show(nets)
    if len(nets) > 1:
        agreed = spearman([one.bound for one in nets], [one.seconds for one in nets])
        print(f"\nThe orders of the nets by bound and by time: Spearman {agreed:.3f}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
