"""onnxruntime's INT4 quantiser, MatMulNBitsQuantizer, on nodes that compute the same; and a file that it saves."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

from benchmarks.surprises import tell


def kept(kind: str, *weight: int) -> int:
    """Bytes of the weights of 64 to 128 as that node, once quantised in blocks of 32."""
    rest = (1, 1) if kind == "Conv" else ()
    tensor = numpy_helper.from_array(np.random.default_rng(0).standard_normal(weight).astype(np.float32), "w")
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, length, *rest])
            for name, length in (("x", 64), ("y", 128))]  # fmt: skip
    graph = helper.make_graph([helper.make_node(kind, ["x", "w"], ["y"])], "g", ends[:1], ends[1:], [tensor])
    quantiser = MatMulNBitsQuantizer(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]), block_size=32, is_symmetric=True
    )
    quantiser.process()
    return sum(len(one.raw_data) for one in quantiser.model.model.graph.initializer)


def saved() -> int:
    """Numbers in the optimised file of a convolution 3×3, 3 to 8 channels with biases.

    Its blocks are as wide as the CPU's registers: 16 numbers with AVX-512.
    """
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in (("x", [1, 3, 8, 8]), ("y", [1, 8, 6, 6]))]  # fmt: skip
    tensors = [numpy_helper.from_array(np.ones(shape, np.float32), name)
               for name, shape in (("w", (8, 3, 3, 3)), ("b", (8,)))]  # fmt: skip
    graph = helper.make_graph([helper.make_node("Conv", ["x", "w", "b"], ["y"])], "g", ends[:1], ends[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.optimized_model_filepath = str(Path(folder) / "net.onnx")
        onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return sum(int(np.prod(one.dims)) for one in onnx.load(options.optimized_model_filepath).graph.initializer)


said = "onnxruntime: bytes of 64 to 128 in INT4, as a"
tell(
    [(f"{said} MatMul", kept("MatMul", 64, 128)), (f"{said} Gemm", kept("Gemm", 64, 128)),
     (f"{said} Conv 1×1", kept("Conv", 128, 64, 1, 1)),
     ("onnxruntime: numbers in its optimised file of a convolution of 224", saved())]
)  # fmt: skip
