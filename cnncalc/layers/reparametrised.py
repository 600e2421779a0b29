"""Weights that are made of others before each use: weight normalisation and spectral normalisation."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.layers.backward import Backward, Saved, Shape
from cnncalc.layers.base import Layer, field
from cnncalc.layers.fields import Choice

__all__ = ["PARAMETRISED", "Reparametrised"]

PARAMETRISED = "parametrizations.weight."
"""What names of tensors that make a weight begin with."""


class Reparametrised(Layer):
    """A layer whose weight may be parametrised, as by torch.nn.utils.parametrizations.

    `weight` (Salimans & Kingma 2016) learns a length for each filter beside its direction; `spectral` (Miyato et al.
    2018) divides the weight by its largest singular value, for which two vectors are kept. What that costs is not
    counted: it is done once a batch, and at inference the weight can be kept.
    """

    norm: str | None = field(
        Choice("weight", "spectral"), "what makes the weight: a direction and a length, or a division", None
    )

    def on_complex(self) -> str:
        """torch has no kernel of weight normalisation for complex numbers."""
        return "" if self.norm == "weight" else super().on_complex()

    def used_shapes(self, *x: Shape) -> dict[str, Shape]:
        """The weight and the bias that the layer works with."""
        raise NotImplementedError

    def used_weight(self, *x: Shape) -> Shape:
        return self.used_shapes(*x)["weight"]

    def weight_shapes(self, *x: Shape) -> dict[str, Shape]:
        shapes = self.used_shapes(*x)
        if self.norm is None:
            return shapes
        weight = shapes.pop("weight")
        if self.norm == "weight":
            return {
                **shapes,
                f"{PARAMETRISED}original0": (weight[0], *(1,) * (len(weight) - 1)),
                f"{PARAMETRISED}original1": weight,
            }
        return {**shapes, f"{PARAMETRISED}original": weight}

    def buffer_shapes(self, *x: Shape) -> dict[str, Shape]:
        if self.norm != "spectral":
            return {}
        weight = self.used_weight(*x)
        return {f"{PARAMETRISED}0._u": weight[:1], f"{PARAMETRISED}0._v": (product(weight[1:]),)}

    def saved_weight(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """The weight that was made, and of how it was made the lengths, or two vectors and the singular value."""
        if self.norm is None:
            return
        weight = self.used_weight(*x)
        if self.keeps_weight(backward):
            yield Saved("weight", shape=weight, batched=False)
        if backward.weights and self.norm == "weight":
            yield Saved("lengths", shape=weight[:1], batched=False, element="full")
        elif backward.weights:
            yield Saved("vector that is multiplied", shape=(product(weight[1:]),), batched=False)
            yield Saved("vector and singular value", shape=(weight[0] + 1,), batched=False, element="own")
