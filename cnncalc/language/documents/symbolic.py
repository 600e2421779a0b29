"""Input shapes with symbols, as `3xHxW`: any lengths, of which everything becomes a closed form."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cnncalc.layers import FieldError, Shape
from cnncalc.layers.fields import whole

__all__ = ["is_symbolic", "symbolic_shape"]

_SYMBOL = re.compile(r"[A-Z]\Z")
BATCH = "N"


def is_symbolic(parts: Sequence[object]) -> bool:
    """Whether a length is a symbol."""
    return any(_SYMBOL.match(str(part)) for part in parts)


def symbolic_shape(parts: Sequence[object]) -> Shape:
    """A shape some of whose spatial lengths are symbols, capital letters; raises `FieldError`."""
    from cnncalc.arithmetic.symbolic.algebra import symbolic

    texts = [str(part) for part in parts]
    if len(texts) > 1 and _SYMBOL.match(texts[0]):
        raise FieldError("channels are a number", "only lengths can be symbols, as in 3xHxW")
    if BATCH in texts:
        raise FieldError(f"{BATCH} is the batch", "call the lengths H and W, as in 3xHxW")
    return tuple(symbolic(text) if _SYMBOL.match(text) else whole(text, 1, "lengths") for text in texts)
