"""Tensors whose first axis is no batch: windows of an image that a net puts there, or a sequence's length.

An IR of one image keeps no account of what its first axis means. Where a reshape or a transposition moves more into it
than the batch of one, all axes of the file are those of one image, until a layer makes a first axis of 1 again.
"""

from __future__ import annotations

from math import prod

from cnncalc.interchange.building import Build
from cnncalc.interchange.openvino.xml import IrLayer

__all__ = ["Images"]

RESHAPES = ("Reshape", "Squeeze", "Unsqueeze", "Flatten")
AXES = {"Slice": 4, "Gather": 2}
"""The inputs that name axes."""


class Images:
    """Which tensors have all their axes for one image."""

    def __init__(self) -> None:
        self.whole: set[int] = set()

    def enter(self, layer: IrLayer, build: Build) -> None:
        """Make a layer on such tensors, or one that makes such a tensor, one with a batch of one before all axes."""
        made = next(iter(layer.outputs.values()), [])
        if layer.type in RESHAPES:
            layer.lifted = bool(made) and prod(made[1:]) != prod(made) == prod(build.x[0])
        else:
            layer.lifted = any(tensor in self.whole for tensor in build.tensors)
            order = layer.constants.get(1, [0])
            moved = layer.type == "Transpose" and (order[:1] != [0] or (made and made[0] > 1 == _first(layer)))
            if moved and not layer.lifted:
                layer.lifted = True
                build.tensors[0] = build.put("reshape", suffix="_whole", shape=(1, *build.x[0]))
                build.x[0] = build.shape(build.tensors[0])
        if layer.lifted:
            _lift(layer)

    def leave(self, layer: IrLayer, build: Build, made: list[int]) -> list[int]:
        """What a layer made, with its first axis taken for the batch again where it is 1."""
        if not layer.lifted:
            return made
        firsts = [shape[1] if len(shape) > 2 else 0 for shape in layer.outputs.values()]
        if layer.type not in RESHAPES and firsts and set(firsts) == {1} and len(set(made)) == len(made) == len(firsts):
            return [
                build.put("reshape", one, suffix=f"_image{at or ''}", shape=build.shape(one)[1:])
                for at, one in enumerate(made)
            ]
        self.whole.update(made)
        return made


def _first(layer: IrLayer) -> int:
    """The length of the first axis of what enters."""
    return next(iter(next(iter(layer.inputs.values()), [])), 0)


def _lift(layer: IrLayer) -> None:
    """Put a batch of one before every axis of a layer, and count its axes anew."""
    layer.outputs = {port: [1, *shape] for port, shape in layer.outputs.items()}
    axis = layer.attributes.get("axis", "")
    if axis.isdecimal():
        layer.attributes["axis"] = str(int(axis[:9]) + 1)
    named = AXES.get(layer.type, -1)
    if named in layer.constants:
        layer.constants[named] = [n + 1 if n >= 0 else n for n in layer.constants[named]]
    elif layer.type == "Slice" and 1 in layer.constants:
        layer.constants[named] = list(range(1, len(layer.constants[1]) + 1))
    if layer.type == "Transpose" and 1 in layer.constants:
        layer.constants[1] = [0, *(n + 1 for n in layer.constants[1])]
    if layer.type == "Pad":
        layer.constants = {place: [0, *borders] for place, borders in layer.constants.items()}
