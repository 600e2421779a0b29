"""Norms, recurrent layers, borders and parts: what depends on constants around the layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from cnncalc.interchange.building import Build
from cnncalc.interchange.openvino.xml import IrLayer, declared
from cnncalc.layers import Shape

__all__ = [
    "CELLS",
    "adaptive",
    "einsum",
    "embedding",
    "group_norm",
    "looked_up",
    "norm",
    "padded",
    "recurrent",
    "taken",
    "with_number",
]

CELLS = {"LSTMSequence": "lstm", "GRUSequence": "gru", "RNNSequence": "rnn"}
Affine: TypeAlias = "Callable[[list[int]], bool]"
"""Whether a factor and a shift of these lengths follow, which are the layer's then."""
MODES = {"constant": "zeros", "reflect": "reflect", "edge": "replicate"}


def norm(layer: IrLayer, build: Build, axes: list[int], affine: Affine) -> list[int]:
    """MVN over as many of the last axes as its constant has: an instance norm, or a layer norm."""
    if not layer.flag("normalize_variance", default=True):
        raise layer.fault("a mean that is taken off without the variance is not read")
    shape = build.x[0]
    across = layer.flag("across_channels", default=False) if "across_channels" in layer.attributes else None
    count = (len(shape) if across else len(shape) - 1) if across is not None else (axes or [len(shape)])[0]
    eps = layer.attributes.get("eps", "1e-5")[:30]
    if count == len(shape):
        return [build.put("layernorm", over="all", affine=affine(list(shape)), eps=eps)]
    if count == 1 and affine([shape[-1]]):
        return [build.put("layernorm", over="last", eps=eps)]
    if count == len(shape) - 1 and (len(shape) > 2 or affine([shape[0]])):
        return [build.put("instancenorm", affine=len(shape) == 2 or affine([shape[0]]), eps=eps)]
    if count == 1:
        return [build.put("layernorm", over="last", affine=False, eps=eps)]
    raise layer.fault("these axes are normalised together by no layer here", f"{count} of {len(shape)}")


def group_norm(layer: IrLayer, build: Build, learned: bool) -> list[int]:
    """GroupNormalization, whose factors and shifts are its second and third input."""
    eps = layer.attributes.get("epsilon", "1e-5")[:30]
    return [build.put("groupnorm", groups=layer.whole("num_groups", 1), affine=learned, eps=eps)]


def recurrent(layer: IrLayer, build: Build, weights: list[list[int]], wanted: list[bool]) -> list[int]:
    """A sequence of states, with an axis for the directions before the length; and the last ones."""
    kind, hidden = CELLS[layer.type], layer.whole("hidden_size", 0)
    both = layer.attributes.get("direction", "") == "bidirectional"
    if len(build.tensors) != 1 or len(build.x[0]) != 2 or len(weights) < 3:
        raise layer.fault("it takes one sequence, and states and weights that the file holds")
    fields: dict[str, Any] = {"hidden": hidden, "axis": "last", "biases": 1, "bidirectional": both}
    if kind == "rnn" and "relu" in layer.attributes.get("activations", ""):
        fields["nonlinearity"] = "relu"
    gates = {"lstm": 4, "gru": 3, "rnn": 1}[kind]
    if hidden < 1 or weights[-3][-2:] != [gates * hidden, build.x[0][1]]:
        raise layer.fault("its weights are of another size", f"{weights[-3]} for {hidden} units"[:80])
    more = (weights[-1][-1] - gates * hidden) * (1 + both)
    if more > 0:
        build.sketch.notes.append(
            f"{more:,} numbers of `{layer.name[:60]}` count as nothing: a candidate's second bias"
        )
    length, made = build.x[0][0], build.put(kind, **fields)
    states = _directions(build, made, (length, hidden), both)
    last = _last(build, made, (length, hidden), both) if any(wanted[1:2]) else states
    if any(wanted[2:]):
        raise layer.fault("the last state of its cells is handed on, which no layer here gives")
    return [states, last, last]


def _directions(build: Build, made: int, shape: Shape, both: bool) -> int:
    """Length x states as directions x length x states."""
    length, hidden = shape
    if not both:
        return build.put("reshape", made, suffix="_directions", shape=(1, length, hidden))
    apart = build.put("reshape", made, suffix="_directions", shape=(length, 2, hidden))
    return build.put("permute", apart, suffix="_turned", order=(1, 0, 2))


def _last(build: Build, made: int, shape: Shape, both: bool) -> int:
    """The last state of each direction, as directions x states: that of the backward one stands at the first step."""
    length, hidden = shape
    end = build.put("slice", made, suffix="_last", channels=(length - 1, length))
    if not both:
        return end
    start = build.put("slice", made, suffix="_first", channels=(0, 1))
    forward = build.put("slice", end, suffix="_forward", channels=(0, hidden), axis=1)
    backward = build.put("slice", start, suffix="_backward", channels=(hidden, 2 * hidden), axis=1)
    return build.put("concat", forward, backward, suffix="_both")


def adaptive(layer: IrLayer, build: Build) -> list[int]:
    """AdaptiveAvgPool and AdaptiveMaxPool, to the declared size."""
    kind, size = "maxpool" if "Max" in layer.type else "avgpool", declared(layer)[1:]
    if set(size) == {1}:
        return [build.put(f"global_{kind}", flat=False)] * max(len(layer.outputs), 1)
    return [build.put(f"adaptive_{kind}", output=size)] * max(len(layer.outputs), 1)


def padded(layer: IrLayer, build: Build) -> list[int]:
    """Pad. How much stands before is in the weights' file; without it half of what the declared shape is longer."""
    shape, made, mode = build.x[0], declared(layer), layer.attributes.get("pad_mode", "constant")
    if len(shape) != len(made) or mode not in MODES:
        raise layer.fault("a border of zeros or of the map's own pixels is read, around the map", mode[:20])
    longer = [m - n for m, n in zip(made, shape)]
    begin = layer.constants.get(1) or []
    before = begin[1:] if len(begin) == len(shape) + 1 else [n // 2 for n in longer]
    channels, *border = ((a, n - a) for a, n in zip(before, longer))
    cut = tuple((max(-a, 0), max(-b, 0)) for a, b in border)
    if any(map(any, cut)) and min(channels) < 0:
        raise layer.fault("what is cut off is no channels")
    added = tuple((max(a, 0), max(b, 0)) for a, b in border)
    fields: dict[str, Any] = {"channels": (channels,)} if any(channels) else {}
    cropped = (
        build.put("crop", build.tensors[0], suffix="_crop", border=cut) if any(map(any, cut)) else build.tensors[0]
    )
    return [build.put("pad", cropped, border=added, mode=MODES[mode], **fields)]


def taken(layer: IrLayer, build: Build) -> list[int] | None:
    """Slice of neighbouring elements, where the weights' file says which; None where it cannot be said."""
    start, stop, step = (layer.constants.get(place) for place in (1, 2, 3))
    axes = layer.constants.get(4) or list(range(len(start or ())))
    if start is None or stop is None or step is None or not len(start) == len(stop) == len(step) == len(axes):
        return None
    made, rank = build.tensors[0], len(build.x[0]) + 1
    for axis, first, last, by in zip(axes, start, stop, step):
        if not -rank <= axis < rank or by != 1 or axis % rank == 0:
            return None
        at = axis % rank - 1
        n = build.shape(made)[at]
        chosen = range(n)[first:last]
        if not chosen:
            return None
        if len(chosen) < n:
            fields: dict[str, Any] = {"axis": at} if at else {}
            made = build.put("slice", made, suffix=f"_{at}", channels=(chosen.start, chosen.stop), **fields)
    return [made]


def looked_up(layer: IrLayer, build: Build) -> list[int] | None:
    """Gather of one place along an axis, where the weights' file says which; None where it cannot be said."""
    at, axis = (layer.constants.get(place) for place in (1, 2))
    rank, made = len(build.x[0]) + 1, declared(layer)
    if not at or not axis or len(at) != 1 or len(made) != rank - 2 or axis[0] % rank == 0:
        return None
    ours = axis[0] % rank - 1
    n = build.x[0][ours]
    if not -n <= at[0] < n:
        return None
    fields: dict[str, Any] = {"axis": ours} if ours else {}
    one = build.put("slice", build.tensors[0], channels=(at[0] % n, at[0] % n + 1), **fields)
    return [build.put("reshape", one, suffix="_place", shape=made)]


def embedding(layer: IrLayer, build: Build, table: list[int]) -> list[int]:
    """Gather of a table's rows."""
    return [build.put("embedding", vocabulary=table[0], features=table[1], axis="last")]


def attention(layer: IrLayer, build: Build, own: Shape) -> list[int]:
    """ScaledDotProductAttention of queries, keys and values, as the products that it is; what the file adds counts."""
    if len(build.tensors) != 3 or layer.flag("causal", default=False):
        raise layer.fault("it is read of queries, keys and values, without a mask that other layers make")
    queries, keys, values = build.tensors
    scores = build.put("matmul", queries, keys, suffix="_scores", transposed=True)
    factor = float(f"{build.x[0][-1] ** -0.5:.7g}")
    scaled = build.put("multiply", scores, suffix="_scaled", number=factor)
    if own:
        shape = (1,) * (len(build.shape(scaled)) - len(own)) + own[-len(build.shape(scaled)) :]
        scaled = build.put("parameter", scaled, suffix="_added", shape=shape, join="add")
    weights = build.put("softmax", scaled, suffix="_softmax", axis=-1)
    return [build.put("matmul", weights, values)]


def einsum(layer: IrLayer, build: Build) -> list[int]:
    """Einsum, in whose equation of ours the batch has no letter."""
    sides, _, out = layer.attributes.get("equation", "")[:80].replace(" ", "").partition("->")
    left, _, right = sides.partition(",")
    if len(build.tensors) != 2 or not left or not out or left[:1] != right[:1] or out[:1] != left[:1]:
        raise layer.fault("the equation of two tensors is read whose first letter is the batch", f"{sides}->{out}")
    return [build.put("einsum", equation=f"{left[1:]},{right[1:]}->{out[1:]}")]


def with_number(kind: str, build: Build, number: float, *, first: bool) -> int:
    """A tensor and a plain number; the number less the tensor is the negated tensor and the number."""
    made = build.tensors[0]
    if first and kind in ("subtract", "divide"):
        of, kind = ("negate", "add") if kind == "subtract" else ("reciprocal", "multiply")
        made = build.put("function", made, suffix="_turned", of=of)
    elif first and kind == "power":
        raise build.fault("a power of a fixed number is no layer here")
    return build.put(kind, made, number=number)
