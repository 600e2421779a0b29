"""The records of a rewrite that those share who make it and who prove it."""

from __future__ import annotations

from cnncalc.records import NamedTuple

__all__ = ["CLOSE", "FOLDED", "RESHAPED", "SAME", "SHIFTED", "Made", "Proof"]

SAME = "same"
"""Parameters and statistics as they were; a bias that is there no more is left out."""
FOLDED = "folded"
"""The one convolution or linear layer that does what several did: the sum of branches, each a layer and its norm."""
SHIFTED = "shifted"
"""A norm whose running mean lacks the bias that the layer before it had."""
RESHAPED = "reshaped"
"""A weight of the same numbers in another shape."""
CLOSE = 1e-4
"""Outputs are equal that differ by no more than this part of the largest number in them."""


class Made(NamedTuple):
    """How a layer of a rewritten net comes by its parameters."""

    layer: str
    how: str = SAME
    of: tuple[tuple[str, ...], ...] = ()
    """Branches of layers of the net before: for most one branch of one layer."""


class Proof(NamedTuple):
    """The outputs of a net and of what a rule made of it, on the same random inputs, by a framework in float64."""

    rule: str
    framework: str
    seed: int
    outputs: int
    """How many numbers came out."""
    largest: float
    """The largest of them, without its sign."""
    difference: float
    """The largest difference of two of them."""

    @property
    def part(self) -> float:
        """The difference as a part of the largest number."""
        return self.difference / self.largest if self.largest else float(self.difference > 0)

    @property
    def passed(self) -> bool:
        """Whether the outputs are equal, and numbers other than zero; a number that is none is not."""
        return 0 < self.largest < float("inf") and self.part <= CLOSE
