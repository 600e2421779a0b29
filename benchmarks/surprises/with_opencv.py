"""OpenCV's `Net::getFLOPS` of ONNX files."""

from __future__ import annotations

import cv2
import numpy as np
from onnx import TensorProto, helper, numpy_helper

from benchmarks.surprises import tell


def flops(shape: tuple[int, ...], out: tuple[int, ...], nodes: list, *weights: tuple[int, ...]) -> int:
    """Of a file of these nodes, whose weights are w0, w1 …"""
    tensors = [numpy_helper.from_array(np.ones(one, np.float32), f"w{at}") for at, one in enumerate(weights)]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, one) for name, one in (("x", shape), ("y", out))]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    return int(cv2.dnn.readNetFromONNX(np.frombuffer(model.SerializeToString(), np.uint8)).getFLOPS(shape))


def grouped(groups: int) -> int:
    """A convolution 3×3 of 8 channels on 4×4 and its ReLU."""
    nodes = [
        helper.make_node("Conv", ["x", "w0"], ["c"], kernel_shape=[3, 3], pads=[1] * 4, group=groups),
        helper.make_node("Relu", ["c"], ["y"]),
    ]
    return flops((1, 8, 4, 4), (1, 8, 4, 4), nodes, (8, 8 // groups, 3, 3))


said = "OpenCV: a convolution 3×3 of 8 channels on 4×4 and a ReLU"
gemm = [helper.make_node("Gemm", ["x", "w0", "w1"], ["y"], transB=1)]
tell(
    [
        (f"{said}, one group", grouped(1)),
        (f"{said}, four groups", grouped(4)),
        (f"{said}, eight groups", grouped(8)),
        ("OpenCV: a Gemm of 32 to 10", flops((1, 32), (1, 10), gemm, (10, 32), (10,))),
    ]
)
