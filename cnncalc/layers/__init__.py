"""Every layer kind, one class each, a family a file, which is imported when one of its kinds is asked for."""

from __future__ import annotations

from cnncalc.layers.backward import Saved
from cnncalc.layers.base import Layer, Requirement, Shape, show_shape
from cnncalc.layers.fields import FieldError
from cnncalc.layers.registry import KINDS, kind_named

__all__ = ["KINDS", "FieldError", "Layer", "Requirement", "Saved", "Shape", "kind_named", "show_shape"]
