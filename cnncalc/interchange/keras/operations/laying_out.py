"""Operations that lay elements out anew, cut them out or put them together; and what all operations share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.arithmetic.windows.nearest import nearest_places
from cnncalc.interchange.keras.call import Call
from cnncalc.interchange.keras.shapes import permuted, reshaped
from cnncalc.interchange.keras.windows import MODES

__all__ = [
    "argument", "concatenate", "einsum", "expand_dims", "get_item", "moveaxis", "pad", "reshape", "resize", "roll",
    "split", "squeeze", "stack", "swapaxes", "take", "tile", "transpose", "without_channels",
]  # fmt: skip


def argument(call: Call, place: int, *names: str, default: Any = None) -> Any:
    """An argument by its place, its name, or the configuration, where Keras 3 keeps what is no tensor."""
    for name in names:
        if name in call.kwargs:
            return call.kwargs[name]
        if call.config.get(name) is not None:
            return call.config[name]
    return call.args[place] if place < len(call.args) else default


def without_channels(call: Call, made: int, gone: Sequence[int]) -> int:
    """What is left where the channels, Keras's last axis, are among the axes that went: the axis before is the last."""
    rank = len(call.shape(made))
    if call.work.channels_first or 0 not in gone or rank < 2:
        return made
    return call.put("permute", made, suffix="channels", order=(rank - 1, *range(rank - 1)))


def pad(call: Call) -> int:
    """A border, and channels, of one number or of the map's own."""
    width = argument(call, 1, "pad_width")
    mode = str(argument(call, 2, "mode", default="constant"))
    if mode not in ("constant", "reflect"):
        raise call.fault("its border is constant or reflect", f"it is `{mode[:20]}`")
    whole = isinstance(width, list) and len(width) == call.rank + 1 and call.rank > 1 and not call.work.channels_first
    pairs = [tuple(one) for one in width if isinstance(one, list)] if whole else []
    if not pairs or any(len(one) != 2 or not all(type(n) is int and n >= 0 for n in one) for one in pairs):
        raise call.fault("its widths are a pair for each axis of a map", f"they are {str(width)[:60]}")
    _, *border, channels = pairs
    return call.put(
        "pad",
        border=tuple(border),
        channels=(channels,) if any(channels) else None,
        mode=None if mode == "constant" else mode,
    )


def tile(call: Call) -> int:
    """Axes repeated; of longer ones than 1 the shape alone is known."""
    times = argument(call, 1, "repeats")
    whole = isinstance(times, list) and len(times) == call.rank + 1 and times[0] == 1
    lengths = call.work.shape_out(call.x[0])
    if not whole or not all(type(one) is int and 1 <= one <= 10**6 for one in times):
        raise call.fault("it repeats whole axes, and not the batch", f"{str(times)[:40]} of {lengths}")
    shape = call.work.shape_in(tuple(n * r for n, r in zip(lengths, times[1:])))
    if any(n > 1 and r != 1 for n, r in zip(lengths, times[1:])):
        return call.put("opaque", shape=shape, of="tile")
    return call.put("expand", shape=shape)


def reshape(call: Call) -> int:
    """To a shape whose first length is the batch's."""
    target = argument(call, 1, "newshape", "shape", "new_shape")
    if not isinstance(target, list) or len(target) < 2:
        raise call.fault("its target is a list of lengths, the batch first", f"it is {str(target)[:60]}")
    return reshaped(call, target[1:])


def transpose(call: Call) -> int:
    """Axes in another order, the batch first."""
    order = argument(call, 1, "axes", "perm")
    if (
        not isinstance(order, list)
        or sorted(map(str, order)) != sorted(map(str, range(call.rank + 1)))
        or order[0] != 0
    ):
        raise call.fault("its axes are all axes in some order, the batch first", f"they are {str(order)[:40]}")
    return permuted(call, [one - 1 for one in order[1:]])


def _place(call: Call, value: Any) -> int:
    """An axis of Keras's, the batch being 0, which stays where it is."""
    rank = call.rank + 1
    if type(value) is not int or not -rank <= value < rank or not value % rank:
        raise call.fault("it moves whole axes, and not the batch", f"its axis is {str(value)[:20]}")
    return int(value % rank)


def swapaxes(call: Call) -> int:
    """Two axes in each other's place."""
    one, other = (_place(call, argument(call, at, f"axis{at}")) for at in (1, 2))
    order = list(range(call.rank + 1))
    order[one], order[other] = other, one
    return permuted(call, [axis - 1 for axis in order[1:]])


def moveaxis(call: Call) -> int:
    """An axis in another place, the others in their order."""
    source, target = (argument(call, at, name) for at, name in ((1, "source"), (2, "destination")))
    source, target = (one[0] if isinstance(one, list) and len(one) == 1 else one for one in (source, target))
    start, end = _place(call, source), _place(call, target)
    order = [axis for axis in range(1, call.rank + 1) if axis != start]
    order.insert(end - 1, start)
    return permuted(call, [axis - 1 for axis in order])


def concatenate(call: Call) -> int:
    """Along an axis."""
    axis = argument(call, 1, "axis", default=-1)
    return call.put("identity") if len(call.tensors) == 1 else call.put("concat", axis=call.axis(axis) or None)


def resize(call: Call) -> int:
    """To a height and a width."""
    size = argument(call, 1, "size")
    if not isinstance(size, list) or len(size) != 2 or not all(type(one) is int and one > 0 for one in size):
        raise call.fault("its size is a height and a width", f"it is {str(size)[:40]}")
    mode = str(argument(call, 2, "interpolation", "method", default="bilinear"))
    return call.put("upsample", size=tuple(size), mode=MODES.get(mode, "linear"))


def expand_dims(call: Call) -> int:
    """An axis of length 1 more."""
    shape = list(call.work.shape_out(call.x[0]))
    axis = argument(call, 1, "axis")
    if type(axis) is not int or axis == 0 or not -len(shape) - 1 <= axis <= len(shape) + 1:
        raise call.fault("its axis lies outside the tensor, or before the batch", f"it is {str(axis)[:20]}")
    shape.insert(axis - 1 if axis > 0 else len(shape) + 1 + axis, 1)
    return reshaped(call, shape)


def squeeze(call: Call) -> int:
    """Axes of length 1 less."""
    gone = argument(call, 1, "axis")
    axes = set(call.axes(gone)) if gone is not None else {axis for axis, length in enumerate(call.x[0]) if length == 1}
    if any(call.x[0][axis] != 1 for axis in axes) or len(axes) == call.rank:
        raise call.fault("only axes of length 1 can be left out, and not all", f"the tensor is {call.x[0]}")
    return call.put("reshape", shape=tuple(n for axis, n in enumerate(call.x[0]) if axis not in axes))


def split(call: Call) -> list[int]:
    """Equal parts along an axis, or parts that end where it says."""
    axis = call.axis(argument(call, 2, "axis", default=-1))
    places = argument(call, 1, "indices_or_sections", "num_or_size_splits")
    length = call.x[0][axis]
    if isinstance(places, list):
        ends = [*places, length]
    elif type(places) is int and 0 < places <= 1_000 and length % places == 0:
        ends = [length // places * number for number in range(1, places + 1)]
    else:
        raise call.fault("it makes equal parts of an axis, or parts at whole places", f"{str(places)[:40]} of {length}")
    if not all(type(one) is int for one in ends) or len(ends) > 1_000:
        raise call.fault("its places are whole numbers", f"they are {str(places)[:40]}")
    return [
        call.put("slice", suffix=f"part{number}", channels=(start, stop), axis=axis or None)
        if number in call.wanted
        else call.tensors[0]
        for number, (start, stop) in enumerate(zip([0, *ends], ends))
    ]


def stack(call: Call) -> int:
    """Tensors along a new axis."""
    shape = list(call.work.shape_out(call.x[0]))
    axis = argument(call, 1, "axis", default=0)
    if type(axis) is not int or axis == 0 or not -len(shape) - 1 <= axis <= len(shape) + 1:
        raise call.fault("its axis lies outside the tensors, or before the batch", f"it is {str(axis)[:20]}")
    place = axis - 1 if axis > 0 else len(shape) + 1 + axis
    wide = call.work.shape_in((*shape[:place], 1, *shape[place:]))
    parts = [call.put("reshape", tensor, suffix=f"part{at}", shape=wide) for at, tensor in enumerate(call.tensors)]
    ours = place if call.work.channels_first else 0 if place == len(shape) else place + 1
    return call.put("concat", *parts, suffix="stacked", axis=ours or None) if len(parts) > 1 else parts[0]


def take(call: Call) -> int:
    """Pixels copied as a map is enlarged; of other places of an axis the shape alone is known."""
    places = argument(call, 1, "indices")
    known = isinstance(places, list) and bool(places) and all(type(one) is int for one in places)
    if not known or argument(call, 2, "axis") is None:
        raise call.fault("it takes listed places of one axis", f"they are {str(places)[:40]}")
    axis = call.axis(argument(call, 2, "axis"))
    shape = call.x[0]
    lengths = tuple(len(places) if at == axis else n for at, n in enumerate(shape))
    if axis and 2 <= len(shape) <= 4 and places == nearest_places(shape[axis], len(places)):
        return call.put("upsample", size=lengths[1:])
    return call.put("opaque", shape=lengths, of="take")


def roll(call: Call) -> int:
    """What leaves at one end of an axis comes back at the other."""
    shifts, axes = argument(call, 1, "shift"), argument(call, 2, "axis")
    shifts, axes = (one if isinstance(one, list) else [one] for one in (shifts, axes))
    if len(shifts) != len(axes) or not all(type(one) is int for one in (*shifts, *axes)):
        raise call.fault("it has a whole shift for each axis", f"{str(shifts)[:30]} along {str(axes)[:30]}")
    made = call.tensors[0]
    for shift, axis in zip(shifts, map(call.axis, axes)):
        n = call.shape(made)[axis]
        start = -shift % n
        if start:
            ends = [
                call.put("slice", made, suffix=f"axis{axis}", channels=span, axis=axis or None)
                for span in ((start, n), (0, start))
            ]
            made = call.put("concat", *ends, suffix=f"rolled{axis}", axis=axis or None)
    return made if made != call.tensors[0] else call.put("identity")


def einsum(call: Call) -> int:
    """Two tensors met by an equation, whose first letter is the batch's."""
    words = [one for one in (*call.args, call.config.get("subscripts")) if isinstance(one, str)]
    equation = words[0].replace(" ", "") if words else ""
    taken, _, result = equation.partition("->")
    parts = [*taken.split(","), result]
    if len(parts) != 3 or len({part[:1] for part in parts}) > 1 or not all(part[1:].isalpha() for part in parts):
        raise call.fault("it takes two tensors, with the batch first", f"its equation is `{equation[:60]}`")
    turned = [part[1:] if call.work.channels_first else part[-1] + part[1:-1] for part in parts]
    return call.put("einsum", equation=f"{turned[0]},{turned[1]}->{turned[2]}")


def get_item(call: Call) -> int:
    """Places and slices of axes, as `x[:, 1:, ::2, 0]`, also with `...` and new axes."""
    key = call.args[1] if len(call.args) > 1 else call.kwargs.get("key")
    listed = _written_out(key if isinstance(key, list) else [key], call.rank + 1)
    named = [one for one in listed if one is not None]
    if len(named) > call.rank + 1 or not listed or not _is_whole(listed[0]):
        raise call.fault("it takes places of each axis, all of the batch", f"it is {str(key)[:60]}")
    made, gone = call.tensors[0], 0
    for number, one in enumerate(named[1:], 1):
        axis = call.axis(number - gone, made)
        length = call.shape(made)[axis]
        if type(one) is int:
            made = call.put("select", made, suffix=f"axis{number}", at=one, axis=axis or None)
            made = without_channels(call, made, (axis,))
            gone += 1
        elif not _is_whole(one):
            config = one.get("config") if isinstance(one, dict) else None
            span = [config.get(name) for name in ("start", "stop", "step")] if isinstance(config, dict) else [one]
            if len(span) != 3 or not all(bound is None or type(bound) is int for bound in span):
                raise call.fault("it takes whole places, and slices between such", f"it is {str(one)[:60]}")
            start, stop, step = span
            start, stop, _ = slice(start, stop).indices(length)
            made = call.put(
                "slice", made, suffix=f"axis{number}", channels=(start, stop), axis=axis or None, step=step or None
            )
    if None in listed:
        lengths = iter(call.work.shape_out(call.shape(made)))
        left = [1 if one is None else next(lengths) for one in listed[1:] if type(one) is not int]
        made = reshaped(call, [*left, *lengths], made)
    return made if made != call.tensors[0] else call.put("identity")


WHOLE = {"class_name": "__slice__", "config": {}}


def _written_out(key: list[Any], axes: int) -> list[Any]:
    """A key in which `...` is as many whole axes as it stands for."""
    dots = [at for at, one in enumerate(key) if isinstance(one, dict) and one.get("class_name") == "__ellipsis__"]
    if len(dots) != 1:
        return key
    named = sum(one is not None for one in key) - 1
    return [*key[: dots[0]], *[WHOLE] * max(0, axes - named), *key[dots[0] + 1 :]]


def _is_whole(value: Any) -> bool:
    """Whether a part of a key is all of its axis."""
    config = value.get("config") if isinstance(value, dict) and value.get("class_name") == "__slice__" else None
    return isinstance(config, dict) and all(config.get(name) is None for name in ("start", "stop", "step"))
