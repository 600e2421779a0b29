"""What other tools do where a good guess is wrong, measured again: `python -m benchmarks.surprises`.

Each part (`with_…`) is a program for an environment of its own with pinned releases, and knows nothing of cnncalc but
the first, `with_torch`. What they found is tests/data/surprises.csv; docs/surprises.md tells it; the tests hold the
page, and cnncalc where it says the same, against it.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from pathlib import Path


def tell(rows: Iterable[tuple[object, ...]]) -> None:
    """Give the rows of a part to the command, a subject and a figure each: in the file that is named first."""
    with Path(sys.argv[1]).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
