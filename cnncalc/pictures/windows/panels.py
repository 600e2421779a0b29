"""One axis of a layer as cells and steps, from the rule that shape and receptive field come from too.

A layer that keeps or shrinks a map is told from its outputs: which inputs does each see? One that enlarges it, as a
transposed convolution does, from its inputs: to which outputs is each added?
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.arithmetic.windows.formulas import TransposedWindow, Window
from cnncalc.arithmetic.windows.reach import IDENTITY
from cnncalc.layers.windows import axis_name
from cnncalc.notation.lines import write
from cnncalc.records import NamedTuple
from cnncalc.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnncalc.arithmetic.windows.reach import Reach
    from cnncalc.graph import Net
    from cnncalc.layers import Layer, Shape

__all__ = ["INSIDE", "LOST", "OUTSIDE", "Panel", "panels_of"]

INSIDE, OUTSIDE, LOST = "inside", "outside", "lost"
"""What a cell is: there, beyond the border, or there and met by no step."""
LONGEST = 4_096
"""Cells of an axis that is looked at; of a longer one its ends would look the same."""


MOST = 200_000
"""Places that all steps of an axis meet together."""


class Panel(NamedTuple):
    """One axis of one layer."""

    title: str
    facts: str
    above: str
    """What the cells are."""
    beside: str
    """What the steps are."""
    first: int
    """The place of the first cell; below 0 it lies before the border."""
    cells: tuple[str, ...]
    steps: tuple[tuple[int, ...], ...]
    """For each step the places of the cells that it meets."""


def panels_of(net: Net) -> Iterator[Panel]:
    """A panel for every layer with a window that moves along an axis: the first axis on which it does."""
    for _, node, layer in net.layers():
        shapes = net.input_shapes(node)
        if len(shapes) == 1 and len(node.shape) == len(shapes[0]) > 1:
            panel = _panel(node.name, layer, shapes[0], node.shape)
            if panel is not None:
                yield panel


def _panel(name: str, layer: Layer, before: Shape, after: Shape) -> Panel | None:
    reaches = layer.reaches(before)
    for axis, reach in enumerate(reaches):
        n, out = before[axis + 1], after[axis + 1]
        if reach is None or reach == IDENTITY or reach.a == 0 or max(n, out) > LONGEST:
            continue
        window = _window(layer, before, axis)
        title = f"{name}: {write(layer)}, {axis_name(axis, len(reaches))} {n} → {out}"
        if isinstance(window, TransposedWindow):
            return _transposed(title, window, n, out)
        if _too_far(reach, out):
            continue
        if out > n and reach.c > 1:
            return _enlarging(title, reach, n, out)
        return _sliding(title, reach, window, n, out)
    return None


def _window(layer: Layer, before: Shape, axis: int) -> Window | TransposedWindow | None:
    """The window that slides along an axis; attention's windows are none of these."""
    windows = getattr(layer, "windows", None)
    found = windows(before) if callable(windows) else windows or ()
    window = found[axis] if axis < len(found) else None
    return window if isinstance(window, (Window, TransposedWindow)) else None


def _too_far(reach: Reach, out: int) -> bool:
    """Whether what an axis meets is more than is looked at: large kernels, or much padding with large strides."""
    first, last = reach.pixels(0), reach.pixels(out - 1)
    apart = max(reach.last, reach.a * (out - 1) + reach.last) - min(reach.first, reach.a * (out - 1) + reach.first)
    return apart > 4 * LONGEST * reach.c or out * max(len(first), len(last)) > MOST


def _sliding(title: str, reach: Reach, window: Window | None, n: int, out: int) -> Panel:
    steps = tuple([tuple(reach.pixels(o)) for o in range(out)])
    met = {place for step in steps for place in step}
    after = window.padding(n)[1] if isinstance(window, Window) else 0
    first, last = min((0, *met)), max((n - 1 + after, *met))
    cells = tuple([_state(place, n, met) for place in range(first, last + 1)])
    return Panel(title, _facts(window, n, cells.count(LOST)), "input", "output", first, cells, steps)


def _enlarging(title: str, reach: Reach, n: int, out: int) -> Panel:
    """Told from the inputs: each goes to the outputs that see it."""
    taken: list[list[int]] = [[] for _ in range(n)]
    for o in range(out):
        for place in reach.pixels(o):
            if 0 <= place < n:
                taken[place].append(o)
    cells = (INSIDE,) * out
    facts = "each input goes to the cells that are marked in its row"
    return Panel(title, facts, "output", "input", 0, cells, tuple(map(tuple, taken)))


def _transposed(title: str, window: TransposedWindow, n: int, out: int) -> Panel | None:
    """Told from the inputs: each is added to the outputs from its own place on."""
    if max(n * window.kernel, window.stride * n + window.extent) > MOST:
        return None
    before, after = window.padding(n)
    starts = [place * window.stride - before for place in range(n)]
    steps = tuple([tuple(range(start, start + window.extent, window.dilation)) for start in starts])
    met = {place for step in steps for place in step}
    first, last = min((0, *met)), max((out - 1, *met))
    cells = tuple([_state(place, out, met) for place in range(first, last + 1)])
    parts = [f"kernel {window.kernel}", f"stride {window.stride}", f"{before}:{after} cut off"]
    if window.dilation > 1:
        parts.append(f"dilation {window.dilation}")
    if window.output_padding:
        parts.append(f"output padding {window.output_padding}")
    return Panel(title, " · ".join(parts), "output", "input", first, cells, steps)


def _state(place: int, length: int, met: set[int]) -> str:
    if not 0 <= place < length:
        return OUTSIDE
    return INSIDE if place in met else LOST


def _facts(window: Window | None, n: int, lost: int) -> str:
    if window is None:
        return "each output sees the cells that are marked in its row"
    before, after = window.padding(n)
    parts = [f"kernel {window.kernel}", f"stride {window.stride}", f"padding {before}:{after}"]
    if window.dilation > 1:
        parts.append(f"dilation {window.dilation}")
    over = window.unseen(n)
    if over > 0:
        parts.append(f"rounding down leaves {plural(over, 'cell')} over")
    elif over < 0:
        parts.append(f"the last window hangs over by {-over}")
    if lost:
        parts.append(f"{plural(lost, 'input')} never seen")
    return " · ".join(parts)


def shown(count: int, ends: int, most: int) -> Sequence[int | None]:
    """The places of `count` that are shown: all up to `most`, else those at both ends with None between."""
    if count <= most:
        return range(count)
    return [*range(ends), None, *range(count - ends, count)]
