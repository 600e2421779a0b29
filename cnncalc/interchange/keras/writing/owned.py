"""Tensors that no layer of the net makes: learned ones, numbers that are known; and the axes of tensors as ours."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from cnncalc.interchange.keras.writing.model import Numbers, Scribe, Tensor
from cnncalc.layers import Shape

__all__ = ["as_keras", "as_ours", "numbers", "ones", "tensor_of_its_own"]

ONE = "number_one"
"""The name of the number that all learned tensors of a model are made of."""


def as_ours(scribe: Scribe, tensor: Tensor, x: Shape, suffix: str) -> Tensor:
    """A tensor with its axes as ours: what Keras has last comes first."""
    return scribe.turn(tensor, [len(x), *range(1, len(x))], suffix)


def as_keras(scribe: Scribe, tensor: Tensor, y: Shape) -> Tensor:
    """The other way round."""
    return scribe.turn(tensor, [*range(2, len(y) + 1), 1], "_axes") if len(y) > 1 else tensor


def ones(scribe: Scribe, beside: Tensor | None = None) -> Tensor:
    """The number 1 for each sample: one for the whole model, of its input, or one made of a tensor."""
    model = scribe.model
    if beside is None and model.one is not None:
        return model.one
    whole = beside or next(iter(model.inputs.values()))
    stem = ONE if beside is None else f"{scribe.name}_{ONE}"
    flat = model.put(f"{stem}_flat", "Flatten", (whole,), (prod(whole.shape),))
    first = model.put(f"{stem}_first", "numpy.GetItem", (flat, [slice(None), slice(None, 1)]), (1,))
    made = model.put(stem, "numpy.OnesLike", (first,), (1,))
    if beside is None:
        model.one = made
    return made


def numbers(scribe: Scribe, values: Sequence[float], suffix: str, shape: Shape | None = None) -> Tensor:
    """Known numbers in a row, or of a shape."""
    row = scribe.op("numpy.Multiply", ones(scribe), Numbers(tuple(values)), suffix=suffix, shape=(len(values),))
    if shape in (None, row.shape):
        return row
    return scribe.layer("Reshape", row, suffix=f"{suffix}_shape", shape=shape, target_shape=list(shape or ()))


def tensor_of_its_own(
    scribe: Scribe, shape: Shape, suffix: str, *, beside: Tensor | None = None, trained: bool = True
) -> Tensor:
    """A learned tensor, as Keras has it: the kernel of a dense layer on the number 1."""
    one = ones(scribe, beside)
    said: dict[str, Any] = {} if trained else {"trainable": False}
    stem = suffix or "_tensor"
    row = scribe.layer(
        "Dense", one, suffix=f"{stem}_row", shape=(prod(shape),), units=prod(shape), use_bias=False, **said
    )
    scribe.model.macs += prod(shape)
    return scribe.layer("Reshape", row, suffix=suffix, shape=shape, target_shape=list(shape))
