"""Flax (nnx and linen's pools): channels last."""

from __future__ import annotations

from math import prod
from typing import Any

import jax
import jax.numpy as jnp
from flax import linen, nnx

from benchmarks.dialects.saying import paddings, said
from cnncalc.interchange.written import Unsaid
from cnncalc.layers.fields import spread

REFUSED = (ValueError, TypeError, AssertionError, ZeroDivisionError)
STATEFUL = ("batchnorm",)
"""What cannot be asked for its shape alone."""
VERSION = "flax 0.12.8, jax 0.10.2"


def lone(layer: Any, shape: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
    """The shape that comes out, channels first, and how many numbers the layer has."""
    rank, channels = len(shape) - 1, shape[0]
    x = jnp.zeros((2, *shape[1:], channels))
    made = made_of(layer, rank, channels, x)
    out = made(x).shape if layer.kind in STATEFUL else jax.eval_shape(made, x).shape
    numbers = sum(prod(leaf.shape) for leaf in jax.tree.leaves(nnx.state(made))) if isinstance(made, nnx.Module) else 0
    return (out[-1], *out[1:-1]), numbers


def border(layer: Any, rank: int) -> dict[str, Any]:
    """`padding`, where the file says one."""
    found = paddings(layer, rank)
    if found is None:
        return {}
    if isinstance(found, str):
        if found != "same":
            raise Unsaid("flax has `SAME` and `VALID`")
        return {"padding": "SAME"}
    return {"padding": found if any(map(any, found)) else "VALID"}


def made_of(layer: Any, rank: int, channels: int, x: Any) -> Any:
    """The module, or for a pool the function."""
    kind, rngs = layer.kind, nnx.Rngs(0)
    if kind in ("conv", "dwconv"):
        depthwise = {"feature_group_count": channels} if kind == "dwconv" else {}
        names = {"strides": "stride", "kernel_dilation": "dilation", "use_bias": "bias"}
        names |= {"feature_group_count": "groups"} if kind == "conv" else {}
        out = layer.out if kind == "conv" else channels * layer.multiplier
        if kind == "dwconv":
            layer = type(layer)(**{**{name: getattr(layer, name) for name in layer.fields}, "multiplier": 1})
        given = {**said(layer, rank, **names), **depthwise, **border(layer, rank)}
        return nnx.Conv(channels, out, tuple(spread(layer.kernel, rank)), rngs=rngs, **given)
    if kind == "deconv":
        given = said(layer, rank, strides="stride", kernel_dilation="dilation", use_bias="bias")
        kernel = tuple(spread(layer.kernel, rank))
        return nnx.ConvTranspose(channels, layer.out, kernel, rngs=rngs, **given, **border(layer, rank))
    if kind in ("maxpool", "avgpool"):
        names = {"strides": "stride"} | ({"count_include_pad": "count_include_pad"} if kind == "avgpool" else {})
        given = {**said(layer, rank, **names), **border(layer, rank)}
        pool: Any = linen.max_pool if kind == "maxpool" else linen.avg_pool
        return lambda x: pool(x, tuple(spread(layer.kernel, rank)), **given)
    if kind == "linear":
        return nnx.Linear(channels, layer.out, rngs=rngs, **said(layer, rank, use_bias="bias"))
    if kind == "prelu":
        said(layer, rank)
        return nnx.PReLU()
    norms = {"batchnorm": nnx.BatchNorm, "layernorm": nnx.LayerNorm, "instancenorm": nnx.InstanceNorm}
    if kind in norms:
        return norms[kind](channels, rngs=rngs, **said(layer, rank))
    if kind == "groupnorm":
        said(layer, rank, num_groups="groups")
        return nnx.GroupNorm(channels, layer.groups, rngs=rngs)
    raise Unsaid(f"no {kind}")
