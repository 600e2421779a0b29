"""What the loop over random networks is to know of a framework."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cnncalc.layers import Layer, Shape

__all__ = ["FRAMEWORKS", "Framework", "Settled"]


class Settled(NamedTuple):
    """Why the two may differ in a layer that one of them refuses, or to which they give different shapes."""

    reason: str
    applies: Callable[[Layer, tuple[Shape, ...], str, Shape | str], bool]
    """Of the layer, its inputs, what we say against it (or nothing), and what the framework says or gives."""


class Framework(NamedTuple):
    """A framework of `verify --with`."""

    dialects: tuple[str, ...]
    module: str
    """A module of benchmarks.

    `lone(layer, shapes)` is the shape that it gives, or what it says; `KINDS` are held alone; `SETTLED` are the known
    differences; `settled_refusal(graph, refusal)` is why it refuses a whole net, or an empty text.
    """


FRAMEWORKS = {
    "keras": Framework(("keras",), "keras_settled"),
    "paddle": Framework(("paddle",), "paddle_settled"),
    "onnxruntime": Framework(("onnx", "onnx", *(f"onnx-{opset}" for opset in range(17, 25))), "onnx_settled"),
}
