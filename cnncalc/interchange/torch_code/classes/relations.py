"""The arguments of a class: what numbers are, and how some follow from others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.interchange.torch_code.expressions import REQUIRED, Text, call
from cnncalc.records import NamedTuple

__all__ = ["MISSING", "Parameter", "covers", "role_of", "scaled", "short", "summed"]

MISSING = Text("<missing>")
"""In place of what a group leaves out."""
ROLES = ("stride", "padding", "dilation", "kernel_size", "kernel", "repeats", "eps", "rate", "p", "negative_slope",
         "scale_factor", "output_size", "dim", "size", "initial", "sides", "groups", "number")  # fmt: skip
"""What numbers are besides channels: those of one role are one argument where they are equal."""
FACTORS = range(2, 33)


class Parameter(NamedTuple):
    """An argument of a class, with its value for each group; MISSING where that does not need it."""

    name: str
    role: str
    values: tuple[Any, ...]
    default: Any = REQUIRED

    @property
    def type(self) -> str:
        """Its annotation."""
        kinds = {type(value) for value in self.values if value is not MISSING}
        if kinds == {bool}:
            return "bool"
        if float in kinds:
            return "float"
        return "int" if kinds == {int} else "tuple[int, ...]" if kinds == {tuple} else "int | tuple[int, ...]"


def role_of(name: str) -> str:
    """What a number is, by the name of the argument that it is: `channels` where it is nothing else."""
    if name == "k" or name.endswith("_k"):
        return "kernel_size"
    for role in ROLES:
        if name == role or name.endswith(f"_{role}") or name.rstrip("0123456789") == role:
            return role
    return "channels"


def scaled(name: str, pairs: Sequence[tuple[int, int]], role: str) -> Any:
    """Numbers as another argument times, or divided by, a constant; a padding as half of the kernel."""
    if role == "padding":
        return call("//", {"of": Text(name), "by": 2}) if all(p // 2 == v for v, p in pairs) else None
    for factor in FACTORS:
        if all(v == factor * p for v, p in pairs):
            return call("*", {"factor": factor, "of": Text(name)})
        if all(v * factor == p for v, p in pairs):
            return call("//", {"of": Text(name), "by": factor})
    return None


def summed(known: Sequence[Parameter], values: Sequence[Any]) -> Any:
    """Numbers as the sum of two arguments."""
    for place, one in enumerate(known):
        for other in known[place:]:
            terms = [(v, a, b) for v, a, b in zip(values, one.values, other.values) if v is not MISSING]
            if all(a is not MISSING and b is not MISSING and v == a + b for v, a, b in terms):
                return call("+", {"left": Text(one.name), "right": Text(other.name)})
    return None


def short(name: str) -> str:
    """The last word of an argument's name."""
    short = {"out_channels": "channels", "c_out": "channels", "num_features": "channels", "in_channels": "c_in"}
    return short.get(name, name)


def covers(known: tuple[Any, ...], values: tuple[Any, ...]) -> bool:
    """Whether an argument has these values, wherever one is needed."""
    return all(v is MISSING or (type(k) is type(v) and k == v) for k, v in zip(known, values))
