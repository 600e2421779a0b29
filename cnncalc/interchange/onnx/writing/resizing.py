"""Borders, slices and enlargements as nodes, and what resamples with fixed filters, or with those of an image."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, gcd, prod
from typing import Any

from cnncalc.arithmetic.windows.nearest import nearest_places
from cnncalc.interchange.onnx.writing.scribe import Held, Step
from cnncalc.interchange.onnx.writing.windows import pads, slides
from cnncalc.interchange.written import Unsaid
from cnncalc.layers.base import show_shape
from cnncalc.layers.fields import spread

__all__ = ["blurred", "crop", "enlarged", "modulated", "pad", "sliced", "unpooled"]


def pad(step: Step) -> str:
    """Pad, of channels too."""
    layer: Any = step.layer
    return step.bordered_by(layer.mode, pads([(0, 0), layer.channels[0], *layer.borders(step.x[0])]))


def crop(step: Step) -> str:
    """Slice, along every axis that gets shorter."""
    layer: Any = step.layer
    borders = [tuple(map(step.fixed, border)) for border in layer.borders(*step.x)]
    axes = [axis for axis, border in enumerate(borders) if any(border)]
    if not axes:
        return step.put("Identity", step.taken[0])
    starts = step.wholes([borders[axis][0] for axis in axes])
    ends = [-borders[axis][1] if borders[axis][1] else 2**31 - 1 for axis in axes]
    return step.put("Slice", step.taken[0], starts, step.wholes(ends), step.wholes([axis + 2 for axis in axes]))


def sliced(step: Step) -> str:
    """Slice."""
    layer: Any = step.layer
    axis = layer.axis % len(step.x[0])
    start, stop = layer.channels
    return step.sliced(step.taken[0], axis + 1, start, 2**31 - 1 if stop == -1 else stop, layer.step)


def enlarged(step: Step) -> str:
    """Resize: by scales where these are whole or the dialect is ONNX's, else to the size that comes out."""
    layer: Any = step.layer
    nearest = layer.mode == "nearest"
    corners = "align_corners" if layer.align_corners else "pytorch_half_pixel"
    said: dict[str, Any] = {
        "mode": "nearest" if nearest else "cubic" if layer.cubic else "linear",
        "cubic_coeff_a": -0.75 if layer.cubic else None,
        "coordinate_transformation_mode": "asymmetric" if nearest else corners,
        "nearest_mode": "floor" if nearest else None,
    }
    known = all(isinstance(n, int) for n in (*step.x[0], *step.y)) and not layer.dialect.startswith("onnx")
    if nearest and known and any(m % n and gcd(m, n) > 1 for n, m in zip(step.x[0][1:], step.y[1:])):
        return picked(step)
    scale = None if layer.scale is None else tuple(spread(layer.scale, step.rank))
    if scale and (layer.dialect.startswith("onnx") or all(float(one).is_integer() for one in scale)):
        factors = step.scribe.keep(Held((step.rank + 2,), (1.0, 1.0, *map(float, scale))))
        return step.put("Resize", step.taken[0], unsaid(step), factors, **said)
    if all(isinstance(n, int) for n in step.y):
        before = step.lengths(step.taken[0], 0, 1)
        sizes = step.put("Concat", before, step.wholes(step.y), axis=0)
    elif len(step.x) == 2:
        before = step.lengths(step.taken[0], 0, 2)
        sizes = step.put("Concat", before, step.lengths(step.taken[1], 2), axis=0)
    else:
        raise Unsaid("a fraction of a length that is a symbol", "give the `--input` in numbers")
    return step.put("Resize", step.taken[0], unsaid(step), unsaid(step), sizes, **said)


def unsaid(step: Step) -> str:
    """What an input of Resize is that says nothing: left out since opset 13, empty before."""
    return "" if step.opset >= 13 else step.scribe.keep(Held((0,), ()))


def unpooled(step: Step) -> str:
    """MaxUnpool, with the places that the pool found on a map of the size that comes out."""
    layer: Any = step.layer
    pool = step.scribe.pooled.get(step.taken[1])
    if pool is None:
        raise Unsaid("MaxPool tells no places where a border is laid before it", "pad less than a kernel")
    if pool[1:] != step.y[1:]:
        help = f"write `size={show_shape(pool[1:])}`"
        raise Unsaid("its places are those of a map of another size", help)
    slid = layer.windows(step.x[0])
    sizes = step.put("Concat", step.lengths(step.taken[0], 0, 1), step.wholes(step.y), axis=0)
    borders = [window.padding(n) for window, n in zip(slid, step.x[0][1:])]
    over = [max(step.fixed(w.length(n) - out), 0) for w, n, out in zip(slid, step.x[0][1:], step.y[1:])]
    return step.put(
        "MaxUnpool",
        step.taken[0],
        step.scribe.places_of(step.taken[1]),
        sizes,
        kernel_shape=[window.kernel for window in slid],
        strides=[window.stride for window in slid],
        pads=pads([(before, after + more) for (before, after), more in zip(borders, over)]),  # or the runtime refuses
    )


def picked(step: Step) -> str:
    """Each axis by the places that torch takes, where the runtime's division might round to a neighbour."""
    x = step.taken[0]
    for axis, (n, out) in enumerate(zip(step.x[0][1:], step.y[1:]), 2):
        if n != out:
            x = step.put("Gather", x, step.wholes(nearest_places(n, out)), axis=axis)
    return x


def taps(sizes: Sequence[int], gain: int) -> tuple[float, ...]:
    """A binomial filter that sums to `gain`: along each axis the numbers of Pascal's triangle."""
    made = [float(gain)]
    for size in sizes:
        made = [one * comb(size - 1, at) / 2 ** (size - 1) for one in made for at in range(size)]
    return tuple(made)


def slid_by(step: Step, x: str, weight: str, group: int, *bias: str) -> str:
    """Conv, or where `up` is told ConvTranspose, of a layer whose windows those of another are."""
    layer: Any = step.layer
    slid = layer.windows(step.x[0])
    borders = [window.padding(n) for window, n in zip(slid, step.x[0][1:])]
    around: dict[str, Any] = {"pads": [step.fixed(side) for side in pads(borders)]}
    if layer.up is None and getattr(layer, "mode", "zeros") != "zeros":
        x, around = step.bordered_by(layer.mode, pads([(0, 0), (0, 0), *borders])), {}
    kind = "Conv" if layer.up is None else "ConvTranspose"
    return step.put(kind, x, weight, *bias, **slides(slid), group=group, **around)


def blurred(step: Step) -> str:
    """A convolution of each channel with one filter."""
    layer: Any = step.layer
    channels, sizes = step.fixed(step.x[0][0]), layer.taps(step.x[0])
    first = taps(sizes, prod(spread(layer.up, len(sizes))) if layer.up is not None else 1)
    weight = step.learned("filter", first=first * (channels if layer.each else 1))
    if not layer.each and channels > 1:
        weight = step.put("Expand", weight, step.wholes((channels, 1, *sizes)))
        step.scribe.read[step.node.index] = (channels - (step.node.share is None)) * prod(sizes), 0
    return slid_by(step, step.taken[0], weight, channels)


EPSILON = 1e-8
"""What is added to the square of a filter's length."""


def modulated(step: Step) -> str:
    """Channels scaled by the styles, a convolution, and its channels divided by the lengths of the scaled filters.

    The square of a length is Σ s²·Σ w², the inner sum over a filter's pixels: a product with a matrix of the weights.
    """
    layer: Any = step.layer
    x, styles = step.taken
    channels, weight = step.x[0][0], step.learned("weight")
    kernel = weight if layer.up is None else step.permuted(weight, 1, 0, *range(2, step.rank + 2))
    scaled = step.put("Mul", x, step.reshaped(styles, (channels, *(1,) * step.rank)))
    bias = [step.learned("bias")] if layer.bias and not layer.demodulate else []
    made = slid_by(step, scaled, kernel, 1, *bias)
    if layer.demodulate:
        squares = step.reduced("ReduceSumSquare", weight, range(2, step.rank + 2), keep=False)
        sums = step.put("MatMul", step.put("Mul", styles, styles), step.permuted(squares, 1, 0))
        lengths = step.put("Sqrt", step.put("Add", sums, step.number(EPSILON)))
        made = step.put("Div", made, step.reshaped(lengths, (layer.out, *(1,) * step.rank)))
        step.scribe.read[step.node.index] = (layer.out * channels,) * 2
    return step.put("Add", made, step.by_channel("bias")) if layer.bias and layer.demodulate else made
