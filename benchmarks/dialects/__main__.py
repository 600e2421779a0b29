"""Makes such a table: `python -m benchmarks.dialects flax --layers 500 --seed 0 -o FILE`, where that framework is.

A row is an input, a layer in our notation, what comes out without the batch, or `refused`, and how many numbers it has.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path
from random import Random

from cnncalc.interchange.written import Unsaid
from cnncalc.layers.windows import per_axis_requirements
from cnncalc.notation.lines import TokenError, parse

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "tests" / part) for part in ("", "support")]

from layer_texts import layer_text, wild_text  # noqa: E402

KINDS = (
    "conv", "dwconv", "deconv", "maxpool", "avgpool", "batchnorm", "layernorm", "groupnorm", "instancenorm", "prelu",
    "linear",
)  # fmt: skip


FIRST = (
    *(("linear 3", shape) for shape in ((5,), (5, 7), (4, 8, 8))),
    *((f"{kind} {said}", (4, 8, 8)) for kind in ("maxpool", "avgpool") for said in ("3", "3 s2", "3 p1", "3 p2")),
    *((kind, shape) for kind in ("instancenorm", "batchnorm", "prelu") for shape in ((6, 1), (6, 8), (4, 8, 8))),
    *((f"{kind} {said}", (4, 8, 8)) for kind in ("conv", "deconv") for said in ("5 k3", "5 k2 s3", "5 k3 p1 s2")),
)
"""Layers that tell defaults apart."""


WITNESSED = {
    "keras": "keras",
    "paddle": "paddle",
    "onnx": "onnxruntime",
    "onnx-17": "onnxruntime",
    "onnx-20": "onnxruntime",
}
"""The dialects whose frameworks `verify` knows, by these."""


def drawn(random: Random) -> tuple[str, tuple[int, ...]]:
    """A layer and its input."""
    if random.random() < 0.4:
        text, shapes = wild_text(random)
        return text, shapes[0]
    axes = random.choice((1, 2, 2, 2, 3))
    shape = (random.randint(1, 8), *(random.randint(1, 11) for _ in range(axes)))
    return layer_text(random, shape), shape


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dialects", description=__doc__)
    parser.add_argument("framework", choices=("flax", "mlx", "tinygrad", "mindspore", "ncnn", *WITNESSED))
    parser.add_argument("--layers", type=int, default=400, help="rows of the table")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    if given.framework in WITNESSED:
        from benchmarks.dialects.by_witness import rows as witnessed

        lines = [
            "\t".join(row) for row in witnessed(WITNESSED[given.framework], given.framework, given.layers, given.seed)
        ]
        given.output.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{given.framework}: {len(lines)} rows")
        return 0
    own = import_module(f"benchmarks.dialects.with_{given.framework}")
    random = Random(f"{given.framework}/{given.seed}")
    rows: dict[tuple[str, str], str] = {}
    first = iter(FIRST)
    while len(rows) < given.layers:
        text, shape = next(first, None) or drawn(random)
        try:
            layer = parse(text, given.framework).layer
        except TokenError:
            continue
        rank = len(shape) - 1
        mapped = layer.needs != "map" or 1 <= rank <= 3
        if layer.kind not in KINDS or not mapped or next(per_axis_requirements(layer, rank), None) is not None:
            continue
        try:
            made, numbers = own.lone(layer, shape)
            said = f"{'x'.join(map(str, made)) or 'scalar'}\t{numbers}"
        except Unsaid:
            continue
        except own.REFUSED as error:
            said = "refused\t0"
            print(text, shape, str(error)[:120].replace("\n", " "), file=sys.stderr)
        rows["x".join(map(str, shape)), text] = said
    given.output.write_text("".join(f"{x}\t{text}\t{said}\n" for (x, text), said in rows.items()), encoding="utf-8")
    print(f"{own.VERSION}: {len(rows)} rows")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
