"""`python -m benchmarks.hostile.guided --minutes 10`: the same fuzz, led by which lines of cnncalc a run reaches.

With `--readers` it is nothing but `import` of changed files of other tools.
Needs atheris, which is no dependency of anything here. libFuzzer changes the bytes out of which a command line and its
files are drawn, and keeps those that reach something new. A finding is written down, and the runs go on.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import Any

import atheris

with atheris.instrument_imports(include=["cnncalc"]):
    from benchmarks.hostile import __main__ as plain
    from benchmarks.hostile.commands import drawn
    from benchmarks.hostile.foreign import gather
    from benchmarks.hostile.runs import everything, run
    from cnncalc.limits import RECURSION

    everything()


class Drawn(Random):
    """Random numbers out of the bytes that are given, and when these end such as follow from them."""

    data, place = b"", 0

    @classmethod
    def of(cls, data: bytes) -> Drawn:
        """Numbers out of these bytes."""
        made = cls(hashlib.sha256(data).hexdigest())
        made.data = data
        return made

    def getrandbits(self, k: int, /) -> int:
        """So many bits."""
        count = (k + 7) // 8
        if self.place + count > len(self.data):
            return super().getrandbits(k)
        self.place += count
        return int.from_bytes(self.data[self.place - count : self.place], "little") & ((1 << k) - 1)

    def random(self) -> float:
        """From 0 to 1."""
        return self.getrandbits(16) / 65_536


def main() -> None:
    """Run until the time is over."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hostile.guided", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to go on")
    parser.add_argument("--corpus", type=Path, help="a folder of files of other tools, to be changed")
    parser.add_argument("--readers", action="store_true", help="nothing but `import` of such files")
    parser.add_argument("--seed", type=int, default=1, help="libFuzzer's")
    parser.add_argument("--keep", type=Path, default=Path("build/hostile"), help="folder for what was found")
    given = parser.parse_args()
    keeping, tally = given.keep.resolve(), plain.Tally()
    keeping.mkdir(parents=True, exist_ok=True)
    gather(given.corpus)
    sys.setrecursionlimit(RECURSION)
    os.chdir(tempfile.mkdtemp())

    def once(data: bytes) -> None:
        one = drawn(Drawn.of(data), readers=given.readers)
        outcome = run(one)
        tally.runs += 1
        tally.codes[str(outcome.code)] += 1
        tally.commands[one.arguments[0]] += 1
        tally.slowest, tally.largest = max(tally.slowest, outcome.seconds), outcome.megabytes
        if outcome.finding:
            tally.findings += 1
            files: dict[str, Any] = {name: content[:20_000] for name, content in one.files.items()}
            told = f"{one.arguments!r}\n{outcome.finding}\n{files!r}\n"
            (keeping / f"guided-{hashlib.sha256(data).hexdigest()[:12]}.txt").write_text(
                told, errors="backslashreplace"
            )
        if tally.runs % 5_000 == 0:
            print(tally.line(0.0), file=sys.stderr, flush=True)

    atheris.Setup([sys.argv[0], f"-max_total_time={int(60 * given.minutes)}", "-max_len=4096", "-len_control=0",
                   f"-seed={given.seed}", "-rss_limit_mb=4000", "-timeout=60"], once)  # fmt: skip
    atheris.Fuzz()


if __name__ == "__main__":
    main()
