"""Caffe's layers that lay elements out anew, join them or take some of them. Its axes count the batch as 0."""

from __future__ import annotations

from itertools import pairwise
from math import prod

from cnncalc.interchange.building import Build, Fields
from cnncalc.interchange.caffe.net import CaffeLayer
from cnncalc.layers.base import Shape

__all__ = [
    "concat",
    "crop",
    "embed",
    "flatten",
    "inner_product",
    "largest",
    "permute",
    "reduction",
    "reorg",
    "reshape",
    "slices",
    "softmax",
    "tile",
    "transpose",
]


def axis_of(layer: CaffeLayer, axis: int, rank: int, name: str = "axis") -> int:
    """An axis counted from the batch, from one counted from either end. `rank` counts the batch as well."""
    if not -rank <= axis < rank:
        raise layer.fault(f"there is no `{name}` {axis} here", f"its input has {rank} axes, the batch counted")
    return axis % rank


def own_axis(layer: CaffeLayer, axis: int, shape: Shape, name: str = "axis") -> int:
    """An axis counted without the batch; one that is the batch is an error."""
    found = axis_of(layer, axis, len(shape) + 1, name)
    if found == 0:
        raise layer.fault("a layer that acts along the batch is no layer of a net here", f"`{name}` is {axis}")
    return found - 1


def softmax(layer: CaffeLayer, build: Build) -> list[int]:
    """Over the channels unless `axis` says otherwise."""
    axis = own_axis(layer, layer.part("softmax_param").whole("axis", 1), build.x[0])
    fields: Fields = {"axis": axis} if axis else {}
    return [build.put("softmax", **fields)]


def inner_product(layer: CaffeLayer, build: Build) -> list[int]:
    """The axes from `axis` on as one vector, at each position of those before."""
    part = layer.part("inner_product_param")
    out, bias = part.whole("num_output", 0), part.flag("bias_term", default=True)
    if out < 1:
        raise layer.fault("`num_output` is at least 1")
    axis = own_axis(layer, part.whole("axis", 1), build.x[0])
    if axis == 0:
        return build.each("linear", out=out, bias=bias)
    shape = build.x[0]
    tensor = build.tensors[0]
    if len(shape) - axis > 1:
        tensor = build.put("reshape", suffix="_reshape", shape=(*shape[:axis], prod(shape[axis:])))
    return [build.put("linear", tensor, out=out, bias=bias, axis="last")]


def flatten(layer: CaffeLayer, build: Build) -> list[int]:
    """The axes from `axis` to `end_axis` as one."""
    part = layer.part("flatten_param")
    shape = build.x[0]
    start = own_axis(layer, part.whole("axis", 1), shape)
    end = axis_of(layer, part.whole("end_axis", -1), len(shape) + 1, "end_axis")
    if (start, end) == (0, len(shape)):
        return [build.put("flatten")]
    return [build.put("reshape", shape=(*shape[:start], prod(shape[start:end]), *shape[end:]))]


def reshape(layer: CaffeLayer, build: Build) -> list[int]:
    """`dim: 0` copies an axis and one `dim: -1` is what is left; `axis` and `num_axes` say which are replaced."""
    part = layer.part("reshape_param")
    dims = part.message("shape").wholes("dim")
    batch = 1
    old = (batch, *build.x[0])
    axis, count = part.whole("axis", 0), part.whole("num_axes", -1)
    if axis == 0 and layer.images > 1:  # a batch that the file has in numbers
        if dims[:1] == [layer.images]:
            dims[0] = batch
        elif len(dims) > 1 and min(dims[:2]) > 0 and dims[0] * dims[1] == layer.images:
            dims[:2] = [batch, 1]  # frames of several clips, in the order of time: one frame of one clip
    start = axis if axis >= 0 else len(old) + 1 + axis
    end = len(old) if count == -1 else start + count
    if not (0 <= start <= end <= len(old)) or len(dims) > 8 or min(dims, default=0) < -1 or dims.count(-1) > 1:
        raise layer.fault("this shape cannot be read", f"axes {start} to {end} of {len(old)} become {len(dims)}")
    if any(dim == 0 and start + place >= len(old) for place, dim in enumerate(dims)):
        raise layer.fault("`dim: 0` copies an axis that the input does not have")
    known = [old[start + place] if dim == 0 else dim for place, dim in enumerate(dims)]
    new = [*old[:start], *known, *old[end:]]
    if -1 in new:
        rest = prod(dim for dim in new if dim != -1)
        if rest == 0 or prod(old) % rest:
            raise layer.fault("a reshape keeps the number of elements", f"{prod(old)} is no multiple of {rest}")
        new[new.index(-1)] = prod(old) // rest
    if new[:1] != [batch] or len(new) < 2:
        made = new[0] if new else "nothing"
        raise layer.fault(
            "a reshape that changes the batch is no layer of a net here", f"the batch of one becomes {made}"
        )
    return [build.put("reshape", shape=tuple(new[1:]))]


def permute(layer: CaffeLayer, build: Build) -> list[int]:
    """SSD's Permute: the axes in `order`, those that it leaves out behind."""
    return [turned(layer, build, layer.part("permute_param").wholes("order"))]


def transpose(layer: CaffeLayer, build: Build) -> list[int]:
    """The same, of other forks: every axis by its number."""
    return [turned(layer, build, layer.part("transpose_param").wholes("dim"))]


def turned(layer: CaffeLayer, build: Build, axes: list[int]) -> int:
    """The axes in this order, the batch counted, those that it leaves out behind."""
    rank = len(build.x[0]) + 1
    order = [axis_of(layer, axis, rank, "order") for axis in axes]
    order += [axis for axis in range(rank) if axis not in order]
    if order[0] != 0 or len(order) != rank:
        raise layer.fault("the batch stays the first axis, and each axis stands once", f"the order is {order}")
    return build.put("permute", order=tuple(axis - 1 for axis in order[1:]))


def concat(layer: CaffeLayer, build: Build) -> list[int]:
    """Along the channels unless `axis`, once `concat_dim`, says otherwise."""
    part = layer.part("concat_param")
    axis = part.whole("axis", part.whole("concat_dim", 1))
    ends = [build.sketch.operators[tensor].layer for tensor in build.tensors]
    if axis == 0 and len(set(build.x)) == 1 and all(layer is not None and layer.kind == "opaque" for layer in ends):
        return [build.opaque(build.x[0])]  # regions of several levels, of which one is counted
    axis = own_axis(layer, axis, build.x[0])
    if len(build.tensors) == 1:
        return [build.put("identity")]
    return [build.put("concat", axis=axis)]


def slices(layer: CaffeLayer, build: Build) -> list[int]:
    """Parts that end at the `slice_point`s, or equal ones; along the channels unless told."""
    part = layer.part("slice_param")
    shape = build.x[0]
    axis = own_axis(layer, part.whole("axis", part.whole("slice_dim", 1)), shape)
    points = part.wholes("slice_point")
    tops = len(layer.tops)
    if not points:
        if tops < 1 or shape[axis] % tops:
            raise layer.fault("equal slices divide what they slice", f"{shape[axis]} by {tops}")
        points = [shape[axis] // tops * number for number in range(1, tops)]
    bounds = [0, *points, shape[axis]]
    if len(bounds) != tops + 1 or any(start >= stop for start, stop in pairwise(bounds)):
        raise layer.fault("slices end where the next starts, one for each top", f"{tops} tops, bounds {bounds[:20]}")
    return [
        build.put("slice", suffix=f"_{number}" if number else "", **sliced(axis, start, stop))
        for number, (start, stop) in enumerate(pairwise(bounds))
    ]


def sliced(axis: int, start: int, stop: int) -> Fields:
    """The fields of a slice; the axis only where it is not that of the channels."""
    return {"channels": (start, stop), **({"axis": axis} if axis else {})}


def crop(layer: CaffeLayer, build: Build) -> list[int]:
    """From `axis` on to the second bottom's size, `offset` from the start."""
    build.takes(2)
    part = layer.part("crop_param")
    shape, target = build.x[0], build.x[1]
    first = own_axis(layer, part.whole("axis", 2), shape)
    offsets = part.wholes("offset")
    if len(shape) != len(target) or len(offsets) not in (0, 1, len(shape) - first):
        raise layer.fault("a crop has one `offset`, or one an axis", f"{len(offsets)} for {len(shape) - first} axes")
    cut = [(0, 0)] * len(shape)
    for number, axis in enumerate(range(first, len(shape))):
        before = (offsets[number] if len(offsets) > 1 else offsets[0]) if offsets else 0
        cut[axis] = (before, shape[axis] - target[axis] - before)
        if min(cut[axis]) < 0:
            raise layer.fault("what is cropped is smaller than what is left", f"{shape} to {target}, offset {before}")
    tensor, suffix = build.tensors[0], ""
    if cut[0] != (0, 0):
        tensor = build.put("slice", tensor, channels=(cut[0][0], shape[0] - cut[0][1]))
        suffix = "_crop"
    return [build.put("crop", tensor, suffix=suffix, border=tuple(cut[1:]))]


def embed(layer: CaffeLayer, build: Build) -> list[int]:
    """A vector for each number that comes in, as the last axis."""
    part = layer.part("embed_param")
    vocabulary, features = part.whole("input_dim", 0), part.whole("num_output", 0)
    if vocabulary < 1 or features < 1:
        raise layer.fault("an embedding needs `input_dim` and `num_output`", f"{vocabulary} and {features}")
    bias = part.flag("bias_term", default=True)
    return [build.put("embedding", vocabulary=vocabulary, features=features, bias=bias, axis="last")]


def reorg(layer: CaffeLayer, build: Build) -> list[int]:
    """YOLO's: positions to channels, as many as `stride` along each axis; with `reverse` back."""
    part = layer.part("reorg_param")
    kind = "pixel_shuffle" if part.flag("reverse", default=False) else "space_to_depth"
    return [build.put(kind, factor=part.whole("stride", 2))]


def largest(layer: CaffeLayer, build: Build) -> list[int]:
    """The places of the `top_k` largest numbers; with `out_max_val` the numbers too, or along an axis instead."""
    part = layer.part("argmax_param")
    top = part.whole("top_k", 1)
    if part.having("axis"):
        axis = own_axis(layer, part.whole("axis", 1), build.x[0])
        if top == 1:
            return [build.put("argmax", axes=(axis,), keep=True)]
        return [build.put("topk", k=top, axis=axis)]
    both = 2 if part.flag("out_max_val", default=False) else 1
    return [build.opaque((both, top))]


def tile(layer: CaffeLayer, build: Build) -> list[int]:
    """Itself several times along an axis."""
    part = layer.part("tile_param")
    axis, tiles = own_axis(layer, part.whole("axis", 1), build.x[0]), part.whole("tiles", 1)
    if not 1 <= tiles <= 10_000:
        raise layer.fault("`tiles` is at least 1", f"it is {tiles}")
    return [build.put("concat", *build.tensors * tiles, axis=axis) if tiles > 1 else build.put("identity")]


def reduction(layer: CaffeLayer, build: Build) -> list[int]:
    """The sum or mean of all axes from `axis` on."""
    part = layer.part("reduction_param")
    axis = own_axis(layer, part.whole("axis", 0), build.x[0])
    operation = part.word("operation", "SUM").upper()
    by = {"SUM": "sum", "1": "sum", "ASUM": "l1", "2": "l1", "SUMSQ": "l2", "3": "l2", "MEAN": "mean", "4": "mean"}
    if operation not in by:
        raise layer.fault(f"there is no operation `{operation[:40]}`", help="SUM, ASUM, SUMSQ or MEAN")
    if axis == 0:  # one number for each image, which is a vector of it here
        flat = build.put("flatten", suffix="_flat") if len(build.x[0]) > 1 else build.tensors[0]
        return [build.put("reduce", flat, by=by[operation], axes=(0,), keep=True)]
    return [build.put("reduce", by=by[operation], axes=tuple(range(axis, len(build.x[0]))))]
