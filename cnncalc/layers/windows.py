"""What all layers with sliding windows share: names of axes, checks, and the way out of a broken one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from cnncalc.arithmetic.windows.formulas import Rounding, Window, product
from cnncalc.layers.backward import Saved
from cnncalc.layers.base import Field, Layer, Requirement, Shape
from cnncalc.layers.fields import Border, PerAxis

__all__ = [
    "AXES",
    "BORDERS",
    "axis_name",
    "border_requirements",
    "divisors_help",
    "fits",
    "groups_divide",
    "per_axis_requirements",
    "read_by_windows",
    "saved_input",
]

_PER_AXIS: dict[type, list[tuple[str, Field]]] = {}
"""The fields of each kind that hold one number an axis."""
AXES: dict[int, tuple[str, ...]] = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


def axis_name(axis: int, rank: int) -> str:
    """What people call a spatial axis: length; height, width; depth, height, width."""
    return AXES[rank][axis]


def per_axis_requirements(layer: Layer, rank: int) -> Iterator[Requirement]:
    """Fields given one an axis must have as many numbers as the input has spatial axes."""
    for name, declared in _per_axis_fields(type(layer)):
        value = getattr(layer, name)
        if isinstance(value, tuple) and len(value) not in (1, rank):
            axes = "axis" if rank == 1 else "axes"
            yield Requirement(
                False,
                f"`{name}` has {len(value)} numbers for {rank} spatial {axes}",
                f"{name} {declared.type.write(value)}, but the input has {rank} spatial {axes}",
                f"give one number for all axes, or {rank}" if rank > 1 else "give one number",
            )


BORDERS = ("zeros", "reflect", "replicate", "circular")
"""What a border may be made of."""


def border_requirements(mode: str, x: Shape, borders: Iterable[tuple[int, int]]) -> Iterator[Requirement]:
    """A border of the map's own pixels wants enough of them; a mirror leaves out the edge itself."""
    most = {"reflect": 1, "circular": 0}.get(mode)
    if most is None:
        return
    for axis, (n, sides) in enumerate(zip(x[1:], borders)):
        for side in sides:
            yield Requirement(
                n - most >= side,
                f"a `{mode}` border is made of the map's own pixels, and there are too few",
                f"{axis_name(axis, len(x) - 1)} {n}, and a border of {side}",
                f"pad by at most {n - most}",
            )


def _per_axis_fields(kind: type[Layer]) -> list[tuple[str, Field]]:
    if kind not in _PER_AXIS:
        _PER_AXIS[kind] = [(name, one) for name, one in kind.fields.items() if isinstance(one.type, (PerAxis, Border))]
    return _PER_AXIS[kind]


def saved_input(x: Shape, padding: tuple[tuple[int, int], ...] | None) -> Iterator[Saved]:
    """The input, or the padded copy that stands for it."""
    if padding is None:
        yield Saved("input")
    else:
        lengths = (n + before + after for n, (before, after) in zip(x[1:], padding))
        yield Saved("padded input", shape=(x[0], *lengths))


def groups_divide(groups: int, channels: int) -> Requirement:
    """The rule of the layers that deal their channels into groups."""
    return Requirement(
        channels % groups == 0,
        "groups must divide the channels",
        f"groups={groups} does not divide the {channels} channels",
        partial(divisors_help, channels, groups),
    )


def divisors_help(number: int, wrong: int) -> str:
    """Which divisors of `number` could stand in for the `wrong` one: the way out of every grouping error."""
    divisors = [d for d in range(1, min(number, 4096) + 1) if number % d == 0]
    nearest = sorted(divisors, key=lambda divisor: (abs(divisor - wrong), divisor))[:8]
    return f"use a divisor of {number}: {', '.join(map(str, sorted(nearest)))}"


def fits(windows: Sequence[Window], x: Shape, most: Sequence[int] = (), beside: str = "") -> Iterator[Requirement]:
    """Each window must lie inside the padded input; in ceil mode it may hang over by less than a stride, as in torch.

    `most` is the most padding that each axis may have; none: any. `beside` is added to the values of what does not fit.
    """
    for axis, (window, n) in enumerate(zip(windows, x[1:])):
        if isinstance(window.border, str) and not window.pads_first:
            continue
        before, after = window.padding(n)
        over = 0 if window.rounding is Rounding.FLOOR else window.stride - 1
        fitting = n + before + after + over >= window.extent
        if fitting is True:
            continue  # most do, and a message takes longer than the test
        both = f"2·{before}" if before == after else f"{before} + {after}"
        extent = f"{window.extent}"
        if window.dilation != 1:
            extent = f"{window.dilation}·({window.kernel} − 1) + 1 = {extent}"
        yield Requirement(
            fitting,
            "the kernel does not fit its input",
            f"{axis_name(axis, len(windows))} {n} + {both} padding is smaller than the kernel's extent {extent}"
            + beside,
            partial(way_to_fit, windows, x[1:], most),
            larger=True,
        )


def way_to_fit(windows: Sequence[Window], lengths: Sequence[int], most: Sequence[int]) -> str:
    """What to change where a kernel does not fit: among it the least padding that makes all axes fit."""
    borders = []
    for window, n in zip(windows, lengths):
        least, border = (window.extent - n + 1) // 2, window.padding(n)
        borders.append(border if n + sum(border) >= window.extent else (least, least))
    if any(max(border) > limit for border, limit in zip(borders, most)):
        return "use a smaller kernel"
    written = Border().write(tuple(borders[:1] if len(set(borders)) == 1 else borders))
    return f"use a smaller kernel or more padding (`p{written}` fits)"


def read_by_windows(layer: Any, *x: Shape) -> tuple[int, ...]:
    """`Layer.read` of one that slides windows: where these are smaller than their stride they leave pixels out."""
    windows = zip(layer.windows(x[0]), x[0][1:])
    seen = [window.length(n) * window.kernel if window.kernel < window.stride else n for window, n in windows]
    return (product((x[0][0], *seen)),)
