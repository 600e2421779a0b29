"""What each of our kinds is in Keras. The one table of the writer, and so of the witness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from cnncalc.interchange.keras.writing import elements, sequences, shapes, windows
from cnncalc.interchange.keras.writing.model import Scribe, Tensor
from cnncalc.interchange.keras.writing.windows import Shapes, Taken

__all__ = ["RULES", "Rule"]

Rule: TypeAlias = Callable[[Scribe, Any, Shapes, Taken], Tensor]

RULES: dict[str, Rule] = {
    **{kind: elements.named(name) for kind, name in elements.ACTIVATIONS.items()},
    **dict.fromkeys(("adaptive_avgpool", "adaptive_maxpool"), windows.adaptive),
    **dict.fromkeys(("add", "multiply", "maximum", "minimum", "subtract", "divide", "power"), shapes.joined),
    **dict.fromkeys(("maxpool", "avgpool"), windows.pooled),
    **dict.fromkeys(("global_maxpool", "global_avgpool"), windows.whole_pool),
    **dict.fromkeys(("channel_shuffle", "pixel_shuffle", "pixel_unshuffle", "space_to_depth"), shapes.shuffled),
    **dict.fromkeys(("softmax", "log_softmax"), elements.softmax),
    **dict.fromkeys(("lstm", "gru", "rnn"), sequences.ran),
    "attention": sequences.attended,
    "bilinear": shapes.paired,
    "batchnorm": elements.batch_norm,
    "concat": shapes.concat,
    "constant": sequences.fixed,
    "conv": windows.convolution,
    "convlstm": sequences.ran_over_maps,
    "crop": windows.cropped,
    "deconv": windows.transposed,
    "distances": sequences.apart,
    "dropout": elements.dropout,
    "droppath": elements.drop_path,
    "dwconv": windows.depthwise,
    "einsum": shapes.summed,
    "elu": elements.plain("ELU", alpha="alpha"),
    "embedding": sequences.embedded,
    "expand": shapes.spread_out,
    "flatten": shapes.flattened,
    "function": elements.function,
    "gelu": elements.gelu,
    "glu": elements.halved,
    "grn": elements.response_norm,
    "groupnorm": elements.group_norm,
    "identity": elements.identity,
    "instancenorm": elements.instance_norm,
    "layernorm": elements.layer_norm,
    "layerscale": elements.scaled,
    "leaky_relu": elements.leaky,
    "linear": shapes.dense,
    "lppool": windows.norm_pooled,
    "lrn": elements.local_response,
    "matmul": shapes.multiplied,
    "maxout": elements.largest_of,
    "pad": windows.padded,
    "parameter": sequences.given,
    "permute": shapes.permuted,
    "positional": sequences.positions,
    "prelu": elements.slopes,
    "reduce": shapes.reduced,
    "relu": elements.plain("ReLU"),
    "relu6": lambda scribe, layer, x, taken: scribe.layer("ReLU", taken[0], max_value=6),
    "reshape": shapes.reshaped,
    "rmsnorm": elements.root_mean_square,
    "select": sequences.selected,
    "slice": shapes.sliced,
    "spp": shapes.together,
    "upsample": shapes.enlarged,
}
