#!/usr/bin/env bash
# TensorFlow Lite 2.21.0: a layer with one filter more has a file of half the size.
#
# Dynamic-range quantisation, `optimizations=[DEFAULT]` without a data set, leaves kernels of fewer than 1,024 numbers
# in float32. A 3x3 convolution on 4 channels has 1,008 numbers with 28 filters, and stays as it is; with 29 it has 1,044
# and becomes int8. Nets of small kernels, as most keyword spotters are, do not shrink at all.
# Seen on 28 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='28 filters: float32, 5288 bytes
29 filters: int8, 2720 bytes'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check tensorflow-cpu==2.21.0
cat > "$place/seen.py" <<'PY'
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import contextlib
import io

import numpy as np
import tensorflow as tf

for filters in (28, 29):
    layer = tf.keras.layers.Conv2D(filters, 3)
    with contextlib.redirect_stdout(io.StringIO()):
        converter = tf.lite.TFLiteConverter.from_keras_model(tf.keras.Sequential([tf.keras.Input((8, 8, 4)), layer]))
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        packed = converter.convert()
    tensors = tf.lite.Interpreter(model_content=packed).get_tensor_details()
    (kernel,) = (one for one in tensors if list(one["shape"]) == [filters, 3, 3, 4])
    print(f"{filters} filters: {np.dtype(kernel['dtype']).name}, {len(packed)} bytes")
PY
found=$("$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
