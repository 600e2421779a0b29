"""Operators with weights, windows and functions."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.interchange.paddle.call import Call, Numbers, Rule, Value
from cnncalc.interchange.paddle.program import Weight
from cnncalc.layers import show_shape

__all__ = [
    "arithmetic", "batch_norm", "convolution", "deconvolution", "embedding", "function", "layer_norm", "matmul", "pool",
    "prelu", "resize", "scale", "softmax",
]  # fmt: skip


def _window(call: Call, kernel: tuple[int, ...]) -> dict[str, Any]:
    """Kernel, stride and padding; two paddings are one an axis, four a side each, and -1 is what fits."""
    operator = call.operator
    padding: Any = operator.word("padding_algorithm").lower()
    if padding not in ("same", "valid"):
        sides = operator.wholes("paddings") or (0,) * len(kernel)
        if len(sides) not in (len(kernel), 2 * len(kernel)):
            raise call.fault("a padding is a number an axis, or two", str(sides)[:60])
        padding = tuple(zip(sides[::2], sides[1::2])) if len(sides) == 2 * len(kernel) else tuple((n, n) for n in sides)
    return {"kernel": kernel, "stride": operator.wholes("strides") or kernel, "padding": padding}


def _axes(call: Call) -> int:
    """How many spatial axes an operator has, which its name says."""
    return 3 if "3d" in call.operator.kind else 2


def convolution(call: Call) -> list[Value]:
    """conv2d, conv3d and depthwise_conv2d; the bias is an addition behind it."""
    axes, dims = _axes(call), call.weight(1).dims
    x = call.map(axes=axes)
    if len(dims) != axes + 2:
        raise call.fault(f"its weights have {axes + 2} axes", show_shape(dims))
    fields = {**_window(call, dims[2:]), "dilation": call.operator.wholes("dilations") or (1,) * axes}
    return [call.put("conv", x, out=dims[0], groups=max(call.operator.whole("groups", 1), 1), bias=call.bias, **fields)]


def deconvolution(call: Call) -> list[Value]:
    """conv2d_transpose."""
    x, dims, groups = call.map(), call.weight(1).dims, max(call.operator.whole("groups", 1), 1)
    if len(dims) != 4 or any(call.numbers("output_size", 2) or ()):
        raise call.fault("it is read without a stated size, of weights with four axes", show_shape(dims))
    fields = {**_window(call, dims[2:]), "dilation": call.operator.wholes("dilations") or (1, 1)}
    extra = call.operator.wholes("output_padding") or ()
    if any(extra):
        fields["output_padding"] = extra
    return [call.put("deconv", x, out=dims[1] * groups, groups=groups, bias=call.bias, **fields)]


def batch_norm(call: Call) -> list[Value]:
    """batch_norm, whose statistics are the running ones."""
    return [call.put("batchnorm", call.x(), eps=call.operator.real("epsilon", 1e-5))]


def layer_norm(call: Call) -> list[Value]:
    """layer_norm from an axis on."""
    x, first = call.x(), call.operator.whole("begin_norm_axis", 1)
    rank = len(call.shape(x)) + 1
    if first not in (1, rank - 1):
        raise call.fault("it is read over the last axis, or over all", f"from axis {first} of {rank}")
    fields: dict[str, Any] = {"over": "last" if first == rank - 1 and rank > 2 else "all"}
    affine = isinstance(call.value(1), Weight)
    return [call.put("layernorm", x, affine=affine, eps=call.operator.real("epsilon", 1e-5), **fields)]


def pool(call: Call) -> list[Value]:
    """pool2d and pool3d: of windows, to a size, or of the whole map; those with an index take the largest."""
    axes, operator = _axes(call), call.operator
    x, kernel = call.map(axes=axes), call.numbers("kernel_size", 1)
    if kernel is None or len(kernel) not in (1, axes):
        raise call.fault("its window is not stated")
    kernel = kernel * (axes // len(kernel))
    largest = operator.word("pooling_type") == "max" or operator.kind.startswith("max_")
    kind = "maxpool" if largest else "avgpool"
    if operator.flag("global_pooling") or (operator.flag("adaptive") and set(kernel) == {1}):
        return [call.put(f"global_{kind}", x, flat=False)]
    if operator.flag("adaptive"):
        return [call.put(f"adaptive_{kind}", x, output=kernel)]
    fields = _window(call, kernel)
    if operator.flag("ceil_mode") and not isinstance(fields["padding"], str):
        border = _more(call.shape(x)[1:], fields)
        if any(behind for _, behind in border):
            call.build.sketch.notes.append("a pool rounds up without a bound: a `pad` stands before it")
            x = call.put("pad", x, border=border)
        else:
            fields["rounding"] = "ceil"
    if kind == "avgpool":
        fields["count_include_pad"] = not operator.flag("exclusive")
    return [call.put(kind, x, **fields)]


def _more(lengths: tuple[int, ...], fields: dict[str, Any]) -> tuple[tuple[int, int], ...]:
    """What a pool that rounds up without a bound sees behind the map, and one with torch's bound does not."""
    border: list[tuple[int, int]] = []
    for n, k, s, (before, after) in zip(lengths, fields["kernel"], fields["stride"], fields["padding"]):
        out = -(-(n + before + after - k) // s) + 1
        bounded = -(-(n + min(before, before + after - k + s)) // s)
        border.append((0, 0 if out == bounded else (out - 1) * s + k - n - before - after))
    return tuple(border)


def matmul(call: Call) -> list[Value]:
    """A linear layer where the second is a matrix of weights; else a product of two tensors."""
    operator = call.operator
    if operator.flag("transpose_x"):
        raise call.fault("the first is transposed")
    if not isinstance(call.value(1), Weight):
        return [call.put("matmul", call.x(0), call.x(1), transposed=operator.flag("transpose_y"))]
    x, dims = call.x(), call.weight(1).dims
    if len(dims) != 2:
        raise call.fault("it multiplies by a matrix", show_shape(dims))
    fields: dict[str, Any] = {"axis": "last"} if len(call.shape(x)) > 1 else {}
    out = dims[0 if operator.flag("transpose_y") else 1]
    return [call.put("linear", x, out=out, bias=call.bias, **fields)]


def embedding(call: Call) -> list[Value]:
    """A row of a table for each number."""
    dims = call.weight(1).dims
    if len(dims) != 2:
        raise call.fault("its table has rows", show_shape(dims))
    return [call.put("embedding", call.x(), vocabulary=dims[0], features=dims[1], axis="last")]


def function(kind: str, **fields: Any) -> Rule:
    """A function of each element."""
    return lambda call: [call.put(kind, call.x(), **fields)]


def softmax(kind: str) -> Rule:
    """Along an axis."""

    def rule(call: Call) -> list[Value]:
        x = call.x()
        axis = call.axis(call.operator.whole("axis", -1), x)
        fields: dict[str, Any] = {"axis": axis} if axis else {}
        return [call.put(kind, x, **fields)]

    return rule


def prelu(call: Call) -> list[Value]:
    """A slope a channel, or one for all."""
    return [call.put("prelu", call.x(), slopes="per_channel" if prod(call.weight(1).dims) > 1 else "shared")]


def scale(call: Call) -> list[Value]:
    """Times a number, plus another, of which what does nothing is left out."""
    x, operator = call.x(), call.operator
    given = call.value(1)
    factor = float(given.values[0]) if isinstance(given, Numbers) and given.values else operator.real("scale", 1.0)
    made = x if factor == 1.0 else call.put("multiply", x, number=float(f"{factor:.7g}"))
    shift = operator.real("bias", 0.0)
    return [made if shift == 0.0 else call.put("add", made, number=shift)]


def arithmetic(kind: str) -> Rule:
    """Of two tensors; of a tensor and a weight, which is a parameter; of a tensor and a number."""

    def rule(call: Call) -> list[Value]:
        values = [call.value(0), call.value(1)]
        if all(isinstance(value, int) for value in values):
            return [call.put(kind, *_alike(call, [call.x(0), call.x(1)]))]
        place = 0 if isinstance(values[0], int) else 1
        x, other = call.x(place), values[1 - place]
        if isinstance(other, Numbers) and len(other.values) == 1:
            return [call.put(kind, x, number=float(f"{other.values[0]:.7g}"))]
        if not isinstance(other, Weight) or kind not in ("add", "multiply", "subtract"):
            raise call.fault("it is read for tensors, a weight that is added or multiplied, and numbers")
        rank = len(call.shape(x))
        own = other.dims[1:] if len(other.dims) == rank + 1 and other.dims[0] == 1 else other.dims
        if len(own) > rank:
            raise call.fault("a weight has more axes than what it meets", show_shape(other.dims))
        shape = (*(1,) * (rank - len(own)), *own)
        return [call.put("parameter", x, shape=shape, join="multiply" if kind == "multiply" else "add")]

    return rule


def _alike(call: Call, tensors: list[int]) -> list[int]:
    """Two tensors with as many axes."""
    rank = max(len(call.shape(one)) for one in tensors)
    return [call.shaped(one, (*(1,) * (rank - len(call.shape(one))), *call.shape(one))) for one in tensors]


def resize(mode: str) -> Rule:
    """nearest_interp, bilinear_interp and bicubic_interp, to a size or by a scale."""

    def rule(call: Call) -> list[Value]:
        x, operator = call.map(), call.operator
        fields: dict[str, Any] = {}
        size = (operator.whole("out_h"), operator.whole("out_w"))
        scales = operator.settings.get("scale")
        if min(size) > 0:
            fields["size"] = size
        elif isinstance(scales, list) and scales and all(isinstance(one, (int, float)) and one > 0 for one in scales):
            wide = scales * 2 if len(scales) == 1 else scales
            fields["size"] = tuple(int(n * one) for n, one in zip(call.shape(x)[1:], wide))
        else:
            raise call.fault("its size is computed from the input's numbers")
        if mode != "nearest":
            fields |= {"mode": mode, "align_corners": operator.flag("align_corners")}
        return [call.put("upsample", x, **fields)]

    return rule
