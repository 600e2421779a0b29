"""OpenVINO's StridedSlice: of some axes a part, of some one place, with axes of length 1 between."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from cnncalc.interchange.onnx.arrays import ints
from cnncalc.interchange.onnx.parts import MOST_READ, Tensor
from cnncalc.interchange.openvino.xml import IrLayer

__all__ = ["strided"]


def strided(layer: IrLayer, values: Sequence[Tensor | None]) -> list[Tensor] | None:
    """What it makes, with its numbers where these are known; None where its bounds are not.

    A 1 in `begin_mask` or `end_mask` opens that end, in `new_axis_mask` puts an axis in, in `shrink_axis_mask` takes
    one out, and in `ellipsis_mask` stands for all axes that nothing else names.
    """
    data, *bounds = values
    begins, ends, *others = [ints(one) if one is not None else None for one in bounds] or [None, None]
    if data is None or begins is None or ends is None or len(begins) != len(ends):
        return None
    steps = others[0] if others and others[0] is not None else (1,) * len(begins)
    found = _places(layer, data.dims, list(zip(begins, ends, steps)))
    if found is None:
        return None
    kept, dims = found
    numbers = data.numbers if data.size <= MOST_READ else None
    if numbers is None:
        return [Tensor(dims, None, data.type)]
    at = [0]
    for places, n in zip(kept, data.dims):
        at = [one * n + place for one, place in product(at, places)]
    return [Tensor(dims, tuple(numbers[one] for one in at), data.type)]


def _places(
    layer: IrLayer, dims: tuple[int, ...], bounds: list[tuple[int, int, int]]
) -> tuple[list[range], tuple[int, ...]] | None:
    """The places of each axis that are taken, and the lengths that come out; None where they name no axes."""
    opened, closed, new, shrunk, whole = (
        [*layer.wholes(f"{name}_mask"), *(0,) * len(bounds)]
        for name in ("begin", "end", "new_axis", "shrink_axis", "ellipsis")
    )
    named = sum(1 for place in range(len(bounds)) if not (new[place] or whole[place]))
    if named > len(dims):
        return None
    kept: list[range] = []
    made: list[int] = []
    for place, (begin, end, step) in enumerate(bounds):
        if whole[place]:
            rest = dims[len(kept) : len(kept) + len(dims) - named]
            kept += map(range, rest)
            made += rest
        elif new[place]:
            made.append(1)
        else:
            n = dims[len(kept)]
            start = None if opened[place] else begin
            if shrunk[place]:
                at = 0 if start is None else start + n if start < 0 else start
                kept.append(range(n)[at : at + 1] if at >= 0 else range(0))
            else:
                kept.append(range(n)[start : None if closed[place] else end : step or 1])
                made.append(len(kept[-1]))
            if not kept[-1]:
                return None
    rest = dims[len(kept) :]
    return [*kept, *map(range, rest)], (*made, *rest)
