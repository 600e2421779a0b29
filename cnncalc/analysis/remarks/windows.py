"""What a reader would ask about a sliding window: each sentence is made from what the layer's own windows compute."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cnncalc.arithmetic.traced.numbers import Traced
from cnncalc.arithmetic.traced.written import steps
from cnncalc.arithmetic.windows.formulas import SAME, Rounding, Window, product
from cnncalc.arithmetic.windows.reach import TooFar, seen_pixels
from cnncalc.layers import Layer, Shape, show_shape
from cnncalc.layers.kinds.conv import ForwardConvolution
from cnncalc.layers.kinds.pool import Pool
from cnncalc.layers.windows import AXES
from cnncalc.records import NamedTuple

__all__ = ["Remark", "window_remarks"]

LINES = {1: ("position",), 2: ("row", "column"), 3: ("plane", "row", "column")}
"""What lies across each axis."""
SIDES = {
    1: (("at the start", "at the end"),),
    2: (("at the top", "at the bottom"), ("on the left", "on the right")),
    3: (("at the front", "at the back"), ("at the top", "at the bottom"), ("on the left", "on the right")),
}


class Remark(NamedTuple):
    """One sentence about a layer, about a `topic` that a walk through a net touches once.

    A `detail` is only for a reader who asked for that layer.
    """

    text: str
    topic: str
    detail: bool = False


def window_remarks(layer: Layer, shapes: Sequence[Shape]) -> Iterator[Remark]:
    """The sentences about a convolution's or pool's windows, axes that say the same joined."""
    if not isinstance(layer, (ForwardConvolution, Pool)):
        return
    shape = shapes[0]
    windows = layer.windows(shape)
    pairs = list(zip(windows, shape[1:]))
    yield from _unseen(pairs)
    yield from _rounded_up(pairs)
    yield from _same(pairs)
    yield from _skipping(pairs)
    yield from _even(pairs)
    yield from _uneven(pairs)


Pairs = Sequence["tuple[Window, int]"]


def together(words: Iterable[str]) -> str:
    """`a, b and c`, each once."""
    different = list(dict.fromkeys(words))
    return " and ".join(filter(None, (", ".join(different[:-1]), different[-1])))


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def of_axes(numbers: Sequence[int]) -> str:
    """One number where all axes agree, else one an axis: `2`, `1x2x2`."""
    return str(numbers[0]) if len(set(numbers)) == 1 else "x".join(map(str, numbers))


def lengths(windows: Iterable[tuple[Window, int]]) -> str:
    """The output lengths as a size, `28x28`."""
    return show_shape(tuple(window.length(n) for window, n in windows))


def _lost(pairs: Pairs, numbers: Sequence[int]) -> str:
    """`1 row at the bottom and 1 column on the right`."""
    rank = len(pairs)
    return together(
        f"{counted(number, line)} {after}"
        for number, line, (_, after) in zip(numbers, LINES[rank], SIDES[rank])
        if number > 0
    )


def _unseen(pairs: Pairs) -> Iterator[Remark]:
    """What a floor drops, or that nothing is left over; and what a ceil would have given."""
    if all(window.stride == 1 for window, _ in pairs) or any(isinstance(w.border, str) for w, _ in pairs):
        return
    if any(window.rounding is not Rounding.FLOOR for window, _ in pairs):
        return
    if any(window.extent < window.stride for window, _ in pairs):
        return  # such a window skips pixels everywhere: `_skipping` says it
    left = [window.unseen(n) for window, n in pairs]
    lost = [max(number - window.padding(n)[1], 0) for number, (window, n) in zip(left, pairs)]
    if not any(left):
        yield Remark("The windows fit exactly: nothing is left over, and rounding plays no part.", "exact", detail=True)
        return
    if any(lost):
        yield Remark(f"Rounding down drops {_lost(pairs, lost)}: no window sees them.", "dropped")
    else:
        text = f"Rounding down leaves out {_lost(pairs, left)}, all of it padding"
        text += ": every pixel of the input is seen." if _seen(pairs) == [n for _, n in pairs] else "."
        yield Remark(text, "padding dropped", detail=True)
    yield from _if_up(pairs)


def _seen(pairs: Pairs) -> list[int] | None:
    """The pixels of each axis that windows see; None where the kernel is too long to look at."""
    try:
        return [seen_pixels(window, n) for window, n in pairs]
    except TooFar:
        return None


def _if_up(pairs: Pairs) -> Iterator[Remark]:
    up = [(window._replace(rounding=Rounding.CEIL), n) for window, n in pairs]
    unclipped = [(window._replace(rounding=Rounding.CEIL_UNCLIPPED), n) for window, n in pairs]
    if lengths(up) == lengths(pairs):
        yield Remark(
            f"Rounding up, as a pool can, would give {lengths(up)} too: another window would start behind the input.",
            "rounding up",
            detail=True,
        )
        return
    over = max(-window.unseen(n) for window, n in up)
    wider = tuple(n + max(-window.unseen(n), 0) for window, n in up)
    clip = f" (Caffe without padding and Paddle: {lengths(unclipped)})" if lengths(up) != lengths(unclipped) else ""
    yield Remark(
        f"Rounding up, as a pool can, would give {lengths(up)}{clip}, the last window hanging over by "
        f"{counted(over, 'pixel')}; an input of {show_shape(wider)}, or as much more padding, gives it exactly.",
        "rounding up",
        detail=True,
    )


def _rounded_up(pairs: Pairs) -> Iterator[Remark]:
    """A pool that rounds up: what floor would have given, how far the last window hangs over, the clip."""
    if not any(window.rounding is not Rounding.FLOOR for window, _ in pairs) or any(
        isinstance(w.border, str) for w, _ in pairs
    ):
        return
    down = [(window._replace(rounding=Rounding.FLOOR), n) for window, n in pairs]
    plain = [(window._replace(rounding=Rounding.CEIL_UNCLIPPED), n) for window, n in pairs]
    if lengths(plain) != lengths(pairs):
        yield Remark(
            f"Rounding up alone would give {lengths(plain)}, but the last window would start behind the input, and is "
            "left out.",
            "clip",
        )
    if lengths(down) == lengths(pairs):
        what = "With stride 1 there is nothing to round" if all(w.stride == 1 for w, _ in pairs) else "It fits exactly"
        if lengths(plain) == lengths(pairs):
            yield Remark(f"{what}: rounding down would give {lengths(down)} too.", "nothing to round", detail=True)
        return
    over = [max(-window.unseen(n), 0) for window, n in pairs]
    if not any(over):  # windows of one pixel do not reach past the end, wherever they start
        return
    where = together(
        f"{counted(window.extent - number, line)} of {window.extent}"
        for (window, _), number, line in zip(pairs, over, LINES[len(pairs)])
        if number
    )
    hang = f"the last window hangs over the border and sees {where}" if any(over) else "nothing is left over"
    yield Remark(f"Rounded up: {hang}. Rounding down would give {lengths(down)}.", "rounded up")


def _same(pairs: Pairs) -> Iterator[Remark]:
    """How `same` splits its padding, and what padding both sides alike would do."""
    if not all(isinstance(window.border, str) for window, _ in pairs):
        return
    split = [window.padding(n) for window, n in pairs]
    rank = len(pairs)
    if all(before == after for before, after in split):
        sizes = of_axes([before for before, _ in split])
        yield Remark(f"`{pairs[0][0].border}` comes to padding {sizes} on each side here.", "same", detail=True)
        return
    odd = "before" if pairs[0][0].border != SAME else "after"
    first, last = (_side(tuple(sizes), words) for sizes, words in zip(zip(*split), zip(*SIDES[rank])))
    yield Remark(f"`{pairs[0][0].border}` puts the odd pixel {odd}: padding {first}, {last}.", "same")
    alike = [(window._replace(border=(max(pair), max(pair))), n) for (window, n), pair in zip(pairs, split)]
    shift = max(max(pair) - pair[0] for pair in split)
    size = of_axes([max(pair) for pair in split])
    if lengths(alike) == lengths(pairs) and shift:
        text = f"gives {lengths(alike)} too, but every window lies {counted(shift, 'pixel')} further to the start"
    elif lengths(alike) == lengths(pairs):
        text = "gives the same: the padding that it adds after is not used"
    else:
        text = f"would give {lengths(alike)}"
    yield Remark(f"Padding both sides alike, as torch's `p{size}` does, {text}.", "same in torch")


def _side(sizes: tuple[int, ...], words: tuple[str, ...]) -> str:
    """`1 at the top and on the left`."""
    if len(set(sizes)) == 1:
        return f"{sizes[0]} {together(words)}"
    return together(f"{size} {word}" for size, word in zip(sizes, words))


def _skipping(pairs: Pairs) -> Iterator[Remark]:
    """A window smaller than its stride, or one whose pixels are so far apart that no window fills the holes."""
    size = show_shape(tuple(window.kernel for window, _ in pairs))
    stride = of_axes([window.stride for window, _ in pairs])
    if any(window.dilation > 1 for window, _ in pairs):
        seen, of = product(_seen(pairs) or [0]), product(n for _, n in pairs)
        covered = product(n - max(w.unseen(n) - w.padding(n)[1], 0) for w, n in pairs)
        if 0 < seen < covered:
            with_holes = f"A {size} window with stride {stride} and dilation {of_axes([w.dilation for w, _ in pairs])}"
            yield Remark(f"{with_holes} sees {seen:,} of the {of:,} pixels and skips the others.", "skipping")
        return
    if all(window.extent >= window.stride for window, _ in pairs):
        return
    seen = product(min(window.kernel, window.stride) for window, _ in pairs)
    of = product(window.stride for window, _ in pairs)
    text = f"A {size} window with stride {stride} sees {seen} of every {of} pixels and skips the others."
    yield Remark(text, "skipping")


def _even(pairs: Pairs) -> Iterator[Remark]:
    """With an even kernel no padding that is alike on both sides keeps the size."""
    even = [
        (window, n)
        for window, n in pairs
        if window.extent % 2 == 0 and window.stride == 1 and window.border not in ("same", "same_lower")
    ]
    if (
        not even
        or len(even) < len(pairs)
        or all(window.length(n) == 1 for window, n in pairs)
        or lengths(even) == show_shape(tuple(n for _, n in pairs))
    ):
        return
    window, n = even[0]
    less = (window.extent - 1) // 2
    around = [window._replace(border=(padding, padding)).length(n) for padding in (less, less + 1)]
    if any(isinstance(w.border, str) or w.border[0] != w.border[1] for w, _ in even):
        return
    yield Remark(
        f"An even kernel cannot keep {n} with equal padding: p{less} gives {around[0]}, p{less + 1} gives {around[1]}; "
        f"`p{less}:{less + 1}` or `same` does.",
        "even",
        detail=True,
    )


def _uneven(pairs: Pairs) -> Iterator[Remark]:
    """What the size would be without an uneven border: how AlexNet's 224 comes to 55."""
    said: set[tuple[Window, int]] = set()
    for (window, n), line in zip(pairs, AXES[len(pairs)]):
        border = window.border
        if isinstance(border, str) or border[0] == border[1] or window.extent > n or (window, n) in said:
            continue
        said.add((window, n))
        bare = window._replace(border=(0, 0))
        if bare.length(n) == window.length(n):
            continue
        stride = window.stride if window.stride == 1 else Traced.symbol("s", window.stride)
        traced = bare._replace(kernel=Traced.symbol("k", window.kernel), stride=stride)
        result = steps(traced.length(Traced.symbol("n", n)))
        left = bare.unseen(n)
        over = f", {counted(left, 'pixel')} left over" if left > 0 else ""
        which = "it" if len(set(pairs)) == 1 else f"the {line}"
        yield Remark(f"Without the border {which} would be {' = '.join(result[1:])}{over}.", f"uneven {line}")
