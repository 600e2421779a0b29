"""What a layer says of the tensors that autograd keeps for the backward pass."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

from cnncalc.records import NamedTuple

__all__ = ["INDEX_BYTES", "Backward", "Saved", "Shape", "known_backward"]

Shape: TypeAlias = "tuple[int, ...]"

INDEX_BYTES = 8
"""torch keeps the places of maxima as int64."""


class Backward(NamedTuple):
    """What decides whether a layer keeps anything for backward."""

    training: bool
    """Whether the net is in training mode."""
    weights: bool
    """Whether the layer has parameters and they are trained."""
    inputs: tuple[bool, ...]
    """Whether a gradient is wanted for each input."""
    alone: bool = False
    """Whether there is one image only, all of whose parts lie in one piece."""
    autocast: bool = False
    """Whether torch.autocast mixes types, as it does on CUDA."""
    parts: int = 1
    """Real numbers that a number is made of: 2 where it is complex."""

    @property
    def any(self) -> bool:
        """Whether the output takes part in backward at all."""
        return self.weights or any(self.inputs)


known_backward = lru_cache(maxsize=1_000)(Backward)
"""A `Backward` as one object for all that are equal: most layers of a net want the same."""


class Saved(NamedTuple):
    """A tensor that autograd keeps for backward, as measured on torch 2.13 and 2.14 (CPU).

    `what` is `input` (then `index` says which), `output`, or the name of an extra tensor of `shape`. An extra has an
    element of `size` bytes (0: that of the net's own dtype) for each sample of the batch, or once where not `batched`.
    Under torch.autocast an extra is of the type that the layer computes in, or that of its first `index` inputs; or
    `element` says which: `own`, that of the parameters, `mask`, a bool, `cpu`, there on a CPU alone, or `full`: float32
    where the type is narrower, which an input may be kept in too; `cast`: one
    more copy, of an input that is cast to the half type; `part`: real, beside complex numbers. An input that is kept
    before it is cast is `taken`.
    """

    what: str
    index: int = 0  # type: ignore[assignment]  # nobody looks for an item of a record, as tuple.index does
    shape: Shape = ()
    size: int = 0
    batched: bool = True
    element: str = ""
