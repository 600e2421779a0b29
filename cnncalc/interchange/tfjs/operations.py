"""Operations of TensorFlow's graphs, each as layers of ours. Tensors are channels last there, channels first here."""

from __future__ import annotations

from typing import Any

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.interchange.tfjs.constants import Constant
from cnncalc.interchange.tfjs.products import ACTIVATIONS, conv, depthwise, matmul, sliding, sloped, transposed
from cnncalc.interchange.tfjs.steps import Made, OneImage, Pending, Rule, Step, stated, turned
from cnncalc.layers import Shape, show_shape

__all__ = ["OPERATIONS", "PASSED"]


def _broadcast(step: Step, tensor: int, constant: Constant) -> Shape:
    """Our shape of a constant that meets a tensor: axes of length 1 before its own."""
    own = constant.shape
    rank = len(step.shape(tensor))
    wide = (*(1,) * (rank - len(own)), *own)
    if len(wide) > rank:
        wide = wide[len(wide) - rank :] if all(one == 1 for one in wide[: len(wide) - rank]) else ()
    if not wide:
        raise step.fault("a constant has more axes than what it meets", show_shape(own))
    return turned(wide)


def arithmetic(kind: str) -> Rule:
    """Of two tensors, or of a tensor and a constant, which counts as the file's tensors do."""

    def rule(step: Step) -> Made:
        values = step.inputs[:2]
        if all(isinstance(one, Constant) for one in values):
            raise step.fault("it computes a constant", help="convert the model with constants folded")
        values = _settled(step, values)
        tensors = [one for one in values if isinstance(one, int)]
        if len(tensors) == 2:
            return step.put(kind, *_alike(step, tensors))
        x = tensors[0]
        shape = _broadcast(step, x, next(one for one in values if isinstance(one, Constant)))
        if kind in ("add", "multiply"):
            return step.put("parameter", x, shape=shape, join=kind)
        own = step.put("parameter", x, shape=shape)
        return step.put(kind, *((x, own) if isinstance(values[0], int) else (own, x)))

    return rule


def _settled(step: Step, values: list[Any]) -> list[Any]:
    """What waits for its size has that of the other tensor."""
    other = next((one for one in values if isinstance(one, int)), None)
    settled: list[Any] = []
    for one in values:
        if not isinstance(one, Pending):
            settled.append(one)
            continue
        if other is None or one.kind == "flatten":
            raise one.step.missing("size")
        have, want = step.shape(one.tensor), step.shape(other)
        if one.kind != "pad":
            settled.append(one.step.put("upsample", one.tensor, size=want[1:], mode=one.kind))
            continue
        after = tuple((0, n - m) for m, n in zip(have[1:], want[1:]))
        if len(have) != len(want) or any(n < m for m, n in zip(have, want)):
            raise one.step.missing("border")
        channels = ((0, want[0] - have[0]),) if want[0] > have[0] else None
        settled.append(one.step.put("pad", one.tensor, border=after, channels=channels))
    return settled


def _alike(step: Step, tensors: list[int]) -> list[int]:
    """Two tensors with as many axes."""
    rank = max(len(step.shape(one)) for one in tensors)
    made = []
    for one in tensors:
        shape = step.shape(one)
        wide = turned((*(1,) * (rank - len(shape)), *stated(shape)))
        made.append(one if len(shape) == rank else step.put("reshape", one, shape=wide))
    return made


def function(kind: str, **fields: Any) -> Rule:
    """A function of each element."""
    return lambda step: step.put(kind, step.x(), **fields)


def prelu(step: Step) -> int:
    """Prelu with slopes of the file's."""
    return sloped(step, step.x(), step.constant(1))


def batch_norm(step: Step) -> int:
    """FusedBatchNorm: scale, shift, mean and variance are constants of the file's."""
    return step.put("batchnorm", step.x(), eps=step.node.value("epsilon", "f"))


def pool(kind: str) -> Rule:
    """MaxPool and AvgPool."""

    def rule(step: Step) -> int:
        window = sliding(step, tuple(step.node.numbers("ksize")[1:-1]))
        window.pop("dilation")
        return step.put(kind, step.x(), **window)

    return rule


def _axes(step: Step, place: int, tensor: int) -> list[int]:
    """Our numbers of axes; those that are not at hand are the map's."""
    rank = len(step.shape(tensor)) + 1
    values = step.values(place)
    if values is None:
        if rank < 3:
            raise step.missing("axis")
        return list(range(1, rank - 1))
    if not all(-rank <= one < rank and one % rank for one in values):
        raise step.fault("an axis lies outside the tensor, or is the batch", str(values)[:40])
    return sorted({0 if one % rank == rank - 1 else one % rank for one in values})


def reduction(by: str) -> Rule:
    """Over axes; a mean over a map is a global pool."""

    def rule(step: Step) -> int:
        x = step.x()
        axes, keep = _axes(step, 1, x), step.node.flag("keep_dims")
        if by == "mean" and axes == list(range(1, len(step.shape(x)))) and axes:
            return step.put("global_avgpool", x, flat=None if keep else True)
        return step.put("reduce", x, by=by, axes=tuple(axes), keep=keep or None)

    return rule


def reshape(step: Step) -> Made:
    """To a shape of the file's, or to that which the signature states of the output, or as a matrix needs it."""
    x = step.x()
    values = step.values(1) or step.target
    if values is None or len(values) < 2:
        return Pending("flatten", x, step)
    target = turned(tuple(values[1:]))
    if product(one for one in target if one > 0) == product(step.shape(x)) and -1 not in target and len(target) == 1:
        return x if step.shape(x) == target else step.put("flatten", x)
    return step.put("reshape", x, shape=target)


def squeeze(step: Step) -> Made:
    """Axes of length 1 less; without the batch it is one image."""
    if step.inputs and isinstance(step.inputs[0], Pending):
        return step.inputs[0]  # what it is becomes known where its size does
    x = step.x()
    dims = stated(step.shape(x))
    gone = {one % (len(dims) + 1) for one in step.node.numbers("squeeze_dims")} or {
        at for at, n in enumerate(dims, 1) if n == 1
    }
    kept = tuple(n for at, n in enumerate(dims, 1) if at not in gone)
    if gone == {0}:
        return OneImage(x)
    if 0 in gone or any(dims[at - 1] != 1 for at in gone) or not kept:
        raise step.fault("only axes of length 1 can be left out, and not all", show_shape(dims))
    return step.put("reshape", x, shape=turned(kept)) if len(kept) > 1 else step.put("flatten", x)


def unpack(step: Step) -> Made:
    """Unpack: of a batch of one its image."""
    if str(step.node.value("axis", "i") or "0") != "0" or str(step.node.value("num", "i")) != "1":
        raise step.fault("only a batch of one is taken apart")
    return OneImage(step.x())


def expand_dims(step: Step) -> Made:
    """ExpandDims: an image is a batch of one again; of other tensors an axis of length 1 more."""
    value = step.inputs[0] if step.inputs else None
    if isinstance(value, OneImage):
        return value.tensor
    if isinstance(value, Pending):
        return value
    x, at = step.x(), step.values(1)
    if at is None:
        raise step.missing("axis")
    dims = stated(step.shape(x))
    place = at[0] % (len(dims) + 2) if at else 0
    if place == 0:
        raise step.fault("an axis before the batch is no layer here")
    return step.put("reshape", x, shape=turned((*dims[: place - 1], 1, *dims[place - 1 :])))


def concat(step: Step) -> int:
    """ConcatV2: its last input is the axis; where that is not at hand, it is the one that may differ."""
    tensors = [step.x(place) for place in range(len(step.inputs) - 1)]
    shapes = [step.shape(one) for one in tensors]
    values = step.values(len(step.inputs) - 1)
    rank = len(shapes[0]) + 1
    if values:
        axis = values[0] % rank
        place = 0 if axis == rank - 1 else axis
    else:
        differing = [axis for axis, lengths in enumerate(zip(*shapes)) if len(set(lengths)) > 1]
        if len(differing) > 1:
            raise step.missing("axis")
        place = differing[0] if differing else 0
    return step.put("concat", *tensors, axis=place or None)


def pad(step: Step) -> Made:
    """Pad: a border of the file's, or one that whoever takes it needs."""
    x, values = step.x(), step.values(1)
    if values is None:
        return Pending("pad", x, step)
    pairs = tuple(zip(values[::2], values[1::2]))
    if len(pairs) != len(step.shape(x)) + 1 or any(n < 0 for pair in pairs for n in pair) or pairs[0] != (0, 0):
        raise step.fault("a border has a pair for each axis, and none for the batch", str(values)[:60])
    channels = (pairs[-1],) if any(pairs[-1]) else None
    return step.put("pad", x, border=pairs[1:-1] or ((0, 0),), channels=channels)


def resize(mode: str) -> Rule:
    """ResizeBilinear and ResizeNearestNeighbor, to a size of the file's."""

    def rule(step: Step) -> Made:
        x, values = step.x(), step.values(1)
        if values is None:
            return Pending(mode, x, step)
        return step.put("upsample", x, size=tuple(values), mode=mode if mode != "nearest" else None)

    return rule


def bias(step: Step) -> int:
    """BiasAdd: a number for each channel."""
    x = step.x()
    return step.put("parameter", x, shape=_broadcast(step, x, step.constant(1)), join="add")


PASSED = ("Identity", "Cast", "StopGradient", "CheckNumerics", "PlaceholderWithDefault", "Snapshot")
"""Operations that hand their input on."""
OPERATIONS: dict[str, Rule] = {
    **dict.fromkeys(("Conv2D", "_FusedConv2D"), conv),
    **dict.fromkeys(("DepthwiseConv2dNative", "FusedDepthwiseConv2dNative"), depthwise),
    "Conv2DBackpropInput": transposed,
    **dict.fromkeys(("MatMul", "_FusedMatMul"), matmul),
    "BiasAdd": bias,
    **dict.fromkeys(("Add", "AddV2", "AddN"), arithmetic("add")),
    "Mul": arithmetic("multiply"),
    "Sub": arithmetic("subtract"),
    "RealDiv": arithmetic("divide"),
    "Maximum": arithmetic("maximum"),
    "Minimum": arithmetic("minimum"),
    "Pow": arithmetic("power"),
    **dict.fromkeys(("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"), batch_norm),
    **{word: function(kind) for word, kind in ACTIVATIONS.items()},
    "Selu": function("selu"),
    "Softplus": function("softplus"),
    "Softmax": function("softmax"),
    "LogSoftmax": function("log_softmax"),
    **{
        word: function("function", of=word.lower())
        for word in ("Exp", "Log", "Sqrt", "Rsqrt", "Square", "Abs", "Sin", "Cos", "Floor", "Ceil")
    },
    "Neg": function("function", of="negate"),
    "Prelu": prelu,
    "MaxPool": pool("maxpool"),
    "AvgPool": pool("avgpool"),
    "Mean": reduction("mean"),
    "Sum": reduction("sum"),
    "Max": reduction("max"),
    "Min": reduction("min"),
    "Reshape": reshape,
    "Squeeze": squeeze,
    "Unpack": unpack,
    "ExpandDims": expand_dims,
    "ConcatV2": concat,
    **dict.fromkeys(("Pad", "PadV2", "MirrorPad"), pad),
    "ResizeBilinear": resize("linear"),
    "ResizeNearestNeighbor": resize("nearest"),
}
"""By TensorFlow's name."""
