"""Operators with weights, and those that slide windows."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.interchange.tflite.call import Call, Live, Spread, Value, activated
from cnncalc.interchange.tflite.stated import alone
from cnncalc.interchange.tflite.stated import said as stated_shapes
from cnncalc.layers import show_shape

__all__ = [
    "convolution",
    "convolution_3d",
    "deconvolution",
    "deconvolution_3d",
    "embedding",
    "gathered",
    "linear",
    "pool",
    "put_together",
    "spread",
]

SAME = 0
POOLS = {"AVERAGE_POOL_2D": "avgpool", "L2_POOL_2D": "lppool", "MAX_POOL_2D": "maxpool"}


def convolution(call: Call) -> list[Value]:
    """CONV_2D and DEPTHWISE_CONV_2D; on a map that is dealt out it waits until that is put together again."""
    value = call.place(0)
    if isinstance(call.place(1), Live):  # weights that are computed: of what comes out the shape alone is known
        return stated_shapes(call)
    if isinstance(value, Spread):
        if value.call is not None:
            raise call.fault("two convolutions on a map that is dealt out are not read")
        return [value._replace(call=call)]
    return [_convolved(call, call.map(), (1, 1), None)]


def _convolved(call: Call, x: Live, block: tuple[int, ...], border: tuple[tuple[int, int], ...] | None) -> Live:
    """A convolution whose dilation is `block` times its own, with the map's own border where there is one."""
    depthwise = call.operator.kind == "DEPTHWISE_CONV_2D"
    dims = call.fixed(1).dims
    if len(dims) != 4 or min(dims) < 1:
        raise call.fault("its kernel has four axes", show_shape(dims))
    first = 5 if depthwise else 4
    dilation = (call.whole(first + 1, 1) * block[0], call.whole(first, 1) * block[1])
    fields: dict[str, Any] = {"kernel": dims[1:3], "stride": (call.whole(2), call.whole(1)), "dilation": dilation}
    fields["padding"] = "same" if call.whole(0, size=1) == SAME else "valid"
    if border is not None:
        if fields["stride"] != (1, 1) or fields["padding"] == "same":
            raise call.fault("a convolution with strides or a border on a map that is dealt out is not read")
        fields["padding"] = border
    channels = x.dims[3]
    if depthwise:
        if dims[3] % channels:
            raise call.fault("its kernel has filters for each channel", f"{dims[3]} filters, {channels} channels")
        made = call.biased("dwconv", x, 2, multiplier=dims[3] // channels, **fields)
        return activated(call, made, call.whole(4, size=1))
    if channels % dims[3]:
        raise call.fault("its kernel is as deep as a group of channels", f"{dims[3]} deep, {channels} channels")
    made = call.biased("conv", x, 2, out=dims[0], groups=channels // dims[3], **fields)
    return activated(call, made, call.whole(3, size=1))


def convolution_3d(call: Call) -> list[Value]:
    """CONV_3D: depth, height, width, channels in, filters."""
    x, dims = call.live(), call.fixed(1).dims
    if len(dims) != 5 or len(x.dims) != 5 or not call.batched(x.dims) or x.dims[4] != dims[3]:
        raise call.fault("its kernel has three axes and as many channels as come in", show_shape(dims))
    made = call.biased(
        "conv",
        x,
        2,
        out=dims[4],
        kernel=dims[:3],
        stride=(call.whole(1), call.whole(3), call.whole(2)),
        dilation=(call.whole(5, 1), call.whole(7, 1), call.whole(6, 1)),
        padding="same" if call.whole(0, size=1) == SAME else "valid",
    )
    return [activated(call, made, call.whole(4, size=1))]


def spread(call: Call) -> list[Value]:
    """SPACE_TO_BATCH_ND: the map waits for the convolution behind it."""
    border = call.wholes(2)
    if len(call.wholes(1)) != 2 or len(border) != 4 or min(border) < 0 or min(call.wholes(1)) < 1:
        raise call.fault("it deals out two axes", str(border)[:60])
    return [Spread(call.map(), call.wholes(1), (border[:2], border[2:]))]


def put_together(call: Call) -> list[Value]:
    """BATCH_TO_SPACE_ND: what was convolved between the two is convolved with a dilation."""
    value = call.place(0)
    crops = call.wholes(2)
    if not isinstance(value, Spread) or value.call is None or len(crops) != 4 or value.block != call.wholes(1):
        raise call.fault("it is read behind a SPACE_TO_BATCH_ND and a convolution only")
    border = tuple(
        (before - cut_before, after - cut_after)
        for (before, after), (cut_before, cut_after) in zip(value.border, (crops[:2], crops[2:]))
    )
    if min(map(min, border)) < 0:
        raise call.fault("it cuts off more than the border", str(border))
    return [_convolved(value.call, value.live, value.block, border)]


def deconvolution(call: Call) -> list[Value]:
    """TRANSPOSE_CONV to a size that it states: its third tensor is what is enlarged."""
    x, dims = call.map(2), call.fixed(1).dims
    said = call.stated[0] if call.stated else None  # what is stated of the size that comes in as a tensor
    target = said if said is not None and isinstance(call.place(0), Live) else call.wholes(0)
    if len(dims) != 4 or len(target) != 4:
        raise call.fault("its kernel and its output have four axes", show_shape(dims))
    strides = (call.whole(2), call.whole(1))
    over = [(n - 1) * s + k - wanted for n, s, k, wanted in zip(x.dims[1:3], strides, dims[1:3], target[1:3])]
    made = call.biased(
        "deconv",
        x,
        3,
        out=dims[0],
        kernel=dims[1:3],
        stride=strides,
        padding=tuple((max(one, 0) // 2, max(one, 0) - max(one, 0) // 2) for one in over),
        output_padding=tuple(max(-one, 0) for one in over),
    )
    return [activated(call, made, call.whole(3, size=1))]


def deconvolution_3d(call: Call) -> list[Value]:
    """CONV_3D_TRANSPOSE: depth, height, width, filters, channels in; to a size that it states."""
    x, dims = call.live(2), call.fixed(1).dims
    said = call.stated[0] if call.stated else None
    target = said if said is not None and isinstance(call.place(0), Live) else call.wholes(0)
    if not len(dims) == len(x.dims) == len(target) == 5 or not call.batched(x.dims):
        raise call.fault("its kernel and its output have five axes", show_shape(dims))
    strides = (call.whole(1), call.whole(3), call.whole(2))
    over = [(n - 1) * s + k - wanted for n, s, k, wanted in zip(x.dims[1:4], strides, dims, target[1:4])]
    padding = tuple((max(one, 0) // 2, max(one, 0) - max(one, 0) // 2) for one in over)
    more = tuple(max(-one, 0) for one in over)
    fields: dict[str, Any] = {"out": dims[3], "kernel": dims[:3], "stride": strides, "padding": padding}
    made = call.biased("deconv", x, 3, output_padding=more, **fields)
    return [activated(call, made, call.whole(4, size=1))]


def pool(call: Call) -> list[Value]:
    """AVERAGE_POOL_2D, which leaves the border out, L2_POOL_2D and MAX_POOL_2D."""
    if call.operator.kind == "L2_POOL_2D" and call.whole(0, size=1) == SAME:  # no layer of ours has a border there
        return stated_shapes(call)
    made = call.put(
        POOLS[call.operator.kind],
        call.map(),
        kernel=(call.whole(4), call.whole(3)),
        stride=(call.whole(2), call.whole(1)),
        padding="same" if call.whole(0, size=1) == SAME else "valid",
    )
    return [activated(call, made, call.whole(5, size=1))]


def linear(call: Call) -> list[Value]:
    """FULLY_CONNECTED, and BATCH_MATMUL with a matrix of the file: on the last axis, or on all as one vector."""
    product = call.operator.kind == "BATCH_MATMUL"
    x, dims = call.live(), call.fixed(1).dims
    if len(dims) != 2 or (product and call.flag(0)):
        raise call.fault("it multiplies by a matrix", show_shape(dims))
    out, features = dims if not product or call.flag(1) else (dims[1], dims[0])
    body = x.dims[1:] if call.batched(x.dims) else x.dims
    kept = product or call.flag(2)
    if not kept and prod(body) == features:
        x = call.shaped(x, (call.batch, features))
        made_dims: tuple[int, ...] = (call.batch, out)
    elif not x.dims or (x.dims[-1] != features and (kept or not features or prod(x.dims) % features)):
        raise call.fault("its matrix is as wide as the last axis", f"{features} wide, {show_shape(x.dims)}")
    elif kept:
        made_dims = (*x.dims[:-1], out)
    else:
        rows = prod(x.dims) // features  # whatever the axes, so many rows of so many numbers
        x, made_dims = call.shaped(x, (rows, features)), (rows, out)
    fields: dict[str, Any] = {"out": out}
    if len(call.build.shape(x.tensor)) > 1:
        fields["axis"] = "channels"
    if product:
        return [call.put("linear", x, weights=(1,), dims=made_dims, bias=False, **fields)]
    return [activated(call, call.biased("linear", x, 2, made_dims, **fields), call.whole(0, size=1))]


def embedding(call: Call) -> list[Value]:
    """EMBEDDING_LOOKUP: a row of a table for each number."""
    return _rows(call, call.live(0), 1)


def gathered(call: Call) -> list[Value]:
    """GATHER: rows of a table of the file, or one place of a tensor."""
    if isinstance(call.place(1), Live):
        return _rows(call, call.live(1), 0)
    x, places = call.live(0), call.fixed(1)
    axis, around = call.among(call.whole(0), x.dims), call.whole(1)
    dims = (*x.dims[:axis], *places.dims[around:], *x.dims[axis + 1 :])
    if places.size != 1 or places.values is None or around:
        return [alone(call, dims, x)]
    if not axis and call.batched(x.dims):
        return [call.shaped(x, dims)]
    made = call.put("select", x, dims=dims, at=int(places.values[0]), axis=call.axis(axis, x.dims))
    return [made if not places.dims else call.shaped(made, dims)]


def _rows(call: Call, numbers: Live, place: int) -> list[Value]:
    table = call.fixed(place)
    if len(table.dims) != 2:
        raise call.fault("its table has rows", show_shape(table.dims))
    dims = (*numbers.dims, table.dims[1])
    return [
        call.put("embedding", numbers, weights=(place,), dims=dims, vocabulary=table.dims[0], features=table.dims[1])
    ]
