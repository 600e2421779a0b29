"""Nets of one layer, as lines of tests/data/convention_layers.txt say them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.language import load_text
from cnncalc.language.options import Options

if TYPE_CHECKING:
    from cnncalc.graph import Net

__all__ = ["one_layer"]


def one_layer(case: str) -> Net:
    """`4x8x9 conv 6 k3`; or `4x5|5x6 {matmul: , from: [a, b]}`, where the inputs are called a, b and c."""
    inputs, _, layer = case.partition(" ")
    named = ", ".join(f"{name}: {shape}" for name, shape in zip("abc", inputs.split("|")))
    return load_text(f"inputs: {{{named}}}\nlayers: [{layer}]\n", "net", Options())
