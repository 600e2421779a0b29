"""onnxruntime: the net as our writer of ONNX models says it, run once, with every layer's tensor as an output.

In the dialects of ONNX a layer is the node of that name with its own words (`auto_pad`, `ceil_mode`), so that what the
runtime makes of these is what is held; in others it is composed of nodes that compute the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING

from cnncalc.graph import Net
from cnncalc.graph.nodes import Node
from cnncalc.interchange.onnx.writing.model import empty, newest_opset
from cnncalc.interchange.onnx.writing.scribe import Said, Scribe
from cnncalc.interchange.onnx.writing.writer import noted
from cnncalc.layers import Layer, Shape
from cnncalc.witnesses.seen import Seen, SeenRow

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["alone", "lone", "opset_of", "seen"]

WEIGHTS = {
    "Conv": (1, 2), "ConvTranspose": (1, 2), "BatchNormalization": (1, 2, 3, 4), "InstanceNormalization": (1, 2),
    "GroupNormalization": (1, 2), "LayerNormalization": (1, 2), "RMSNormalization": (1,), "PRelu": (1,), "Gemm": (1, 2),
}  # fmt: skip
"""The inputs of a node that are numbers of its own, learned or not."""
QUIET = 4


def seen(graph: Net, batch: int) -> Seen:
    """What onnxruntime makes of a net. Raises CnncalcError that names every layer which ONNX cannot say."""
    import onnxruntime

    framework = f"onnxruntime {onnxruntime.__version__}, opset {opset_of(graph.dialect)}"
    scribe, _ = noted(graph, opset_of(graph.dialect))
    packed = empty(graph, scribe)
    names = [node.name for _, node, _ in graph.layers()]
    try:
        found = _run(packed, {name: (batch, *graph.nodes[at].shape) for name, at in graph.inputs.items()}, names)
    except _refused() as error:
        return Seen(framework, {}, {}, refusal=_line(error))
    shapes = {name: shape[1:] for name, shape in found.items()}
    nodes = {name: node for node in scribe.nodes for name in node.outputs}
    rows = {
        node.name: SeenRow(shapes[node.name], _numbers(scribe, nodes[node.name], node, layer))
        for _, node, layer in graph.layers()
    }
    made = {name: shapes[graph.nodes[index].name] for name, index in graph.outputs.items() if graph.nodes[index].layer}
    made |= {name: graph.nodes[at].shape for name, at in graph.outputs.items() if graph.nodes[at].layer is None}
    return Seen(framework, rows, made, notes=tuple(_notes(graph)))


def opset_of(dialect: str) -> int:
    """The opset that a dialect is of; of any but those with a number the newest that the onnx package has."""
    number = dialect.partition("-")[2]
    return int(number) if dialect.startswith("onnx-") and number.isdecimal() else newest_opset()


def _notes(graph: Net) -> list[str]:
    if graph.dialect.startswith("onnx"):
        return []
    return [f"layers of the {graph.dialect} dialect are composed of nodes; `--dialect onnx` holds ONNX's own rules"]


def _run(packed: bytes, inputs: Mapping[str, Shape], names: Sequence[str]) -> dict[str, Shape]:
    """The shapes of tensors by name, the batch included. Raises what the runtime raises."""
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = QUIET, 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(packed, options, providers=["CPUExecutionProvider"])
    generator = np.random.default_rng(0)
    given = {name: generator.standard_normal(shape, np.float32) for name, shape in inputs.items()}
    return dict(zip(names, (tuple(one.shape) for one in session.run([*names], given))))


@lru_cache
def _refused() -> tuple[type[Exception], ...]:
    """What the runtime raises of a model that it does not take, or fails to run."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    names = ("Fail", "InvalidArgument", "InvalidGraph", "NotImplemented", "RuntimeException")
    return tuple(getattr(state, name) for name in names)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def _numbers(scribe: Scribe, said: Said, node: Node, layer: Layer) -> int | None:
    """How many numbers the node of a layer has of its own; None where the layer is no one node, or shares them.

    A layer that is told to learn nothing has numbers in ONNX too, where a node must have them: ones and zeros.
    """
    places = WEIGHTS.get(said.kind)
    if places is None or node.share is not None or not layer.dialect.startswith("onnx") or _told_less(layer):
        return None
    held = 0
    for name in (said.inputs[place] for place in places if place < len(said.inputs)):
        if name in scribe.learned:
            held += sum(prod(shape) for _, shape in scribe.learned[name].stored)
        else:
            filled = next(one for one in scribe.nodes if name in one.outputs)
            held += prod(int(n) for n in scribe.held[filled.inputs[1]].numbers)
    return held


def _told_less(layer: Layer) -> bool:
    """Whether it was said of a layer that it learns less than usual."""
    usual = {name: layer.default(name) for name in ("affine", "scale", "bias") if name in layer.fields}
    return any(value and not getattr(layer, name) for name, value in usual.items() if layer.kind not in _BIASED)


_BIASED = ("conv", "dwconv", "deconv", "linear")
"""Kinds whose bias is left out of the node, too."""


def alone(layer: Layer, shapes: Sequence[Shape]) -> tuple[Net, Scribe]:
    """A net of one layer, also one that we refuse. Raises CnncalcError where ONNX cannot say it."""
    net = Net("lone", dialect=layer.dialect)
    inputs = [net.add_input(f"x{place}", shape) for place, shape in enumerate(shapes)]
    net.nodes.append(Node("lone", layer, tuple(one.index for one in inputs), (), len(inputs)))
    return net, noted(net, opset_of(layer.dialect))[0]


def lone(layer: Layer, shapes: Sequence[Shape], batch: int = 2) -> Shape | str:
    """The shape that one layer gives, also where we refuse it; or what the runtime says against it."""
    net, scribe = alone(layer, shapes)
    inputs = {name: (batch, *net.nodes[at].shape) for name, at in net.inputs.items()}
    try:
        return _run(empty(net, scribe), inputs, ["lone"])["lone"][1:]
    except _refused() as error:
        return _line(error)
