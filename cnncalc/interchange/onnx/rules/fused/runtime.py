"""Nodes that onnxruntime writes where it optimises or quantises a model, and those of ONNX's first drafts."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.onnx.call import Call, Live, NotKnown, Rule, Value
from cnncalc.interchange.onnx.parts import Tensor
from cnncalc.interchange.onnx.rules import elements, picking, products, shapes, windows

__all__ = [
    "RUNTIME", "activated", "added", "channels_last", "fused", "fused_matmul", "gelu", "group_norm", "taking",
    "unquantised",
]  # fmt: skip

FLOAT32, UINT8 = 1, 2


def taking(call: Call, kind: str, places: tuple[int, ...]) -> Call:
    """The same node as another kind, on some of what it takes."""
    values = [call.values[place] if place < len(call.values) else None for place in places]
    return call.like(values, call.name, kind)


def unquantised(kind: str, *places: int) -> Rule:
    """A node of quantised numbers as the plain one on the tensors in these places; scales and zero points are said."""
    rules = {
        **dict.fromkeys(("Add", "Mul"), elements.arithmetic),
        "Sigmoid": elements.function,
        "LeakyRelu": elements.with_slope,
        "Softmax": elements.softmax,
        "AveragePool": windows.pool,
        "GlobalAveragePool": windows.global_pool,
        "ReduceMean": picking.reduce,
        "Gemm": products.gemm,
        "MatMul": products.matmul,
        "Where": elements.compared,
    }

    def rule(call: Call) -> list[Value]:
        plain = taking(call, kind, places)
        plain.values = [one._replace(type=FLOAT32) if isinstance(one, Tensor) else one for one in plain.values]
        return list(rules[kind](plain))

    return rule


def joined(call: Call) -> list[Value]:
    """QLinearConcat: tensors, each with its scale and zero point behind it."""
    return shapes.concat(taking(call, "Concat", tuple(range(2, len(call.values), 3))))


def measured(call: Call) -> list[Value]:
    """DynamicQuantizeLinear: what comes in, and a scale and a zero point that it has at run time."""
    return [call.live(), Tensor((), None, FLOAT32), Tensor((), None, UINT8)]


def scaled_image(call: Call) -> list[Value]:
    """ImageScaler: a factor, and a number for each channel that is added; both are attributes, no weights."""
    made = call.put("multiply", call.map(), number=call.real("scale", 1.0))
    shape = call.shape(made)
    return [call.put("constant", made, suffix="_bias", shape=(shape[0], *(1,) * (len(shape) - 1)), join="add")]


def affine(call: Call) -> list[Value]:
    """Affine: a factor and a shift that are attributes."""
    made = call.put("multiply", call.live(), number=call.real("alpha", 1.0))
    return [call.put("add", made, suffix="_shift", number=call.real("beta", 0.0))]


def scaled(call: Call) -> list[Value]:
    """Scale: a factor that is an attribute."""
    return [call.put("multiply", call.live(), number=call.real("scale", 1.0))]


def crop(call: Call) -> list[Value]:
    """Crop: borders of left, top, right and bottom, or a height and a width from the first two on."""
    live = call.map()
    border, size = call.wholes("border") or (), call.wholes("scale")
    lengths = call.shape(live)[1:]
    if len(border) != 4 or len(lengths) != 2 or (size and len(size) != 2):
        raise NotKnown("it crops no image")
    left, top, right, bottom = border
    if size:
        right, bottom = lengths[1] - left - size[1], lengths[0] - top - size[0]
    if min(left, top, right, bottom) < 0:
        raise NotKnown("it crops more than there is")
    return [call.put("crop", live, border=((top, bottom), (left, right)))]


def fused(call: Call) -> list[Value]:
    """FusedConv and FusedGemm: with the sum and the activation behind it."""
    kind, rule = ("Gemm", products.gemm) if call.node.kind == "FusedGemm" else ("Conv", windows.convolution)
    (made,) = rule(taking(call, kind, (0, 1, 2)))
    assert isinstance(made, Live)
    if call.given(3):
        made = call.put("add", made, call.live(3), suffix="_sum")
    return [activated(call, made)]


def activated(call: Call, made: Live) -> Live:
    """What a node makes, through the activation that it names."""
    word = call.word("activation", "")
    if not word or word.lower() == "none":
        return made
    if word in ("LeakyRelu", "Clip"):
        found = call.node.attributes.get("activation_params", call.node.attributes.get("leaky_relu_alpha"))
        numbers = [float(one) for one in found if isinstance(one, (int, float))] if isinstance(found, tuple) else []
        if word == "LeakyRelu":
            return call.put("leaky_relu", made, suffix="_leaky", slope=float(f"{(numbers or [0.01])[0]:.7g}"))
        low, high = numbers if len(numbers) == 2 else (0.0, 6.0)
        if (low, high) == (0.0, 6.0):
            return call.put("relu6", made, suffix="_clip")
        return call.put("function", made, suffix="_clip", of="clip", low=low, high=high)
    known = {**dict.fromkeys(("silu", "swish", "quickgelu"), "silu"), **dict.fromkeys(("gelu", "fastgelu"), "gelu")}
    known |= {own.lower(): kind for own, kind in elements.FUNCTIONS.items() if kind not in elements.OF_FUNCTION}
    if word.lower() not in known:
        raise NotKnown(f"with the activation `{word[:40]}`")
    kind = known[word.lower()]
    return call.put(kind, made, suffix=f"_{kind}")


def fused_matmul(call: Call) -> list[Value]:
    """FusedMatMul: a product of two tensors, either of them turned."""
    if call.whole("transBatchA", 0) or call.whole("transBatchB", 0):
        return [along_batch(call)]
    if call.whole("transA", 0):
        first = call.live(0)
        rank = len(call.shape(first))
        if first.axis > 0 or rank < 2:
            raise NotKnown("its first factor is no matrix")
        call = call.on(call.put("permute", first, suffix="_turned", order=(*range(rank - 2), rank - 1, rank - 2)))
    if not call.whole("transB", 0) or not call.given(1):
        return products.matmul(taking(call, "MatMul", (0, 1)))
    if isinstance(call.values[1], Tensor):
        weight = call.fixed(1)
        if len(weight.dims) < 2:
            raise NotKnown("its second factor is no matrix")
        plain = taking(call, "MatMul", (0, 1))
        turned = (*weight.dims[:-2], weight.dims[-1], weight.dims[-2])
        plain.values = [call.values[0], weight._replace(dims=turned, held=None)]
        return products.matmul(plain)
    first, second = call.live(0), call.live(1)
    if first.axis != second.axis or first.axis > 0 or len(call.shape(first)) != len(call.shape(second)):
        raise NotKnown("a product of tensors with different axes")
    return [call.put("matmul", first, second, transposed=True)]


def along_batch(call: Call) -> Live:
    """A FusedMatMul of factors whose first axis, of the rows, moves behind the heads: words stand first there."""
    sides = []
    for place, side in enumerate("AB"):
        value = call.values[place] if call.given(place) else None
        live = products.brought(call, value) if isinstance(value, Tensor) else call.freed(call.live(place))
        rank = len(call.shape(live))
        if rank < 3:
            raise NotKnown("its factors have no axis for a batch")
        order = [*range(1, rank - 1), 0, rank - 1] if call.whole(f"transBatch{side}", 0) else [*range(rank)]
        if call.whole(f"trans{side}", 0):
            order[-2:] = order[:-3:-1]
        turned = order != [*range(rank)]
        sides.append(call.put("permute", live, suffix=f"_turned_{place}", order=tuple(order)) if turned else live)
    return call.put("matmul", *sides)


def gelu(call: Call) -> list[Value]:
    """BiasGelu, FastGelu and QuickGelu, with the bias that they add."""
    live = call.live()
    if call.given(1) and call.node.kind != "QuickGelu":
        (added,) = elements.arithmetic(taking(call, "Add", (0, 1)))
        assert isinstance(added, Live)
        live = added
    if call.node.kind == "QuickGelu":
        return [call.put("silu", live)]
    approximate = "tanh" if call.node.kind == "FastGelu" else "none"
    return [call.put("gelu", live, suffix="_gelu", approximate=approximate)]


def skip_norm(call: Call) -> list[Value | None]:
    """SkipLayerNormalization: a sum and a layer norm of it; the fourth output is the sum."""
    simplified = "Simplified" in call.node.kind
    bias = 3 if simplified else 4
    (total,) = elements.arithmetic(call.like(call.values[:2], f"{call.name}_sum", "Add"))
    assert isinstance(total, Live)
    if call.given(bias):
        brought = taking(call, "Add", (0, bias))
        brought.values = [total, call.values[bias]]
        (added,) = elements.arithmetic(brought)
        assert isinstance(added, Live)
        total = added
    norm = taking(call, "RMSNormalization" if simplified else "LayerNormalization", (0, 2, 3)[: 2 if simplified else 3])
    norm.values = [total, *norm.values[1:]]
    return [*elements.layer_norm(norm), None, None, total]


def few_bits(call: Call) -> list[Value]:
    """MatMulNBits and MatMulBnb4: a matrix whose numbers stand in blocks of a few bits, with a bias behind it."""
    live, weight = call.batched(call.live(), 0), call.fixed(1)
    width, out = call.whole("K", 0), call.whole("N", 0)
    shape = call.shape(live)
    if live.axis == len(call.full(live)) - 1 or shape[-1] != width:
        raise NotKnown(f"a matrix for {width} features")
    axis = "features" if len(shape) == 1 else "last"
    return [call.biased(5, -1, "linear", live, [weight], out=out, axis=axis)]


def few_bits_table(call: Call) -> list[Value]:
    """GatherBlockQuantized: the rows of a table whose numbers stand in blocks of a few bits."""
    table, live = call.fixed(0), call.live(1)
    packed = 8 // call.whole("bits", 4) if table.type == UINT8 else 1
    if len(table.dims) != 2 or call.whole("gather_axis", 0) or live.axis > 0:
        raise NotKnown("a look-up in no table of vectors")
    fields: dict[str, Any] = {"vocabulary": table.dims[0], "features": table.dims[1] * packed, "axis": "last"}
    return [call.put("embedding", live, weights=[table], **fields)]


def biased_softmax(call: Call) -> list[Value]:
    """BiasSoftmax: a sum and its softmax."""
    (total,) = elements.arithmetic(taking(call, "Add", (0, 1)))
    assert isinstance(total, Live)
    return elements.softmax(call.like([total, *call.values[1:]], f"{call.name}_softmax", "Softmax"))


def added(call: Call) -> list[Value]:
    """BiasAdd: a bias, and what went past."""
    (made,) = elements.arithmetic(taking(call, "Add", (0, 1)))
    assert isinstance(made, Live)
    return [call.put("add", made, call.live(2), suffix="_skip") if call.given(2) else made]


def product_gelu(call: Call) -> list[Value]:
    """GemmFastGelu: a product with its bias, through a gelu."""
    (made,) = products.matmul(call)
    assert isinstance(made, Live)
    return [call.put("gelu", made, suffix="_gelu", approximate="tanh")]


def channels_last(rule: Rule, flag: str = "", unsaid: int = 0) -> Rule:
    """A rule for maps with channels first as one for maps with channels last, always or where an attribute says so."""

    def turned(call: Call) -> list[Value]:
        if flag and not call.whole(flag, unsaid):
            return list(rule(call))
        rank = len(call.shape(call.map()))
        values, order = [*call.values], (rank - 1, *range(rank - 1))
        for place, value in enumerate(call.values):
            if isinstance(value, Live) and len(call.full(value)) == rank + 1:
                suffix = f"_first_{place}" if place else "_first"
                values[place] = call.put("permute", call.map(place), suffix=suffix, order=order)
        made = rule(call.like(values, call.name))
        return [
            call.put("permute", one, suffix="_last", order=(*range(1, rank), 0)) if isinstance(one, Live) else one
            for one in dict.fromkeys(made)
        ]

    return turned


def group_norm(call: Call) -> list[Value]:
    """GroupNorm, with the swish behind it."""
    norm = taking(call, "GroupNormalization", (0, 1, 2))
    attributes = {**call.node.attributes, "num_groups": call.whole("groups", 1)}
    norm.node, norm.opset = norm.node._replace(attributes=attributes), 21
    (made,) = elements.group_norm(norm)
    assert isinstance(made, Live)
    return [call.put("silu", made, suffix="_silu") if call.whole("activation", 0) else made]


RUNTIME: dict[str, Rule] = {
    **dict.fromkeys(("MatMulNBits", "MatMulBnb4"), few_bits),
    "GatherBlockQuantized": few_bits_table,
    "BiasSoftmax": biased_softmax,
    "BiasAdd": added,
    "GemmFastGelu": product_gelu,
    "NhwcMaxPool": channels_last(lambda call: windows.pool(taking(call, "MaxPool", (0,)))),
    "GroupNorm": channels_last(group_norm, "channels_last", 1),
    "QLinearConv": channels_last(windows.quantised, "channels_last"),
    "QLinearAdd": unquantised("Add", 0, 3),
    "QLinearMul": unquantised("Mul", 0, 3),
    "QLinearSigmoid": unquantised("Sigmoid", 0),
    "QLinearLeakyRelu": unquantised("LeakyRelu", 0),
    "QLinearSoftmax": unquantised("Softmax", 0),
    "QLinearAveragePool": channels_last(unquantised("AveragePool", 0), "channels_last"),
    "QLinearGlobalAveragePool": channels_last(unquantised("GlobalAveragePool", 0), "channels_last"),
    "QLinearReduceMean": unquantised("ReduceMean", 0),
    "QLinearWhere": unquantised("Where", 0, 1, 4),
    "QGemm": unquantised("Gemm", 0, 3, 6),
    "DynamicQuantizeMatMul": unquantised("MatMul", 0, 1, 4),
    "MatMulIntegerToFloat": unquantised("MatMul", 0, 1, 6),
    "QLinearConcat": joined,
    "DynamicQuantizeLinear": measured,
    "Affine": affine,
    "Scale": scaled,
    "ImageScaler": scaled_image,
    "Crop": crop,
    **dict.fromkeys(("NhwcConv", "NhwcFusedConv"), channels_last(fused)),
    "FusedConv": fused,
    "FusedGemm": fused,
    **dict.fromkeys(("FusedMatMul", "TransposeMatMul"), fused_matmul),
    **dict.fromkeys(("BiasGelu", "FastGelu", "QuickGelu"), gelu),
    **dict.fromkeys(("SkipLayerNormalization", "SkipSimplifiedLayerNormalization"), skip_norm),
}
