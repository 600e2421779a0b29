"""`python -m benchmarks.surprises [PART …]`: measure again what docs/surprises.md tells, each part with its releases.

Every part gets a virtual environment with exactly these packages; `--environments FOLDER` keeps them, or takes those
that are there by the parts' names. `--write` makes tests/data/surprises.csv anew of what was found. The part `findings`
runs `findings/*.sh` one after the other, and takes an hour.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "tests" / "data" / "surprises.csv"
COUNTERS = ("torch==2.14.1", "numpy==2.2.6", "onnx==1.23.2")
PARTS: dict[str, tuple[str, ...]] = {
    "torch": ("torch==2.13.0", "click", "rich", "PyYAML"),
    "counters": (
        *COUNTERS,
        "torchvision==0.29.1",
        "torchinfo==1.8.0",
        "torchprofile==0.1.0",
        "torchscan==0.2.0",
        "onnx-tool==1.0.1",
    ),
    "exporters": ("torch==2.14.1", "torchvision==0.29.1", "onnx==1.23.2", "onnxscript==0.7.2", "onnx-ir==1.0.0"),
    "flax": ("jax==0.10.2", "flax==0.12.8"),
    "opencv": ("opencv-python-headless==4.14.0.94", "onnx==1.23.2", "numpy==2.4.6"),
    "paddle": ("paddlepaddle==3.3.1", "numpy==2.1.3"),
    "paddle-numpy": ("paddlepaddle==3.3.1", "numpy==2.4.6"),
    "keras": ("keras==3.15.1", "torch==2.13.0", "numpy==2.4.6", "onnx==1.23.2", "onnxscript==0.7.2"),
    "tensorflow": ("tensorflow-cpu==2.21.0",),
    "openvino": ("openvino==2026.4.1", "numpy==2.4.6"),
    "onnxruntime": ("onnxruntime==1.32.0", "onnx==1.23.2", "numpy==2.4.6"),
    "bitsandbytes": ("bitsandbytes==0.50.2", "torch==2.13.0"),
}
"""The releases of each part."""
CHECK = """
import sys
from importlib.metadata import version
for pin in sys.argv[1:]:
    name, _, wanted = pin.partition("==")
    found = version(name).partition("+")[0]
    if wanted and found != wanted:
        raise SystemExit(f"{name} is {found} and not {wanted}")
"""


@contextmanager
def environment(part: str, kept: Path | None) -> Iterator[str]:
    """The Python of an environment with the releases of a part."""
    with tempfile.TemporaryDirectory() as passing:
        place = (kept or Path(passing)) / part
        python = str(place / "bin" / "python")
        if not place.exists():
            subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
            install = [python, "-m", "pip", "install", "-qq", "--no-compile", "--disable-pip-version-check"]
            subprocess.run([*install, *(pin for pin in PARTS[part] if "paddle" not in pin)], check=True)
            paddle = [pin for pin in PARTS[part] if "paddle" in pin]
            if paddle:  # what it asks of numpy does not matter here
                subprocess.run([*install, *paddle], check=True)
                subprocess.run([*install, PARTS[part][-1]], check=True)
        subprocess.run([python, "-c", CHECK, *PARTS[part]], check=True)
        yield python


def measured(part: str, kept: Path | None) -> list[list[str]]:
    """What a part finds: a subject and a figure a row."""
    program = f"benchmarks.surprises.with_{part.partition('-')[0]}"
    with environment(part, kept) as python, tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.csv"
        backend = "tensorflow" if part == "tensorflow" else "torch"
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", "KERAS_BACKEND": backend}
        subprocess.run(
            [python, "-m", program, str(found)],
            cwd=ROOT, check=True, env={**os.environ, **quiet}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        with found.open(newline="", encoding="utf-8") as file:
            return list(csv.reader(file))


def findings() -> int:
    """How many of the scripts do not end as seen."""
    failed = 0
    for script in sorted((ROOT / "findings").glob("*.sh")):
        code = subprocess.run(["bash", str(script)], capture_output=True, check=False).returncode
        failed += code != 0
        print(f"{script.name:<60}{'as seen' if not code else 'CHANGED'}", flush=True)
    return failed


def main() -> int:
    """The command; its exit code says whether every figure is still what the table says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.surprises", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (all of these), findings")
    parser.add_argument("--environments", type=Path, metavar="FOLDER")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    unknown = set(given.parts) - {*PARTS, "findings"}
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}: they are {', '.join(PARTS)}, findings")
    with TABLE.open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    changed = 0
    for part in [one for one in given.parts or PARTS if one != "findings"]:
        print(" ".join(PARTS[part]), flush=True)
        known = {row["subject"]: row["figure"] for row in table if row["part"] == part}
        found = measured(part, given.environments)
        for subject, figure, *more in found:  # the first part brings what was seen, and what cnncalc says
            seen, ours = more or (known.get(subject, "new"), "")
            changed += figure != seen
            print(f"  {subject:<88}{figure:>16}{ours:>10}{'' if figure == seen else f'  was {seen}'}", flush=True)
        if given.write and part != "torch":
            own = [{"part": part, "subject": subject, "figure": figure} for subject, figure, *_ in found]
            table = [row for row in table if row["part"] != part] + own
    if given.write:
        with TABLE.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ["part", "subject", "figure"], lineterminator="\n")
            writer.writeheader()
            writer.writerows(sorted(table, key=lambda row: list(PARTS).index(row["part"])))
    return int(bool(changed) or ("findings" in given.parts and findings() > 0))


if __name__ == "__main__":
    sys.exit(main())
