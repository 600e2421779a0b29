"""A net for OpenCV as our writer of ONNX models says it."""

from __future__ import annotations

from typing import Any

from cnncalc.graph import Net
from cnncalc.interchange.onnx.writing.model import OLDEST, serialised
from cnncalc.interchange.onnx.writing.scribe import Learned
from cnncalc.interchange.onnx.writing.writer import noted
from cnncalc.witnesses.opencv.reading import Read

__all__ = ["read"]

NODE = "onnx_node!"
"""What OpenCV puts before the name of a node."""


def read(graph: Net) -> Read:
    """The model, its weights zeros. Raises CnncalcError that names every layer which ONNX cannot say."""
    scribe, outputs = noted(graph, OLDEST)
    packed = serialised(graph, scribe, outputs, _zeros, {}, "")
    layers = {node.name: (NODE + node.name, 0) for _, node, _ in graph.layers()}
    return Read(packed, b"", layers, outputs, f"layers are nodes of ONNX, opset {OLDEST}, or composed of such")


def _zeros(name: str, one: Learned) -> Any:
    """Weights that take no time to draw."""
    import numpy as np

    return np.zeros(one.shape, np.float32)
