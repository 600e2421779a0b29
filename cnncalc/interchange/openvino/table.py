"""OpenVINO's operations and what each is here. Shapes are those that the file declares at its ports.

The specification: docs.openvino.ai, "Operation Specifications", opset 1 to 15.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from math import isnan, nan
from typing import TypeAlias

from cnncalc.interchange.building import Build, Fields
from cnncalc.interchange.openvino import rarer, windows
from cnncalc.interchange.openvino.xml import IrLayer, declared
from cnncalc.layers import Shape

__all__ = ["FOLDED", "LAID_OUT", "MERGES", "OPAQUE", "PASSED", "RULES", "WEIGHTED"]

Rule: TypeAlias = Callable[[IrLayer, Build], list[int]]

LARGEST = 3e38
"""A bound from here on is none: float32 has no number above 3.4e38."""
PASSED = ("Convert", "ConvertLike", "FakeQuantize", "Identity")
"""What changes the type of numbers alone."""
FOLDED = ("Const", "ShapeOf", "Range")
"""What does not depend on the net's inputs, but on their shapes."""
LAID_OUT = (
    *PASSED, "Broadcast", "Gather", "Pad", "Reshape", "Slice", "Split", "Squeeze", "StridedSlice", "Tile", "Transpose",
    "Unsqueeze", "VariadicSplit",
)  # fmt: skip
"""What gives the numbers of its first input anew; its other inputs say places and lengths."""
OPAQUE = (
    "CTCGreedyDecoder", "CumSum", "DetectionOutput", "Equal", "ExtractImagePatches", "FloorMod", "Gather",
    "GatherElements", "GatherND", "Greater", "GreaterEqual", "GridSample", "Less", "LessEqual", "LogicalAnd",
    "LogicalNot", "LogicalOr", "LogicalXor", "Mod", "NonMaxSuppression", "NormalizeL2", "NotEqual", "OneHot",
    "PriorBox", "PriorBoxClustered", "Proposal", "PSROIPooling", "ReduceProd", "RegionYolo", "Reverse",
    "ReverseSequence", "ROIAlign", "ROIPooling", "Roll", "ScatterElementsUpdate", "ScatterNDUpdate", "ScatterUpdate",
    "Select", "Slice", "SquaredDifference", "StridedSlice", "Tile", "TopK",
)  # fmt: skip
"""What is known by the declared shape of its output alone."""
MERGES = {
    "Add": "add", "Divide": "divide", "Maximum": "maximum", "Minimum": "minimum", "Multiply": "multiply",
    "Power": "power", "Subtract": "subtract",
}  # fmt: skip
WEIGHTED = {
    "Convolution": windows.convolution,
    "ConvolutionBackpropData": windows.deconvolution,
    "GroupConvolution": windows.convolution,
    "GroupConvolutionBackpropData": windows.deconvolution,
}
TRIGONOMETRY = ("Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Cosh", "Sinh", "Tan")
ELEMENTWISE: dict[str, tuple[str, Fields]] = {
    "Abs": ("function", {"of": "abs"}), **{name: ("function", {"of": name.lower()}) for name in TRIGONOMETRY},
    "Round": ("function", {"of": "round"}), "Sign": ("function", {"of": "sign"}),
    "Ceiling": ("function", {"of": "ceil"}), "Cos": ("function", {"of": "cos"}),
    "Erf": ("function", {"of": "erf"}), "Exp": ("function", {"of": "exp"}), "Floor": ("function", {"of": "floor"}),
    "Gelu": ("gelu", {}), "HSigmoid": ("hardsigmoid", {}), "HSwish": ("hardswish", {}),
    "HardSigmoid": ("hardsigmoid", {}), "Log": ("function", {"of": "log"}), "Mish": ("mish", {}),
    "Negative": ("function", {"of": "negate"}), "ReLU": ("relu", {}), "Selu": ("selu", {}),
    "Sigmoid": ("sigmoid", {}), "Sin": ("function", {"of": "sin"}), "SoftPlus": ("softplus", {}),
    "SoftSign": ("function", {"of": "softsign"}),
    "Sqrt": ("function", {"of": "sqrt"}), "Swish": ("silu", {}), "Tanh": ("tanh", {}),
}  # fmt: skip
REDUCTIONS = {
    "ReduceL1": "l1", "ReduceL2": "l2", "ReduceMax": "max", "ReduceMean": "mean", "ReduceMin": "min",
    "ReduceSum": "sum",
}  # fmt: skip


def elementwise(kind: str, fields: Fields) -> Rule:
    """A function of each element."""
    return lambda layer, build: [build.put(kind, build.tensors[0], **fields)]


def bounded(layer: IrLayer, build: Build) -> list[int]:
    """Clamp."""
    bounds = {"low": _bound(layer, "min", "0"), "high": _bound(layer, "max", "6")}
    if list(bounds.values()) == [0.0, 6.0]:
        return [build.put("relu6")]
    fields: Fields = {name: number for name, number in bounds.items() if abs(number) < LARGEST}
    return [build.put("function", of="clip", **fields) if fields else build.put("identity")]


def _bound(layer: IrLayer, name: str, default: str) -> float:
    """One of Clamp's bounds as a number."""
    said = layer.attributes.get(name, default)[:30]
    try:
        number = float(said)
    except ValueError:
        number = nan
    if isnan(number):
        raise layer.fault("a bound is a number", f"it is `{said}`")
    return float(f"{number:.7g}")


def expanded(layer: IrLayer, build: Build) -> list[int]:
    """Broadcast, to the declared shape: axes of length 1 repeated, and new ones before them."""
    shape, given = declared(layer), build.x[0]
    if len(given) > len(shape) or layer.attributes.get("mode", "numpy") not in ("numpy", "bidirectional"):
        raise layer.fault("a tensor is broadcast to as many axes or more, which the last ones meet")
    aligned = (1,) * (len(shape) - len(given)) + given
    if aligned != given:
        build.tensors[0] = build.put("reshape", build.tensors[0], suffix="_axes", shape=aligned)
    return [build.put("expand", build.tensors[0], shape=shape)]


def reshaped(layer: IrLayer, build: Build) -> list[int]:
    """Whatever lays the elements out anew: Reshape, Squeeze, Unsqueeze; the target is in the weights' file."""
    shape = declared(layer)
    if len(shape) == 1 and len(build.x[0]) > 1:
        return [build.put("flatten", build.tensors[0])]
    return [build.put("reshape", build.tensors[0], shape=shape)]


def transposed(layer: IrLayer, build: Build) -> list[int]:
    """Transpose. Where its order is not at hand, one that makes the declared shape, the likeliest first."""
    before, after = build.x[0], declared(layer)
    axes, stated = len(before), layer.constants.get(1, [])
    if sorted(stated) == list(range(axes + 1)) and stated[0] == 0:
        return [build.put("permute", build.tensors[0], order=tuple(axis - 1 for axis in stated[1:]))]
    rotations = [(*range(1, axes), 0), (axes - 1, *range(axes - 1))]
    if axes > 6:
        raise layer.fault("a transposition has at most six axes")
    for order in [*rotations, *permutations(range(axes))]:
        if tuple(before[axis] for axis in order) == after:
            return [build.put("permute", build.tensors[0], order=order)]
    raise layer.fault("no order of the axes makes this shape", f"{before} to {after}")


def joined(layer: IrLayer, build: Build) -> list[int]:
    """Concat."""
    rank = len(build.x[0]) + 1
    axis = layer.whole("axis", 1) % rank
    if axis == 0:
        raise layer.fault("a layer that acts along the batch is no layer of a net here")
    if len(build.tensors) == 1:
        return [build.put("identity")]
    fields: Fields = {"axis": axis - 1} if axis > 1 else {}
    return [build.put("concat", **fields)]


def split(layer: IrLayer, build: Build) -> list[int]:
    """Split and VariadicSplit, along the axis on which the declared outputs differ from the input."""
    shapes = [declared(layer, output) for output in range(len(layer.outputs))]
    whole = build.x[0]
    if any(len(shape) != len(whole) for shape in shapes):
        raise layer.fault("the parts of a tensor have as many axes as it", f"{whole} into {shapes}"[:200])
    axis = next((axis for axis, n in enumerate(whole) if any(shape[axis] != n for shape in shapes)), 0)
    made, start = [], 0
    for number, shape in enumerate(shapes):
        stop = start + shape[axis]
        fields: Fields = {"channels": (start, stop), **({"axis": axis} if axis else {})}
        made.append(build.put("slice", build.tensors[0], suffix=f"_{number}" if number else "", **fields))
        start = stop
    return made


def softmax(layer: IrLayer, build: Build) -> list[int]:
    """SoftMax and LogSoftmax."""
    axis = layer.whole("axis", 1) % (len(build.x[0]) + 1)
    if axis == 0:
        raise layer.fault("a layer that acts along the batch is no layer of a net here")
    kind = "log_softmax" if layer.type == "LogSoftmax" else "softmax"
    fields: Fields = {"axis": axis - 1} if axis > 1 else {}
    return [build.put(kind, **fields)]


def reduced(layer: IrLayer, build: Build) -> list[int]:
    """A reduction over the axes that the declared output lacks, or has with length 1."""
    before, keep = build.x[0], layer.flag("keep_dims", default=True)
    ranks = [len(shape) for shape in layer.outputs.values()]
    if not keep and ranks == [1]:  # a number for each image, as a list of one
        every, by = tuple(range(len(before))), REDUCTIONS[layer.type]
        made = build.put("reduce", build.tensors[0], by=by, axes=every, keep=True)
        return [build.put("flatten", made, suffix="_number") if len(before) > 1 else made]
    after = declared(layer)
    stated = [] if layer.lifted else layer.constants.get(1, [])
    if stated and all(axis % (len(before) + 1) > 0 for axis in stated):
        axes = tuple(sorted({axis % (len(before) + 1) - 1 for axis in stated}))
    elif keep:
        axes = tuple(axis for axis, (n, m) in enumerate(zip(before, after)) if n != m)
    else:
        lost = len(before) - len(after)
        runs = [range(start, start + lost) for start in range(len(after), -1, -1)]
        axes = next((tuple(run) for run in runs if _lacks(before, run) == after), ())
    if not axes:
        return [build.put("identity", build.tensors[0])]
    return [build.put("reduce", build.tensors[0], by=REDUCTIONS[layer.type], axes=axes, keep=keep)]


def _lacks(shape: Shape, axes: range) -> Shape:
    return tuple(n for axis, n in enumerate(shape) if axis not in axes)


def resized(layer: IrLayer, build: Build) -> list[int]:
    """Interpolate, to the declared size."""
    said = layer.attributes.get("mode", "nearest")
    mode = next((one for one in ("nearest", "cubic") if one in said), "linear")
    corners = "align" in layer.attributes.get("coordinate_transformation_mode", "") and mode != "nearest"
    fields: Fields = {"size": declared(layer)[1:], "mode": mode}
    if corners:
        fields["align_corners"] = True
    return [build.put("upsample", build.tensors[0], **fields)]


def sized_norm(layer: IrLayer, build: Build) -> list[int]:
    """LRN."""
    return [build.put("lrn", build.tensors[0], size=layer.whole("size", 5))]


def shuffled(kind: str) -> Rule:
    """DepthToSpace, SpaceToDepth and their like, by the block's size."""
    return lambda layer, build: [build.put(kind, factor=layer.whole("block_size", layer.whole("stride", 2)))]


RULES: dict[str, Rule] = {
    **{type_: elementwise(kind, fields) for type_, (kind, fields) in ELEMENTWISE.items()},
    **dict.fromkeys(REDUCTIONS, reduced),
    **dict.fromkeys(("AdaptiveAvgPool", "AdaptiveMaxPool"), rarer.adaptive),
    "AvgPool": lambda layer, build: [windows.pooling(layer, build)],
    "Broadcast": expanded,
    "Clamp": bounded,
    "Concat": joined,
    "DepthToSpace": shuffled("pixel_shuffle"),
    "Einsum": rarer.einsum,
    "Elu": lambda layer, build: [build.put("elu", alpha=layer.attributes.get("alpha", "1")[:20])],
    "Flatten": reshaped,
    "Interpolate": resized,
    "LRN": sized_norm,
    "LogSoftmax": softmax,
    "MaxPool": lambda layer, build: [windows.pooling(layer, build)] * max(len(layer.outputs), 1),
    "Pad": rarer.padded,
    "ReorgYolo": shuffled("space_to_depth"),
    "Reshape": reshaped,
    "ShuffleChannels": lambda layer, build: [build.put("channel_shuffle", groups=layer.whole("group", 1))],
    "SoftMax": softmax,
    "SpaceToDepth": shuffled("space_to_depth"),
    "Split": split,
    "Squeeze": reshaped,
    "Transpose": transposed,
    "Unsqueeze": reshaped,
    "VariadicSplit": split,
}
