"""What follows from constants and from shapes: places, sizes, orders, and lengths that the file leaves open.

OpenVINO computes them by the operations by which it computes everything. Those are told as ONNX's, of which one
evaluator knows the arithmetic; a tensor that depends on the inputs goes through it as its shape alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import floor, isfinite
from typing import TypeAlias

from cnncalc.interchange.onnx.arrays import Dims, broadcast, ints, resolved
from cnncalc.interchange.onnx.fold import folded
from cnncalc.interchange.onnx.parts import MOST_READ, Attribute, Node, Tensor
from cnncalc.interchange.openvino.numbers import Numbers
from cnncalc.interchange.openvino.slices import strided
from cnncalc.interchange.openvino.xml import IrLayer

__all__ = ["Tracing"]

Port: TypeAlias = "tuple[str, str]"
Told: TypeAlias = "tuple[str, dict[str, Attribute], Sequence[Tensor | None]] | None"
Given: TypeAlias = "Sequence[Tensor | None]"
OPSET = 18
WHOLE = 7
TYPES = {"f32": 1, "f16": 10, "bf16": 16, "f64": 11, "boolean": 9, "i32": 6}
"""Element types as ONNX numbers them; all others are whole numbers."""
FLOATING = ("f16", "f32", "f64", "bf16")
SAME = {
    "Abs": "Abs", "Add": "Add", "Ceiling": "Ceil", "Divide": "Div", "Equal": "Equal", "Floor": "Floor",
    "FloorMod": "Mod", "Greater": "Greater", "GreaterEqual": "GreaterOrEqual", "Less": "Less",
    "LessEqual": "LessOrEqual", "LogicalAnd": "And", "LogicalNot": "Not", "LogicalOr": "Or", "Maximum": "Max",
    "Minimum": "Min", "Mod": "Mod", "Multiply": "Mul", "Negative": "Neg", "Power": "Pow", "Range": "Range",
    "Select": "Where", "ShapeOf": "Shape", "Sqrt": "Sqrt", "Squeeze": "Squeeze", "Subtract": "Sub", "Tile": "Tile",
    "Unsqueeze": "Unsqueeze",
}  # fmt: skip
"""Operations with the inputs that ONNX's have."""
KEPT = ("ConvertLike", "FakeQuantize", "Identity", "Result")
MOST_COMPUTED = 200_000
"""So many numbers are computed of a file; after them shapes alone are known."""
MOST_CONSTANTS = 64
"""So many numbers say axes, borders or places."""


class Tracing:
    """What is known of each tensor: its shape as the file means it, with a batch of one, and its numbers."""

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers
        self.known: dict[Port, Tensor] = {}
        self.computed = 0

    def hold(self, layer: IrLayer, sources: Sequence[Port]) -> None:
        """A layer that depends on no input: what it makes, and the lengths of it that the file leaves open."""
        if layer.type == "Const":
            shape = next(iter(layer.outputs.values()), [])
            kind = TYPES.get(layer.attributes.get("element_type", ""), WHOLE)
            made: Sequence[Tensor] = [Tensor(tuple(shape), self._read(layer), kind)]
        else:
            made = self._made(layer, sources) or []
        self._keep(layer, made)

    def enter(self, layer: IrLayer, sources: Sequence[Port], fixed: Sequence[int]) -> None:
        """A layer that depends on inputs, before it is read: its open lengths, and what its fixed inputs hold."""
        for port, source in zip(layer.inputs, sources):
            if source in self.known and min(layer.inputs[port], default=1) < 0:
                layer.inputs[port] = list(self.known[source].dims)
        if any(min(shape, default=1) < 0 for shape in layer.outputs.values()):
            self._keep(layer, self._made(layer, sources) or [])
        for place in fixed:
            held = self.known.get(sources[place])
            numbers = ints(held) if held is not None and not held.floating else None
            if numbers is not None and held is not None and len(numbers) == held.size <= MOST_CONSTANTS:
                layer.constants[place] = list(numbers)

    def number(self, port: Port) -> int | float | None:
        """The one number that a tensor is; None where it is not at hand."""
        held = self.known[port].numbers if port in self.known else None
        number = held[0] if held is not None and len(held) == 1 else None
        return None if number is None or not isfinite(number) else float(f"{number:.7g}")

    def pass_on(self, layer: IrLayer, source: Port) -> None:
        """A layer that is none here: it makes what it takes."""
        if source in self.known:
            self.leave(layer, [self.known[source].dims] * len(layer.outputs))

    def leave(self, layer: IrLayer, shapes: Sequence[Dims]) -> None:
        """What a layer made, as it was counted."""
        for port, shape in zip(list(layer.outputs), shapes):
            self.known[layer.id, port] = Tensor(shape)

    def _keep(self, layer: IrLayer, made: Sequence[Tensor]) -> None:
        """Keep what a layer makes; a shape that the file closes is as the file has it."""
        for place, (port, shape) in enumerate(layer.outputs.items()):
            tensor = made[place] if place < len(made) else None
            if min(shape, default=1) < 0 or layer.reopened:
                if tensor is None:
                    continue
                layer.outputs[port] = list(tensor.dims)
            elif tensor is None or tensor.dims != tuple(shape):
                tensor = Tensor(tuple(shape))
            self.known[layer.id, port] = tensor

    def _read(self, layer: IrLayer) -> Callable[[], tuple[int | float, ...] | None]:
        def read() -> tuple[int | float, ...] | None:
            found = self.numbers(layer)
            return None if found is None else tuple(found)

        return read

    def _made(self, layer: IrLayer, sources: Sequence[Port]) -> Sequence[Tensor] | None:
        """What a layer makes of what is known; None where that is nothing."""
        values = [self.known.get(source) for source in sources]
        if not values or values[0] is None:
            return None
        if self.computed > MOST_COMPUTED:
            values = [None if value is None else value._replace(held=None) for value in values]
        if layer.type in SIZED and values[0] is not None:
            dims = SIZED[layer.type](layer, values)
            sized = Tensor(dims or ()) if layer.type != "Reshape" else values[0]._replace(dims=dims or ())
            return None if dims is None else [sized] * len(layer.outputs)
        if layer.type == "StridedSlice":
            return strided(layer, values)
        told = _told(layer, values)
        if told is None:
            return None
        kind, attributes, given = told
        node = Node(kind, (), tuple(layer.outputs) or ("",), layer.name, "", attributes, "", 0)
        made = folded(node, given, OPSET) or []
        self.computed += sum(tensor.size for tensor in made if tensor.held is not None and tensor.size <= MOST_READ)
        return made


def _told(layer: IrLayer, values: Given) -> Told:
    """A layer as ONNX has it: the operator, its attributes and what it takes."""
    if layer.type in SAME:
        return SAME[layer.type], {}, values
    if layer.type in KEPT:
        return "Identity", {}, values[:1]
    if layer.type.startswith("Reduce"):
        return _reduced(layer, values)
    return TOLD[layer.type](layer, values) if layer.type in TOLD else None


def _axis(values: Given, place: int) -> int | None:
    """The one axis that an input names."""
    named = ints(values[place]) if place < len(values) else None
    return named[0] if named is not None and len(named) == 1 else None


def _concat(layer: IrLayer, values: Given) -> Told:
    return "Concat", {"axis": layer.whole("axis", 0)}, values


def _convert(layer: IrLayer, values: Given) -> Told:
    to = layer.attributes.get("destination_type", "i64")
    return "Cast", {"to": TYPES.get(to, WHOLE)}, values[:1]


def _gather(layer: IrLayer, values: Given) -> Told:
    axis = _axis(values, 2)
    return None if axis is None or layer.whole("batch_dims", 0) else ("Gather", {"axis": axis}, values[:2])


def _slice(layer: IrLayer, values: Given) -> Told:
    data, start, stop, step, *axes = values if len(values) > 3 else [None] * 4
    return None if None in (data, start, stop) else ("Slice", {}, [data, start, stop, *(axes or [None]), step])


def _split(layer: IrLayer, values: Given) -> Told:
    axis = _axis(values, 1)
    if axis is None:
        return None
    if layer.type == "Split":
        return "Split", {"axis": axis, "num_outputs": len(layer.outputs)}, values[:1]
    return "Split", {"axis": axis}, [values[0], *values[2:3]]


def _transpose(layer: IrLayer, values: Given) -> Told:
    order = ints(values[1]) if len(values) > 1 else None
    return None if order is None else ("Transpose", {"perm": order}, values[:1])


def _broadcast(layer: IrLayer, values: Given) -> Told:
    explicit = layer.attributes.get("mode", "numpy") not in ("numpy", "bidirectional")
    return None if explicit else ("Expand", {}, values[:2])


def _pad(layer: IrLayer, values: Given) -> Told:
    begin, end = (ints(one) for one in values[1:3]) if len(values) > 2 else (None, None)
    return None if begin is None or end is None else ("Pad", {"pads": begin + end}, values[:1])


def _reduced(layer: IrLayer, values: Given) -> Told:
    """A reduction: of numbers that are known their sum or product, else the shape."""
    kind = layer.type if values[0] is not None and values[0].numbers is not None else "ReduceL2"
    keep = int(layer.flag("keep_dims", default=False))
    return (
        (kind if kind in ("ReduceProd", "ReduceSum", "ReduceMax", "ReduceMin") else "ReduceL2"),
        {"keepdims": keep},
        values,
    )


TOLD: dict[str, Callable[[IrLayer, Given], Told]] = {
    "Broadcast": _broadcast,
    "Concat": _concat,
    "Convert": _convert,
    "Gather": _gather,
    "Pad": _pad,
    "Slice": _slice,
    "Split": _split,
    "Transpose": _transpose,
    "VariadicSplit": _split,
}
"""Operations whose inputs ONNX has otherwise."""


def _reshape(layer: IrLayer, values: Given) -> Dims | None:
    """Reshape: a 0 of its target copies a length only if the layer says so."""
    target = ints(values[1]) if len(values) > 1 else None
    if target is None or values[0] is None:
        return None
    return resolved(target, values[0].dims, zero_is_length=not layer.flag("special_zero", default=False))


def _product(layer: IrLayer, values: Given) -> Dims | None:
    """MatMul of two tensors of two axes and more."""
    left, right = (one.dims if one is not None else () for one in (*values, None)[:2])
    if len(left) < 2 or len(right) < 2:
        return None
    *around, rows = left[:-2] + ((left[-1],) if layer.flag("transpose_a", default=False) else (left[-2],))
    *others, columns = right[:-2] + ((right[-2],) if layer.flag("transpose_b", default=False) else (right[-1],))
    wide = broadcast(tuple(around), tuple(others))
    return None if wide is None else (*wide, rows, columns)


def _adaptive(layer: IrLayer, values: Given) -> Dims | None:
    """AdaptiveAvgPool and AdaptiveMaxPool: their second input is the size."""
    size = ints(values[1]) if len(values) > 1 else None
    return None if size is None or values[0] is None else (*values[0].dims[:2], *size)


def _resized(layer: IrLayer, values: Given) -> Dims | None:
    """Interpolate: sizes or factors of some axes; opset 4 has both, since opset 11 it is one of them."""
    data, more = values[0], list(values[1:])
    both = len(more) == 3 or (len(more) == 2 and more[1] is not None and more[1].floating)
    by_size = layer.attributes.get("shape_calculation_mode", "sizes") == "sizes"
    said = more[0 if by_size or not both else 1] if more else None
    axes = ints(more[2 if both else 1]) if len(more) > (2 if both else 1) else None
    if data is None or said is None or said.numbers is None:
        return None
    dims, numbers = list(data.dims), said.numbers
    axes = axes if axes is not None else tuple(range(len(dims)))
    if len(axes) != len(numbers) or any(not -len(dims) <= axis < len(dims) for axis in axes):
        return None
    for axis, number in zip(axes, numbers):
        if not isfinite(number) or not 0 < number < MOST_FACTOR:
            return None
        dims[axis] = int(number) if by_size else floor(Fraction(dims[axis]) * (Fraction(number) + LITTLE))
    return tuple(dims)


def _largest(layer: IrLayer, values: Given) -> Dims | None:
    """TopK: as many along its axis as its second input says."""
    count, axis = ints(values[1]) if len(values) > 1 else None, layer.whole("axis", 0)
    if count is None or len(count) != 1 or values[0] is None or not -len(values[0].dims) <= axis < len(values[0].dims):
        return None
    axis %= len(values[0].dims)
    return (*values[0].dims[:axis], count[0], *values[0].dims[axis + 1 :])


def _as(place: int) -> Callable[[IrLayer, Given], Dims | None]:
    """The shape of one of the inputs."""
    return lambda layer, values: None if place >= len(values) or (one := values[place]) is None else one.dims


def _alike(layer: IrLayer, values: Given) -> Dims | None:
    """Of two tensors that are broadcast."""
    return broadcast(*(one.dims for one in values if one is not None)) if None not in values else None


def _sampled(layer: IrLayer, values: Given) -> Dims | None:
    """GridSample: a map at as many places as its second input says."""
    data, grid = (*values, None)[:2]
    return None if data is None or grid is None or len(grid.dims) < 3 else (*data.dims[:2], *grid.dims[1:-1])


MOST_FACTOR = 10**9
LITTLE = Fraction(1, 10**6)
"""What OpenVINO adds to a factor that a file has rounded, before it rounds the length down."""
SIZED: dict[str, Callable[[IrLayer, Given], Dims | None]] = {
    "AdaptiveAvgPool": _adaptive,
    "AdaptiveMaxPool": _adaptive,
    "Interpolate": _resized,
    "MatMul": _product,
    "Reshape": _reshape,
    "TopK": _largest,
    "GatherElements": _as(1),
    "GridSample": _sampled,
    **dict.fromkeys(("LogicalXor", "NotEqual", "SquaredDifference"), _alike),
    **dict.fromkeys(
        (
            "CumSum", "NormalizeL2", "Reverse", "ReverseSequence", "Roll", "ScatterElementsUpdate", "ScatterNDUpdate",
            "ScatterUpdate",
        ),
        _as(0),
    ),
}  # fmt: skip
"""Operations of which the shape is enough."""
