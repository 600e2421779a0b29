"""Why no value works, in a sentence that proves it, and what comes closest."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.arithmetic.windows.formulas import Rounding, Window
from cnncalc.solve.layer.axis import Axis, Bounds, shrinks, with_value

__all__ = ["nearest", "proof"]

NEAREST = 3


def _tried(axis: Axis, unknown: str, value: int) -> Axis:
    if unknown == "padding":
        return axis._replace(border=(value // 2, value - value // 2))
    return with_value(axis, unknown, value)


def _ends(unknown: str, bounds: Bounds) -> tuple[int, int]:
    """The smallest and the largest value; of a padding, that of both sides together."""
    return (bounds.low, 2 * bounds.high) if unknown == "padding" else (bounds.low, bounds.high)


def _around(axis: Axis, unknown: str, output: int, bounds: Bounds) -> tuple[int | None, int | None]:
    """The last value before the output passes what is wanted and the first after it; None beyond an end."""
    low, end = _ends(unknown, bounds)
    high = end
    falls = shrinks(axis, unknown) or (unknown == "padding" and axis.kind == "deconv")

    def passed(value: int) -> bool:
        length = _tried(axis, unknown, value).length()
        return length < output if falls else length > output

    start = low
    while low <= high:
        middle = (low + high) // 2
        if passed(middle):
            high = middle - 1
        else:
            low = middle + 1
    return (low - 1 if low > start else None), (low if low <= end else None)


def proof(axis: Axis, unknown: str, output: int, bounds: Bounds, found: Sequence[Axis]) -> str:
    """A sentence that shows that nothing within the bounds works."""
    word = unknown.replace("-", " ")
    if found:
        broken = found[0].broken()
        assert broken is not None
        return f"The {word} that the size asks for is refused: {broken.rule} ({broken.values})."
    if isinstance(axis.border, str) and unknown in ("kernel", "dilation") and axis.kind != "deconv":
        always = f"With `{axis.border}` the output is ⌈input/stride⌉ = {axis.length():,} whatever the {word} is"
        return f"{always}, and never {output:,}."
    padded = axis._replace(border=(0, 1)).window()
    if unknown == "padding" and isinstance(padded, Window) and padded.rounding is not Rounding.FLOOR:
        return _rounded_up(axis, output, bounds)
    falls = shrinks(axis, unknown) or (unknown == "padding" and axis.kind == "deconv")
    what = "total padding" if unknown == "padding" else word
    verb = "shrinks" if falls else "grows"
    before, after = _around(axis, unknown, output, bounds)
    less = None if before is None else f"{what} {before:,} gives {_tried(axis, unknown, before).length():,}"
    more = None if after is None else f"{what} {after:,} gives {_tried(axis, unknown, after).length():,}"
    rule = f"The output only {verb} as the {what} grows"
    if less and more:
        return f"{rule}: {less} and {more}, so that none gives {output:,}."
    end = "most" if falls == bool(more) else "least"
    return f"{rule}, and {less or more}, the {end} within the bounds: none gives {output:,}."


def _rounded_up(axis: Axis, output: int, bounds: Bounds) -> str:
    """Of a pool that is rounded up: each pixel of padding adds at most one to the size, so that the ends say it all."""
    sides = {0, min(1, bounds.high), bounds.high}
    given = {(before, after): axis._replace(border=(before, after)).length() for before in sides for after in sides}
    least, most = min(given, key=lambda one: given[one]), max(given, key=lambda one: given[one])
    first = f"padding {least[0]}:{least[1]} gives {given[least]:,}, the least"
    return f"Within the bounds {first}, and {most[0]}:{most[1]} gives {given[most]:,}, the most: none gives {output:,}."


def nearest(axis: Axis, unknown: str, output: int, bounds: Bounds) -> list[Axis]:
    """The values around the wanted output that the layer accepts, the nearest output first."""
    low, high = _ends(unknown, bounds)
    around = [value for value in _around(axis, unknown, output, bounds) if value is not None]
    tried: dict[Axis, None] = {}
    for value in around:
        for step in (0, -1, 1, -2, 2):
            if low <= value + step <= high:
                tried[_tried(axis, unknown, value + step)] = None
    held = [one for one in tried if one.broken() is None and one.length() >= 1 and one.length() != output]
    uneven = {one: 0 if isinstance(one.border, str) else abs(one.border[0] - one.border[1]) for one in held}
    held.sort(key=lambda one: (abs(one.length() - output), uneven[one]))
    different: dict[int, Axis] = {}
    for one in held:
        different.setdefault(one.length(), one)
    return list(different.values())[:NEAREST]
