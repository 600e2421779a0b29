"""Attention, and products with kernels that an equation describes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.interchange.keras.activations import activated
from cnncalc.interchange.keras.call import Call, Rule

__all__ = ["ATTENTION"]


def _sequence(call: Call, tensor: int, suffix: str) -> int:
    """All positions of a tensor in one row: features x positions."""
    shape = call.shape(tensor)
    return tensor if len(shape) == 2 else call.put("reshape", tensor, suffix=suffix, shape=(shape[0], -1))


def multi_head(call: Call) -> list[int]:
    """MultiHeadAttention and GroupQueryAttention, and their scores where these are taken."""
    ends = [_attended(call)]
    if call.wanted - {0}:  # weights of every head and two places, which the attention keeps to itself here
        query, key = call.tensors[0], call.tensors[-1]
        places = [call.work.shape_out(call.shape(one))[:-1] for one in (query, key)]
        shape = (int(call.config.get("num_query_heads") or call.whole("num_heads")), *places[0], *places[1])
        ends.append(call.put("opaque", query, key, suffix="scores", shape=call.work.shape_in(shape), of="scores"))
    return ends


def _attended(call: Call) -> int:
    """Attention of a query, a value and perhaps a key, perhaps with a gate."""
    if not 1 <= len(call.tensors) <= 3 or call.rank < 2:
        raise call.fault("it takes sequences: a query, a value, and perhaps a key")
    query = call.tensors[0]
    value = call.tensors[min(1, len(call.tensors) - 1)]
    key = call.tensors[2] if len(call.tensors) == 3 else value
    if [key for key in call.kwargs if key in ("key", "value")] == ["key", "value"] and len(call.tensors) == 3:
        value, key = key, value
    bias, given = call.flag("use_bias", True), call.config.get("output_shape")
    last = given[-1] if isinstance(given, list) and given else given
    if isinstance(given, list) and len(given) > 1:
        raise call.fault("its output has one axis of features", f"`output_shape` is {str(given)[:40]}")
    out = last if isinstance(last, int) else call.shape(query)[0]
    fields = _heads(call)
    inputs, back = _asked(call, query, key, value, fields)
    if not call.flag("use_gate"):
        return back(call.put("attention", *inputs, out=out, bias=bias, project_bias=bias, **fields))
    wide = fields["heads"] * (fields["value"] or fields["key"])
    attended = call.put("attention", *inputs, suffix="attended", bias=bias, project=False, **fields)
    opened = call.put(
        "conv", inputs[0], suffix="gate", out=wide, kernel=(1,) * (len(call.shape(inputs[0])) - 1), bias=bias
    )
    gate = call.put("sigmoid", opened, suffix="opened")
    gated = call.put("multiply", attended, gate, suffix="gated")
    return back(
        call.put("conv", gated, suffix="output", out=out, kernel=(1,) * (len(call.shape(gated)) - 1), bias=bias)
    )


def _heads(call: Call) -> dict[str, Any]:
    """How many heads there are, and their features."""
    if call.entry.kind == "GroupQueryAttention":
        depth, shared = call.whole("head_dim"), call.whole("num_key_value_heads")
        return {"heads": call.whole("num_query_heads"), "key": depth, "value": depth, "shared": shared}
    depth = call.whole("key_dim")
    wide = call.whole("value_dim", depth) if call.config.get("value_dim") is not None else depth
    return {"heads": call.whole("num_heads"), "key": depth, "value": wide}


def _asked(
    call: Call, query: int, key: int, value: int, fields: dict[str, Any]
) -> tuple[list[int], Callable[[int], int]]:
    """The tensors of which it is the attention, and what lays its output out as the query is.

    Where it runs along some axes of a map alone, and a map asks itself, these are windows as long as the axes.
    """
    rank, along = call.rank, call.config.get("attention_axes")
    whole = set(range(1 + call.timed, rank))
    axes = set(call.axes(along)) if isinstance(along, (list, int)) and along else whole
    if axes != set(range(1, rank)) and (query != key or key != value or 0 in axes):
        call.work.sketch.notes.append(f"{call.path}: its products are counted as if it ran along all axes, not {along}")
    elif axes != set(range(1, rank)):
        lengths = call.shape(query)
        fields["window"] = tuple(lengths[axis] if axis in axes else 1 for axis in range(1, rank))
        return [query], lambda made: made
    rows = [_sequence(call, tensor, name) for tensor, name in ((query, "query"), (key, "key"), (value, "value"))]
    inputs = rows[:1] if rows[0] == rows[1] == rows[2] else rows[:2] if rows[1] == rows[2] else rows
    positions = call.shape(query)[1:]

    def back(made: int) -> int:
        if len(positions) == 1:
            return made
        return call.put("reshape", made, suffix="map", shape=(call.shape(made)[0], *positions))

    return inputs, back


def attention(call: Call) -> list[int]:
    """Attention of a query, a value and perhaps a key, without kernels but perhaps with a learned scale; its scores."""
    additive = call.entry.kind == "AdditiveAttention"
    if not 2 <= len(call.tensors) <= 3 or call.rank != 2:
        raise call.fault("it takes a query and a value, both sequences")
    query, value = call.tensors[:2]
    key = call.tensors[2] if len(call.tensors) == 3 else value
    summed = additive or call.word("score_mode", "dot") == "concat"
    scores = _sums(call, query, key, additive) if summed else _products(call, query, key)
    weights = call.put("softmax", scores, suffix="weights", axis=-1)
    made = call.put("matmul", value, weights, suffix="attended", transposed=True)
    return [made, call.put("permute", weights, suffix="given", order=(1, 0))] if call.wanted - {0} else [made]


def _products(call: Call, query: int, key: int) -> int:
    """The scores of every position of the query for each of the key, perhaps times a learned number."""
    turned = call.put("permute", query, suffix="query", order=(1, 0))
    scores = call.put("matmul", turned, key, suffix="scores")
    if not call.flag("use_scale"):
        return scores
    return call.put("parameter", scores, suffix="scale", shape=(1, 1), join="multiply")


def _sums(call: Call, query: int, key: int, additive: bool) -> int:
    """Scores by Bahdanau: the hyperbolic tangents of sums, perhaps times a learned vector, summed up.

    Attention with `score_mode="concat"` has a number for the sums, if any, and one for the scores.
    """
    features, rows = call.shape(query)
    wide = call.put("reshape", query, suffix="query", shape=(features, rows, 1))
    flat = call.put("reshape", key, suffix="key", shape=(features, 1, call.shape(key)[1]))
    made = call.put("add", wide, flat, suffix="sums")
    if not additive and call.flag("use_scale"):
        made = call.put("parameter", made, suffix="scale", shape=(1, 1, 1), join="multiply")
    made = call.put("tanh", made, suffix="tanh")
    if additive and call.flag("use_scale", True):
        made = call.put("parameter", made, suffix="scale", shape=(features, 1, 1), join="multiply")
    made = call.put("reduce", made, suffix="scores", by="sum", axes=(0,))
    return made if additive else call.put("parameter", made, suffix="weight", shape=(1, 1), join="multiply")


def einsum_dense(call: Call) -> int:
    """EinsumDense where the last axes are those that its kernel takes away, and new ones come last."""
    equation = str(call.config.get("equation", "")).replace(" ", "").replace("...", "")
    operands, _, result = equation.partition("->")
    given, _, kernel = operands.partition(",")
    taken = [letter for letter in given if letter in kernel]
    kept = [letter for letter in given if letter not in kernel]
    new = [letter for letter in kernel if letter not in given]
    usual = list(given) == kept + taken and list(result) == kept + new and new and taken
    biased = list(str(call.config.get("bias_axes") or ""))
    if not usual or (biased and sorted(biased) != sorted(new)):
        return _by_equation(call, given, kernel, result, biased)
    shape = call.work.shape_out(call.x[0])
    target = call.config.get("output_shape")
    listed = target if isinstance(target, list) else [target]
    lengths = [one for one in listed[-len(new) :] if type(one) is int and one > 0]
    if len(lengths) != len(new):
        raise call.fault("`output_shape` says the lengths of the new axes", f"it is {str(target)[:60]}")
    places = shape[: len(shape) - len(taken)]
    inner = call.tensors[0]
    if len(taken) > 1 or len(places) != 1:
        inner = call.put("reshape", suffix="rows", shape=(product(shape[len(places) :]), product(places)))
    made = call.put("conv", inner, suffix="kernel", out=product(lengths), kernel=(1,), bias=bool(biased))
    wanted = call.work.shape_in((*places, *lengths))
    if call.shape(made) != wanted:
        made = call.put("reshape", made, suffix="map", shape=wanted)
    return activated(call, made, suffix="activation")


def _by_equation(call: Call, given: str, kernel: str, result: str, biased: list[str]) -> int:
    """EinsumDense of any other equation: a learned tensor that meets what comes in, and a bias along some axes."""
    target, lengths = call.config.get("output_shape"), call.work.shape_out(call.x[0])
    asked = target if isinstance(target, list) else [target]
    sizes = dict(zip(result[1:], asked)) | dict(zip(given[1:], lengths))
    known = all(type(sizes.get(letter)) is int for letter in (*kernel, *result[1:], *biased))
    if (
        "." in str(call.config.get("equation"))
        or len(given) != len(lengths) + 1
        or not known
        or given[:1] != result[:1]
    ):
        help = "write it with `linear`, `conv` or `matmul` in the language"
        raise call.fault(
            "an equation of this form is not known", f"it is `{given[:20]},{kernel[:20]}->{result[:20]}`", help
        )
    own = call.put("parameter", suffix="kernel", shape=tuple(sizes[letter] for letter in kernel))
    taken, left = (part[-1] + part[1:-1] for part in (given, result))
    made = call.put("einsum", call.tensors[0], own, equation=f"{taken},{kernel}->{left}")
    if biased:
        shape = tuple(sizes[letter] if letter in biased else 1 for letter in left)
        made = call.put("parameter", made, suffix="bias", shape=shape, join="add")
    return activated(call, made, suffix="activation")


def layer_scale(call: Call) -> int:
    """LayerScale of keras.applications' ConvNeXt."""
    return call.put("layerscale")


def residual_scale(call: Call) -> int:
    """CustomScaleLayer of keras.applications' InceptionResNetV2: the second tensor, scaled, added to the first."""
    if len(call.tensors) != 2:
        raise call.fault("it takes two tensors")
    scaled = call.put("multiply", call.tensors[1], suffix="scaled", number=call.number("scale", 1.0))
    return call.put("add", call.tensors[0], scaled, suffix="sum")


ATTENTION: dict[str, Rule] = {
    **dict.fromkeys(("MultiHeadAttention", "GroupQueryAttention"), multi_head),
    **dict.fromkeys(("Attention", "AdditiveAttention"), attention),
    "EinsumDense": einsum_dense,
    "LayerScale": layer_scale,
    "CustomScaleLayer": residual_scale,
}
"""By Keras's class."""
