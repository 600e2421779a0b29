"""One row of a model file, and the numbers by which a file's scale changes it."""

from __future__ import annotations

from math import ceil
from typing import Any

from cnncalc.records import NamedTuple

__all__ = ["Fields", "Row", "Scaling", "UnusableError", "given", "whole"]

Fields = dict[str, Any]
MOST = 10**9
"""More channels, repeats or kernels than any net has; what is over it is a mistake."""
MOST_REPEATS = 10_000

ACTIVATIONS = {
    "SiLU": "silu",
    "ReLU": "relu",
    "ReLU6": "relu6",
    "LeakyReLU": "leaky_relu",
    "Hardswish": "hardswish",
    "Mish": "mish",
    "GELU": "gelu",
    "ELU": "elu",
    "SELU": "selu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Identity": "none",
}
"""What `activation: nn.ReLU()` in a file stands for."""


class UnusableError(Exception):
    """Arguments that a module cannot have; the message says which rule they break."""


class Scaling(NamedTuple):
    """What a file says for all its rows."""

    scale: str
    depth: float
    width: float
    most: float
    """The most channels before the width is applied."""
    classes: int
    reg_max: int
    end2end: bool
    legacy: bool
    """Whether a head has the plain branches of v8, v9 and before."""
    keypoints: object
    yolov5: bool
    names: dict[str, Any]
    """What a word among the arguments stands for: the file's own keys."""

    def width_of(self, base: int, row: Row) -> int:
        """A scaled width, a multiple of eight, as the framework computes it, in double precision."""
        if self.yolov5 and base == self.outputs():
            return base
        return int(ceil(min(base, self.most) * self.width / 8) * 8)

    def outputs(self) -> int:
        """The channels of a head of YOLOv5's, which are not scaled: three numbers for each anchor and class."""
        anchors = self.names.get("anchors")
        first = anchors[0] if isinstance(anchors, list) and anchors else anchors
        pairs = len(first) // 2 if isinstance(first, list) else first
        return pairs * (self.classes + 5) if isinstance(pairs, int) else 0

    def repeats_of(self, base: int) -> int:
        """How often a module stands, as the framework rounds: half to even."""
        return max(round(base * self.depth), 1) if base > 1 else base

    def activation_of(self, text: object) -> str:
        """Our name of an activation as a file writes it in Python."""
        word = str(text).removeprefix("torch.").removeprefix("nn.").partition("(")[0]
        if word not in ACTIVATIONS:
            raise UnusableError(f"there is no activation `{str(text)[:40]}`")
        return ACTIVATIONS[word]


class Row(NamedTuple):
    """One row, its arguments read."""

    number: int
    sources: list[int]
    repeats: int
    name: str
    arguments: list[Any]
    scaling: Scaling


def whole(value: Any, what: str) -> int:
    """A whole number that is at least one."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST:
        raise UnusableError(f"{what} is a whole number from 1, not `{str(value)[:40]}`")
    return value


def given(names: str, values: list[Any]) -> Fields:
    """The arguments by name; one that is None is left to its default."""
    known = names.split()
    if len(values) > len(known):
        takes = f"it takes {', '.join(known)}" if known else "it takes no arguments"
        raise UnusableError(f"{takes}, and {len(values)} are given")
    return {name: _plain(name, value) for name, value in zip(known, values) if value is not None}


LENGTHS = ("k", "s", "p", "kernel", "stride", "padding", "output", "output_padding", "border", "size", "scale")
"""Arguments that may be a length for each axis."""


def _plain(name: str, value: Any) -> Any:
    """An argument as the language writes it: a pair of lengths is `1x3`."""
    if name in LENGTHS and isinstance(value, list) and all(type(one) is int for one in value):
        return value[0] if value and len(set(value)) == 1 else "x".join(map(str, value))
    return value
