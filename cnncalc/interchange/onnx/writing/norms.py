"""Normalisations as nodes."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.onnx.writing.scribe import Held, Step

__all__ = [
    "batch",
    "cross_map",
    "group",
    "instance",
    "layer_norm",
    "local_response",
    "response",
    "root_mean_square",
    "scaled",
]


def or_filled(step: Step, role: str, value: float, length: int) -> str:
    """A learned vector; where there is none, one number everywhere."""
    own = step.layer.weight_shapes(*step.x)
    return step.learned(role) if role in own else step.filled(value, (length,))


def batch(step: Step) -> str:
    """BatchNormalization with running statistics."""
    layer: Any = step.layer
    if not layer.stats:
        return batch_by_instance(step)
    channels = step.x[0][0]
    learned = (or_filled(step, "weight", 1, channels), or_filled(step, "bias", 0, channels))
    statistics = (step.learned("running_mean"), step.learned("running_var"))
    return step.put("BatchNormalization", step.taken[0], *learned, *statistics, epsilon=layer.eps)


def batch_by_instance(step: Step) -> str:
    """Statistics of the batch: an instance norm of which the batch is part of the map.

    `training_mode` of BatchNormalization says so since opset 14, and onnxruntime's does not give the batch's own.
    """
    channels, own = step.x[0][0], step.layer.weight_shapes(*step.x)
    order = [1, 0, *range(2, step.rank + 2)]
    turned = step.permuted(step.taken[0], *order) if channels > 1 else step.taken[0]
    flat = step.put("Reshape", turned, step.wholes((1, channels, -1)))
    inside = len(own) > 1
    learned = [step.learned(role) for role in own] if inside else [step.filled(value, (channels,)) for value in (1, 0)]
    eps: float = step.layer.eps  # type: ignore[attr-defined]  # a norm has one
    made = step.put("InstanceNormalization", flat, *learned, epsilon=eps)
    made = step.put("Reshape", made, step.put("Shape", turned))
    made = step.permuted(made, *order) if channels > 1 else made
    for role in () if inside else own:
        made = step.put("Mul" if role == "weight" else "Add", made, step.by_channel(role))
    return made


def instance(step: Step) -> str:
    """InstanceNormalization; with running statistics what a batch norm is."""
    layer: Any = step.layer
    if layer.stats:
        return batch(step)
    channels = step.x[0][0]
    learned = (or_filled(step, "weight", 1, channels), or_filled(step, "bias", 0, channels))
    return step.put("InstanceNormalization", step.taken[0], *learned, epsilon=layer.eps)


def over_last(step: Step, kind: str, x: str, axis: int) -> str:
    """A normalisation over the last axes, with what is learned for each of their elements."""
    layer: Any = step.layer
    if kind == "LayerNormalization" and step.opset < 17:
        return layer_norm_by_formula(step, x, axis)
    own = layer.weight_shapes(*step.x)
    over = {"channels": step.x[0][:1], "last": step.x[0][-1:], "all": step.x[0]}[layer.over]
    weight = step.learned("weight") if "weight" in own else step.filled(1, over)
    bias = [step.learned("bias")] if "bias" in own else []
    return step.put(kind, x, weight, *bias, axis=axis, epsilon=layer.eps)


def layer_norm_by_formula(step: Step, x: str, axis: int) -> str:
    """Mean, variance, factor and shift on their own, which exporters wrote before opset 17."""
    axes = [-1] if axis < 0 else list(range(axis, len(step.x[0]) + 1))
    centred = step.put("Sub", x, step.reduced("ReduceMean", x, axes))
    variance = step.reduced("ReduceMean", step.put("Mul", centred, centred), axes)
    eps: float = step.layer.eps  # type: ignore[attr-defined]  # a norm has one
    made = step.put("Div", centred, step.put("Sqrt", step.put("Add", variance, step.number(eps))))
    own = step.layer.weight_shapes(*step.x)
    made = step.put("Mul", made, step.learned("weight")) if "weight" in own else made
    return step.put("Add", made, step.learned("bias")) if "bias" in own else made


def normalised(step: Step, kind: str) -> str:
    """Over the last axis, all axes, or the channels of a map, which are moved to the end and back."""
    layer: Any = step.layer
    rank = step.rank
    if layer.over != "channels" or rank == 0:
        return over_last(step, kind, step.taken[0], 1 if layer.over == "all" else -1)
    return step.channels_first(over_last(step, kind, step.channels_last(step.taken[0], rank), -1), rank)


def layer_norm(step: Step) -> str:
    """LayerNormalization."""
    return normalised(step, "LayerNormalization")


def root_mean_square(step: Step) -> str:
    """RMSNormalization since opset 23; before by its formula."""
    layer: Any = step.layer
    if step.opset >= 23:
        return normalised(step, "RMSNormalization")
    rank = len(step.x[0])
    axes = {"channels": [1], "last": [rank], "all": list(range(1, rank + 1))}[layer.over]
    x = step.taken[0]
    mean = step.reduced("ReduceMean", step.put("Mul", x, x), axes)
    made = step.put("Div", x, step.put("Sqrt", step.put("Add", mean, step.number(layer.eps))))
    if not layer.affine:
        return made
    own = layer.weight_shapes(*step.x)["weight"]
    shape = (*own, *(1,) * step.rank) if layer.over == "channels" else own
    return step.put("Mul", made, step.learned("weight", shape))


def group(step: Step) -> str:
    """GroupNormalization since opset 21, in ONNX's own dialect since 18; before as an instance norm of the groups."""
    layer: Any = step.layer
    groups, channels = layer.groups, step.x[0][0]
    if step.opset >= 21 or layer.rules.group_pairs:
        length = groups if layer.rules.group_pairs else channels
        learned = (or_filled(step, "weight", 1, length), or_filled(step, "bias", 0, length))
        return step.put("GroupNormalization", step.taken[0], *learned, num_groups=groups, epsilon=layer.eps)
    apart = step.put("Reshape", step.taken[0], step.wholes((0, groups, -1)))
    ones, zeros = step.filled(1, (groups,)), step.filled(0, (groups,))
    made = step.put("InstanceNormalization", apart, ones, zeros, epsilon=layer.eps)
    made = step.put("Reshape", made, step.put("Shape", step.taken[0]))
    if not layer.affine:
        return made
    return step.put("Add", step.put("Mul", made, step.by_channel("weight")), step.by_channel("bias"))


def local_response(step: Step) -> str:
    """LRN of an odd size on maps with two axes; else by its formula, as torch's constants are."""
    layer: Any = step.layer
    if (layer.size % 2 and step.rank == 2) or layer.dialect.startswith("onnx"):
        return step.put("LRN", step.taken[0], size=layer.size, alpha=1e-4, beta=0.75, bias=1.0)
    return by_squares(step, means(step, squared(step), layer.size, layer.size // 2), 1e-4)


def squared(step: Step) -> str:
    """Squares, the pixels of a map in one axis behind that of the channels."""
    x = step.taken[0]
    return step.put("Reshape", step.put("Mul", x, x), step.wholes((0, 1, step.x[0][0], -1)))


def means(step: Step, planes: str, size: int, before: int) -> str:
    """Means over neighbouring channels; those that are not there are zeros."""
    pads = [before, 0, size - 1 - before, 0]
    return step.put("AveragePool", planes, kernel_shape=[size, 1], pads=pads, count_include_pad=1)


def by_squares(step: Step, sums: str, factor: float) -> str:
    """What comes in by (1 + factor·sums)^¾."""
    x = step.taken[0]
    back = step.put("Reshape", sums, step.put("Shape", x))
    scaled = step.put("Add", step.put("Mul", back, step.number(factor)), step.number(1))
    return step.put("Div", x, step.put("Pow", scaled, step.number(0.75)))


def cross_map(step: Step) -> str:
    """torch's sums over a window of channels, in which the first channel stays behind it, too."""
    size: int = step.layer.size  # type: ignore[attr-defined]  # it has one
    half, channels = (size + 1) // 2 - 1, step.fixed(step.x[0][0])
    wide, planes = 2 * half + 1, squared(step)
    places = step.scribe.keep(Held((1, 1, channels, 1), tuple(range(channels)), "int64"))
    stays = step.put("Cast", step.put("Greater", places, step.whole(half)), to=1)
    first = step.put("Mul", step.sliced(planes, 2, 0, 1), stays)
    sums = step.put("Mul", means(step, planes, wide, half), step.number(wide))
    return by_squares(step, step.put("Add", sums, first), 1e-4 / size)


def response(step: Step) -> str:
    """Global response norm, by its formula."""
    x = step.taken[0]
    norm = step.reduced("ReduceL2", x, list(range(2, step.rank + 2)))
    mean = step.put("Add", step.reduced("ReduceMean", norm, [1]), step.number(1e-6))
    scaled = step.put("Mul", x, step.put("Div", norm, mean))
    learned = step.put("Add", step.put("Mul", scaled, step.by_channel("weight")), step.by_channel("bias"))
    return step.put("Add", learned, x)


def scaled(step: Step) -> str:
    """A learned factor a channel, and a shift where there is one."""
    made = step.put("Mul", step.taken[0], step.by_channel("weight"))
    return step.put("Add", made, step.by_channel("bias")) if step.layer.bias else made  # type: ignore[attr-defined]  # layer scale says it
