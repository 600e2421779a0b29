"""Products, norms, cells, numbers of few bits, and graphs inside nodes."""

from __future__ import annotations

from onnx import TensorProto, helper

from benchmarks.onnx_variations.drawing import Draw

__all__ = ["LEARNING"]


def gemm(draw: Draw) -> None:
    features = 1
    for n in draw.shape[1:]:
        features *= n
    draw.then("Flatten")
    turned, out = draw.number(0, 1), draw.number(1, 9)
    weight = draw.weight(*((out, features) if turned else (features, out)))
    bias = [draw.weight(*draw.some((out,), (1, out)))] if draw.opset < 11 or draw.some(True, False) else []
    draw.then("Gemm", weight, *bias, transB=turned, alpha=draw.some(None, 0.5), beta=draw.some(None, 2.0))


def matmul(draw: Draw) -> None:
    out = draw.number(1, 9)
    draw.then("MatMul", draw.weight(draw.shape[-1], out))
    if draw.some(True, False):
        draw.then("Add", draw.weight(out))


def product(draw: Draw) -> None:
    rank = len(draw.shape)
    turned = draw.node("Transpose", draw.last, perm=[*range(rank - 2), rank - 1, rank - 2])[0]
    draw.last = draw.node("MatMul", *draw.random.sample([draw.last, turned], 2))[0]


def norm(draw: Draw) -> None:
    channels = draw.shape[1]
    kinds = ["BatchNormalization", "InstanceNormalization", "LRN"]
    kinds += ["LayerNormalization"] * (draw.opset >= 17) + ["GroupNormalization"] * (draw.opset >= 18)
    kind = draw.some(*kinds)
    if kind == "BatchNormalization":
        statistics = [draw.fresh() + "_mean", draw.fresh() + "_var"]
        draw.held += [
            helper.make_tensor(name, 1, [channels], [0.5 + n for n in range(channels)]) for name in statistics
        ]
        draw.then(kind, draw.weight(channels), draw.weight(channels), *statistics, epsilon=1e-3)
    elif kind == "InstanceNormalization":
        draw.then(kind, draw.weight(channels), draw.weight(channels))
    elif kind == "LRN":
        draw.then(kind, size=3)
    elif kind == "LayerNormalization":
        draw.then(
            kind, draw.weight(draw.shape[-1]), *([draw.weight(draw.shape[-1])] if draw.some(1, 0) else []), axis=-1
        )
    else:
        groups = draw.some(1, channels, *([2] if channels % 2 == 0 else []))
        own = groups if draw.opset < 21 else channels
        draw.then(kind, draw.weight(own), draw.weight(own), num_groups=groups)


def elementwise(draw: Draw) -> None:
    kinds = ["Relu", "Sigmoid", "Tanh", "LeakyRelu", "Elu", "Selu", "HardSigmoid", "Softplus", "Softsign", "Abs", "Exp",
             "Neg", "Floor", "Ceil", "Reciprocal", "Identity", "Dropout"]  # fmt: skip
    kinds += ["Erf"] * (draw.opset >= 9) + ["HardSwish"] * (draw.opset >= 14) + ["Mish"] * (draw.opset >= 18)
    kinds += ["Gelu"] * (draw.opset >= 20) + ["Celu"] * (draw.opset >= 12) + ["Swish"] * (draw.opset >= 24)
    draw.then(draw.some(*kinds))


def softmax(draw: Draw) -> None:
    axis = len(draw.shape) - 1 if draw.opset < 13 else draw.some(-1, 1, len(draw.shape) - 1, None)
    draw.then(draw.some("Softmax", "LogSoftmax"), axis=axis)


def arithmetic(draw: Draw) -> None:
    kind = draw.some("Add", "Mul", "Sub", "Div")
    way = draw.some("channels", "number", "tensor", "first")
    if way == "channels":
        draw.then(draw.some("Add", "Mul"), draw.weight(draw.shape[1], *[1] * draw.rank))
    elif way == "number":
        draw.then(draw.some("Sub", "Div", "Pow") if draw.opset >= 13 else "Div", draw.reals(2.0, scalar=True))
    elif way == "first":
        draw.last = draw.node(draw.some("Sub", "Div"), draw.reals(2.0, scalar=True), draw.last)[0]
    else:
        draw.then(kind, draw.node("GlobalMaxPool", draw.last)[0])


def slopes(draw: Draw) -> None:
    draw.then("PRelu", draw.weight(draw.some(1, draw.shape[1]), *[1] * draw.rank))


def clip(draw: Draw) -> None:
    if draw.opset < 11:
        draw.then("Clip", min=0.0, max=draw.some(6.0, 1.0))
    else:
        draw.then("Clip", draw.some("", draw.reals(0.0, scalar=True)), draw.reals(6.0, scalar=True))


def cell(draw: Draw) -> None:
    """A recurrent layer over the last axis but one, time first, or the batch first since opset 14."""
    kind, gates = draw.some(("LSTM", 4), ("GRU", 3), ("RNN", 1))
    rows = 1
    for n in draw.shape[1:-1]:
        rows *= n
    features, hidden = draw.shape[-1], draw.number(1, 6)
    direction = draw.some("forward", "reverse", "bidirectional")
    both = 2 if direction == "bidirectional" else 1
    batchwise = draw.opset >= 14 and draw.some(True, False)
    draw.then("Reshape", draw.wholes(1, rows, features))
    if not batchwise:
        draw.then("Transpose", perm=[1, 0, 2])
    weights = [draw.weight(both, gates * hidden, features), draw.weight(both, gates * hidden, hidden)]
    weights += [draw.weight(both, 2 * gates * hidden)] if draw.some(True, False) else []
    said = {"layout": 1} if batchwise else {}
    found = draw.node(kind, draw.last, *weights, outputs=1, hidden_size=hidden, direction=direction,
                      linear_before_reset=draw.some(None, 1) if kind == "GRU" else None, **said)  # fmt: skip
    if draw.some(True, False):  # the last state instead
        draw.nodes[-1].output[:] = ["", found[0]]
        draw.last = draw.node("Relu", found[0])[0]
    else:
        order = [0, 1, 3, 2] if batchwise else [0, 2, 3, 1]
        draw.last = draw.node("Transpose", found[0], perm=order)[0]


def quantised(draw: Draw) -> None:
    """A convolution of one pixel whose weight stands in few bits, as QDQ writes it."""
    kinds = [TensorProto.INT8] + [TensorProto.INT4] * (draw.opset >= 21) + [TensorProto.INT16] * (draw.opset >= 21)
    out, kind = draw.number(1, 5), draw.random.choice(kinds)
    weight = draw.weight(out, draw.shape[1], *[1] * draw.rank, kind=kind)
    real = draw.node("DequantizeLinear", weight, draw.reals(0.5, scalar=True))[0]
    if draw.opset >= 10 and draw.some(True, False):
        scale, zero = draw.reals(0.1, scalar=True), draw.fresh()
        draw.held.append(helper.make_tensor(zero, TensorProto.UINT8, [], [3]))
        small = draw.node("QuantizeLinear", draw.last, scale, zero)[0]
        draw.last = draw.node("DequantizeLinear", small, scale, zero)[0]
    draw.then("Conv", real)


def halves(draw: Draw) -> None:
    """Weights in float16, cast where they are used."""
    out = draw.number(1, 4)
    weight = draw.weight(draw.shape[-1], out)
    held = draw.held.pop()
    draw.held.append(helper.make_tensor(weight, TensorProto.FLOAT16, held.dims, [0.5] * (draw.shape[-1] * out)))
    draw.then("MatMul", draw.node("Cast", weight, to=1)[0])


def inside(draw: Draw) -> None:
    """An If whose condition is known, a Loop, a Scan, or a function."""
    way = draw.some("if", "loop", "scan", "function")
    info = helper.make_empty_tensor_value_info
    if way == "if":
        test = draw.fresh()
        draw.held.append(helper.make_tensor(test, TensorProto.BOOL, [], [draw.number(0, 1)]))
        graphs = [helper.make_graph([helper.make_node(kind, [draw.last], [f"{test}{kind}"])], kind, [],
                                    [info(f"{test}{kind}")]) for kind in ("Relu", "GlobalMaxPool")]  # fmt: skip
        draw.last = draw.node("If", test, then_branch=graphs[0], else_branch=graphs[1])[0]
    elif way == "function" and draw.opset >= 15:
        nodes = [helper.make_node("Relu", ["a"], ["r"]), helper.make_node("Concat", ["a", "r"], ["b"], axis=1)]
        opsets = [helper.make_opsetid("", draw.opset)]
        draw.functions = [helper.make_function("own", "Twice", ["a"], ["b"], nodes, opsets)]
        draw.domains["own"] = 1
        draw.then("Twice", domain="own")
    elif way == "scan" and draw.opset >= 9:
        nodes = [helper.make_node("Relu", ["e"], ["o"])]
        graph = helper.make_graph(nodes, "body", [info("e")], [info("o")])
        axis = draw.number(1, len(draw.shape) - 1)
        draw.then("Scan", body=graph, num_scan_inputs=1, scan_input_axes=[axis],
                  scan_output_axes=draw.some(None, [axis]) if axis == 0 else [axis])  # fmt: skip
    else:
        looped(draw)


def looped(draw: Draw) -> None:
    """A Loop over a product with one weight; what each turn makes is given, too."""
    info, out = helper.make_tensor_value_info, helper.make_empty_tensor_value_info
    weight = draw.weight(draw.shape[-1], draw.shape[-1])
    nodes = [helper.make_node("MatMul", ["h", weight], ["p"]), helper.make_node("Identity", ["c"], ["go"])]
    inputs = [info("i", TensorProto.INT64, []), info("c", TensorProto.BOOL, []), out("h")]
    graph = helper.make_graph(nodes, "body", inputs, [out("go"), out("p"), out("q")])
    graph.node.append(helper.make_node("Relu", ["p"], ["q"]))
    count = draw.fresh()
    draw.held.append(helper.make_tensor(count, TensorProto.INT64, [], [draw.number(1, 4)]))
    draw.last = draw.node("Loop", count, "", draw.last, body=graph, outputs=2)[0]


LEARNING = {
    "gemm": gemm, "matmul": matmul, "product": product, "norm": norm, "elementwise": elementwise, "softmax": softmax,
    "arithmetic": arithmetic, "prelu": slopes, "clip": clip, "cell": cell, "quantised": quantised, "halves": halves,
    "inside": inside,
}  # fmt: skip
