"""What the rules of the table of figures read of a layer and of a net."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Protocol

    class OfNet(Protocol):
        """What the rule of a total reads."""

        images: Any
        accumulate: int
        """Batches whose gradients a step of training adds up."""
        element_bytes: int
        """Of a number that is stored: a parameter, its gradient, an element of an input."""
        parts: int
        """Real numbers in a number of the net: 2 where it is complex."""

        @property
        def input_elements(self) -> Any:
            """Numbers in all inputs, of one image."""

        @property
        def saved(self) -> Mapping[int, Any]:
            """The bytes that autograd keeps for backward in training mode, by the node that first meets them."""

        @property
        def most_kept(self) -> Any:
            """The most of these that are there at once in the pass backward."""

        @property
        def backward(self) -> Mapping[int, Any]:
            """Multiply–accumulates of the pass backward by node, of one image."""

        @property
        def rank_bytes(self) -> Any:
            """Bytes that each rank holds of those that train together."""

        @property
        def peak(self) -> Any:
            """The most bytes alive at once in inference, layer by layer, parameters apart."""

        def sum(self, key: str) -> Any:
            """What the layers add up to."""

        def __getitem__(self, key: str) -> Any:
            """A figure of the whole net."""


__all__ = ["OfLayer", "OfNet"]


class OfLayer(NamedTuple):
    """What the rule of a layer reads; parameters and operations are those of one image, from the layer's class."""

    weights: Any
    """0, as are the other parameters, of a layer that shares those of another, where they are counted."""
    biases: Any
    weight_bytes: Any
    """Of both, in the layer's own format where it has one."""
    zeros: Any
    """Weights that are zero."""
    zero_macs: Any
    """Multiply–accumulates with these."""
    buffers: Any
    buffer_bytes: Any
    """Those of the buffers, and of what is counted beside them."""
    macs: Any
    operations: Any
    images: Any
    elements: Any
    """Numbers in its output, of one image."""
    element_bytes: int
    saved: Callable[[], Any]
    """The bytes that autograd keeps for backward in training mode and first meets at this layer."""
    backward_macs: Callable[[], Any]
    """Multiply–accumulates of the pass backward, of one image."""
    recomputed_macs: Callable[[], Any]
    """Those that are done again in the pass backward, of one image."""
    optimizer_bytes: Callable[[], Any]
    """The bytes that the optimizer would keep for its parameters."""
    trainable: bool
    stored: bool
    """Whether its output has a storage of its own, in place of that of its input."""
    weighted: bool
    """Whether it is a convolution or linear, with parameters of its own."""
    buffers_are_parameters: bool
    """Whether the dialect counts them so."""
    read_bytes: Callable[[], Any]
    """What it reads of its inputs, of one image, each element at its type; 0 where it moves nothing."""
    parameter_bytes: Any
    """What it reads of weights, biases and buffers, whoever owns them; 0 where it moves nothing."""
    moves: bool
    """Whether it writes its output: no view, and not fused into the layers around it."""
    parts: int = 1
    """Real numbers in a number of its output: 2 where it is complex."""
    trained_parts: int = 1
    """The same in training, where layers have no types of their own."""
