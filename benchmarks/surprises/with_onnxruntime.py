"""onnxruntime's INT4 quantiser, MatMulNBitsQuantizer, on three nodes that compute the same."""

from __future__ import annotations

import numpy as np
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


said = "onnxruntime: bytes of 64 to 128 in INT4, as a"
tell(
    [(f"{said} MatMul", kept("MatMul", 64, 128)), (f"{said} Gemm", kept("Gemm", 64, 128)),
     (f"{said} Conv 1×1", kept("Conv", 128, 64, 1, 1))]
)  # fmt: skip
