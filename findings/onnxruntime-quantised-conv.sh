#!/usr/bin/env bash
# onnxruntime 1.32.0's quantiser: a ReLU goes, and 112 numbers become 118, 120 or 132.
#
# A convolution 3 → 4, 3×3, with bias and a ReLU behind. Dynamic quantisation keeps the ReLU and makes seven
# operators of the convolution; 112 weights and biases become 118 initialised numbers. Static quantisation drops the
# ReLU, since the range of the output that follows begins at zero: a file of the same net has one layer fewer. QDQ
# holds 120 numbers for one scale a tensor and 132 for one a channel, since zero points, all zero, are written out
# for weights and biases. None of the new numbers is a parameter, and the biases are now 32-bit integers.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='net 2 operators True 112
dynamic 8 operators True 118
qoperator 3 operators False 118
qdq 7 operators False 120
qdq-per-channel 7 operators False 132'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0
cat > "$place/seen.py" <<'PY'
import logging
import os
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_dynamic, quantize_static

logging.disable(logging.WARNING)
os.chdir(tempfile.mkdtemp())
random = np.random.default_rng(0)


class Images(CalibrationDataReader):
    def __init__(self):
        self.images = iter([{"x": random.normal(size=(1, 3, 8, 8)).astype(np.float32)} for _ in range(4)])

    def get_next(self):
        return next(self.images, None)


def told(name):
    graph = onnx.load(name).graph
    print(name, len(graph.node), "operators", "Relu" in {node.op_type for node in graph.node}, end=" ")
    print(sum(int(np.prod(one.dims)) for one in graph.initializer))


weights = {"w": random.normal(size=(4, 3, 3, 3)), "b": random.normal(size=4)}
graph = helper.make_graph(
    [helper.make_node("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1]), helper.make_node("Relu", ["c"], ["y"])],
    "net",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4, 8, 8])],
    [numpy_helper.from_array(value.astype(np.float32), name) for name, value in weights.items()],
)
onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), "net")
told("net")
quantize_dynamic("net", "dynamic")
told("dynamic")
quantize_static("net", "qoperator", Images(), quant_format=QuantFormat.QOperator)
told("qoperator")
quantize_static("net", "qdq", Images())
told("qdq")
quantize_static("net", "qdq-per-channel", Images(), per_channel=True)
told("qdq-per-channel")
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
