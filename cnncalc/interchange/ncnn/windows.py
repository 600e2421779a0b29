"""ncnn's layers with weights, and those that slide windows. Settings have the width first, shapes here the height."""

from __future__ import annotations

from cnncalc.interchange.building import Build, Fields
from cnncalc.interchange.ncnn.params import Operator
from cnncalc.interchange.sketch import Sketch

__all__ = [
    "activated",
    "borders",
    "bounded",
    "convolution",
    "deconvolution",
    "deformable",
    "dynamic",
    "embed",
    "inner_product",
    "per_axis",
    "pooling",
]

SAME = {-233: "same", -234: "same_lower"}
ACTIVATIONS: dict[int, tuple[str, tuple[str, ...]]] = {
    1: ("relu", ()),
    2: ("leaky_relu", ("slope",)),
    3: ("clip", ("low", "high")),
    4: ("sigmoid", ()),
    5: ("mish", ()),
    6: ("hardswish", ()),
    7: ("gelu", ()),
    8: ("silu", ()),
}
"""The activations that a layer has of its own (fused_activation.h), with the fields that its parameters are."""


def activated(operator: Operator, build: Build, tensor: int) -> int:
    """The tensor through the activation of the layer itself, settings 9 and 10, if it has one."""
    number = operator.whole(9, 0)
    if number == 0:
        return tensor
    if number not in ACTIVATIONS:
        raise operator.fault(f"there is no activation {number}")
    kind, names = ACTIVATIONS[number]
    fields: Fields = dict(zip(names, operator.reals(10)))
    if kind == "clip":
        return bounded(build, tensor, fields.get("low", 0.0), fields.get("high", 6.0), suffix="_clip")
    return build.put(kind, tensor, suffix=f"_{kind}", **fields)


def bounded(build: Build, tensor: int, low: float, high: float, suffix: str = "") -> int:
    """Between two bounds: a ReLU6 where they are 0 and 6."""
    if (low, high) == (0.0, 6.0):
        return build.put("relu6", tensor, suffix=suffix)
    bounds: Fields = {name: bound for name, bound in (("low", low), ("high", high)) if abs(bound) < 3e38}
    return build.put("function", tensor, suffix=suffix, of="clip", **bounds)


def per_axis(operator: Operator, number: int, axes: int, default: int) -> tuple[int, ...]:
    """A setting for each spatial axis: that of the width, of the height ten higher, of the depth twenty, if given."""
    width = operator.whole(number, default)
    found = [operator.whole(number + 10 * place, width) if place else width for place in range(axes)]
    return tuple(reversed(found))


def borders(operator: Operator, axes: int) -> tuple[tuple[int, int], ...] | str:
    """The padding: left and right, top and bottom, front and behind; −233 is TensorFlow's `same`."""
    left = operator.whole(4, 0)
    if left in SAME:
        return SAME[left]
    top, front = operator.whole(14, left), operator.whole(24, left)
    sides = [(left, operator.whole(15, left)), (top, operator.whole(16, top)), (front, operator.whole(17, front))]
    return tuple(reversed(sides[:axes]))


def dynamic(operator: Operator) -> bool:
    """Whether the weights of a convolution come in as blobs."""
    forward = operator.type.startswith("Convolution")
    return operator.type.startswith(("Conv", "Deconv")) and bool(operator.whole(19 if forward else 28, 0))


def filters(operator: Operator, build: Build) -> Fields:
    """The fields of a convolution, forward or transposed; of weights that come in, as their shape says."""
    if build.axes < 1:
        raise operator.fault("a convolution takes a map")
    groups, out = operator.whole(7, 1), operator.whole(0, 0)
    kernel = per_axis(operator, 1, build.axes, 0)
    if dynamic(operator) and len(build.x) > 1:
        weight = build.x[1]
        if len(weight) != build.axes + 2:
            raise operator.fault("weights that come in are filters x channels x kernel", f"they are {list(weight)}")
        out, kernel = weight[0] if operator.type.startswith("Conv") else weight[1] * groups, weight[2:]
    return {
        "out": out,
        "kernel": kernel,
        "stride": per_axis(operator, 3, build.axes, 1),
        "padding": borders(operator, build.axes),
        "dilation": per_axis(operator, 2, build.axes, 1),
        "groups": groups,
        "bias": bool(operator.whole(5, 0)),
    }


def filtered(operator: Operator, build: Build, kind: str, fields: Fields, *beside: int) -> int:
    """A convolution of any kind; one whose weights another layer makes counts as nothing of its own."""
    if not dynamic(operator) or len(build.tensors) < 2:
        return held(operator, build, build.put(kind, build.tensors[0], *beside, **fields), 6)
    alone = Sketch("", "ncnn")
    alone.input("x", build.x[0])
    made = alone.add(operator.name, kind, fields, [0], place=operator.place(), foreign=operator.type)
    return build.opaque(alone.shape(made))


def convolution(operator: Operator, build: Build) -> list[int]:
    """A convolution with its activation; the depthwise one has groups. Of a vector it is a matrix (convolution.cpp)."""
    if not build.axes and per_axis(operator, 1, 2, 0) == (1, 1):
        dense = build.put("linear", out=operator.whole(0, 0), bias=bool(operator.whole(5, 0)))
        return [activated(operator, build, held(operator, build, dense, 6))]
    return [activated(operator, build, filtered(operator, build, "conv", filters(operator, build)))]


def deformable(operator: Operator, build: Build) -> list[int]:
    """A convolution at places that a second tensor moves, and that a third may weigh."""
    if not 2 <= len(build.tensors) <= 3:
        raise operator.fault("a deformable convolution takes a map, its offsets and perhaps a mask")
    made = filtered(operator, build, "deform_conv", filters(operator, build), *build.tensors[1:])
    return [activated(operator, build, made)]


def held(operator: Operator, build: Build, made: int, place: int) -> int:
    """A layer whose weight has as many numbers as a setting says; one that says none takes what comes."""
    numbers = operator.whole(place, 0)
    return build.sketch.holds(made, numbers) if numbers > 0 else made


def deconvolution(operator: Operator, build: Build) -> list[int]:
    """A transposed convolution with its activation."""
    fields = filters(operator, build)
    right = operator.whole(18, 0)
    extra = (right, operator.whole(19, right), operator.whole(20, right) if build.axes == 3 else 0)[: build.axes]
    if any(extra):
        fields["output_padding"] = tuple(reversed(extra))
    fields["padding"] = _cut(operator, build, fields)
    return [activated(operator, build, filtered(operator, build, "deconv", fields))]


def _cut(operator: Operator, build: Build, fields: Fields) -> tuple[tuple[int, int], ...]:
    """What is cut off: the padding, or by −233 and −234 whatever is more than a stated size (deconvolution.cpp)."""
    if not isinstance(fields["padding"], str):
        sides: tuple[tuple[int, int], ...] = fields["padding"]
        return sides
    width = operator.whole(25 if build.axes == 3 else 20, 0)
    first = 26 if build.axes == 3 else 21
    sizes = [width, *(operator.whole(first + place, width) for place in range(build.axes - 1))][::-1]
    if min(sizes) < 1:  # none is stated, and nothing is cut
        return ((0, 0),) * build.axes
    alone = Sketch("", "ncnn")
    alone.input("x", build.x[0])
    whole = {**fields, "padding": ((0, 0),) * build.axes}
    made = alone.add(operator.name, "deconv", whole, [0], place=operator.place(), foreign=operator.type)
    over = [length - size for length, size in zip(alone.shape(made)[1:], sizes)]
    if min(over) < 0:
        raise operator.fault("a deconvolution makes at least the stated size", f"{sizes}, {over} less than it makes")
    pairs = [(more // 2, more - more // 2) for more in over]
    return tuple(pair if fields["padding"] == "same" else pair[::-1] for pair in pairs)


def inner_product(operator: Operator, build: Build) -> list[int]:
    """A linear layer: of the rows of a matrix that is as wide as its weights, of anything else as one vector."""
    out, weights = operator.whole(0, 0), operator.whole(2, 0)
    fields: Fields = {"out": out, "bias": bool(operator.whole(1, 0))}
    shape = build.x[0]
    if len(shape) == 2 and out > 0 and shape[1] * out == weights:
        fields["axis"] = "last"
    return [activated(operator, build, held(operator, build, build.put("linear", **fields), 2))]


def embed(operator: Operator, build: Build) -> list[int]:
    """A vector for each number that comes in."""
    fields: Fields = {"vocabulary": operator.whole(1, 0), "features": operator.whole(0, 0), "axis": "last"}
    fields["bias"] = bool(operator.whole(2, 0))
    return [build.put("embedding", **fields)]


def pooling(operator: Operator, build: Build) -> list[int]:
    """Pools: they round up without a bound (`full` padding) unless told, or follow TensorFlow's `same`."""
    kind = "avgpool" if operator.whole(0, 0) == 1 else "maxpool"
    if operator.whole(4, 0):
        return [build.put(f"global_{kind}", flat=True)]
    if operator.whole(7, 0):
        wanted = per_axis(operator, 8, build.axes, 0)
        size = tuple(n if asked == -233 else asked for asked, n in zip(wanted, build.x[0][1:]))
        return [build.put(f"adaptive_{kind}", output=size)]
    mode = operator.whole(5, 0)
    if mode not in (0, 1, 2, 3):
        raise operator.fault(f"there is no way {mode} to pad a pool")
    left = operator.whole(3, 0)
    top, front = operator.whole(13, left), operator.whole(23, left)
    sides = [(left, operator.whole(14, left)), (top, operator.whole(15, top)), (front, operator.whole(16, front))]
    fields: Fields = {
        "kernel": per_axis(operator, 1, build.axes, 0),
        "stride": per_axis(operator, 2, build.axes, 1),
        "padding": ("same", "same_lower")[mode - 2] if mode > 1 else tuple(reversed(sides[: build.axes])),
        "rounding": "floor" if mode else "ceil",
    }
    if kind == "avgpool" and not operator.whole(6, 0):
        fields["count_include_pad"] = False
    return [build.put(kind, **fields)]
