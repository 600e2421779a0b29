"""`python -m benchmarks.exports TARGET`: what is written for other tools, run there and held against the net.

Every bundled net, smallest first, or `--random N` random ones; one line for each that differs, and counts at the end.
With `--kept FILE` each result is a line of that file, and what stands there already is not run again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from benchmarks.exports import nets  # noqa: E402
from cnncalc import load  # noqa: E402
from cnncalc.errors import CnncalcError  # noqa: E402

Task = tuple[str, Callable[[Callable[[nets.Case], Any]], Any]]
"""A name, and what has a function of the net's case answer."""
TARGETS = {
    "torch": "on_torch:held",
    "torchvision": "on_torchvision:held",
    "torch-back": "on_torch:back",
    "to-torch-back": "on_torch:through_torch",
    "onnx": "on_onnx:held:digest",
    "onnx-11": "on_onnx:held_at_11:digest_at_11",
    "onnx-12": "on_onnx:held_at_12:digest_at_12",
    "onnx-open": "on_onnx:held_open",
    "onnx-back": "on_onnx:back",
    "caffe": "on_caffe:by_opencv",
    "darknet": "on_darknet:by_itself",
    "darknet-opencv": "on_darknet:by_opencv",
    "keras": "on_keras:held:digest",
    "keras-program": "on_keras:program:program_digest",
    "keras-back": "on_keras:back",
}
"""By what a net is held: `module:function`, which takes a case, tells how what was written differs, and raises
CnncalcError where the target cannot say the net. A second function gives a few letters that say what was written: a
result that is kept counts as long as these are the same.
"""


def tasks(given: argparse.Namespace) -> Iterator[Task]:
    """The nets by name, and what asks a function of each."""
    if given.random:
        for number in range(given.first, given.first + given.random):
            yield f"{given.seed}/{number}", lambda ask, number=number: drawn(ask, given, number)
        return
    for called, name, options in nets.loaded(given.nets, sides=given.target == "torch"):

        def bundled(ask, name=name, options=options):  # type: ignore[no-untyped-def]  # what it takes stands above
            whole = load(name, options)
            return ask(nets.Case(name, whole, nets.smaller(name, whole, options)))

        yield called, bundled


def drawn(ask: Callable[[nets.Case], Any], given: argparse.Namespace, number: int) -> Any:
    """A random net, asked; what was drawn and is no net is nothing to be held."""
    graph = nets.drawn(given.seed, number, dialects=tuple(given.dialects))
    if graph is None:
        return [NO_NET]
    return ask(nets.Case(f"{given.seed}/{number}", graph, graph))


NO_NET = "no net"


def outcome(task: Callable[[], Any]) -> Any:
    """How a net differs from what was written of it."""
    try:
        return task()
    except CnncalcError as error:
        return [f"{nets.NOT_HELD}{error.faults[0].message}: {error.faults[0].values}"]
    except Exception as error:  # noqa: BLE001  (whatever it is, it is told with the net)
        return [f"{type(error).__name__}: {error}"[:500]]


def main() -> int:
    """Hold the nets; 1 where one differs."""
    given = parsed()
    module, *functions = TARGETS[given.target].split(":")
    held, *digests = (getattr(import_module(f"benchmarks.exports.{module}"), one) for one in functions)
    kept = Kept(given.kept)
    results: dict[str, list[str]] = {}
    start = time.monotonic()
    for name, task in tasks(given):
        written = "".join(str(outcome(lambda task=task, digest=digest: task(digest))) for digest in digests)
        lines = kept.lines(name, written)
        if lines is None:
            lines = outcome(lambda task=task: task(held))
            kept.add(name, lines, written)
        results[name] = lines
        for line in lines:
            if line != NO_NET:
                print(f"{name}: {line}", flush=True)
    ended = [lines for lines in results.values() if lines != [NO_NET]]
    refused = sum(any(line.startswith(nets.NOT_HELD) for line in lines) for lines in ended)
    settled = sum(bool(lines) and all(line.startswith(nets.SETTLED) for line in lines) for lines in ended)
    differing = sum(bool(lines) for lines in ended) - refused - settled
    seconds = f"{time.monotonic() - start:,.0f} s"
    held = f"{len(ended) - refused:,} nets held, {differing:,} differing, {settled:,} settled"
    print(f"{held}, {refused:,} refused; {seconds}")
    return 1 if differing else 0


class Kept:
    """Results in a file, a line as each net ends, with the letters that say what was written."""

    def __init__(self, file: str | None) -> None:
        self.file = Path(file) if file else None
        self.known: dict[str, tuple[list[str], str]] = {}
        if self.file is not None and self.file.exists():
            for line in self.file.read_text(encoding="utf-8").splitlines():
                name, lines, *written = json.loads(line)
                self.known[name] = lines, "".join(written)

    def lines(self, name: str, written: str) -> list[str] | None:
        """What is known of a net as it is written now."""
        lines, before = self.known.get(name, (None, ""))
        return lines if before == written else None

    def add(self, name: str, lines: list[str], written: str) -> None:
        """One more."""
        if self.file is not None:
            with self.file.open("a", encoding="utf-8") as file:
                file.write(json.dumps([name, lines, *([written] if written else [])]) + "\n")


def parsed() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.exports", description=__doc__.splitlines()[0])
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("nets", nargs="*", help="names or files; all bundled nets unless said")
    parser.add_argument("--random", type=int, default=0, help="so many random nets instead")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first random net")
    parser.add_argument("--dialects", nargs="*", default=[], help="of random nets; all unless said")
    parser.add_argument("--kept", help="a file of results, which is added to")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
