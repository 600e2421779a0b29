"""What a reader would ask about pools to a given size, and about transposed convolutions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import gcd

from cnncalc.analysis.remarks.windows import Remark, together
from cnncalc.arithmetic.windows.formulas import TransposedWindow, Window, adaptive_windows, product
from cnncalc.layers import Layer, Shape, show_shape
from cnncalc.layers.kinds.conv import Deconv
from cnncalc.layers.kinds.pool import AdaptiveMaxPool, AdaptivePool
from cnncalc.layers.kinds.pyramid import SpatialPyramid

__all__ = ["size_remarks"]


def size_remarks(layer: Layer, shapes: Sequence[Shape]) -> Iterator[Remark]:
    """The sentences about a layer that is told its output's size, or enlarges."""
    if isinstance(layer, AdaptivePool):
        yield from _adaptive(layer, shapes[0])
    elif isinstance(layer, Deconv):
        yield from _which_size(layer, shapes[0])
        yield from _checkerboard(layer, shapes[0])
    elif isinstance(layer, SpatialPyramid):
        yield _grids(layer, shapes[0])


def _adaptive(layer: AdaptivePool, shape: Shape) -> Iterator[Remark]:
    """The plain pool that an adaptive one is for this input, or that its windows overlap."""
    outputs = layer.output_shape(shape)[1:]
    axes = list(zip(shape[1:], outputs))
    if shape[1:] == outputs:
        yield Remark(f"The map is {show_shape(outputs)} already: it changes nothing for this input.", "adaptive")
    elif set(outputs) == {1}:
        yield Remark("One window covers the whole map: the same as a global pool.", "adaptive")
    elif all(n % out == 0 for n, out in axes):
        kernel = tuple(n // out for n, out in axes)
        text = f"{show_shape(outputs)} divides {show_shape(shape[1:])}: for this input the same as a pool with a"
        yield Remark(f"{text} {show_shape(kernel)} window and that stride.", "adaptive")
    else:
        taken = together(f"{adaptive_windows(n, out):,}" for n, out in axes)
        yield Remark(
            f"{show_shape(shape[1:])} does not divide into {show_shape(outputs)}: neighbouring windows overlap, and "
            f"take {taken} pixels an axis together.",
            "adaptive",
        )


def _grids(layer: SpatialPyramid, shape: Shape) -> Remark:
    """Where the cells of a pyramid come from: those of the adaptive pools that it consists of."""
    grids = [AdaptiveMaxPool(output=(level,)).output_shape(shape)[1:] for level in layer.levels]
    cells = [product(grid) for grid in grids]
    added = " + ".join(map(str, cells))
    return Remark(f"Its grids {together(map(show_shape, grids))} have {added} = {sum(cells):,} cells a channel.", "spp")


def _which_size(layer: Deconv, shape: Shape) -> Iterator[Remark]:
    """The sizes that the convolution which it reverses takes to its input's: `output_padding` chooses among them."""
    windows = list(zip(layer.windows(shape), shape[1:]))
    if any(isinstance(window.border, str) for window, _ in windows) or all(w.stride == 1 for w, _ in windows):
        return
    mine = [window.length(n) for window, n in windows]
    least = [length - window.output_padding for length, (window, _) in zip(mine, windows)]
    most = [length + window.stride - 1 for length, (window, _) in zip(least, windows)]
    forward = [Window(window.kernel, window.stride, window.border, window.dilation) for window, _ in windows]
    ends = [[window.length(n) for window, n in zip(forward, sizes)] for sizes in (least, most)]
    if ends != [list(shape[1:])] * 2:
        return
    chosen = "`output_padding` chooses" if mine != least else "`output_padding` would choose another"
    yield Remark(
        f"A convolution with the same fields makes {show_shape(shape[1:])} of every size from "
        f"{show_shape(tuple(least))} to {show_shape(tuple(most))}: {chosen}.",
        "output padding",
        detail=True,
    )


def _taken(window: TransposedWindow) -> set[int]:
    """How many input pixels an output pixel gets, borders apart; a stride may be too long to look at each.

    A pixel of the kernel lies on every stride-th output pixel, and only on those that the dilation reaches.
    """
    common = gcd(window.dilation, window.stride)
    each, more = divmod(window.kernel, window.stride // common)
    return {each, *([each + 1] if more else []), *([0] if common > 1 else [])}


def _checkerboard(layer: Deconv, shape: Shape) -> Iterator[Remark]:
    """How many input pixels each output pixel gets, where that is not the same for all."""
    counts = [_taken(window) for window in layer.windows(shape)]
    uneven = next((one for one in counts if len(one) > 1), None)
    if uneven is None:
        return
    least, most = min(uneven), max(uneven)
    if not least:
        text = f"Along an axis some output pixels get no input pixel, only the bias, and others {most}."
    else:
        text = (
            f"Along an axis output pixels get {least} or {most} input pixels in turn, as the kernel is no multiple of "
            "the stride: that tends to leave a checkerboard."
        )
    yield Remark(text, "checkerboard")
