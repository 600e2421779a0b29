"""`python -m benchmarks.surprises`: measure again what docs/surprises.md says of torch, beside what cnncalc says."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from surprises import SURPRISES  # noqa: E402 # the path to what tests share comes first


def main() -> int:
    """Print the table; the exit code says whether each figure is still what the page says."""
    print(f"torch {torch.__version__}, {platform.machine()}")
    changed = 0
    for one in SURPRISES:  # those that compile, too
        found, ours = one.measured(), "" if one.ours is None else f"{one.ours():,}"
        changed += found != one.figure
        print(f"{one.subject:<82}{found:>9,}{ours:>9}{'' if found == one.figure else f'  was {one.figure:,}'}")
    return int(changed > 0)


if __name__ == "__main__":
    sys.exit(main())
