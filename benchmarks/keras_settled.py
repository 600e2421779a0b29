"""In what cnncalc and Keras may differ, layer by layer, with the reasons."""

from __future__ import annotations

from benchmarks.witnessed_table import Settled
from cnncalc.graph import Graph
from cnncalc.witnesses.keras import lone

__all__ = ["KINDS", "SETTLED", "lone", "settled_refusal"]

KINDS = (
    "conv", "dwconv", "deconv", "maxpool", "avgpool", "batchnorm", "groupnorm", "instancenorm", "layernorm", "prelu",
    "linear", "pad", "crop", "upsample", "softmax", "add", "multiply", "maximum", "minimum", "subtract", "concat",
    "global_avgpool", "global_maxpool", "adaptive_avgpool", "adaptive_maxpool", "permute", "dropout", "slice",
)  # fmt: skip
"""The kinds that are one layer there, so that what is refused is refused by Keras."""


def settled_refusal(graph: Graph, refusal: str) -> str:
    """Why a whole net that we take is refused, where that is known."""
    return ""


SETTLED: tuple[Settled, ...] = ()
