"""What torch and Paddle call alike: the kinds of layers whose stock class has the same name and arguments in both."""

from __future__ import annotations

POOLS = {"maxpool": "MaxPool", "avgpool": "AvgPool", "lppool": "LPPool"}
ADAPTIVE = {
    "adaptive_maxpool": "AdaptiveMaxPool",
    "adaptive_avgpool": "AdaptiveAvgPool",
    "global_maxpool": "AdaptiveMaxPool",
    "global_avgpool": "AdaptiveAvgPool",
}
NORMS = ("batchnorm", "instancenorm", "groupnorm", "layernorm")
WITHOUT_ARGUMENTS = {
    "relu": "ReLU",
    "relu6": "ReLU6",
    "leaky_relu": "LeakyReLU",
    "elu": "ELU",
    "rrelu": "RReLU",
    "selu": "SELU",
    "gelu": "GELU",
    "mish": "Mish",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "hardswish": "Hardswish",
    "hardsigmoid": "Hardsigmoid",
    "softplus": "Softplus",
    "identity": "Identity",
}


def scalar(values):
    """One number where all axes agree, as people write it; else one an axis."""
    values = tuple(values)
    return values[0] if len(set(values)) == 1 else values


def alike(nn, layer, x):
    """The layer as a module of `nn`, the classes of torch or Paddle; None where these differ, or have none."""
    kind = layer.kind
    if kind in WITHOUT_ARGUMENTS:
        return getattr(nn, WITHOUT_ARGUMENTS[kind])()
    if kind in ("softmax", "log_softmax"):
        return (nn.Softmax if kind == "softmax" else nn.LogSoftmax)(1)
    if kind == "prelu":
        return nn.PReLU(x[0] if layer.slopes == "per_channel" else 1)
    if kind == "lrn":
        return nn.LocalResponseNorm(layer.size)
    if kind == "dropout":
        return nn.Dropout(layer.rate)
    if kind == "pixel_shuffle":
        return nn.PixelShuffle(layer.factor)
    if kind == "pixel_unshuffle":
        return nn.PixelUnshuffle(layer.factor)
    if kind == "channel_shuffle":
        return nn.ChannelShuffle(layer.groups)
    return None
