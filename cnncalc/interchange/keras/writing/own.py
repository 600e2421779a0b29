"""Tensors that no layer of Keras's makes: learned, and of ones."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.interchange.keras.writing.model import Scribe, Tensor
from cnncalc.layers import Shape

__all__ = ["ones", "tensor_of_its_own"]


def _one(scribe: Scribe, beside: Tensor, suffix: str) -> Tensor:
    """The number 1 for each sample."""
    flat = scribe.layer("Flatten", beside, suffix=f"{suffix}_flat", shape=(prod(beside.shape),))
    first = scribe.op("numpy.GetItem", flat, [slice(None), slice(None, 1)], suffix=f"{suffix}_first", shape=(1,))
    return scribe.op("numpy.OnesLike", first, suffix=f"{suffix}_one", shape=(1,))


def tensor_of_its_own(scribe: Scribe, beside: Tensor, shape: Shape, suffix: str, *, trained: bool = True) -> Tensor:
    """A learned tensor, as Keras has it: the kernel of a dense layer on the number 1."""
    said: dict[str, Any] = {} if trained else {"trainable": False}
    one = _one(scribe, beside, suffix)
    units = prod(shape)
    row = scribe.layer("Dense", one, suffix=f"{suffix}_row", shape=(units,), units=units, use_bias=False, **said)
    scribe.model.macs += units
    return scribe.layer("Reshape", row, suffix=suffix, shape=shape, target_shape=list(shape))


def ones(scribe: Scribe, beside: Tensor, shape: Shape, suffix: str) -> Tensor:
    """A tensor of ones."""
    one, single = _one(scribe, beside, suffix), (1,) * len(shape)
    if len(shape) > 1:
        one = scribe.layer("Reshape", one, suffix=f"{suffix}_axes", shape=single, target_shape=list(single))
    return scribe.op("numpy.Tile", one, repeats=[1, *shape], suffix=suffix, shape=shape)
