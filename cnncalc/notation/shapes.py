"""`3x224x224` to a shape; with capital letters for lengths, as `3xHxW`, a shape of any such size."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cnncalc.errors import Fault, Place
from cnncalc.layers import FieldError, Shape, show_shape
from cnncalc.layers.fields import whole

__all__ = [
    "CHANNELS_FIRST",
    "has_symbols",
    "is_symbolic",
    "meant_shape",
    "misshapen",
    "odd_input",
    "read_shape",
    "shape_in",
    "way_to_like",
]

_SYMBOL = re.compile(r"[A-Z]\Z")
_ALIKE = re.compile(r"[(\[]? *[0-9]{1,9}(?:(?: *[xX*×,;] *| +)[0-9]{1,9}){1,3} *[)\]]?")
"""Lengths that are divided in another way."""
BATCH = "N"
CHANNELS_FIRST = "channels first, such as 3x224x224"
LEAST_IMAGE = 28
"""An image of two equal sides from this on may have been meant by two equal lengths."""


def read_shape(text: object, *, symbols: bool = False) -> Shape:
    """`3x224x224`, or its lengths, as a shape of 1 to 4 axes, with `symbols` also `3xHxW`; raises `FieldError`."""
    if not isinstance(text, (str, int, float, list, tuple, dict, type(None))):
        text = type(text).__name__  # which may say anything of itself
    parts = list(text) if isinstance(text, (list, tuple)) else str(text).split("x")
    if not isinstance(text, str) and any("x" in str(part) for part in parts):
        raise FieldError("expected one shape, got several", "name them: `inputs: {left: 3x64x64, right: 3x64x64}`")
    if isinstance(text, str) and "," in text:
        meant = meant_shape(text) or text[:40].replace(",", "x").replace(" ", "")
        raise FieldError(f"expected one shape, got `{text[:40]}`", f"write {meant}")
    if not 1 <= len(parts) <= 4:
        raise FieldError(f"expected 1 to 4 axes, got {len(parts)}", CHANNELS_FIRST)
    if is_symbolic(parts):
        if not symbols:
            raise FieldError(
                "lengths are numbers here", "symbols such as 3xHxW are for `show`, and for `export` to ONNX"
            )
        return _symbolic([str(part) for part in parts])
    try:
        return tuple(whole(part, 1, "lengths") for part in parts)
    except FieldError:
        if isinstance(text, str) and (meant := meant_shape(text)):
            raise FieldError(f"expected one shape, got `{text[:40]}`", f"write {meant}") from None
        raise


def meant_shape(text: str) -> str:
    """The shape that is meant by lengths which are divided as elsewhere; empty for any other text.

    >>> meant_shape("(3, 32, 32)"), meant_shape("3X32X32"), meant_shape("3x32x32")
    ('3x32x32', '3x32x32', '')
    """
    lengths = re.findall("[0-9]+", text) if len(text) <= 40 and _ALIKE.fullmatch(text) else []
    return "" if (meant := "x".join(lengths)) == text or "0" in lengths else meant


def shape_in(text: str) -> str:
    """The shape that a text is, or seems to be meant for, where it has two axes at least; empty for any other text.

    >>> shape_in("3xHxW"), shape_in("3,32,32"), shape_in("resnet18"), shape_in("7")
    ('3xHxW', '3x32x32', '', '')
    """
    try:
        shape = read_shape(text, symbols=True) if len(text) <= 40 else ()
    except FieldError:
        return meant_shape(text)
    return show_shape(shape) if len(shape) > 1 else ""


def misshapen(error: FieldError, place: Place | None = None) -> Fault:
    """That what is given for an input is no shape."""
    return Fault(f"an input's shape: {error.rule}", place, help=error.help or CHANNELS_FIRST)


def has_symbols(text: str) -> bool:
    """Whether `3xHxW`, or one of `left=3xHxW,right=3x8x8`, has symbols for lengths."""
    parts = text.replace("=", "x").replace(",", "x").split("x")
    return any(len(part) == 1 and part.isalpha() and part.isupper() for part in parts)


def is_symbolic(parts: Sequence[object]) -> bool:
    """Whether a length is a symbol."""
    return any(_SYMBOL.match(str(part)) for part in parts)


def _symbolic(parts: Sequence[str]) -> Shape:
    from cnncalc.arithmetic.symbolic.algebra import symbolic  # only symbols pay for it
    from cnncalc.arithmetic.symbolic.bounds import begin_work

    begin_work()
    if len(parts) > 1 and _SYMBOL.match(parts[0]):
        raise FieldError("channels are a number", "only lengths can be symbols, as in 3xHxW")
    if BATCH in parts:
        raise FieldError(f"{BATCH} is the batch", "call the lengths H and W, as in 3xHxW")
    return tuple(symbolic(part) if _SYMBOL.match(part) else whole(part, 1, "lengths") for part in parts)


def way_to_like(shape: Shape, declared: Shape) -> str:
    """The way out of an input unlike the declared one: with a batch, without channels, or channels last; else empty."""
    if len(shape) == len(declared) + 1 and str(shape[1]) == str(declared[0]):
        return f"the batch is an option of its own: `--input {show_shape(shape[1:])} --batch {shape[0]}`"
    if len(shape) == len(declared) - 1 > 0 and shape[0] == declared[0] != shape[-1]:
        return f"a length is missing: `--input {show_shape((*shape, shape[-1]))}`"
    if len(shape) == 1 and len(declared) > 2 and type(declared[0]) is int:
        return (
            f"channels first, and a length an axis: `--input {show_shape((declared[0], *shape * (len(declared) - 1)))}`"
        )
    if len(shape) == len(declared) - 1:
        return f"channels come first: `--input {show_shape((declared[0], *shape))}`"
    if len(shape) != len(declared):
        return "change `input:` in a file of your own to use other axes"
    if len(shape) < 3 or any(type(length) is not int for length in shape):
        return ""  # symbols are channels nowhere
    last = shape[-1] == declared[0] <= 4 < shape[0] != declared[0]
    return f"channels come first: `--input {show_shape((shape[-1], *shape[:-1]))}`" if last else ""


def odd_input(shape: Shape) -> str:
    """What an input of a file's own looks like where it seems to have a batch, or channels last; else empty.

    It may be meant: one channel of volumes is 1x3x32x32 too, and nothing can tell.
    """
    if any(type(length) is not int for length in shape):
        return ""
    if len(shape) == 2 and shape[0] == shape[1] >= LEAST_IMAGE:
        image = show_shape((1, *shape))
        return f"{shape[0]} channels of lines of {shape[1]}; an image of one channel is `input: {image}`"
    if len(shape) < 3:
        return ""
    rest = shape[1:]
    if len(shape) == 4 and shape[0] == 1 and rest[0] <= 4 < min(rest[1:]):
        return f"one channel of {show_shape(rest)} volumes; if the 1 is a batch, write `input: {show_shape(rest)}`"
    if len(shape) == 3 and shape[-1] in (1, 3, 4) and shape[-1] < min(shape[:-1]) and shape[0] == shape[1]:
        first = show_shape((shape[-1], *shape[:-1]))
        return f"{shape[0]} channels of {show_shape(rest)} maps; channels come first: `input: {first}`"
    return ""
