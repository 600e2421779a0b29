"""ncnn's layers that lay elements out anew, join them or take some. Axes are counted without the batch, as here."""

from __future__ import annotations

from itertools import pairwise, permutations
from math import prod

from cnncalc.interchange.building import Build, Fields
from cnncalc.interchange.ncnn.lengths import lengths_of
from cnncalc.interchange.ncnn.params import Operator
from cnncalc.layers.base import Shape

__all__ = [
    "concat",
    "crop",
    "expand",
    "flatten",
    "interpolation",
    "padding",
    "permute",
    "pixel_shuffle",
    "reduction",
    "reorg",
    "reshape",
    "shuffle",
    "slices",
    "softmax",
    "squeeze",
]

DROPPED = -233
BATCHLESS = 233
PERMUTATIONS = {axes: tuple(permutations(range(axes))) for axes in (2, 3, 4)}
"""Permute's setting 0 (permute.cpp): the input axis that each output axis is, channels first."""
REDUCTIONS = ("sum", "l1", "l2", "mean", "max", "min", "sum", "l1", "l2", "logsumexp", "logsumexp")
"""Reduction's setting 0; a product costs as much as a sum."""


def axis_of(operator: Operator, axis: int, shape: Shape) -> int:
    """An axis counted from the first, from one counted from either end."""
    if not -len(shape) <= axis < len(shape):
        raise operator.fault(f"there is no axis {axis} here", f"the input has {len(shape)} axes")
    return axis % len(shape)


def at(axis: int) -> Fields:
    """The field `axis`, only where it is not that of the channels."""
    return {"axis": axis} if axis else {}


def softmax(operator: Operator, build: Build) -> list[int]:
    """Along setting 0; over all of a vector, and ncnn leaves as it is what has no such axis (softmax.cpp)."""
    axis, axes = operator.whole(0, 0), len(build.x[0])
    if axes == 1:
        return [build.put("softmax")]
    if not -axes <= axis < axes:
        return [build.put("identity")]
    return [build.put("softmax", **at(axis % axes))]


def concat(operator: Operator, build: Build) -> list[int]:
    """Along setting 0."""
    if len(build.tensors) == 1:
        return [build.put("identity")]
    return [build.put("concat", **at(axis_of(operator, operator.whole(0, 0), build.x[0])))]


def flatten(operator: Operator, build: Build) -> list[int]:
    """All elements as one vector."""
    return [build.put("flatten")]


def slices(operator: Operator, build: Build) -> list[int]:
    """Parts of stated lengths; −233 is an equal share of what is left (slice.cpp)."""
    shape = build.x[0]
    axis = axis_of(operator, operator.whole(1, 0), shape)
    lengths, indices = operator.wholes(0), operator.wholes(2)
    if indices:
        bounds = [0, *(index % shape[axis] if index < 0 else index for index in indices), shape[axis]]
    else:
        bounds = [0]
        for place, length in enumerate(lengths):
            left = shape[axis] - bounds[-1]
            bounds.append(bounds[-1] + (left // (len(lengths) - place) if length == DROPPED else length))
    if len(bounds) != len(operator.tops) + 1 or bounds[-1] > shape[axis] or any(a >= b for a, b in pairwise(bounds)):
        raise operator.fault("slices stand one after another, one for each output", f"they end at {bounds[1:20]}")
    return [
        build.put("slice", suffix=f"_{place}" if place else "", channels=(start, stop), **at(axis))
        for place, (start, stop) in enumerate(pairwise(bounds))
    ]


def reshape(operator: Operator, build: Build) -> list[int]:
    """To width, height, depth and channels, as many as are given; 0 copies, 1 where there is none; −1 is the rest."""
    if operator.text(6):
        return [_by_expression(operator, build)]
    named = [operator.whole(number, DROPPED) for number in (2, 11, 1, 0)]
    old = dict(zip((0, 2, 3) if build.axes == 2 else (2, 3)[1 - build.axes :], build.x[0]))
    new = [old.get(place, 1) if length == 0 else length for place, length in enumerate(named) if length != DROPPED]
    if not new or min(new) < -1 or new.count(-1) > 1:
        raise operator.fault("this shape cannot be read", f"it is {named}")
    return [build.put("reshape", shape=tuple(new))]


def _by_expression(operator: Operator, build: Build) -> int:
    """A shape such as `1w,1h,128`, the width first; with setting 13 the last of it is the batch."""
    lengths = lengths_of(operator, operator.text(6), build.x)
    if operator.whole(13, BATCHLESS) == 0 and len(lengths) > 1:
        lengths.pop()
    return build.put("reshape", build.tensors[0], shape=tuple(reversed(lengths)))


def permute(operator: Operator, build: Build) -> list[int]:
    """By the number of the permutation."""
    orders = PERMUTATIONS.get(len(build.x[0]), ())
    number = operator.whole(0, 0)
    if not 0 <= number < len(orders):
        raise operator.fault(f"permutation {number} of {len(build.x[0])} axes is not read")
    order = orders[number]
    return [build.put("permute", order=order) if list(order) != sorted(order) else build.put("identity")]


def crop(operator: Operator, build: Build) -> list[int]:
    """Between starts and ends along axes; or offsets, and a size or a second tensor's (crop.cpp)."""
    shape = build.x[0]
    written = {number: operator.text(number + 10) for number in (9, 10, 11)}
    listed = {
        number: lengths_of(operator, text, build.x) if text else [] if written[9] else operator.wholes(number)
        for number, text in written.items()
    }
    if listed[9]:
        starts, ends = listed[9], listed[10]
        axes = listed[11] or list(range(len(starts)))
        if not len(starts) == len(ends) == len(axes):
            raise operator.fault("a crop has one start and one end an axis")
        spans = [(0, n) for n in shape]
        for start, end, named in zip(starts, ends, axes):
            axis = axis_of(operator, named, shape)
            n = shape[axis]
            last = n if end == DROPPED else end + n if end < 0 else min(end, n)
            spans[axis] = (0 if start == DROPPED else start + n if start < 0 else start, last)
    else:
        spans = _spans(operator, build)
    return [taken(operator, build, spans)]


def _spans(operator: Operator, build: Build) -> list[tuple[int, int]]:
    """From the offsets of width, height, depth and channels on, as far as the size, the second tensor or the end."""
    shape = build.x[0]
    numbers = [(0, 3, 6), (1, 4, 7), (13, 14, 15)][: len(shape) - 1 if len(shape) > 2 else len(shape)]
    numbers = [(2, 5, 8), *reversed(numbers)] if len(shape) > 2 else list(reversed(numbers))
    like = build.x[1] if len(build.x) == 2 else None
    spans: list[tuple[int, int]] = []
    for axis, (n, (offset, size, after)) in enumerate(zip(shape, numbers)):
        start = max(operator.whole(offset, 0), 0)
        length = operator.whole(size, 0)
        if like and len(like) == len(shape):
            length = like[axis]
        elif like:  # of fewer axes: its width and height, and all channels
            length = like[axis - len(shape)] if len(shape) - axis <= min(len(like), 2) else 0
        stop = n - max(operator.whole(after, 0), 0)
        spans.append((start, min(stop, start + length) if length > 0 else stop))
    return spans


def taken(operator: Operator, build: Build, spans: list[tuple[int, int]]) -> int:
    """Of each axis a span."""
    shape, tensor = build.x[0], build.tensors[0]
    if any(not 0 <= start < stop <= n for (start, stop), n in zip(spans, shape)):
        raise operator.fault("what is cropped lies inside the input", f"{spans} of {shape}")
    changed = [axis for axis, (span, n) in enumerate(zip(spans, shape)) if span != (0, n)]
    if not changed:
        return build.put("identity", tensor)
    for place, axis in enumerate(changed):
        tensor = build.put("slice", tensor, suffix=f"_{axis}" if place else "", channels=spans[axis], **at(axis))
    return tensor


def shuffle(operator: Operator, build: Build) -> list[int]:
    """The channels of the groups dealt out in turn; `reverse` deals as many groups as each had channels."""
    groups = operator.whole(0, 1)
    if operator.whole(1, 0) and groups > 0:
        groups = build.x[0][0] // groups
    return [build.put("channel_shuffle", groups=groups)]


def interpolation(operator: Operator, build: Build) -> list[int]:
    """By factors or to a size; the product with a factor is rounded down (interp.cpp)."""
    mode = {1: "nearest", 2: "linear", 3: "cubic"}.get(operator.whole(0, 1))
    if mode is None or build.axes not in (0, 1, 2):
        raise operator.fault("this resize is not read", f"type {operator.whole(0, 0)} of {len(build.x[0])} axes")
    if not build.axes:  # a vector, as of a pool over all, is a map of one place
        spread = build.put("reshape", build.tensors[0], suffix="_map", shape=(*build.x[0], 1, 1))
        build = Build(build.sketch, build.name, build.foreign, build.place, [spread, *build.tensors[1:]])
    size = (operator.whole(3, 0), operator.whole(4, 0))[2 - build.axes :]
    if operator.text(9):
        size = tuple(reversed(lengths_of(operator, operator.text(9), build.x)))[-build.axes :]
        build.tensors = build.tensors[:1]
    elif len(build.tensors) == 2:
        size = build.x[1][1:]
    factors = (operator.real(1, 1.0), operator.real(2, 1.0))[2 - build.axes :]
    fields: Fields = {"mode": mode} if mode != "nearest" else {}
    if operator.whole(6, 0) and mode != "nearest":
        fields["align_corners"] = True
    if 0 in size:
        if all(factor == int(factor) for factor in factors):
            return [build.put("upsample", build.tensors[0], scale=tuple(map(int, factors)), **fields)]
        size = tuple(int(n * factor) for n, factor in zip(build.x[0][1:], factors))
    return [build.put("upsample", build.tensors[0], size=size, **fields)]


def padding(operator: Operator, build: Build) -> list[int]:
    """A border of zeros or of what lies at the edge; of a matrix top and bottom are its rows (padding.cpp)."""
    rank = len(build.x[0])
    top, left, front = ((operator.whole(at, 0), operator.whole(at + 1, 0)) for at in (0, 2, 7))
    by_rank = {1: (left, ()), 2: (top, (left,)), 3: (front, (top, left))}
    channels, sides = by_rank.get(rank, ((0, 0), (front, top, left)))
    fields: Fields = {"channels": (channels,)} if any(channels) else {}
    if sides:
        fields["border"] = sides
    mode = {1: "replicate", 2: "reflect"}.get(operator.whole(4, 0))
    if mode and sides and not any(channels):
        fields["mode"] = mode
    if rank == 1:  # as the only channel of a vector of places
        place = build.put("reshape", suffix="_map", shape=(1, *build.x[0]))
        return [build.put("flatten", build.put("pad", place, suffix="_pad", border=(left,)))]
    return [build.put("pad", build.tensors[0], **fields)]


def pixel_shuffle(operator: Operator, build: Build) -> list[int]:
    """Channels to positions."""
    return [build.put("pixel_shuffle", factor=operator.whole(0, 1))]


def reorg(operator: Operator, build: Build) -> list[int]:
    """Positions to channels; what is left at the right and at the bottom is cut off."""
    factor, (channels, *size) = operator.whole(0, 1), build.x[0]
    left = [n % factor for n in size] if factor > 1 else []
    tensor = build.tensors[0]
    if any(left):
        spans = [(0, channels), *((0, n - over) for n, over in zip(size, left))]
        whole = Build(build.sketch, f"{build.name}_whole", build.foreign, build.place, [tensor])
        tensor = taken(operator, whole, spans)
    return [build.put("space_to_depth", tensor, factor=factor)]


def squeeze(operator: Operator, build: Build) -> list[int]:
    """Axes of length 1 left out."""
    shape = build.x[0]
    axes = {axis_of(operator, axis, shape) for axis in operator.wholes(3)}
    if not axes:
        numbers = {4: (2, 11, 1, 0), 3: (2, 1, 0), 2: (1, 0), 1: (0,)}.get(len(shape), ())
        axes = {axis for axis, number in enumerate(numbers) if operator.whole(number, 0) and shape[axis] == 1}
    kept = tuple(n for axis, n in enumerate(shape) if axis not in axes)
    return [build.put("reshape", shape=kept or (prod(shape),))]


def expand(operator: Operator, build: Build) -> list[int]:
    """Axes of length 1 put in."""
    shape = list(build.x[0])
    axes = operator.wholes(3)
    rank = len(shape) + len(axes)
    if rank > 4 or any(not -rank <= axis < rank for axis in axes):
        raise operator.fault("there are at most four axes", f"{len(shape)} and {len(axes)} more")
    for axis in sorted(axis % rank for axis in axes):
        shape.insert(axis, 1)
    return [build.put("reshape", shape=tuple(shape))]


def reduction(operator: Operator, build: Build) -> list[int]:
    """The sum, mean, largest … of all elements, or along axes."""
    shape, number = build.x[0], operator.whole(0, 0)
    if not 0 <= number < len(REDUCTIONS):
        raise operator.fault(f"there is no reduction {number}")
    counted = 0 if operator.whole(5, 0) else 1  # in files of before 2022 axes from the front count the batch
    own = [axis - counted if axis > 0 else axis for axis in operator.wholes(3)]
    axes = sorted({axis_of(operator, axis, shape) for axis in own})
    if operator.whole(1, 1) or not axes:
        axes = list(range(len(shape)))
    fields: Fields = {"keep": True} if operator.whole(4, 0) else {}
    if not fields and len(axes) == len(shape):  # one number is a vector of it
        flat = build.put("flatten", suffix="_flat") if len(shape) > 1 else build.tensors[0]
        return [build.put("reduce", flat, by=REDUCTIONS[number], axes=(0,), keep=True)]
    return [build.put("reduce", by=REDUCTIONS[number], axes=tuple(axes), **fields)]
