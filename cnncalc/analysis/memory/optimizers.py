"""What optimizers keep from step to step: the one table of them, each with the state of one trained tensor.

The state is that after the first step, of the tensor's own type unless stated, counted as `state_dict` holds it. A
counter of steps is a number of 4 bytes for each tensor, as in torch. Apart are the tables of 256 values that all 8-bit
tensors of a net share, 1 KiB for each of the tensors named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.layers import Shape
from cnncalc.records import NamedTuple

__all__ = ["OPTIMIZERS", "Optimizer", "optimizer_named"]

Rule: TypeAlias = "Callable[[Shape, int], Any]"
"""Bytes of state of a tensor of this shape, of whose numbers each takes so many bytes."""

SCALAR = 4
"""Bytes of a counter of steps, and of the other single numbers that torch keeps as tensors of float32."""
SMALL = 4_096
"""bitsandbytes keeps the state of tensors with fewer numbers in float32."""
BLOCK = 256
"""So many numbers of an 8-bit state have one scale, a float32."""


class Optimizer(NamedTuple):
    """An optimizer, and what it keeps."""

    title: str
    """Whose it is, where it is not torch's with its defaults, and what it keeps."""
    state: Rule


def _copies(tensors: int, scalars: int = 0) -> Rule:
    """So many tensors like the trained one, and so many single numbers."""
    return lambda shape, size: tensors * product(shape) * size + scalars * SCALAR


def _factored(shape: Shape, size: int) -> Any:
    """A number for each row and each column of the last two axes; of a vector as many as there are numbers."""
    if len(shape) < 2:
        return product(shape) * size + SCALAR
    return product(shape[:-2]) * (shape[-2] + shape[-1]) * size + SCALAR


def _eight_bits(tensors: int) -> Rule:
    """Tensors of a byte a number with a scale a block; of a small tensor float32."""

    def state(shape: Shape, size: int) -> Any:
        numbers = product(shape)
        if numbers < SMALL:
            return tensors * numbers * 4
        return tensors * (numbers + (numbers + BLOCK - 1) // BLOCK * 4)

    return state


_ADAM = _copies(2, 1)


def _muon(shape: Shape, size: int) -> Any:
    """The momentum of a matrix; of any other tensor what AdamW keeps."""
    return product(shape) * size if len(shape) == 2 else _ADAM(shape, size)


_LION = "Lion (Chen et al. 2023), as lion-pytorch"
_BITSANDBYTES = "bitsandbytes 0.50: bytes, a scale for 256 of them, float32 in tensors of fewer than 4,096 numbers; "

OPTIMIZERS = {
    "sgd": Optimizer("keeps nothing", _copies(0)),
    "momentum": Optimizer("SGD with momentum", _copies(1)),
    "rmsprop": Optimizer("squares", _copies(1, 1)),
    "rmsprop-momentum": Optimizer("RMSprop with momentum", _copies(2, 1)),
    "rmsprop-centered": Optimizer("RMSprop with centered=True", _copies(2, 1)),
    "adam": Optimizer("both moments", _ADAM),
    "adamw": Optimizer("both moments", _ADAM),
    "adam-amsgrad": Optimizer("Adam with amsgrad=True: both moments and the largest second", _copies(3, 1)),
    "adamw-amsgrad": Optimizer("AdamW with amsgrad=True", _copies(3, 1)),
    "adamax": Optimizer("the first moment and the largest", _copies(2, 1)),
    "nadam": Optimizer("both moments, and the product of its momentum's schedule", _copies(2, 2)),
    "radam": Optimizer("both moments", _copies(2, 1)),
    "adagrad": Optimizer("sums of squares", _copies(1, 1)),
    "adadelta": Optimizer("squares of gradients and of steps", _copies(2, 1)),
    "adafactor": Optimizer("rows and columns of the last two axes: of a 3x3 kernel 6 numbers for 9", _factored),
    "asgd": Optimizer("averages, and three numbers a tensor", _copies(1, 3)),
    "rprop": Optimizer("gradients before and sizes of steps", _copies(2, 1)),
    "muon": Optimizer(
        "torch.optim.Muon on matrices, which it is for; AdamW on all other tensors, convolutions too",
        _muon,
    ),
    "lion": Optimizer(f"{_LION}: momentum", _copies(1)),
    "lars": Optimizer("LARS (You et al. 2017) with momentum, as timm", _copies(1)),
    "lamb": Optimizer("LAMB (You et al. 2020), as timm: both moments", _copies(2)),
    "adam8bit": Optimizer(f"{_BITSANDBYTES}both moments", _eight_bits(2)),
    "adamw8bit": Optimizer(f"{_BITSANDBYTES}both moments", _eight_bits(2)),
    "lion8bit": Optimizer(f"{_BITSANDBYTES}momentum", _eight_bits(1)),
    "momentum8bit": Optimizer(f"{_BITSANDBYTES}momentum", _eight_bits(1)),
    "rmsprop8bit": Optimizer(f"{_BITSANDBYTES}squares", _eight_bits(1)),
}


def optimizer_named(name: str) -> Optimizer:
    """The optimizer of this name; raises `CnncalcError` where there is none."""
    known = OPTIMIZERS.get(name)
    if known is None:
        help = suggestion(name, OPTIMIZERS, f"the optimizers are {', '.join(OPTIMIZERS)}")
        raise CnncalcError(Fault(f"there is no optimizer `{name[:60]}`", help=help))
    return known
