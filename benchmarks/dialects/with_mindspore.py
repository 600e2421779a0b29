"""MindSpore on CPU: channels first."""

from __future__ import annotations

from math import prod
from typing import Any

import mindspore
import numpy as np
from mindspore import Tensor, nn

from benchmarks.dialects.saying import paddings, said
from cnncalc.interchange.written import Unsaid
from cnncalc.layers.fields import spread

REFUSED = (ValueError, TypeError, RuntimeError, IndexError)
NORMS = {
    **dict.fromkeys((("batchnorm", 1), ("batchnorm", 2)), "BatchNorm"),
    **{("instancenorm", rank): "InstanceNorm" for rank in (1, 2, 3)},
}
VERSION = f"MindSpore {mindspore.__version__}"


def lone(layer: Any, shape: tuple[int, ...]) -> tuple[tuple[int, ...], int]:
    """The shape that comes out, and how many numbers `get_parameters` has."""
    made = made_of(layer, len(shape) - 1, shape[0]).set_train(mode=False)
    if layer.kind == "instancenorm":  # a CPU has no kernel for it: its numbers are held alone
        return shape, sum(prod(one.shape) for one in made.get_parameters())
    out = made(Tensor(np.zeros((2, *shape), np.float32)))
    return tuple(out.asnumpy().shape[1:]), sum(prod(one.shape) for one in made.get_parameters())


def border(layer: Any, rank: int) -> dict[str, Any]:
    """`pad_mode` and `padding`, where the file says them."""
    found = paddings(layer, rank)
    if found is None:
        return {}
    if isinstance(found, str):
        if found != "same":
            raise Unsaid("MindSpore has `same`, `valid` and `pad`")
        return {"pad_mode": "same"}
    if not any(map(any, found)):
        return {"pad_mode": "valid"}
    pool = layer.kind in ("maxpool", "avgpool")
    if pool and any(before != after for before, after in found):
        raise Unsaid("a pool pads both sides alike")
    if rank == 1 and found[0][0] != found[0][1]:
        raise Unsaid("along one axis both sides are padded alike")
    sides = tuple(before for before, _ in found) if pool else tuple(side for pair in found for side in pair)
    return {"pad_mode": "pad", "padding": sides[0] if len(set(sides)) == 1 else sides}


def alone(value: Any) -> Any:
    """One number where all are alike."""
    return value[0] if isinstance(value, tuple) and len(set(value)) == 1 else value


def made_of(layer: Any, rank: int, channels: int) -> Any:
    """The cell."""
    kind = layer.kind
    windowed = kind in ("conv", "dwconv", "deconv", "maxpool", "avgpool")
    if windowed and rank not in (1, 2):
        raise Unsaid("one or two axes are held")
    kernel = alone(tuple(spread(layer.kernel, rank))) if windowed else None
    if kind in ("conv", "dwconv", "deconv"):
        names = {"stride": "stride", "dilation": "dilation", "has_bias": "bias"}
        names |= {"multiplier": "multiplier"} if kind == "dwconv" else {"group": "groups"}
        names |= {"output_padding": "output_padding"} if kind == "deconv" else {}
        given = {name: alone(value) for name, value in said(layer, rank, **names).items()}
        if "output_padding" in given and (rank == 1 or "padding" not in border(layer, rank)):
            raise Unsaid("output padding goes with two axes and padding in numbers")
        out = channels * given.pop("multiplier", 1) if kind == "dwconv" else layer.out
        given |= {"group": channels} if kind == "dwconv" else {}
        make = getattr(nn, f"Conv{rank}d{'Transpose' if kind == 'deconv' else ''}")
        return make(channels, out, kernel, **given, **border(layer, rank))
    if kind in ("maxpool", "avgpool"):
        names = {"stride": "stride", "ceil_mode": "rounding"}
        names |= {"count_include_pad": "count_include_pad"} if kind == "avgpool" else {"dilation": "dilation"}
        given = {name: alone(value) for name, value in said(layer, rank, **names).items()}
        if "ceil_mode" in given:
            given["ceil_mode"] = given["ceil_mode"] == "ceil"
        given |= {"kernel_size": kernel} if layer.kernel != (1,) else {}
        padded = border(layer, rank)
        if kind == "maxpool" and {"ceil_mode", "dilation"} & given.keys() and padded.get("pad_mode") != "same":
            padded = {"pad_mode": "pad", **{name: value for name, value in padded.items() if name == "padding"}}
        return getattr(nn, f"{'Max' if kind == 'maxpool' else 'Avg'}Pool{rank}d")(**given, **padded)
    if getattr(layer, "affine", True) is False:
        raise Unsaid("MindSpore keeps scale and shift then, and does not train them")
    if kind == "prelu":
        said(layer, rank, channel="slopes")
        return nn.PReLU(channels if layer.slopes == "per_channel" else 1)
    if kind == "groupnorm" and rank == 2:
        given = said(layer, rank, affine="affine", num_groups="groups")
        return nn.GroupNorm(given.pop("num_groups"), channels, **given)
    if (kind, rank) in NORMS:
        return getattr(nn, f"{NORMS[kind, rank]}{rank}d")(channels, **said(layer, rank))
    if kind == "linear" and rank == 0:
        return nn.Dense(channels, layer.out, **said(layer, rank, has_bias="bias"))
    raise Unsaid(f"no {kind}")
