"""One call of a layer or an operation as pieces of text, in which values, names and tensors stand apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, TypeAlias

from cnncalc.interchange.keras.writing.model import Call, Made, Numbers, Tensor, distances
from cnncalc.records import NamedTuple

__all__ = ["Named", "Piece", "Pieces", "Said", "Value", "literal", "maker", "said"]

PLACED = {
    "Conv": ("filters", "kernel_size"), "DepthwiseConv": ("kernel_size",), "Dense": ("units",),
    "MaxPooling": ("pool_size",), "AveragePooling": ("pool_size",), "ZeroPadding": ("padding",),
    "Cropping": ("cropping",), "UpSampling": ("size",), "Reshape": ("target_shape",), "Permute": ("dims",),
    "Dropout": ("rate",), "SpatialDropout": ("rate",), "Activation": ("activation",), "Resizing": ("height", "width"),
    "GroupNormalization": ("groups",), "AdaptiveAveragePooling": ("output_size",),
    "AdaptiveMaxPooling": ("output_size",),
}  # fmt: skip
"""The arguments that stand without their names."""


class Value(NamedTuple):
    """A number, a word or a flag, and what it is called."""

    label: str
    value: Any


class Named(NamedTuple):
    """The name of a layer."""

    name: str


Piece: TypeAlias = "str | Value | Named | Tensor"
Pieces: TypeAlias = "tuple[Piece, ...]"


class Said(NamedTuple):
    """`head(arguments)(last)`; an item of a tensor is `head[arguments]`."""

    head: Pieces
    arguments: tuple[Pieces, ...]
    last: Pieces = ()
    brackets: str = "()"

    def pieces(self) -> Iterator[Piece]:
        """All of them, with what parts them."""
        yield from self.head
        for one in self.arguments:
            yield ","
            yield from one
        yield ")("
        yield from self.last


def said(made: Made, call: Call) -> Said:
    """The call of a layer that is made where it is called, or of an operation."""
    package, _, kind = made.kind.rpartition(".")
    if kind == "GetItem":
        return Said(_argument(call.args[0]), tuple(_key(call.args[1])), brackets="[]")
    arguments = [_argument(one) for one in call.args]
    if not package:
        return maker(made)._replace(last=_joined(arguments, ", "))
    config = {**made.config, **call.kwargs}
    if kind == "Einsum":  # whose equation stands first
        arguments.insert(0, _value("subscripts", config.pop("subscripts")))
    named = [(f"{key}=", *_value(key, one)) for key, one in config.items()]
    return Said((f"ops.{_small(kind)}",), (*arguments, *named))


def maker(made: Made) -> Said:
    """The layer itself."""
    stem = made.kind.removesuffix("Transpose")
    stem = stem[:-2] if stem[-2:] in ("1D", "2D", "3D") else stem
    placed = [key for key in PLACED.get(stem, ()) if key in made.config]
    arguments = [_value(key, made.config[key]) for key in placed]
    arguments += [(f"{key}=", *_value(key, one)) for key, one in made.config.items() if key not in placed]
    return Said((f"layers.{made.kind}",), (*arguments, ("name=", Named(made.name))))


def _joined(parts: Sequence[Pieces], between: str) -> Pieces:
    return tuple(piece for at, part in enumerate(parts) for piece in ((between, *part) if at else part))


def _argument(value: Any) -> Pieces:
    """A tensor, a list of some, an array, or a value."""
    if isinstance(value, Tensor):
        return (value,)
    if isinstance(value, Numbers):
        return ("np.array(", *_numbers(value.values), ', "float32")')
    if isinstance(value, list) and any(isinstance(one, Tensor) for one in value):
        return ("[", *_joined([_argument(one) for one in value], ", "), "]")
    return _places(value) if isinstance(value, list) else _value("number", value)


def _numbers(values: Sequence[float]) -> Pieces:
    """A count, runs of equal numbers, or all of them."""
    if list(values) == [*range(len(values))]:
        return ("range(", Value("places", len(values)), ")")
    w = len(values) // 2
    if w and values == distances(w):
        far = Value("window", w)
        return ("[np.sign(i) * np.log2(1 + 8 * abs(i) / ", far, ") / 3 for i in range(-", far, ", ", far, " + 1)]")
    runs = [(one, len([*group])) for one, group in groupby(values)]
    if len(runs) < 4:
        return _joined([(f"[{literal(one)}] * ", Value("places", count)) for one, count in runs], " + ")
    return ("[", *_joined([(literal(one),) for one in values], ", "), "]")


def _places(values: list[Any]) -> Pieces:
    """Listed places: the distances of a window, the nearest pixels, or all of them."""
    w = round(len(values) ** 0.5)
    if values == [i - j + w - 1 for i in range(w) for j in range(w)]:
        size = Value("window", w)
        return ("[i - j for i in range(", size, ", 2 * ", size, ") for j in range(1, ", size, " + 1)]")
    n, m = values[-1] + 1, len(values)
    if values == [i * n // m for i in range(m)]:
        return ("[i * ", Value("pixels", n), " // ", Value("size", m), " for i in range(", Value("size", m), ")]")
    return ("[", *_joined([(literal(one),) for one in values], ", "), "]")


def _value(label: str, value: Any) -> Pieces:
    """A value as Python writes it."""
    if isinstance(value, dict):
        inner = [(f"{key}=", *_value(key, one)) for key, one in value["config"].items()]
        return (f"{value['module']}.{value['class_name']}(", *_joined(inner, ", "), ")")
    if isinstance(value, (list, tuple)):
        pairs = any(isinstance(one, (list, tuple)) for one in value)
        labels = [label] * len(value)
        if label == "target_shape" and len(value) > 1:
            labels = [*["length"] * (len(value) - 1), "features"]
        inner = [_value(word, one) for word, one in zip(labels, value)]
        single = "," if len(value) == 1 and not pairs else ""
        return ("[" if pairs else "(", *_joined(inner, ", "), f"{single}]" if pairs else f"{single})")
    return (Value(label, value),)


def literal(value: Any) -> str:
    """A number, a word or a flag as Python writes it."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, float) and abs(value) == float("inf"):
        return f'float("{value}")'
    return repr(value)


def _key(key: list[slice]) -> Iterator[Pieces]:
    """`..., 1:3` or `:, 1:3`."""

    def part(one: slice) -> Pieces:
        start, stop = (() if bound is None else (Value("at", bound),) for bound in (one.start, one.stop))
        return (*start, ":", *stop, *((":", Value("step", one.step)) if one.step is not None else ()))

    parts = [part(one) for one in key]
    if len(parts) > 1 and all(one == (":",) for one in parts[:-1]):
        parts = [("...",), parts[-1]]
    while len(parts) > 1 and parts[-1] == (":",):
        parts.pop()
    yield from parts


def _small(kind: str) -> str:
    """An operation's function: `LogSoftmax` is log_softmax, `Log1p` log1p."""
    return "".join(f"_{one.lower()}" if one.isupper() and at else one.lower() for at, one in enumerate(kind))
