"""Our kinds as nodes of ONNX: the one table of the writer."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.onnx.writing import elements, norms, resizing, sequences, shapes, windows
from cnncalc.interchange.onnx.writing.scribe import Rule, Step
from cnncalc.interchange.written import Unsaid

__all__ = ["RULES"]


def dropout(step: Step) -> str:
    """Dropout, which does nothing at inference; onnxruntime refuses one of all elements."""
    if step.layer.rate >= 1:  # type: ignore[attr-defined]  # it has one
        return nothing(step)
    return step.put("Dropout", step.taken[0], step.number(step.layer.rate))  # type: ignore[attr-defined]  # it has one


def nothing(step: Step) -> str:
    """Identity."""
    return step.put("Identity", step.taken[0])


def without(why: str, help: str = "") -> Rule:
    """A kind that ONNX has not."""

    def rule(step: Any) -> str:
        raise Unsaid(why, help)

    return rule


RULES: dict[str, Rule] = {
    **elements.ACTIVATIONS,
    **dict.fromkeys(elements.JOINS, elements.merged),
    **dict.fromkeys(("conv", "dwconv"), windows.convolution),
    **dict.fromkeys(("adaptive_maxpool", "adaptive_avgpool"), windows.adaptive),
    **dict.fromkeys(("global_maxpool", "global_avgpool"), windows.whole_pool),
    **dict.fromkeys(("pixel_unshuffle", "space_to_depth"), shapes.to_channels),
    **dict.fromkeys(("parameter", "constant"), shapes.given),
    **dict.fromkeys(("identity", "droppath"), nothing),
    **dict.fromkeys(("lstm", "gru", "rnn"), sequences.recurrent),
    "argmax": shapes.argmax,
    "attention": sequences.attention,
    "avgpool": windows.average_pool,
    "batchnorm": norms.batch,
    "bilinear": elements.bilinear,
    "channel_shuffle": shapes.channel_shuffle,
    "concat": elements.joined,
    "crop": resizing.crop,
    "deconv": windows.deconvolution,
    "deform_conv": without("its places come with a second tensor, in torch's order", "`conv` has fixed ones"),
    "dropout": dropout,
    "embedding": shapes.embedding,
    "expand": shapes.expand,
    "flatten": shapes.flatten,
    "fold": without("it lays windows over each other", "put it outside of the net"),
    "fractional_maxpool": without("its windows are drawn at random", "`adaptive_maxpool` has fixed ones"),
    "function": elements.function,
    "glu": elements.glu,
    "grn": norms.response,
    "groupnorm": norms.group,
    "instancenorm": norms.instance,
    "layernorm": norms.layer_norm,
    "layerscale": norms.scaled,
    "linear": elements.linear,
    "local": windows.local,
    "lppool": windows.norm_pool,
    "lrn": norms.local_response,
    "matmul": elements.matmul,
    "maxout": elements.maxout,
    "maxpool": windows.max_pool,
    "maxunpool": without("its places are those that a pool hands over", "`upsample` enlarges a map by itself"),
    "opaque": without("only the shape of what it makes is known"),
    "pad": resizing.pad,
    "permute": shapes.permute,
    "pixel_shuffle": shapes.pixel_shuffle,
    "positional": shapes.positional,
    "prelu": elements.prelu,
    "reduce": shapes.reduce,
    "reshape": shapes.reshape,
    "rmsnorm": norms.root_mean_square,
    "select": shapes.select,
    "slice": resizing.sliced,
    "spp": windows.pyramid,
    "topk": shapes.topk,
    "unfold": windows.unfold,
    "upsample": resizing.enlarged,
}
