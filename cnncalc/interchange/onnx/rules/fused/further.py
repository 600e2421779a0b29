"""Nodes of onnxruntime's that few files have: what other machines fuse, and what its oldest optimisers made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnncalc.interchange.onnx.call import WITHIN, Call, Live, NotKnown, Rule, Value
from cnncalc.interchange.onnx.parts import Tensor
from cnncalc.interchange.onnx.rules import elements, picking, products, shapes, windows
from cnncalc.interchange.onnx.rules.fixed import held
from cnncalc.interchange.onnx.rules.fused.runtime import (
    activated,
    added,
    channels_last,
    fused_matmul,
    gelu,
    group_norm,
    taking,
    unquantised,
)
from cnncalc.interchange.onnx.rules.rarer import Dims, dims_of, joined, result, shaped

__all__ = ["FURTHER", "beside", "weighing"]


def normalised_sum(call: Call) -> list[Value]:
    """SkipGroupNorm: a sum, also of one vector for all places, and a group norm of it; the second output is the sum."""
    (total,) = elements.arithmetic(call.like([call.live(0), call.live(3)], f"{call.name}_sum", "Add"))
    if call.given(4):
        (total,) = elements.arithmetic(call.like([total, call.values[4]], f"{call.name}_biased", "Add"))
    norm = call.like([total, *call.values[1:3]], call.name)
    return [*channels_last(group_norm, "channels_last", 1)(norm), total]


def dynamically_padded(call: Call) -> list[Value]:
    """ConvTransposeWithDynamicPads: what it is padded by is an input."""
    inner = taking(call, "ConvTranspose", (0, 1, 3))
    if (pads := call.numbers(2)) is not None:
        inner.node = inner.node._replace(attributes={**call.node.attributes, "pads": pads})
    return windows.deconvolution(inner)


def beside(call: Call, places: Sequence[int]) -> Call:
    """The same node, of which the tensors of the file in these places are layers that bring them."""
    live = next((value for value in call.values if isinstance(value, Live)), None)
    if live is None:
        raise NotKnown("of fixed tensors")
    values = [*call.values]
    for place in places:
        if call.given(place) and isinstance(value := values[place], Tensor):
            values[place] = held(call, value, live, value.dims or (1,), WITHIN, f"_{place}")
    return call.like(values, call.name)


def weighing(full: Rule, *places: int) -> Rule:
    """A node of which the shape alone is known, and which learns the tensors in these places."""
    return lambda call: [result(beside(call, places), full(call))]


def distances(call: Call) -> Dims:
    """CDist: of every row of one tensor from every row of another."""
    return (dims_of(call, 0, 1)[0], dims_of(call, 1, 1)[0])


def halves(call: Call) -> list[Value]:
    """BiasSplitGelu: a bias, and the first half of the features times a gelu of the second."""
    (made,) = elements.arithmetic(taking(call, "Add", (0, 1)))
    assert isinstance(made, Live)
    shape = call.shape(made)
    axis, width = len(shape) - 1, shape[-1] // 2
    first, second = (
        shapes.cut(call, made, axis, start, start + width, suffix=f"_{name}")
        for start, name in ((0, "first"), (width, "second"))
    )
    return [call.put("multiply", first, call.put("gelu", second, suffix="_gelu"), suffix="_product")]


def multiplied(call: Call) -> list[Value]:
    """FusedMatMulActivation and GemmFloat8: a product and the activation behind it."""
    (made,) = products.gemm(taking(call, "Gemm", (0, 1, 2))) if call.node.kind == "GemmFloat8" else fused_matmul(call)
    assert isinstance(made, Live)
    return [activated(call, made)]


def packed(call: Call, width: tuple[int, int], place: int, bias: int) -> list[Value]:
    """A linear layer whose numbers stand in the file packed, so that the node says its lengths."""
    live = call.batched(call.live(), 0)
    features, out = width
    if call.shape(live)[-1] != features:
        raise NotKnown(f"a matrix for {features} features")
    axis = "features" if len(call.shape(live)) == 1 else "last"
    weight = call.fixed(place)._replace(dims=(out, features), held=None)
    return [call.biased(bias, -1, "linear", live, [weight], out=out, axis=axis)]


def of_four_bits(call: Call) -> list[Value]:
    """MatMulFpQ4: a matrix in blocks of four bits, whose shape is an input."""
    dims = call.numbers(2) or ()
    if len(dims) != 2:
        raise NotKnown("the shape of its matrix is not known")
    return packed(call, (dims[0], dims[1]), 1, 3)


def of_blocks(call: Call) -> list[Value]:
    """MatMulBlockQuantizedFp8Weight: a matrix of eight bits, turned, with a bias."""
    dims = call.fixed(1).dims
    if len(dims) != 2:
        raise NotKnown("no matrix")
    return packed(call, (dims[1], dims[0]), 1, 4)


def causal(call: Call) -> list[Value]:
    """CausalConvWithState: a depthwise convolution of what came so far; its state is the last of that."""
    live, weight, dilation = call.map(), call.fixed(1), call.whole("dilation", 1)
    channels = call.shape(live)[0]
    if call.whole("channels_last", 0) or len(call.shape(live)) != 2 or len(weight.dims) != 3:
        raise NotKnown("along other axes than one")
    if weight.dims[:2] != (channels, 1):
        raise NotKnown(f"its weight is for {weight.dims[0]} channels, and {channels} come in")
    before = (weight.dims[2] - 1) * dilation
    past = isinstance(call.values[3], Live) if call.given(3) else False
    if past:
        live = call.put("concat", call.map(3), live, suffix="_past", axis=1)
    fields = {"padding": ((0 if past else before, 0),), "stride": 1, "dilation": dilation, "multiplier": 1}
    made = activated(call, call.biased(2, 0, "dwconv", live, [weight], kernel=weight.dims[2:], **fields))
    if not any(call.node.outputs[1:]):
        return [made]
    return [made, call.put("opaque", live, suffix="_state", shape=(channels, before), of="state")]


def unsqueezed(call: Call) -> list[Value]:
    """ExpandDims: an axis of length 1, whose place is an input."""
    inner = call.like(call.values[:1], call.name)
    inner.node = inner.node._replace(attributes={"axes": call.numbers(1) or (0,)})
    return shapes.unsqueeze(inner)


def runs(call: Call) -> Dims:
    """UnfoldTensor: all runs of some length along an axis, whose elements are another axis."""
    full, size, step = dims_of(call, 0, 1), call.whole("size", 1), call.whole("step", 1)
    at = call.whole("dim", -1) % len(full)
    if not 1 <= size <= full[at] or step < 1:
        raise NotKnown("its runs are longer than the axis")
    return (*full[:at], (full[at] - size) // step + 1, *full[at + 1 :], size)


def transformed(call: Call) -> Dims:
    """Rfft and Irfft: one side of a spectrum along the last axis, with an axis for both parts of a number, and back."""
    full = dims_of(call, 0, 2)
    if call.node.kind == "Rfft":
        return (*full[:-1], full[-1] // 2 + 1, 2)
    return (*full[:-2], 2 * (full[-2] - 1))


def cropped(call: Call) -> Dims:
    """CropAndResize: a map of one size for each region."""
    size = call.numbers(3) or ()
    if len(size) != 2:
        raise NotKnown("its size is not known")
    return (dims_of(call, 1, 1)[0], dims_of(call, 0, 2)[1], *size)


def scaled_silu(call: Call) -> list[Value]:
    """ScaledSiLU: a factor and a silu."""
    if call.given(1):
        (scaled,) = elements.arithmetic(taking(call, "Mul", (0, 1)))
        assert isinstance(scaled, Live)
    else:
        scaled = call.put("multiply", call.live(), suffix="_scaled", number=call.real("alpha", 1.0))
    return [call.put("silu", scaled)]


def dropped(call: Call) -> list[Value]:
    """BiasDropout and its like: a bias, and what went past; nothing is dropped at inference."""
    return added(call) * len(call.node.outputs)


def normalised(call: Call) -> list[Value]:
    """QOrderedLayerNormalization: a norm between quantised numbers."""
    return elements.layer_norm(taking(call, "LayerNormalization", (0, 2, 3)))


def ordered_product(call: Call) -> list[Value]:
    """QOrderedMatMul: a product of quantised numbers with a bias, and what is added to it."""
    (made,) = unquantised("MatMul", 0, 2, 5)(call)
    return [call.put("add", made, call.live(6), suffix="_sum") if call.given(6) else made]


FURTHER: Mapping[str, Rule] = {
    "SkipGroupNorm": normalised_sum,
    "ConvTransposeWithDynamicPads": dynamically_padded,
    "CDist": weighing(distances, 0, 1),
    "BiasSplitGelu": halves,
    **dict.fromkeys(("FusedMatMulActivation", "GemmFloat8"), multiplied),
    "MatMulFpQ4": of_four_bits,
    "MatMulBlockQuantizedFp8Weight": of_blocks,
    "MatMulInteger16": products.quantised_matmul,
    "CausalConvWithState": causal,
    "TorchEmbedding": lambda call: picking.gather(taking(call, "Gather", (0, 1))),
    "ExpandDims": unsqueezed,
    "UnfoldTensor": shaped(runs),
    **dict.fromkeys(("Rfft", "Irfft"), shaped(transformed)),
    "CropAndResize": shaped(cropped),
    **dict.fromkeys(("ComplexMul", "ComplexMulConj"), shaped(joined)),
    "MulInteger": unquantised("Mul", 0, 2),
    "MaxpoolWithMask": lambda call: windows.pool(taking(call, "MaxPool", (0,))),
    "ReduceSumInteger": lambda call: picking.reduce(call.like(call.values, call.name, "ReduceSum")),
    "IsAllFinite": shaped(lambda call: ()),
    **dict.fromkeys(("BiasDropout", "BitmaskBiasDropout"), dropped),
    "BitmaskDropout": elements.dropout,
    **dict.fromkeys(("QuantizeWithOrder", "DequantizeWithOrder"), elements.same),
    "QOrderedGelu": lambda call: gelu(taking(call, "Gelu", (0,))),
    "QOrderedLayerNormalization": normalised,
    "QOrderedMatMul": ordered_product,
    "ScaledSiLU": scaled_silu,
}
"""What each of them becomes."""
