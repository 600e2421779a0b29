"""How much faster than commit c2a8ab5 it is: `python -m benchmarks.before`, and a part of `python -m benchmarks`.

That commit is checked out beside this one, and both run the same jobs in turn, each time in processes of their own, so
that a busy machine slows both alike. CPU time counts; medians count. Where there is no repository nothing is compared.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from cnncalc.records import NamedTuple

COMMIT = "c2a8ab5"
HERE = Path(__file__).resolve().parents[1]
NETS = ("vgg16", "resnet50", "densenet201", "efficientnet_b0", "yolov8x", "nasnet_large")
IN_PROCESS = {
    **{f"totals:{net}": 3.0 for net in NETS},
    **{f"everything:{net}": 1.8 for net in NETS},
    "closed:resnet50": 1.5,
    "sweep:resnet50": 1.5,
    "unknowns:": 1.5,
}
"""Jobs, and how many times as fast each must be."""
LARGE = {"chain:100000": 3.0, "blocks:30000": 3.0}
MEMORY_OF_CHAIN, MEMORY_OF_MILLION = 120, 1_000
"""MB."""
IMPORTS = "import click, rich.table, yaml"
TORCHINFO = {"vgg16": 5.0, "resnet50": 12.0, "densenet201": 20.0}
ROUNDS = 5


class Result(NamedTuple):
    """One measured figure, and the side of a bound that it must keep to."""

    what: str
    value: float
    bound: float
    unit: str
    least: bool = False
    """Whether the bound is the least that it may be."""

    @property
    def holds(self) -> bool:
        return self.value >= self.bound if self.least else self.value <= self.bound

    def line(self) -> str:
        """As it is printed."""
        side = "at least" if self.least else "at most"
        return f"{'✓' if self.holds else '✗'} {self.what:72} {self.value:8.2f} {self.unit}  ({side} {self.bound:g})"


@contextmanager
def checked_out() -> Iterator[Path | None]:
    """A folder with the older commit; None where this is no repository that has it."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / COMMIT
        git = ["git", "-C", str(HERE), "worktree"]
        try:
            made = subprocess.run([*git, "add", "--detach", str(tree), COMMIT], capture_output=True, check=False)
        except OSError:
            yield None
            return
        try:
            yield tree if made.returncode == 0 else None
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], capture_output=True, check=False)


def environment(tree: Path) -> dict[str, str]:
    """Byte code is kept, as it is for users."""
    left = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**left, "PYTHONPATH": str(tree)}


def turn(tree: Path, turns: int, jobs: Sequence[str]) -> dict[str, float]:
    """What jobs take with the cnncalc of a tree, in one process."""
    command = [sys.executable, str(HERE / "benchmarks" / "turns.py"), str(turns), *jobs]
    done = subprocess.run(command, env=environment(tree), cwd=tree, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def seconds(command: Sequence[str], tree: Path) -> tuple[float, float]:
    """CPU seconds of a whole process, and its peak memory in MB."""
    script = (
        "import json, resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True); "
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
        "print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss]))"
    )
    command = [sys.executable, "-c", script, *command]
    done = subprocess.run(command, env=environment(tree), cwd=tree, check=True, capture_output=True, text=True)
    used, memory = json.loads(done.stdout)
    return used, memory * (1024 if sys.platform != "darwin" else 1) / 1e6


def in_turn(old: Path, jobs: Mapping[str, float], turns: int, rounds: int) -> Iterator[Result]:
    """How many times as fast jobs are as with the older commit."""
    pairs = [(turn(old, turns, [*jobs]), turn(HERE, turns, [*jobs])) for _ in range(rounds)]
    for job, bound in jobs.items():
        before, now = (statistics.median(side[job] for side in sides) for sides in zip(*pairs))
        what = f"{job.rstrip(':')}: {1000 * before:,.2f} ms, now {1000 * now:,.2f}"
        yield Result(what, before / now, bound, "times as fast", least=True)


def whole_processes(old: Path) -> Iterator[Result]:
    """`show` against what any such program imports, and against the older commit."""
    show = [sys.executable, "-m", "cnncalc", "show"]
    runs = {
        "imports": ([sys.executable, "-c", IMPORTS], HERE),
        "old vgg16": ([*show, "vgg16"], old),
        "vgg16": ([*show, "vgg16"], HERE),
        "resnet50": ([*show, "resnet50"], HERE),
    }
    for run in runs.values():
        seconds(*run)
    found = [{name: seconds(*run) for name, run in runs.items()} for _ in range(4 * ROUNDS)]
    used = {name: statistics.median(one[name][0] for one in found) for name in runs}
    memory = {name: statistics.median(one[name][1] for one in found) for name in runs}
    yield Result("show resnet50 / importing click, rich.table, yaml", used["resnet50"] / used["imports"], 1.15, "times")
    yield Result(f"show vgg16 / that of {COMMIT}", used["vgg16"] / used["old vgg16"], 1.05, "times")
    yield Result("show resnet50, memory beyond the imports'", memory["resnet50"] - memory["imports"], 3, "MB")


def large(old: Path) -> Iterator[Result]:
    """Long nets: against the older commit, and how much memory they take."""
    for job, bound in LARGE.items():
        yield from in_turn(old, {job: bound}, 1, 3)
    hundred, million = turn(HERE, 1, ["chain:100000"]), turn(HERE, 1, ["chain:1000000"])
    yield Result("chain of 100,000, peak memory", hundred["memory"], MEMORY_OF_CHAIN, "MB")
    yield Result("chain of 1,000,000, peak memory", million["memory"], MEMORY_OF_MILLION, "MB")
    growth = million["chain:1000000"] / hundred["chain:100000"]
    yield Result(f"chain of 1,000,000 in {million['chain:1000000']:.1f} s / 100,000", growth, 15, "times")


def loads() -> Result:
    """The second to tenth load of a net in a process, against the first."""
    command = [sys.executable, str(HERE / "benchmarks" / "turns.py"), "1", "loads:resnet50"]
    done = subprocess.run(command, env=environment(HERE), check=True, capture_output=True, text=True)
    first, *others = json.loads(done.stdout)
    return Result("load resnet50, the slowest of the 2nd to 10th / the 1st", max(others) / first, 0.5, "times")


def torchinfo() -> Iterator[Result]:
    """Against torchinfo on the meta device, which is given the module as it is built already."""
    if find_spec("torchinfo") is None or find_spec("torch") is None:
        print("torchinfo is not installed: not compared")
        return
    import torchinfo as info

    from benchmarks.turns import totals
    from cnncalc import load, to_torch

    for net, bound in TORCHINFO.items():
        module, times = to_torch(load(net), device="meta"), []
        for _ in range(2 * ROUNDS):
            start = _used()
            info.summary(module, (1, 3, 224, 224), device="meta", verbose=0)
            middle = _used()
            totals(net)
            times.append((middle - start) / (_used() - middle))
        yield Result(f"torchinfo on meta / load and report {net}", statistics.median(times), bound, "times", least=True)


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def results() -> Iterator[Result]:
    """Everything that is promised against others."""
    yield loads()
    yield from torchinfo()
    with checked_out() as old:
        if old is None:
            print(f"commit {COMMIT} cannot be checked out here: not compared with it")
            return
        yield from in_turn(old, IN_PROCESS, 9, ROUNDS)
        yield from whole_processes(old)
        yield from large(old)


def main() -> int:
    """Print every figure; 1 where one is on the wrong side of its bound."""
    failed = False
    for one in results():
        print(one.line(), flush=True)
        failed = failed or not one.holds
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
