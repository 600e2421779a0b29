"""One side of a comparison: runs with the cnncalc of this commit or of an older one, and prints what each job took.

`python benchmarks/turns.py JOB…` prints a JSON object: CPU seconds of each job, the median of its turns, and the peak
memory of the process in MB. It is run as a file, so that the cnncalc that it finds is the one on PYTHONPATH.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path

from cnncalc import Options
from cnncalc.analysis.costs import report
from cnncalc.language import load

CHAIN = "input: 8x32x32\nlayers: [{{repeat: {count}, layers: [conv 8 k3 p1]}}]\n"
BLOCKS = "input: 8x32x32\nlayers: [{{repeat: {count}, layers: [add: [[conv 8 k3 p1, relu], []]]}}]\n"
NO_OPTIONS = Options()
UNKNOWNS = """\
input: 3x32x32
layers: [conv ?16..40 k?1..10 s2 p?0..7, relu, conv 32 k?1..5 s2 p1, flatten, linear 10]
"""


def totals(net: str, options: Options = NO_OPTIONS) -> None:
    """Load a net and ask for every total."""
    tuple(report(load(net, options)).totals)


def everything(net: str) -> None:
    """Load a net and ask for every row with every column, the totals and the hints."""
    found = report(load(net, Options()))
    tuple(found.totals), [tuple(row) for row in found.rows], found.hints


def command(*arguments: str) -> None:
    """A command line, in this process."""
    from cnncalc.cli.main import cnncalc

    code: object = None
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        try:
            cnncalc.main(list(arguments))
        except SystemExit as ended:
            code = ended.code
    assert not code, arguments


def closed(net: str) -> None:
    """The closed forms of a net, looked up at one size."""
    try:
        owner = import_module("cnncalc.analysis.symbolic.report")
    except ModuleNotFoundError:  # where the older commit has it
        owner = import_module("cnncalc.analysis.symbolic")
    figures = ("params", "macs", "activation_bytes")
    values, _ = owner.symbolic_totals(load(net, Options(input="3xHxW", symbols=True)), figures)
    lengths = {"H": 288, "W": 320}
    assert all(isinstance(value, int) or value.at(lengths) for value in values.values())


def options_for(layers: int) -> Options:
    """Options under which a net may have so many layers."""
    if layers <= 300_000:
        return NO_OPTIONS
    from cnncalc.limits import raised  # the older commit has it elsewhere, and is not asked

    return Options(limits=raised({"layers": layers, "built": layers}))


def repeated(text: str, count: str) -> None:
    """A file of many layers."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "net.yaml"
        file.write_text(text.format(count=count), encoding="utf-8")
        totals(str(file), options_for(3 * int(count)))


def unknowns() -> None:
    """10,000 candidates of a file with `?`."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "net.yaml"
        file.write_text(UNKNOWNS, encoding="utf-8")
        command("solve", "file", str(file), "--want", "params<=100000", "--want", "output==10")


JOBS: dict[str, Callable[[str], None]] = {
    "totals": totals,
    "everything": everything,
    "closed": closed,
    "sweep": lambda net: command("sweep", net, "--input", "3x{64:163}x{64:163}", "--format", "csv"),
    "unknowns": lambda _: unknowns(),
    "chain": lambda count: repeated(CHAIN, count),
    "blocks": lambda count: repeated(BLOCKS, count),
}


def median(job: str, turns: int) -> float:
    """CPU seconds of a job such as `totals:resnet50`, the median of several turns after a first that is not counted."""
    name, _, argument = job.partition(":")
    work, times = JOBS[name], []
    if turns > 1:
        work(argument)
    for _ in range(turns):
        gc.collect()
        gc.disable()
        start = time.process_time()
        work(argument)
        times.append(time.process_time() - start)
        gc.enable()
    return statistics.median(times)


def loads(net: str) -> list[float]:
    """CPU seconds of loading a net ten times in a process that has loaded nothing yet."""
    import cnncalc

    times = []
    for _ in range(10):
        start = time.process_time()
        cnncalc.load(net)
        times.append(time.process_time() - start)
    return times


def main() -> None:
    turns, *jobs = sys.argv[1:]
    if jobs[0].startswith("loads:"):
        print(json.dumps(loads(jobs[0].partition(":")[2])))
        return
    found = {job: median(job, int(turns)) for job in jobs}
    found["memory"] = peak()
    print(json.dumps(found))


def peak() -> float:
    """The peak memory of this process in MB. Linux's `ru_maxrss` is not asked: it begins at that of the parent."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1e6
    unit = 1024 if sys.platform != "darwin" else 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    main()
