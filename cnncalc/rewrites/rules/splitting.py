"""One convolution as several smaller ones."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.layers import Layer
from cnncalc.layers.convolving import Bordered
from cnncalc.layers.fields import spread
from cnncalc.layers.kinds.conv import Conv, DepthwiseConv
from cnncalc.rewrites.editing import Edits, View, changed, new

__all__ = ["bottleneck", "flatten_kernel", "separable", "split_kernel"]


def _windows(view: View, index: int, layer: Bordered) -> tuple[tuple[int, ...], ...]:
    """Kernel, stride, dilation, and padding before and after, one number an axis each."""
    rank = len(view.entering(index)) - 1
    borders = [(0, 0) if isinstance(one, str) else one for one in layer.borders(rank)]
    return (
        tuple(spread(layer.kernel, rank)),
        tuple(spread(layer.stride, rank)),
        tuple(spread(layer.dilation, rank)),
        tuple(before for before, _ in borders),
        tuple(after for _, after in borders),
    )


def _one(values: tuple[int, ...]) -> tuple[int, ...]:
    """One number where all are alike, as people write it."""
    return values[:1] if len(set(values)) == 1 else values


def _splits(view: View, index: int, layer: Bordered) -> bool:
    """Whether the border of a convolution can be shared out; the reason is noted where it cannot."""
    if layer.mode != "zeros" and layer.padding not in ((), ((0, 0),)):
        view.leave("its border is not of zeros", index)
        return False
    if isinstance(layer.padding, str) and max(layer.stride) > 1:
        view.leave(f"`{layer.padding}` with a stride is no padding that can be shared out", index)
        return False
    return view.own(index)


def split_kernel(view: View) -> Edits:
    """7x7 as three 3x3, 5x5 as two (Simonyan & Zisserman 2015, 2.3): the last has the stride, so the field is the same.

    What follows the convolution, a norm and an activation, stands between the parts, too.
    """
    edits = Edits()
    for index, layer in view.layers_of(Conv, DepthwiseConv):
        kernel, stride, dilation, before, after = _windows(view, index, layer)
        sizes = {k for k in kernel if k > 1}
        if not sizes or max(sizes) < 5:
            continue
        if len(sizes) > 1 or max(sizes) % 2 == 0:
            view.leave("its kernel is no square of an odd size", index)
        elif _splits(view, index, layer):
            times = max(sizes) // 2
            parts: list[Bordered] = []
            for part in range(times):
                last = part == times - 1
                fields: dict[str, object] = {
                    "kernel": _one(tuple(3 if k > 1 else 1 for k in kernel)),
                    "stride": _one(stride) if last else (1,),
                }
                if not isinstance(layer.padding, str):
                    shares = tuple((_share(a, times, part), _share(b, times, part)) for a, b in zip(before, after))
                    fields["padding"] = shares[:1] if len(set(shares)) == 1 else shares
                if isinstance(layer, DepthwiseConv) and part:
                    fields["multiplier"] = 1
                parts.append(changed(layer, dilation=_one(dilation), **fields))
            edits.replace(index, *_between(parts, view.behind(index)))
    return edits


def _share(whole: int, times: int, part: int) -> int:
    """A part of a padding: as even as it can be, what is over in the first."""
    return whole // times + (part < whole % times)


def _between(parts: list[Bordered], what: list[Layer]) -> Iterator[Layer]:
    """The parts with other layers between them."""
    for place, part in enumerate(parts):
        if place:
            yield from what
        yield part


def flatten_kernel(view: View) -> Edits:
    """k×k as 1×k and k×1 (Szegedy et al. 2016, 3.2), one axis after another, the last first."""
    edits = Edits()
    for index, layer in view.layers_of(Conv, DepthwiseConv):
        kernel, stride, dilation, before, after = _windows(view, index, layer)
        axes = [axis for axis, k in enumerate(kernel) if k > 1]
        if len(axes) < 2 or not _splits(view, index, layer):
            continue
        rank = len(kernel)
        parts: list[Bordered] = []
        for axis in reversed(axes):
            # an axis of one pixel goes with the part that comes first
            mine = {axis} | ({one for one in range(rank) if kernel[one] == 1} if axis == axes[-1] else set())
            fields: dict[str, object] = {
                "kernel": tuple(kernel[one] if one in mine else 1 for one in range(rank)),
                "stride": _one(tuple(stride[one] if one in mine else 1 for one in range(rank))),
                "dilation": _one(tuple(dilation[one] if one in mine else 1 for one in range(rank))),
            }
            if not isinstance(layer.padding, str):
                pairs = tuple((before[one], after[one]) if one in mine else (0, 0) for one in range(rank))
                fields["padding"] = pairs[:1] if len(set(pairs)) == 1 else pairs
            if isinstance(layer, DepthwiseConv) and parts:
                fields["multiplier"] = 1
            parts.append(changed(layer, **fields))
        edits.replace(index, *parts)
    return edits


def separable(view: View) -> Edits:
    """A filter for each channel, then 1×1 across channels (Sifre 2014; Chollet 2017), the bias in the second."""
    edits = Edits()
    for index, layer in view.layers_of(Conv):
        kernel, *_ = _windows(view, index, layer)
        if max(kernel) == 1:
            continue
        if layer.groups > 1:
            view.leave("it is grouped already", index)
        elif view.own(index):
            shared = ("kernel", "stride", "padding", "dilation", "mode", "dialect")
            deep = DepthwiseConv(**{name: getattr(layer, name) for name in shared}, bias=False)
            edits.replace(index, deep, _pointwise(layer, layer.out, bias=layer.bias))
    return edits


def _pointwise(layer: Conv, out: int, *, bias: bool) -> Conv:
    return new(Conv, out=out, kernel=1, bias=bias, dialect=layer.dialect)


def bottleneck(view: View, ratio: int = 4) -> Edits:
    """1×1 to fewer channels, the convolution on these, 1×1 to its own (He et al. 2016, 4.1).

    What follows the convolution, a norm and an activation, stands between the parts, too.
    """
    edits = Edits()
    for index, layer in view.layers_of(Conv):
        kernel, *_ = _windows(view, index, layer)
        inside = layer.out // ratio
        if max(kernel) == 1:
            continue
        if inside < 1 or view.entering(index)[0] <= inside:
            view.leave(f"it takes no more channels than 1/{ratio} of its filters", index)
        elif layer.groups > 1 and inside % layer.groups:
            view.leave("its groups do not divide the fewer channels", index)
        elif view.own(index):
            parts: list[Bordered] = [
                _pointwise(layer, inside, bias=layer.bias),
                changed(layer, out=inside),
                _pointwise(layer, layer.out, bias=layer.bias),
            ]
            edits.replace(index, *_between(parts, view.behind(index)))
    return edits
