"""What the tensors of layers take that are stored in types of their own."""

from __future__ import annotations

from typing import Any

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Net, Node
from cnncalc.graph.formats import FORMATS, Format, Rule
from cnncalc.layers import Layer, Shape
from cnncalc.layers.base import is_bias

__all__ = ["activation_bytes", "check_types", "left_alone", "parameter_bytes"]


def check_types(graph: Net, half: int) -> None:
    """Raises `CnncalcError` for types of layers beside automatic mixed precision."""
    if graph.plan.types and half:
        help = "leave one of the two out: --amp says of each layer which type it computes in"
        raise CnncalcError(Fault("--amp does not go with types of single layers", help=help))


def _taken(known: Format, layer: Layer, name: str, shape: Shape) -> Rule | None:
    """The rule for one of a layer's tensors; none where it stays as the net has it."""
    if known.quantised and not (layer.kind in known.kinds if known.kinds else layer.weighted):
        return None
    if known.quantised and is_bias(name):
        return known.bias
    return known.weights if known.takes(shape) else None


def parameter_bytes(layer: Layer, shapes: tuple[Shape, ...], stored: str, size: int) -> Any:
    """Bytes of a layer's weights and biases in this format; `size` is that of a number of the net.

    Raises `NoClosedForm` where it depends on a symbol which weights the quantiser takes.
    """
    found = 0
    for name, shape in layer.weight_shapes(*shapes).items():
        rule = _taken(FORMATS[stored], layer, name, shape)
        found += product(shape) * size if rule is None else rule(shape)
    return found


def left_alone(graph: Net) -> dict[str, list[Node]]:
    """By format: convolutions, linear layers and their like that were given it, and of whose weights it takes none."""
    found: dict[str, list[Node]] = {}
    for index, node, layer in graph.layers():
        stored = graph.plan.types.get(index)
        if stored and layer.weighted and node.share is None:
            tensors = layer.weight_shapes(*graph.input_shapes(node))
            weights = {name: shape for name, shape in tensors.items() if not is_bias(name)}
            if not any(_taken(FORMATS[stored], layer, name, shape) for name, shape in weights.items()):
                found.setdefault(stored, []).append(node)
    return found


def activation_bytes(graph: Net, size: int) -> list[int]:
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
