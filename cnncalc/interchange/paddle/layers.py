"""Operators with weights, windows and functions."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.arithmetic.windows.formulas import SAME, Window
from cnncalc.interchange.paddle.call import Call, Numbers, Rule, Value
from cnncalc.interchange.paddle.further import folded, known
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


def _dilation(call: Call, axes: int) -> tuple[int, ...]:
    """What fits is padded as if the kernel had no gaps, and then it has none (UpdatePaddingAndDilation)."""
    alike = call.operator.word("padding_algorithm") == "SAME"
    return (1,) * axes if alike else call.operator.wholes("dilations") or (1,) * axes


def _fitting(lengths: tuple[int, ...], fields: dict[str, Any]) -> tuple[tuple[int, int], ...]:
    """The padding of a transposed convolution that a forward one of the same length would have."""
    windows = zip(fields["kernel"], fields["stride"], lengths)
    return tuple(Window(kernel, max(stride, 1), SAME).padding(n) for kernel, stride, n in windows)


def convolution(call: Call) -> list[Value]:
    """conv2d, conv3d and depthwise_conv2d; the bias is an addition behind it."""
    axes, dims = _axes(call), call.weight(1).dims
    x = call.map(axes=axes)
    if len(dims) != axes + 2:
        raise call.fault(f"its weights have {axes + 2} axes", show_shape(dims))
    fields = {**_window(call, dims[2:]), "dilation": _dilation(call, axes)}
    groups = max(call.operator.whole("groups", 1), 1)
    made = call.put("conv", x, out=dims[0], groups=groups, bias=call.bias, **fields)
    return [call.build.sketch.holds(made, prod(dims))]


def deconvolution(call: Call) -> list[Value]:
    """conv2d_transpose and conv3d_transpose."""
    axes, dims, groups = _axes(call), call.weight(1).dims, max(call.operator.whole("groups", 1), 1)
    x = call.map(axes=axes)
    if len(dims) != axes + 2 or (
        call.operator.kind != "conv3d_transpose" and any(call.numbers("output_size", 2) or ())
    ):
        raise call.fault(f"it is read without a stated size, of weights with {axes + 2} axes", show_shape(dims))
    fields = {**_window(call, dims[2:]), "dilation": _dilation(call, axes)}
    if fields["padding"] == "same":
        fields["padding"] = _fitting(call.shape(x)[1:], fields)
    extra = call.operator.wholes("output_padding") or ()
    if any(extra):
        fields["output_padding"] = extra
    made = call.put("deconv", x, out=dims[1] * groups, groups=groups, bias=call.bias, **fields)
    return [call.build.sketch.holds(made, prod(dims))]


def batch_norm(call: Call) -> list[Value]:
    """batch_norm, whose statistics are the running ones."""
    scale, bias = (isinstance(call.value(place), Weight) for place in (3, 4))
    fields: dict[str, Any] = (
        {} if scale and bias else {"scale": scale, "bias": bias} if scale or bias else {"affine": False}
    )
    return [call.put("batchnorm", call.x(), eps=call.operator.real("epsilon", 1e-5), **fields)]


def layer_norm(call: Call) -> list[Value]:
    """layer_norm from an axis on."""
    x, first = call.x(), call.operator.whole("begin_norm_axis", 1)
    rank = len(call.shape(x)) + 1
    if not 1 <= first < rank:
        raise call.fault("it is read over the last axes", f"from axis {first} of {rank}")
    shape = call.shape(x)
    fields: dict[str, Any] = {"over": "last" if first > 1 else "all", "eps": call.operator.real("epsilon", 1e-5)}
    fields |= _learned(call, 1, 2)
    wide = call.shaped(x, (*shape[: first - 1], prod(shape[first - 1 :]))) if 1 < first < rank - 1 else x
    return [call.shaped(call.put("layernorm", wide, **fields), shape)]


def _learned(call: Call, scale: int, bias: int) -> dict[str, Any]:
    """Whether a norm has a scale, and a shift with it."""
    has = (isinstance(call.value(scale), Weight), isinstance(call.value(bias), Weight))
    if has == (False, True):
        raise call.fault("it is read with a scale where it has a shift")
    return {"affine": has[0]} if has[0] == has[1] else {"affine": True, "bias": False}


def pool(call: Call) -> list[Value | None]:
    """pool2d and pool3d: of windows, to a size, or of the whole map; those with an index take the largest."""
    axes, operator = _axes(call), call.operator
    x, kernel = call.map(axes=axes), call.numbers("kernel_size", 1)
    if kernel is None or len(kernel) not in (1, axes):
        raise call.fault("its window is not stated")
    kernel = kernel * (axes // len(kernel))
    largest = operator.word("pooling_type") == "max" or operator.kind.startswith("max_")
    kind = "maxpool" if largest else "avgpool"
    if operator.flag("global_pooling") or (operator.flag("adaptive") and set(kernel) == {1}):
        return _with_places(call, x, call.put(f"global_{kind}", x, flat=False))
    if operator.flag("adaptive"):
        return _with_places(call, x, call.put(f"adaptive_{kind}", x, output=kernel))
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
    return _with_places(call, x, call.put(kind, x, **fields))


def _with_places(call: Call, x: int, pooled: int) -> list[Value | None]:
    """What a pool makes, and where it found it, if that is used."""
    return [pooled, known(call, 1, x)] if len(call.operator.outputs) > 1 else [pooled]


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
    weight, first = call.value(1), call.value(0)
    if isinstance(first, Weight) or not isinstance(weight, Weight) or len(weight.dims) > 2:
        return [call.put("matmul", *_factors(call), transposed=operator.flag("transpose_y"))]
    dims = weight.dims
    if not dims:
        raise call.fault("its weight has no axes")
    if isinstance(first, Numbers):  # a state that a cell begins with
        entering = next(iter(call.build.sketch.inputs.values()))
        x = call.put("constant", entering, shape=(dims[-1 if operator.flag("transpose_y") else 0],))
    else:
        x = _turned(call, call.x(), operator.flag("transpose_x"))
    if len(dims) == 1:  # a vector, which takes the last axis away
        fields = {"axis": "last"} if len(call.shape(x)) > 1 else {}
        return [call.shaped(call.put("linear", x, out=1, bias=False, **fields), call.shape(x)[:-1] or (1,))]
    fields = {"axis": "last"} if len(call.shape(x)) > 1 else {}
    out = dims[0 if operator.flag("transpose_y") else 1]
    made = call.put("linear", x, out=out, bias=call.bias, **fields)
    return [call.build.sketch.holds(made, prod(dims))]


def _turned(call: Call, x: int, transposed: bool) -> int:
    """A tensor whose last two axes change places."""
    rank = len(call.shape(x))
    if not transposed:
        return x
    if rank < 2:
        raise call.fault("a vector has no axes to transpose")
    return call.put("permute", x, order=(*range(rank - 2), rank - 1, rank - 2))


def _factors(call: Call) -> list[int]:
    """The two stacks of matrices of a product; a weight stands for all samples, and for every stack that it lacks."""
    values = [call.value(0), call.value(1)]
    rank = max((len(call.shape(value)) for value in values if isinstance(value, int)), default=0)
    made: list[int] = []
    for place, value in enumerate(values):
        if isinstance(value, Weight):
            whole = len(value.dims) > rank and value.dims[0] == 1
            own = call.parameter(value.dims[1:] if whole else value.dims)
        else:
            own = call.x(place)
        made.append(_turned(call, own, place == 0 and call.operator.flag("transpose_x")))
    return made


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
    operator, given, first = call.operator, call.value(1), call.value(0)
    if isinstance(first, Numbers):
        factor = given.values[0] if isinstance(given, Numbers) and given.values else operator.real("scale", 1.0)
        return [Numbers(tuple(one * factor + operator.real("bias", 0.0) for one in first.values))]
    x = call.x()
    factor = float(given.values[0]) if isinstance(given, Numbers) and given.values else operator.real("scale", 1.0)
    made = x if factor == 1.0 else call.put("multiply", x, number=float(f"{factor:.7g}"))
    shift = operator.real("bias", 0.0)
    return [made if shift == 0.0 else call.put("add", made, number=shift)]


def arithmetic(kind: str) -> Rule:
    """Of two tensors; of a tensor and a weight, which is a parameter; of a tensor and a number."""

    def rule(call: Call) -> list[Value | None]:
        numbers = folded(call, kind)
        if numbers is not None:
            return [numbers]
        values = [call.value(0), call.value(1)]
        if all(isinstance(value, int) for value in values):
            return [call.put(kind, *_alike(call, [call.x(0), call.x(1)]))]
        place = 0 if isinstance(values[0], int) else 1
        x, other = call.x(place), values[1 - place]
        if isinstance(other, Numbers) and len(other.values) == 1:
            x, by = _lessened(call, kind, x) if place == 1 else (x, kind)
            return [call.put(by, x, number=float(f"{other.values[0]:.7g}"))]
        name = next((one for names in call.operator.inputs[1 - place : 2 - place] for one in names), "")
        dims = other.dims if isinstance(other, Weight) else call.stated.get(name, ())
        rank = len(call.shape(x))
        own = dims[1:] if len(dims) == rank + 1 and dims[0] == 1 else dims
        if len(own) > rank or min(own, default=0) < 1:
            raise call.fault("what it meets has more axes, or no stated shape", show_shape(dims))
        behind = max(rank + 1 - len(own) - call.operator.whole("axis"), 0) if call.operator.whole("axis") > 0 else 0
        shape = (*(1,) * (rank - len(own) - behind), *own, *(1,) * behind)  # release 2 says at which axis it begins
        held = "parameter" if isinstance(other, Weight) else "constant"
        if kind in ("add", "multiply", "subtract"):
            x = _lessened(call, kind, x)[0] if place == 1 and kind == "subtract" else x
            return [call.put(held, x, shape=shape, join="multiply" if kind == "multiply" else "add")]
        pair = [x, call.put(held, x, shape=shape, join="alone")]
        return [call.put(kind, *(pair if place == 0 else pair[::-1]))]

    return rule


def _lessened(call: Call, kind: str, x: int) -> tuple[int, str]:
    """What something fixed less a tensor, or divided by it, is: its negative, or its inverse, and what joins them."""
    if kind == "subtract":
        return call.put("function", x, of="negate"), "add"
    if kind == "divide":
        return call.put("function", x, of="reciprocal"), "multiply"
    if kind == "power":
        raise call.fault("a power of a fixed number is no layer here")
    return x, kind


def _alike(call: Call, tensors: list[int]) -> list[int]:
    """Two tensors with as many axes."""
    rank = max(len(call.shape(one)) for one in tensors)
    return [call.shaped(one, (*(1,) * (rank - len(call.shape(one))), *call.shape(one))) for one in tensors]


def resize(mode: str, axes: int = 2) -> Rule:
    """nearest_interp, linear_interp, bilinear_interp and their like, to a size or by a scale."""

    def rule(call: Call) -> list[Value]:
        x, operator = call.map(axes=axes), call.operator
        fields: dict[str, Any] = {}
        size = tuple(operator.whole(name) for name in ("out_d", "out_h", "out_w")[3 - axes :])
        scales = operator.settings.get("scale")
        if min(size) > 0:
            fields["size"] = size
        elif isinstance(scales, list) and scales and all(isinstance(one, (int, float)) and one > 0 for one in scales):
            wide = scales * axes if len(scales) == 1 else scales
            fields["size"] = tuple(int(n * one) for n, one in zip(call.shape(x)[1:], wide))
        else:
            raise call.fault("its size is computed from the input's numbers")
        if mode != "nearest":
            fields |= {"mode": mode, "align_corners": operator.flag("align_corners")}
        return [call.put("upsample", x, **fields)]

    return rule
