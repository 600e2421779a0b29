"""Makes the table of what a real Caffe gives: `python -m benchmarks.caffe PROGRAM --layers 1000 --seed 0 -o FILE`.

A row is a layer of the caffe dialect, its inputs, the blob that comes out without the batch, or `refused`, and how many
numbers it learns or keeps. `--nets` asks for the bundled nets that are said in Caffe's words, and prints what differs.
"""

from __future__ import annotations

import argparse
import sys
from math import prod
from pathlib import Path
from random import Random

from benchmarks.caffe.asking import Made, asked
from benchmarks.caffe.nets import held_nets
from benchmarks.caffe.saying import lone
from cnncalc.interchange.written import Unsaid
from cnncalc.layers import Shape
from cnncalc.notation.lines import TokenError, parse

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "tests" / part) for part in ("", "support")]

from layer_texts import layer_text, wild_text  # noqa: E402

AT_ONCE = 200
FIRST = (
    *((text, ((4, 8, 8),)) for text in ("lrn 4", "lrn 5", "maxpool 3 p2", "maxpool 3 p3", "avgpool 5 s2 p4", "spp 1")),
    *(("maxpool 3 s2", (shape,)) for shape in ((4, 112, 112), (4, 5), (4, 5, 5, 5))),
    *((text, ((8, 5, 7), (8, 1, 1))) for text in ("add", "maximum")), ("conv 4 k4 s2", ((3, 3, 14),)),
)  # fmt: skip
"""Layers that reports were about."""


def drawn(random: Random) -> tuple[str, tuple[Shape, ...]]:
    """A layer and its inputs, one in two meant for a map with two spatial axes, as most of Caffe's are."""
    if random.random() < 0.5:
        return wild_text(random)
    shape = (random.randint(1, 8), random.randint(1, 14), random.randint(1, 14))
    return layer_text(random, shape), (shape,)


def table(program: str, count: int, seed: int) -> list[str]:
    """So many rows, no two alike."""
    random = Random(f"caffe/{seed}")
    rows: dict[tuple[str, str], str] = {}
    while len(rows) < count:
        nets: dict[str, str] = {}
        for text, shapes in FIRST if not rows else [drawn(random) for _ in range(AT_ONCE)]:
            try:
                nets[f"{' '.join('x'.join(map(str, shape)) for shape in shapes)}\t{text}"] = lone(
                    parse(text, "caffe").layer, shapes
                )
            except (Unsaid, TokenError):
                continue
        for name, made in asked(program, nets, forward=True).items():
            rows[tuple(name.split("\t"))] = row(made)  # type: ignore[index]  # two parts
    return ["\t".join((*key, said)) for key, said in list(rows.items())[:count]]


def row(made: Made | str) -> str:
    """What a row says of it."""
    if isinstance(made, str):
        return "refused\t0"
    numbers = sum(prod(shape) for shapes in made.learned.values() for shape in shapes)
    return f"{'x'.join(map(str, made.blobs['lone'][1:])) or 'scalar'}\t{numbers}"


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.caffe", description=__doc__)
    parser.add_argument("program", help="what shapes.cpp was built to")
    parser.add_argument("--layers", type=int, default=1_000, help="rows of the table")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--nets", action="store_true", help="hold the bundled nets")
    parser.add_argument("-o", "--output", type=Path)
    given = parser.parse_args()
    if given.nets:
        return held_nets(given.program)
    lines = "".join(f"{line}\n" for line in table(given.program, given.layers, given.seed))
    if given.output is None:
        sys.stdout.write(lines)
    else:
        given.output.write_text(lines, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
