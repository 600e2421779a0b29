"""Pixels that a window which rounds down leaves out, and that hold something of the image: a border is no loss.

A padding may be a layer of its own, as Keras writes it, with others between it and the window: so it is followed
through the net which elements along an axis depend on an input at all.
"""

from __future__ import annotations

from cnncalc.arithmetic.windows.formulas import ceil_divide
from cnncalc.arithmetic.windows.reach import Interval, Reach
from cnncalc.graph import Met, Net, Node
from cnncalc.layers import Shape
from cnncalc.layers.kinds.conv import ForwardConvolution, axis_name
from cnncalc.layers.kinds.pool import Pool

__all__ = ["dropped_pixels"]

TOLD = 3
"""Of more layers that differ in what they leave out, only so many are told."""
LOOKED = 10_000
"""Elements between holes of a window that are looked at one by one."""


def dropped_pixels(graph: Net) -> tuple[list[Node], str]:
    """The layers whose windows leave out pixels that hold something of the image, and of each how many, in words."""
    left_out = [_left_out(met) for met in graph.signatures]
    if not any(left_out):
        return [], ""
    holding = _holding(graph)
    found: dict[str, list[Node]] = {}
    for _, node, _ in graph.layers():
        words = _in_words(left_out[node.signature], holding[node.inputs[0]], graph.input_shapes(node)[0])
        if words:
            found.setdefault(words, []).append(node)
    nodes = [node for alike in found.values() for node in alike]
    if len(found) < 2:
        return nodes, next(iter(found), "")
    told = [f"{alike[0].name} {words}" for words, alike in found.items()]
    return nodes, "; ".join(told[:TOLD]) + (f"; {len(told) - TOLD} more" if len(told) > TOLD else "")


def _left_out(met: Met) -> dict[int, int]:
    """The pixels at the far end of each axis that no window of a layer covers, its own padding not counted."""
    layer, shapes = met
    if not isinstance(layer, (ForwardConvolution, Pool)):
        return {}
    lost = {
        axis: window.unseen(n) - window.padding(n)[1]
        for axis, (window, n) in enumerate(zip(layer.windows(shapes[0]), shapes[0][1:]), 1)
        if window.extent >= window.stride
    }
    return {axis: number for axis, number in lost.items() if number > 0}


def _in_words(lost: dict[int, int], holding: Box, shape: Shape) -> str:
    """How many of the pixels left out hold something of the image; empty where none does."""
    parts = []
    for axis, number in lost.items():
        interval = holding[axis]
        held = number - (shape[axis] - 1 - interval[1]) if interval else 0
        if held > 0:
            parts.append(f"{held} of {shape[axis]} along the {axis_name(axis - 1, len(shape) - 1)}")
    return " and ".join(parts)


Box = tuple[Interval, ...]
"""From which to which element along each axis, channels first, those lie that depend on an input of the net."""


def _holding(graph: Net) -> list[Box]:
    """Of every tensor of a net."""
    found: list[Box] = []
    known: dict[tuple[int, tuple[Box, ...]], Box] = {}
    for node in graph.nodes:
        if node.layer is None:
            found.append(_all_of(node.shape))
            continue
        taken = tuple([found[one] for one in node.inputs[: node.layer.seen_inputs]])
        key = (node.signature, taken)
        if key not in known:
            known[key] = _behind(graph.signatures[node.signature], taken, node.shape)
        found.append(known[key])
    return found


def _all_of(shape: Shape) -> Box:
    return tuple((0, n - 1) for n in shape)


def _behind(met: Met, taken: tuple[Box, ...], after: Shape) -> Box:
    """Of a layer's output; all of it, where no rule says which elements its elements depend on."""
    layer, shapes = met
    if not any(None not in box for box in taken):
        return (None,) * len(after) if not layer.unseen else _all_of(after)
    order = layer.taken_axes(*shapes)
    if order is not None:
        moved = tuple(shapes[0][place] for place in order) == after
        return tuple(taken[0][place] for place in order) if moved else _all_of(after)
    if layer.unseen or layer.between(*shapes) is not None or layer.kept_axes(*shapes) is not None:
        return _all_of(after)
    together = len(taken) > 1
    boxes = [_met(met, at, box, after) for at, box in enumerate(taken)] if together else taken
    before = after if together else shapes[0]
    joined = tuple(_hull([box[place] for box in boxes]) for place in range(len(before)))
    return tuple(
        _through(met.reaches[place] if place < len(met.reaches) else None, joined[place], before[place], n)
        if place < len(before)
        else (0, n - 1)
        for place, n in enumerate(after)
    )


def _met(met: Met, at: int, box: Box, after: Shape) -> Box:
    """Of one of several inputs, in the places of the output where its elements meet the others'."""
    layer, shapes = met
    shape = shapes[at]
    if None in box:
        return (None,) * len(after)
    if len(shape) != len(after):
        return _all_of(after)
    reaches = layer.reaches_into(at, *shapes)
    if reaches is not None:
        return tuple(_through(reach, interval, n, out) for reach, interval, n, out in zip(reaches, box, shape, after))
    return tuple(interval if n == out else (0, out - 1) for interval, n, out in zip(box, shape, after))


def _hull(intervals: list[Interval]) -> Interval:
    known = [interval for interval in intervals if interval is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None


def _through(reach: Reach | None, interval: Interval, n: int, out: int) -> Interval:
    """Which of the `out` elements that a layer makes of `n` see one of an interval."""
    if interval is None:
        return None
    if reach is None or interval == (0, n - 1) == (0, out - 1):
        return 0, out - 1
    low, high = interval
    if not reach.a:
        return (0, out - 1) if reach.first <= high * reach.c + reach.c - 1 and reach.last >= low * reach.c else None
    if reach.block:
        first, last = (_start(reach, low), _start(reach, high) + reach.block - 1)
    else:
        first = ceil_divide(reach.c * low - reach.last, reach.a)
        last = (reach.c * (high + 1) - 1 - reach.first) // reach.a
    first, last = max(first, 0), min(last, out - 1)
    return _without_holes(reach, interval, range(first, last + 1))


def _start(reach: Reach, pixel: int) -> int:
    return (pixel - reach.offset) // reach.block * reach.block + reach.offset


def _without_holes(reach: Reach, interval: tuple[int, int], pixels: range) -> Interval:
    """Those of these elements at whose ends a window does not step over the interval."""
    from bisect import bisect_left  # few nets have such windows

    def sees(o: int) -> bool:
        seen = reach.pixels(o)
        at = bisect_left(seen, interval[0])
        return at < len(seen) and seen[at] <= interval[1]

    first = next((o for o in pixels[:LOOKED] if sees(o)), None)
    last = next((o for o in pixels[: -LOOKED - 1 : -1] if sees(o)), None)
    if first is None or last is None:
        return (pixels[0], pixels[-1]) if len(pixels) > LOOKED else None
    return first, last
