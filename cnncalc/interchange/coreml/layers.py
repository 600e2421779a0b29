"""The layers of a NeuralNetwork, each as operators of ONNX (NeuralNetwork.proto)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from cnncalc.interchange.coreml.layer import NetLayer
from cnncalc.interchange.protobuf.fields import Fields

__all__ = [
    "activation", "batched_product", "batchnorm", "clipped", "constant", "convolution", "inner_product", "joined",
    "layer_norm", "learned", "length_norm", "pooling", "pooling_3d", "unary", "volume",
]  # fmt: skip

Rule: TypeAlias = Callable[[NetLayer], None]
HEAVY = ("SAME_UPPER", "SAME_LOWER")


def borders(amounts: Fields, rank: int) -> tuple[int, ...]:
    """The begins and the ends of a border; none where it is not said."""
    edges = [(edge.whole(1), edge.whole(2)) for edge in amounts.each(10)] or [(0, 0)] * rank
    return (*(begin for begin, _ in edges), *(end for _, end in edges))


def padding(settings: Fields, valid: int, same: int, rank: int) -> dict[str, Any]:
    """The padding of windows: exact borders, or that which makes as many as strides say."""
    if same in settings:
        return {"auto_pad": HEAVY[settings.part(same).whole(1) & 1]}
    return {"pads": borders(settings.part(valid).part(1), rank)}


def convolution(layer: NetLayer) -> None:
    """convolution, forward or transposed."""
    settings = layer.settings
    kernel = settings.wholes(20) or [3, 3]
    out, inner, groups = settings.whole(1), settings.whole(2), settings.whole(10, 1) or 1
    if 90 not in settings:
        raise layer.fault("its weights are made by the net, or are missing")
    said: dict[str, Any] = {
        "strides": tuple(settings.wholes(30)) or (1,) * len(kernel),
        "dilations": tuple(settings.wholes(40)) or (1,) * len(kernel),
        "group": groups,
        **padding(settings, 50, 51, len(kernel)),
    }
    bias = layer.weight("bias", out) if settings.whole(70) else ""
    if settings.whole(60):
        if 100 in settings:
            said["output_shape"] = tuple(settings.wholes(100))
        layer.say("ConvTranspose", layer.x(), layer.weight("weight", inner, out // groups, *kernel), bias, **said)
        return
    layer.say("Conv", layer.x(), layer.weight("weight", out, inner, *kernel), bias, **said)


def volume(layer: NetLayer) -> None:
    """convolution3d."""
    settings = layer.settings
    kernel = [settings.whole(number) for number in (20, 21, 22)]
    said: dict[str, Any] = {
        "strides": tuple(settings.whole(number, 1) for number in (31, 32, 33)),
        "dilations": tuple(settings.whole(number, 1) for number in (40, 41, 42)),
        "group": settings.whole(10, 1),
    }
    ways: dict[int, dict[str, Any]] = {1: {}, 2: {"auto_pad": "SAME_UPPER"}}
    said |= ways.get(settings.whole(70), {"pads": tuple(settings.whole(n) for n in (80, 82, 84, 81, 83, 85))})
    if settings.whole(86):
        raise layer.fault("a transposed one is not read")
    inner = settings.whole(2) // (settings.whole(10, 1) or 1)
    bias = layer.weight("bias", settings.whole(1)) if settings.whole(50) else ""
    layer.say("Conv", layer.x(), layer.weight("weight", settings.whole(1), inner, *kernel), bias, **said)


def pooling(layer: NetLayer) -> None:
    """pooling; one that includes the last pixel rounds up, and clips a window that would begin in the border."""
    settings = layer.settings
    kind = ("MaxPool", "AveragePool", "LpPool")[min(settings.whole(1), 2)]
    if settings.whole(60):
        layer.say({"MaxPool": "GlobalMaxPool"}.get(kind, "GlobalAveragePool"), layer.x())
        return
    kernel = tuple(settings.wholes(10)) or (3, 3)
    said: dict[str, Any] = {"kernel_shape": kernel, "strides": tuple(settings.wholes(20)) or (1,) * len(kernel)}
    if 32 in settings:
        amounts = tuple(settings.part(32).wholes(10)) or (0,) * len(kernel)
        said |= {"pads": (*amounts, *amounts), "ceil_mode": 1}
    else:
        said |= padding(settings, 30, 31, len(kernel))
    if kind == "AveragePool":
        said["count_include_pad"] = int(not settings.whole(50))
    layer.say(kind, layer.x(), **said)


def pooling_3d(layer: NetLayer) -> None:
    """pooling3d."""
    settings = layer.settings
    said: dict[str, Any] = {
        "kernel_shape": tuple(settings.whole(number) for number in (2, 3, 4)),
        "strides": tuple(settings.whole(number, 1) for number in (5, 6, 7)),
    }
    ways: dict[int, dict[str, Any]] = {1: {}, 2: {"auto_pad": "SAME_UPPER"}}
    said |= ways.get(settings.whole(15), {"pads": tuple(settings.whole(n) for n in (8, 10, 12, 9, 11, 13))})
    if settings.whole(1):
        said["count_include_pad"] = int(not settings.whole(14))
    layer.say("AveragePool" if settings.whole(1) else "MaxPool", layer.x(), **said)


ACTIVATIONS = {
    10: "Relu", 15: "LeakyRelu", 20: "ThresholdedRelu", 30: "Tanh", 40: "Sigmoid", 41: "HardSigmoid", 50: "Elu",
    60: "Softsign", 70: "Softplus",
}  # fmt: skip


def activation(layer: NetLayer) -> None:
    """activation, by the field that it has."""
    settings = layer.settings
    found = next((number for number in settings.all if number in ACTIVATIONS), 0)
    if 25 in settings:
        slopes = settings.part(25).part(1)
        count = slopes.size(1) // 4 or slopes.size(2) // 2
        layer.say("PRelu", layer.x(), layer.weight("weight", count, 1, 1))
    elif 5 in settings:
        factor, shift = settings.part(5).real(1), settings.part(5).real(2)
        scaled = layer.tell.put("Mul", [layer.x(), layer.tell.number(factor)], name=layer.name)
        layer.say("Add", scaled, layer.tell.number(shift))
    elif found:
        alpha = settings.part(found).real(1)
        layer.say(ACTIVATIONS[found], layer.x(), **({"alpha": alpha} if found in (15, 50) else {}))
    else:
        layer.say("activation", layer.x())


def inner_product(layer: NetLayer) -> None:
    """innerProduct, on a vector, or on the last axis."""
    settings = layer.settings
    matrix = layer.weight("weight", settings.whole(1), settings.whole(2))
    bias = [layer.weight("bias", settings.whole(2))] if settings.whole(10) else []
    x = layer.x() if layer.exact else layer.tell.put("Flatten", [layer.x()])
    layer.say("MatMul", x, matrix, *bias)


def batched_product(layer: NetLayer) -> None:
    """batchedMatmul, of two tensors, or of one and a matrix of the layer."""
    settings = layer.settings
    if 8 in settings:
        matrix = layer.weight("weight", settings.whole(5), settings.whole(6))
        bias = [layer.weight("bias", settings.whole(6))] if settings.whole(7) else []
        layer.say("MatMul", layer.x(), matrix, *bias)
        return
    sides = list(layer.inputs)
    for place, number in enumerate((1, 2)):
        if settings.whole(number) and place < len(sides):
            if layer.rank < 2:
                raise layer.fault("the axes of what it turns are not stated")
            order = (*range(layer.rank - 2), layer.rank - 1, layer.rank - 2)
            sides[place] = layer.tell.put("Transpose", [sides[place]], perm=order)
    layer.say("MatMul", *sides)


def batchnorm(layer: NetLayer) -> None:
    """batchnorm, with the statistics that it has, or those of each image."""
    channels, settings = layer.settings.whole(1), layer.settings
    gamma = layer.optional(15, "weight", channels)
    beta = layer.optional(16, "bias", channels)
    epsilon = settings.real(10, 1e-5) or 1e-5
    if settings.whole(6):
        layer.say("InstanceNormalization", layer.x(), gamma or layer.tell.number(1.0), beta, epsilon=epsilon)
        return
    statistics = [layer.weight("running_mean", channels), layer.weight("running_var", channels)]
    layer.say("BatchNormalization", layer.x(), gamma, beta, *statistics, epsilon=epsilon)


def layer_norm(layer: NetLayer) -> None:
    """layerNormalization over the last axes."""
    dims = layer.settings.wholes(1)
    parts = [layer.optional(3, "weight", *dims) or layer.tell.number(1.0), layer.optional(4, "bias", *dims)]
    layer.say("LayerNormalization", layer.x(), *parts, axis=-max(len(dims), 1), epsilon=layer.settings.real(2, 1e-5))


def learned(kind: str, shape: int, weights: int, what: str) -> Rule:
    """scale and bias: a learned factor or summand, a channel or an element."""

    def rule(layer: NetLayer) -> None:
        settings = layer.settings
        dims = settings.wholes(shape) or [layer.count(weights)]
        dims = [*dims, 1, 1] if len(dims) == 1 and not (layer.exact and layer.rank == 2) else dims
        one = layer.weight(what, *dims)
        if kind == "Mul" and settings.whole(3):
            made = layer.tell.put("Mul", [layer.x(), one], name=layer.name)
            more = settings.wholes(4)
            layer.say("Add", made, layer.weight("bias", *([*more, 1, 1] if len(more) == 1 else more)))
            return
        layer.say(kind, layer.x(), one)

    return rule


def constant(shape: int, data: int) -> Rule:
    """loadConstant: a tensor of the layer."""

    def rule(layer: NetLayer) -> None:
        dims = layer.settings.wholes(shape)
        values = layer.settings.part(data).reals(1)
        name = layer.outputs[0] if layer.outputs else layer.name
        if layer.count(data) == 1 and values:
            layer.tell.known(name, values[0])
        else:
            layer.tell.weight(name, dims)

    return rule


def joined(kind: str) -> Rule:
    """Tensors element by element; with one alone, and the number that the layer has."""

    def rule(layer: NetLayer) -> None:
        if len(layer.inputs) == 1:
            layer.say(kind, layer.x(), layer.tell.number(layer.settings.real(1)))
        elif len(layer.inputs) == 2:
            layer.say(kind, *layer.inputs)
        else:
            made = layer.inputs[0]
            for one in layer.inputs[1:-1]:
                made = layer.tell.put(kind, [made, one], name=layer.name)
            layer.say(kind, made, layer.inputs[-1])

    return rule


UNARY = {0: "Sqrt", 2: "Reciprocal", 3: "Pow", 4: "Exp", 5: "Log", 6: "Abs"}


def unary(layer: NetLayer) -> None:
    """unary: a function of x·scale + shift."""
    settings = layer.settings
    kind = settings.whole(1)
    x = layer.x()
    for operator, value, neutral in (("Mul", settings.real(5, 1.0), 1.0), ("Add", settings.real(4), 0.0)):
        if value != neutral:
            x = layer.tell.put(operator, [x, layer.tell.number(value)], name=layer.name)
    if kind == 1:
        layer.say("Reciprocal", layer.tell.put("Sqrt", [x], name=layer.name))
    elif kind == 7:
        layer.say("Max", x, layer.tell.number(settings.real(2)))
    elif kind in UNARY:
        layer.say(UNARY[kind], x, *([layer.tell.number(settings.real(2, 1.0))] if kind == 3 else []))
    else:
        raise layer.fault(f"there is no function {kind}")


def clipped(layer: NetLayer, low: float, high: float) -> None:
    """Between two bounds."""
    layer.say("Clip", layer.x(), layer.tell.number(low), layer.tell.number(high))


def length_norm(layer: NetLayer) -> None:
    """l2normalize: over the channels at each position, or all of a vector."""
    length = layer.tell.put("ReduceL2", [layer.x(), layer.tell.numbers(1)], name=layer.name, keepdims=1)
    layer.say("Div", layer.x(), length)
