"""Lengths that a file leaves open: the usual ones, where neither outputs nor parameters depend on them."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.errors import CnncalcError
from cnncalc.interchange.sketch import Asked, Sketch
from cnncalc.layers.base import Shape

__all__ = ["opened", "settled"]

USUAL, LARGER = 224, 352


def opened(sketch: Sketch, name: str, length: int) -> None:
    """Say that a length which the file leaves open is taken as this."""
    sketch.assume(
        f"the file leaves lengths of its input open: `{name}` is counted with {length}, `--input` says another"
    )


def settled(read: Callable[[int | None], Sketch], asked: Asked) -> Sketch:
    """The net that `read` makes with the length that it is given for maps of open lengths, and says so (`opened`).

    With another length it has the same outputs and parameters, or cannot be; else None is given, and asks for the
    lengths: a CnncalcError. So it is where the user has given all inputs, and none is open.
    """
    if "" in asked.inputs:
        return read(None)
    try:
        sketch = read(USUAL)
    except CnncalcError:
        read(None)  # what is wrong without that length: sizes that differ follow from it
        raise
    if sketch.assumed and not alike(sketch, read):
        read(None)
    return sketch


def alike(sketch: Sketch, read: Callable[[int | None], Sketch]) -> bool:
    """Whether a larger length makes the same outputs and parameters, or no net."""
    try:
        larger = read(LARGER)
    except CnncalcError:
        return True
    return decided(sketch) == decided(larger)


def decided(sketch: Sketch) -> tuple[list[Shape], list[dict[str, Shape]]]:
    """The shapes of outputs and of weights."""
    weights = [
        operator.layer.weight_shapes(*map(sketch.shape, operator.inputs))
        for operator in sketch.operators
        if operator.layer is not None
    ]
    return [sketch.shape(tensor) for tensor in sketch.ends()], weights
