"""Nodes without weights that no layer of ours is: of what comes out the shape alone is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

from cnncalc.interchange.onnx.arrays import broadcast
from cnncalc.interchange.onnx.call import WITHIN, Call, Live, NotKnown, Rule, Value
from cnncalc.interchange.onnx.parts import Tensor
from cnncalc.interchange.onnx.rules.elements import arithmetic, same
from cnncalc.interchange.onnx.rules.shapes import alone

__all__ = ["MOST", "RARER", "lives_of", "result"]

Dims = tuple[int, ...]


def lives_of(call: Call) -> list[Live]:
    """All that it takes which depends on the net's input."""
    return [value for value in call.values if isinstance(value, Live)]


def result(call: Call, full: Dims, suffix: str = "") -> Live:
    """What comes out, of this shape: its batch is where an input of as many axes has it, or first, or in it."""
    lives = lives_of(call)
    places = [live.axis for live in lives if len(call.full(live)) == len(full) > live.axis != WITHIN]
    places += [0] * any(live.axis == 0 for live in lives)
    axis = next((place for place in places if full and full[place] == call.batch), WITHIN)
    if axis == WITHIN and call.batch != 1:
        raise NotKnown("the batch is none of the axes of what it makes")
    shape = call.own(Live(0, axis), full)
    if not shape:
        axis, shape = alone(call)
    return call.put("opaque", *lives, suffix=suffix, batch=axis, shape=shape, of=call.node.kind)


def dims_of(call: Call, place: int, least: int = 0) -> Dims:
    """The shape of an input as ONNX has it. Raises `NotKnown` for one with fewer axes than `least`."""
    value = call.values[place] if place < len(call.values) else None
    dims = call.full(value) if isinstance(value, Live) else call.fixed(place).dims
    if len(dims) < least:
        raise NotKnown(f"input {place + 1} has {len(dims)} axes")
    return dims


def as_input(place: int) -> Rule:
    """A tensor like one of the inputs."""
    return lambda call: [result(call, dims_of(call, place))]


def shaped(shape: Callable[[Call], Dims]) -> Rule:
    """A tensor of the shape that a function of the node says."""
    return lambda call: [result(call, shape(call))]


def joined(call: Call) -> Dims:
    """Element by element, lengths of 1 repeated."""
    full = broadcast(*(dims_of(call, place) for place, value in enumerate(call.values) if value is not None))
    if full is None:
        raise NotKnown("its inputs do not fit each other")
    return full


def mean(call: Call) -> list[Value]:
    """Mean of several tensors: their sum, divided."""
    count = len(call.present())
    (total,) = arithmetic(call.like(call.values, call.name, "Sum"))
    return [call.put("divide", total, suffix="_mean", number=float(count))] if isinstance(total, Live) else [total]


def unit(call: Call) -> list[Value]:
    """LpNormalization: divided by the length along an axis."""
    live, by = call.live(), {1: "l1", 2: "l2"}.get(call.whole("p", 2))
    if by is None:
        raise NotKnown("by another norm than the sum or the length")
    axis = call.ours(call.whole("axis", -1), live)
    return [call.put("divide", live, call.put("reduce", live, suffix="_length", by=by, axes=(axis,), keep=True))]


def gated(call: Call) -> list[Value]:
    """SwiGLU: a swish of one tensor times the other."""
    gate = call.put("silu", call.live(0), suffix="_gate")
    return [call.put("multiply", gate, call.live(1))]


def sampled(call: Call) -> Dims:
    """GridSample: the channels of a map at the places of a grid."""
    x, grid = dims_of(call, 0), dims_of(call, 1)
    if len(grid) != len(x) or len(x) < 3:
        raise NotKnown("its grid has other axes than its map")
    return (*x[:2], *grid[1:-1])


def regions(call: Call) -> Dims:
    """RoiAlign and MaxRoiPool: a map of one size for each region."""
    sizes = call.wholes("pooled_shape") or (call.whole("output_height", 1), call.whole("output_width", 1))
    return (dims_of(call, 1, 1)[0], dims_of(call, 0, 2)[1], *sizes)


def one_hot(call: Call) -> Dims:
    """OneHot: an axis as long as there are classes."""
    full, depth = dims_of(call, 0), call.numbers(1)
    if not depth:
        raise NotKnown("how many classes there are is not known")
    at = call.whole("axis", -1) % (len(full) + 1)
    return (*full[:at], depth[0], *full[at:])


def centred(call: Call) -> Dims:
    """CenterCropPad: these lengths along some axes."""
    full, lengths = list(dims_of(call, 0)), call.numbers(1)
    axes = call.wholes("axes") or tuple(range(len(full)))
    if lengths is None or len(lengths) != len(axes):
        raise NotKnown("its lengths are not known")
    for axis, length in zip(axes, lengths):
        full[axis % len(full)] = length
    return tuple(full)


def compressed(call: Call) -> Dims:
    """Compress: the places along an axis, or of all, that a list says."""
    full, kept = dims_of(call, 0), call.numbers(1)
    if kept is None:
        raise NotKnown("which places it keeps is not known")
    if "axis" not in call.node.attributes:
        return (sum(map(bool, kept[: prod(full)])),)
    at = call.whole("axis", 0) % len(full)
    return (*full[:at], sum(map(bool, kept[: full[at]])), *full[at + 1 :])


def spectrum(call: Call) -> Dims:
    """DFT along an axis, of as many points as it says; one side of the spectrum of real numbers."""
    full, points = list(dims_of(call, 0, 1)), call.numbers(1) if call.given(1) else None
    given = call.numbers(2) if call.given(2) else None
    at = (given[0] if given else call.whole("axis", 1 if call.opset < 20 else -2)) % len(full)
    full[at] = points[0] if points else full[at]
    if call.whole("onesided", 0) and call.whole("inverse", 0):
        raise NotKnown("a spectrum of one side back")
    full[at] = full[at] // 2 + 1 if call.whole("onesided", 0) else full[at]
    return (*full[:-1], 2)


def spectrogram(call: Call) -> Dims:
    """STFT: a spectrum for every step of a window along a signal."""
    signal, step = dims_of(call, 0, 2), call.numbers(1)
    length = call.numbers(3) if call.given(3) else dims_of(call, 2) if call.given(2) else None
    if not step or not length or step[0] < 1 or length[0] > signal[1]:
        raise NotKnown("its step or its window is not known, or is longer than the signal")
    bins = length[0] // 2 + 1 if call.whole("onesided", 1) else length[0]
    return (signal[0], (signal[1] - length[0]) // step[0] + 1, bins, 2)


def places(call: Call) -> Dims:
    """AffineGrid: a place for each element of a map of this size."""
    size = call.numbers(1)
    if size is None or len(size) < 4:
        raise NotKnown("its size is not known")
    return (size[0], *size[2:], len(size) - 2)


def loss(call: Call) -> list[Value]:
    """SoftmaxCrossEntropyLoss and NegativeLogLikelihoodLoss: a number for all, or one for each label."""
    full = dims_of(call, 1) if call.word("reduction", "mean") == "none" else ()
    made: list[Value] = [result(call, full)]
    if len(call.node.outputs) > 1 and call.node.kind.startswith("Softmax"):
        made.append(call.put("log_softmax", call.live(), suffix="_logs", axis=call.ours(1, call.live())))
    return made


RARER: Mapping[str, Rule] = {
    **dict.fromkeys(
        (
            "BitwiseNot", "BitCast", "Hardmax", "CumSum", "CumProd", "Trilu", "Bernoulli", "RandomNormalLike",
            "RandomUniformLike", "ScatterElements", "Scatter", "ScatterND", "TensorScatter", "EyeLike",
            "MeanVarianceNormalization", "RotaryEmbedding", "Inverse", "ScaledTanh", "ParametricSoftplus",
        ),
        as_input(0),
    ),
    "GatherElements": as_input(1),
    **dict.fromkeys(("SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss"), loss),
    "Multinomial": shaped(lambda call: (dims_of(call, 0, 1)[0], call.whole("sample_size", 1))),
    **dict.fromkeys(("MemcpyFromHost", "MemcpyToHost"), same),
    **dict.fromkeys(("Mod", "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor"), shaped(joined)),
    "Mean": mean,
    "LpNormalization": unit,
    "SwiGLU": gated,
    "GridSample": shaped(sampled),
    **dict.fromkeys(("RoiAlign", "MaxRoiPool"), shaped(regions)),
    "OneHot": shaped(one_hot),
    "CenterCropPad": shaped(centred),
    "Compress": shaped(compressed),
    "Det": shaped(lambda call: dims_of(call, 0)[:-2]),
    "DFT": shaped(spectrum),
    "STFT": shaped(spectrogram),
    "AffineGrid": shaped(places),
}  # fmt: skip
"""What each of them becomes."""


def boxes(call: Call) -> list[Dims]:
    """NonMaxSuppression: of each image and class all boxes, or as many as it says; three numbers each."""
    count, classes = dims_of(call, 0)[1], dims_of(call, 1)[:2]
    most = call.numbers(2) if call.given(2) and isinstance(call.values[2], Tensor) else None
    return [(prod(classes) * (min(count, max(most[0], 0)) if most else count), 3)]


def all_places(call: Call) -> list[Dims]:
    """NonZero: all places, one row an axis."""
    full = dims_of(call, 0)
    return [(len(full), prod(full))]


def different(call: Call) -> list[Dims]:
    """Unique: all numbers, or all parts along an axis, differ; and where they stand."""
    full, axis = dims_of(call, 0), call.node.attributes.get("axis")
    count = full[axis % len(full)] if isinstance(axis, int) and full else prod(full)
    return [full if isinstance(axis, int) else (count,), *[(count,)] * (len(call.node.outputs) - 1)]


MOST: Mapping[str, Callable[[Call], list[Dims]]] = {
    "NonMaxSuppression": boxes,
    "NonZero": all_places,
    "Unique": different,
}
"""The shapes of as much as there can be, by search."""
