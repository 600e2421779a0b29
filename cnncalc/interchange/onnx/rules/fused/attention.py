"""Attention as one node: ONNX's own since opset 23, and onnxruntime's, which project what comes in or add biases."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cnncalc.interchange.onnx.call import Call, Live, NotKnown, Rule, Value
from cnncalc.interchange.onnx.parts import Tensor
from cnncalc.interchange.onnx.rules import elements

__all__ = ["ATTENTION"]


def apart(call: Call, live: Live, heads: int, name: str) -> Live:
    """A sequence of vectors as one of a part of each vector for each head. Raises `NotKnown`."""
    length, width = call.shape(live) if len(call.shape(live)) == 2 else (0, 0)
    if heads < 1 or width % heads or not width:
        raise NotKnown(f"{heads} heads of {width} features")
    parts = call.put("reshape", live, suffix=f"_{name}_parts", shape=(length, heads, width // heads))
    return call.put("permute", parts, suffix=f"_{name}", order=(1, 0, 2))


def joined(call: Call, live: Live) -> Live:
    """What the heads make, side by side again."""
    heads, length, width = call.shape(live)
    turned = call.put("permute", live, suffix="_turned", order=(1, 0, 2))
    return call.put("reshape", turned, shape=(length, heads * width))


def repeated(call: Call, live: Live, heads: int, name: str) -> Live:
    """Keys or values of fewer heads, each for several of the queries'."""
    held, length, width = call.shape(live)
    if held == heads:
        return live
    if heads % held:
        raise NotKnown(f"{heads} heads ask {held}")
    wide = call.put("reshape", live, suffix=f"_{name}_one", shape=(held, 1, length, width))
    more = call.put("expand", wide, suffix=f"_{name}_each", shape=(held, heads // held, length, width))
    return call.put("reshape", more, suffix=f"_{name}_all", shape=(heads, length, width))


def weighed(call: Call, parts: Sequence[Live], mask: Value | None = None) -> tuple[Live, Live]:
    """The products of queries with keys, and the values weighed by their softmax, head by head."""
    query, key, value = parts
    if any(len(call.shape(one)) != 3 for one in parts):
        raise NotKnown("heads of some of its inputs")
    heads, _, width = call.shape(query)
    key, value = repeated(call, key, heads, "key"), repeated(call, value, heads, "value")
    products = call.put("matmul", query, key, suffix="_products", transposed=True)
    scale = call.real("scale", 0.0) or 1 / math.sqrt(width)
    scores = call.put("multiply", products, suffix="_scaled", number=float(f"{scale:.7g}"))
    cap = call.real("softcap", 0.0)
    if cap:
        scores = call.put("divide", scores, suffix="_of_cap", number=cap)
        scores = call.put("tanh", scores, suffix="_capped")
        scores = call.put("multiply", scores, suffix="_cap", number=cap)
    if mask is not None:
        scores = masked(call, scores, mask)
    weights = call.put("softmax", scores, suffix="_softmax", axis=2)
    return products, call.put("matmul", weights, value, suffix="_values")


def masked(call: Call, scores: Live, mask: Value) -> Live:
    """The scores and a mask, one that comes in or one of the file, whose numbers nobody learns."""
    if isinstance(mask, Tensor):
        dims = (*(1,) * (3 - len(mask.dims)), *mask.dims[-3:])
        if mask.size != math.prod(dims):
            raise NotKnown("its mask has an axis for the batch")
        return call.put("constant", scores, suffix="_mask", shape=dims, join="add")
    (made,) = elements.arithmetic(call.like([scores, mask], f"{call.name}_mask", "Add"))
    assert isinstance(made, Live)
    return made


def sequence(call: Call, place: int) -> Live:
    """An input with the batch first. Raises `NotKnown`."""
    live = call.batched(call.live(place), 0)
    if live.axis or len(call.shape(live)) not in (2, 3):
        raise NotKnown("no sequence of vectors, or one for each head")
    return live


def attention(call: Call) -> list[Value | None]:
    """ONNX's own: heads apart, or side by side; what was asked before stands before the keys and the values."""
    if call.node.domain:
        return projected(call)
    parts = [sequence(call, place) for place in (0, 1, 2)]
    flat = len(call.shape(parts[0])) == 2
    if flat:
        held = call.whole("kv_num_heads", 0)
        counts = (call.whole("q_num_heads", 0), held, held)
        parts = [apart(call, live, heads, name) for live, heads, name in zip(parts, counts, ("query", "key", "value"))]
    for place, past in ((1, 4), (2, 5)):
        if call.given(past):
            parts[place] = call.put("concat", sequence(call, past), parts[place], suffix=f"_past_{past}", axis=1)
    products, made = weighed(call, parts, call.values[3] if call.given(3) else None)
    return [joined(call, made) if flat else made, parts[1], parts[2], products]


def projected(call: Call) -> list[Value | None]:
    """onnxruntime's Attention and QAttention: queries, keys and values by one matrix."""
    live, weight = sequence(call, 0), call.fixed(1)
    past = 8 if call.node.kind == "QAttention" else 4
    if call.given(past) or len(call.shape(live)) != 2 or len(weight.dims) != 2:
        raise NotKnown("with what was asked before")
    sizes = call.wholes("qkv_hidden_sizes") or (weight.dims[1] // 3,) * 3
    if len(sizes) != 3 or sum(sizes) != weight.dims[1]:
        raise NotKnown("its matrix is not that of queries, keys and values")
    made = call.biased(2, -1, "linear", live, [weight], out=weight.dims[1], axis="last")
    starts = (0, sizes[0], sizes[0] + sizes[1])
    parts = [
        call.put("slice", made, suffix=f"_{name}_part", axis=1, channels=(start, start + size))
        for name, start, size in zip(("query", "key", "value"), starts, sizes)
    ]
    return headed(call, parts, 5 if past == 4 else None)[:1]


def headed(
    call: Call, parts: Sequence[Live], mask: int | None, before: Sequence[Live | None] = (None, None)
) -> list[Value | None]:
    """Attention of as many heads as the node says; `mask` is the place of what is added to the scores.

    Keys and values of what was asked before stand before its own.
    """
    heads = call.whole("num_heads", 0)
    own = [
        apart(call, live, heads, name) if len(call.shape(live)) == 2 else live
        for live, name in zip(parts, ("query", "key", "value"))
    ]
    for place, past in enumerate(before, start=1):
        if past is not None:
            own[place] = call.put("concat", past, own[place], suffix=f"_after_past_{place}", axis=1)
    products, made = weighed(call, own, call.values[mask] if mask is not None and call.given(mask) else None)
    return [joined(call, made), own[1], own[2], products]


def of_many_heads(call: Call) -> list[Value | None]:
    """onnxruntime's MultiHeadAttention: queries, keys and values, with a bias for all three."""
    return asking(call, bias_at=3, mask=5, past=6)


def of_one_step(call: Call) -> list[Value | None]:
    """DecoderMaskedMultiHeadAttention: the same for one word more."""
    return asking(call, bias_at=10, mask=4, past=5)


def in_one(call: Call, place: int, count: int) -> list[Live]:
    """Queries, keys and values, or the last two, head by head in one tensor."""
    live = call.batched(call.live(place), 0)
    if len(call.shape(live)) != 4 or call.shape(live)[2] != count:
        raise NotKnown("with all in one tensor")
    parts = []
    for at in range(count):
        one = call.put("select", live, suffix=f"_part_{at}", axis=2, at=at)
        parts.append(call.put("permute", one, suffix=f"_heads_{at}", order=(1, 0, 2)))
    return parts


def asking(call: Call, bias_at: int, mask: int, past: int) -> list[Value | None]:
    """Attention of many heads whose bias, whose mask and whose past stand in these places."""
    if call.given(past + 2):
        raise NotKnown("with room for what will be asked")
    if not call.given(1):
        parts = in_one(call, 0, 3)
    elif not call.given(2):
        parts = [sequence(call, 0), *in_one(call, 1, 2)]
    else:
        parts = [sequence(call, place) for place in (0, 1, 2)]
    if call.given(bias_at):
        bias, start = call.fixed(bias_at), 0
        whole = call.put("parameter", parts[0], suffix="_bias", weights=[bias], shape=(1, bias.size), join="alone")
        for place, live in enumerate(parts):
            heads, features = call.shape(live)[0] if len(call.shape(live)) > 2 else 1, call.shape(live)[-1]
            width = heads * features
            own = call.put("slice", whole, suffix=f"_bias_{place}", axis=1, channels=(start, start + width))
            if heads > 1:
                own = call.put("reshape", own, suffix=f"_bias_{place}_heads", shape=(heads, 1, features))
            parts[place] = call.put("add", live, own, suffix=f"_biased_{place}")
            start += width
    before = [sequence(call, past + place) if call.given(past + place) else None for place in (0, 1)]
    return headed(call, parts, mask, before)


def of_few_keys(call: Call) -> list[Value | None]:
    """onnxruntime's GroupQueryAttention: keys and values of fewer heads, or all in one tensor; what came stands before.

    The angles by which it turns queries and keys are tables that nobody learns.
    """
    heads, held = call.whole("num_heads", 0), call.whole("kv_num_heads", 0)
    counts = (heads, held, held)
    if call.given(1) and call.given(2):
        parts = [sequence(call, place) for place in (0, 1, 2)]
    else:
        whole, start, parts = sequence(call, 0), 0, []
        width = call.shape(whole)[-1] // max(sum(counts), 1)
        for count, name in zip(counts, ("query", "key", "value")):
            own = (start * width, (start + count) * width)
            parts.append(call.put("slice", whole, suffix=f"_{name}_part", axis=1, channels=own))
            start += count
    own_heads = [apart(call, live, count, name) for live, count, name in zip(parts, counts, ("query", "key", "value"))]
    for place in (1, 2):
        if len(call.values) > place + 2 and isinstance(call.values[place + 2], Live):
            before = sequence(call, place + 2)
            own_heads[place] = call.put("concat", before, own_heads[place], suffix=f"_past_{place}", axis=1)
    products, made = weighed(call, own_heads)
    return [joined(call, made), own_heads[1], own_heads[2], products]


def embedded(call: Call) -> list[Value | None]:
    """EmbedLayerNormalization: vectors of words, of places and of segments, their sum and its norm."""
    numbers = call.batched(call.live(0), 0)
    if len(call.shape(numbers)) != 1:
        raise NotKnown("no list of words")
    total = looked_up(call, numbers, call.fixed(2), "_words")
    length, (held, width) = call.shape(numbers)[0], (*call.fixed(3).dims, 0, 0)[:2]
    if length > held:
        raise NotKnown(f"{length} words for {held} places")
    fields: dict[str, Any] = {"weights": [call.fixed(3)], "shape": (held, width), "join": "alone"}
    places = call.put("parameter", numbers, suffix="_places", **fields)
    if length < held:
        places = call.put("slice", places, suffix="_first", axis=0, channels=(0, length))
    total = call.put("add", total, places, suffix="_placed")
    if call.given(1) and call.given(4):
        segments = looked_up(call, call.batched(call.live(1), 0), call.fixed(4), "_segments")
        total = call.put("add", total, segments, suffix="_sum")
    norm = call.like([total, *call.values[5:7]], call.name, "LayerNormalization")
    return [*elements.layer_norm(norm), None, total]


def looked_up(call: Call, numbers: Live, table: Tensor, suffix: str) -> Live:
    """The rows of a table. Raises `NotKnown`."""
    if len(table.dims) != 2:
        raise NotKnown("a look-up in no table of vectors")
    return call.put(
        "embedding", numbers, suffix=suffix, weights=[table], vocabulary=table.dims[0], features=table.dims[1],
        axis="last",
    )  # fmt: skip


ATTENTION: Mapping[str, Rule] = {
    "Attention": attention,
    "QAttention": projected,
    "MultiHeadAttention": of_many_heads,
    "DecoderMaskedMultiHeadAttention": of_one_step,
    **dict.fromkeys(("GroupQueryAttention", "SparseAttention"), of_few_keys),
    "EmbedLayerNormalization": embedded,
}
"""What each of them becomes."""
