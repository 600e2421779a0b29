"""Windows laid out as columns, and columns added up to a map."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.onnx.call import Call, NotKnown, Value
from cnncalc.interchange.onnx.rules.windows import each, pairs

__all__ = ["columns", "folded"]


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
