"""A net that was read, for other values of its variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cnncalc.records import NamedTuple

__all__ = ["Again"]


class Again(NamedTuple):
    """The variables of a file that are numbers, and what reads it for other values, as `--set` gives them."""

    numbers: Mapping[str, int | float]
    build: Callable[[Mapping[str, str]], Any]
    """Gives a net; raises `CnncalcError` where there is none for these values."""
    begin: Callable[[Mapping[str, str], str], Any]
    """Gives the beginning of such a net, up to the group of a name; raises it likewise."""
    nodes: Sequence[Any]
    """The net's as it was read: it may have gone on since."""
