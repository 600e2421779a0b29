"""TensorFlow Lite with dynamic range: which kernels become int8, and how large the file is."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from benchmarks.surprises import tell


def converted(layer: tf.keras.layers.Layer, *shape: int) -> bytes:
    """The file of a model of one layer."""
    converter = tf.lite.TFLiteConverter.from_keras_model(tf.keras.Sequential([tf.keras.Input(shape), layer]))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return bytes(converter.convert())


def kernel(packed: bytes, filters: int) -> str:
    """The type of the weights of so many filters."""
    for one in tf.lite.Interpreter(model_content=packed).get_tensor_details():
        shape = [int(length) for length in one["shape"]]
        if len(shape) > 2 and shape[0] != 1 and filters in shape:
            return np.dtype(one["dtype"]).name
    raise ValueError("no weights")


conv = tf.keras.layers.Conv2D
files = [
    (filters, converted(conv(filters, 3), 8, 8, 4)) for filters in (28, 29)
]  # in this order: names are in the file
numbers = np.arange(1, 37, dtype=np.float32).reshape(1, 6, 6, 1)
mean = tf.keras.layers.AveragePooling2D(3, 2, "same")(numbers)
solid = converted(tf.keras.layers.Conv3D(29, 3), 8, 8, 8, 4)
tell(
    [
        *((f"TFLite: bytes of a file of {filters} filters 3×3 on 4 channels", len(file)) for filters, file in files),
        *((f"TFLite: the type of {filters * 36:,} numbers, 3×3 on 4 channels", kernel(file, filters))
          for filters, file in files),
        ("TFLite: the type of 1,020 numbers, 1×1 on 4 channels", kernel(converted(conv(255, 1), 8, 8, 4), 255)),
        ("TFLite: the type of 1,024 numbers, 1×1 on 4 channels", kernel(converted(conv(256, 1), 8, 8, 4), 256)),
        ("TFLite: the type of 3,132 numbers, 3×3×3 on 4 channels", kernel(solid, 29)),
        ("Keras on tensorflow: the last mean of 3×3 with same, stride 2, over 1 to 36",
         f"{float(mean[0, -1, -1, 0]):.1f}"),
    ]
)  # fmt: skip
