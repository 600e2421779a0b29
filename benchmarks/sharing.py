"""A sweep of a million points, alone and by two workers of Dask: `python -m benchmarks.sharing`.

4,000 nets, MobileNetV2 of 400 widths and 10 numbers of classes, at 250 sizes each; the files that come out must be the
same. On a busy machine the CPU seconds tell: what all processes took together, halved, is what two free cores take.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from cnncalc.cli.main import cnncalc

SWEEP = (
    "sweep", "mobilenet_v2", "--set", "width=0.25:1.2475:0.0025", "--set", "classes=100:1000:100",
    "--input", "3x{32:1028:4}", "--figures", "params,macs,peak_bytes",
)  # fmt: skip
LEAST = 1.7
MEMORY = 600
"""MB, at most, of the process that writes."""


def used() -> float:
    """CPU seconds of this process, and of those that it started and that have ended."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def swept(file: Path, *more: str) -> tuple[float, float]:
    """Seconds by the clock, and CPU seconds of all processes."""
    start, before = time.monotonic(), used()
    with suppress(SystemExit):  # the files say whether it went well
        cnncalc.main([*SWEEP, "-o", str(file), *more])
    return time.monotonic() - start, used() - before


def main() -> int:
    """Print what both took; 1 where sharing is slower than promised, takes more memory, or another file comes out."""
    with tempfile.TemporaryDirectory() as folder:
        one, two = Path(folder) / "one.csv", Path(folder) / "two.csv"
        alone, alone_cpu = swept(one)
        shared, shared_cpu = swept(two, "--workers", "2")
        same, lines = one.read_bytes() == two.read_bytes(), one.read_bytes().count(b"\n") - 1
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1024 if sys.platform != "darwin" else 1) / 1e6
    ratio = alone_cpu / (shared_cpu / 2)
    print(f"{lines:,} points alone: {alone:.1f} s, {alone_cpu:.1f} s of CPU")
    print(f"two workers: {shared:.1f} s, {shared_cpu:.1f} s of CPU in all: {alone / shared:.2f} times as fast")
    print(f"on two free cores: {ratio:.2f} times as fast (at least {LEAST}); {memory:.0f} MB (at most {MEMORY})")
    print("the same file" if same else "ANOTHER FILE")
    return int(not same or ratio < LEAST or memory > MEMORY)


if __name__ == "__main__":
    sys.exit(main())
