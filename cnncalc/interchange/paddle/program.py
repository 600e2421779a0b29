"""What a program of Paddle holds, whichever way it is written: weights by their shapes, and operators in order."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

from cnncalc.records import NamedTuple

__all__ = ["MOST", "Operator", "Program", "Weight"]

MOST = 100_000
"""Operators of a program, and values that it names."""


class Weight(NamedTuple):
    """A tensor that lies in the file of the weights."""

    dims: tuple[int, ...]
    name: str = ""


class Operator(NamedTuple):
    """One operator, called as release 3 does. Values are known by the names that the file has for them."""

    kind: str
    inputs: tuple[tuple[str, ...], ...]
    """What it takes: for each of its places the values, of which most have one and a list of tensors many."""
    outputs: tuple[str, ...]
    settings: Mapping[str, Any]
    number: int

    def whole(self, name: str, otherwise: int = 0) -> int:
        """A setting that is a whole number."""
        value = self.settings.get(name, otherwise)
        return int(value) if isinstance(value, (int, float)) and isfinite(value) else otherwise

    def real(self, name: str, otherwise: float) -> float:
        """A setting to the seven digits that float32 has."""
        value = self.settings.get(name, otherwise)
        return float(f"{value:.7g}") if isinstance(value, (int, float)) and isfinite(value) else otherwise

    def flag(self, name: str) -> bool:
        """A setting that is on or off."""
        return self.settings.get(name) is True

    def word(self, name: str) -> str:
        """A setting that is a text."""
        value = self.settings.get(name, "")
        return value if isinstance(value, str) else ""

    def wholes(self, name: str) -> tuple[int, ...] | None:
        """A setting that is a list of whole numbers; None where it is not given."""
        value = self.settings.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return (value,)
        listed = isinstance(value, list) and all(isinstance(one, (int, float)) and isfinite(one) for one in value)
        return tuple(int(one) for one in value) if listed and isinstance(value, list) else None


class Program(NamedTuple):
    """A whole program."""

    weights: Mapping[str, Weight]
    operators: list[Operator]
    shapes: Mapping[str, tuple[int, ...]]
    """The shapes that the file states, with the batch; -1 and 0 for what is open."""
