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


def given(random: Random, shape: Shape, kind: str) -> str:
    join = random.choice(("alone", "add", "multiply", "concat", "concat"))
    learned = random.choice(("", "", " nolearned")) if kind == "parameter" else ""
    if join == "alone":
        own = [random.randint(1, 4) for _ in range(random.choice((1, 2, 3)))]
        return f"{kind} {'x'.join(map(str, own))}{random.choice(('', ' alone'))}{learned}"
    if join != "concat":
        return f"{kind} {'x'.join(str(random.choice((1, n))) for n in shape)} {join}{learned}"
    axis = axis_of(random, shape)
    own = [*shape]
    own[axis] = random.randint(1, 3)
    first = random.choice(("", " first"))
    return f"{kind} {'x'.join(map(str, own))} concat{f' axis={axis}' if axis else ''}{first}{learned}"


def embedding(random: Random, shape: Shape, kind: str) -> str:
    text = f"embedding {random.randint(1, 9)} {random.randint(1, 5)}{random.choice(('', '', ' axis=last'))}"
    return text + random.choice(("", "", " padding=0")) + random.choice(("", "", " bias"))


def positional(random: Random, shape: Shape, kind: str) -> str:
    return kind + random.choice(("", "", " learned", " sine"))


def opaque(random: Random, shape: Shape, kind: str) -> str:
    text = "opaque " + "x".join(str(random.randint(1, 6)) for _ in range(random.randint(1, 4)))
    return text + random.choice(("", " of=Foreign"))


KIND_WRITERS: dict[str, Callable[[Random, Shape, str], str]] = {
    "function": function,
    "glu": glu,
    "reduce": over_axes,
    "argmax": over_axes,
    "topk": top_k,
    "select": select,
    "expand": expand,
    "rmsnorm": rms_norm,
    "parameter": given,
    "constant": given,
    "embedding": embedding,
    "positional": positional,
    "opaque": opaque,
    **dict.fromkeys(("add", "multiply", "maximum", "minimum", *PAIRS), with_number),
}
MAP_ONLY: tuple[str, ...] = ()
"""Those of them that take no vector."""
