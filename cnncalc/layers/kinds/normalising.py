"""What normalisations have in common: what they learn, and what statistics of the input cost."""

from __future__ import annotations

from cnncalc.layers.base import Shape

__all__ = ["normalising", "scale_and_shift"]


def scale_and_shift(affine: bool, shape: Shape) -> dict[str, Shape]:
    """The learned scale (`weight`) and shift (`bias`) of a normalisation."""
    return {"weight": shape, "bias": shape} if affine else {}


def normalising(elements: int, affine: bool) -> int:
    """Operations of a normalisation whose statistics come from its input.

    An element costs one addition for the mean; a subtraction, a square and an addition for the variance; a
    multiplication by 1/σ; and a multiplication and an addition where scale and shift are learned.
    """
    return (7 if affine else 5) * elements
