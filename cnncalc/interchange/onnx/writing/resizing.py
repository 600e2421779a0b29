"""Borders, slices and enlargements as nodes, blurs and convolutions by styles."""

from __future__ import annotations

from math import gcd
from typing import Any

from cnncalc.arithmetic.windows.nearest import nearest_places
from cnncalc.interchange.onnx.writing.scribe import Held, Step
from cnncalc.interchange.onnx.writing.windows import padding, pads, slides
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


def blurred(step: Step) -> str:
    """A convolution in groups, or a transposed one, whose filter is the same for each channel."""
    layer: Any = step.layer
    slid, channels = layer.slid.windows(step.x[0]), step.fixed(step.x[0][0])
    taps = step.learned("filter")
    if not layer.each and channels > 1:
        taps = step.put("Expand", taps, step.wholes((channels, 1, *layer.taps(step.x[0]))))
    x, around = step.taken[0], {}
    if layer.mode == "zeros":
        around = padding(step, slid)
    else:
        borders = [(0, 0), (0, 0), *(window.padding(n) for window, n in zip(slid, step.x[0][1:]))]
        x = step.bordered_by(layer.mode, pads(borders))
    return step.put("Conv" if layer.up is None else "ConvTranspose", x, taps, **slides(slid), group=channels, **around)


def modulated(step: Step) -> str:
    """A convolution of a scaled map. Raises `Unsaid` where each image's filters are divided by their lengths."""
    layer: Any = step.layer
    if layer.demodulate:
        raise Unsaid("its filters are divided by lengths that are made of them", "write `nodemodulate`")
    slid, axes = layer.slid.windows(step.x[0]), range(2, step.rank + 2)
    weight = step.learned("weight")
    x = step.put("Mul", step.taken[0], step.unsqueezed(step.taken[1], *axes))
    if layer.up is not None:
        weight = step.put("Transpose", weight, perm=[1, 0, *axes])
    bias = [step.learned("bias")] if layer.bias else []
    kind = "Conv" if layer.up is None else "ConvTranspose"
    return step.put(kind, x, weight, *bias, **slides(slid), **padding(step, slid))
