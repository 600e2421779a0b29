"""Operators that lay elements out anew, join tensors or take parts of them."""

from __future__ import annotations

from itertools import accumulate, pairwise
from math import isfinite, prod
from typing import Any

from cnncalc.interchange.paddle.call import Call, Numbers, Rule, Several, States, Turned, Value
from cnncalc.interchange.paddle.program import Weight
from cnncalc.layers import Shape, show_shape

__all__ = [
    "combine", "concat", "flatten", "full", "parts", "permute", "reduce", "reshape", "slice_", "split", "squeeze",
    "stack", "unsqueeze",
]  # fmt: skip


def full(call: Call) -> list[Value]:
    """Numbers that the program states."""
    value = call.operator.settings.get("value")
    listed = value if isinstance(value, list) else [value]
    if any(isinstance(one, float) and not isfinite(one) for one in listed):
        raise call.fault("it states finite numbers", str(value)[:60])
    return [Numbers(tuple(one for one in listed if isinstance(one, (int, float))))]


def combine(call: Call) -> list[Value]:
    """A list of tensors."""
    return [Several(tuple(value for one in call.values for value in one if value is not None))]


def parts(call: Call) -> list[Value]:
    """The tensors of a list."""
    value = call.value(0)
    if not isinstance(value, Several):
        raise call.fault("it takes a list")
    return list(value.values)


def _without_batch(call: Call, target: tuple[int, ...], x: int) -> Shape:
    """Our shape of one that is stated with the batch: 0 copies a length, and -1 is what is left."""
    theirs = (call.batch, *call.shape(x))
    lengths = [theirs[place] if n == 0 and place < len(theirs) else n for place, n in enumerate(target)]
    rest = prod(n for n in lengths if n != -1)
    if lengths.count(-1) > 1 or min(lengths, default=0) < -1 or rest == 0 or (-1 in lengths and prod(theirs) % rest):
        raise call.fault("this shape cannot be", f"{show_shape(theirs)} to {target}"[:120])
    lengths = [prod(theirs) // rest if n == -1 else n for n in lengths]
    if len(lengths) < 2 or lengths[0] != call.batch or prod(lengths) != prod(theirs):
        raise call.fault("the batch is not its first axis", f"{show_shape(theirs)} to {target}"[:120])
    return tuple(lengths[1:])


def reshape(call: Call) -> list[Value]:
    """To a shape; a weight in another shape is the same weight."""
    target = call.numbers("shape", 1)
    value = call.value(0)
    if target is None:
        raise call.fault("its shape is computed from the input's numbers")
    if isinstance(value, Weight):
        rest = max(prod(n for n in target if n > 0), 1)
        dims = tuple(prod(value.dims) // rest if n == -1 else n for n in target)
        if prod(dims) != prod(value.dims):
            raise call.fault("a weight has another number of elements", f"{value.dims} to {target}"[:120])
        return [value._replace(dims=dims)]
    if isinstance(value, Numbers):
        return [value]
    x = call.x()
    return [call.shaped(x, _without_batch(call, target, x))]


def flatten(call: Call) -> list[Value]:
    """Some axes as one."""
    x = call.x()
    shape = call.shape(x)
    first = call.axis(call.operator.whole("start_axis", 1), x)
    last = call.axis(call.operator.whole("stop_axis", -1), x)
    return [call.shaped(x, (*shape[:first], prod(shape[first : last + 1]), *shape[last + 1 :]))]


def _axes(call: Call, x: int, rank: int) -> set[int]:
    """The axes that are named, among ours; the batch is none."""
    named = call.numbers("axis", 1)
    if named is None:
        named = ()
    if any(not -rank <= axis < rank or axis % rank == 0 for axis in named):
        raise call.fault("an axis is the batch, or not there", str(named)[:60])
    return {axis % rank - 1 for axis in named}


def squeeze(call: Call) -> list[Value]:
    """Axes of length 1 less; others stay. Of one state it is itself that is left."""
    value = call.value(0)
    if isinstance(value, States) and len(value.rows) == 1 and call.numbers("axis", 1) in ((0,), (-3,)):
        return [value.rows[0]]
    x = call.x()
    shape = call.shape(x)
    named = _axes(call, x, len(shape) + 1) or set(range(len(shape)))
    kept = tuple(n for axis, n in enumerate(shape) if axis not in named or n != 1)
    return [call.shaped(x, kept or (1,))]


def unsqueeze(call: Call) -> list[Value]:
    """Axes of length 1 more, of a weight as well."""
    value = call.value(0)
    if isinstance(value, Weight):
        named = call.numbers("axis", 1) or ()
        rank = len(value.dims) + len(named)
        at = {axis % rank for axis in named if -rank <= axis < rank}
        rest = iter(value.dims)
        return [value._replace(dims=tuple(1 if axis in at else next(rest, 1) for axis in range(rank)))]
    x = call.x()
    shape = list(call.shape(x))
    named = call.numbers("axis", 1) or ()
    for axis in sorted(_axes(call, x, len(shape) + 1 + len(named))):
        shape.insert(axis, 1)
    return [call.shaped(x, tuple(shape))]


def permute(call: Call) -> list[Value]:
    """transpose: the axes in another order, the batch first, but for a sequence before and behind recurrent layers."""
    value, order = call.value(0), call.operator.wholes("perm")
    if order == (1, 0, 2):
        if isinstance(value, Turned):
            return [value.tensor]
        if isinstance(value, States):
            return [call.stacked(value)]
        if isinstance(value, int) and len(call.shape(value)) == 2:
            return [Turned(value)]
    x = call.x()
    if order is None or sorted(order) != list(range(len(call.shape(x)) + 1)) or order[0] != 0:
        raise call.fault("it moves the batch, or names no order", str(order)[:60])
    return [call.put("permute", x, order=tuple(axis - 1 for axis in order[1:]))]


def concat(call: Call) -> list[Value]:
    """Tensors one after another."""
    values = call.several(0)
    tensors = [value for value in values if isinstance(value, int)]
    if not tensors or len(tensors) != len(values):
        raise call.fault("it joins tensors that depend on the input")
    named = call.numbers("axis", 1) or (0,)
    axis = call.axis(named[0], tensors[0])
    fields: dict[str, Any] = {"axis": axis} if axis else {}
    return [call.put("concat", *tensors, **fields) if len(tensors) > 1 else tensors[0]]


def stack(call: Call) -> list[Value]:
    """Tensors side by side along an axis of their own; numbers as a list."""
    several = [value for value in call.several(0) if isinstance(value, Numbers)]
    if several and len(several) == len(call.several(0)):
        return [Numbers(tuple(one for value in several for one in value.values))]
    tensors = [value for value in call.several(0) if isinstance(value, int)]
    if not tensors:
        raise call.fault("it joins tensors that depend on the input")
    shape = call.shape(tensors[0])
    axis = call.operator.whole("axis") % (len(shape) + 2)
    if axis == 0:
        raise call.fault("it works along the batch")
    wide = [call.shaped(one, (*shape[: axis - 1], 1, *shape[axis - 1 :])) for one in tensors]
    return [call.put("concat", *wide, axis=axis - 1)]


def split(call: Call) -> list[Value]:
    """Into parts of stated lengths, or as many equal ones."""
    x, operator = call.x(), call.operator
    equal = operator.kind == "split_with_num"
    sizes = None if equal else call.numbers("sections", 1)
    named = call.numbers("axis", 1 if equal else 2) or (0,)
    axis = call.axis(named[0], x)
    length = call.shape(x)[axis]
    count = operator.whole("num")
    lengths = list(sizes or ()) or [length // max(count, 1)] * min(count, length)
    if lengths.count(-1) == 1:
        lengths[lengths.index(-1)] = length - sum(lengths) - 1
    if not lengths or min(lengths) < 1 or sum(lengths) != length:
        raise call.fault("its parts are not all of the axis", f"{lengths[:20]} of {length}")
    made = tuple(_part(call, x, axis, start, stop) for start, stop in pairwise([0, *accumulate(lengths)]))
    return list(made) if len(operator.outputs) > 1 else [Several(made)]


def _part(call: Call, x: int, axis: int, start: int, stop: int) -> int:
    if (start, stop) == (0, call.shape(x)[axis]):
        return x
    fields: dict[str, Any] = {"axis": axis} if axis else {}
    return call.put("slice", x, channels=(start, stop), **fields)


def slice_(call: Call) -> list[Value]:
    """Between starts and ends along axes, of which some go; of numbers, some of them."""
    operator, value = call.operator, call.value(0)
    axes, starts, ends = operator.wholes("axes"), call.numbers("starts", 1), call.numbers("ends", 2)
    if isinstance(value, Numbers) and axes == (0,) and starts and ends:
        return [Numbers(value.values[starts[0] : ends[0]])]
    if isinstance(value, States) and axes == (0,) and starts and ends:
        rows = value.rows[slice(starts[0], ends[0])]
        if not rows or (operator.wholes("decrease_axis") and len(rows) > 1):
            raise call.fault("it takes some of the states", f"{starts[0]} to {ends[0]} of {len(value.rows)}")
        return [rows[0] if operator.wholes("decrease_axis") else States(rows)]
    x = call.x()
    if axes is None or starts is None or ends is None or not len(axes) == len(starts) == len(ends):
        raise call.fault("its bounds are not stated")
    for named, start, end in zip(axes, starts, ends):
        axis = call.axis(named, x)
        n = call.shape(x)[axis]
        first, last = (max(one + n, 0) if one < 0 else min(one, n) for one in (start, end))
        if first >= last:
            raise call.fault("nothing is left of an axis", f"{start} to {end} of {n}")
        x = _part(call, x, axis, first, last)
    gone = {call.axis(axis, x) for axis in operator.wholes("decrease_axis") or ()}
    return [call.shaped(x, tuple(n for axis, n in enumerate(call.shape(x)) if axis not in gone)) if gone else x]


def reduce(by: str) -> Rule:
    """Over axes; a mean over a whole map is a global pool."""

    def rule(call: Call) -> list[Value]:
        x, keep = call.x(), call.operator.flag("keepdim")
        rank = len(call.shape(x))
        axes = tuple(sorted(_axes(call, x, rank + 1))) or tuple(range(rank))
        if by == "mean" and rank == 3 and axes == (1, 2):
            return [call.put("global_avgpool", x, flat=not keep)]
        return [call.put("reduce", x, by=by, axes=axes, keep=keep)]

    return rule
