"""Every operator that is read."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.torch_export.rules.arithmetic import ARITHMETIC
from cnncalc.interchange.torch_export.rules.choosing import CHOOSING, shape_alone
from cnncalc.interchange.torch_export.rules.elementwise import ELEMENTWISE
from cnncalc.interchange.torch_export.rules.norms_of_weights import NORMS
from cnncalc.interchange.torch_export.rules.products import PRODUCTS
from cnncalc.interchange.torch_export.rules.recurrent import RECURRENT
from cnncalc.interchange.torch_export.rules.reductions import REDUCTIONS
from cnncalc.interchange.torch_export.rules.repeating import REPEATING
from cnncalc.interchange.torch_export.rules.shapes import SHAPES
from cnncalc.interchange.torch_export.rules.windows import WINDOWS

__all__ = ["OPERATORS", "shape_alone"]

OPERATORS: dict[str, Any] = {
    **CHOOSING,
    **WINDOWS,
    **ELEMENTWISE,
    **ARITHMETIC,
    **PRODUCTS,
    **RECURRENT,
    **REDUCTIONS,
    **SHAPES,
    **REPEATING,
    **NORMS,
}
"""Each rule by the operator's name in ATen: it takes the call, and gives what comes out."""
