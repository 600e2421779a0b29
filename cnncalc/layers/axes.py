"""Axes that a layer names: counted without the batch, 0 = channels; negative ones from the end, −1 = the last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncalc.layers.base import Requirement, Shape, show_shape
from cnncalc.layers.fields import Wholes

__all__ = ["AXIS", "axes_exist", "placed"]

AXIS = Wholes(-8, "axes such as 1x2, 0 = channels, -1 = the last")


def placed(axes: Sequence[int], shape: Shape) -> tuple[int, ...]:
    """The axes counted from the first one, in ascending order."""
    return tuple(sorted({axis % len(shape) for axis in axes}))


def axes_exist(kind: str, axes: Sequence[int], shape: Shape) -> Iterator[Requirement]:
    """Every axis is one of the input's, and none is named twice."""
    rank = len(shape)
    wrong = [axis for axis in axes if not -rank <= axis < rank]
    if wrong:
        yield Requirement(
            False,
            f"there is no axis {wrong[0]} for `{kind}`",
            f"the input is {show_shape(shape)}, whose axes are 0 to {rank - 1}",
            "the batch is not counted: 0 = channels, 1 = the first spatial axis, -1 = the last",
        )
    elif len({axis % rank for axis in axes}) < len(axes):
        yield Requirement(
            False,
            f"`{kind}` names an axis twice",
            f"the axes {', '.join(map(str, axes))} of {show_shape(shape)}",
            "name each axis once",
        )
