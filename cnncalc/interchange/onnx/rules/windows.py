"""Nodes that slide windows over maps, and those that change how large maps are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cnncalc.arithmetic.windows.nearest import single
from cnncalc.interchange.onnx.call import WITHIN, Call, Live, NotKnown, Value
from cnncalc.interchange.onnx.parts import Tensor
from cnncalc.interchange.onnx.rules.fixed import by_columns
from cnncalc.layers.base import Shape

__all__ = ["convolution", "deconvolution", "each", "global_pool", "mean", "pad", "pairs", "pool", "quantised", "resize"]

AUTOMATIC = {"SAME_UPPER": "same", "SAME_LOWER": "same_lower", "VALID": ((0, 0),)}


def pairs(call: Call, rank: int) -> Any:
    """`pads` and `auto_pad` as padding of ours."""
    if rank < 1:
        raise NotKnown("it slides along no axis")
    word = call.word("auto_pad", "NOTSET")
    if word in AUTOMATIC:
        return AUTOMATIC[word]
    pads = call.wholes("pads") or (0,) * 2 * rank
    if len(pads) != 2 * rank or min(pads) < 0:
        raise NotKnown(f"`pads` is {list(pads)[:8]}")
    return tuple(zip(pads[:rank], pads[rank:]))


def each(call: Call, name: str, rank: int) -> tuple[int, ...]:
    """A list with a number an axis; ones where it is not given."""
    found = call.wholes(name) or (1,) * rank
    if len(found) != rank:
        raise NotKnown(f"`{name}` has {len(found)} numbers for {rank} axes")
    return found


def convolution(call: Call, x: int = 0, w: int = 1, b: int = 2) -> list[Value]:
    """Conv: the filters stand in the shape of the weight. One group a channel is depthwise."""
    live, computed = call.map(x), call.batch == 1 and call.given(w) and isinstance(call.values[w], Live)
    weight = call.live(w) if computed else call.fixed(w)
    dims = weight.dims if isinstance(weight, Tensor) else call.full(weight)
    rank = len(dims) - 2
    channels = call.shape(live)[0]
    if rank < 1 or len(call.full(live)) != rank + 2:
        raise NotKnown("the axes of weight and input differ")
    groups = call.whole("group", 1) or channels  # NNEF says 0 for one a channel
    if channels != dims[1] * groups:
        raise NotKnown(f"the weight is for {dims[1] * groups} channels, and {channels} come in")
    b = b if call.given(b) and call.fixed(b).learned else len(call.values)  # torch may write zeros of its own
    fields: dict[str, Any] = {
        "kernel": dims[2:],
        "stride": each(call, "strides", rank),
        "padding": pairs(call, rank),
        "dilation": each(call, "dilations", rank),
    }
    if isinstance(weight, Live) or weight.computed_anew:
        fields["groups"] = groups
        return [by_columns(call, live, weight, call.fixed(b) if call.given(b) else None, fields)]
    if groups == channels > 1 and dims[0] % groups == 0:
        return [call.biased(b, 0, "dwconv", live, [weight], multiplier=dims[0] // groups, **fields)]
    return [call.biased(b, 0, "conv", live, [weight], out=dims[0], groups=groups, **fields)]


def quantised(call: Call) -> list[Value]:
    """QLinearConv and ConvInteger: the convolution that they are."""
    if call.node.kind == "ConvInteger":
        return convolution(call, b=len(call.values))
    return convolution(call, w=3, b=8)


def deconvolution(call: Call) -> list[Value]:
    """ConvTranspose; an `output_shape` decides on padding and output padding."""
    live, weight = call.map(), call.fixed(1)
    rank = len(weight.dims) - 2
    if rank < 1 or len(call.full(live)) != rank + 2:
        raise NotKnown("the axes of weight and input differ")
    groups = call.whole("group", 1)
    stride, dilation = each(call, "strides", rank), each(call, "dilations", rank)
    padding = pairs(call, rank)
    more = call.wholes("output_padding") or (0,) * rank
    wanted = call.wholes("output_shape")
    if wanted:
        upper = call.word("auto_pad", "NOTSET") == "SAME_UPPER"
        padding, made_more = [], []
        for n, out, k, s, d, op in zip(call.shape(live)[1:], wanted[-rank:], weight.dims[2:], stride, dilation, more):
            total = s * (n - 1) + op + (k - 1) * d + 1 - out
            half, rest = max(total, 0) // 2, max(total, 0) - max(total, 0) // 2
            padding.append((half, rest) if upper else (rest, half))
            made_more.append(op + max(-total, 0))
        padding, more = tuple(padding), tuple(made_more)
    bias = [call.fixed(2)] if call.given(2) else []
    fields: dict[str, Any] = {"output_padding": more} if any(more) else {}
    return [
        call.put(
            "deconv",
            live,
            weights=[weight, *bias],
            out=weight.dims[1] * groups,
            groups=groups,
            kernel=weight.dims[2:],
            stride=stride,
            padding=padding,
            dilation=dilation,
            bias=bool(bias),
            **fields,
        )
    ]


def pool(call: Call) -> list[Value]:
    """MaxPool, AveragePool and LpPool; `rounds_up` is said of another format's alone."""
    live = call.map()
    kernel = call.wholes("kernel_shape") or ()
    rank = len(kernel)
    if not rank or len(call.shape(live)) != rank + 1:
        raise NotKnown("the axes of kernel and input differ")
    kind = {"MaxPool": "maxpool", "AveragePool": "avgpool", "LpPool": "lppool"}[call.node.kind]
    fields: dict[str, Any] = {"kernel": kernel, "stride": each(call, "strides", rank), "padding": pairs(call, rank)}
    if call.whole("ceil_mode", 0):
        fields["rounding"] = "ceil"
    if call.whole("rounds_up", 0):
        live = rounded_up(call, live, fields)
    dilation = each(call, "dilations", rank)
    if kind != "lppool":
        fields["dilation"] = dilation
    elif max(dilation) > 1:  # no layer of ours: it is as large as the largest of the same windows
        alike = call.put("maxpool", live, suffix="_alike", dilation=dilation, **fields)
        return [call.put("opaque", live, shape=call.shape(alike), of="LpPool")]
    if kind == "avgpool":
        padded = fields["padding"] if isinstance(fields["padding"], str) else any(map(any, fields["padding"]))
        fields["count_include_pad"] = bool(call.whole("count_include_pad", 0)) or not padded
    if kind == "lppool":
        fields["norm"] = call.real("p", 2.0)
    made = call.put(kind, live, **fields)
    return [made] * len(call.node.outputs)  # its places are asked for by a MaxUnpool, which knows the pool by them


def rounded_up(call: Call, live: Live, fields: dict[str, Any]) -> Live:
    """A pool that rounds up as Core ML's: its borders are as wide as its last windows need.

    A window that would begin behind the image is left out where there is a border, and else counts.
    """
    lengths, kernel, stride = call.shape(live)[1:], fields["kernel"], fields["stride"]
    padding = []
    for n, k, s, (before, after) in zip(lengths, kernel, stride, fields["padding"]):
        steps = -(-(n + before + after - k) // s)
        steps -= steps * s >= n + before and before + after > 0
        padding.append((before, max(after, steps * s + k - n - before)))
    fields["padding"] = tuple(padding)
    if any(2 * max(border) > k for border, k in zip(padding, kernel)):  # more of a window outside than a pool bears
        live = call.put("pad", live, suffix="_border", border=fields["padding"])
        fields["padding"] = ((0, 0),) * len(kernel)
    return live


def global_pool(call: Call) -> list[Value]:
    """GlobalAveragePool, GlobalMaxPool and GlobalLpPool."""
    live = call.batched(call.live(), 0)
    shape = call.shape(live)
    if live.axis == WITHIN and len(shape) > 2 and call.node.kind != "GlobalLpPool":  # of many maps of one image
        by = "mean" if "Average" in call.node.kind else "max"
        return [call.put("reduce", live, by=by, axes=tuple(range(2, len(shape))), keep=True)]
    live = call.map()
    if call.node.kind == "GlobalLpPool":
        return [call.put("lppool", live, kernel=call.shape(live)[1:], norm=call.real("p", 2.0))]
    return [call.put("global_avgpool" if "Average" in call.node.kind else "global_maxpool", live)]


def mean(call: Call) -> list[Value] | None:
    """A ReduceMean or ReduceMax over all of a map, which is a global pool; None for any other."""
    live, axes = call.live(), call.axes()
    rank = len(call.full(live))
    if live.axis or axes is None or rank < 3 or {axis % rank for axis in axes} != set(range(2, rank)):
        return None
    kind = {"ReduceMean": "global_avgpool", "ReduceMax": "global_maxpool"}.get(call.node.kind)
    return None if kind is None else [call.put(kind, live, flat=not call.whole("keepdims", 1))]


def pad(call: Call) -> list[Value]:
    """Pad, of channels and spatial axes; negative numbers crop."""
    live = call.map()
    given = call.wholes("pads") or call.wholes("paddings") if call.opset < 11 else call.numbers(1)
    rank = len(call.full(live))
    axes = call.numbers(3) if call.given(3) else None
    if given is None:
        raise NotKnown("`pads` is not known")
    if axes is not None and len(given) == 2 * len(axes):
        whole = [0] * (2 * rank)
        for place, axis in enumerate(axes):
            whole[axis % rank], whole[axis % rank + rank] = given[place], given[place + len(axes)]
        given = tuple(whole)
    if len(given) != 2 * rank or given[0] or given[rank]:
        raise NotKnown("it pads the batch")
    borders = list(zip(given[1:rank], given[rank + 1 :]))
    if not any(map(any, borders)):
        return [live]
    line = len(borders) == 1  # a signal without channels has one while it is padded
    if line:
        live = call.put("reshape", live, suffix="_line", shape=(1, *call.shape(live)))
        borders.insert(0, (0, 0))
    added = [(max(a, 0), max(b, 0)) for a, b in borders]
    cut = [(max(-a, 0), max(-b, 0)) for a, b in borders]
    if any(cut[0]):
        raise NotKnown("it cuts channels")
    if any(map(any, added)):
        live = call.put("pad", live, border=tuple(added[1:]), channels=(added[0],))
    if any(map(any, cut)):
        live = call.put("crop", live, suffix="_crop", border=tuple(cut[1:]))
    return [call.put("flatten", live, suffix="_signal") if line else live]


MODES = {"nearest": "nearest", "linear": "linear", "cubic": "cubic"}


def resize(call: Call) -> list[Value]:
    """Resize and Upsample: scales are float32, and a length is ⌊n·scale⌋; sizes may keep the aspect."""
    live = call.map()
    shape = call.shape(live)
    rank = len(shape)
    place = {"Upsample": 1}.get(call.node.kind, 1 if call.opset < 11 else 2)
    scales = call.fixed(place).numbers if call.given(place) else said_scales(call, rank)
    sizes = call.numbers(3) if call.given(3) else None
    axes = call.wholes("axes")
    if sizes:
        wanted = list(call.full(live))
        for axis, n in kept(call, dict(zip(axes or range(rank + 1), sizes)), wanted):
            wanted[axis % (rank + 1)] = n
        made = tuple(wanted[1:])
    elif scales:
        factors: list[int | float] = [1] * (rank + 1)
        for axis, scale in zip(axes or range(rank + 1), scales):
            factors[axis % (rank + 1)] = scale
        if any(not 0 < factor < 1e6 for factor in factors):
            raise NotKnown("its scales are no positive numbers")
        made = tuple(scaled(n, factor) for n, factor in zip(shape, factors[1:]))
    else:
        raise NotKnown("neither its scales nor its sizes are known")
    if min(made) < 1 or rank < 2:
        raise NotKnown("it makes nothing")
    return [live if made == shape else resized(call, live, made)]


def said_scales(call: Call, rank: int) -> tuple[float, ...] | None:
    """Factors that are attributes: `scales`, and in the first opset those of height and width."""
    found = call.node.attributes.get("scales")
    if isinstance(found, tuple):
        return tuple(float(one) for one in found if isinstance(one, (int, float)))
    sides = [call.node.attributes.get(name) for name in ("height_scale", "width_scale")]
    numbers = tuple(float(one) for one in sides if isinstance(one, (int, float)))
    return (*(1.0,) * (rank - 1), *numbers) if len(numbers) == 2 else None


def resized(call: Call, live: Live, made: Shape) -> Live:
    """A map of these lengths; where its first axis changes, as with channels last, one that does not is put first."""
    shape, rank = call.shape(live), len(made)
    if made[0] != shape[0]:
        first = next((axis for axis in reversed(range(rank)) if made[axis] == shape[axis]), None)
        if first is None:
            raise NotKnown("it resizes all axes")
        order = (first, *(axis for axis in range(rank) if axis != first))
        turned = call.put("permute", live, suffix="_first", order=order)
        wide = resized(call, turned, tuple(made[axis] for axis in order))
        return call.put("permute", wide, suffix="_back", order=tuple(order.index(axis) for axis in range(rank)))
    mode = MODES.get(call.word("mode", "nearest"), "nearest")
    if mode == "cubic" and rank != 3:
        raise NotKnown("a cubic interpolation is for two axes")
    corners = call.word("coordinate_transformation_mode", "half_pixel") == "align_corners"
    factors_of = [m // n if m % n == 0 else 0 for m, n in zip(made[1:], shape[1:])]
    fields: dict[str, Any] = {"scale": tuple(factors_of)} if all(factors_of) else {"size": made[1:]}
    return call.put("upsample", live, mode=mode, align_corners=corners and mode != "nearest", **fields)


def kept(call: Call, sizes: Mapping[int, int], full: Sequence[int]) -> Iterable[tuple[int, int]]:
    """The lengths that sizes mean: each as it is said, or all by one factor, so that none is larger or none smaller."""
    policy = call.word("keep_aspect_ratio_policy", "stretch")
    if policy == "stretch":
        return sizes.items()
    choose = {"not_larger": min, "not_smaller": max}.get(policy)
    if choose is None or any(not -len(full) <= axis < len(full) for axis in sizes):
        raise NotKnown(f"by the policy `{policy[:40]}`")
    factor = choose(single(n / full[axis]) for axis, n in sizes.items())
    return [(axis, int(single(factor * full[axis]) + 0.5)) for axis in sizes]


def scaled(n: int, factor: int | float) -> int:
    """⌊n·factor⌋, the product rounded to float32 as the runtime's is."""
    return int(single(n * factor))
