"""The receptive field of every layer of every bundled net, against light sent through it and gradients on torch.

Run it as `python -m benchmarks.receptive_fields [NET…]`; it exits with 1 where a field differs.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import NamedTuple

from cnncalc.analysis.receptive.fields import NOTHING, fields
from cnncalc.analysis.receptive.sight import Sight
from cnncalc.cli.nets import open_net
from cnncalc.language import bundled, load
from cnncalc.language.options import Options
from cnncalc.torch_backend.fields.gradients import gradient_fields
from cnncalc.torch_backend.fields.receptive import held_fields


class Result(NamedTuple):
    """One net."""

    net: str
    layers: int
    held: int
    """Layers that do not act pixel by pixel, along every axis of every input."""
    whole: int
    """Layers, those that act pixel by pixel too, of which every pixel sees the whole input."""
    undefined: int
    gradients: int
    """Pixels whose gradient was taken as well."""
    differing: int
    seconds: float


def hold(name: str) -> Result:
    """Measure all fields of one bundled net, side branches of its training too; what differs is printed."""
    start = time.perf_counter()
    graph = load(name, Options(train=True))
    light, gradients = held_fields(graph), gradient_fields(graph)
    wrong = [
        (layer, figure)
        for found in (light, gradients)
        for layer, figures in found.items()
        for figure in figures
        if not figure.passed
    ]
    for layer, figure in wrong[:10]:
        print(f"  {name} {layer}: predicted {figure.predicted}, measured {figure.measured}")
    seen = [one for source in graph.inputs for one in fields(graph, source)[len(graph.inputs) :]]
    return Result(
        name,
        sum(1 for _ in graph.layers()),
        len(light),
        sum(isinstance(one, Sight) and one.whole for one in seen),
        sum(isinstance(one, str) and one != NOTHING for one in seen),
        sum(map(len, gradients.values())),
        len(wrong),
        time.perf_counter() - start,
    )


def main() -> int:
    """Print a line a net and the sums."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.receptive_fields", description=__doc__)
    parser.add_argument("nets", nargs="*", help="bundled nets; all unless given")
    names = parser.parse_args().nets or [name for name in bundled() if not open_net(name).required()]
    print("net layers held whole undefined gradients differing seconds")
    results = []
    for name in names:
        results.append(hold(name))
        print(*results[-1][:-1], f"{results[-1].seconds:.1f}", flush=True)
    sums = [sum(column) for column in list(zip(*results, strict=True))[1:]]
    print(f"{len(results)} nets", *sums[:-1], f"{sums[-1]:.1f}")
    return int(any(result.differing for result in results))


if __name__ == "__main__":
    sys.exit(main())
