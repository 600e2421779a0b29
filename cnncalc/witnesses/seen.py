"""What a framework has of a net that it built from a graph of ours."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.layers import Shape
from cnncalc.records import NamedTuple

__all__ = ["Seen", "SeenRow"]


class SeenRow(NamedTuple):
    """What it has of one of our layers; None where it does not say."""

    shape: Shape | None = None
    """Of the output, in our order of axes, without the batch."""
    parameters: int | None = None
    """All numbers that it keeps: what is learned, and running statistics."""
    trainable: int | None = None
    non_trainable: int | None = None
    """Frozen parameters and running statistics."""


class Seen(NamedTuple):
    """What it has of the whole net."""

    framework: str
    """With its version: `Keras 3.15.1 (torch)`."""
    rows: Mapping[str, SeenRow]
    """By our layers' names. A layer that uses the parameters of another has its shape alone."""
    outputs: Mapping[str, Shape]
    """Of each output by our name, in our order of axes, without the batch."""
    total: SeenRow = SeenRow()
    """The numbers of the whole net; `shape` is None."""
    refusal: str = ""
    """The layer that it refuses, and what it says; then there are no outputs."""
    notes: tuple[str, ...] = ()
    """What is said in another way there, or could not be seen."""
