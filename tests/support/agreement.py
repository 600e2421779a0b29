"""Whether cnncalc and torch agree on what is refused, layer by layer, and where they may differ.

torch is asked through the builder: it makes the layer's module for shapes that cnncalc has not looked at, and runs it
in training mode on two samples.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch

from cnncalc.graph import broken_requirement
from cnncalc.layers import Layer, Shape
from cnncalc.layers.kinds.algebra import reductions
from cnncalc.layers.kinds.conv import Deconv
from cnncalc.layers.kinds.linear import Linear
from cnncalc.layers.kinds.merge import Merge
from cnncalc.layers.kinds.norm import GroupNorm, InstanceNorm
from cnncalc.layers.kinds.pool import MaxPool, Pool
from cnncalc.layers.kinds.resize import Crop
from cnncalc.layers.windows import per_axis_requirements
from cnncalc.notation.lines import TokenError, parse
from cnncalc.torch_backend.building.kinds import module_of

__all__ = ["EXCEPTIONS", "Refusals", "refusals", "unexplained"]

BATCH = 2


class Refusals(NamedTuple):
    """What each of the two says against a layer; empty where it takes it."""

    layer: Layer | None
    cnncalc: str
    torch: str


class Exception_(NamedTuple):  # noqa: N801  (the table speaks of exceptions to the rule)
    """A disagreement that is meant, with its reason."""

    reason: str
    applies: Callable[[Layer, tuple[Shape, ...], Refusals], bool]


def _counts(layer: Layer, shapes: tuple[Shape, ...]) -> bool:
    return next(per_axis_requirements(layer, len(shapes[0]) - 1), None) is not None


def _no_map(layer: Layer, shapes: tuple[Shape, ...]) -> bool:
    return layer.needs == "map" and not 1 <= len(shapes[0]) - 1 <= 3


def _border_unknown_to_torch(layer: Layer) -> bool:
    padding = getattr(layer, "padding", ())
    return isinstance(padding, str) or any(before != after for before, after in padding)


EXCEPTIONS: tuple[Exception_, ...] = (
    Exception_(
        "How many numbers a field takes is a matter of the notation: the builder reads windows, one an axis.",
        lambda layer, shapes, found: _counts(layer, shapes) and not found.torch,
    ),
    Exception_(
        "A module of our own takes any number of axes, where torch has no such layer.",
        lambda layer, shapes, found: _no_map(layer, shapes) and not found.torch,
    ),
    Exception_(
        "torch knows no uneven border and no `same` for pools and deconvolutions. cnncalc bounds them as even ones, "
        "and our modules do not.",
        lambda layer, shapes, found: (
            isinstance(layer, (Pool, Deconv)) and _border_unknown_to_torch(layer) and not found.torch
        ),
    ),
    Exception_(
        "torch makes maps without a pixel; cnncalc refuses them.",
        lambda layer, shapes, found: isinstance(layer, (Crop, Deconv)) and "removes" in found.cnncalc,
    ),
    Exception_(
        "Training takes an instance norm's statistics from its input, and torch refuses one pixel; inference does not.",
        lambda layer, shapes, found: (
            isinstance(layer, InstanceNorm) and layer.stats and found.torch.startswith("Expected more")
        ),
    ),
    Exception_(
        "torch takes a dilated max pool whose window sees padding alone, then writes outside the tensor in backward.",
        lambda layer, shapes, found: isinstance(layer, MaxPool) and "padding alone" in found.cnncalc,
    ),
    Exception_(
        "torch's linear layer acts on the last axis, which may happen to be as long as the whole map.",
        lambda layer, shapes, found: isinstance(layer, Linear) and len(shapes[0]) > 1 and not found.torch,
    ),
    Exception_(
        "torch refuses a group of one number in one image, which cnncalc judges; it takes it in several.",
        lambda layer, shapes, found: isinstance(layer, GroupNorm) and "one number in a group" in found.cnncalc,
    ),
    Exception_(
        "torch makes samples without an axis, one number each; cnncalc has no shape for them.",
        lambda layer, shapes, found: (
            isinstance(layer, (reductions.OverAxes, reductions.Select))
            and not found.torch
            and layer.kept_axes(*shapes) == ()
        ),
    ),
    Exception_(
        "torch lines up axes from the last one: tensors of different ranks meet with the batch among the channels.",
        lambda layer, shapes, found: (
            (isinstance(layer, Merge) and len({len(shape) for shape in shapes}) > 1)
            or (isinstance(layer, reductions.Expand) and len(layer.shape) > len(shapes[0]))
        ),
    ),
)


def refusals(text: str, shapes: tuple[Shape, ...]) -> Refusals:
    """What cnncalc and torch say against a layer on inputs of these shapes."""
    try:
        layer = parse(text).layer
    except TokenError as error:
        return Refusals(None, error.message, "")
    broken = broken_requirement(layer, shapes)
    try:
        module = module_of(layer, shapes)
        with torch.no_grad():
            output = module(*[torch.zeros(BATCH, *shape) for shape in shapes])
    except (RuntimeError, ValueError, LookupError, TypeError, AttributeError, ZeroDivisionError) as error:
        return Refusals(layer, broken.rule if broken else "", str(error).partition("\n")[0] or type(error).__name__)
    if not broken and tuple(output.shape) != (BATCH, *layer.output_shape(*shapes)):
        return Refusals(layer, "", f"gives {tuple(output.shape)}")
    return Refusals(layer, broken.rule if broken else "", "")


def unexplained(text: str, shapes: tuple[Shape, ...]) -> str:
    """How the two differ, in one line; empty where they agree or an exception explains it."""
    found = refusals(text, shapes)
    if found.layer is None or bool(found.cnncalc) == bool(found.torch):
        return ""
    if any(one.applies(found.layer, shapes, found) for one in EXCEPTIONS):
        return ""
    return f"`{text}` on {shapes}: cnncalc {found.cnncalc or 'takes it'!r}, torch {found.torch or 'takes it'!r}"
