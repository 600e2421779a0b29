"""What `openvino.save_model` writes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import openvino
from openvino import opset13 as ops

from benchmarks.surprises import tell


def saved(large: int = 0) -> int:
    """Bytes of a convolution of 8 filters 3×3 on 4 channels with its bias; so many of its weights are 1,000,000."""
    weight, image = np.ones((8, 4, 3, 3), np.float32), ops.parameter([1, 4, 8, 8], np.float32)
    weight.reshape(-1)[:large] = 1e6
    made = ops.convolution(image, ops.constant(weight), [1, 1], [0, 0], [0, 0], [1, 1])
    model = openvino.Model([ops.add(made, ops.constant(np.ones((1, 8, 1, 1), np.float32)))], [image])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.xml"
        openvino.save_model(model, str(path))
        return path.with_suffix(".bin").stat().st_size


said = "OpenVINO: bytes of a saved convolution of 288 weights and 8 biases"
tell([(said, saved()), (f"{said}, 215 of them 1,000,000", saved(215)), (f"{said}, 216 of them 1,000,000", saved(216))])
