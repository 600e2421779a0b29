"""What torch keeps and counts, beside what cnncalc says: the table of tests/support/surprises.py, compiled nets too."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from benchmarks.surprises import tell

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "support"))

from surprises import SURPRISES  # the path to what tests share comes first

HERE = {"", "a compiler", *(["CUDA"] if torch.cuda.is_available() else [])}
tell(
    (one.subject, one.measured(), one.figure, "" if one.ours is None else one.ours())
    for one in SURPRISES
    if one.needs in HERE
)
