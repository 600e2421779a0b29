"""A layer of Paddle with parameters of its own, where Paddle has the operations and no class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["first", "last", "own"]


def own(
    paddle: Any,
    function: Callable[..., Any],
    learned: Mapping[str, Sequence[int]] | None = None,
    kept: Mapping[str, Sequence[int]] | None = None,
    **parts: Any,
) -> Any:
    """A `paddle.nn.Layer` whose call is `function(layer, *tensors)`.

    It has a parameter for each shape of `learned`, one that is not trained for each of `kept`, and layers as `parts`.
    """

    class Own(paddle.nn.Layer):  # type: ignore[misc]  # Paddle tells no types
        def forward(self, *tensors: Any) -> Any:
            return function(self, *tensors)

    made = Own()
    for name, shape in (learned or {}).items():
        setattr(made, name, made.create_parameter(list(shape)))
    for name, shape in (kept or {}).items():
        setattr(made, name, made.create_parameter(list(shape)))
        getattr(made, name).stop_gradient = True
    for name, part in parts.items():
        setattr(made, name, part)
    return made


def last(paddle: Any, tensor: Any) -> Any:
    """With the axis of channels at the end."""
    return paddle.moveaxis(tensor, 1, -1)


def first(paddle: Any, tensor: Any) -> Any:
    """With the last axis as that of channels."""
    return paddle.moveaxis(tensor, -1, 1)
