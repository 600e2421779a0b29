"""Every bundled net drawn with all its levels: `python -m benchmarks.pictures`.

It exits 1 where boxes overlap, a text leaves its box, or a wire runs across a card or is missing.
"""

from __future__ import annotations

import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

from cnncalc import Options, bundled, load, report
from cnncalc.errors import CnncalcError
from cnncalc.pictures.drawing import View, drawing
from cnncalc.pictures.flow.drawing import laid

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))
from picture_checks import across_cards, crossings, overlapping, texts_outside, unconnected


def main() -> int:
    """Draw, check, and print what was found."""
    nets = faults = 0
    crossing: dict[str, int] = {}
    slowest = (0.0, "")
    for name in bundled():
        try:
            answer = report(load(name, Options()))
        except CnncalcError as error:
            if "family" not in error.faults[0].message:
                raise
            continue
        nets += 1
        start = time.perf_counter()
        svg = drawing(answer, View(depth=99))
        slowest = max(slowest, (time.perf_counter() - start, name))
        ET.fromstring(svg)
        ET.fromstring(drawing(answer, View(view="volumes")))
        block = laid(answer).block
        for check, found in (
            ("overlap", overlapping(block)),
            ("across", across_cards(block)),
            ("no wire", unconnected(block)),
            ("outside", texts_outside(svg)),
        ):
            if found:
                faults += 1
                print(f"{name}: {check}: {found[:3]}")
        crossing[name] = crossings(block)
    crossed = {name: number for name, number in crossing.items() if number}
    print(f"{nets} nets, {faults} faults, slowest {slowest[1]} {1000 * slowest[0]:.0f} ms")
    print(f"wires cross in {len(crossed)}: {crossed}")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
