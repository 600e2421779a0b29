"""Our attention in Paddle: its MultiHeadAttention, and where that has not what is asked for, its operations."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.layers import Shape
from cnncalc.layers.fields import spread
from cnncalc.layers.kinds.sequences import attention
from cnncalc.witnesses.paddle.own import first, last, own
from cnncalc.witnesses.paddle.windows import Run

__all__ = ["attended"]

Shapes = tuple[Shape, ...]


def attended(paddle: Any, layer: attention.Attention, x: Shapes) -> Run:
    """The class where all places ask all with heads of one size, projected with biases or without; else composed."""
    plain = layer.window is None and not (layer.biased or layer.cosine or layer.causal)
    alike = (layer.key, layer.value, layer.out, layer.shared, layer.scaled) == (None, None, None, None, "head")
    if plain and alike and layer.project and layer.bias == layer.project_bias:
        return _by_class(paddle, layer, x)
    return _composed(paddle, layer, x)


def _rows(paddle: Any, layer: attention.Attention, tensor: Any) -> Any:
    """(batch, places, features)."""
    tensor = tensor if layer.axis == "last" else last(paddle, tensor)
    return paddle.reshape(tensor, [tensor.shape[0], -1, tensor.shape[-1]])


def _back(paddle: Any, layer: attention.Attention, tensor: Any, x: Shape) -> Any:
    """The rows laid out as the tensor that asked."""
    made = paddle.reshape(tensor, [tensor.shape[0], *layer.places(x), tensor.shape[-1]])
    return made if layer.axis == "last" else first(paddle, made)


def _by_class(paddle: Any, layer: attention.Attention, x: Shapes) -> Run:
    """MultiHeadAttention, whose keys and values may have other features than what asks."""
    heads = paddle.nn.MultiHeadAttention(
        layer.features(x[0]),
        layer.heads,
        kdim=layer.features(x[min(1, len(x) - 1)]),
        vdim=layer.features(x[-1]),
        bias_attr=None if layer.bias else False,
    )

    def run(module: Any, *tensors: Any) -> Any:
        rows = [_rows(paddle, layer, one) for one in tensors]
        return _back(paddle, layer, module.heads(rows[0], rows[min(1, len(rows) - 1)], rows[-1]), x[0])

    return own(paddle, run, heads=heads)  # type: ignore[no-any-return]  # no types


def _composed(paddle: Any, layer: attention.Attention, x: Shapes) -> Run:
    """Linear layers, products of matrices and a softmax, within windows where there are any.

    What sets apart the places that a shift brings together is left out: it is added, and has no parameter.
    """
    groups = layer.heads if layer.shared is None else layer.shared
    key = layer.features(x[0]) // layer.heads if layer.key is None else layer.key
    value = key if layer.value is None else layer.value
    sources = (x[0], x[min(1, len(x) - 1)], x[-1])
    widths = (layer.heads * key, groups * key, groups * value)
    parts = {
        name: paddle.nn.Linear(layer.features(source), width, bias_attr=None if layer.bias else False)
        for name, source, width in zip(("query", "key", "value"), sources, widths)
    }
    if layer.project:
        leaving = layer.features(x[0]) if layer.out is None else layer.out
        parts["joined"] = paddle.nn.Linear(
            layer.heads * value, leaving, bias_attr=None if layer.project_bias else False
        )
    learned: dict[str, Shape] = {}
    kept: dict[str, Shape] = {}
    window = layer.places(x[0]) if layer.window is None else tuple(spread(layer.window, len(layer.places(x[0]))))
    if layer.cosine:
        learned["scale"] = (layer.heads, 1, 1)
    if layer.continuous is not None:
        kept["around"] = (1, *(2 * w - 1 for w in window), len(window))
        hidden = paddle.nn.Linear(len(window), layer.continuous)
        parts["net"] = paddle.nn.Sequential(
            hidden, paddle.nn.ReLU(), paddle.nn.Linear(layer.continuous, layer.heads, bias_attr=False)
        )
    elif layer.relative:
        learned["table"] = (prod(2 * w - 1 for w in window), layer.heads)

    def run(module: Any, *tensors: Any) -> Any:
        taken = [_windowed(paddle, layer, one, window) for one in tensors]
        asked = (taken[0], taken[min(1, len(taken) - 1)], taken[-1])
        heads = [
            _heads(paddle, getattr(module, name)(one), count, layer.heads)
            for name, one, count in zip(("query", "key", "value"), asked, (layer.heads, groups, groups))
        ]
        scores = paddle.matmul(heads[0], heads[1], transpose_y=True)
        if layer.cosine:
            scores = scores * module.scale
        if layer.biased:
            scores = scores + _biases(paddle, layer, module, window)
        made = paddle.matmul(paddle.nn.functional.softmax(scores), heads[2])
        made = paddle.flatten(paddle.transpose(made, [0, 1, 3, 2, 4]), 3)
        made = module.joined(made) if layer.project else made
        return _back(paddle, layer, _whole(paddle, layer, made, window, x[0]), x[0])

    return own(paddle, run, learned, kept, **parts)  # type: ignore[no-any-return]  # no types


def _heads(paddle: Any, rows: Any, count: int, heads: int) -> Any:
    """(batch, windows, heads, places, features of a head), those that several share repeated."""
    apart = paddle.reshape(rows, [*rows.shape[:3], count, rows.shape[3] // count])
    turned = paddle.transpose(apart, [0, 1, 3, 2, 4])
    return turned if count == heads else paddle.repeat_interleave(turned, heads // count, axis=2)


def _order(rank: int, *, grid: bool) -> list[int]:
    """Windows before the places within them."""
    outer, inner = [1 + 2 * axis for axis in range(rank)], [2 + 2 * axis for axis in range(rank)]
    return [0, *(inner + outer if grid else outer + inner), 1 + 2 * rank]


def _windowed(paddle: Any, layer: attention.Attention, tensor: Any, window: Shape) -> Any:
    """(batch, windows, places of a window, features)."""
    if layer.window is None:
        return paddle.unsqueeze(_rows(paddle, layer, tensor), 1)
    tensor = tensor if layer.axis == "last" else last(paddle, tensor)
    batch, *places, features = tensor.shape
    shifts = layer.shifts((features, *places) if layer.axis == "channels" else (*places, features))
    if any(shifts):
        tensor = paddle.roll(tensor, [-shift for shift in shifts], list(range(1, 1 + len(places))))
    pairs = [pair[::-1] if layer.grid else pair for pair in ((n // w, w) for n, w in zip(places, window))]
    apart = paddle.reshape(tensor, [batch, *(part for pair in pairs for part in pair), features])
    turned = paddle.transpose(apart, _order(len(places), grid=layer.grid))
    return paddle.reshape(turned, [batch, -1, prod(window), features])


def _whole(paddle: Any, layer: attention.Attention, made: Any, window: Shape, x: Shape) -> Any:
    """The inverse, as rows of all places."""
    if layer.window is None:
        return paddle.squeeze(made, 1)
    places = layer.places(x)
    rank, order = len(places), _order(len(places), grid=layer.grid)
    counts = [n // w for n, w in zip(places, window)]
    apart = paddle.reshape(made, [made.shape[0], *counts, *window, made.shape[-1]])
    back = paddle.transpose(apart, [order.index(axis) for axis in range(2 * rank + 2)])
    tensor = paddle.reshape(back, [made.shape[0], *places, made.shape[-1]])
    shifts = layer.shifts(x)
    if any(shifts):
        tensor = paddle.roll(tensor, list(shifts), list(range(1, 1 + rank)))
    return paddle.reshape(tensor, [made.shape[0], -1, made.shape[-1]])


def _biases(paddle: Any, layer: attention.Attention, module: Any, window: Shape) -> Any:
    """(heads, places, places): of each two places of a window the row of the table for their distance."""
    places = prod(window)
    table = module.table if layer.continuous is None else paddle.flatten(module.net(module.around), 0, -2)
    lines = [paddle.arange(n) for n in window]
    number = paddle.zeros([places, places], "int64")
    for n, at in zip(window, paddle.meshgrid(*lines)):
        flat = paddle.flatten(at)
        number = number * (2 * n - 1) + paddle.unsqueeze(flat, 1) - paddle.unsqueeze(flat, 0) + n - 1
    each = paddle.reshape(paddle.gather(table, paddle.flatten(number)), [places, places, layer.heads])
    return paddle.transpose(each, [2, 0, 1])
