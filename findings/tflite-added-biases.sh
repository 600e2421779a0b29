#!/usr/bin/env bash
# TFLite files (TensorFlow 2.21.0's converter) hold biases that the net does not have.
#
# A convolution with `use_bias=False` has 288 weights in Keras and 296 numbers in the file: the operator wants a
# bias, and the converter writes eight zeros. Depthwise convolutions are alike. A transposed convolution without bias
# gets none, though its operator takes one. Whoever counts a file's constants finds a bias for every convolution of a
# ResNet that never had any, even where no batch norm was folded into it.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='found Conv2D 288 296 zeros [8]
found DepthwiseConv2D 36 40 zeros [4]
found Conv2DTranspose 288 288 zeros []'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check tensorflow-cpu==2.21.0
cat > "$place/seen.py" <<'PY'
import warnings

import numpy as np
import tensorflow as tf
from tensorflow import keras

warnings.simplefilter("ignore")
LAYERS = keras.layers
for layer in (
    LAYERS.Conv2D(8, 3, use_bias=False),
    LAYERS.DepthwiseConv2D(3, use_bias=False),
    LAYERS.Conv2DTranspose(8, 3, strides=2, use_bias=False),
):
    image = keras.Input((8, 8, 4))
    model = keras.Model(image, layer(image))
    content = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    interpreter = tf.lite.Interpreter(model_content=content)
    constants = []
    for detail in interpreter.get_tensor_details():
        if detail["dtype"] != np.float32:
            continue
        try:
            constants.append(interpreter.get_tensor(detail["index"]))
        except ValueError:  # it is no constant: what it holds is computed
            continue
    biases = [int(one.size) for one in constants if one.ndim == 1 and not one.any()]
    print("found", type(layer).__name__, model.count_params(), sum(one.size for one in constants), "zeros", biases)
PY
found=$(TF_CPP_MIN_LOG_LEVEL=3 "$place/venv/bin/python" "$place/seen.py" 2> "$place/errors" | grep ^found) || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
