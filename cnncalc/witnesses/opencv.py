"""OpenCV's dnn: the net as our writer of ONNX models says it, its weights zeros, read, and run once.

What it states of each layer is held, and what comes out of the run. It tells no parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Net
from cnncalc.interchange.onnx.writing.model import OLDEST, serialised
from cnncalc.interchange.onnx.writing.scribe import Learned
from cnncalc.interchange.onnx.writing.writer import noted
from cnncalc.layers import Shape
from cnncalc.witnesses.seen import Seen, SeenRow

__all__ = ["seen"]

NODE = "onnx_node!"
"""What it puts before the name of a node."""
NOTES = (f"OpenCV tells no parameters; layers are nodes of ONNX, opset {OLDEST}, or composed of such",)


def seen(graph: Net, batch: int) -> Seen:
    """What OpenCV makes of a net. Raises CnncalcError that names every layer which ONNX cannot say."""
    import cv2
    import numpy as np

    framework = f"OpenCV {cv2.__version__}"
    scribe, outputs = noted(graph, OLDEST)
    packed = serialised(graph, scribe, outputs, _zeros, {}, "")
    inputs = {name: (batch, *graph.nodes[at].shape) for name, at in graph.inputs.items()}
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # errors are ours to tell
    try:
        net = cv2.dnn.readNetFromONNX(np.frombuffer(packed, np.uint8))
    except cv2.error as error:
        help = "it has fewer of ONNX's nodes than others: hold the net by `--with onnxruntime`"
        raise CnncalcError(Fault(f"{framework} does not read the net", values=_line(error), help=help)) from None
    try:
        stated, made = _run(net, inputs, outputs)
    except cv2.error as error:
        return Seen(framework, {}, {}, refusal=_line(error))
    rows = {node.name: SeenRow(stated[node.name]) for _, node, _ in graph.layers() if node.name in stated}
    return Seen(framework, rows, made, notes=NOTES)


def _zeros(name: str, one: Learned) -> Any:
    """Weights that take no time to draw."""
    import numpy as np

    return np.zeros(one.shape, np.float32)


def _line(error: Exception) -> str:
    """What it says, without the place in its source."""
    return " ".join(str(error).partition("error: ")[2].split())[:300] or type(error).__name__


def _run(
    net: Any, inputs: Mapping[str, Shape], outputs: Mapping[str, str]
) -> tuple[dict[str, Shape], dict[str, Shape]]:
    """The shapes that it states, by layer, and those of a run, by output, without the batch. Raises cv2.error."""
    import numpy as np

    for name, shape in inputs.items():
        net.setInput(np.zeros(shape, np.float32), name)
    numbers, _, leaving = net.getLayersShapes([*inputs.values()])
    named = {net.getLayer(int(number)).name.removeprefix(NODE): shapes for number, shapes in zip(numbers, leaving)}
    stated = {name: tuple(map(int, shapes[0][1:])) for name, shapes in named.items() if len(shapes)}
    run = net.forward([*outputs.values()])
    return stated, {name: tuple(one.shape[1:]) for name, one in zip(outputs, run)}
