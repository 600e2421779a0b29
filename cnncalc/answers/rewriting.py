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
"""Outputs are equal that differ by no more than this part of what other inputs make of them."""


class Made(NamedTuple):
    """How a layer of a rewritten net comes by its parameters."""

    layer: str
    how: str = SAME
    of: tuple[tuple[str, ...], ...] = ()
    """Branches of layers of the net before: for most one branch of one layer."""


class Proof(NamedTuple):
    """The outputs of a net and of what a rule made of it, on the same random inputs, by a framework."""

    rule: str
    framework: str
    dtype: str
    seed: int
    outputs: int
    """How many numbers came out."""
    spread: float
    """The largest difference between the outputs of two inputs, or, where these are equal, the largest output."""
    difference: float
    """The largest difference between the outputs of the two nets."""

    @property
    def part(self) -> float:
        """The difference between the nets as a part of that between inputs."""
        return self.difference / self.spread if self.spread else float(self.difference > 0)

    @property
    def passed(self) -> bool:
        """Whether the outputs are equal, and say something: they are numbers other than zero."""
        return 0 < self.spread < float("inf") and self.part <= CLOSE
