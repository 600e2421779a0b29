"""How much cheaper a closed form is than building a net again: ratios, which hold on any machine.

Run it as `python -m benchmarks.closed_forms`. Each ratio must keep its side of the bound, or it exits with 1.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cnncalc.analysis.costs import report
from cnncalc.analysis.symbolic.report import symbolic_report
from cnncalc.language import load
from cnncalc.language.options import Options
from cnncalc.solve.figures import Want
from cnncalc.solve.files.answer import solve_file

NETS = ("vgg16", "resnet50", "densenet121", "efficientnet_b0")
FIGURES = ("params", "macs", "activation_bytes")
UNKNOWNS = """\
input: 3x32x32
layers: [conv ?16..40 k?1..10 s2 p?0..7, relu, conv 32 k?1..5 s2 p1, flatten, linear 10]
"""


def best(work: Callable[[], object], turns: int = 5) -> float:
    """Seconds of the fastest of several turns."""
    times = []
    for _ in range(turns):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def one_size(name: str) -> float:
    """Building and counting a net again, over looking its closed form up."""
    closed = symbolic_report(load(name, Options(input="3xHxW", symbols=True)))
    values = [closed.totals[figure].value for figure in FIGURES]
    lengths = {"H": 288, "W": 320}

    def look_up() -> list[int]:
        return [value if isinstance(value, int) else value.at(lengths) for value in values]

    again = best(lambda: report(load(name, Options(input="3x288x320"))).totals)
    return again / best(look_up, 200)


def many_sizes(name: str) -> float:
    """`sweep` over 10,000 input sizes, over one `show`, each a process of its own."""

    def run(*arguments: str) -> None:
        subprocess.run([sys.executable, "-m", "cnncalc", *arguments], check=True, stdout=subprocess.DEVNULL)

    swept = best(lambda: run("sweep", name, "--input", "3x{64:163}x{64:163}", "--format", "csv"))
    return swept / best(lambda: run("show", name))


SEARCHES = {
    "10,000 candidates": (UNKNOWNS, [Want("params", "<=", 40_000), Want("conv2", "==", "32x8x8")], 30),
    "16^12 candidates, windows of twelve layers": (
        "input: 3x64x64\nlayers:\n" + "  - conv 16 k?1|3|5|7 p?0..3\n" * 12,
        [Want("output", "==", "16x8x8"), Want("params", "<=", 140_000)],
        30,
    ),
    "8^10 candidates, a ladder of widths": (
        "input: 3x32x32\nlayers:\n" + "  - conv ?16|24|32|48|64|96|128|192 k3 p1\n" * 10,
        [Want("params", "==", 500_000)],
        60,
    ),
    "10^12 candidates, two long ranges": (
        "input: 3x32x32\nlayers: [conv ?1..1000000 k3, relu, conv ?1..1000000 k3]\n",
        [Want("params", "==", 364)],
        30,
    ),
}
"""Files with `?`: the text, what is wanted, and the seconds that it may take."""


def searched(text: str, wants: list[Want]) -> tuple[float, int]:
    """Seconds for a file with `?`, all of whose candidates must be decided, and how many solutions there are."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "net.yaml"
        file.write_text(text, encoding="utf-8")
        start = time.perf_counter()
        answer = solve_file(str(file), Options(), "float32", wants)
        assert answer.exact
        assert answer.tried == answer.candidates
        return time.perf_counter() - start, answer.total


def main() -> int:
    """Print every ratio; 1 where one is on the wrong side of its bound."""
    failed = 0
    for name in NETS:
        ratio, swept = one_size(name), many_sizes(name)
        failed += (ratio < 50) + (swept > 3)
        print(f"{name}: a closed form is {ratio:,.0f} times faster at one size (at least 50)")
        print(f"{name}: 10,000 sizes take {swept:.2f} times as long as one `show` (at most 3)")
    for name, (text, wants, most) in SEARCHES.items():
        seconds, found = searched(text, wants)
        failed += seconds > most
        print(f"{name}: {found:,} solutions in {seconds:.1f} s (at most {most})")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
