"""The input that a net needs where a kernel does not fit: found by trying larger ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from typing import TypeVar

from cnncalc.graph.nodes import Node
from cnncalc.graph.rules import broken_requirement
from cnncalc.layers import Layer, Shape, show_shape

__all__ = ["channels_last", "larger_input", "unread"]

MOST_LAYERS = 2_000
"""Before a layer of a longer net no input is looked for: an error must not take seconds."""
MOST_TIMES = 1_024
_READ: ContextVar[bool] = ContextVar("read", default=True)
"""Whether somebody reads the faults."""
Made = TypeVar("Made")


def unread(build: Callable[[], Made]) -> Made:
    """What is built, one of many: no input is looked for, since nobody reads what would mend its faults."""
    before = _READ.set(False)
    try:
        return build()
    finally:
        _READ.reset(before)


def larger_input(nodes: Sequence[Node], inputs: Iterable[int], layer: Layer, tensors: Sequence[int]) -> str:
    """`a larger input (3x48x48 gets past this layer)`; without the size where none is found."""
    if not _READ.get():
        return "a larger input"
    before = _before(nodes, tensors)
    starts = [index for index in before if nodes[index].layer is None]
    shape = nodes[starts[0]].shape if len(starts) == 1 else ()
    if len(shape) < 2 or starts[0] not in inputs:
        return "a larger input"
    low, high = 0, max(shape[1:])
    while not _works(nodes, layer, tensors, before, _at_least(shape, high)):
        low, high = high, 2 * high
        if high > MOST_TIMES * max(shape[1:]):
            return "a larger input"
    while high - low > 1:
        middle = (low + high) // 2
        if _works(nodes, layer, tensors, before, _at_least(shape, middle)):
            high = middle
        else:
            low = middle
    return f"a larger input ({show_shape(_at_least(shape, high))} gets past this layer)"


def channels_last(inputs: Iterable[Shape]) -> str:
    """The help for an input that was written height x width x channels; empty where there is no such input."""
    for shape in inputs:
        if len(shape) > 2 and all(isinstance(n, int) for n in shape) and shape[-1] <= 4 < min(shape[:-1]):
            right = show_shape((shape[-1], *shape[:-1]))
            return f"channels come first: did you mean {right}?"
    return ""


def _at_least(shape: Shape, least: int) -> Shape:
    return (shape[0], *(max(n, least) for n in shape[1:]))


def _before(nodes: Sequence[Node], tensors: Sequence[int]) -> list[int]:
    """The tensors that some tensors are made from, and these themselves, in execution order; none where too many."""
    found: set[int] = set()
    waiting = list(tensors)
    while waiting and len(found) <= MOST_LAYERS:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += nodes[one].inputs
    return sorted(found) if not waiting else []


def _works(nodes: Sequence[Node], layer: Layer, tensors: Sequence[int], before: list[int], input: Shape) -> bool:
    """Whether all layers before, and then the layer itself, take what comes from an input of this shape."""
    shapes: dict[int, Shape] = {}
    for index in before:
        node = nodes[index]
        if node.layer is None:
            shapes[index] = input
            continue
        taken = tuple(shapes[one] for one in node.inputs)
        if broken_requirement(node.layer, taken) is not None:
            return False
        shapes[index] = node.layer.output_shape(*taken)
    return broken_requirement(layer, tuple(shapes[one] for one in tensors)) is None
