"""Nodes of which only the shapes that the file states are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnncalc.interchange.onnx.call import WITHIN, Call, Live, Value
from cnncalc.interchange.onnx.parts import Graph, Node, Tensor, captured
from cnncalc.interchange.sketch import Sketch
from cnncalc.layers import show_shape
from cnncalc.layers.base import Shape

__all__ = ["contradicted", "opaque", "stated", "weightless"]

MOST_TOLD = 3
"""Nodes that are named of those whose shape is another one than the file states."""


def contradicted(graph: Graph, values: Mapping[str, Value | None], sketch: Sketch, batch: int) -> list[str]:
    """Notes of the shapes that the file states and the rules make otherwise, such as those of pools that round up."""
    found = []
    for node in graph.nodes:
        for name in node.outputs:
            live, said = values.get(name), graph.declared.get(name)
            if not isinstance(live, Live) or not said:
                continue
            own = sketch.shape(live.tensor)
            made = own if live.axis == WITHIN else (*own[: live.axis], batch, *own[live.axis :])
            if said == made or len(said) != len(made):
                continue
            if any(isinstance(n, int) and n != m for n, m in zip(said, made)):
                stated_shape = "x".join("?" if n is None else str(n)[:20] for n in said)
                found.append(f"{node.called()}: the file says {stated_shape}, and it comes to {show_shape(made)}")
    more = [f"and {len(found) - MOST_TOLD} more shapes are not as the file says"] if len(found) > MOST_TOLD else []
    return [*found[:MOST_TOLD], *more]


def stated(node: Node, declared: Mapping[str, tuple[int | str | None, ...] | None]) -> list[Shape] | None:
    """The shapes that the file states of what a node makes, without the batch; None where one is not all numbers."""
    made: list[Shape] = []
    for name in node.outputs:
        dims = declared.get(name) or ()
        shape = tuple(n for n in dims[1:] if isinstance(n, int))
        if not shape or len(shape) != len(dims) - 1:
            return None
        made.append(shape)
    return made


def weightless(node: Node, values: Mapping[str, Value | None]) -> bool:
    """Whether the graphs inside a node hold and take no weights: what is left of them as a shape counts as nothing."""
    waiting = [value for value in node.attributes.values() if isinstance(value, Graph)]
    held = [value for name in captured(node) if isinstance(value := values.get(name), Tensor)]
    while waiting:
        graph = waiting.pop()
        held += graph.tensors.values()
        for inner in graph.nodes:
            held += [value for value in inner.attributes.values() if isinstance(value, Tensor)]
            waiting += [value for value in inner.attributes.values() if isinstance(value, Graph)]
    return not any(tensor.floating and tensor.size > 1 for tensor in held)


def opaque(call: Call, shapes: Sequence[Shape], lives: Sequence[Live]) -> list[Value | None]:
    """Layers with these shapes on all that a node takes."""
    return [
        call.put(
            "opaque", *lives, suffix=f"_{place + 1}" if place else "", batch=0, shape=shape, of=call.node.kind[:60]
        )
        for place, shape in enumerate(shapes)
    ]
