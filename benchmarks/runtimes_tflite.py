"""A TensorFlow Lite file of one layer, by the schema that comes with the interpreter, and what that makes of it."""

from __future__ import annotations

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter


def size(n, layer, unsaid):
    """The length that comes out. Raises `unsaid` for what its pools and convolutions have no word for."""
    pads = {"same": schema.Padding.SAME}
    border = layer.padding if hasattr(layer, "padding") else None
    plain = not isinstance(border, str) and border is not None and not any(a or b for a, b in border)
    dilated = max(getattr(layer, "dilation", None) or (1,)) > 1
    if layer.kind not in ("maxpool", "avgpool", "conv") or (border not in pads and not plain):
        raise unsaid
    if getattr(layer, "rounding", None) == "ceil" or (dilated and layer.kind != "conv"):
        raise unsaid
    padding = pads.get(border, schema.Padding.VALID) if isinstance(border, str) else schema.Padding.VALID
    stride = (layer.stride or (1,))[0]
    if layer.kind == "conv":
        options, kind = schema.Conv2DOptionsT(), schema.BuiltinOptions.Conv2DOptions
        options.dilationHFactor = options.dilationWFactor = layer.dilation[0]
        operator = schema.BuiltinOperator.CONV_2D
    else:
        options, kind = schema.Pool2DOptionsT(), schema.BuiltinOptions.Pool2DOptions
        options.filterHeight = options.filterWidth = layer.kernel[0]
        maximum = layer.kind == "maxpool"
        operator = schema.BuiltinOperator.MAX_POOL_2D if maximum else schema.BuiltinOperator.AVERAGE_POOL_2D
    options.padding, options.strideH, options.strideW = padding, stride, stride
    weights = [np.ones((1, layer.kernel[0], layer.kernel[0], 1), np.float32), np.zeros(1, np.float32)]
    return run(model(n, operator, kind, options, weights if layer.kind == "conv" else []), n)


def model(n, operator, kind, options, weights):
    buffers, tensors = [schema.BufferT()], []
    shapes = [("x", [1, n, n, 1], 0), *((f"w{at}", list(one.shape), at + 1) for at, one in enumerate(weights)),
              ("y", [1, 1, 1, 1], 0)]  # fmt: skip
    for one in weights:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(one.tobytes(), np.uint8)
        buffers.append(buffer)
    for name, shape, buffer in shapes:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, shape, schema.TensorType.FLOAT32, buffer
        tensors.append(tensor)
    code, node, graph, whole = schema.OperatorCodeT(), schema.OperatorT(), schema.SubGraphT(), schema.ModelT()
    code.builtinCode = code.deprecatedBuiltinCode = operator
    code.version = 1
    node.opcodeIndex, node.inputs, node.outputs = 0, list(range(len(weights) + 1)), [len(shapes) - 1]
    node.builtinOptionsType, node.builtinOptions = kind, options
    graph.tensors, graph.operators, graph.inputs, graph.outputs = tensors, [node], [0], [len(shapes) - 1]
    whole.version, whole.operatorCodes, whole.subgraphs, whole.buffers = 3, [code], [graph], buffers
    builder = flatbuffers.Builder(1024)
    builder.Finish(whole.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def run(packed, n):
    interpreter = Interpreter(model_content=packed)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.ones((1, n, n, 1), np.float32))
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).shape[1]
