"""What the tools that read files say of a net: the file is ours, ONNX of opset 17."""

from __future__ import annotations

import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np

from cnncalc.interchange.onnx.writing.writer import written

OPSET = 17


def onnx_tool(graph):
    """The number, the tool with its release, its unit."""
    import onnx_tool

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.onnx"
        path.write_bytes(written(graph, 1, opset=OPSET, values="zeros")[0])
        model = onnx_tool.loadmodel(str(path), {"verbose": False}).graph
    model.shape_infer({name: np.zeros((1, *graph.nodes[at].shape), np.float32) for name, at in graph.inputs.items()})
    model.profile()
    return int(model.macs[0]), f"onnx-tool {version('onnx-tool')}", "MACs"


FILES = {"onnx-tool": (onnx_tool, "onnx-tool", "MACs")}
