"""`python -m benchmarks.hostile --minutes 30 --seed N`: the whole command line, fuzzed.

Run number i of a seed is always the same one: `--first i --runs 1` repeats it, and shows it. Runs are done in a process
that is begun anew every so often, and after every finding: what it keeps from run to run counts as memory too.
Findings are tracebacks, exit codes that there are not, messages without a way out, characters that steer a terminal,
runs of more than 2 s, and processes of more than 500 MB. Seconds are those of a processor that adds a million
numbers in 30 ms; a run that takes longer is judged by how long this one takes for them right afterwards.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from benchmarks.hostile.commands import Case, case  # noqa: E402
from benchmarks.hostile.foreign import gather  # noqa: E402
from benchmarks.hostile.runs import MEGABYTES, everything, pace, run  # noqa: E402
from cnncalc.limits import RECURSION  # noqa: E402

READERS = 200
"""The megabytes that a process may have that only reads files of other tools."""
IN_ONE = 2_000
"""Runs in one process."""
EVERY = 30.0
"""Seconds between two lines of progress."""
ADDRESS_SPACE = 4 * 2**30


class Tally:
    """What was run so far."""

    def __init__(self) -> None:
        self.runs = self.findings = 0
        self.codes: Counter[str] = Counter()
        self.commands: Counter[str] = Counter()
        self.deep: Counter[str] = Counter()
        self.slowest = self.largest = 0.0

    def line(self, seconds: float) -> str:
        """Where it stands."""
        return (
            f"{self.runs:,} runs, {self.findings} findings, {100 * self.codes['0'] / max(self.runs, 1):.0f} % exit 0; "
            f"slowest {self.slowest:.2f} s, largest process {self.largest:.0f} MB; {seconds:,.0f} s"
        )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="how long to go on")
    parser.add_argument("--runs", type=int, default=sys.maxsize, help="stop after so many runs")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--first", type=int, default=0, help="the number of the first run")
    parser.add_argument("--corpus", type=Path, help="a folder of files of other tools, to be changed")
    parser.add_argument("--readers", action="store_true", help="nothing but `import` of such files, within 200 MB")
    parser.add_argument("--keep", type=Path, default=Path("build/hostile"), help="folder for what was found")
    return parser.parse_args()


class Plan(NamedTuple):
    """What is run."""

    seed: str
    readers: bool

    def case(self, index: int) -> Case:
        """Run number `index`."""
        return case(self.seed, index, readers=self.readers)

    @property
    def megabytes(self) -> int:
        """The most that a process may have."""
        return READERS if self.readers else MEGABYTES

    @property
    def again(self) -> str:
        """The command that runs this once more, but for the number of the run."""
        return f"python -m benchmarks.hostile --seed {self.seed}{' --readers' if self.readers else ''}"


def batch(plan: Plan, first: int, runs: int, until: float, report: int) -> None:
    """Some runs, each told as a line of JSON to the file descriptor `report`; ends after a finding."""
    sys.setrecursionlimit(RECURSION)  # as the program itself does, and the next line too
    gc.set_threshold(100_000, 20, 20)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    with tempfile.TemporaryDirectory() as above:  # so that `..` is a folder of its own
        folder = Path(above, "here")
        folder.mkdir()
        os.chdir(folder)
        for index in range(first, first + runs):
            if time.monotonic() > until:
                break
            one = plan.case(index)
            os.write(report, f"{json.dumps({'begun': index})}\n".encode())
            outcome = run(one)
            finding = outcome.finding
            if not finding and outcome.megabytes > plan.megabytes:
                finding = f"the process has {outcome.megabytes:.0f} MB, after {index - first + 1} runs"
            told = outcome._replace(finding=finding)._asdict() | {"index": index, "command": one.arguments[0]}
            os.write(report, f"{json.dumps(told)}\n".encode())
            if finding:
                break
        os.chdir("/")


def forked(plan: Plan, first: int, runs: int, until: float) -> list[dict[str, object]]:
    """What the runs of one process were, one after another; the last may be one that ended the process."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            batch(plan, first, runs, until, writing)
        except BaseException:  # noqa: BLE001  (a fault of this program: it must not run on as a second parent)
            traceback.print_exc()
            os._exit(3)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as lines:
        told = [json.loads(line) for line in lines]
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) == 3:
        sys.exit("this program is at fault: see above")
    if told and "begun" in told[-1]:
        index = told[-1]["begun"]
        told.append({
            "index": index, "code": None, "seconds": 0.0, "megabytes": 0.0, "command": plan.case(index).arguments[0],
            "finding": f"the process ended, status {status}",
        })  # fmt: skip
    return [one for one in told if "begun" not in one]


def keep(folder: Path, plan: Plan, one: dict[str, object]) -> None:
    """Write down a finding, with its command line and files."""
    folder.mkdir(parents=True, exist_ok=True)
    found = plan.case(int(str(one["index"])))
    lines = [
        f"seed {plan.seed}, run {one['index']}: {plan.again} --first {one['index']} --runs 1",
        f"cnncalc {found.arguments!r}{' (completing)' if found.completing else ''}",
        str(one["finding"]),
        *(f"--- {name!r}\n{data.decode('utf-8', 'replace')}" for name, data in found.files.items()),
        *([f"--- standard input\n{found.input.decode('utf-8', 'replace')}"] if found.input else []),
    ]
    path = folder / f"{plan.seed}-{one['index']}.txt"
    path.write_text("\n".join(lines), encoding="utf-8", errors="backslashreplace")
    print(f"{path}: {str(one['finding']).splitlines()[-1]}", file=sys.stderr, flush=True)


def main() -> int:
    """Run until the time is over; 1 where something was found."""
    given = arguments()
    keeping, plan = given.keep.resolve(), Plan(given.seed, given.readers)
    print(f"{gather(given.corpus)} files of other tools", file=sys.stderr)
    everything()
    gc.collect()
    gc.freeze()  # children share it
    start = told = time.monotonic()
    until = start + 60 * given.minutes
    tally, index = Tally(), given.first
    last = given.first + given.runs
    while index < last and time.monotonic() < until:
        for one in forked(plan, index, min(IN_ONE, last - index), until):
            tally.runs += 1
            tally.codes[str(one["code"])] += 1
            tally.commands[str(one["command"])] += 1
            tally.deep[str(one["command"])] += one["code"] == 0
            tally.slowest = max(tally.slowest, float(str(one["seconds"])))
            tally.largest = max(tally.largest, float(str(one["megabytes"])))
            index = int(str(one["index"])) + 1
            if one["finding"]:
                tally.findings += 1
                keep(keeping, plan, one)
        if time.monotonic() - told > EVERY:
            told = time.monotonic()
            print(tally.line(told - start), file=sys.stderr, flush=True)
    print(f"seed {given.seed}, runs {given.first} to {index - 1}, Python {sys.version.split()[0]}, pace {pace():.1f}")
    print(tally.line(time.monotonic() - start))
    print("exit codes:", ", ".join(f"{count:,} × {code}" for code, count in tally.codes.most_common()))
    print(
        "commands (of them exit 0):",
        ", ".join(f"{name} {count:,} ({tally.deep[name]:,})" for name, count in tally.commands.most_common()),
    )
    return 1 if tally.findings else 0


if __name__ == "__main__":
    sys.exit(main())
