"""TensorFlow Lite with dynamic range: which kernels become int8, and how large the file is."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from benchmarks.surprises.saying import tell


def converted(layer: tf.keras.layers.Layer, *shape: int) -> bytes:
    """The file of a model of one layer."""
    converter = tf.lite.TFLiteConverter.from_keras_model(tf.keras.Sequential([tf.keras.Input(shape), layer]))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return bytes(converter.convert())


def kernel(packed: bytes) -> str:
    """The type of the largest tensor on two axes and more that is no map."""
    tensors = tf.lite.Interpreter(model_content=packed).get_tensor_details()
    weights = [one for one in tensors if len(one["shape"]) > 1 and one["shape"][0] != 1 or "depthwise" in one["name"]]
    return np.dtype(max(weights, key=lambda one: int(np.prod(one["shape"])))["dtype"]).name


conv = tf.keras.layers.Conv2D
files = [(filters, converted(conv(filters, 3), 8, 8, 4)) for filters in (28, 29)]  # in this order: names are in the file
tell(
    [
        *((f"TFLite: bytes of a file of {filters} filters 3×3 on 4 channels", len(packed)) for filters, packed in files),
        *((f"TFLite: the type of {filters * 36:,} numbers, 3×3 on 4 channels", kernel(packed))
          for filters, packed in files),
        ("TFLite: the type of 1,020 numbers, 1×1 on 4 channels", kernel(converted(conv(255, 1), 8, 8, 4))),
        ("TFLite: the type of 1,024 numbers, 1×1 on 4 channels", kernel(converted(conv(256, 1), 8, 8, 4))),
        ("TFLite: the type of 3,132 numbers, 3×3×3 on 4 channels",
         np.dtype(max(tf.lite.Interpreter(model_content=converted(tf.keras.layers.Conv3D(29, 3), 8, 8, 8, 4))
                      .get_tensor_details(), key=lambda one: one["shape"][-1] * len(one["shape"]))["dtype"]).name),
    ]
)  # fmt: skip
