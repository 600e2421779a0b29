#!/usr/bin/env bash
# OpenCV 4.14.0 ignores a pool's dilation; 5.0.0 does not.
#
# A max pool of kernel 2 and dilation 2 on 0 … 5 takes pixels two apart: 4 windows, the largest of the first is 2. OpenCV
# 4's reader of ONNX files goes on as if the dilation were 1: 5 windows, the first gives 1. No error, another net: its
# sizes happen to fit wherever a global pool follows.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='onnxruntime 1.32.0 [2. 3. 4. 5.]
OpenCV 4.14.0 [1. 2. 3. 4. 5.]'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 opencv-python-headless==4.14.0.94
cat > "$place/seen.py" <<'PY'
import cv2
import numpy as np
import onnxruntime
from onnx import TensorProto, helper

image = np.tile(np.arange(6, dtype=np.float32), (1, 1, 6, 1))
node = helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[1, 2], dilations=[1, 2])
x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 6, 6])
y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, None, None])
model = helper.make_model(helper.make_graph([node], "g", [x], [y]), opset_imports=[helper.make_opsetid("", 13)])
model.ir_version = 8
packed = model.SerializeToString()
made = onnxruntime.InferenceSession(packed, providers=["CPUExecutionProvider"]).run(None, {"x": image})[0]
print("onnxruntime", onnxruntime.__version__, made[0, 0, 0])
net = cv2.dnn.readNetFromONNX(np.frombuffer(packed, np.uint8))
net.setInput(image)
print("OpenCV", cv2.__version__, net.forward()[0, 0, 0])
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
