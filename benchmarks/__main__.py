"""`python -m benchmarks`: every speed that the project promises, with its bound; exits 1 where one is missed.

The last part compares with an older commit and with others, see `benchmarks.before`; `--short` leaves it out.

Whole processes are timed in turn with a reference process, A B A B …, so that a noisy machine slows both alike; the
median of the ratios counts. Inside one process the best of several runs counts.
"""

from __future__ import annotations

import gc
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.before import Result
from benchmarks.before import main as compared
from cnncalc import Options, bundled, load, report
from cnncalc.errors import CnncalcError
from cnncalc.language.building.templates import forget

ROUNDS = 15
IMPORTS = "import click, rich.table, yaml"
SHOW = [sys.executable, "-m", "cnncalc", "show", "vgg16"]


def seconds(command: list[str]) -> float:
    """How long a whole process takes."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def best(work: Callable[[], object], runs: int = 15) -> float:
    """The least time of several runs, seconds, the garbage collector held off as `timeit` does."""
    times = []
    for _ in range(runs):
        gc.collect()
        gc.disable()
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
        gc.enable()
    return min(times)


def counted(net: str) -> object:
    """Build and count a net, with every row, total and hint."""
    found = report(load(net, Options()))
    return found.rows, found.totals, found.hints


def start_up() -> Result:
    """`cnncalc show vgg16` against importing what any such program imports."""
    reference = [sys.executable, "-c", IMPORTS]
    seconds(SHOW), seconds(reference)
    ratios = [seconds(SHOW) / seconds(reference) for _ in range(ROUNDS)]
    return Result(f"`cnncalc show vgg16` / `python -c '{IMPORTS}'`, median", statistics.median(ratios), 1.5, "times")


def exporting(folder: Path) -> list[Result]:
    """A net written as code against the net shown."""
    show = [sys.executable, "-m", "cnncalc", "show", "resnet50"]
    results = []
    for to, file, bound in (("torch", "net.py", 1.5), ("keras", "net_keras.py", 1.6)):
        export = [sys.executable, "-m", "cnncalc", "export", "resnet50", "--force", "-o", str(folder / file)]
        seconds(show), seconds(export)
        ratios = [seconds(export) / seconds(show) for _ in range(ROUNDS)]
        what = f"`cnncalc export resnet50 --to {to}` / `cnncalc show resnet50`, median"
        results.append(Result(what, statistics.median(ratios), bound, "times"))
    return results


def memory() -> Result:
    """The most memory of the process that shows VGG-16."""
    script = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); "
    script += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    done = subprocess.run([sys.executable, "-c", script, *SHOW], check=True, capture_output=True, text=True)
    unit = 1024 if sys.platform != "darwin" else 1
    return Result("`cnncalc show vgg16`, peak memory", int(done.stdout) * unit / 1e6, 60, "MB")


def in_process() -> list[Result]:
    """Building and counting, once everything is loaded."""
    return [
        Result(f"build and count {net}", 1000 * best(partial(counted, net)), bound, "ms")
        for net, bound in (("resnet50", 10), ("densenet201", 40))
    ]


def forks() -> list[Result]:
    """A fork must be so much cheaper than a net built anew that a search can branch."""

    def anew(name: str) -> None:
        forget()
        load(name, Options())

    results = []
    for name in ("resnet50", "densenet201"):
        net = load(name, Options())
        share = best(net.fork, runs=200) / best(partial(anew, name))
        results.append(Result(f"fork {name} / build it anew", 100 * share, 5, "%"))
    return results


CHAIN = "input: 8x32x32\nlayers: [{{repeat: {count}, layers: [conv 8 k3 p1]}}]\n"
BLOCKS = "input: 8x32x32\nlayers: [{{repeat: {count}, layers: [add: [[conv 8 k3 p1, relu], []]]}}]\n"


def linear(folder: Path) -> list[Result]:
    """Ten times the layers must not take much more than ten times as long."""
    results = []
    for name, text, large in (("a chain of layers", CHAIN, 100_000), ("residual blocks", BLOCKS, 30_000)):
        times = []
        for count in (large // 10, large):
            file = folder / f"{count}.yaml"
            file.write_text(text.format(count=count), encoding="utf-8")
            times.append(best(partial(counted, str(file)), runs=1))  # a second run finds parts of a small net kept
        results.append(Result(f"{name}: {large:,} / {large // 10:,}", times[1] / times[0], 15, "times"))
        results.append(Result(f"{name}: {large:,}", times[1], 20, "s"))
    return results


def explaining(folder: Path) -> Result:
    """The walk through a long net, repeats told once."""
    from cnncalc.explain.answer import explain
    from cnncalc.forms import text
    from cnncalc.pages.explanation.page import page

    file = folder / "long.yaml"
    file.write_text(CHAIN.format(count=100_000), encoding="utf-8")
    graph = load(str(file), Options())
    return Result("explain 100,000 layers", best(lambda: text(page(explain(graph))), runs=1), 15, "s")


def drawing() -> list[Result]:
    """A net that is counted, drawn with all its levels."""
    from cnncalc.pictures.drawing import View, drawing

    whole = View(depth=99)
    return [
        Result(f"draw {net}", 1000 * best(partial(drawing, report(load(net, Options())), whole), runs=3), bound, "ms")
        for net, bound in (("resnet50", 300), ("nasnet_large", 2_000))
    ]


def library() -> Result:
    """Every bundled net, built and counted."""

    def everything() -> None:
        for net in bundled():
            try:
                counted(net)
            except CnncalcError as error:
                if "family" not in error.faults[0].message:
                    raise

    return Result("the whole library, built and counted", best(everything, runs=1), 10, "s")


def main() -> int:
    """Measure, print, and say whether all bounds hold."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        results = [start_up(), *exporting(Path(folder)), memory(), *in_process(), *forks()]
        results += [*linear(Path(folder)), explaining(Path(folder)), *drawing(), library()]
    for result in results:
        print(result.line())
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    failed = not all(result.holds for result in results)
    return int(failed if "--short" in sys.argv else compared() or failed)


if __name__ == "__main__":
    sys.exit(main())
