"""Nodes of onnxruntime's on words and sequences that few files have: biases by distance, experts, packed sequences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc.interchange.onnx.call import WITHIN, Call, Live, NotKnown, Rule, Value
from cnncalc.interchange.onnx.parts import Tensor
from cnncalc.interchange.onnx.rules import elements
from cnncalc.interchange.onnx.rules.fused.attention import ATTENTION, apart, embedded, headed
from cnncalc.interchange.onnx.rules.fused.further import beside, weighing
from cnncalc.interchange.onnx.rules.fused.runtime import taking
from cnncalc.interchange.onnx.rules.rarer import as_input, dims_of, result

__all__ = ["WORDS"]


def projected(call: Call, live: Live, weight: int, bias: int, suffix: str = "") -> Live:
    """A linear layer on the last axis, of a matrix and a bias in these places."""
    dims = call.fixed(weight).dims
    if len(dims) != 2 or len(call.shape(live)) < 2:
        raise NotKnown("no matrix, or no sequence of vectors")
    own = call.like(call.values, call.name + suffix)
    return own.biased(bias, -1, "linear", live, [call.fixed(weight)], out=dims[1], axis="last")


def of_places(call: Call) -> list[Value]:
    """GatedRelativePositionBias: for each two places a bias, which a small layer on the queries opens and closes."""
    (queries,) = elements.arithmetic(call.like(call.values[:2], f"{call.name}_query", "Add"))
    assert isinstance(queries, Live)
    heads = apart(call, queries, call.whole("num_heads", 0), "heads")
    gates = projected(call, heads, 3, 4)
    inner = beside(call.like([gates, None, call.values[2], None, None, call.values[5]], call.name), (2, 5))
    count, length, _ = call.shape(heads)
    lives = [value for value in inner.values if isinstance(value, Live)]
    return [call.put("opaque", *lives, batch=0, shape=(count, length, length), of=call.node.kind)]


def by_buckets(call: Call) -> list[Value]:
    """RelativePositionBias: a row of a table for each two places, which their distance picks."""
    lengths = [call.numbers(place) for place in (1, 2)]
    if not all(lengths):
        raise NotKnown("how many places there are is not known")
    shape = (dims_of(call, 0, 1)[-1], *(one[0] for one in lengths if one))
    table = beside(call, (0,)).live(0)
    return [call.put("opaque", table, batch=0, shape=shape, of=call.node.kind)]


def spanned(call: Call) -> list[Value]:
    """LongformerAttention: projections of all words, and others of some; what they meet has no layer here."""
    live = call.map()
    own, whole = projected(call, live, 1, 2), projected(call, live, 4, 5, "_global")
    return [call.put("opaque", own, whole, suffix="_scores", shape=call.shape(live), of=call.node.kind)]


def ordered_attention(call: Call) -> list[Value | None]:
    """QOrderedAttention: queries, keys and values by three matrices."""
    live, names = call.map(), ("query", "key", "value")
    parts = [projected(call, live, 5 + at, 11 + at, f"_{name}_matrix") for at, name in enumerate(names)]
    return headed(call, parts, None)[:1]


def unpadded(call: Call) -> list[Value]:
    """RemovePadding: of one sequence all words are taken for its own; where they stand, and how many they are."""
    live = call.map()
    length, *_ = shape = call.shape(live)
    if len(shape) != 2:
        raise NotKnown("no sequence of vectors")
    made = call.put("reshape", live, batch=WITHIN, shape=shape)
    sizes = (("_offset", 0, (length,)), ("_sums", WITHIN, (2,)), ("_most", WITHIN, (1,)))
    return [
        made,
        *(call.put("opaque", live, suffix=own, batch=at, shape=shape, of="RemovePadding") for own, at, shape in sizes),
    ]


def rows(call: Call, place: int) -> Live:
    """The words of one sequence that stand without a batch, with one."""
    live = call.freed(call.live(place))
    return call.put("reshape", live, suffix=f"_words_{place}", batch=0, shape=call.shape(live))


def of_one_sequence(call: Call) -> list[Value]:
    """PackedAttention and PackedMultiHeadAttention: of one sequence that has no padding."""
    if call.node.kind == "PackedAttention":
        inner = call.like([rows(call, 0), *call.values[1:3]], call.name, "Attention")
    elif call.given(1) and call.given(2):
        parts = [rows(call, place) for place in (0, 1, 2)]
        inner = call.like([*parts, *call.values[3:4]], call.name, "MultiHeadAttention")
    else:
        raise NotKnown("with all in one tensor")
    made = ATTENTION[inner.node.kind](inner)[0]
    return [call.put("reshape", made, suffix="_rows", batch=WITHIN, shape=call.shape(made))]


def padded_again(call: Call) -> list[Value]:
    """RestorePadding: the words of one sequence, with its batch."""
    return [rows(call, 0)]


def by_memory(call: Call) -> list[Value]:
    """LinearAttention: what queries read of a matrix of keys and values that grows; its shape, and that matrix's."""
    asked, kept = call.whole("q_num_heads", 1), call.whole("kv_num_heads", 1)
    (batch, length), keys, features = dims_of(call, 0, 2)[:2], dims_of(call, 1, 1)[-1], dims_of(call, 2, 1)[-1]
    if min(asked, kept) < 1 or keys % kept or features % kept:
        raise NotKnown(f"{kept} heads of {keys} and {features} features")
    made: list[Value] = [result(call, (batch, length, asked * (features // kept)))]
    if any(call.node.outputs[1:]):
        made.append(result(call, (batch, kept, keys // kept, features // kept), "_memory"))
    return made


def experts(call: Call) -> list[Value]:
    """MoE and QMoE: matrices of experts, of which the input chooses some for each word: what they cost is not known."""
    bits = 8 // call.whole("expert_weight_bits", 4) if call.node.kind == "QMoE" else 1
    places = (2, 5, 8, 4, 7, 10) if call.node.kind == "QMoE" else range(2, 8)
    values = [
        one._replace(dims=(*one.dims[:-1], one.dims[-1] * bits), type=1, held=None)
        if isinstance(one, Tensor) and place in places[:3] and call.node.kind == "QMoE" and one.dims
        else one
        for place, one in enumerate(call.values)
    ]
    return [result(beside(call.like(values, call.name), places), dims_of(call, 0))]


def spelled(call: Call) -> list[Value]:
    """WordConvEmbedding: of every word the vectors of its letters, a convolution along them, and the largest."""
    numbers, filters, table = call.freed(call.live()), call.fixed(1), call.fixed(3)
    if len(table.dims) != 2 or len(filters.dims) != 4 or len(call.shape(numbers)) != 2:
        raise NotKnown("no words of letters")
    count, letters = call.shape(numbers)
    flat = call.put("reshape", numbers, suffix="_letters", shape=(count * letters,))
    fields: dict[str, Any] = {"vocabulary": table.dims[0], "features": table.dims[1], "axis": "last"}
    made = call.put("embedding", flat, suffix="_table", weights=[table], **fields)
    made = call.put("reshape", made, suffix="_lines", shape=(1, count, letters, table.dims[1]))
    kernel = (1, filters.dims[2], filters.dims[3])
    made = call.biased(2, 0, "conv", made, [filters], out=filters.dims[0], kernel=kernel, padding=0)
    most = call.put("reduce", made, suffix="_most", by="max", axes=(2, 3), keep=False)
    return [call.put("permute", most, suffix="_words", order=(1, 0))]


def gates(call: Call) -> list[Value]:
    """LinearAttentionGate: how fast a memory fades, and how much it takes."""
    made: list[Value] = [result(beside(call, (1, 2)), dims_of(call, 0))]
    return [*made, call.put("sigmoid", call.live(3), suffix="_beta")] if call.given(3) else made


def gated_norm(call: Call) -> list[Value]:
    """GatedRMSNorm: a norm times an activation of another tensor."""
    norm = taking(call, "RMSNormalization", (0, 1))
    (made,) = elements.layer_norm(norm)
    assert isinstance(made, Live)
    gate = call.put("sigmoid" if call.word("activation", "silu") == "sigmoid" else "silu", call.live(2), suffix="_gate")
    return [call.put("multiply", made, gate, suffix="_gated")]


WORDS: Mapping[str, Rule] = {
    "GatedRelativePositionBias": of_places,
    "RelativePositionBias": by_buckets,
    "LongformerAttention": spanned,
    "QOrderedAttention": ordered_attention,
    "RemovePadding": unpadded,
    **dict.fromkeys(("PackedAttention", "PackedMultiHeadAttention"), of_one_sequence),
    "RestorePadding": padded_again,
    "LinearAttention": by_memory,
    **dict.fromkeys(("MoE", "QMoE"), experts),
    "WordConvEmbedding": spelled,
    "QEmbedLayerNormalization": embedded,
    "GatedRMSNorm": gated_norm,
    "BranchwiseRMSNorm": weighing(lambda call: dims_of(call, 0), 1),
    "GatedAdd": weighing(lambda call: dims_of(call, 0), 3),
    "LinearAttentionGate": gates,
    "MRotaryEmbedding": as_input(0),
}
"""What each of them becomes."""
