"""`python -m benchmarks.opening --onnx PYTHON --tool PYTHON`: ONNX files against the peers, as whole processes in turn.

`show` of a ResNet-50 with weights (102 MB) against `onnx.load`, `infer_shapes` and a sum of parameters, against
onnx-tool's profile, and against `show resnet50`; and what memory `show` of a VGG-16 with weights takes (553 MB).
The files are written by our own exporter on the first run. PYTHON is an interpreter that has onnx (or onnx-tool), this
one unless said; a peer that it lacks is left out. Least of `--rounds` turns, seconds of a core and by the clock. What
Python alone and the import of onnx take is told beside: no factor of a peer can be kept that asks for less.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
MEASURED = """
import json, resource, subprocess, sys, time
start = time.monotonic()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
spent = time.monotonic() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([used.ru_utime + used.ru_stime, spent, used.ru_maxrss / 1024]))
"""
SUMMED = """
import math, sys, onnx
model = onnx.shape_inference.infer_shapes(onnx.load(sys.argv[1]))
print(sum(math.prod(one.dims) for one in model.graph.initializer))
"""
PROFILED = """
import sys, numpy, onnx_tool
onnx_tool.model_profile(sys.argv[1], {"input": numpy.zeros((1, 3, 224, 224), "float32")})
"""
BOUNDS = {"onnx.load, infer_shapes, sum": 8.0, "onnx-tool's profile": 20.0}
"""How many times as long as `show` these are to take."""


def measured(command: list[str]) -> tuple[float, float, float] | None:
    """Seconds of a core, seconds by the clock and the most megabytes of a command; None where it fails."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(HERE)
    whole = [sys.executable, "-c", MEASURED, *command]
    done = subprocess.run(whole, env=environment, cwd=HERE, capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    core, clock, memory = json.loads(done.stdout)
    return core, clock, memory


def written(name: str, folder: Path, python: str) -> Path:
    """A bundled net as an ONNX file with random weights; written once."""
    path = folder / f"{name}.onnx"
    if not path.exists():
        command = [python, "-m", "cnncalc", "export", name, "-o", str(path)]
        subprocess.run(command, cwd=HERE, env={**os.environ, "PYTHONPATH": str(HERE)}, check=True, capture_output=True)
    return path


def compared(jobs: dict[str, list[str]], rounds: int) -> bool:
    """Print what each takes at least, in turn, and how many times as long as ours; whether all bounds are kept."""
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, command in jobs.items():
            one = measured(command)
            if one is not None:
                found[name].append(one)
    least = {name: (min(one[0] for one in rows), min(one[1] for one in rows)) for name, rows in found.items() if rows}
    for name, (core, clock) in least.items():
        print(f"{name}: {core:.3f} s of a core, {clock:.3f} s by the clock")
    core, clock = least["show resnet50.onnx"]
    times = core / least["show resnet50"][0]
    print(f"show resnet50.onnx is {times:.2f} x show resnet50 (at most 1.6)")
    held = times <= 1.6
    for name, bound in BOUNDS.items():
        if name in least:
            by_core, by_clock = least[name][0] / core, least[name][1] / clock
            held &= by_clock >= bound
            print(f"{name}: {by_core:.1f} x of a core, {by_clock:.1f} x by the clock ({bound:g})")
    return held


def main() -> int:
    """Measure and print; 1 where a bound of issue and design is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.opening", description=__doc__.splitlines()[0])
    parser.add_argument("--onnx", default=sys.executable, help="an interpreter with onnx")
    parser.add_argument("--tool", default=sys.executable, help="an interpreter with onnx-tool")
    parser.add_argument("--folder", type=Path, default=Path("/tmp"), help="where the files are kept")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    resnet, vgg = (written(name, given.folder, given.onnx) for name in ("resnet50", "vgg16"))
    show = [sys.executable, "-m", "cnncalc", "show"]
    jobs = {
        "show resnet50.onnx": [*show, str(resnet)],
        "show resnet50": [*show, "resnet50"],
        "onnx.load, infer_shapes, sum": [given.onnx, "-c", SUMMED, str(resnet)],
        "onnx-tool's profile": [given.tool, "-c", PROFILED, str(resnet)],
        "python alone": [sys.executable, "-c", "pass"],
        "import onnx": [given.onnx, "-c", "import onnx"],
    }
    held = compared(jobs, given.rounds)
    memory = measured([*show, str(vgg)])
    if memory is not None:
        held &= memory[2] <= 60
        print(f"show vgg16.onnx ({vgg.stat().st_size / 1e6:.0f} MB): {memory[2]:.0f} MB (at most 60)")
    return int(not held)


if __name__ == "__main__":
    sys.exit(main())
