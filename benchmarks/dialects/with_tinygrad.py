"""tinygrad on CPU: channels first."""

from __future__ import annotations

import os
from math import prod
from typing import Any

os.environ.setdefault("DEV", "PYTHON")  # shapes are inferred without a device that computes

from tinygrad import Tensor, nn

from benchmarks.dialects.saying import paddings, said
from cnncalc.interchange.written import Unsaid
from cnncalc.layers.fields import spread

REFUSED = (ValueError, TypeError, RuntimeError, IndexError, AssertionError, ZeroDivisionError)
VERSION = "tinygrad 0.14.0"


def lone(layer: Any, shape: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
    """The shape that comes out, and how many numbers with fractions `get_state_dict` has."""
    made = made_of(layer, len(shape) - 1, shape[0])
    out = made(Tensor.zeros(2, *shape))
    state = nn.state.get_state_dict(made) if hasattr(made, "__dict__") and not callable_only(made) else {}
    numbers = sum(prod(one.shape) for name, one in state.items() if "num_batches" not in name)
    return tuple(out.shape[1:]), numbers


def callable_only(made: Any) -> bool:
    """Whether it is a function."""
    return type(made).__name__ == "function"


def border(layer: Any, rank: int) -> dict[str, Any]:
    """`padding`, where the file says one; of each axis before and after, the last one first."""
    found = paddings(layer, rank)
    if found is None:
        return {}
    if isinstance(found, str):
        if found != "same" or layer.kind in ("deconv", "maxpool", "avgpool"):
            raise Unsaid("`same` is for convolutions")
        return {"padding": "same"}
    return {"padding": tuple(side for pair in reversed(found) for side in pair)}


def made_of(layer: Any, rank: int, channels: int) -> Any:
    """The module, or for a pool the function."""
    kind = layer.kind
    if kind in ("conv", "dwconv", "deconv") and not 1 <= rank <= 3:
        raise Unsaid("one to three axes")
    if kind in ("conv", "dwconv"):
        names = {"stride": "stride", "dilation": "dilation", "bias": "bias"}
        given = said(layer, rank, **names, **({"groups": "groups"} if kind == "conv" else {"multiplier": "multiplier"}))
        out = layer.out if kind == "conv" else channels * given.pop("multiplier", 1)
        given |= {"groups": channels} if kind == "dwconv" else {}
        return nn.Conv2d(channels, out, tuple(spread(layer.kernel, rank)), **given, **border(layer, rank))
    if kind == "deconv":
        names = {"stride": "stride", "dilation": "dilation", "bias": "bias", "output_padding": "output_padding"}
        given = said(layer, rank, groups="groups", **names)
        kernel = tuple(spread(layer.kernel, rank))
        return nn.ConvTranspose2d(channels, layer.out, kernel, **given, **border(layer, rank))
    if kind in ("maxpool", "avgpool"):
        names = {"stride": "stride", "ceil_mode": "rounding", "dilation": "dilation"}
        names |= {"count_include_pad": "count_include_pad"} if kind == "avgpool" else {}
        given = {**said(layer, rank, **names), **border(layer, rank)}
        if "ceil_mode" in given:
            given["ceil_mode"] = given["ceil_mode"] == "ceil"
        kernel = tuple(spread(layer.kernel, rank))
        return lambda x: (x.max_pool2d if kind == "maxpool" else x.avg_pool2d)(kernel, **given)
    if kind == "groupnorm":
        given = said(layer, rank, affine="affine", num_groups="groups")
        return nn.GroupNorm(given.pop("num_groups"), channels, **given)
    if kind == "batchnorm":
        return nn.BatchNorm(channels, **said(layer, rank, affine="affine", track_running_stats="stats"))
    if kind == "instancenorm":
        return nn.InstanceNorm(channels, **said(layer, rank, affine="affine"))
    if kind == "layernorm" and rank == 2:
        return nn.LayerNorm2d(channels, **said(layer, rank, elementwise_affine="affine"))
    if kind == "linear" and rank == 0:
        return nn.Linear(channels, layer.out, **said(layer, rank, bias="bias"))
    raise Unsaid(f"no {kind}")
