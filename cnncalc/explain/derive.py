"""Runs a layer's own rules on traced numbers: what comes out is each number with its derivation.

No formula is written here. The layer's fields and the sizes that come in get their symbols, and the rules of
`cnncalc.layers` do the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cnncalc.answers.figures import mac_flops
from cnncalc.answers.formulas import Formula, Where
from cnncalc.arithmetic.traced.expression import Symbol
from cnncalc.arithmetic.traced.numbers import Traced, expression_of
from cnncalc.arithmetic.traced.written import LATEX, TEXT, defined, steps
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.arithmetic.windows.reach import Reach
from cnncalc.layers import Layer, Shape
from cnncalc.layers.backward import Backward
from cnncalc.layers.base import REQUIRED, Field, is_bias
from cnncalc.layers.fields import Border, PerAxis, spread
from cnncalc.layers.kinds.conv import ForwardConvolution, axis_name
from cnncalc.layers.kinds.pool import Pool
from cnncalc.records import NamedTuple

__all__ = ["Derivation", "Formula", "Seen", "certain", "derive"]

LETTERS = {1: "L", 2: "HW", 3: "DHW"}
"""What the spatial axes are called in formulas."""
SIDES = {1: (("before", "after"),), 2: (("top", "bottom"), ("left", "right"))}
SIDES[3] = (("front", "back"), *SIDES[2])
MANY_INPUTS = 12
"""A merge of more tensors is not spelt out."""


class Seen(NamedTuple):
    """Size, stride and padding of the field that a layer's input sees, one axis."""

    size: int = 1
    stride: int = 1
    padding: int = 0


class Derivation(NamedTuple):
    """Every number of a layer, derived; nothing is said of what is zero or unchanged."""

    padding: tuple[Formula, ...]
    """What `same` comes to."""
    sizes: tuple[Formula, ...]
    weights: Formula | None
    biases: Formula | None
    parameters: Formula | None
    macs: Formula | None
    flops: Formula | None
    backward: Formula | None
    """FLOPs of the pass backward."""
    memory: Formula
    """Bytes of the output."""
    receptive: tuple[Formula, ...]
    """Receptive field, its stride and its padding; empty where they stay or no single recurrence holds."""


def derive(
    layer: Layer,
    shapes: tuple[Shape, ...],
    seen: Sequence[Seen] | None,
    batch: int,
    size: int,
    behind: Sequence[Seen] | None = None,
    gradients: Backward | None = None,
    parts: int = 1,
) -> Derivation:
    """All that a layer's rules say of inputs of these shapes.

    `seen` is the receptive field of the input, one an axis, or None where it has no such three numbers, and `behind`
    what the net's fields say of the output: a recurrence that misses that is not told. `size` is the bytes of a number,
    `gradients` are those that the pass backward wants, None where it does not come here, `parts` the real numbers that
    a number is made of.
    """
    view = traced_layer(layer, shapes)
    inputs = traced_inputs(shapes)
    outputs = view.output_shape(*inputs)
    sizes = _sizes(inputs[0], outputs)
    # from here on the output's sizes have names of their own
    named = tuple(Traced.symbol(symbol, n) for symbol, n in zip(_symbols(outputs, "out"), outputs))
    view.__dict__["output_shape"] = lambda *_: named
    parameters = view.weight_shapes(*inputs)
    biases = sum(product(shape) for name, shape in parameters.items() if is_bias(name))
    weights = sum(product(shape) for name, shape in parameters.items() if not is_bias(name))
    images = Traced.symbol("N", batch) if batch > 1 else 1
    macs = view.macs(*inputs)
    operations = view.operations(*inputs)
    macs_named = Traced.symbol("MACs", images * macs) if macs else 0
    others = images * operations if parts == 1 else parts * images * operations
    wanted = _backward(layer, shapes, gradients, view, images, macs_named)
    return Derivation(
        _paddings(view, inputs),
        sizes,
        _formula("weights", "weights", weights),
        _formula("biases", "biases", biases),
        _formula("weights + biases" if weights and biases else "weights", "params", weights + biases),
        _formula("MACs", "MACs", images * macs),
        _formula("FLOPs", "FLOPs", mac_flops(parts) * macs_named + others),
        _formula("backward FLOPs", "FLOPs", mac_flops(parts) * wanted),
        certain("output bytes", "bytes", images * product(named) * Traced.symbol("b", size)),
        _receptive(view, inputs, seen, behind),
    )


def _backward(
    layer: Layer, shapes: tuple[Shape, ...], gradients: Backward | None, view: Layer, images: Any, macs: Any
) -> Any:
    """Multiply–accumulates of the pass backward: those forward so many times, where it is a whole number of times."""
    forward = layer.macs(*shapes)
    found = layer.backward_macs(gradients, *shapes) if gradients is not None and forward else 0
    if not found or found % forward:
        return images * view.backward_macs(gradients, *traced_inputs(shapes)) if found and gradients else 0
    return found // forward * macs


def traced_layer(layer: Layer, shapes: tuple[Shape, ...]) -> Layer:
    """The layer with symbols for the fields that are not at their defaults (a default stands in no formula)."""
    rank = layer.slid_axes(shapes[0])
    view: Layer = object.__new__(type(layer))
    view.__dict__.update(layer.__dict__)
    for name, declared in layer.fields.items():
        value = _resolved(layer, name, shapes[0])
        told = not (isinstance(value, tuple) and any(isinstance(one, float) for one in value))
        if declared.symbol and value is not None and not isinstance(value, str) and told:
            view.__dict__[name] = _traced_field(declared, value, rank)
    return view


def _resolved(layer: Layer, name: str, shape: Shape) -> Any:
    """A field's value; the stride that a pool takes where none is given."""
    value = getattr(layer, name)
    if value is None and name == "stride" and isinstance(layer, Pool):
        return tuple(window.stride for window in layer.windows(shape))
    return value


def _traced_field(declared: Field, value: Any, rank: int) -> Any:
    if isinstance(declared.type, PerAxis):
        values = list(spread(value, rank))
        symbols = _of_axes(declared.symbol, values)
        if declared.symbol == "out":
            symbols = [f"{letter}_out" for letter in LETTERS[rank]]
        usual = 0 if declared.name == "output_padding" else 1
        if declared.default is REQUIRED:
            usual = -1
        return tuple(_traced(symbol, n, usual) for symbol, n in zip(symbols, values))
    if isinstance(declared.type, Border):
        return tuple(_traced_borders(declared.symbol, list(spread(value, rank))))
    if isinstance(value, int) and not isinstance(value, bool):
        return _traced(declared.symbol, value, declared.default if isinstance(declared.default, int) else -1)
    return value


def _traced(symbol: str, value: int, usual: int) -> int:
    return value if value == usual else Traced.symbol(symbol, value, declared=True)


def _of_axes(symbol: str, values: Sequence[object]) -> list[str]:
    """One symbol for all axes where they agree, else one an axis: k, or k_h and k_w."""
    if len(set(values)) <= 1:
        return [symbol] * len(values)
    return [f"{symbol}_{letter.lower()}" for letter in LETTERS[len(values)]]


def _traced_borders(symbol: str, pairs: Sequence[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    symbols = _of_axes(symbol, pairs)
    for own, sides, (before, after) in zip(symbols, SIDES[len(pairs)], pairs):
        names = (own, own) if before == after else tuple(f"{symbol}_{side}" for side in sides)
        first, last = (_traced(name, n, 0) for name, n in zip(names, (before, after)))
        yield first, last


def _symbols(shape: Sequence[object], index: str) -> list[str]:
    """C_in, H_in, W_in for a map, F_in for a vector."""
    rank = len(shape) - 1
    letters = "F" if rank == 0 else "C" + LETTERS[rank] if rank in LETTERS else ""
    if not letters:
        return [f"n{axis}_{index}" for axis in range(rank + 1)]
    return [f"{letter}_{index}" for letter in letters]


def traced_inputs(shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
    """The input shapes in symbols; several inputs are numbered from 1."""
    if len(shapes) > MANY_INPUTS:
        return shapes
    indices = ["in"] if len(shapes) == 1 else [str(number) for number in range(1, len(shapes) + 1)]
    return tuple(
        tuple(Traced.symbol(symbol, n) for symbol, n in zip(_symbols(shape, index), shape))
        for index, shape in zip(indices, shapes)
    )


def certain(quantity: str, symbol: str, number: int) -> Formula:
    """The formula of a number, traced or plain."""
    where: tuple[Where, ...] = ()
    if isinstance(number, Traced):
        texts, latexes = defined(number, TEXT), defined(number, LATEX)
        where = tuple(Where(name, text, latex) for (name, text), (_, latex) in zip(texts, latexes))
    return Formula(quantity, symbol, int(number), steps(number), steps(number, LATEX), LATEX().name(symbol), where)


def _formula(quantity: str, symbol: str, number: int) -> Formula | None:
    return certain(quantity, symbol, number) if number else None


def _named_axes(shape: Sequence[object]) -> list[str]:
    rank = len(shape) - 1
    if rank == 0:
        return ["features"]
    return ["channels", *(axis_name(axis, rank) if rank in LETTERS else f"axis {axis + 1}" for axis in range(rank))]


def _sizes(before: Shape, outputs: Shape) -> tuple[Formula, ...]:
    """The output's sizes that are computed: one that is only a field of the layer, or stays, needs no words."""
    found = []
    for axis, (words, symbol, n) in enumerate(zip(_named_axes(outputs), _symbols(outputs, "out"), outputs)):
        same = axis < len(before) and expression_of(n) == expression_of(before[axis])
        if isinstance(n, Traced) and not same and not _plain_field(n):
            found.append(certain(words, symbol, n))
    return _joined("", found)


def _plain_field(number: Traced) -> bool:
    return isinstance(number.expression, Symbol) and number.expression.declared


def _paddings(view: Layer, inputs: tuple[Shape, ...]) -> tuple[Formula, ...]:
    """The total padding of each axis where the layer only says `same`."""
    if not isinstance(view, (ForwardConvolution, Pool)) or not isinstance(view.padding, str):
        return ()
    rank = len(inputs[0]) - 1
    found = []
    for axis, (window, n) in enumerate(zip(view.windows(inputs[0]), inputs[0][1:])):
        before, after = window.padding(n)
        total = expression_of(before + after)
        rule = total.definition if isinstance(total, Symbol) else None
        found.append(certain(axis_name(axis, rank), "p_total", Traced.of(rule or total)))
    return _joined("padding", found)


def _joined(what: str, of_axes: Sequence[Formula]) -> tuple[Formula, ...]:
    """Axes that come out of the same numbers share a formula; a number that all axes share is named without them."""
    groups: dict[tuple[object, ...], list[Formula]] = {}
    for formula in of_axes:
        numbers = (formula.text[1:] or formula.text, *(where.text[1:] for where in formula.where))
        groups.setdefault(numbers, []).append(formula)
    if what and len(groups) == 1:
        return (of_axes[0]._replace(quantity=what),)
    joined = []
    for group in groups.values():
        axes = ", ".join(formula.quantity for formula in group)
        joined.append(group[0]._replace(quantity=f"{what}, {axes}" if what else axes))
    return tuple(joined)


def _receptive(
    view: Layer, inputs: tuple[Shape, ...], seen: Sequence[Seen] | None, behind: Sequence[Seen] | None
) -> tuple[Formula, ...]:
    if seen is None:
        return ()
    reaches = view.reaches(*inputs)
    known = [reach for reach in reaches if reach is not None and reach.a]
    if len(known) < len(reaches) or any(one.stride * reach.a % reach.c for reach, one in zip(known, seen)):
        return ()
    of_axes = [_axis_receptive(reach, before) for reach, before in zip(known, seen)]
    results = [tuple(map(int, numbers)) for numbers in of_axes]
    if results == list(map(tuple, seen)) or (behind is not None and results != list(map(tuple, behind))):
        return ()
    found: list[Formula] = []
    quantities = ("receptive field", "receptive field stride", "receptive field padding")
    for quantity, symbol, numbers in zip(quantities, "rjP", zip(*of_axes)):
        axes = [axis_name(axis, len(numbers)) for axis in range(len(numbers))]
        found += _joined(quantity, [certain(axis, f"{symbol}_out", number) for axis, number in zip(axes, numbers)])
    return tuple(found)


def _axis_receptive(reach: Reach, before: Seen) -> tuple[int, int, int]:
    size, stride, padding = (Traced.symbol(symbol, n) for symbol, n in zip(("r_in", "j_in", "P_in"), before))
    return reach.recurrence(size, stride, padding)
