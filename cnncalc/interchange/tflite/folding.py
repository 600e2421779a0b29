"""Arithmetic on what the file holds or shapes decide: sizes are computed with it, weights keep their shape alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from math import prod
from typing import TypeAlias

from cnncalc.interchange.tflite.call import Call, Live
from cnncalc.interchange.tflite.model import Fixed

__all__ = ["folded", "shape_of"]

Fold: TypeAlias = "Callable[[Call, list[Fixed]], Fixed | None]"
ARITHMETIC: dict[str, Callable[[int | float, int | float], int | float]] = {
    "ADD": lambda a, b: a + b,
    "SUB": lambda a, b: a - b,
    "MUL": lambda a, b: a * b,
    "MAXIMUM": max,
    "MINIMUM": min,
    "FLOOR_DIV": lambda a, b: a // b,
    "DIV": lambda a, b: a // b if isinstance(a, int) and isinstance(b, int) else a / b,
}
MOST = 256


def shape_of(call: Call) -> list[Fixed]:
    """SHAPE, and the number of axes."""
    value = call.place(0)
    dims = value.dims if isinstance(value, (Live, Fixed)) else ()
    return [Fixed((), 2, (len(dims),)) if call.operator.kind == "RANK" else Fixed((len(dims),), 2, dims)]


def folded(call: Call) -> list[Fixed] | None:
    """What an operator makes of tensors that do not depend on the input; None where it is not known."""
    taken = [value for value in call.values if isinstance(value, Fixed)]
    if not taken or call.operator.kind not in FOLDS:
        return None
    made = FOLDS[call.operator.kind](call, taken)
    return None if made is None else [made]


def _keep(call: Call, taken: list[Fixed]) -> Fixed:
    return taken[0]


def _arithmetic(call: Call, taken: list[Fixed]) -> Fixed | None:
    a, b = taken[0], taken[1] if len(taken) > 1 else taken[0]
    if a.values is None or b.values is None or (a.dims != b.dims and 1 not in (a.size, b.size)):
        return None
    longer = a if a.size >= b.size else b
    left, right = (one.values * (longer.size // max(one.size, 1)) for one in (a, b) if one.values is not None)
    try:
        values = tuple(ARITHMETIC[call.operator.kind](x, y) for x, y in zip(left, right))
    except (ArithmeticError, ValueError):
        return None
    return Fixed(longer.dims, longer.type, values) if all(abs(value) < 2**63 for value in values) else None


def _pack(call: Call, taken: list[Fixed]) -> Fixed | None:
    if len(taken) != len(call.values) or len(taken) > MOST or any(one.dims for one in taken):
        return None
    known = [one.values[0] for one in taken if one.values]
    return Fixed((len(taken),), taken[0].type, tuple(known) if len(known) == len(taken) else None)


def _concat(call: Call, taken: list[Fixed]) -> Fixed | None:
    if len(taken) != len(call.values) or any(len(one.dims) != 1 for one in taken):
        return None
    size = sum(one.size for one in taken)
    known = size <= MOST and all(one.values is not None for one in taken)
    values = tuple(chain.from_iterable(one.values or () for one in taken)) if known else None
    return Fixed((size,), taken[0].type, values)


def _strided(call: Call, taken: list[Fixed]) -> Fixed | None:
    """Of a list of numbers."""
    data, *bounds = taken
    if len(data.dims) != 1 or data.values is None or len(bounds) != 3 or any(one.values is None for one in bounds):
        return None
    begin, end, step = (int(one.values[0]) if one.values else 0 for one in bounds)
    if step == 0:
        return None
    if call.whole(4) & 1:
        return Fixed((), data.type, (data.values[begin],)) if -data.size <= begin < data.size else None
    first = None if call.whole(0) & 1 else begin
    values = data.values[first : None if call.whole(1) & 1 else end : step]
    return Fixed((len(values),), data.type, values)


def _reshape(call: Call, taken: list[Fixed]) -> Fixed | None:
    target = taken[1].wholes() if len(taken) > 1 else None
    if target is None:
        return None
    rest = prod(n for n in target if n != -1)
    dims = tuple(taken[0].size // max(rest, 1) if n == -1 else n for n in target)
    return taken[0]._replace(dims=dims) if prod(dims) == taken[0].size and min(dims, default=1) >= 0 else None


def _transpose(call: Call, taken: list[Fixed]) -> Fixed | None:
    order = taken[1].wholes() if len(taken) > 1 else None
    if order is None or sorted(order) != list(range(len(taken[0].dims))):
        return None
    return Fixed(tuple(taken[0].dims[axis] for axis in order), taken[0].type, None, taken[0].number)


def _gather(call: Call, taken: list[Fixed]) -> Fixed | None:
    if len(taken) != 2 or len(taken[0].dims) != 1 or taken[0].values is None or taken[1].values is None:
        return None
    places = [int(one) for one in taken[1].values]
    if any(not 0 <= one < taken[0].size for one in places):
        return None
    return Fixed(taken[1].dims, taken[0].type, tuple(taken[0].values[one] for one in places))


def _product(call: Call, taken: list[Fixed]) -> Fixed | None:
    values = taken[0].values
    return None if values is None or len(taken[0].dims) != 1 else Fixed((), taken[0].type, (prod(values),))


def _expand(call: Call, taken: list[Fixed]) -> Fixed | None:
    axis = taken[1].wholes() if len(taken) > 1 else None
    if not axis:
        return None
    at = axis[0] % (len(taken[0].dims) + 1)
    return taken[0]._replace(dims=(*taken[0].dims[:at], 1, *taken[0].dims[at:]))


FOLDS: dict[str, Fold] = {
    **dict.fromkeys(("CAST", "DEQUANTIZE", "QUANTIZE", "FAKE_QUANT", "DENSIFY"), _keep),
    **dict.fromkeys(ARITHMETIC, _arithmetic),
    "PACK": _pack,
    "CONCATENATION": _concat,
    "STRIDED_SLICE": _strided,
    "RESHAPE": _reshape,
    "TRANSPOSE": _transpose,
    "GATHER": _gather,
    "REDUCE_PROD": _product,
    "EXPAND_DIMS": _expand,
}
"""By operator, for tensors that are all known."""
