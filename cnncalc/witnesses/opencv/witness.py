"""OpenCV's dnn reads the net with zeros for weights, states the shape of each layer, and is run once.

In Caffe's dialect it reads a prototxt as a Caffe user would write it, else a model of ONNX. It tells no parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Net
from cnncalc.layers import Shape
from cnncalc.witnesses.opencv.reading import Read
from cnncalc.witnesses.seen import Seen, SeenRow

__all__ = ["asked", "seen"]


def seen(graph: Net, batch: int) -> Seen:
    """What OpenCV makes of a net. Raises CnncalcError that names every layer which the file's format cannot say."""
    return asked(_file(graph, batch), graph, batch)


def asked(read: Read, graph: Net, batch: int) -> Seen:
    """What OpenCV makes of a file of the net. Raises CnncalcError where it has not what the file says."""
    import cv2

    framework = f"OpenCV {cv2.__version__}"
    inputs = {name: (batch, *graph.nodes[at].shape) for name, at in graph.inputs.items()}
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)  # errors are ours to tell
    try:
        net = _net(cv2, read)
    except cv2.error as error:
        raise _unread(framework, error) from None
    try:
        stated, made = _run(net, inputs, read)
    except cv2.error as error:
        if any(words in str(error) for words in NO_LAYER):  # which it finds out when the net is asked
            raise _unread(framework, error) from None
        return Seen(framework, {}, {}, refusal=_line(error))
    rows = {name: SeenRow(stated[where]) for name, where in read.layers.items() if where in stated}
    return Seen(framework, rows, made, notes=(f"OpenCV tells no parameters; {read.note}",))


NO_LAYER = ("Can't create layer", "is not implemented")
"""What it says of a type that it has not, in all or on so many axes."""


def _unread(framework: str, error: Exception) -> CnncalcError:
    help = "it has fewer layers than others: hold the net by `--with onnxruntime`"
    return CnncalcError(Fault(f"{framework} does not read the net", values=_line(error), help=help))


def _file(graph: Net, batch: int) -> Read:
    if graph.dialect == "caffe":
        from cnncalc.witnesses.opencv import caffe

        return caffe.read(graph, batch)
    from cnncalc.witnesses.opencv import onnx

    return onnx.read(graph)


def _net(cv2: Any, read: Read) -> Any:
    """The net that OpenCV makes of the file. Raises cv2.error."""
    import numpy as np

    content = np.frombuffer(read.content, np.uint8)
    if read.weights:
        return cv2.dnn.readNetFromCaffe(content, np.frombuffer(read.weights, np.uint8))
    return cv2.dnn.readNetFromONNX(content)


def _line(error: Exception) -> str:
    """What it says, without the place in its source."""
    return " ".join(str(error).partition("error: ")[2].split())[:300] or type(error).__name__


def _run(net: Any, inputs: Mapping[str, Shape], read: Read) -> tuple[dict[tuple[str, int], Shape], dict[str, Shape]]:
    """The shapes that it states, by its layers' outputs, and those of a run, by ours. Raises cv2.error."""
    import numpy as np

    for name, shape in inputs.items():
        net.setInput(np.zeros(shape, np.float32), name)
    numbers, _, leaving = net.getLayersShapes([*inputs.values()])
    stated = {
        (net.getLayer(int(number)).name, place): tuple(map(int, shape[1:]))
        for number, shapes in zip(numbers, leaving)
        for place, shape in enumerate(shapes)
    }
    run = net.forwardAndRetrieve([*read.outputs.values()])
    places = [read.layers.get(name, ("", 0))[1] for name in read.outputs]
    return stated, {name: tuple(ends[at].shape[1:]) for name, ends, at in zip(read.outputs, run, places)}
