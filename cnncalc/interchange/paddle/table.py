"""Every operator of Paddle that is read, by its name in release 3, and what it becomes."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.interchange.paddle import layers, rarer, shapes
from cnncalc.interchange.paddle.call import Rule

__all__ = ["PASSED", "RULES"]

PASSED = (
    "assign",
    "cast",
    "share_data",
    "share_data_",
    "memcpy_d2h",
    "memcpy_h2d",
    "quantize_linear",
    "dequantize_linear",
)
"""What hands its input on."""
RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("conv2d", "conv3d", "depthwise_conv2d"), layers.convolution),
    **dict.fromkeys(("conv2d_transpose", "depthwise_conv2d_transpose"), layers.deconvolution),
    **dict.fromkeys(("batch_norm", "batch_norm_", "sync_batch_norm_"), layers.batch_norm),
    "layer_norm": layers.layer_norm,
    "group_norm": rarer.group_norm,
    "instance_norm": rarer.instance_norm,
    **dict.fromkeys(("pool2d", "pool3d", "max_pool2d_with_index", "max_pool3d_with_index"), layers.pool),
    "matmul": layers.matmul,
    "embedding": layers.embedding,
    "add": layers.arithmetic("add"),
    "subtract": layers.arithmetic("subtract"),
    "multiply": layers.arithmetic("multiply"),
    "divide": layers.arithmetic("divide"),
    "maximum": layers.arithmetic("maximum"),
    "minimum": layers.arithmetic("minimum"),
    "elementwise_pow": layers.arithmetic("power"),
    "scale": layers.scale,
    "scale_": layers.scale,
    **{kind: layers.function(kind) for kind in ("relu", "relu6", "sigmoid", "tanh", "hardswish", "hardsigmoid")},
    **{kind: layers.function(kind) for kind in ("silu", "mish", "elu", "selu", "gelu", "softplus", "dropout")},
    "swish": layers.function("silu"),
    "leaky_relu": layers.function("leaky_relu"),
    **{
        kind: layers.function("function", of=kind)
        for kind in ("exp", "log", "sqrt", "rsqrt", "square", "abs", "sin", "cos", "floor", "ceil", "round", "sign")
    },
    **{kind: layers.function("function", of=kind) for kind in ("hardshrink", "softshrink", "softsign", "celu", "erf")},
    "tanh_shrink": layers.function("function", of="tanhshrink"),
    "logsigmoid": layers.function("function", of="log_sigmoid"),
    "thresholded_relu": layers.function("function", of="threshold"),
    "hardtanh": rarer.hardtanh,
    "prelu": layers.prelu,
    "softmax": layers.softmax("softmax"),
    "log_softmax": layers.softmax("log_softmax"),
    "nearest_interp": layers.resize("nearest"),
    "bilinear_interp": layers.resize("linear"),
    "bicubic_interp": layers.resize("cubic"),
    **dict.fromkeys(("full", "full_int_array"), shapes.full),
    "full_with_tensor": rarer.filled,
    **dict.fromkeys(("shape", "shape64"), rarer.shape_of),
    "pow": rarer.power,
    "maxout": rarer.maxout,
    "deformable_conv": rarer.deformable,
    "pad3d": rarer.padded,
    "pixel_shuffle": rarer.pixel_shuffle,
    "pixel_unshuffle": rarer.pixel_unshuffle,
    "channel_shuffle": rarer.channel_shuffle,
    "unfold": rarer.unfold,
    "rnn": rarer.recurrent,
    "combine": shapes.combine,
    **dict.fromkeys(("reshape", "reshape_"), shapes.reshape),
    **dict.fromkeys(("flatten", "flatten_"), shapes.flatten),
    **dict.fromkeys(("squeeze", "squeeze_"), shapes.squeeze),
    **dict.fromkeys(("unsqueeze", "unsqueeze_"), shapes.unsqueeze),
    "transpose": shapes.permute,
    "concat": shapes.concat,
    "stack": shapes.stack,
    **dict.fromkeys(("split", "split_with_num"), shapes.split),
    "slice": shapes.slice_,
    "mean": shapes.reduce("mean"),
    "sum": shapes.reduce("sum"),
    "max": shapes.reduce("max"),
}
"""A function of an operator, with what it takes, to what it makes."""
