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


def attention(random: Random, shape: Shape, kind: str) -> str:
    last = random.random() < 0.4
    features, places = (shape[-1], shape[:-1]) if last else (shape[0], shape[1:])
    heads = random.choice([d for d in range(1, features + 1) if features % d == 0])
    text = f"attention {heads}{' axis=last' if last else ''}"
    if random.random() < 0.3:
        text += f" key={random.randint(1, 4)}"
    if random.random() < 0.2:
        text += f" value={random.randint(1, 4)}"
    if random.random() < 0.2:
        text += f" out={random.randint(1, 6)}"
    if random.random() < 0.2:
        text += f" shared={random.choice([d for d in range(1, heads + 1) if heads % d == 0])}"
    if random.random() < 0.4:
        windows = [random.choice([d for d in range(1, n + 1) if n % d == 0]) for n in places]
        text += " w" + "x".join(map(str, windows))
        roll = random.random()
        if roll < 0.4:
            text += " shift=" + "x".join(str(random.randrange(w)) for w in windows)
        elif roll < 0.6:
            text += " grid"
    words = {"nobias": 0.2, "noproject": 0.2, "noproject_bias": 0.2, "causal": 0.2, "nofused": 0.4, "relative": 0.3}
    words |= {"cosine": 0.2, f"continuous={random.randint(1, 4)}": 0.2}
    for word, chance in words.items():
        text += f" {word}" if random.random() < chance else ""
    return text


def recurrent(random: Random, shape: Shape, kind: str) -> str:
    hidden = random.randint(1, 5)
    text = f"{kind} {hidden}{random.choice(('', '', ' axis=last'))}"
    for word, chance in {"layers=2": 0.3, "bidirectional": 0.3, "nobias": 0.2, "biases=1": 0.3, "final": 0.3}.items():
        text += f" {word}" if random.random() < chance else ""
    if kind == "lstm" and hidden > 1 and random.random() < 0.3:
        text += f" projection={random.randint(1, hidden - 1)}"
    return text + (random.choice((" relu", "")) if kind == "rnn" else "")


def unfold(random: Random, shape: Shape, kind: str) -> str:
    text = f"{kind} k{random.randint(1, 3)}"
    for letter, chance in (("s", 0.4), ("p", 0.4), ("d", 0.2)):
        text += f" {letter}{random.randint(1, 2)}" if random.random() < chance else ""
    return f"{text} size={random.randint(1, 5)}x{random.randint(1, 5)}" if kind == "fold" else text


def fractional(random: Random, shape: Shape, kind: str) -> str:
    kernels = [random.randint(1, min(3, n)) for n in shape[1:]]
    sizes = [max(1, random.randint(1, n - k + 1) - (random.random() < 0.1)) for n, k in zip(shape[1:], kernels)]
    return f"{kind} k{'x'.join(map(str, kernels))} size={'x'.join(map(str, sizes))}"


def conv_lstm(random: Random, shape: Shape, kind: str) -> str:
    text = f"{kind} {random.randint(1, 3)} k{random.choice((1, 3, 3, 5))}"
    for word, chance in {"same": 0.4, "p1": 0.2, "s2": 0.2, "d2": 0.15, "nobias": 0.2, "final": 0.3}.items():
        text += f" {word}" if random.random() < chance and not (word == "p1" and "same" in text) else ""
    return text


def equation(random: Random, shape: Shape) -> tuple[str, Shape, Shape]:
    """An equation for a tensor of this shape and one more, that one's shape, and what comes out."""
    left, new = "abcdef"[: len(shape)], "uvwxyz"
    lengths = {**dict(zip(left, shape)), **{letter: random.randint(1, 4) for letter in new}}
    places = random.choice((1, len(shape), len(shape)))
    pool = random.sample(left, len(left)) + list(new)
    right = "".join(random.sample(pool[: max(places, 2)], places))
    used = list(dict.fromkeys(left + right))
    out = "".join(random.sample(used, random.randint(1, min(len(used), 4))))
    return f"{left},{right}->{out}", tuple(lengths[one] for one in right), tuple(lengths[one] for one in out)


def blur(random: Random, shape: Shape, kind: str) -> str:
    """Down, with any border, or up."""
    each = random.choice(("", " each"))
    if random.random() < 0.4:
        return f"blur k{random.randint(1, 4)} up={random.randint(1, 3)} p{random.randint(0, 1)}{each}"
    border = random.choice(("", " p1", " p0:1", " p1:2 reflect", " p1 replicate", " same", " same circular"))
    return f"blur k{random.choice((1, 2, 3, 4))}{random.choice(('', ' s2', ' s3'))}{border}{each}"


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
    "attention": attention,
    "blur": blur,
    "convlstm": conv_lstm,
    "fractional_maxpool": fractional,
    **dict.fromkeys(("unfold", "fold"), unfold),
    **dict.fromkeys(("lstm", "gru", "rnn"), recurrent),
    **dict.fromkeys(("add", "multiply", "maximum", "minimum", *PAIRS), with_number),
}
MAP_ONLY: tuple[str, ...] = ("attention", "blur", "convlstm", "fractional_maxpool", "lstm", "gru", "rnn", "unfold")
"""Those of them that take no vector."""
