"""Attention, and products with kernels that an equation describes."""

from __future__ import annotations

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.interchange.keras.activations import activated
from cnncalc.interchange.keras.call import Call, Rule

__all__ = ["ATTENTION"]


def _sequence(call: Call, tensor: int, suffix: str) -> int:
    """All positions of a tensor in one row: features x positions."""
    shape = call.shape(tensor)
    return tensor if len(shape) == 2 else call.put("reshape", tensor, suffix=suffix, shape=(shape[0], -1))


def multi_head(call: Call) -> int:
    """MultiHeadAttention of a query, a value and perhaps a key."""
    if not 1 <= len(call.tensors) <= 3 or call.work.channels_first or call.rank < 2:
        raise call.fault("it takes sequences, channels last: a query, a value, and perhaps a key")
    if call.flag("use_gate"):
        raise call.fault("a gate of its heads is not known")
    named = [key for key in call.kwargs if key in ("key", "value")]
    if named == ["key", "value"] and len(call.tensors) == 3:
        call.tensors = [call.tensors[0], call.tensors[2], call.tensors[1]]
    query, value = call.tensors[0], call.tensors[min(1, len(call.tensors) - 1)]
    key = call.tensors[2] if len(call.tensors) == 3 else value
    heads, depth = call.whole("num_heads"), call.whole("key_dim")
    wide = call.whole("value_dim", depth) if call.config.get("value_dim") is not None else depth
    bias = call.flag("use_bias", True)
    given = call.config.get("output_shape")
    last = given[-1] if isinstance(given, list) and given else given
    out = last if isinstance(last, int) else call.shape(query)[0]
    rows = [_sequence(call, tensor, name) for tensor, name in ((query, "query"), (key, "key"), (value, "value"))]
    inputs = rows[:1] if rows[0] == rows[1] == rows[2] else rows[:2] if rows[1] == rows[2] else rows
    made = call.put(
        "attention",
        *inputs,
        heads=heads,
        key=depth,
        value=wide,
        out=out,
        bias=bias,
        project_bias=bias,
    )
    positions = call.shape(query)[1:]
    return made if len(positions) == 1 else call.put("reshape", made, suffix="map", shape=(out, *positions))


def attention(call: Call) -> int:
    """Attention of a query, a value and perhaps a key, without kernels but perhaps with a learned scale."""
    additive = call.entry.kind == "AdditiveAttention"
    if not 2 <= len(call.tensors) <= 3 or call.rank != 2 or call.word("score_mode", "dot") != "dot":
        raise call.fault("it takes a query and a value, both sequences, and their scores are products or sums")
    query, value = call.tensors[:2]
    key = call.tensors[2] if len(call.tensors) == 3 else value
    scores = _sums(call, query, key) if additive else _products(call, query, key)
    weights = call.put("softmax", scores, suffix="weights", axis=-1)
    return call.put("matmul", value, weights, suffix="attended", transposed=True)


def _products(call: Call, query: int, key: int) -> int:
    """The scores of every position of the query for each of the key, perhaps times a learned number."""
    turned = call.put("permute", query, suffix="query", order=(1, 0))
    scores = call.put("matmul", turned, key, suffix="scores")
    if not call.flag("use_scale"):
        return scores
    return call.put("parameter", scores, suffix="scale", shape=(1, 1), join="multiply")


def _sums(call: Call, query: int, key: int) -> int:
    """Scores by Bahdanau: the hyperbolic tangents of sums, perhaps times a learned vector, summed up."""
    features, rows = call.shape(query)
    wide = call.put("reshape", query, suffix="query", shape=(features, rows, 1))
    flat = call.put("reshape", key, suffix="key", shape=(features, 1, call.shape(key)[1]))
    made = call.put("tanh", call.put("add", wide, flat, suffix="sums"), suffix="tanh")
    if call.flag("use_scale", True):
        made = call.put("parameter", made, suffix="scale", shape=(features, 1, 1), join="multiply")
    return call.put("reduce", made, suffix="scores", by="sum", axes=(0,))


def einsum_dense(call: Call) -> int:
    """EinsumDense where the last axes are those that its kernel takes away, and new ones come last."""
    equation = str(call.config.get("equation", "")).replace(" ", "").replace("...", "")
    operands, _, result = equation.partition("->")
    given, _, kernel = operands.partition(",")
    taken = [letter for letter in given if letter in kernel]
    kept = [letter for letter in given if letter not in kernel]
    new = [letter for letter in kernel if letter not in given]
    usual = list(given) == kept + taken and list(result) == kept + new and new and taken
    if not usual or call.work.channels_first:
        help = "write it with `linear`, `conv` or `matmul` in the language"
        raise call.fault("an equation of this form is not known", f"it is `{equation[:60]}`", help)
    shape = call.work.shape_out(call.x[0])
    target = call.config.get("output_shape")
    listed = target if isinstance(target, list) else [target]
    lengths = [one for one in listed[-len(new) :] if type(one) is int and one > 0]
    if len(lengths) != len(new):
        raise call.fault("`output_shape` says the lengths of the new axes", f"it is {str(target)[:60]}")
    biased = list(str(call.config.get("bias_axes") or ""))
    if biased and sorted(biased) != sorted(new):
        raise call.fault(
            "its bias lies along all new axes", f"it lies along `{''.join(biased)[:20]}` of `{''.join(new)}`"
        )
    places = shape[: len(shape) - len(taken)]
    inner = call.tensors[0]
    if len(taken) > 1 or len(places) != 1:
        inner = call.put("reshape", suffix="rows", shape=(product(shape[len(places) :]), product(places)))
    made = call.put("conv", inner, suffix="kernel", out=product(lengths), kernel=(1,), bias=bool(biased))
    wanted = call.work.shape_in((*places, *lengths))
    if call.shape(made) != wanted:
        made = call.put("reshape", made, suffix="map", shape=wanted)
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
    "MultiHeadAttention": multi_head,
    **dict.fromkeys(("Attention", "AdditiveAttention"), attention),
    "EinsumDense": einsum_dense,
    "LayerScale": layer_scale,
    "CustomScaleLayer": residual_scale,
}
"""By Keras's class."""
