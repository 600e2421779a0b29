"""Nodes of ONNX with no more attributes than a name asks for, run by onnxruntime: what they are unless told."""

from __future__ import annotations

from typing import Any

from cnncalc.layers import Shape
from cnncalc.layers.base import show_shape

__all__ = ["NODES", "said"]

NODES: dict[tuple[str, Shape], tuple[str, dict[str, Any], tuple[Shape, ...]]] = {
    ("TopK 2", (4, 8, 8)): ("TopK", {}, ()),
    ("LayerNormalization", (4, 6, 8)): ("LayerNormalization", {}, ((8,), (8,))),
    ("RMSNormalization", (4, 6, 8)): ("RMSNormalization", {}, ((8,),)),
    ("pixel_shuffle 2", (4, 9)): ("DepthToSpace", {"blocksize": 2}, ()),
    ("space_to_depth 2", (4, 8)): ("SpaceToDepth", {"blocksize": 2}, ()),
    ("lrn 3", (4, 9)): ("LRN", {"size": 3}, ()),
}
"""By a layer and its input: the node, its attributes, and the shapes of what it learns."""


def said(text: str, shape: Shape) -> str:
    """The shape that comes out and how many numbers it learns, or that it is refused."""
    import numpy as np
    import onnx
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    kind, attributes, learned = NODES[text, shape]
    held = [onnx.numpy_helper.from_array(np.ones(one, np.float32), f"w{place}") for place, one in enumerate(learned)]
    if kind == "TopK":
        held = [onnx.numpy_helper.from_array(np.array([2], np.int64), "w0")]
    outputs = ["y", "at"] if kind == "TopK" else ["y"]
    node = onnx.helper.make_node(kind, ["x", *(one.name for one in held)], outputs, **attributes)
    floats = onnx.TensorProto.FLOAT
    taken = [onnx.helper.make_tensor_value_info("x", floats, (2, *shape))]
    given = [onnx.helper.make_tensor_value_info("y", floats, None)]
    graph = onnx.helper.make_graph([node], "one", taken, given, held)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 24)], ir_version=11)
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        (made,) = session.run(["y"], {"x": np.ones((2, *shape), np.float32)})
    except (state.Fail, state.InvalidArgument, state.InvalidGraph, state.NotImplemented, state.RuntimeException):
        return "refused\t0"
    return f"{show_shape(made.shape[1:])}\t{sum(int(np.prod(one)) for one in learned)}"
