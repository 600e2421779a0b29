"""Operations of ATen that give elements more than once, or at other places: repeats, windows, pools that are undone."""

from __future__ import annotations

from typing import Any

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.interchange.torch_export.calls import Call
from cnncalc.interchange.torch_export.values import Parameter, Places, Refused, Tensor, Value

__all__ = ["REPEATING"]

MOST_WINDOWS = 1_000


def repeated(call: Call) -> Value:
    """repeat and tile: a tensor so many times along each axis, new ones before its own."""
    value, times = next(iter(call.arguments.values())), call.get("repeats", call.get("dims", []))
    if isinstance(value, Parameter) and (not value.name or not value.dims):
        return Parameter(value.name, call.dims, value.learned)
    x = call.tensor(value)
    more = len(times) - len(x.dims)
    times = [1] * -more + times
    if more > 0:
        if call.world.size != 1:
            raise Refused("it adds axes")
        x = call.whole(x, "whole")
        dims = (*(1,) * more, *x.dims)
        x = Tensor(call.layer("reshape", [x.number], f"{call.name()}_axes", shape=dims), dims, None)
    elif x.batch is not None and times[x.batch] != 1:
        x = call.whole(x, "whole")
    for axis, n in enumerate(times):
        x = along(call, x, axis, n, f"{call.name()}_{axis}", inside=False)
    return x


def interleaved(call: Call) -> Value:
    """repeat_interleave by a number: each element of an axis so many times in a row."""
    value, times, dim = next(iter(call.arguments.values())), call.get("repeats"), call.get("dim")
    if type(times) is not int or type(dim) is not int:
        raise Refused("it repeats by a tensor, or all elements in a row")
    if isinstance(value, Parameter) and not value.name:
        return Parameter("", call.dims)
    x = call.tensor(value)
    x = call.whole(x, "whole") if dim % len(x.dims) == x.batch else x
    return along(call, x, dim % len(x.dims), times, call.name(), inside=True)


def along(call: Call, x: Tensor, axis: int, times: int, name: str, *, inside: bool) -> Tensor:
    """An axis so many times as long: each element (`inside`), or the whole of it, again and again."""
    if times == 1:
        return x
    place, n = call.axis(axis, x), x.dims[axis]
    ours = call.world.sketch.shape(x.number)
    before, after = ours[:place], ours[place + 1 :]
    one, many = ((n, 1), (n, times)) if inside else ((1, n), (times, n))
    dims = (*x.dims[:axis], n * times, *x.dims[axis + 1 :])
    number = x.number
    if n == 1:
        return Tensor(call.layer("expand", [number], name, shape=(*before, times, *after)), dims, x.batch)
    number = call.layer("reshape", [number], f"{name}_apart", shape=(*before, *one, *after))
    number = call.layer("expand", [number], f"{name}_wide", shape=(*before, *many, *after))
    return Tensor(call.layer("reshape", [number], name, shape=(*before, n * times, *after)), dims, x.batch)


def windows(call: Call) -> Value:
    """Tensor.unfold: overlapping windows of an axis, the places of one on a new last axis."""
    value = next(iter(call.arguments.values()))
    if isinstance(value, Parameter) and not value.name:
        return Parameter("", call.dims)
    x = call.tensor(value)
    dim, size, step = call.get("dimension", 0) % len(x.dims), call.get("size"), call.get("step")
    axis, length = call.axis(dim, x), call.dims[dim]
    if length * size > MOST_WINDOWS:
        raise Refused(f"it makes more than {MOST_WINDOWS:,} places of windows")
    ours = call.world.sketch.shape(x.number)
    wide = (*ours[:axis], length, *ours[axis + 1 :], 1)
    parts = []
    for at in range(size):
        span = (at, min(at + (length - 1) * step + 1, ours[axis]))
        cut = call.layer(
            "slice",
            [x.number],
            f"{call.name()}_{at}",
            channels=span,
            axis=axis or None,
            step=step if step > 1 else None,
        )
        parts.append(call.layer("reshape", [cut], f"{call.name()}_{at}_wide", shape=wide))
    if size == 1:
        return Tensor(parts[0], call.dims, x.batch)
    return Tensor(call.layer("concat", parts, axis=len(wide) - 1), call.dims, x.batch)


def columns(call: Call) -> Tensor:
    """im2col: every window of a map as a column."""
    return call.put("unfold", **_windows(call))


def _windows(call: Call) -> dict[str, Any]:
    return {
        "kernel": call.lengths("kernel_size", 2),
        "stride": call.lengths("stride", 2),
        "padding": call.lengths("padding", 2, 0),
        "dilation": call.lengths("dilation", 2),
    }


def folded(call: Call) -> Tensor:
    """col2im: columns added up to a map."""
    return call.put("fold", size=call.lengths("output_size", 2), **_windows(call))


def fractional(call: Call) -> Tensor:
    """fractional_max_pool2d and 3d; where its windows lie is a tensor of chance, which counts for nothing."""
    axes = len(call.x().dims) - 2
    return call.put(
        "fractional_maxpool", kernel=call.lengths("kernel_size", axes), size=call.lengths("output_size", axes)
    )


def unpooled(call: Call) -> Tensor:
    """max_unpool2d and 3d: each pixel back where its pool found it; its kernel is that pool's."""
    x, places = call.x(), call.arguments.get("indices")
    if not isinstance(places, Places):
        raise Refused("its places are none that a pool remembered")
    pool: Any = call.world.sketch.operators[places.pool].layer
    ours = call.world.sketch.shape(places.pool)
    axes = len(ours) - 1
    taken = x.number
    if axes == 1 and x.dims[3:] == (1,):  # torch undoes a pool of sequences on maps that are one wide
        taken = call.layer("reshape", [taken], f"{call.name()}_flat", shape=call.world.sketch.shape(taken)[:2])
    number = call.layer(
        "maxunpool",
        [taken, places.pool],
        kernel=pool.kernel,
        stride=pool.stride,
        padding=tuple(before for before, _ in pool.padding),
        size=call.dims[2 : 2 + axes],
    )
    return call.held(number, call.dims, x.batch)


def rolled(call: Call) -> Tensor:
    """roll: the end of an axis before its start, for each axis."""
    x = call.x()
    shifts, dims = call.get("shifts", []), call.get("dims", [])
    if not dims and len(shifts) == 1:
        return _rolled_flat(call, x, shifts[0])
    number = x.number
    for at, (shift, dim) in enumerate(zip(shifts, dims)):
        axis, length = call.axis(dim, x), x.dims[dim % len(x.dims)]
        start = -shift % length
        if not start:
            continue
        name = f"{call.name()}_{at}"
        ends = [
            call.layer("slice", [number], f"{name}_{part}", channels=span, axis=axis or None)
            for part, span in enumerate(((start, length), (0, start)))
        ]
        number = call.layer("concat", ends, name, axis=axis or None)
    return Tensor(number, x.dims, x.batch)


def _rolled_flat(call: Call, x: Tensor, shift: int) -> Tensor:
    """A tensor of one sample whose elements are rolled as one row."""
    if call.world.size != 1:
        raise Refused("it rolls a whole batch as one row")
    length, shape, name = product(x.dims), call.world.sketch.shape(x.number), call.name()
    flat = call.layer("reshape", [x.number], f"{name}_flat", shape=(length,))
    cut = -shift % length
    spans = [span for span in ((cut, length), (0, cut)) if span[0] < span[1]]
    ends = [call.layer("slice", [flat], f"{name}_{at}", channels=span) for at, span in enumerate(spans)]
    whole = call.layer("concat", ends, f"{name}_row") if len(ends) > 1 else ends[0]
    return x._replace(number=call.layer("reshape", [whole], shape=shape))


def stepped(call: Call) -> Value:
    """diff: each place of an axis less the one before it."""
    if call.get("n", 1) != 1 or call.get("prepend") is not None or call.get("append") is not None:
        raise Refused("differences of differences, or with something before or behind")
    x = call.x()
    axis, length = call.axis(call.get("dim", -1), x), x.dims[call.get("dim", -1) % len(x.dims)]
    spans = (("later", (1, length)), ("before", (0, length - 1)))
    both = [
        call.layer("slice", [x.number], f"{call.name()}_{word}", channels=span, axis=axis or None)
        for word, span in spans
    ]
    return call.held(call.layer("subtract", both), call.dims, x.batch)


def copied(call: Call) -> Value:
    """copy_: the numbers of a second tensor in place of its own, repeated where it is smaller."""
    x, source = call.tensor(call.arguments.get("self")), call.arguments.get("src")
    if isinstance(source, Parameter) and not source.name:
        return filled(call)
    taken = call.tensor(source)
    wide = (*(1,) * (len(x.dims) - len(taken.dims)), *taken.dims)
    batch = x.batch if x.batch is None or wide[x.batch] == x.dims[x.batch] else None
    ours = tuple(n for axis, n in enumerate(wide) if axis != x.batch) if batch == x.batch else wide
    number = taken.number
    if call.world.sketch.shape(number) != ours:
        number = call.layer("reshape", [number], f"{call.name()}_axes", shape=ours)
    shape = call.world.sketch.shape(x.number)
    if ours != shape:
        number = call.layer("expand", [number], shape=shape)
    return Tensor(number, x.dims, x.batch)


def filled(call: Call) -> Value:
    """fill_ and zero_: one number everywhere."""
    x = call.tensor(call.arguments.get("self"))
    factor = 0.0 if call.word == "zero_" or call.get("value") == 0 else 1.0
    return Parameter("", x.dims, source=x.number, expanded=x.batch == 0, factor=factor)


REPEATING: dict[str, Any] = {
    "copy_": copied,
    "fill_": filled,
    "zero_": filled,
    "roll": rolled,
    "diff": stepped,
    "repeat": repeated,
    "tile": repeated,
    "repeat_interleave": interleaved,
    "unfold": windows,
    "im2col": columns,
    "col2im": folded,
    "fractional_max_pool2d": fractional,
    "fractional_max_pool3d": fractional,
    "max_unpool2d": unpooled,
    "max_unpool3d": unpooled,
}
"""By the operator's name in ATen."""
