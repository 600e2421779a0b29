"""What frameworks call each kind of layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnncalc.tools.modules import Call, Modules

__all__ = ["FUNCTIONS", "camel", "is_function", "paddle_class", "torch_class", "unknown_lines"]

FUNCTIONS = frozenset(
    ("add", "multiply", "maximum", "concat", "reshape", "permute", "slice", "crop", "layerscale", "maxout")
)
"""What people write as an expression or a function, so that no summary of modules shows it."""

RANKED = {
    "conv": "Conv{}",
    "dwconv": "Conv{}",
    "deconv": "ConvTranspose{}",
    "maxpool": "MaxPool{}",
    "avgpool": "AvgPool{}",
    "lppool": "LPPool{}",
    "adaptive_maxpool": "AdaptiveMaxPool{}",
    "adaptive_avgpool": "AdaptiveAvgPool{}",
    "global_maxpool": "AdaptiveMaxPool{}",
    "global_avgpool": "AdaptiveAvgPool{}",
    "batchnorm": "BatchNorm{}",
    "instancenorm": "InstanceNorm{}",
    "pad": "ZeroPad{}",
}
PLAIN = {
    "linear": "Linear",
    "bilinear": "Bilinear",
    "groupnorm": "GroupNorm",
    "layernorm": "LayerNorm",
    "lrn": "LocalResponseNorm",
    "relu": "ReLU",
    "relu6": "ReLU6",
    "leaky_relu": "LeakyReLU",
    "rrelu": "RReLU",
    "prelu": "PReLU",
    "elu": "ELU",
    "selu": "SELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "mish": "Mish",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "hardswish": "Hardswish",
    "hardsigmoid": "Hardsigmoid",
    "softplus": "Softplus",
    "softmax": "Softmax",
    "log_softmax": "LogSoftmax",
    "dropout": "Dropout",
    "droppath": "StochasticDepth",
    "flatten": "Flatten",
    "upsample": "Upsample",
    "pixel_shuffle": "PixelShuffle",
    "pixel_unshuffle": "PixelUnshuffle",
    "space_to_depth": "PixelUnshuffle",
    "channel_shuffle": "ChannelShuffle",
    "identity": "Identity",
}
PADDLE = {"silu": "Silu", "deconv": "Conv{}Transpose", "droppath": "DropPath"}


def _ranked(names: Mapping[str, str], call: Call, letter: str) -> str:
    name = names.get(call.layer.kind, "")
    return name.format(f"{max(call.rank, 1)}{letter}")


def torch_class(call: Call) -> str:
    """torch's class for a layer; empty where it has none."""
    kind = call.layer.kind
    if kind == "layernorm" and call.rank > 0 and getattr(call.layer, "over", "") == "channels":
        return "LayerNorm2d"  # torchvision's
    return _ranked({**PLAIN, **RANKED}, call, "d")


def paddle_class(call: Call) -> str:
    """Paddle's class for a layer; empty where it has none."""
    return _ranked({**PLAIN, **RANKED, **PADDLE}, call, "D")


def is_function(call: Call, net: Modules) -> bool:
    """Whether people write the layer as a function.

    A flatten is a module in a plain list of layers, and a function beside layers or groups that have own names.
    """
    if call.layer.kind != "flatten":
        return call.layer.kind in FUNCTIONS
    level, _, tail = call.name.rpartition(".")
    return not call.own_name and not tail.isdecimal() and level in net.named_levels


def camel(block: str) -> str:
    """A block's name as a class: `dense_layer` is `DenseLayer`."""
    return "".join(part[:1].upper() + part[1:] for part in block.split("_"))


def unknown_lines(tool: str, calls: list[Call]) -> list[str]:
    """What a style says where the framework has no class for a layer: its kind stands in its row."""
    if not calls:
        return []
    names = ", ".join(call.name for call in calls[:3]) + (f" and {len(calls) - 3:,} more" if len(calls) > 3 else "")
    kinds = ", ".join(dict.fromkeys(call.layer.kind for call in calls))
    return [f"PARTIAL: {tool} has no layer of the kinds {kinds} ({names}); their numbers are cnncalc's."]
