"""ncnn's rarer layers, as pnnx writes them of transformers and of new detectors. Read in Tencent/ncnn: src/layer."""

from __future__ import annotations

from math import prod

from cnncalc.interchange.building import Build, Fields, learned
from cnncalc.interchange.ncnn.params import Operator

__all__ = [
    "attention",
    "bias",
    "einsum",
    "largest",
    "patches",
    "pyramid",
    "same_shape",
    "sampled",
    "statistics",
    "tile",
]

MOST_TIMES = 1_000


def bias(operator: Operator, build: Build) -> list[int]:
    """A number for each channel."""
    return [learned(build, build.tensors[0], "add", "")]


def einsum(operator: Operator, build: Build) -> list[int]:
    """Two tensors by an equation, whose letters stand as numbers in setting 0; `imkj,lim->ijkl`."""
    letters = "".join(chr(number) for number in operator.wholes(0) if 32 < number < 127)
    build.takes(2)
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
    tensor, rank = build.tensors[0], max(len(times), len(build.x[0]))
    times = [1] * (rank - len(times)) + times
    if rank > len(build.x[0]):
        tensor = build.put("reshape", suffix="_axes", shape=(*(1,) * (rank - len(build.x[0])), *build.x[0]))
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
    left, top = operator.whole(4, 0), operator.whole(14, operator.whole(4, 0))
    if (operator.whole(15, left), operator.whole(16, top)) != (left, top) or min(left, top) < 0:
        raise operator.fault("an unfold is read with borders that are alike on both sides")
    pairs = {"kernel": (1, 0), "dilation": (2, 1), "stride": (3, 1)}
    fields: Fields = {}
    for name, (number, default) in pairs.items():
        width = operator.whole(number, default)
        fields[name] = (operator.whole(number + 10, width), width)
    return [build.put("unfold", padding=(top, left), **fields)]


def largest(operator: Operator, build: Build) -> list[int]:
    """ArgMax of all elements: the places of the largest, and their values where setting 0 says so."""
    many = max(operator.whole(1, 1), 1)
    return [build.opaque((2, many) if operator.whole(0, 0) else (1, many))]


def attention(operator: Operator, build: Build) -> list[int]:
    """SDPA: queries times keys, a softmax, times values; heads are the first axis."""
    if operator.whole(7, 0):
        raise operator.fault("an attention that keeps what it saw before is not read")
    if len(build.tensors) < 3 or any(len(shape) != 3 for shape in build.x[:3]):
        raise operator.fault("an attention takes queries, keys and values of heads x length x features")
    query, *others = build.tensors[:3]
    heads = build.x[0][0]
    for place, shape in enumerate(build.x[1:3]):
        if shape[0] != heads and shape[0] and heads % shape[0] == 0:  # several heads share keys and values
            shared = [others[place]] * (heads // shape[0])
            others[place] = build.put("concat", *shared, suffix=f"_shared{place}")
    scores = build.put("matmul", query, others[0], suffix="_scores", transposed=True)
    weights = build.put("softmax", scores, suffix="_softmax", axis=2)
    return [build.put("matmul", weights, others[1])]


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
