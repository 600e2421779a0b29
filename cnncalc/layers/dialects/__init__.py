"""What frameworks differ in."""

from __future__ import annotations

from cnncalc.layers.dialects.record import Dialect, Named
from cnncalc.layers.dialects.table import DIALECTS, OPSETS, like_dialect

__all__ = ["DIALECTS", "OPSETS", "Dialect", "Named", "like_dialect"]
