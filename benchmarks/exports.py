"""`python -m benchmarks.exports torch`: what is written for other tools, run and held against torch.

Every bundled net, or `--random N` random ones; one line for each that differs, and a count at the end.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from math import prod
from pathlib import Path
from random import Random

import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

import programs  # noqa: E402
from networks import network  # noqa: E402

from cnncalc import Options, bundled, load  # noqa: E402
from cnncalc.errors import CnncalcError  # noqa: E402
from cnncalc.graph import Graph  # noqa: E402
from cnncalc.language import load_text  # noqa: E402

LARGE = 1_000
"""Numbers of an input from which on a net runs on one sample, in 32 bits."""


def held_by_torch(graph: Graph) -> list[str]:
    """A program against `to_torch`: small nets, whose norms may blow up what is lost in rounding, in 64 bits."""
    large = sum(prod(graph.nodes[index].shape) for index in graph.inputs.values()) > LARGE
    return programs.differences(graph, batch=1 if large else 2, dtype=torch.float32 if large else torch.float64)


TARGETS: dict[str, Callable[[Graph], list[str]]] = {
    "torch": held_by_torch,
    "torch-back": programs.back,
    "to-torch-back": programs.through_torch,
}
"""How a net as written for a target differs from itself. Raises CnncalcError where the target cannot say it."""


def nets(given: argparse.Namespace) -> Iterator[tuple[str, Graph]]:
    """The nets, by name; those with side branches for training with these too."""
    if given.random:
        for number in range(given.first, given.first + given.random):
            drawn = network(Random(f"{given.seed}/{number}"))
            try:
                yield f"{given.seed}/{number}", load_text(drawn.text, "random.yaml", Options(train=drawn.train))
            except CnncalcError:
                continue  # what is no net is told by other tests
        return
    for name in given.nets or bundled():
        try:
            graph = load(name, Options())
        except CnncalcError:
            if given.nets:
                raise
            continue  # a family
        yield name, graph
        whole = load(name, Options(train=True))
        if len(whole.nodes) > len(graph.nodes):
            yield f"{name} with side branches", whole


def main() -> int:
    """Hold the nets; 1 where one differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exports", description=__doc__.splitlines()[0])
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("nets", nargs="*", help="names or files; all bundled nets unless said")
    parser.add_argument("--random", type=int, default=0, help="so many random nets instead")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first random net")
    given = parser.parse_args()
    held = differing = refused = 0
    start = time.monotonic()
    torch.set_num_threads(1)
    for name, graph in nets(given):
        try:
            lines = TARGETS[given.target](graph)
        except CnncalcError as error:
            refused += 1
            print(f"{name}: refused: {error.faults[0].message}: {error.faults[0].values}", flush=True)
            continue
        except Exception as error:  # noqa: BLE001  (whatever it is, it is told with the net)
            lines = [repr(error)[:500]]
        held += 1
        differing += bool(lines)
        for line in lines:
            print(f"{name}: {line}", flush=True)
    seconds = time.monotonic() - start
    print(
        f"{held:,} nets held, {differing:,} differing, {refused:,} refused; {seconds:,.0f} s, torch {torch.__version__}"
    )
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
