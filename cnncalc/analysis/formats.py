"""What the tensors of layers take that are stored in types of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Net, Node
from cnncalc.graph.formats import FORMATS, Format, Rule, parts_of
from cnncalc.graph.nodes import place_of
from cnncalc.layers import Layer, Shape
from cnncalc.layers.base import is_bias
from cnncalc.notation.lines import write

__all__ = ["activation_bytes", "check_types", "left_alone", "parameter_bytes", "parts_of_nodes"]


WAY_OUT = {
    "": "leave it out, or give real and imaginary part channels of their own, in a real type",
    "real": "leave it out: what stands before it is told of",
}
"""Where a layer takes complex numbers and is not made for them."""


def check_types(graph: Net, half: int, parts: int = 1) -> None:
    """Raises `CnncalcError` for types of layers beside automatic mixed precision, and for complex numbers.

    These, where `parts` is 2 or a layer is of a complex type, a kind must be made for, and nothing makes real ones of
    them.
    """
    if graph.plan.types and half:
        help = "leave one of the two out: --amp says of each layer which type it computes in"
        raise CnncalcError(Fault("--amp does not go with types of single layers", help=help))
    if not _some_complex(graph, parts):
        return
    faults, found = dict[str, Fault](), parts_of_nodes(graph, parts)
    for index, node, layer in graph.layers():
        stored = graph.plan.types.get(index, "")
        how, place = layer.on_complex(), place_of(node.origin)
        if found[index] == 1:
            continue
        if how in WAY_OUT:
            text = write(layer)
            told = "makes real numbers of complex ones, and a net is told of in one of the two"
            message = f"`{text}` {told}" if how else f"torch cannot train `{text}` on complex numbers"
            faults.setdefault(text, Fault(message, place, node.name, help=WAY_OUT[how]))
        elif graph.signatures[node.signature].weighs and own_parts(stored, parts) == 1:
            message = f"weights {f'in {stored} ' if stored else ''}that are not complex meet complex numbers"
            faults.setdefault(stored, Fault(message, place, node.name, help="give the layer a complex type too"))
    if faults:
        raise CnncalcError(list(faults.values()))


def own_parts(stored: str, parts: int) -> int:
    """The real numbers in each of a layer's parameters, in its own type or, without one, as the net's."""
    return parts_of(stored) if stored else parts


def _some_complex(graph: Net, parts: int) -> bool:
    """Whether the net, or a layer of it, is of a complex type."""
    return parts > 1 or any(parts_of(one) > 1 for one in graph.plan.types.values())


def parts_of_nodes(graph: Net, parts: int) -> Sequence[int]:
    """For each node the real numbers that a number of its output is made of; `parts` are those of the net."""
    stored, found = graph.plan.types, [parts] * len(graph.nodes)
    if not _some_complex(graph, parts):
        return found
    for index, node, layer in graph.layers():
        own = own_parts(stored.get(index, ""), parts) if graph.signatures[node.signature].weighs else 1
        found[index] = max([own, *[found[one] for one in node.inputs[: layer.seen_inputs or 1]]])
    return found


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
