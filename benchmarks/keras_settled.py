"""In what cnncalc and Keras may differ, layer by layer, with the reasons."""

from __future__ import annotations

from benchmarks.witnessed_table import Settled
from cnncalc.graph import Net
from cnncalc.witnesses.keras import lone

__all__ = ["KINDS", "SETTLED", "lone", "settled_refusal"]

KINDS = (
    "conv", "dwconv", "deconv", "maxpool", "avgpool", "batchnorm", "groupnorm", "instancenorm", "layernorm", "prelu",
    "linear", "pad", "crop", "upsample", "softmax", "add", "multiply", "maximum", "minimum", "subtract", "concat",
    "global_avgpool", "global_maxpool", "adaptive_avgpool", "adaptive_maxpool", "permute", "dropout", "slice",
)  # fmt: skip
"""The kinds that are one layer there, so that what is refused is refused by Keras."""


def settled_refusal(graph: Net, refusal: str) -> str:
    """Why a whole net that we take is refused, where that is known."""
    if SMALLER in refusal:
        return "Keras's torch backend averages no volume smaller than its kernel, whatever the padding; its others do"
    if "index out of range in self" in refusal:
        return "an embedding behind layers that make numbers, few of which are among its own"
    if MIRRORED in refusal:
        return "Keras's torch backend lays no mirrored border around a volume; its others do"
    return ""


MIRRORED = "is not supported for 5D input tensor"
SMALLER = "smaller than kernel size"
SETTLED = (
    Settled(
        "Keras's torch backend averages no volume smaller than its kernel, whatever the padding; its others do",
        lambda layer, shapes, said, theirs: SMALLER in theirs if isinstance(theirs, str) else False,
    ),
    Settled(
        "Keras's torch backend lays no mirrored border around a volume; its others do",
        lambda layer, shapes, said, theirs: MIRRORED in theirs if isinstance(theirs, str) else False,
    ),
    Settled(
        "a slice reaches out of its axis, and is cut, if need be to a tensor without elements",
        lambda layer, shapes, said, theirs: layer.kind == "slice" and "must lie inside" in said,
    ),
    Settled(
        "maps without a pixel, which Keras makes and we refuse",
        lambda layer, shapes, said, theirs: isinstance(theirs, tuple) and 0 in theirs,
    ),
    Settled(
        "`trilinear` names its axes, and Keras has one word, bilinear, for any",
        lambda layer, shapes, said, theirs: layer.kind == "upsample" and "spatial axes; the input is" in said,
    ),
    Settled(
        "more than three spatial axes, which no kind of map has here",
        lambda layer, shapes, said, theirs: len(shapes[0]) > 4 and "1 to 3 spatial axes" in said,
    ),
)
