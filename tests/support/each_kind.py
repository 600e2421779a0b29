"""Every kind in a net as small as can be, for tables of what other tools have."""

from __future__ import annotations

from cnncalc.graph import Net
from cnncalc.language import load_text
from cnncalc.language.options import Options
from cnncalc.layers import KINDS

__all__ = ["VARIANTS", "nets"]

LAYERS = {
    "adaptive_avgpool": "adaptive_avgpool 4", "adaptive_maxpool": "adaptive_maxpool 4", "add": "add 1",
    "argmax": "argmax 0 keep", "attention": "attention 2", "avgpool": "avgpool 2",
    "channel_shuffle": "channel_shuffle 2", "constant": "constant 4x1x1 add", "conv": "conv 3 k3 p1", "crop": "crop 1",
    "crossmap_lrn": "crossmap_lrn 3", "deconv": "deconv 3 k2 s2", "divide": "divide 2", "dwconv": "dwconv k3 p1",
    "fractional_maxpool": "fractional_maxpool k2 size=3", "function": "function exp", "groupnorm": "groupnorm 2",
    "layerscale": "layerscale", "local": "local 3 k3", "lppool": "lppool 2", "lrn": "lrn 3", "maximum": "maximum 0",
    "maxout": "maxout 2", "maxpool": "maxpool 2", "minimum": "minimum 0", "multiply": "multiply 2",
    "opaque": "opaque 3x4", "pad": "pad 1", "parameter": "parameter 4x1x1 multiply", "permute": "permute 1x2x0",
    "pixel_shuffle": "pixel_shuffle 2", "pixel_unshuffle": "pixel_unshuffle 2", "power": "power 2",
    "reduce": "reduce mean 1x2", "reshape": "reshape 2x2x-1", "select": "select 0 axis=1", "slice": "slice 0:2",
    "softmax": "softmax axis=0", "log_softmax": "log_softmax axis=0", "space_to_depth": "space_to_depth 2",
    "spp": "spp 1x2", "subtract": "subtract 1", "topk": "topk 2 axis=1", "unfold": "unfold k3",
    "upsample": "upsample 2",
}  # fmt: skip
"""Of a map of 4x8x8; kinds that are not here stand by their name alone."""
OTHERS = {
    "blur": ("4x8x8", "blur k3 p1"),
    "bilinear": ("6", "{identity: , name: x}, {bilinear: 3, from: [x, x]}"),
    "concat": ("4x8x8", "{relu: , name: x}, conv 2 k1, {concat: , from: [x, previous]}"),
    "convlstm": ("4x3x8x8", "convlstm 2 k3 same"),
    "deform_conv": ("4x8x8", "{relu: , name: x}, conv 18 k3 p1, {deform_conv: 3 k3 p1, from: [x, previous]}"),
    "distances": (
        "4x2x2",
        """{relu: , name: x}, {parameter: 7x2 nobatch, from: input}, distances 4 2, {add: , from: [x, previous]}""",
    ),
    "expand": ("4x1x8", "expand -1x3x-1"),
    "einsum": ("4x8x8", '{relu: , name: x}, {einsum: "chw,cjw->chj", from: [x, x]}'),
    "embedding": ("1x8", "embedding 9 3"),
    "flatten": ("4x8x8", "flatten, linear 3"),
    "fold": ("4x8x8", "unfold k2 s2, fold k2 8x8 s2"),
    "gru": ("4x8", "gru 3"),
    "linear": ("8", "linear 3"),
    "lstm": ("4x8", "lstm 3"),
    "matmul": ("4x8x8", "{relu: , name: x}, {matmul: transposed, from: [x, x]}"),
    "maxunpool": ("4x8x8", "{maxpool: 2, name: pooled}, {maxunpool: 2, pool: pooled}"),
    "modulated_conv": (
        "4x8x8",
        """{relu: , name: x}, global_avgpool flat, {linear: 4, name: s}, {modulated_conv: 3 k3 p1, from: [x, s]}""",
    ),
    "rnn": ("4x8", "rnn 3"),
}
VARIANTS = {
    "avgpool of a border that does not count": ("4x8x8", "avgpool k3 s2 p1 nocount_include_pad"),
    "avgpool that rounds up": ("4x9x9", "avgpool 2 ceil"),
    "maxpool that rounds up": ("4x9x9", "maxpool 2 ceil"),
    "adaptive_avgpool of uneven windows": ("4x8x8", "adaptive_avgpool 3"),
    "batchnorm without statistics": ("4x8x8", "batchnorm nostats"),
    "conv with a weight norm": ("4x8x8", "conv 3 k3 norm=weight"),
    "conv with mirrored borders": ("4x8x8", "conv 3 k3 p1 mode=reflect"),
    "conv with borders of the other side": ("4x8x8", "conv 3 k3 p1 mode=circular"),
    "conv with an uneven border": ("4x8x8", "conv 3 k2 same"),
    "layernorm over channels": ("4x8x8", "layernorm channels"),
    "linear along an axis": ("4x8x8", "linear 3 axis=last"),
    "lstm with a projection": ("4x8", "lstm 3 projection=2"),
    "lstm of one vector of biases": ("4x8", "lstm 3 biases=1"),
    "attention in windows": ("4x8x8", "attention 2 w4 shift=2 relative"),
    "upsample by a fraction": ("4x8x8", "upsample 1.5"),
    "upsample bilinear": ("4x8x8", "upsample 2 bilinear"),
}  # fmt: skip
"""What kinds are where a field is not as usual."""


def nets() -> dict[str, tuple[str, Net]]:
    """By name, the kind that is asked for and a net that ends in it, or nearly so."""
    cases = {kind: (kind, *OTHERS.get(kind, ("4x8x8", LAYERS.get(kind, kind)))) for kind in sorted(KINDS)}
    cases |= {name: (name.split()[0], *case) for name, case in VARIANTS.items()}
    return {
        name: (kind, load_text(f"input: {shape}\nlayers: [{layers}]\n", "net", options=Options()))
        for name, (kind, shape, layers) in cases.items()
    }
