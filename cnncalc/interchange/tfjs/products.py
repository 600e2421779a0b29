"""Convolutions and products with matrices, and what is fused behind them."""

from __future__ import annotations

from typing import Any

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.interchange.tfjs.constants import Constant
from cnncalc.interchange.tfjs.steps import Pending, Step
from cnncalc.layers import show_shape

__all__ = ["ACTIVATIONS", "conv", "depthwise", "matmul", "sliding", "sloped", "transposed"]

ACTIVATIONS = {
    "Relu": "relu",
    "Relu6": "relu6",
    "Elu": "elu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "LeakyRelu": "leaky_relu",
}


def sliding(step: Step, kernel: tuple[int, ...]) -> dict[str, Any]:
    """Stride, padding and dilation; the first and last of four are the batch's and the channels'."""
    strides, dilations = step.node.numbers("strides"), step.node.numbers("dilations")
    if len(strides) != len(kernel) + 2 or step.node.text("data_format") not in ("", "NHWC", "NDHWC"):
        raise step.fault("its windows slide along the axes between the batch and the channels")
    padding: Any = step.node.text("padding").lower()
    if padding == "explicit":
        sides = step.node.numbers("explicit_paddings")
        pairs = tuple(zip(sides[::2], sides[1::2]))
        padding = pairs[1:-1] if len(pairs) == len(kernel) + 2 else ""
    if not padding:
        raise step.fault("its padding is SAME, VALID or EXPLICIT")
    return {
        "kernel": kernel,
        "stride": tuple(strides[1:-1]),
        "padding": padding,
        "dilation": tuple(dilations[1:-1]) or None,
    }


def _fused(step: Step, made: int, first: int) -> int:
    """The functions that are fused behind a product, its bias apart; `first` is the place of what they take."""
    for word in step.node.texts("fused_ops"):
        if word == "BiasAdd":
            first += 1
        elif word == "Prelu":
            made = sloped(step, made, step.constant(first))
            first += 1
        elif word in ACTIVATIONS:
            made = step.put(ACTIVATIONS[word], made)
        else:
            raise step.fault("what is fused behind it is not known", word[:40])
    return made


def conv(step: Step) -> int:
    """Conv2D, with what is fused behind it."""
    dims = step.constant(1).shape
    if len(dims) < 3:
        raise step.fault("its kernel has an axis for what comes in and one for what goes out", show_shape(dims))
    x = _of_channels(step, dims[-2])
    channels = step.shape(x)[0]
    groups = channels // dims[-2] if dims[-2] and channels % dims[-2] == 0 else 1
    bias = "BiasAdd" in step.node.texts("fused_ops")
    made = step.put("conv", x, out=dims[-1], groups=groups, bias=bias, **sliding(step, dims[:-2]))
    return _fused(step, step.sketch.holds(made, product(dims)), 2)


def depthwise(step: Step) -> int:
    """DepthwiseConv2dNative, with what is fused behind it."""
    dims = step.constant(1).shape
    if len(dims) != 4:
        raise step.fault("its kernel has four axes", show_shape(dims))
    bias = "BiasAdd" in step.node.texts("fused_ops")
    made = step.put("dwconv", _of_channels(step, dims[2]), multiplier=dims[3], bias=bias, **sliding(step, dims[:2]))
    return _fused(step, step.sketch.holds(made, product(dims)), 2)


def _of_channels(step: Step, channels: int) -> int:
    """What comes in; a border of channels that is not at hand makes as many as the kernel takes."""
    value = step.inputs[0] if step.inputs else None
    if isinstance(value, Pending) and value.kind == "pad":
        more = channels - step.shape(value.tensor)[0]
        if more > 0:
            return value.step.put("pad", value.tensor, channels=((0, more),))
    return step.x()


def _as_vector(step: Step, length: int) -> int:
    """What comes in; a reshape whose shape is not at hand makes the vector that the matrix takes."""
    value = step.inputs[0] if step.inputs else None
    if isinstance(value, Pending) and value.kind == "flatten" and product(step.shape(value.tensor)) == length:
        return value.step.put("flatten", value.tensor)
    return step.x()


def transposed(step: Step) -> int:
    """Conv2DBackpropInput: a transposed convolution of its third input."""
    dims = step.constant(1).shape
    if len(dims) != 4:
        raise step.fault("its kernel has four axes", show_shape(dims))
    window = sliding(step, dims[:2])
    return step.sketch.holds(step.put("deconv", step.x(2), out=dims[2], bias=False, **window), product(dims))


def matmul(step: Step) -> int:
    """MatMul with a matrix of the file's."""
    dims = step.constant(1).shape
    if len(dims) != 2 or step.node.flag("transpose_a"):
        raise step.fault("it multiplies by a matrix")
    x = _as_vector(step, dims[1 if step.node.flag("transpose_b") else 0])
    if len(step.shape(x)) > 1:
        raise step.fault("it takes a vector", show_shape(step.shape(x)))
    bias = "BiasAdd" in step.node.texts("fused_ops")
    made = step.put("linear", x, out=dims[0 if step.node.flag("transpose_b") else 1], bias=bias)
    return _fused(step, step.sketch.holds(made, product(dims)), 2)


def sloped(step: Step, x: int, slopes: Constant) -> int:
    per = max(slopes.shape, default=1) > 1
    if product(slopes.shape) != (slopes.shape[-1] if slopes.shape else 1):
        raise step.fault("a slope for each place is not counted", show_shape(slopes.shape))
    return step.put("prelu", x, slopes="per_channel" if per else None)
