"""Our merges and what lays elements out anew as Keras's layers and operations."""

from __future__ import annotations

from math import prod
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from cnncalc.arithmetic.windows.nearest import nearest_places
from cnncalc.interchange.keras.writing.model import Scribe, Tensor, out
from cnncalc.interchange.keras.writing.owned import as_keras, as_ours
from cnncalc.interchange.keras.writing.windows import Shapes, Taken, axes_of, each
from cnncalc.interchange.written import Unsaid
from cnncalc.layers import Shape
from cnncalc.layers.kinds import linear, merge, reshape, resize, shuffle
from cnncalc.layers.kinds.algebra import contractions, products, reductions

__all__ = [
    "concat", "dense", "enlarged", "flattened", "joined", "multiplied", "permuted", "reduced", "reshaped", "shuffled",
    "sliced", "spread_out", "summed", "together",
]  # fmt: skip


def _one_order(x: Shape) -> bool:
    """Whether the elements stand in one order with the channels first and last."""
    return len(x) < 2 or x[0] == 1 or prod(x[1:]) == 1


def _first(scribe: Scribe, tensor: Tensor, x: Shape) -> Tensor:
    """The tensor with its channels first, where that is another order."""
    if _one_order(x):
        return scribe.source(tensor) or tensor
    return as_ours(scribe, tensor, x, "_first")


def reshaped(scribe: Scribe, layer: reshape.Reshape, x: Shapes, taken: Taken) -> Tensor:
    """Reshape; of the keras dialect as Keras lays elements out, of others as these do, channels first."""
    y = layer.output_shape(*x)
    if not y:
        raise Unsaid("Keras has no number without an axis", "keep an axis")
    return _laid_out(scribe, layer.dialect, x[0], y, taken[0])


def _laid_out(scribe: Scribe, dialect: str, x: Shape, y: Shape, tensor: Tensor) -> Tensor:
    if dialect == "keras":
        return scribe.layer("Reshape", tensor, shape=out(y), target_shape=list(out(y)))
    tensor = _first(scribe, tensor, x)
    if _one_order(y):
        return scribe.layer("Reshape", tensor, shape=out(y), target_shape=list(out(y)))
    return as_keras(scribe, scribe.layer("Reshape", tensor, shape=y, target_shape=list(y)), y)


def flattened(scribe: Scribe, layer: reshape.Flatten, x: Shapes, taken: Taken) -> Tensor:
    """Flatten; of other dialects than keras with the channels first, so that a dense layer's weights fit."""
    tensor = taken[0] if layer.dialect == "keras" else _first(scribe, taken[0], x[0])
    return scribe.layer("Flatten", tensor)


def permuted(scribe: Scribe, layer: reshape.Permute, x: Shapes, taken: Taken) -> Tensor:
    """Permute, its axes turned."""
    rank = len(x[0])
    if sorted(layer.order) != list(range(rank)):
        raise Unsaid("a permutation names every axis once", "name each")
    dims = [(layer.order[(place + 1) % rank] - 1) % rank + 1 for place in range(rank)]
    return scribe.turn(taken[0], dims)


def dense(scribe: Scribe, layer: linear.Linear, x: Shapes, taken: Taken) -> Tensor:
    """Dense, which acts on the channels; on another axis with that in their place."""
    said: dict[str, Any] = {"units": layer.out, **({} if layer.bias else {"use_bias": False})}
    acts, rank = layer.acts_on(x[0]), len(x[0])
    if acts == "last":
        tensor = as_ours(scribe, taken[0], x[0], "_places")
        y = (*x[0][:-1], layer.out)
        return as_keras(scribe, scribe.layer("Dense", tensor, shape=y, **said), y)
    if acts == "features" and rank > 1 and layer.dialect != "keras":
        tensor = _first(scribe, taken[0], x[0])
        flat = scribe.layer("Flatten", tensor, suffix="_flat", shape=(prod(x[0]),))
        return scribe.layer("Dense", flat, **said)
    return scribe.layer("Dense", taken[0], **said)


LAYERS = {"add": "Add", "multiply": "Multiply", "maximum": "Maximum", "minimum": "Minimum", "subtract": "Subtract"}
NUMBERS = {**LAYERS, "divide": "Divide", "power": "Power"}


def joined(scribe: Scribe, layer: merge.ElementwiseMerge, x: Shapes, taken: Taken) -> Tensor:
    """Add, Multiply, …; with a number, and for the others, an operation."""
    if layer.number is not None:
        return scribe.op(f"numpy.{NUMBERS[layer.kind]}", taken[0], layer.number)
    if layer.kind in LAYERS:
        return scribe.layer(LAYERS[layer.kind], *taken)
    if len({len(one) for one in x}) > 1:
        raise Unsaid("an operation of Keras lines axes up from the last, the batch too", "`reshape` one of them")
    return scribe.op(f"numpy.{NUMBERS[layer.kind]}", *taken)


def concat(scribe: Scribe, layer: merge.Concat, x: Shapes, taken: Taken) -> Tensor:
    """Concatenate."""
    axis = scribe.axis(layer.axis, x[0]) if layer.axis < len(x[0]) else len(x[0]) + 5
    return scribe.layer("Concatenate", *taken, axis=None if axis == -1 else axis)


def sliced(scribe: Scribe, layer: resize.Slice, x: Shapes, taken: Taken) -> Tensor:
    """Places of an axis."""
    axis = scribe.axis(layer.axis, x[0]) % (len(x[0]) + 1)
    start, stop = layer.channels
    whole = slice(None)
    step = None if layer.step == 1 else layer.step
    cut = slice(start or None, None if stop == -1 else stop, step)
    key = [cut if place == axis else whole for place in range(len(x[0]) + 1)]
    return scribe.op("numpy.GetItem", taken[0], key)


def enlarged(scribe: Scribe, layer: resize.Upsample, x: Shapes, taken: Taken) -> Tensor:
    """UpSampling by whole factors; Resizing between pixels on two axes."""
    axes = axes_of(x[0])
    lengths = layer.output_shape(*x)[1:]
    near = layer.mode == "nearest"
    if not near and (axes != "2D" or layer.align_corners):
        raise Unsaid("Keras interpolates on two spatial axes, and not between the corners", "`nearest` copies pixels")
    factors = [m // n for n, m in zip(x[0][1:], lengths)]
    if all(m == n * r for n, m, r in zip(x[0][1:], lengths, factors)):
        between = None if near else "bicubic" if layer.cubic else "bilinear"
        return scribe.layer(f"UpSampling{axes}", taken[0], size=each(factors), interpolation=between)
    if near:
        return _nearest(scribe, taken[0], lengths)
    if axes != "2D":
        raise Unsaid("Keras interpolates to any size on two spatial axes", "`nearest` copies pixels on any")
    between = "bicubic" if layer.cubic else None
    return scribe.layer("Resizing", taken[0], height=lengths[0], width=lengths[1], interpolation=between)


def _nearest(scribe: Scribe, tensor: Tensor, lengths: Shape) -> Tensor:
    """Pixels copied by a fraction: those that torch takes, an axis after the other."""
    axes = [axis for axis, (n, m) in enumerate(zip(tensor.shape, lengths)) if n != m]
    for axis in axes:
        suffix = "" if axis == axes[-1] else f"_axis{axis + 1}"
        shape = (*tensor.shape[:axis], lengths[axis], *tensor.shape[axis + 1 :])
        places = nearest_places(tensor.shape[axis], lengths[axis])
        tensor = scribe.op("numpy.Take", tensor, places, suffix=suffix, shape=shape, axis=axis + 1)
    return tensor


def shuffled(scribe: Scribe, layer: Any, x: Shapes, taken: Taken) -> Tensor:
    """Channels and positions exchanged: a reshape, a permutation, and a reshape back."""
    shape, channels = taken[0].shape[:-1], x[0][0]
    rank = len(shape)
    y = layer.output_shape(*x)
    if isinstance(layer, shuffle.ChannelShuffle):
        split = (*shape, layer.groups, channels // layer.groups)
        order = [*range(1, rank + 1), rank + 2, rank + 1]
    elif isinstance(layer, shuffle.PixelShuffle):
        split = (*shape, y[0], *(layer.factor,) * rank)
        pairs = [place for axis in range(1, rank + 1) for place in (axis, rank + 1 + axis)]
        order = [*pairs, rank + 1]
    else:
        split = (*(n for length in shape for n in (length // layer.factor, layer.factor)), channels)
        inner = [2 * axis for axis in range(1, rank + 1)]
        outer = [2 * axis - 1 for axis in range(1, rank + 1)]
        last = 2 * rank + 1
        order = [*outer, last, *inner] if isinstance(layer, shuffle.PixelUnshuffle) else [*outer, *inner, last]
    apart = scribe.layer("Reshape", taken[0], suffix="_split", shape=split, target_shape=list(split))
    turned = tuple(split[place - 1] for place in order)
    exchanged = scribe.layer("Permute", apart, suffix="_exchange", shape=turned, dims=order)
    return scribe.layer("Reshape", exchanged, target_shape=list(out(y)))


WAYS = {"sum": "Sum", "mean": "Mean", "max": "Max", "min": "Min"}


def reduced(scribe: Scribe, layer: reductions.Reduce, x: Shapes, taken: Taken) -> Tensor:
    """A sum, a mean, or the largest or smallest along axes."""
    if layer.by not in WAYS:
        raise Unsaid(
            f"there is no operation of Keras for `{layer.by}` here", "`function`, `reduce sum` and `power` make it"
        )
    axes = sorted(axis % len(x[0]) for axis in layer.axes)
    if not (layer.keep or scribe.turned) and 0 in axes and len(axes) < len(x[0]) - 1:
        raise Unsaid("without its channels a map has another axis in their place", "keep the axis, or `permute` before")
    numbers = [scribe.axis(axis, x[0]) for axis in axes]
    return scribe.op(f"numpy.{WAYS[layer.by]}", taken[0], axis=numbers, keepdims=layer.keep or None)


def spread_out(scribe: Scribe, layer: reductions.Expand, x: Shapes, taken: Taken) -> Tensor:
    """Axes of length 1 repeated."""
    y = layer.output_shape(*x)
    if len(y) != len(x[0]):
        raise Unsaid("an expanded tensor keeps its number of axes here", "`reshape` it before")
    times = [1, *(m // n for n, m in zip(taken[0].shape, scribe.own))]
    return scribe.op("numpy.Tile", taken[0], repeats=times)


def multiplied(scribe: Scribe, layer: products.MatMul, x: Shapes, taken: Taken) -> Tensor:
    """matmul of matrices, whose axes are turned; of more axes with these as ours, and back."""
    y = layer.output_shape(*x)
    if len(x[0]) == 2 and not layer.transposed and not all(map(scribe.source, taken)):
        return scribe.op("numpy.Matmul", taken[1], taken[0])
    left, right = (as_ours(scribe, one, shape, f"_{word}") for one, shape, word in zip(taken, x, ("left", "right")))
    if layer.transposed:
        rank = len(x[1])
        right = scribe.turn(right, [*range(1, rank - 1), rank, rank - 1], "_turned")
    return as_keras(scribe, scribe.op("numpy.Matmul", left, right, shape=y), y)


def summed(scribe: Scribe, layer: contractions.Einsum, x: Shapes, taken: Taken) -> Tensor:
    """einsum, each tensor with its channels last, and a letter for the batch."""
    batch = next(letter for letter in ascii_lowercase + ascii_uppercase if letter not in layer.equation)
    left, right, result = (batch + (one if scribe.turned else one[1:] + one[:1]) for one in layer.letters)
    if not layer.letters[2]:
        raise Unsaid("Keras has no number without an axis", "keep an axis")
    return scribe.op("numpy.Einsum", *taken, subscripts=f"{left},{right}->{result}")


def together(scribe: Scribe, layer: Any, x: Shapes, taken: Taken) -> Tensor:
    """The pools of a pyramid, flattened and joined."""
    raise Unsaid("Keras has no spatial pyramid", "write its pools, `flatten` and `concat`")


def paired(scribe: Scribe, layer: Any, x: Shapes, taken: Taken) -> Tensor:
    """The products of all pairs, as a vector, through a Dense."""
    (left,), (right,) = x
    parts = [
        scribe.layer("Reshape", one, suffix=f"_{word}", shape=shape, target_shape=list(shape))
        for one, word, shape in zip(taken, ("left", "right"), ((left, 1), (1, right)))
    ]
    pairs = scribe.layer("Multiply", *parts, suffix="_pairs", shape=(left, right))
    flat = scribe.layer("Flatten", pairs, suffix="_flat", shape=(left * right,))
    return scribe.layer("Dense", flat, units=layer.out, use_bias=None if layer.bias else False)
