#!/usr/bin/env bash
# TensorFlow 2.21.0's profiler: a grouped convolution costs nothing, the borders of a transposed one as much as its
# middle.
#
# `tf.compat.v1.profiler` with `float_operation` is how a Keras net's FLOPs are asked for. A plain convolution is
# right: 2·6·6·3·3·4·8 = 20,736. With groups=2, which has half of it, it says 0. A transposed convolution, stride 2,
# 8×8×4 to 17×17×8, has 2·8·8·3·3·4·8 = 36,864, since each input meets the kernel once; the profiler charges every
# output place alike, 2·17·17·3·3·4·8/2² = 41,616, and with stride 1, 10×10 places, 57,600 for the same 36,864.
# Seen on 27 November 2026: see EXPECTED.
set -euo pipefail

EXPECTED='plain 20736
depthwise 2592
groups=2 0
transposed, stride 1 57600
transposed, stride 2 41616'

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/venv"
"$place/venv/bin/python" -m pip install -qq --no-compile --disable-pip-version-check tensorflow-cpu==2.21.0
cat > "$place/seen.py" <<'PY'
import tensorflow as tf
from tensorflow import keras
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

LAYERS = keras.layers


def flops(layer, channels):
    image = keras.Input((8, 8, channels))
    model = keras.Model(image, layer(image))
    function = tf.function(model).get_concrete_function(tf.TensorSpec((1, 8, 8, channels), tf.float32))
    frozen = convert_variables_to_constants_v2(function)
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    return tf.compat.v1.profiler.profile(graph=frozen.graph, options=options).total_float_ops


found = [
    ("plain", flops(LAYERS.Conv2D(8, 3, use_bias=False), 4)),
    ("depthwise", flops(LAYERS.DepthwiseConv2D(3, use_bias=False), 4)),
    ("groups=2", flops(LAYERS.Conv2D(8, 3, groups=2, use_bias=False), 4)),
    ("transposed, stride 1", flops(LAYERS.Conv2DTranspose(8, 3, use_bias=False), 4)),
    ("transposed, stride 2", flops(LAYERS.Conv2DTranspose(8, 3, strides=2, use_bias=False), 4)),
]
for name, number in found:
    print(name, number)
PY
found=$(TF_CPP_MIN_LOG_LEVEL=3 "$place/venv/bin/python" "$place/seen.py" 2> "$place/errors") || { cat "$place/errors" >&2; exit 1; }
diff <(echo "$EXPECTED") <(echo "$found") && echo "as seen"
