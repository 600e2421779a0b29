#!/usr/bin/env bash
# OpenVINO 2026.4.1: a max pool and an average pool with the same words have different sizes.
#
# Kernel 2, stride 3, `ceil_mode=1` on 6 pixels: the max pool gives 3, whose last window lies outside of the map, the
# average pool 2. onnxruntime gives 2 for both, as ONNX's own text has it from opset 22 on. A block that joins the two, as
# Inceptions do, runs in the one and not in the other.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='MaxPool onnxruntime 2 OpenVINO 3
AveragePool onnxruntime 2 OpenVINO 2'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1
cat > "$place/seen.py" <<'PY'
import numpy as np
import onnxruntime
import openvino
from onnx import TensorProto, helper

image = np.ones((1, 1, 6, 6), np.float32)
for kind in ("MaxPool", "AveragePool"):
    node = helper.make_node(kind, ["x"], ["y"], kernel_shape=[2, 2], strides=[3, 3], ceil_mode=1)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 6, 6])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, None, None])
    model = helper.make_model(helper.make_graph([node], "g", [x], [y]), opset_imports=[helper.make_opsetid("", 22)])
    model.ir_version = 10
    packed = model.SerializeToString()
    one = onnxruntime.InferenceSession(packed, providers=["CPUExecutionProvider"]).run(None, {"x": image})[0]
    core = openvino.Core()
    other = core.compile_model(core.read_model(packed), "CPU")([image])[0]
    print(kind, "onnxruntime", one.shape[2], "OpenVINO", other.shape[2])
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
