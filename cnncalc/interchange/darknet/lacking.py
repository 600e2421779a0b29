"""Why Darknet has none of some kinds, and what to write instead."""

from __future__ import annotations

__all__ = ["LACKED"]

_ACTIVATION = ("Darknet has no such activation", "`leaky_relu 0.1`, `silu`, `mish` and others are there")
_ATTENTION = ("Darknet multiplies no two tensors but element by element", "a `conv` of fixed weights is there")
_AXES = ("axes of Darknet stay where they are", "`space_to_depth` moves pixels to channels")
_BORDER = ("no section of Darknet adds or takes away pixels as told", "give the padding to the layer behind it")
_LEARNED = ("no section of Darknet learns a tensor by itself", "a `conv k1` before it has a factor and a shift")
_NORM = ("the norms of Darknet are batch norms and LRN", "`batchnorm` is part of the section before it")
_NUMBER = ("Darknet has sums and products of maps, and no other arithmetic", "`add`, `multiply` and `concat` are there")
_PICKED = ("Darknet has a softmax, and nothing that picks", "take it outside of the net")
_RANDOM = ("its windows are drawn at random", "`maxpool` has fixed ones")
_SEQUENCE = ("what Darknet recurs over are frames of its batch, not an axis", "put it outside of the net")

LACKED = {
    **dict.fromkeys(("hardsigmoid", "hardswish", "prelu", "rrelu", "softplus"), _ACTIVATION),
    **dict.fromkeys(("attention", "bilinear", "einsum", "matmul"), _ATTENTION),
    **dict.fromkeys(("permute", "reshape", "channel_shuffle", "expand", "pixel_shuffle", "pixel_unshuffle"), _AXES),
    **dict.fromkeys(("blur", "constant", "distances", "embedding", "layerscale", "parameter", "positional"), _LEARNED),
    **dict.fromkeys(("crossmap_lrn", "grn", "groupnorm", "instancenorm", "layernorm", "rmsnorm"), _NORM),
    **dict.fromkeys(("divide", "function", "maximum", "minimum", "power", "reduce", "subtract"), _NUMBER),
    **dict.fromkeys(("argmax", "select", "topk"), _PICKED),
    **dict.fromkeys(("convlstm", "gru", "lstm", "rnn"), _SEQUENCE),
    "deconv": ("Darknet's program knows no transposed convolution in a cfg", "`upsample 2` and a `conv`"),
    "deform_conv": ("Darknet's convolutions have fixed places", "`conv` has them"),
    "fold": ("Darknet adds up no columns", "`upsample` and `conv` enlarge a map"),
    "fractional_maxpool": _RANDOM,
    "glu": ("a gate of a tensor's own half is no section", "`slice`, `sigmoid` and `multiply` make one"),
    "lppool": ("Darknet's pools are of means and of largest pixels", "`maxpool` or `avgpool`"),
    "log_softmax": ("Darknet's softmax gives probabilities", "`softmax`, and the logarithm outside of the net"),
    "maxout": ("Darknet has no maximum of maps", "`relu` is there"),
    "maxunpool": ("Darknet's pools hand over no places", "`upsample` enlarges a map by itself"),
    "modulated_conv": ("Darknet's convolutions have the same filters for every image", "`conv` and `multiply`"),
    "opaque": ("only the shape of what it makes is known", "write what it does as layers, or leave it out"),
    "pad": _BORDER,
    "spp": ("levels of other windows are no maps that a [route] joins", "`maxpool`s of stride 1 and `concat`"),
    "unfold": ("windows side by side are no section", "`conv` multiplies them too"),
}
"""The reason and the way out, by kind."""
