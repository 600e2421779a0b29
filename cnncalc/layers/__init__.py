"""Every layer kind, one class each, a family a file."""

from __future__ import annotations

from cnncalc.layers import activation, conv, linear, merge, norm, pool, regularize, reshape, shuffle
from cnncalc.layers.base import KINDS, FieldError, Layer, Requirement, Saved, Shape, kind_named, show_shape

__all__ = [
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
    "merge",
    "norm",
    "pool",
    "regularize",
    "reshape",
    "shuffle",
    "show_shape",
]
