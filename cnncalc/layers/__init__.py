"""Every layer kind, one class each, a family a file."""

from __future__ import annotations

from cnncalc.layers import activation, conv, linear, merge, norm, pool, pyramid, regularize, reshape, shuffle
from cnncalc.layers.base import Layer, Requirement, Saved, Shape, show_shape
from cnncalc.layers.fields import FieldError
from cnncalc.layers.registry import KINDS, kind_named

FAMILIES = (conv, linear, pool, pyramid, norm, activation, reshape, shuffle, merge, regularize)
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
    "merge",
    "norm",
    "pool",
    "pyramid",
    "regularize",
    "reshape",
    "show_shape",
    "shuffle",
]
