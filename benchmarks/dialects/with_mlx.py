"""MLX on CPU: channels last."""

from __future__ import annotations

from math import prod
from typing import Any

import mlx.core as mx
from mlx import nn
from mlx.utils import tree_flatten

from benchmarks.dialects.saying import paddings, said
from cnncalc.interchange.written import Unsaid
from cnncalc.layers.fields import spread

REFUSED = (ValueError, TypeError, RuntimeError, IndexError)
VERSION = "mlx 0.32.4"


def lone(layer: Any, shape: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
    """The shape that comes out, channels first, and how many numbers `parameters()` has."""
    rank, channels = len(shape) - 1, shape[0]
    made = made_of(layer, rank, channels)
    out = made(mx.zeros((2, *shape[1:], channels)))
    mx.eval(out)
    numbers = sum(prod(leaf.shape) for _, leaf in tree_flatten(made.parameters()))
    return (out.shape[-1], *out.shape[1:-1]), numbers


def border(layer: Any, rank: int) -> dict[str, Any]:
    """`padding`, where the file says one."""
    found = paddings(layer, rank)
    if found is None:
        return {}
    if isinstance(found, str) or any(before != after for before, after in found):
        raise Unsaid("mlx pads both sides alike, by numbers")
    return {"padding": tuple(before for before, _ in found) if rank > 1 else found[0][0]}


def alone(value: Any, rank: int) -> Any:
    """A number for one axis, else one for each."""
    return value[0] if rank == 1 and isinstance(value, tuple) else value


def made_of(layer: Any, rank: int, channels: int) -> Any:
    """The module."""
    kind = layer.kind
    if kind in ("conv", "dwconv", "deconv", "maxpool", "avgpool") and not 1 <= rank <= 3:
        raise Unsaid("one to three axes")
    if kind in ("conv", "dwconv"):
        names = {"stride": "stride", "dilation": "dilation", "bias": "bias"}
        out = layer.out if kind == "conv" else channels
        given = said(layer, rank, **names, **({"groups": "groups"} if kind == "conv" else {"multiplier": "multiplier"}))
        if kind == "dwconv":
            out = channels * given.pop("multiplier", 1)
            given["groups"] = channels
        kernel = tuple(spread(layer.kernel, rank))
        given = {name: alone(value, rank) for name, value in given.items()}
        return getattr(nn, f"Conv{rank}d")(channels, out, alone(kernel, rank), **given, **border(layer, rank))
    if kind == "deconv":
        names = {"stride": "stride", "dilation": "dilation", "bias": "bias", "output_padding": "output_padding"}
        given = {name: alone(value, rank) for name, value in said(layer, rank, **names).items()}
        kernel = alone(tuple(spread(layer.kernel, rank)), rank)
        return getattr(nn, f"ConvTranspose{rank}d")(channels, layer.out, kernel, **given, **border(layer, rank))
    if kind in ("maxpool", "avgpool"):
        given = {name: alone(value, rank) for name, value in said(layer, rank, stride="stride").items()}
        made = getattr(nn, f"{'Max' if kind == 'maxpool' else 'Avg'}Pool{rank}d")
        return made(alone(tuple(spread(layer.kernel, rank)), rank), **given, **border(layer, rank))
    if kind == "linear":
        return nn.Linear(channels, layer.out, **said(layer, rank, bias="bias"))
    if kind == "prelu":
        said(layer, rank, num_parameters="slopes")
        return nn.PReLU(channels if layer.slopes == "per_channel" else 1)
    if kind == "groupnorm":
        given = said(layer, rank, affine="affine", num_groups="groups")
        return nn.GroupNorm(given.pop("num_groups"), channels, **given)
    norms = {"batchnorm": nn.BatchNorm, "layernorm": nn.LayerNorm, "instancenorm": nn.InstanceNorm}
    if kind in norms:
        stats = {"track_running_stats": "stats"} if kind == "batchnorm" else {}
        return norms[kind](channels, **said(layer, rank, affine="affine", **stats))
    raise Unsaid(f"no {kind}")
