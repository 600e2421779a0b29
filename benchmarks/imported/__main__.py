"""`python -m benchmarks.imported torchvision|timm [NAMES] [-o FILE]`: nets of these packages through our readers, held.

Of torchvision each net by `from_torch`, a `.pt2`, and the ONNX of both of torch's exporters, held against our own file
of that name: multiply–accumulates, in all and layer by layer, outputs, parameters, and layers where names survive. Of
ONNX, which has batch norms folded into convolutions, against that file as our own rule folds it. Of timm one member of
each family by `from_torch`, held against what the module has, and what torch's FlopCounterMode counts. A line a net;
FILE keeps each as JSON, and what stands there is not done again.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import time
from pathlib import Path

import torch

from benchmarks.imported.ways import WAYS


def commit() -> str:
    """The commit of the code that reads, with a plus where files differ from it."""
    told = subprocess.run(["git", "describe", "--always", "--dirty=+"], capture_output=True, text=True, check=False)
    return told.stdout.strip()


def kept(path: Path | None) -> list[dict[str, str]]:
    """The lines of a journal."""
    if path is None or not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines() if line.strip()]


def main() -> int:
    """Read the nets; 1 where one differs or is not read."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.imported", description=__doc__.splitlines()[0])
    parser.add_argument("package", choices=("torchvision", "timm"))
    parser.add_argument("names", nargs="*", help="its names of nets; all of them unless said")
    parser.add_argument("--ways", default=",".join(WAYS), help=f"for torchvision, of {', '.join(WAYS)}")
    parser.add_argument("-o", "--output", type=Path, help="a .jsonl file, gone on with where it is there")
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.backends.mha.set_fastpath_enabled(False)  # TorchScript's exporter has no operator for it
    package = importlib.import_module(f"benchmarks.imported.{given.package}")
    done = {(one["net"], one["way"]) for one in kept(given.output)}
    at, start, wrong, count = commit(), time.monotonic(), 0, 0
    began = start
    for net, way, said in package.readings(given.names, given.ways.split(","), done):
        count += 1
        wrong += not said.startswith("equal")
        ended = time.monotonic()
        print(f"{net}: {way}: {said}", flush=True)
        if given.output is not None:
            line = {"net": net, "way": way, "said": said, "seconds": f"{ended - began:.1f}", "commit": at}
            with given.output.open("a") as file:
                file.write(json.dumps(line | {"torch": torch.__version__}, ensure_ascii=False) + "\n")
        began = ended
    print(f"{count} readings, {wrong} not equal, in {time.monotonic() - start:.0f} s; torch {torch.__version__}")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
