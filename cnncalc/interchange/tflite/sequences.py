"""Operators on sequences: cells with one vector of biases, whose states are no tensors here."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.interchange.tflite.call import Call, Live, Value, activated
from cnncalc.layers import show_shape

__all__ = ["lstm", "rnn", "svdf"]

RELU = 1
BEHIND = 17
"""What a second, backward LSTM takes stands so many places behind what the first takes."""


def lstm(call: Call) -> list[Value]:
    """Over a sequence, over one in both directions, or one step; without peepholes, norms or joined gates."""
    both = call.operator.kind.startswith("BI")
    if call.operator.kind == "LSTM" and call.whole(3, size=1):
        return _basic(call)
    norms = () if both else (20, 21, 22, 23)
    if any(call.given(place) for place in (9, 10, 11, 17, *norms)) or not call.given(1):
        raise call.fault("a cell with peepholes, norms or joined gates is not read")
    fields: dict[str, Any] = {"hidden": _length(call, 2), "bias": call.given(13)}
    if call.given(16):
        fields["projection"] = _length(call, 16)
    own = tuple(place for place in (*range(1, 9), *range(12, 17)) if call.given(place))
    weights = own + tuple(place + BEHIND for place in own) if both else own
    if not both:
        return [_over(call, "lstm", weights, first=call.operator.kind != "LSTM" and call.flag(3), **fields)]
    if any(call.given(place) for place in (26, 27, 28, 34, *range(39, 48))) or not call.given(18):
        raise call.fault("a cell with peepholes, joined gates or a second input is not read")
    made = _over(call, "lstm", weights, first=bool(call.whole(4, 1, size=1)), bidirectional=True, **fields)
    return [made] if call.flag(3) else _halves(call, made)


def _basic(call: Call) -> list[Value]:
    """One step of a cell whose gates are one matrix of what comes in and of the last state."""
    x, dims = call.live(), call.fixed(2).dims
    if len(dims) != 2 or len(x.dims) != 2 or dims[0] // 4 + x.dims[1] != dims[1]:
        raise call.fault("its matrix has four rows a unit, and a column for each number", show_shape(dims))
    return [_over(call, "lstm", (2, 3), first=False, hidden=dims[0] // 4, bias=call.given(3))]


def rnn(call: Call) -> list[Value]:
    """A plain cell over a sequence, over one in both directions, or one step."""
    kind = call.operator.kind
    step, both = kind == "RNN", kind.startswith("BI")
    fields: dict[str, Any] = {"hidden": _length(call, 1), "bias": call.given(3)}
    if call.whole(0 if step else 1, size=1) == RELU:
        fields["nonlinearity"] = "relu"
    if not both:
        return [_over(call, "rnn", (1, 2, 3) if call.given(3) else (1, 2), first=not step and call.flag(0), **fields)]
    if any(call.given(place) for place in (9, 10, 11)):
        raise call.fault("a cell with a second input is not read")
    weights = tuple(place for place in (1, 2, 3, 5, 6, 7) if call.given(place))
    made = _over(call, "rnn", weights, first=call.flag(0), bidirectional=True, **fields)
    return [made] if call.flag(2) else _halves(call, made)


def _length(call: Call, place: int) -> int:
    """The units that a matrix of the file has."""
    dims = call.fixed(place).dims
    return dims[0] if dims else 0


def _over(call: Call, kind: str, weights: tuple[int, ...], *, first: bool, **fields: Any) -> Live:
    """A cell over a sequence whose length stands before the batch, or behind it; a matrix is one step."""
    x = call.live()
    alone = len(x.dims) == 2
    if not alone and len(x.dims) != 3:
        raise call.fault("it takes a sequence, or one step", show_shape(x.dims))
    dims = (x.dims[0], 1, x.dims[1]) if alone else (x.dims[1], x.dims[0], x.dims[2]) if first else x.dims
    if not call.batched(dims) or (first and call.batch != 1):
        raise call.fault("it takes a sequence, the batch first", show_shape(x.dims))
    made = call.put(kind, call.shaped(x, dims), weights=weights, **fields)
    features = made.dims[-1]
    if alone or first:
        return call.shaped(made, (*x.dims[:-1], features))
    return made


def _halves(call: Call, made: Live) -> list[Value]:
    """What both directions make, each as an output of its own."""
    half = made.dims[-1] // 2
    dims = (*made.dims[:-1], half)
    spans = ((0, half), (half, 2 * half))
    return [call.put("slice", made, dims=dims, channels=span) for span in spans]


def svdf(call: Call) -> list[Value]:
    """SVDF, a product of low rank with a memory (Nakkiran et al. 2015): features, then a filter along time for each.

    What it remembers is a border of the sequence, of which one step comes in. A unit is the sum of `rank` filters.
    """
    x, features, time, rank = call.live(), call.fixed(1).dims, call.fixed(2).dims, call.whole(0)
    fits = len(features) == len(time) == 2 and features[:1] == time[:1] and prod(x.dims[1:]) == features[1]
    if not fits or rank < 1 or time[0] % rank:
        raise call.fault("it is read one step at a time, of filters that its rank divides", show_shape(x.dims))
    filters, memory = time
    bias = call.given(3) and rank == 1
    made = call.put("linear", x, weights=(1,), out=filters, bias=False)
    made = call.put("reshape", made, dims=(call.batch, 1, filters), shape=(filters, 1))
    made = call.put("pad", made, border=((memory - 1, 0),))
    weights = (2, 3) if bias else (2,)
    made = call.put("dwconv", made, weights=weights, kernel=memory, bias=bias, padding="valid")
    made = call.shaped(made, (call.batch, filters))
    if rank > 1:
        units = filters // rank
        made = call.put("reshape", made, dims=(call.batch, rank, units), shape=(units, rank))
        made = call.put("reduce", made, dims=(call.batch, units), by="sum", axes=(1,))
        if call.given(3):
            made = call.put("parameter", made, weights=(3,), dims=made.dims, shape=(units,), join="add")
    return [activated(call, made, call.whole(1, size=1))]
