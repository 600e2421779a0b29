"""ncnn's rarer layers, as pnnx writes them of transformers and of new detectors. Read in Tencent/ncnn: src/layer."""

from __future__ import annotations

from math import prod

from cnncalc.interchange.building import Build, Fields, learned
from cnncalc.interchange.ncnn.params import Operator
from cnncalc.interchange.ncnn.windows import borders, per_axis

__all__ = [
    "bias",
    "diagonal",
    "einsum",
    "folded",
    "gated",
    "largest",
    "patches",
    "pyramid",
    "same_shape",
    "sampled",
    "spectrogram",
    "statistics",
    "tile",
    "wave",
]

MOST_TIMES = 1_000


def bias(operator: Operator, build: Build) -> list[int]:
    """A number for each channel."""
    return [learned(build, build.tensors[0], "add", "")]


def einsum(operator: Operator, build: Build) -> list[int]:
    """Two tensors by an equation, whose letters stand as numbers in setting 0; `imkj,lim->ijkl`."""
    letters = "".join(chr(number) for number in operator.wholes(0) if 32 < number < 127)
    return [build.put("einsum", equation=letters)]


def tile(operator: Operator, build: Build) -> list[int]:
    """The tensor several times along one axis, or along each as setting 2 says; new axes come first."""
    times = operator.wholes(2)
    if not times:
        times = [1] * len(build.x[0])
        axis = operator.whole(0, 0)
        if not 0 <= axis < len(times):
            raise operator.fault(f"there is no axis {axis} here", f"the input has {len(times)} axes")
        times[axis] = operator.whole(1, 1)
    if not all(1 <= one <= MOST_TIMES for one in times):
        raise operator.fault("how often it is repeated cannot be read", f"it is {times[:8]}")
    shape, tensor = build.x[0], build.tensors[0]
    times = [1] * (len(shape) - len(times)) + times
    if len(times) > len(shape):  # the channels stay first where there are any: a fourth axis is the depth
        missing = (1,) * (len(times) - len(shape))
        wanted = (shape[0], *missing, *shape[1:]) if len(shape) == 3 else (*missing, *shape)
        tensor = build.put("reshape", suffix="_axes", shape=wanted)
    for axis, one in enumerate(times):
        if one > 1:
            tensor = build.put("concat", *[tensor] * one, suffix=f"_{axis}", **({"axis": axis} if axis else {}))
    return [build.put("identity") if tensor == build.tensors[0] else tensor]


def pyramid(operator: Operator, build: Build) -> list[int]:
    """SPP: pools to 1, 2, 4 … pixels, as many as setting 1 says, as one vector."""
    levels = operator.whole(1, 1)
    if not 1 <= levels <= 10:
        raise operator.fault("a pyramid has one to ten levels", f"it has {levels}")
    mode: Fields = {} if operator.whole(0, 0) == 0 else {"mode": "avg"}
    return [build.put("spp", levels=tuple(2**level for level in range(levels)), **mode)]


def patches(operator: Operator, build: Build) -> list[int]:
    """Unfold: every window as a column, with borders alike on both sides."""
    axes = build.axes
    if axes != 2:
        raise operator.fault("an unfold takes a map with two spatial axes")
    fields: Fields = {
        "kernel": per_axis(operator, 1, axes, 0),
        "dilation": per_axis(operator, 2, axes, 1),
        "stride": per_axis(operator, 3, axes, 1),
    }
    sides = borders(operator, axes)
    if isinstance(sides, str):  # as many more as the windows need, the odd one behind or before
        windows = zip(build.x[0][1:], fields["kernel"], fields["dilation"], fields["stride"])
        needed = [max((n - 1) // step * step + (size - 1) * apart + 1 - n, 0) for n, size, apart, step in windows]
        halves = [(more // 2, more - more // 2) for more in needed]
        sides = tuple(half if sides == "same" else half[::-1] for half in halves)
    tensor = build.tensors[0]
    if all(before == after for before, after in sides):
        fields["padding"] = tuple(before for before, _ in sides)
    else:
        tensor = build.put("pad", suffix="_pad", border=sides)
    return [build.put("unfold", tensor, **fields)]


def folded(operator: Operator, build: Build) -> list[int]:
    """Columns added up to a map of a stated size, from which borders may be cut."""
    width = operator.whole(20, 0)
    size = (operator.whole(21, width), width)
    sides = borders(operator, 2)
    if isinstance(sides, str) or len(build.x[0]) != 2:
        raise operator.fault("a fold takes columns, and numbers for its borders")
    fields: Fields = {
        "kernel": per_axis(operator, 1, 2, 0),
        "dilation": per_axis(operator, 2, 2, 1),
        "stride": per_axis(operator, 3, 2, 1),
    }
    if all(before == after for before, after in sides):
        return [build.put("fold", size=size, padding=tuple(before for before, _ in sides), **fields)]
    whole = tuple(n + sum(pair) for n, pair in zip(size, sides))
    return [build.put("crop", build.put("fold", suffix="_whole", size=whole, **fields), border=sides)]


def gated(operator: Operator, build: Build) -> list[int]:
    """GLU: one half of an axis times the sigmoid of the other; a vector has one axis only."""
    axes = len(build.x[0])
    axis = operator.whole(0, 0) if axes > 1 else 0
    if not -axes <= axis < axes:
        raise operator.fault(f"there is no axis {axis} here", f"the input has {axes} axes")
    fields: Fields = {"axis": axis % axes} if axis % axes else {}
    return [build.put("glu", **fields)]


def diagonal(operator: Operator, build: Build) -> list[int]:
    """Diag: a matrix with a vector on one of its diagonals, or that diagonal of a matrix."""
    offset, shape = operator.whole(0, 0), build.x[0]
    if len(shape) == 1:
        return [build.opaque((shape[0] + abs(offset),) * 2)]
    rows, columns = shape[-2:]
    length = min(rows, columns, columns - offset, rows + offset)
    if len(shape) != 2 or length < 1:
        raise operator.fault("a diagonal is one of a matrix", f"diagonal {offset} of {list(shape)}")
    return [build.opaque((length,))]


def spectrogram(operator: Operator, build: Build) -> list[int]:
    """Frequencies by frames of a sound, each as two numbers where setting 1 asks for no power."""
    length, hop, most = _frames(operator)
    samples = prod(build.x[0]) + (length // 2 * 2 if operator.whole(5, 1) else 0)
    if samples < length:
        raise operator.fault("a sound is at least one frame long", f"{samples} samples, {length} a frame")
    shape = (length // 2 + 1 if operator.whole(8, 1) else length, (samples - length) // hop + 1)
    return [build.opaque(shape if most else (*shape, 2))]


def wave(operator: Operator, build: Build) -> list[int]:
    """The sound of a spectrogram of frequencies x frames x 2; complex unless setting 1 says which half of it."""
    length, hop, part = _frames(operator)
    if len(build.x[0]) != 3:
        raise operator.fault("a spectrogram is frequencies x frames x 2")
    samples = (build.x[0][1] - 1) * hop + (length % 2 if operator.whole(5, 1) else length)
    return [build.opaque((samples,) if part else (samples, 2))]


def _frames(operator: Operator) -> tuple[int, int, int]:
    """The length of a frame, the step from one to the next, and setting 1."""
    length = operator.whole(0, 0)
    hop = operator.whole(2, length // 4)
    if length < 1 or hop < 1:
        raise operator.fault("a spectrogram has frames and steps of at least one sample", f"{length} and {hop}")
    return length, hop, operator.whole(1, 0)


def largest(operator: Operator, build: Build) -> list[int]:
    """ArgMax of all elements: the places of the largest, and their values where setting 0 says so."""
    many = max(operator.whole(1, 1), 1)
    return [build.opaque((2, many) if operator.whole(0, 0) else (1, many))]


def sampled(operator: Operator, build: Build) -> list[int]:
    """GridSample: a map at places that another tensor says; the grid's two numbers stand last, or first (setting 3)."""
    build.takes(2)
    grid = build.x[1] if not operator.whole(3, 0) else (*build.x[1][1:], build.x[1][0])
    if len(grid) != len(build.x[0]) or len(grid) < 3:
        raise operator.fault("the grid has as many axes as the map")
    return [build.opaque((build.x[0][0], *grid[:-1]))]


def same_shape(operator: Operator, build: Build) -> list[int]:
    """What comes out has the shape of what comes in first, and no more is known of it."""
    return [build.opaque(build.x[0])]


def statistics(operator: Operator, build: Build) -> list[int]:
    """StatisticsPooling: the mean of each channel, and its deviation where setting 0 says so."""
    count = build.x[0][0] * (2 if operator.whole(0, 0) else 1)
    if prod(build.x[0]) == build.x[0][0]:
        raise operator.fault("a statistics pool takes a map")
    return [build.opaque((count,))]
