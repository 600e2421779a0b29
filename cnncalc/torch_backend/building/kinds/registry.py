"""The registry: which torch module a layer of each kind is.

One builder function a kind, for given input shapes (without the batch): torch's own module wherever there is one, so
that its users find what they know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from torch import nn
from torch.nn.utils import parametrizations

from cnncalc.errors import CnncalcError, Fault
from cnncalc.layers import Layer, Shape
from cnncalc.layers.reparametrised import Reparametrised

__all__ = ["BUILDERS", "axis_of", "builds", "module_of", "of_rank", "plain", "rank_of"]

Builder = Callable[[Any, tuple[Shape, ...]], nn.Module]
B = TypeVar("B", bound=Builder)

BUILDERS: dict[str, Builder] = {}
"""The builder of each kind."""


PARAMETRISED: dict[str, Callable[[nn.Module], Any]] = {
    "weight": parametrizations.weight_norm,
    "spectral": parametrizations.spectral_norm,
}
"""What makes a layer's weight, by the name of its field `norm`."""


def builds(*kinds: type[Layer]) -> Callable[[B], B]:
    """Register a function as the builder of these kinds."""

    def register(function: B) -> B:
        for kind in kinds:
            BUILDERS[kind.kind] = function
        return function

    return register


def module_of(layer: Layer, shapes: tuple[Shape, ...], name: str = "") -> nn.Module:
    """The module of a layer. Raises CnncalcError for a kind without a builder, and what torch raises."""
    builder = BUILDERS.get(layer.kind)
    if builder is None:
        help = "verify a net without it, or add a builder for it to cnncalc/torch_backend/kinds"
        raise CnncalcError(Fault(f"torch has no module for the kind `{layer.kind}`", layer=name or None, help=help))
    module = builder(layer, shapes)
    norm = layer.norm if isinstance(layer, Reparametrised) else None
    if norm is not None:
        PARAMETRISED[norm](module)
    return module


def rank_of(shapes: tuple[Shape, ...]) -> int:
    """The number of spatial axes."""
    return len(shapes[0]) - 1


def of_rank(name: str, rank: int) -> Any:
    """torch's class for so many axes: `Conv2d`."""
    return getattr(nn, f"{name}{rank}d")


def plain(numbers: Sequence[Any]) -> Any:
    """One number where all are alike, as people write it; else a tuple."""
    return numbers[0] if len(set(numbers)) == 1 else tuple(numbers)


def axis_of(axis: int, shape: Shape) -> int:
    """An axis of a sample as one of the batch; one that there is not is left to torch to refuse."""
    rank = len(shape)
    return 1 + (axis % rank if -rank <= axis < rank else rank)
