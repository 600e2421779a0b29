"""Operators that fewer programs have, numbers that a program computes, and what is known by its shape alone."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from cnncalc.interchange.paddle.call import Call, Numbers, Several, States, Value
from cnncalc.interchange.paddle.program import Weight
from cnncalc.layers import show_shape

__all__ = [
    "added", "argmax", "bilinear", "bmm", "clip", "count_of", "counted", "crop", "einsum", "expand", "filled_like",
    "fold", "folded", "known", "length", "listed", "lp_pool", "rrelu", "stated", "strided", "swiglu", "tile", "topk",
    "unbind",
]  # fmt: skip

FOLDED: dict[str, Callable[[float, float], float]] = {
    "add": lambda a, b: a + b, "subtract": lambda a, b: a - b, "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b, "maximum": max, "minimum": min,
}  # fmt: skip
NORMS = {1.0: "l1", 2.0: "l2"}
MOST_TIMES = 1_000


def folded(call: Call, kind: str) -> Numbers | None:
    """Two numbers that the program states, as one; None where one of them depends on the input."""
    values = (call.value(0), call.value(1))
    numbers = [value.values[0] for value in values if isinstance(value, Numbers) and len(value.values) == 1]
    if len(numbers) < 2 or kind not in FOLDED or (kind == "divide" and not numbers[1]):
        return None
    return Numbers((FOLDED[kind](*numbers),))


def stated(call: Call) -> list[Value | None]:
    """What has no weights and no layer here: each output that is used, by the shape that the file states."""
    if any(isinstance(value, Weight) for place in call.values for value in place):
        raise call.fault("it is read without weights")
    tensors = [value for place in call.values for value in place if isinstance(value, int)]
    if not tensors:  # what follows is not known: the condition of a loop, say, which is told
        return []
    return [known(call, place, *tensors) for place in range(len(call.operator.outputs))]


def known(call: Call, place: int, *tensors: int) -> Value | None:
    """An output of which only the shape is known, None where nothing takes it."""
    name = call.operator.outputs[place] if place < len(call.operator.outputs) else ""
    if name not in call.taken:
        return None
    dims = call.stated.get(name, ())
    if len(dims) < 2 or min(dims[1:]) < 1:
        raise call.fault("the file states no shape for what it makes", show_shape(dims))
    return call.build.opaque(dims[1:], *tensors, suffix=f"_{place}" if place else "")


def count_of(call: Call) -> list[Value | None]:
    """numel: how many elements there are."""
    return [Numbers((call.batch * prod(call.shape(call.x())),))]


def listed(call: Call) -> list[Value | None]:
    """Numbers that the program states one by one."""
    for name in ("values", "fp32_values", "int32_values", "int64_values"):
        value = call.operator.settings.get(name)
        if isinstance(value, list) and value and all(isinstance(one, (int, float)) for one in value):
            return [Numbers(tuple(value))]
    raise call.fault("it states numbers")


def filled_like(call: Call) -> list[Value | None]:
    """full_like: one number everywhere."""
    value = call.value(1)
    given = value.values[:1] if isinstance(value, Numbers) else (call.operator.real("value", 0.0),)
    return [Numbers(given)]


def counted(call: Call) -> list[Value | None]:
    """arange: numbers from one to another."""
    bounds = [call.numbers(name, place) for place, name in enumerate(("start", "end", "step"))]
    whole = [one[0] for one in bounds if one]
    if len(whole) != 3 or not whole[2] or len(range(*whole)) > 4_096:
        raise call.fault("its bounds are a few whole numbers that the program states")
    return [Numbers(tuple(range(*whole)))]


def swiglu(call: Call) -> list[Value | None]:
    """The silu of one half of the last axis, or of a tensor, times the other."""
    x = call.x()
    gate, other = x, call.value(1)
    if not isinstance(other, int):
        axis = len(call.shape(x)) - 1
        half = call.shape(x)[axis] // 2
        gate, other = (call.put("slice", x, channels=(start, start + half), axis=axis) for start in (0, half))
    return [call.put("multiply", call.put("silu", gate), other)]


def bilinear(call: Call) -> list[Value | None]:
    """A matrix for each number that comes out, between two vectors."""
    return [call.put("bilinear", call.x(0), call.x(1), out=call.weight(2).dims[0], bias=call.value(3) is not None)]


def added(call: Call) -> list[Value | None]:
    """add_n: the sum of a list."""
    tensors = [value for value in call.several(0) if isinstance(value, int)]
    if len(tensors) != len(call.several(0)):
        raise call.fault("it adds tensors that depend on the input")
    return [call.put("add", *tensors) if len(tensors) > 1 else tensors[0]]


def crop(call: Call) -> list[Value | None]:
    """A part of the map, from an offset on."""
    x, lengths, offsets = call.x(), call.numbers("shape", 1), call.numbers("offsets", 2)
    shape = call.shape(x)
    if not lengths or not offsets or not len(lengths) == len(offsets) == len(shape) + 1 or offsets[0]:
        raise call.fault("where it begins, and how long it is, are stated")
    for axis, (n, length_, offset) in enumerate(zip(shape, lengths[1:], offsets[1:])):
        stop = n if length_ == -1 else offset + length_
        if not 0 <= offset < stop <= n:
            raise call.fault("it lies outside the map", f"{offset} to {stop} of {n}")
        if (offset, stop) != (0, n):
            x = call.put("slice", x, channels=(offset, stop), axis=axis)
    return [x]


def clip(call: Call) -> list[Value | None]:
    """Between two numbers, of which either may be none at all."""
    bounds: dict[str, Any] = {}
    for place, name, setting in ((1, "low", "min"), (2, "high", "max")):
        value = call.value(place)
        number = value.values[0] if isinstance(value, Numbers) and value.values else None
        bound = call.operator.real(setting, 0.0) if number is None else float(f"{number:.7g}")
        if number is None and setting not in call.operator.settings:
            raise call.fault("its bounds are not stated")
        if abs(bound) < 3e38:
            bounds[name] = bound
    return [call.put("function", call.x(), of="clip", **bounds) if bounds else call.x()]


def length(call: Call) -> list[Value | None]:
    """p_norm: the length along an axis."""
    operator, x = call.operator, call.x()
    by = NORMS.get(operator.real("porder", 2.0))
    if by is None or operator.flag("asvector"):
        return stated(call)
    keep = len(call.shape(x)) == 1 or operator.flag("keepdim")  # an image has one number at least
    return [call.put("reduce", x, by=by, axes=(call.axis(operator.whole("axis", -1), x),), keep=keep)]


def argmax(call: Call) -> list[Value | None]:
    """The place of the largest, or the least, along an axis."""
    axis = call.numbers("axis", 1)
    if axis is None or len(axis) != 1 or call.operator.flag("flatten"):
        return stated(call)
    x = call.x()
    return [call.put("argmax", x, axes=(call.axis(axis[0], x),), keep=call.operator.flag("keepdims"))]


def topk(call: Call) -> list[Value | None]:
    """The largest along an axis, and their places."""
    many, x = call.numbers("k", 1), call.x()
    if not many:
        return stated(call)
    axis = call.axis(call.operator.whole("axis", -1), x)
    fields: dict[str, Any] = {"axis": axis} if axis else {}
    return [call.put("topk", x, k=many[0], **fields), known(call, 1, x)]


def expand(call: Call) -> list[Value | None]:
    """expand and expand_as: axes of length 1 repeated; a weight is a parameter."""
    target = call.numbers("shape", 1) if call.operator.kind == "expand" else call.operator.wholes("target_shape")
    x, dims = call.x(), call.stated.get(call.operator.outputs[0] if call.operator.outputs else "", ())
    shape = tuple(target or ())
    if len(shape) < 2 or min(shape[1:]) < 1:
        shape = dims
    own = call.shape(x)
    if len(shape) < len(own) + 1 or min(shape[1:], default=0) < 1:
        raise call.fault("its shape is not stated", show_shape(shape))
    wide = call.shaped(x, (*(1,) * (len(shape) - 1 - len(own)), *own))
    return [wide if call.shape(wide) == shape[1:] else call.put("expand", wide, shape=shape[1:])]


def tile(call: Call) -> list[Value | None]:
    """The tensor several times along axes."""
    times, x = call.numbers("repeat_times", 1), call.x()
    rank = len(call.shape(x)) + 1
    whole = (*(1,) * (rank - len(times or ())), *(times or ()))
    if not times or len(whole) != rank or whole[0] != 1 or not all(1 <= one <= MOST_TIMES for one in whole):
        raise call.fault("how often it is repeated is stated, and the batch is not", str(times)[:60])
    made = x
    for axis, one in enumerate(whole[1:]):
        if one > 1:
            made = call.put("concat", *[made] * one, **({"axis": axis} if axis else {}))
    return [made]


def unbind(call: Call) -> list[Value | None]:
    """The places of an axis, which goes, one by one."""
    value = call.value(0)
    if isinstance(value, States) and call.operator.whole("axis") == 0:
        return [*value.rows] if len(call.operator.outputs) > 1 else [Several(value.rows)]
    x = call.x()
    axis = call.axis(call.operator.whole("axis"), x)
    fields: dict[str, Any] = {"axis": axis} if axis else {}
    made = tuple(call.put("select", x, at=place, **fields) for place in range(min(call.shape(x)[axis], MOST_TIMES)))
    return list(made) if len(call.operator.outputs) > 1 else [Several(made)]


def strided(call: Call) -> list[Value | None]:
    """strided_slice: every so many places between bounds; backwards only its shape is known."""
    axes, x = call.operator.wholes("axes"), call.x()
    starts, ends, steps = (call.numbers(name, place) for place, name in enumerate(("starts", "ends", "strides"), 1))
    if not axes or not starts or not ends or not steps or not len(axes) == len(starts) == len(ends) == len(steps):
        raise call.fault("its bounds are not stated")
    if min(steps) < 1:
        return stated(call)
    for named, start, end, step in zip(axes, starts, ends, steps):
        axis = call.axis(named, x)
        n = call.shape(x)[axis]
        first, last, _ = slice(start, end).indices(n)
        if first >= last:
            raise call.fault("nothing is left of an axis", f"{start} to {end} of {n}")
        if (first, last, step) != (0, n, 1):
            x = call.put("slice", x, channels=(first, last), axis=axis, step=step)
    return [x]


def bmm(call: Call) -> list[Value | None]:
    """A product of two stacks of matrices."""
    return [call.put("matmul", call.x(0), call.x(1))]


def einsum(call: Call) -> list[Value | None]:
    """Two tensors by an equation, in which the batch is the first letter of what has one; a weight has none."""
    values = call.several(0)
    terms, arrow, result = call.operator.word("equation").replace(" ", "").partition("->")
    letters = terms.split(",")
    if len(values) != 2 or len(letters) != 2 or not arrow or "." in terms or not result:
        raise call.fault("it is read for two tensors, with every letter named", call.operator.word("equation")[:60])
    batch, tensors, own = result[0], [], []
    for value, term in zip(values, letters):
        if isinstance(value, Weight) and batch not in term:
            tensors.append(call.parameter(value.dims))
            own.append(term)
        elif isinstance(value, int) and term[:1] == batch and batch not in term[1:]:
            tensors.append(value)
            own.append(term[1:])
        else:
            raise call.fault("the batch is the first letter of each tensor", call.operator.word("equation")[:60])
    return [call.put("einsum", *tensors, equation=f"{','.join(own)}->{result[1:]}")]


def rrelu(call: Call) -> list[Value | None]:
    """A leaky ReLU whose slope is the middle of two."""
    operator = call.operator
    return [call.put("rrelu", call.x(), lower=operator.real("lower", 0.125), upper=operator.real("upper", 1 / 3))]


def lp_pool(call: Call) -> list[Value | None]:
    """lp_pool2d: the p-norm of each window."""
    operator, kernel = call.operator, call.operator.wholes("kernel_size")
    sides = operator.wholes("paddings") or (0, 0)
    if not kernel or len(kernel) != 2 or any(sides) or operator.word("padding_algorithm") == "SAME":
        return stated(call)
    fields: dict[str, Any] = {"rounding": "ceil"} if operator.flag("ceil_mode") else {}
    norm = operator.real("norm_type", 2.0)
    stride = operator.wholes("strides") or kernel
    return [call.put("lppool", call.map(), kernel=kernel, stride=stride, norm=norm, **fields)]


def fold(call: Call) -> list[Value | None]:
    """Columns added up to a map."""
    operator = call.operator
    size, kernel = operator.wholes("output_sizes"), operator.wholes("kernel_sizes")
    sides = operator.wholes("paddings") or (0, 0, 0, 0)
    if not size or not kernel or len(sides) != 4 or sides[:2] != sides[2:]:
        return stated(call)
    fields = {"stride": operator.wholes("strides") or (1, 1), "dilation": operator.wholes("dilations") or (1, 1)}
    return [call.put("fold", call.x(), size=size, kernel=kernel, padding=sides[:2], **fields)]
