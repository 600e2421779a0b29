"""`python -m benchmarks.fuzz --minutes 30 --seed N`: random networks, as YAML text, held against torch on everything.

Net number i of a seed is always the same one. Beside each net one wild layer, on inputs that may not fit it, is shown
to cnncalc and torch: both must refuse it, or neither. A net that differs is kept as a file that says how it was run.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from layer_texts import wild_text  # noqa: E402
from networks import Network, network  # noqa: E402

from cnncalc.graph import Graph  # noqa: E402

EVERY = 10.0
"""Seconds between two lines of progress."""


class Tally:
    """What was held so far."""

    def __init__(self) -> None:
        self.nets = self.layers = self.refused = self.wild = self.differing = 0
        self.kinds: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()

    def count(self, net: Network, graph: Graph) -> None:
        """A net that was held."""
        kinds = [layer.kind for _, _, layer in graph.layers()]
        self.nets += 1
        self.layers += len(kinds)
        self.refused += len(net.refused)
        self.kinds.update(kinds)
        self.seen[graph.dialect] += 1
        self.seen[net.dtype] += 1
        self.seen[f"{len(graph.nodes[0].shape) - 1}-D input"] += 1
        self.seen["several inputs"] += len(graph.inputs) > 1
        self.seen["several outputs"] += len(graph.outputs) > 1
        self.seen["shared parameters"] += any(node.share is not None for node in graph.nodes)
        self.seen["frozen layers"] += any(not node.trainable for node in graph.nodes)
        self.seen["step of training"] += net.step
        self.seen["receptive fields"] += net.fields

    def line(self, seconds: float) -> str:
        """Where it stands."""
        return (
            f"{self.nets:,} nets, {self.layers:,} layers, {self.refused + self.wild:,} layers held for refusal, "
            f"{self.differing} differing; {seconds:,.0f} s, {self.nets / max(seconds, 1e-9):.0f} nets/s"
        )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="how long to go on")
    parser.add_argument("--nets", type=int, default=sys.maxsize, help="stop after so many nets")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first net")
    parser.add_argument("--with", dest="witness", default="torch", help="torch, or one of benchmarks.witnessed")
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz-differences"), help="folder for nets that differ")
    return parser.parse_args()


def found_in(net: Network) -> tuple[Graph | None, list[str]]:
    """How the two differ; an exception is a difference too."""
    from held import differences

    try:
        return differences(net)
    except Exception:  # noqa: BLE001  (whatever it is, the net is to be kept)
        return None, [traceback.format_exc()]


def kept(net: Network, folder: Path, name: str, lines: list[str]) -> None:
    """Write a net that differs."""
    folder.mkdir(parents=True, exist_ok=True)
    comments = "".join(f"# {line}\n" for one in lines[:20] for line in one.splitlines())
    run = f"# batch={net.batch} dtype={net.dtype} train={net.train} step={net.step} fields={net.fields}\n"
    (folder / f"{name}.yaml").write_text(run + comments + net.text, encoding="utf-8")


def main() -> int:
    """Hold nets until the time is over; 1 where one differs."""
    given = arguments()
    if given.witness != "torch":  # which needs no torch
        from benchmarks import witnessed

        return witnessed.main(given)
    import torch
    from agreement import unexplained

    torch.set_num_threads(1)
    start = told = time.monotonic()
    tally = Tally()
    index = given.first
    try:
        while tally.nets < given.nets and time.monotonic() - start < 60 * given.minutes:
            net = network(Random(f"{given.seed}/{index}"))
            text, shapes = wild_text(Random(f"{given.seed}/wild/{index}"))
            graph, lines = found_in(net)
            lines += [line] if (line := unexplained(text, shapes)) else []
            tally.wild += 1
            if lines:
                tally.differing += 1
                kept(net, given.keep, f"{given.seed}-{index}", lines)
                print(f"net {index} of seed {given.seed} differs: {lines[0].splitlines()[-1]}", file=sys.stderr)
            if graph is not None:
                tally.count(net, graph)
            index += 1
            if time.monotonic() - told > EVERY:
                told = time.monotonic()
                print(tally.line(told - start), file=sys.stderr)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    seconds = time.monotonic() - start
    print(f"seed {given.seed}, nets {given.first} to {index - 1}, torch {torch.__version__}")
    print(tally.line(seconds))
    print("of them:", ", ".join(f"{count:,} {what}" for what, count in tally.seen.most_common()))
    print("layers:", ", ".join(f"{count:,} {kind}" for kind, count in tally.kinds.most_common()))
    return 1 if tally.differing else 0


if __name__ == "__main__":
    sys.exit(main())
