"""Every layer kind, one class each, a family a file."""

from __future__ import annotations

from cnncalc.layers.backward import Saved
from cnncalc.layers.base import Layer, Requirement, Shape, show_shape
from cnncalc.layers.fields import FieldError
from cnncalc.layers.kinds import (
    activation,
    conv,
    deformable,
    fractional,
    linear,
    local,
    merge,
    norm,
    pool,
    pyramid,
    regularize,
    reshape,
    resize,
    shuffle,
    tensors,
    unfolding,
)
from cnncalc.layers.kinds.algebra import arithmetic, contractions, functions, products, reductions
from cnncalc.layers.kinds.sequences import attention, convolved, recurrent
from cnncalc.layers.registry import KINDS, kind_named

FAMILIES = (
    conv, deformable, local, linear, pool, pyramid, fractional, unfolding, norm, activation, functions, reshape,
    resize, shuffle, merge, arithmetic, products, contractions, reductions, tensors, attention, recurrent, convolved,
    regularize,
)  # fmt: skip
"""The modules of the kinds, in the order in which a course meets them."""

__all__ = [
    "FAMILIES",
    "KINDS",
    "FieldError",
    "Layer",
    "Requirement",
    "Saved",
    "Shape",
    "activation",
    "conv",
    "kind_named",
    "linear",
    "local",
    "merge",
    "norm",
    "pool",
    "pyramid",
    "regularize",
    "reshape",
    "resize",
    "show_shape",
    "shuffle",
]
