"""`python -m benchmarks.onnx_variations --models N --seed S`: ONNX models drawn at random, tensor by tensor.

A model is a chain of one to four nodes of every operator that is read, at an opset from 7 to 24, with its arguments
drawn: ways to pad, to round, to say a size, layouts of cells, axes from either end, numbers of few bits, graphs inside
nodes. onnxruntime runs it without optimisation; the shape of every tensor and the number of weights are held against
what is read. What the runtime itself does not take is drawn again. Needs the packages onnx and onnxruntime.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping
from random import Random

import numpy as np
import onnxruntime

import cnncalc.layers  # noqa: F401 - kinds before readers
from benchmarks.onnx_variations.drawing import Draw
from benchmarks.onnx_variations.laying import LAYING
from benchmarks.onnx_variations.learning import LEARNING
from benchmarks.onnx_variations.windows import WINDOWS
from cnncalc.errors import CnncalcError
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.onnx.call import Live, Value
from cnncalc.interchange.onnx.model import model_of
from cnncalc.interchange.onnx.reader import Reader
from cnncalc.interchange.onnx.rules.searches import Searches
from cnncalc.interchange.protobuf.wire import Message
from cnncalc.interchange.sketch import Asked
from cnncalc.limits import Limits

STEPS = {**WINDOWS, **LAYING, **LEARNING}
OPSETS = range(7, 25)


class Watching(Reader):
    """A reader that keeps the shape of every output, as ONNX has it."""

    def __init__(self, data: bytes) -> None:
        file = ForeignFile("variation.onnx", None, Limits(), data)
        model = model_of(Message(data))
        super().__init__(model, file, Asked(), None, Searches(model.graph, []), whole=False)
        self.seen: dict[str, tuple[int, ...]] = {}

    def output(self, name: str, values: Mapping[str, Value | None]) -> int | None:
        """The tensor of an output."""
        value = values.get(name)
        if isinstance(value, Live):
            shape = self.sketch.shape(value.tensor)
            self.seen[name] = shape if value.axis < 0 else (*shape[: value.axis], 1, *shape[value.axis :])
        return super().output(name, values)


def run(draw: Draw, outputs: list[str]) -> dict[str, tuple[int, ...]] | None:
    """The shapes that onnxruntime makes; None where it does not take the model."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(draw.model(outputs).SerializeToString(), options)
        values = session.run(outputs, {"x": np.ones(draw.start, np.float32)})
    except Exception:  # noqa: BLE001 - whatever the runtime raises: it does not take the model
        return None
    return {name: tuple(value.shape) for name, value in zip(outputs, values)}


def drawn(random: Random) -> tuple[Draw, list[str], dict[str, tuple[int, ...]]]:
    """A model that onnxruntime runs: a step that it does not take is left out."""
    draw, names = Draw(random, random.choice(OPSETS)), []
    shapes: dict[str, tuple[int, ...]] = {}
    for _ in range(random.randint(1, 4)):
        if not 3 <= len(draw.shape) <= 5 or draw.shape[0] != 1 or np.prod(draw.shape) > 100_000:
            break
        before = (list(draw.nodes), list(draw.held), draw.last, draw.weights, list(draw.functions), dict(draw.domains))
        name = random.choice(list(STEPS))
        STEPS[name](draw)
        found = run(draw, draw.made()) if draw.last != before[2] else None
        if found is None or min(min(shape, default=1) for shape in found.values()) < 1:
            draw.nodes, draw.held, draw.last, draw.weights, draw.functions, draw.domains = before
            continue
        shapes, draw.shape = found, found[draw.last]
        names.append(name)
    return (draw, names, shapes) if names else drawn(random)


def differing(draw: Draw, shapes: Mapping[str, tuple[int, ...]]) -> str:
    """How what is read differs; empty where it does not. Raises CnncalcError for what is not read."""
    reader = Watching(draw.model(list(shapes)).SerializeToString())
    sketch = reader.read()
    told = [
        f"{name} {reader.seen[name]} for {shape}"
        for name, shape in shapes.items()
        if reader.seen.get(name, shape) != shape
    ]
    params = 0
    for operator in sketch.operators:
        if operator.layer is not None and operator.share is None:
            weights = operator.layer.weight_shapes(*map(sketch.shape, operator.inputs))
            params += sum(int(np.prod(dims)) for dims in weights.values())
    if params != draw.weights:
        told.append(f"{params} parameters for {draw.weights}")
    return "; ".join(told)


def main() -> int:
    """Draw, run, read and compare; 1 where one differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.onnx_variations", description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=int, default=500)
    parser.add_argument("--first", type=int, default=0, help="the number of the first model")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    counts, refused, steps, tensors = Counter[str](), Counter[str](), Counter[str](), 0
    for number in range(given.first, given.first + given.models):
        draw, names, shapes = drawn(Random(f"{given.seed}-{number}"))
        kinds = [node.op_type for node in draw.nodes]
        try:
            told = differing(draw, shapes)
        except CnncalcError as error:
            counts["refused"] += 1
            refused[" ".join(str(error).split())[:150]] += 1
            continue
        steps.update(names)
        tensors += len(shapes)
        counts["differs" if told else "equal"] += 1
        if told:
            print(f"{number}, opset {draw.opset}, {kinds} on {draw.start}: {told}", flush=True)
    print(f"onnxruntime {onnxruntime.__version__}, seed {given.seed}: {dict(counts)}, {tensors} tensors, {dict(steps)}")
    for why, count in refused.most_common():
        print(f"  {count} x {why}")
    return 1 if counts["differs"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
