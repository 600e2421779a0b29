"""Random layers of the kinds that are no convolution, pool or plain activation, as notation."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from cnncalc.layers.kinds.algebra.functions import FUNCTIONS
from cnncalc.layers.kinds.algebra.reductions import REDUCTIONS

__all__ = ["KIND_WRITERS", "MAP_ONLY", "PAIRS"]

Shape = tuple[int, ...]
PAIRS = ("subtract", "divide", "power")
"""Merges of two, and no more."""


def axis_of(random: Random, shape: Shape) -> int:
    """An axis, counted from either end."""
    return random.randrange(-len(shape), len(shape))


def function(random: Random, shape: Shape, kind: str) -> str:
    of = random.choice([*FUNCTIONS])
    if of == "clip":
        return random.choice(("clip 0.1 0.6", "Hardtanh", "clip high=0.5", "function clip -1 2", "Clamp low=0"))
    return random.choice((of, f"function {of}"))


def glu(random: Random, shape: Shape, kind: str) -> str:
    even = [axis for axis, n in enumerate(shape) if n % 2 == 0] or [0]
    axis = random.choice(even)
    return "glu" if axis == 0 else f"glu axis={axis}"


def with_number(random: Random, shape: Shape, kind: str) -> str:
    return f"{kind} {random.choice(('2', '0.5', '-1.5'))}"


def over_axes(random: Random, shape: Shape, kind: str) -> str:
    axes = random.sample(range(len(shape)), 1 if kind == "argmax" else random.randint(1, len(shape)))
    names = "x".join(str(random.choice((axis, axis - len(shape)))) for axis in axes)
    if kind == "reduce":
        kind = f"{kind} {random.choice([*REDUCTIONS])}"
    return f"{kind} {names}{random.choice(('', ' keep', ' keep'))}"


def top_k(random: Random, shape: Shape, kind: str) -> str:
    axis = axis_of(random, shape)
    return f"topk {random.randint(1, shape[axis])} axis={axis}"


def select(random: Random, shape: Shape, kind: str) -> str:
    axis = axis_of(random, shape)
    return f"select {random.randrange(-shape[axis], shape[axis])} axis={axis}"


def expand(random: Random, shape: Shape, kind: str) -> str:
    return "expand " + "x".join(str(random.randint(1, 4) if n == 1 else random.choice((-1, n))) for n in shape)


def rms_norm(random: Random, shape: Shape, kind: str) -> str:
    return kind + random.choice(("", " channels", " all", " last")) + random.choice(("", "", " noaffine"))


KIND_WRITERS: dict[str, Callable[[Random, Shape, str], str]] = {
    "function": function,
    "glu": glu,
    "reduce": over_axes,
    "argmax": over_axes,
    "topk": top_k,
    "select": select,
    "expand": expand,
    "rmsnorm": rms_norm,
    **dict.fromkeys(("add", "multiply", "maximum", "minimum", *PAIRS), with_number),
}
MAP_ONLY: tuple[str, ...] = ()
"""Those of them that take no vector."""
