"""How numbers are stored: the one table of types, and of quantisers' formats for single layers.

A quantiser's format stores the weights of convolutions and linear layers, or of linear layers alone; other layers of
that type keep their parameters as the net does. What is said of each is what the tool that it names writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from cnncalc.arithmetic.symbolic.bounds import NoClosedForm
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.errors import suggestion
from cnncalc.layers import Shape
from cnncalc.records import NamedTuple

__all__ = ["DTYPES", "FORMATS", "SPELLINGS", "Format", "meant", "no_format", "parts_of"]

DTYPES = {
    "float64": 8,
    "float32": 4,
    "float16": 2,
    "bfloat16": 2,
    "float8": 1,
    "int8": 1,
    "uint8": 1,
    "int16": 2,
    "int32": 4,
    "int64": 8,
    "complex32": 4,
    "complex64": 8,
    "complex128": 16,
}
"""Bytes of an element of each type; of a complex one, of its real and its imaginary part together."""
SPELLINGS = {
    **dict.fromkeys(("double", "fp64", "f64"), "float64"),
    **dict.fromkeys(("float", "fp32", "f32", "single"), "float32"),
    **dict.fromkeys(("half", "fp16", "f16"), "float16"),
    "bf16": "bfloat16",
    **dict.fromkeys(("fp8", "f8", "float8_e4m3fn", "float8_e5m2"), "float8"),
    **dict.fromkeys(("cfloat", "c64"), "complex64"),
    **dict.fromkeys(("cdouble", "c128"), "complex128"),
    **dict.fromkeys(("chalf", "c32"), "complex32"),
    **{f"i{bits}": f"int{bits}" for bits in (4, 8, 16, 32, 64)},
}
"""What else types are called."""

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
    words = "a byte" if size == 1 else f"{size} bytes"
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


PLAIN = ("float64", "float32", "float16", "bfloat16", "float8", "complex32", "complex64", "complex128")
LINEAR = ("linear",)
AMAX = 3 * (1024 + 1)
"""What Keras keeps of input, kernel and gradient of a layer in float8: 1,024 largest values and a scale each."""

FORMATS: Mapping[str, Format] = {
    **{name: _plain(DTYPES[name]) for name in PLAIN},
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


def meant(name: str) -> str:
    """The type that goes by a name: `float16` for `half`, `fp16` and `torch.float16`; else the name itself."""
    own = name.strip().removeprefix("torch.").lower()
    own = SPELLINGS.get(own, own)
    return own if own in DTYPES or own in FORMATS else name


def parts_of(name: str) -> int:
    """Real numbers that a number of this type is made of: 2 for a complex one, else 1."""
    return 2 if name.startswith("complex") else 1


def no_format(name: str) -> tuple[str, str]:
    """The message and the help for a type of a layer that there is not."""
    help = suggestion(name, FORMATS, f"of single layers the types are {', '.join(FORMATS)}")
    return f"there is no type `{name[:60]}` of a layer", help
