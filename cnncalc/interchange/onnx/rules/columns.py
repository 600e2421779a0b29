"""Rarer windows: laid out as columns, columns added up to a map, places of a pool filled again, moved by offsets."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.onnx.call import Call, Live, NotKnown, Value
from cnncalc.interchange.onnx.rules.windows import each, pairs

__all__ = ["columns", "deformable", "folded", "unpool"]


def columns(call: Call) -> list[Value]:
    """Every window as the channels of one place, which Core ML's converter writes as a convolution with ones."""
    live, border = call.map(), pairs(call, 2)
    if any(isinstance(one, str) or one[0] != one[1] for one in border):
        raise NotKnown("its border is not alike on both sides")
    more: dict[str, Any] = {"kernel": call.wholes("kernel_shape") or (), "padding": tuple(one[0] for one in border)}
    more |= {"stride": each(call, "strides", 2), "dilation": each(call, "dilations", 2)}
    made = call.put("unfold", live, suffix="_windows", **more)
    layer: Any = call.sketch.operators[made.tensor].layer
    return [call.put("reshape", made, shape=layer.between(call.shape(live)))]


def folded(call: Call) -> list[Value]:
    """Col2Im: columns added up to a map."""
    size, kernel = call.numbers(1) or (), call.numbers(2) or ()
    rank = len(kernel)
    padding = pairs(call, rank)
    if isinstance(padding, str) or any(before != after for before, after in padding):
        raise NotKnown("its padding is uneven")
    fields: dict[str, Any] = {"size": size, "kernel": kernel, "stride": each(call, "strides", rank)}
    fields["padding"] = tuple(before for before, _ in padding)
    return [call.put("fold", call.live(), dilation=each(call, "dilations", rank), **fields)]


def unpool(call: Call) -> list[Value]:
    """MaxUnpool, on what a pool made and on the places of that pool."""
    live, pool = call.map(), call.live(1)
    if call.sketch.operators[pool.tensor].layer is None or call.shape(pool) != call.shape(live):
        raise NotKnown("its places are none that a pool found")
    kernel = call.wholes("kernel_shape") or ()
    rank = len(kernel)
    size = call.numbers(2)
    fields: dict[str, Any] = {} if size is None else {"size": size[-rank:]}
    padding = pairs(call, rank)
    if isinstance(padding, str) or (size is None and any(before != after for before, after in padding)):
        raise NotKnown("its padding is uneven")
    fields |= {"kernel": kernel, "stride": each(call, "strides", rank), "padding": tuple(p for p, _ in padding)}
    return [call.put("maxunpool", live, pool, **fields)]


def deformable(call: Call) -> list[Value]:
    """DeformConv: a map, offsets, and a mask where there is one."""
    live, weight = call.map(), call.fixed(1)
    rank = len(weight.dims) - 2
    if rank < 1 or not call.given(2):
        raise NotKnown("it slides along no axis, or is moved by nothing")
    bias = [call.fixed(3)] if call.given(3) else []
    mask = [call.live(4)] if call.given(4) and isinstance(call.values[4], Live) else []
    if call.given(4) and not mask:  # of numbers that the file holds, as those of ones, nobody learns any
        dims = call.fixed(4).dims[1:]
        mask = [call.put("constant", live, suffix="_mask", shape=dims, join="alone")]
    fields = {
        "out": weight.dims[0],
        "groups": call.whole("group", 1),
        "kernel": weight.dims[2:],
        "stride": each(call, "strides", rank),
        "padding": pairs(call, rank),
        "dilation": each(call, "dilations", rank),
        "bias": bool(bias),
    }
    offset = (
        call.live(2)
        if isinstance(call.values[2], Live)
        else call.put("constant", live, suffix="_offset", shape=call.fixed(2).dims[1:], join="alone")
    )
    return [call.put("deform_conv", live, offset, *mask, weights=[weight, *bias], **fields)]
