"""Layers that act only in training, and the identity."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.base import Layer, Shape, field
from cnncalc.layers.fields import Flag, Real
from cnncalc.layers.registry import layer

__all__ = ["DropPath", "Dropout", "Identity"]


_WHOLE = {"channels": True}
_ALPHA = {"alpha": True}


@layer(
    "dropout",
    aliases=("Dropout",),
    presets={
        **dict.fromkeys(("SpatialDropout", "Dropout1d", "Dropout2d", "Dropout3d"), _WHOLE),
        "AlphaDropout": _ALPHA,
        "FeatureAlphaDropout": {**_WHOLE, **_ALPHA},
    },
)
class Dropout(Layer):
    """Zeroes each element with probability `rate` in training; does nothing at inference (Srivastava et al. 2014)."""

    rate: float = field(
        Real(0.0, 1.0), "probability of a zero", 0.5, position=0, symbol="p", aliases=("p", "dropout_ratio")
    )
    inplace: bool = field(Flag(), "whether the output overwrites the input's memory", False)
    channels: bool = field(Flag(), "whether whole channels are zeroed, as Dropout2d does (Tompson et al. 2015)", False)

    alpha: bool = field(
        Flag(), "whether it keeps mean and variance behind a SELU, as AlphaDropout (Klambauer et al. 2017)", False
    )

    def on_complex(self) -> str:
        """torch draws no mask of complex numbers."""
        return "numbers" if self.rate in (0, 1) else ""

    def reuses_input(self, *, training: bool) -> bool:
        """torch's modules of alpha dropouts have the word, and take no notice of it."""
        return (self.inplace and not self.alpha) or not training or self.rate == 0

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        """The mask, in numbers of the net's dtype on CPU, on CUDA of bools unless in place; or a zero for all.

        Of whole channels it is a number a channel; that, and an alpha dropout's, is of the net's dtype everywhere. The
        features of a vector are no channels.
        """
        if backward.any and backward.training and self.rate > 0:
            if self.channels and self.rate < 1 and (len(x[0]) > 1 or self.alpha):
                yield Saved("mask", shape=x[0][:1])
            elif self.rate < 1:
                yield Saved("mask", shape=x[0], element="" if self.inplace or self.alpha else "mask")
            else:
                yield Saved("mask", shape=(1,), batched=False)


@layer("droppath", aliases=("DropPath", "StochasticDepth", "stochastic_depth", "drop_path"))
class DropPath(Layer):
    """Zeroes a whole sample's branch with probability `rate` in training (Huang et al. 2016, stochastic depth)."""

    rate: float = field(
        Real(0.0, 1.0), "probability that a branch is dropped", 0.0, position=0, symbol="p", aliases=("p",)
    )

    def reuses_input(self, *, training: bool) -> bool:
        return not training or self.rate == 0

    def saved(self, backward: Backward, *x: Shape) -> Iterator[Saved]:
        if backward.any and backward.training and self.rate > 0:
            yield Saved("mask", shape=(1,))


@layer("identity", aliases=("Identity", "linear_activation", "noop"))
class Identity(Layer):
    """The input, unchanged."""

    complex: ClassVar[str] = "numbers"

    def reuses_input(self, *, training: bool) -> bool:
        return True
