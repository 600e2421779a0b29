"""What a layer of ours becomes in Caffe: pieces, each a layer there; or nothing, with the reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from cnncalc.layers import Shape

__all__ = ["FACTORS", "Piece", "Rule", "Said", "Values"]

Values: TypeAlias = "list[tuple[str, object]]"
"""What stands in a message, name by name."""

FACTORS = "_factors"
"""The suffix of the vector that a Scale takes beside a map."""


class Piece(NamedTuple):
    """A layer of Caffe: its type, the name of its parameters' message with what stands in it, and its tops."""

    type: str
    part: str = ""
    values: tuple[tuple[str, object], ...] = ()
    learns: int = 0
    """How many blobs of parameters it has, by which layers share them."""
    in_place: bool = False
    """Whether it may write over its input."""
    suffix: str = ""
    """What is added to the layer's name, for all but the first of several."""
    beside: bool = False
    """Whether it takes the layer's own input, too."""
    tops: tuple[str, ...] = ()
    """The tops' suffixes where it has several; the first is that of the layer."""


Said: TypeAlias = "list[Piece]"
Rule: TypeAlias = Callable[[Any, tuple[Shape, ...], Shape], Said]
