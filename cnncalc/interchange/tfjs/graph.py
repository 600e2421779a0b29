"""A graph of TensorFlow, as graph models of TensorFlow.js hold it."""

from __future__ import annotations

from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.sketch import Asked, Sketch

__all__ = ["sketched"]


def sketched(root: Any, asked: Asked) -> Sketch:
    """The net of a graph model. Raises CnncalcError."""
    help = "convert the Keras model to a layers model, or read its ONNX form"
    raise CnncalcError(Fault("graph models of TensorFlow.js are not read", help=help))
