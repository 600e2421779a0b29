"""Darknet's cfg: the shape of every section as Darknet itself prints it, and as OpenCV's reader has it.

`DARKNET` names the program (AlexeyAB's), built without a GPU; else it is looked for on the path.
"""

from __future__ import annotations

import os
import re
import struct
import subprocess
from math import prod
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.exports.nets import NOT_HELD, Case
from cnncalc.graph import Net
from cnncalc.interchange.darknet.writer import _Writer, written  # which section is which layer
from cnncalc.layers import Shape
from cnncalc.layers.base import count

__all__ = ["by_itself", "by_opencv"]

SECTION = re.compile(r"^ *(\d+) [a-zA-Z]")
MADE = re.compile(r"(?:->|outputs:)\s*((?:\d+\s*x\s*)*\d+)")


def by_itself(case: Case) -> list[str]:
    """What Darknet prints when it loads the cfg."""
    text = str(written(case.whole, 1).content)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "net.cfg"
        file.write_text(text, encoding="utf-8")
        program = os.environ.get("DARKNET", "darknet")
        done = subprocess.run(
            [program, "ops", str(file)], cwd=folder, capture_output=True, text=True, errors="replace", check=False
        )
    shapes = {}
    for line in (done.stdout + done.stderr).splitlines():
        section, made = SECTION.match(line), MADE.findall(line)
        if section and made:
            lengths = [int(n) for n in made[-1].split("x")]
            shapes[int(section[1])] = (lengths[2], lengths[1], lengths[0]) if len(lengths) == 3 else tuple(lengths)
    if done.returncode or not shapes:
        return [f"Darknet ends with {done.returncode}: {(done.stderr or done.stdout).strip()[-200:]}"]
    return _differing(case.whole, shapes)


def by_opencv(case: Case) -> list[str]:
    """What OpenCV makes of the cfg and of a file of zeros, which has to be as long as it expects."""
    import cv2
    import numpy as np

    text = str(written(case.whole, 1).content)
    numbers = sum(
        count(layer.weight_shapes(*case.whole.input_shapes(node)))
        + count(layer.buffer_shapes(*case.whole.input_shapes(node)))
        for _, node, layer in case.whole.layers()
    )
    weights = np.zeros(20 + 4 * numbers, np.uint8)
    weights[:20] = np.frombuffer(struct.pack("<iiiq", 0, 2, 5, 0), np.uint8)
    try:
        net = cv2.dnn.readNetFromDarknet(np.frombuffer(text.encode(), np.uint8), weights)
        made = _shapes(net, case.whole)
    except cv2.error as error:
        return [f"{NOT_HELD}OpenCV: {' '.join(str(error).split())[-160:]}"]
    found: dict[int, Shape] = {}
    for name, shape in made.items():
        number = re.search(r"_(\d+)$", name)
        if number:
            found[int(number[1])] = shape  # of a convolution, its norm and its activation: the same one
    return _differing(case.whole, found)


def _shapes(net: Any, graph: Net) -> dict[str, Shape]:
    """By name, what comes out of every layer, without the batch."""
    (at,) = graph.inputs.values()
    ids, _, out = net.getLayersShapes([1, *graph.nodes[at].shape])
    names = ["input", *net.getLayerNames()]
    return {names[int(one)]: tuple(int(n) for n in made[0][1:]) for one, made in zip(ids, out)}


def _differing(graph: Net, shapes: dict[int, Shape]) -> list[str]:
    """The layers whose section makes another shape; a vector is a map of one pixel."""
    writer = _Writer(graph, 1)
    writer.net()
    lines, held = [], 0
    for index, section in writer.places.items():
        node = graph.nodes[index]
        if node.layer is None or section not in shapes or node.layer.kind == "flatten":
            continue
        held += 1
        made = shapes[section]
        if _plain(made) != (_plain(node.shape) if len(made) > 1 else (prod(node.shape),)):  # dropout's is told as one
            lines.append(f"{node.name}: {node.shape}, there {made}")
    return lines if held else ["no section was held"]


def _plain(shape: Shape) -> Shape:
    """A shape without the ends of length 1, elements of a vector in one number."""
    return (prod(shape),) if prod(shape) == max(shape, default=1) else tuple(shape)
