"""Operators that lay elements out anew, join tensors or take parts of them."""

from __future__ import annotations

from itertools import accumulate, pairwise
from math import prod
from typing import Any

from cnncalc.interchange.tflite.call import Below, Call, Live, Rule, Value, activated
from cnncalc.interchange.tflite.model import Fixed
from cnncalc.interchange.tflite.stated import alike, alone
from cnncalc.layers import show_shape

__all__ = [
    "below", "blocks", "chosen", "concat", "expand", "pack", "pad", "places", "reduce", "reshape", "resize", "slice_",
    "split", "squeeze", "strided", "tile", "topk", "transpose", "unpack",
]  # fmt: skip

WHOLE = (2, 4)
"""The types int32 and int64."""


def reshape(call: Call) -> list[Value]:
    """To a shape of its second tensor, or of its settings; -1 is what is left."""
    x = call.live()
    target = call.wholes(1) if call.given(1) else call.options.wholes(0, 8) if call.options else ()
    rest = prod(n for n in target if n != -1)
    if target.count(-1) > 1 or min(target, default=0) < -1 or (-1 in target and (rest == 0 or prod(x.dims) % rest)):
        raise call.fault("this shape cannot be", f"{x.dims} to {target}"[:120])
    return [call.shaped(x, tuple(prod(x.dims) // rest if n == -1 else n for n in target))]


def squeeze(call: Call) -> list[Value]:
    """Axes of length 1 less."""
    x = call.live()
    named = {call.among(axis, x.dims) for axis in (call.options.wholes(0, 8) if call.options else ())}
    gone = named or {axis for axis, n in enumerate(x.dims) if n == 1}
    if any(x.dims[axis] != 1 for axis in gone):
        raise call.fault("only axes of length 1 can be left out", show_shape(x.dims))
    return [call.shaped(x, tuple(n for axis, n in enumerate(x.dims) if axis not in gone))]


def expand(call: Call) -> list[Value]:
    """An axis of length 1 more."""
    x, axis = call.live(), (*call.wholes(1), 0)[0]
    at = axis % (len(x.dims) + 1)
    return [call.shaped(x, (*x.dims[:at], 1, *x.dims[at:]))]


def transpose(call: Call) -> list[Value]:
    """The axes in another order; where only axes of length 1 move, it is a new shape."""
    x, order = call.live(), call.wholes(1)
    if sorted(order) != list(range(len(x.dims))):
        raise call.fault("an order names each axis once", str(order)[:60])
    dims = tuple(x.dims[axis] for axis in order)
    long = [axis for axis in order if x.dims[axis] != 1]
    if long == sorted(long) and call.batch == 1:
        return [call.shaped(x, dims)]
    if call.batched(x.dims) != call.batched(dims) or (call.batched(x.dims) and order[0] != 0):
        last = len(order) - 1
        ours = tuple(0 if axis == last else axis + 1 for axis in (order[-1], *order[:-1]))
        moved = call.put("permute", call.whole_of(x), dims=dims, order=ours)
        return [call.shaped(moved, dims)]
    start = int(call.batched(dims))
    theirs = [order[-1], *order[start:-1]]
    ours = tuple(call.axis(axis, x.dims) for axis in theirs)
    return [call.put("permute", x, dims=dims, order=ours)]


def concat(call: Call) -> list[Value]:
    """CONCATENATION."""
    lives = [call.live(place) for place in range(len(call.values))]
    dims = lives[0].dims
    axis = call.among(call.whole(0), dims)
    if any(len(live.dims) != len(dims) for live in lives):
        raise call.fault("it joins tensors with as many axes")
    if not axis and len(dims) > 1 and len(lives) > 1:
        return [activated(call, behind(call, lives), call.whole(1, size=1))]
    made_dims = (*dims[:axis], sum(live.dims[axis] for live in lives), *dims[axis + 1 :])
    fields: dict[str, Any] = {"axis": place} if (place := call.axis(axis, dims)) else {}
    made = lives[0] if len(lives) == 1 else call.put("concat", *lives, dims=made_dims, **fields)
    return [activated(call, made, call.whole(1, size=1))]


def behind(call: Call, lives: list[Live]) -> Live:
    """Tensors one behind the other along their first axis, which is that of the batch elsewhere."""
    dims = (sum(live.dims[0] for live in lives), *lives[0].dims[1:])
    return call.put("concat", *map(call.whole_of, lives), dims=dims, axis=1 if len(dims) > 1 else 0)


def pack(call: Call) -> list[Value]:
    """PACK: tensors side by side along an axis of their own."""
    lives = [call.live(place) for place in range(len(call.values))]
    axis = call.whole(1) % (len(lives[0].dims) + 1)
    dims = (*lives[0].dims[:axis], 1, *lives[0].dims[axis:])
    if len(lives) == 1:
        return [call.shaped(lives[0], dims)]
    if not axis:
        return [behind(call, [Live(live.tensor, dims) for live in lives])]
    wide = [call.shaped(live, dims) for live in lives]
    made = (*dims[:axis], len(lives), *dims[axis + 1 :])
    return [call.put("concat", *wide, dims=made, axis=call.axis(axis, dims))]


def unpack(call: Call) -> list[Value]:
    """UNPACK: each place of an axis."""
    x = call.live()
    axis = call.among(call.whole(1), x.dims)
    dims = (*x.dims[:axis], *x.dims[axis + 1 :])
    if not axis and call.batched(x.dims):
        return [call.shaped(x, dims)]
    return [
        call.put("select", x, dims=dims, at=at, axis=call.axis(axis, x.dims))
        for at in range(len(call.operator.outputs))
    ]


def split(call: Call) -> list[Value]:
    """SPLIT into equal parts, and SPLIT_V into stated ones."""
    stated = call.operator.kind == "SPLIT_V"
    x, axes = call.live(0 if stated else 1), call.wholes(2 if stated else 0)
    axis = call.among(axes[0] if axes else 0, x.dims)
    count = len(call.operator.outputs)
    sizes = list(call.wholes(1)) if stated else [x.dims[axis] // max(count, 1)] * count
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = x.dims[axis] - sum(sizes) - 1
    if len(sizes) != count or min(sizes, default=0) < 1 or sum(sizes) != x.dims[axis]:
        raise call.fault("its parts are not all of the axis", f"{sizes[:20]} of {x.dims[axis]}")
    bounds = pairwise([0, *accumulate(sizes)])
    return [_part(call, x, axis, start, stop, 1) for start, stop in bounds]


def _part(call: Call, x: Live, axis: int, start: int, stop: int, step: int) -> Live:
    """Some places of an axis."""
    if (start, stop, step) == (0, x.dims[axis], 1):
        return x
    if not 0 <= start < stop <= x.dims[axis] or step < 1:
        raise call.fault("nothing is left of an axis", f"{start} to {stop} of {show_shape(x.dims)}")
    dims = (*x.dims[:axis], -(-(stop - start) // step), *x.dims[axis + 1 :])
    fields: dict[str, Any] = {"channels": (start, stop)}
    if place := call.axis(axis, x.dims):
        fields["axis"] = place
    if step > 1:
        fields["step"] = step
    return call.put("slice", x, dims=dims, **fields)


def slice_(call: Call) -> list[Value]:
    """SLICE: from a begin, so many; -1 is all that is left."""
    x, begins, sizes = call.live(), call.wholes(1), call.wholes(2)
    if not len(begins) == len(sizes) == len(x.dims):
        raise call.fault("it has a begin and a size for each axis")
    for axis, (begin, size) in enumerate(zip(begins, sizes)):
        x = _part(call, x, axis, begin, x.dims[axis] if size == -1 else begin + size, 1)
    return [x]


def strided(call: Call) -> list[Value]:
    """STRIDED_SLICE, whose masks say which ends are open, which axes go and come, and where the others are taken whole.

    Backward steps are opaque: no layer turns an axis round.
    """
    x = call.live()
    begins, ends, steps = call.wholes(1), call.wholes(2), call.wholes(3)
    ellipsis, new, shrunk = (call.whole(field) for field in range(2, 5))
    if not len(begins) == len(ends) == len(steps) or ellipsis & (ellipsis - 1):
        raise call.fault("it has a begin, an end and a step for each place, and one ellipsis at most")
    bits = {place: 1 << place for place in range(len(begins))}
    counted = sum(1 for bit in bits.values() if not (ellipsis | new) & bit)
    if counted > len(x.dims):
        raise call.fault("it names more axes than there are", show_shape(x.dims))
    axis, turned = 0, False
    dims: list[int] = []
    for place, bit in bits.items():
        if ellipsis & bit:
            whole = len(x.dims) - counted
            dims += x.dims[axis : axis + whole]
            axis += whole
        elif new & bit:
            dims.append(1)
        else:
            step = 1 if shrunk & bit else steps[place]
            taken = _places(call, x.dims[axis], (begins[place], ends[place], step), place)
            turned |= step < 0 and len(taken) > 1
            low, high = (min(taken[0], taken[-1]), max(taken[0], taken[-1]) + 1) if taken else (0, 0)
            x = _part(call, x, axis, low, high, abs(step) if len(taken) > 1 else 1)
            dims += [] if shrunk & bit else [len(taken)]
            axis += 1
    made = call.shaped(x, (*dims, *x.dims[axis:]))
    return [alone(call, made.dims, made) if turned else made]


def _places(call: Call, n: int, bounds: tuple[int, int, int], place: int) -> range:
    """The places of an axis from a begin to an end, which masks may open; of one that vanishes, one."""
    begin, end, step = bounds
    open_begin, open_end, shrunk = (call.whole(field) >> place & 1 for field in (0, 1, 4))
    if shrunk:
        at = begin + n if begin < 0 else begin
        return range(n)[at : at + 1] if at >= 0 else range(0)
    return range(n)[None if open_begin else begin : None if open_end else end : step] if step else range(0)


def pad(call: Call) -> list[Value]:
    """PAD, PADV2 and MIRROR_PAD."""
    x, values = call.live(), call.wholes(1)
    pairs = tuple(zip(values[::2], values[1::2]))
    if len(pairs) != len(x.dims) or min(values, default=0) < 0 or (call.batched(x.dims) and pairs[0] != (0, 0)):
        raise call.fault("a border has a pair for each axis, and none for the batch", str(values)[:60])
    if not any(values):
        return [x]
    fields: dict[str, Any] = {"border": pairs[call.batched(x.dims) : -1] or ((0, 0),)}
    if any(pairs[-1]):
        fields["channels"] = pairs[-1:]
    if call.operator.kind == "MIRROR_PAD":
        if any(pairs[-1]) or call.whole(0, size=1):  # no layer mirrors channels, or shows the edge twice
            return [alone(call, tuple(n + a + b for n, (a, b) in zip(x.dims, pairs)), x)]
        fields["mode"] = "reflect"
    dims = tuple(n + a + b for n, (a, b) in zip(x.dims, pairs))
    return [call.put("pad", x, dims=dims, **fields)]


def reduce(by: str) -> Rule:
    """Over axes; a mean over a whole map is a global pool."""

    def rule(call: Call) -> list[Value]:
        x, keep = call.live(), call.flag(0)
        named = {call.among(axis, x.dims) for axis in call.wholes(1)}
        summed = named - {0} if call.batched(x.dims) and call.batch == 1 else named  # of one image there is no mean
        axes = tuple(sorted(call.axis(axis, x.dims) for axis in summed))
        dims = tuple(1 if axis in named else n for axis, n in enumerate(x.dims) if keep or axis not in named)
        if by == "mean" and axes == tuple(range(1, len(x.dims) - 1)) and axes and call.batched(x.dims):
            return [call.put("global_avgpool", x, dims=dims, flat=not keep)]
        if named and not summed:
            return [call.shaped(x, dims)]
        alone = len(axes) == len(call.build.shape(x.tensor))  # one number, which has an axis here
        made_dims = tuple(1 if axis in named else n for axis, n in enumerate(x.dims)) if alone else dims
        return [call.shaped(call.put("reduce", x, dims=made_dims, by=by, axes=axes, keep=keep or alone), dims)]

    return rule


def places(call: Call) -> list[Value]:
    """ARG_MAX and ARG_MIN."""
    x = call.live()
    axis = call.among((*call.wholes(1), 0)[0], x.dims)
    dims = (*x.dims[:axis], *x.dims[axis + 1 :])
    return [call.put("argmax", x, dims=dims, axes=(call.axis(axis, x.dims),))]


def topk(call: Call) -> list[Value]:
    """TOPK_V2 along the last axis, and their places."""
    x, k = call.live(), (*call.wholes(1), 0)[0]
    if not x.dims:
        raise call.fault("it takes a list")
    made = call.put("topk", x, dims=(*x.dims[:-1], k), k=k)
    return [made, made]


def tile(call: Call) -> list[Value]:
    """TILE: a tensor several times along its axes."""
    x = call.live()
    for axis, count in enumerate(call.wholes(1)[: len(x.dims)]):
        if not 1 <= count <= 1_000:
            raise call.fault("it repeats an axis 1 to 1,000 times", str(count))
        if count > 1:
            dims = (*x.dims[:axis], x.dims[axis] * count, *x.dims[axis + 1 :])
            if not axis and call.batched(x.dims) and len(dims) > 1:
                x = behind(call, [x] * count)
                continue
            x = call.put("concat", *[x] * count, dims=dims, axis=call.axis(axis, x.dims))
    return [x]


def blocks(kind: str) -> Rule:
    """DEPTH_TO_SPACE and SPACE_TO_DEPTH."""
    return lambda call: [call.put(kind, call.map(), factor=call.whole(0))]


def resize(mode: str) -> Rule:
    """RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR."""

    def rule(call: Call) -> list[Value]:
        fields: dict[str, Any] = {"size": call.wholes(1)}
        if mode != "nearest":
            fields["mode"] = mode
            fields["align_corners"] = call.flag(2)
        return [call.put("upsample", call.map(), **fields)]

    return rule


def below(call: Call) -> list[Value]:
    """LESS, of whole numbers and 0: whether places are counted from the end."""
    x, bound = call.place(0), call.place(1)
    if not isinstance(x, Live) or not isinstance(bound, Fixed):
        return alike(call)
    if bound.type not in WHOLE or bound.values != (0,):
        return alike(call)
    return [Below(x)]


def chosen(call: Call) -> list[Value]:
    """SELECT_V2 between places and those that are counted from the end: the places, as many."""
    test, x = call.place(0), call.place(2)
    if not isinstance(test, Below) or not isinstance(x, Live) or test.live.tensor != x.tensor:
        return alike(call)
    return [x]
