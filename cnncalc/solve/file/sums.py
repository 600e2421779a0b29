"""The figures of a net that are sums over its layers, of which none is negative."""

from __future__ import annotations

from operator import add
from typing import NamedTuple

from cnncalc.analysis.costs import Costs
from cnncalc.analysis.dtypes import numbers_of
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.graph import Node
from cnncalc.language.options import Options
from cnncalc.layers.dialects import DIALECTS

__all__ = ["NOTHING", "Counting", "Sums"]


class Sums(NamedTuple):
    """What layers add up to, for one sample; shared parameters once."""

    weights: int
    biases: int
    buffers: int
    macs: int
    operations: int
    layers: int
    weighted: int
    trainable: int
    stored: int
    """Numbers in inputs and outputs, those left out that lie in another's storage."""
    built: int
    """Items and turns of loops, which are bounded."""

    def plus(self, other: Sums) -> Sums:
        """Both together."""
        return Sums(*map(add, self, other))

    def minus(self, other: Sums) -> Sums:
        """What is more here than there."""
        return Sums(*[one - two for one, two in zip(self, other)])


NOTHING = Sums(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


def sums_of(node: Node, costs: Costs | None, *, training: bool) -> Sums:
    """What one layer adds, or an input, which has no costs."""
    if node.layer is None or costs is None:
        return NOTHING._replace(stored=product(node.shape))
    stored = 0 if node.layer.reuses_input(training=training) else product(node.shape)
    if node.share is not None:
        return Sums(0, 0, 0, costs.macs, costs.operations, 1, 0, 0, stored, 0)
    trained = costs.weights + costs.biases if node.trainable else 0
    return Sums(*costs, 1, int(node.layer.weighted), trained, stored, 0)


class Counting:
    """How the figures follow from the sums, under the options of a search."""

    def __init__(self, dialect: str, options: Options, dtype: str) -> None:
        self.batch, (self.size, half) = options.batch, numbers_of(dtype)
        self.with_buffers = DIALECTS[dialect].buffers_are_parameters
        self.names = ["params", "weights", "biases", "buffers", "macs", "flops", "weight_bytes", "layers",
                      "weighted_layers", *([] if half else ["activation_bytes"]),
                      *([] if options.freeze else ["trainable"])]  # fmt: skip
        """The figures that are sums: what `--freeze` leaves to train, and types mixed, are known of whole nets only."""

    def figure(self, name: str, sums: Sums) -> int:
        """One of them."""
        numbers = sums.weights + sums.biases
        if name == "params":
            return numbers + (sums.buffers if self.with_buffers else 0)
        if name == "macs":
            return self.batch * sums.macs
        if name == "flops":
            return self.batch * (2 * sums.macs + sums.operations)
        if name == "weight_bytes":
            return numbers * self.size
        if name == "weighted_layers":
            return sums.weighted
        if name == "activation_bytes":
            return self.batch * self.size * sums.stored
        return int(getattr(sums, name))
