"""How the numbers of single layers are stored: the one table of types and of quantisers' formats.

A quantiser's format stores the weights of convolutions and linear layers, or of linear layers alone; other layers of
that type keep their parameters as the net does. What is said of each is what the tool that it names writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from cnncalc.analysis.dtypes import DTYPES
from cnncalc.arithmetic.symbolic.tables import NoClosedForm
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.graph import Graph, Node
from cnncalc.layers import Layer, Shape
from cnncalc.layers.base import is_bias
from cnncalc.records import NamedTuple

__all__ = ["FORMATS", "Format", "activation_bytes", "check_types", "left_alone", "parameter_bytes"]

Rule: TypeAlias = "Callable[[Shape], Any]"
"""Bytes of a weight of this shape, the output channels or features first."""


class Format(NamedTuple):
    """How a layer's numbers are stored."""

    title: str
    weights: Rule
    """Bytes of a weight, scales and zero points included."""
    bias: Rule | None = None
    """Bytes of a bias; none where the format leaves biases as the net has them."""
    activation: int | None = None
    """Bytes of a number of its output; that of the net where only weights are stored so."""
    quantised: bool = True
    """Whether it is a quantiser's, for the weights of convolutions and linear layers alone."""
    kinds: tuple[str, ...] = ()
    """The kinds of layers that the quantiser takes; none for all with weights."""
    takes: Callable[[Shape], bool] = lambda shape: True
    """Whether it takes a weight of this shape; others stay as the net has them. Raises `NoClosedForm` for a symbol."""


def _up(numbers: Any, each: int) -> Any:
    """Divided and rounded up."""
    return (numbers + each - 1) // each


def _plain(size: int) -> Format:
    words = {1: "a byte", 2: "2 bytes", 4: "4 bytes", 8: "8 bytes"}[size]
    return Format(f"{words} a number, parameters and outputs", lambda shape: product(shape) * size, None, size, False)


def _groups(shape: Shape, each: int) -> Any:
    """So many groups of inputs all outputs have together."""
    return shape[0] * _up(product(shape[1:]), each)


def _known(shape: Shape) -> Shape:
    """The shape, where it has no symbol."""
    if not all(type(one) is int for one in shape):
        raise NoClosedForm("which weights a quantiser takes is told of sizes in numbers")
    return shape


def _in_blocks(shape: Shape) -> bool:
    return product(_known(shape)[1:]) % 32 == 0


LINEAR = ("linear",)
AMAX = 3 * (1024 + 1)
"""What Keras keeps of input, kernel and gradient of a layer in float8: 1,024 largest values and a scale each."""

FORMATS: Mapping[str, Format] = {
    **{name: _plain(DTYPES[name]) for name in ("float64", "float32", "float16", "bfloat16", "float8")},
    "int8": Format(
        "ONNX, static: a byte a number, a float32 scale and an int8 zero point a channel; biases int32, with theirs",
        lambda shape: product(shape) + shape[0] * (4 + 1), lambda shape: product(shape) * (4 + 4 + 4), 1,
    ),
    "int8-tensor": Format(
        "the same with one scale and one zero point a tensor",
        lambda shape: product(shape) + 4 + 1, lambda shape: product(shape) * 4 + 4 + 4, 1,
    ),
    "llm-int8": Format(
        "bitsandbytes Linear8bitLt: weights of linear layers alone, a byte a number and a float32 a row",
        lambda shape: product(shape) + shape[0] * 4, kinds=LINEAR,
    ),
    "nf4": Format(
        "bitsandbytes Linear4bit: weights of linear layers alone, half a byte a number and a float32 for 64 of them",
        lambda shape: _up(product(shape), 2) + _up(product(shape), 64) * 4, kinds=LINEAR,
    ),
    "int4": Format(
        "AWQ, groups of 128: weights of linear layers alone, half a byte a number; a float16 scale and half a byte a "
        "group of inputs",
        lambda shape: shape[0] * _up(product(shape[1:]), 2) + _groups(shape, 128) * 2 + _up(_groups(shape, 128), 2),
        kinds=LINEAR,
    ),
    "q8_0": Format(
        "GGUF: weights of linear layers alone, blocks of 32 numbers of a row in 34 bytes; other rows stay",
        lambda shape: _groups(shape, 32) * 34, kinds=LINEAR, takes=_in_blocks,
    ),
    "q4_0": Format(
        "GGUF: weights of linear layers alone, blocks of 32 numbers of a row in 18 bytes; other rows stay",
        lambda shape: _groups(shape, 32) * 18, kinds=LINEAR, takes=_in_blocks,
    ),
    "tflite-dynamic": Format(
        "TensorFlow Lite, dynamic range: weights of 1,024 numbers and more on one or two axes, a byte a number; a "
        "float32 scale and an int64 zero point a filter",
        lambda shape: product(shape) + shape[0] * (4 + 8), kinds=("conv", "dwconv", "deconv", "linear"),
        takes=lambda shape: len(shape) < 5 and product(_known(shape)) >= 1024,
    ),
    "openvino-float16": Format(
        "OpenVINO's save_model: weights and biases of convolutions and linear layers, 2 bytes a number",
        lambda shape: product(shape) * 2, lambda shape: product(shape) * 2,
    ),
    "keras-int8": Format(
        "Keras, quantize('int8'): weights of linear layers alone, a byte a number and a float32 an output",
        lambda shape: product(shape) + shape[0] * 4, kinds=LINEAR,
    ),
    "keras-int4": Format(
        "Keras, quantize('int4'): weights of linear layers alone, two numbers a byte; a float32 scale and a zero point "
        "of a byte for 128 inputs, and a float32 an input",
        lambda shape: product(shape[1:]) * (_up(shape[0], 2) + 4) + _groups(shape, 128) * (4 + 1), kinds=LINEAR,
    ),
    "keras-float8": Format(
        "Keras, quantize('float8'), to train: weights of linear layers stay, with 3,075 numbers more a layer",
        lambda shape: (product(shape) + AMAX) * 4, kinds=LINEAR,
    ),
}  # fmt: skip


def check_types(graph: Graph, half: int) -> None:
    """Raises `CnncalcError` for types of layers that there are not, or beside automatic mixed precision."""
    names = sorted(set(graph.plan.types.values()))
    if names and half:
        help = "leave one of the two out: --amp says of each layer which type it computes in"
        raise CnncalcError(Fault("--amp does not go with types of single layers", help=help))
    usual = f"of single layers the types are {', '.join(FORMATS)}"
    faults = [
        Fault(f"there is no type `{name[:60]}` of a layer", help=suggestion(name, FORMATS, usual))
        for name in names
        if name not in FORMATS
    ]
    if faults:
        raise CnncalcError(faults)


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


def left_alone(graph: Graph) -> dict[str, list[Node]]:
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
