"""What the tensors of layers take that are stored in types of their own."""

from __future__ import annotations

from typing import Any

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Graph
from cnncalc.graph.formats import FORMATS
from cnncalc.layers import Layer, Shape
from cnncalc.layers.base import is_bias

__all__ = ["activation_bytes", "check_types", "parameter_bytes"]


def check_types(graph: Graph, half: int) -> None:
    """Raises `CnncalcError` for types of layers beside automatic mixed precision."""
    if graph.plan.types and half:
        help = "leave one of the two out: --amp says of each layer which type it computes in"
        raise CnncalcError(Fault("--amp does not go with types of single layers", help=help))


def parameter_bytes(layer: Layer, shapes: tuple[Shape, ...], stored: str, size: int) -> Any:
    """Bytes of a layer's weights and biases in this format; `size` is that of a number of the net."""
    known = FORMATS[stored]
    tensors = layer.weight_shapes(*shapes)
    if known.quantised and not layer.weighted:
        return sum(product(shape) for shape in tensors.values()) * size
    if not known.quantised:
        return sum(known.weights(shape) for shape in tensors.values())
    found = 0
    for name, shape in tensors.items():
        rule = known.bias if is_bias(name) else known.weights
        found += product(shape) * size if rule is None else rule(shape)
    return found


def activation_bytes(graph: Graph, size: int) -> list[int]:
    """Bytes of an element of each node's output where layers have types of their own.

    A layer without one that has no parameters gives numbers of the widest type that it takes.
    """
    stored, found = graph.plan.types, [size] * len(graph.nodes)
    for index, node, layer in graph.layers():
        if index in stored:
            found[index] = FORMATS[stored[index]].activation or size
        elif not graph.signatures[node.signature].weighs and node.inputs:
            found[index] = max([found[one] for one in node.inputs[: layer.seen_inputs or 1]])
    return found
