"""Our kinds that are several layers of Caffe behind each other, where these compute just that."""

from __future__ import annotations

from math import pi, prod, sqrt
from typing import Any

from cnncalc.interchange.caffe.writing.pieces import Piece, Rule, Said, Values
from cnncalc.interchange.written import Unsaid
from cnncalc.layers import Shape
from cnncalc.layers.axes import placed

__all__ = ["COMPOSED", "affine", "bounded", "exchanged", "reshaped_to"]

SELU = (1.6732632423543772, 1.0507009873554805)
"""The slope's limit and the factor of Klambauer et al. 2017."""


def affine(scale: float = 1.0, shift: float = 0.0, power: float = 1.0, suffix: str = "") -> Piece:
    """Power: (shift + scale·x)^power."""
    said = (("power", power, 1.0), ("scale", scale, 1.0), ("shift", shift, 0.0))
    values = tuple((name, value) for name, value, usual in said if value != usual)
    return Piece("Power", "power_param", values, suffix=suffix)


def reshaped_to(shape: Shape, suffix: str = "") -> Piece:
    """Reshape, with the batch as it is."""
    return Piece("Reshape", "reshape_param", (("shape", tuple(("dim", n) for n in (0, *shape))),), suffix=suffix)


def exchanged(order: Shape, suffix: str = "") -> Piece:
    """Permute, of axes counted with the batch."""
    return Piece("Permute", "permute_param", tuple(("order", axis) for axis in order), suffix=suffix)


def hard_sigmoid(layer: Any, x: tuple[Shape, ...], y: Shape) -> Said:
    """x/6 + 1/2, clipped; with x as a factor hardswish."""
    whole = layer.kind == "hardsigmoid"
    clipped = Piece("Clip", "clip_param", (("min", 0), ("max", 1)), in_place=True, suffix="" if whole else "_gate")
    made = [affine(1 / 6, 0.5, suffix="_line"), clipped]
    return made if whole else [*made, TIMES]


TIMES = Piece("Eltwise", "eltwise_param", (("operation", "PROD"),), beside=True)


def mish(layer: Any, x: tuple[Shape, ...], y: Shape) -> Said:
    """x·tanh(softplus(x))."""
    return [Piece("BNLL", suffix="_softplus"), Piece("TanH", in_place=True, suffix="_gate"), TIMES]


def gelu(layer: Any, x: tuple[Shape, ...], y: Shape) -> Said:
    """x·(1 + tanh(√(2/π)·x·(1 + 0.044715·x²)))/2, where it is meant by tanh."""
    if layer.approximate != "tanh":
        raise Unsaid("Caffe has no error function", "`gelu tanh` is there, and near to it")
    return [
        TIMES._replace(suffix="_square"),  # a Power behind a Power of another power goes wrong in OpenCV
        affine(0.044715, 1.0, suffix="_factor"),
        TIMES._replace(suffix="_inner"),
        affine(sqrt(2 / pi), suffix="_scaled"),
        Piece("TanH", in_place=True, suffix="_tanh"),
        affine(0.5, 0.5, suffix="_gate"),
        TIMES,
    ]


def selu(layer: Any, x: tuple[Shape, ...], y: Shape) -> Said:
    """ELU, times a number."""
    return [Piece("ELU", "elu_param", (("alpha", SELU[0]),), suffix="_elu"), affine(SELU[1])]


def bounded(layer: Any, x: tuple[Shape, ...], y: Shape) -> Said:
    """The larger or smaller of it and a number c: c ± relu(±(x − c))."""
    sign, number = (1.0, layer.number) if layer.kind == "maximum" else (-1.0, layer.number)
    moved = affine(sign, -sign * number + 0.0, suffix="_below")
    return [moved, Piece("ReLU", in_place=True, suffix="_part"), affine(sign, number)]


def pixels(layer: Any, x: tuple[Shape, ...], y: Shape) -> Said:
    """Channels as pixels or the other way round: axes of their own, exchanged."""
    r, rank = layer.factor, len(y) - 1
    if layer.kind == "pixel_shuffle":
        split = (y[0], *(r,) * rank, *x[0][1:])
        order = [0, 1] + [axis for i in range(rank) for axis in (2 + rank + i, 2 + i)]
    else:
        split = (x[0][0], *(part for n in y[1:] for part in (n, r)))
        inside, outside = [3 + 2 * i for i in range(rank)], [2 + 2 * i for i in range(rank)]
        order = [0, *([*inside, 1] if layer.kind == "space_to_depth" else [1, *inside]), *outside]
    return [reshaped_to(split, "_split"), exchanged(tuple(order), "_exchange"), reshaped_to(y)]


def largest(layer: Any, x: tuple[Shape, ...], y: Shape) -> Said:
    """ArgMax along an axis: the numbers of the largest, or the place of one."""
    topk = layer.kind == "topk"
    axis = layer.place(x[0]) if topk else placed(layer.axes, x[0])[0]
    values: Values = [("axis", axis + 1)]
    if topk:
        if layer.k == 1:
            raise Unsaid("an ArgMax of one number along an axis is read as its place", "`reduce max` is that number")
        values = [("out_max_val", True), ("top_k", layer.k), *values]
    piece = Piece("ArgMax", "argmax_param", tuple(values))
    return [piece] if topk or layer.keep else [piece._replace(suffix="_place"), reshaped_to(y)]


REDUCED = {"sum": "SUM", "mean": "MEAN", "l1": "ASUM"}


def reduced(layer: Any, x: tuple[Shape, ...], y: Shape) -> Said:
    """Reduction, which goes over all axes from one on."""
    axes = placed(layer.axes, x[0])
    if layer.by not in REDUCED:
        raise Unsaid("Caffe's Reduction is a sum, a mean or a sum of absolute values", "pools take the largest")
    if not axes or not y or tuple(axes) != tuple(range(axes[0], len(x[0]))) or axes[0] == 0:
        raise Unsaid("Caffe's Reduction goes over all axes from one on, behind the channels", "`permute` before it")
    values = (("operation", REDUCED[layer.by]), ("axis", axes[0] + 1))
    piece = Piece("Reduction", "reduction_param", values, suffix="_all" if layer.keep else "")
    return [piece, reshaped_to(y)] if layer.keep else [piece]


def one_place(layer: Any, x: tuple[Shape, ...], y: Shape) -> Said:
    """Slice, and the axis left out."""
    axis = layer.place(x[0])
    cut = part_of(axis, layer.at % x[0][axis], layer.at % x[0][axis] + 1, x[0][axis], "_place")
    return [*cut, reshaped_to(y)]


def part_of(axis: int, start: int, stop: int, n: int, suffix: str) -> Said:
    """Slice, and Silence for what is left out; nothing where nothing is."""
    points = tuple(("slice_point", point) for point in (start, stop) if 0 < point < n)
    tops = ("_before",) * (start > 0) + ("",) + ("_after",) * (stop < n)
    values = ((("axis", axis + 1),) if axis else ()) + points
    return [Piece("Slice", "slice_param", values, tops=tops, suffix=suffix)] if points else []


def cropped(layer: Any, x: tuple[Shape, ...], y: Shape) -> Said:
    """Crop to the size of another map; else a Slice an axis."""
    borders = list(layer.borders(*x))
    if any(min(border) < 0 for border in borders):
        raise Unsaid("a crop of Caffe makes nothing larger", "`pad` does")
    if len(x) > 1:
        return [Piece("Crop", "crop_param", (("axis", 2), *(("offset", before) for before, _ in borders)))]
    axes = [axis for axis, border in enumerate(borders, 1) if any(border)]
    return [
        piece
        for axis in axes
        for piece in part_of(
            axis,
            borders[axis - 1][0],
            y[axis] + borders[axis - 1][0],
            x[0][axis],
            "" if axis == axes[-1] else f"_{axis}",
        )
    ]


def repeated(layer: Any, x: tuple[Shape, ...], y: Shape) -> Said:
    """A Tile an axis."""
    if len(x[0]) != len(y):
        raise Unsaid("a Tile keeps the number of axes", "`reshape` it before")
    axes = [axis for axis, (n, m) in enumerate(zip(x[0], y)) if n != m]
    return [
        Piece(
            "Tile",
            "tile_param",
            (("axis", axis + 1), ("tiles", y[axis])),
            suffix="" if axis == axes[-1] else f"_{axis}",
        )
        for axis in axes
    ]


def embedded(layer: Any, x: tuple[Shape, ...], y: Shape) -> Said:
    """Embed, whose vectors are the last axis."""
    length = prod(x[0])
    if prod(y) != length * layer.features or len(y) != 2:
        raise Unsaid("an Embed is written on one sequence", "`reshape` it before and behind")
    last = layer.axis == "last"
    values = (("input_dim", layer.vocabulary), ("num_output", layer.features), ("bias_term", layer.bias))
    made = Piece("Embed", "embed_param", values, 1 + layer.bias, suffix="" if last else "_rows")
    flat = [Piece("Flatten", suffix="_numbers")] if len(x[0]) > 1 else []
    return [*flat, made] + ([] if last else [exchanged((0, 2, 1))])


def own_numbers(layer: Any, x: tuple[Shape, ...], y: Shape) -> Said:
    """Scale or Bias, of a number a channel or one for each element."""
    if layer.kind == "positional":
        shape, join = x[0], "add"
        if layer.by != "learned":
            raise Unsaid("no layer of Caffe makes sines and cosines by place", "`positional` learns them")
    else:
        shape, join = layer.shape, layer.join
        if join not in ("add", "multiply") or not layer.learned:
            raise Unsaid("Caffe's learned tensors are factors and shifts of another one", "`join: add` or `multiply`")
    kind = "Bias" if join == "add" else "Scale"
    if tuple(shape) == tuple(x[0]) and len(x[0]) > 1:
        return [Piece(kind, f"{kind.lower()}_param", (("axis", 1), ("num_axes", -1)), 1)]
    if tuple(shape) != (x[0][0], *(1,) * (len(x[0]) - 1)):
        raise Unsaid(
            "a Scale or Bias of Caffe has a number a channel, or one for each element", "`expand` does so here"
        )
    return [Piece(kind, learns=1)]


COMPOSED: dict[str, Rule] = {
    "argmax": largest,
    "crop": cropped,
    "embedding": embedded,
    "expand": repeated,
    "gelu": gelu,
    "hardsigmoid": hard_sigmoid,
    "hardswish": hard_sigmoid,
    "mish": mish,
    "parameter": own_numbers,
    "pixel_shuffle": pixels,
    "pixel_unshuffle": pixels,
    "positional": own_numbers,
    "reduce": reduced,
    "select": one_place,
    "selu": selu,
    "space_to_depth": pixels,
    "topk": largest,
}
