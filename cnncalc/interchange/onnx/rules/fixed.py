"""What the file holds, where it meets a tensor otherwise than as the weights of a layer."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from cnncalc.arithmetic.windows.formulas import Window
from cnncalc.interchange.onnx.call import WITHIN, Call, Live, NotKnown
from cnncalc.interchange.onnx.parts import Tensor
from cnncalc.layers.base import Shape

__all__ = ["by_columns", "held", "stack"]


def held(call: Call, tensor: Tensor, live: Live, shape: Shape, batch: int, suffix: str = "_with") -> Live:
    """A tensor of the file, or what it makes of several, as layers beside a tensor; their batch is that axis.

    Each of the weights that it is made of is learned; what is made of them is no layer, and costs nothing at inference.
    """
    if not tensor.floating or not (tensor.of or tensor.held_as_learned):
        return call.put("constant", live, suffix=suffix, batch=batch, shape=shape, join="alone")
    if not tensor.of:
        return call.put("parameter", live, suffix=suffix, weights=[tensor], batch=batch, shape=shape, join="alone")
    learned = [
        call.put("parameter", live, suffix="_table", weights=[one], shape=one.dims, join="alone") for one in tensor.of
    ]
    return call.put("opaque", *learned, suffix="_read", batch=batch, shape=shape, of="Constant")


def stack(call: Call, weight: Tensor, live: Live, suffix: str) -> Live:
    """Matrices of the file as a layer that brings them, as many as those of what they are multiplied with."""
    full = call.full(live)
    dims = (*(1,) * (len(full) - len(weight.dims)), *weight.dims)
    if len(dims) != len(full) or len(dims) < 2 or (live.axis != WITHIN and dims[live.axis] != 1):
        raise NotKnown("a weight on the left" if suffix == "_left" else "a product with a computed matrix")
    shape, around = call.own(live, dims), call.own(live, full)[:-2]
    made = held(call, weight, live, shape, live.axis, suffix)
    if shape[:-2] != around:
        made = call.put("expand", made, suffix=f"{suffix}_each", shape=(*around, *shape[-2:]))
    return made


def by_columns(call: Call, live: Live, filters: Live | Tensor, bias: Tensor | None, fields: Mapping[str, Any]) -> Live:
    """A convolution by filters that no layer learns, as those of a Fourier transform or of another image.

    It is windows beside each other, and a product with them.
    """
    dims = filters.dims if isinstance(filters, Tensor) else call.full(filters)
    (out, *_), (channels, *lengths), groups, rank = dims, call.shape(live), fields["groups"], len(dims) - 2
    said = fields["padding"]
    borders = [said] * rank if isinstance(said, str) else (*said * rank,)[:rank]
    windows = [Window(*one) for one in zip(fields["kernel"], fields["stride"], borders, fields["dilation"])]
    shape = (out, *(window.length(n) for window, n in zip(windows, lengths)))
    if rank > 2:  # no layer lays out those of a volume: there are as many
        rows_of = (channels * prod(fields["kernel"]), prod(shape[1:]))
        columns = call.put("opaque", live, suffix="_windows", shape=rows_of, of="windows")
    else:
        columns = laid_out(call, live, tuple(window.padding(n) for window, n in zip(windows, lengths)), fields)
    rows, places = call.shape(columns)
    matrix: tuple[int, ...] = (out, rows)
    if groups > 1:
        columns = call.put("reshape", columns, suffix="_groups", shape=(groups, rows // groups, places))
        matrix = (groups, out // groups, rows // groups)
    if isinstance(filters, Tensor):
        first = held(call, filters._replace(dims=matrix), columns, matrix, columns.axis, "_filters")
    else:
        first = call.put("reshape", filters, suffix="_filters", batch=columns.axis, shape=matrix)
    made = call.put("matmul", first, columns)
    made = call.put("reshape", made, suffix="_map", shape=shape)
    if bias is None:
        return made
    return call.put("parameter", made, suffix="_bias", weights=[bias], shape=(out, *(1,) * rank), join="add")


def laid_out(call: Call, live: Live, padded: tuple[tuple[int, int], ...], fields: Mapping[str, Any]) -> Live:
    """The windows of a map or of a line, each as a column."""
    rank = len(padded)
    if any(map(any, padded)):
        live = call.put("pad", live, suffix="_border", border=padded)
    if rank == 1:
        channels, length = call.shape(live)
        live = call.put("reshape", live, suffix="_line", shape=(channels, 1, length))
    over: dict[str, Any] = {name: (*(1,) * (2 - rank), *fields[name]) for name in ("kernel", "stride", "dilation")}
    return call.put("unfold", live, suffix="_windows", **over)
