"""Weights that are zero: how many of a layer, and what the others take as they are stored.

A share is what torch.nn.utils.prune sets to zero, rounded as it does: a bit a weight says where the others are. Of a
pattern such as 2:4 so many of each run of an output's weights are kept, each with its place in bits. Biases stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.arithmetic.symbolic.bounds import NoClosedForm
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Net
from cnncalc.graph.formats import FORMATS
from cnncalc.layers import Layer, Shape
from cnncalc.layers.base import is_bias
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from fractions import Fraction

__all__ = ["NOTHING", "Zeros", "check_sparsity", "zeros_of"]

MOST = 64
"""The longest run of a pattern."""


class Zeros(NamedTuple):
    """What a layer's zeros come to."""

    weights: Any = 0
    """Weights that are zero."""
    macs: Any = 0
    """Multiply–accumulates with them, of one image."""
    bytes: Any = None
    """What its parameters take, stored without them; None where there are none."""


NOTHING = Zeros()


def check_sparsity(graph: Net) -> None:
    """Raises `CnncalcError` for a sparsity that there is not, and where it meets what it is not told of."""
    faults = []
    for text in sorted(set(graph.plan.sparsity.values())):
        try:
            _read(text)
        except ValueError as error:
            help = "write a share of zeros, as 0.5, or how many of a run are kept, as 2:4"
            faults.append(Fault(f"--sparsity: `{text[:40]}` {error}", help=help))
    for index in () if faults else graph.plan.sparsity:
        node, stored = graph.nodes[index], graph.plan.types.get(index)
        if stored is not None and FORMATS[stored].quantised and stored != "int8":
            help = "give these layers a plain type, or int8"
            faults.append(Fault(f"{node.name}: zeros are not left out of {stored}", help=help))
            break
    if faults:
        raise CnncalcError(faults)


def zeros_of(layer: Layer, shapes: tuple[Shape, ...], text: str, stored: str | None, size: int) -> Zeros:
    """The zeros of a convolution or a linear layer; of any other there are none. `size` is the bytes of a number.

    Raises `NoClosedForm` where the number of weights is a symbol.
    """
    tensors = layer.weight_shapes(*shapes)
    weight = tensors.get("weight")
    if not layer.weighted or weight is None:
        return NOTHING
    numbers = product(weight)
    if type(numbers) is not int:
        raise NoClosedForm("how many zeros there are is told of sizes in numbers")
    share, kept, run = _read(text)
    rows = weight[0]
    zeros = round(share * numbers) if not run else (numbers // rows) // run * (run - kept) * rows
    places = (numbers + 7) // 8 if not run else ((numbers - zeros) * (run - 1).bit_length() + 7) // 8
    each = 1 if stored == "int8" else FORMATS[stored].activation or size if stored else size
    others = 0
    for name, shape in tensors.items():
        bias = FORMATS[stored].bias if stored and is_bias(name) else None
        if name != "weight":
            others += product(shape) * each if bias is None else bias(shape)
    scales = FORMATS["int8"].weights(weight) - numbers if stored == "int8" else 0
    taken = (numbers - zeros) * each + (places if zeros else 0) + scales + others
    return Zeros(zeros, layer.macs(*shapes) * zeros // numbers, taken)


def _read(text: str) -> tuple[Fraction, int, int]:
    """A share of zeros, or how many of a run are kept; raises `ValueError`."""
    from fractions import Fraction  # only what asks for zeros pays for it

    if not text.isascii():
        raise ValueError("is no share")
    kept, colon, run = text.partition(":")
    if colon:
        if not (kept.isdecimal() and run.isdecimal() and len(run) < 4 and len(kept) < 4):
            raise ValueError("is no pattern")
        if not 0 < int(kept) < int(run) <= MOST:
            raise ValueError(f"keeps {kept} of {run}, where it must keep some of up to {MOST}")
        return Fraction(0), int(kept), int(run)
    if len(text) > 20 or not text.replace(".", "", 1).isdecimal():
        raise ValueError("is no share")
    share = Fraction(text)
    if share > 1:
        raise ValueError("is more than all")
    return share, 0, 0
