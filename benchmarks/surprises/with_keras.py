"""What Keras counts as parameters once a net was trained or quantised."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import keras
import numpy as np
import onnx
from keras import layers

from benchmarks.surprises import tell


def shown(model: keras.Model) -> int:
    """The total that `summary` prints."""
    lines: list[str] = []
    model.summary(print_fn=lambda text, **_: lines.append(text))
    found = re.search(r"Total params: ([\d,]+)", "\n".join(lines))
    assert found is not None
    return int(found[1].replace(",", ""))


def quantised(mode: str, *more: keras.Layer) -> keras.Model:
    """A model of these layers in that mode."""
    model = keras.Sequential(more)
    model.quantize(mode)
    return model


def mean() -> str:
    """The last mean of the numbers 1 to 36, six a row, by 3×3 with a stride of 2 and `same`."""
    numbers = np.arange(1, 37, dtype=np.float32).reshape(1, 6, 6, 1)
    return f"{float(layers.AveragePooling2D(3, 2, 'same')(numbers)[0, -1, -1, 0]):.1f}"


def enlarged() -> str:
    """The nodes, constants apart, of the ONNX file of an UpSampling2D by 2, and whether one of them is a Resize."""
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.UpSampling2D(2)])
    model(np.zeros((1, 8, 8, 3), np.float32))
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "net.onnx")
        model.export(path, format="onnx", verbose=False)
        kinds = [one.op_type for one in onnx.load(path).graph.node if one.op_type != "Constant"]
    return f"{len(kinds)} nodes, {kinds.count('Resize')} Resize"


trained = keras.Sequential(
    [keras.Input((8, 8, 3)), layers.Conv2D(4, 3, use_bias=False), layers.BatchNormalization(),
     layers.GlobalAveragePooling2D(), layers.Dense(10)]
)  # fmt: skip
trained.compile("adam", "mse")
before = shown(trained)
trained.fit(np.zeros((2, 8, 8, 3)), np.zeros((2, 10)), verbose=0)
mixed = quantised("int4", keras.Input((16, 16, 4)), layers.Conv2D(8, 3), layers.Flatten(), layers.Dense(32))
tell(
    [
        ("Keras: a net before fit", before),
        ("Keras: the same after fit with Adam", shown(trained)),
        ("Keras: Dense 16 to 32 after quantize('float8')",
         quantised("float8", keras.Input((16,)), layers.Dense(32)).count_params()),
        ("Keras: Dense 11 to 64 to 22 after quantize('float8')",
         quantised("float8", keras.Input((11,)), layers.Dense(64), layers.Dense(22)).count_params()),
        ("Keras: the type of a convolution's kernel after quantize('int4')", str(mixed.layers[0].kernel.dtype)),
        ("Keras: bytes of Dense 1,568 to 32 after quantize('int4'), its bias apart",
         sum(one.numpy().nbytes for one in mixed.layers[-1].weights if not one.path.endswith("bias"))),
        ("Keras on torch: the last mean of 3×3 with same, stride 2, over 1 to 36", mean()),
        ("Keras on torch: UpSampling2D as ONNX", enlarged()),
    ]
)  # fmt: skip
