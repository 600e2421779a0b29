"""The layers of a NeuralNetwork, each as operators of ONNX (NeuralNetwork.proto)."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, TypeAlias

from cnncalc.interchange.coreml.layered.layer import NetLayer
from cnncalc.interchange.coreml.layered.stored import diagonal
from cnncalc.interchange.coreml.unlearned import INVERSED, divided
from cnncalc.interchange.protobuf.fields import Fields

__all__ = [
    "activation", "batched_product", "batchnorm", "centred", "clipped", "constant", "convolution", "inner_product",
    "joined", "layer_norm", "learned", "length_norm", "pooling", "pooling_3d", "unary", "volume",
]  # fmt: skip

Rule: TypeAlias = Callable[[NetLayer], None]
MOST_LENGTHS = 8
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
    plain = groups == 1 and len(kernel) == 2 and not settings.whole(60) and not settings.whole(70)
    if plain and out == inner * prod(kernel) and diagonal(settings.part(90), out):  # torch's unfold
        layer.say("Im2Col", layer.x(), kernel_shape=tuple(kernel), **said)
        return
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
    """pooling; one that includes the last pixel rounds up."""
    settings = layer.settings
    kind = ("MaxPool", "AveragePool", "LpPool")[min(settings.whole(1), 2)]
    if settings.whole(60):
        layer.say({"MaxPool": "GlobalMaxPool"}.get(kind, "GlobalAveragePool"), layer.x())
        return
    kernel = tuple(settings.wholes(10)) or (3, 3)
    said: dict[str, Any] = {"kernel_shape": kernel, "strides": tuple(settings.wholes(20)) or (1,) * len(kernel)}
    if 32 in settings:
        amounts = tuple(settings.part(32).wholes(10)) or (0,) * len(kernel)
        said |= {"pads": (*amounts, *amounts), "rounds_up": 1}
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
        if (factor, shift) == (-1.0, 0.0):
            layer.say("Neg", layer.x())
            return
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
    matrix = layer.matrix(20, settings.whole(1), settings.whole(2))
    bias = layer.shift(10, 21, 20, settings.whole(2))
    x = layer.x() if layer.exact else layer.tell.put("Flatten", [layer.x()])
    layer.say("MatMul", x, matrix, *bias)


def batched_product(layer: NetLayer) -> None:
    """batchedMatmul, of two tensors, or of one and a matrix of the layer."""
    settings = layer.settings
    if 8 in settings:
        matrix = layer.weight("weight", settings.whole(5), settings.whole(6))
        bias = layer.shift(7, 9, 8, settings.whole(6))
        layer.say("MatMul", layer.x(), matrix, *bias)
        return
    if settings.whole(1) or settings.whole(2):
        layer.say("FusedMatMul", *layer.inputs, transA=int(settings.whole(1) > 0), transB=int(settings.whole(2) > 0))
    else:
        layer.say("MatMul", *layer.inputs)


def batchnorm(layer: NetLayer) -> None:
    """batchnorm, with the statistics that it has, or those of each image.

    Statistics of 0 and 1 under factors and shifts that were learned are the converter's: it writes a factor and a shift
    a channel so. Factors of 1 and shifts of 0 it writes for an instance norm that has none.
    """
    channels, settings = layer.settings.whole(1), layer.settings
    gamma, beta, mean, variance = (layer.even(number) for number in (15, 16, 17, 18))
    parts = [layer.optional(15, "weight", channels), layer.optional(16, "bias", channels)]
    epsilon = settings.real(10, 1e-5) or 1e-5
    if settings.whole(5) or settings.whole(6):
        plain = not parts[0] or (gamma, beta) == (1.0, 0.0)
        affine = [layer.tell.number(1.0), layer.tell.number(0.0)] if plain else parts
        layer.say("InstanceNormalization", layer.x(), *affine, epsilon=epsilon)
    elif (mean, variance) == (0.0, 1.0) and all(parts) and None in (gamma, beta):
        columns = [layer.weight(what, channels, *(1,) * max(layer.rank - 2, 2)) for what in ("weight", "bias")]
        layer.say("Add", layer.tell.put("Mul", [layer.x(), columns[0]], name=layer.name), columns[1])
    else:
        statistics = [layer.weight("running_mean", channels), layer.weight("running_var", channels)]
        layer.say("BatchNormalization", layer.x(), *parts, *statistics, epsilon=epsilon)


def centred(layer: NetLayer) -> None:
    """mvn: each channel of an image, or all of it, less its mean, and as a rule over its spread."""
    settings = layer.settings
    across, one, epsilon = settings.whole(1), layer.tell.number(1.0), settings.real(3, 1e-5) or 1e-5
    if not settings.whole(2):
        axes = layer.tell.numbers(*((-3, -2, -1) if across else (-2, -1)))
        layer.say("Sub", layer.x(), layer.tell.put("ReduceMean", [layer.x(), axes], name=layer.name))
    elif across:
        layer.say("LayerNormalization", layer.x(), one, axis=-3, epsilon=epsilon)
    else:
        layer.say("InstanceNormalization", layer.x(), one, layer.tell.number(0.0), epsilon=epsilon)


def layer_norm(layer: NetLayer) -> None:
    """layerNormalization over the last axes."""
    dims = layer.settings.wholes(1)
    parts = [layer.optional(3, "weight", *dims) or layer.tell.number(1.0), layer.optional(4, "bias", *dims)]
    layer.say("LayerNormalization", layer.x(), *parts, axis=-max(len(dims), 1), epsilon=layer.settings.real(2, 1e-5))


def learned(kind: str, shape: int, weights: int, what: str) -> Rule:
    """scale and bias: a learned factor or summand, a channel or an element.

    A shift of 0 under factors that were learned is none: the converter writes one for a norm without.
    """

    def rule(layer: NetLayer) -> None:
        settings = layer.settings
        dims = settings.wholes(shape) or [layer.count(weights)]
        dims = [*dims, 1, 1] if len(dims) == 1 and not (layer.exact and layer.rank == 2) else dims
        one = layer.weight(what, *dims)
        more = settings.wholes(4)
        added = layer.shift(3, 5, 2, *([*more, 1, 1] if len(more) == 1 else more)) if kind == "Mul" else []
        if added:
            layer.say("Add", layer.tell.put("Mul", [layer.x(), one], name=layer.name), *added)
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
        elif layer.owner != layer.name and layer.owner in layer.tell.tensors:
            layer.tell.tensors[name] = layer.tell.tensors[layer.owner]
        else:
            held = layer.tell.weight(name, dims)
            layer.copies.keep(held, layer.settings.part(data))
            if len(dims) == 1 and len(values) == dims[0] <= MOST_LENGTHS:  # a shape, as of a reshape, may be among them
                layer.tell.tensors[held] = layer.tell.tensors[held]._replace(held=tuple(values))

    return rule


def joined(kind: str) -> Rule:
    """Tensors element by element; with one alone, and the number that the layer has."""

    def rule(layer: NetLayer) -> None:
        if len(layer.inputs) == 1:
            layer.say(kind, layer.x(), layer.tell.number(layer.settings.real(1)))
        elif len(layer.inputs) == 2:
            divisor = layer.tell.tensors.get(layer.inputs[1])
            if kind == "Mul" and divisor is not None and divisor.dims and layer.inputs[1].startswith(INVERSED):
                divided(layer.tell, layer.x(), divisor.dims, layer.outputs, layer.name)
            else:
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
