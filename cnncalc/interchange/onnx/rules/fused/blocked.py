"""Nodes of onnxruntime's own layouts: `com.microsoft.nchwc` and `com.ms.internal.nhwc`.

In the first, channels are padded to whole blocks: filters are as many as the file holds, those that pad a block among
them, and `ReorderOutput` leaves the net's own channels. In the second, channels are last, and filters as ONNX has them.
"""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.interchange.onnx.call import Call, Live, NotKnown, Rule, Value
from cnncalc.interchange.onnx.rules import elements, shapes, windows
from cnncalc.interchange.onnx.rules.fused import runtime

__all__ = ["BLOCKED", "LAST"]

MOST_MISSING = 64
"""Channels of a block."""


def convolution(call: Call) -> list[Value]:
    """Conv, with the sum and the activation behind it; channels that are missing of a block are zeros."""
    live, weight = call.map(), call.fixed(1)
    missing = weight.dims[1] * call.whole("group", 1) - call.shape(live)[0] if len(weight.dims) > 1 else 0
    if 0 < missing < MOST_MISSING:
        wide = call.put("pad", live, suffix="_block", border=0, channels=((0, missing),))
        call.values = [wide, *call.values[1:]]
    return runtime.fused(call)


def in_order(call: Call) -> list[Value]:
    """ReorderOutput: as many channels as it says, in their own order, first or last."""
    live, channels = call.map(), call.whole("channels", 0)
    held = call.shape(live)[0]
    if not 0 < channels <= held:
        raise NotKnown(f"{channels} of {held} channels")
    made: Live = live if channels == held else call.put("slice", live, channels=(0, channels))
    if not call.whole("channels_last", 0):
        return [made]
    return [call.put("permute", made, suffix="_last", order=(*range(1, len(call.shape(made))), 0))]


BLOCKED: Mapping[str, Rule] = {
    "Conv": convolution,
    **dict.fromkeys(("MaxPool", "AveragePool"), windows.pool),
    **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool"), windows.global_pool),
    "Upsample": windows.resize,
    "ReorderInput": elements.same,
    "ReorderOutput": in_order,
}
"""What each of them becomes."""

LAST: Mapping[str, Rule] = {
    kind: runtime.channels_last(rule)
    for kind, rule in {
        "Conv": windows.convolution,
        "ConvTranspose": windows.deconvolution,
        "QLinearConv": windows.quantised,
        "QLinearConvTranspose": lambda call: windows.deconvolution(runtime.taking(call, "ConvTranspose", (0, 3, 8))),
        **dict.fromkeys(("MaxPool", "AveragePool", "LpPool"), windows.pool),
        **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"), windows.global_pool),
        "QLinearAveragePool": runtime.unquantised("AveragePool", 0),
        "BatchNormalization": elements.batch_norm,
        "InstanceNormalization": elements.group_norm,
        "LRN": elements.lrn,
        "DepthToSpace": shapes.depth_to_space,
        "SpaceToDepth": shapes.space_to_depth,
    }.items()
}
"""What each of those with channels last becomes."""
