"""Our kinds as nodes of ONNX: the one table of the writer."""

from __future__ import annotations

from string import ascii_letters
from typing import Any

from cnncalc.interchange.onnx.writing import elements, norms, recurrent, resizing, sequences, shapes, windows
from cnncalc.interchange.onnx.writing.scribe import Rule, Step
from cnncalc.interchange.written import Unsaid
from cnncalc.layers.kinds.algebra.contractions import Einsum

__all__ = ["RULES"]


def dropout(step: Step) -> str:
    """Dropout, which does nothing at inference; onnxruntime refuses one of all elements."""
    rate: float = step.layer.rate  # type: ignore[attr-defined]  # it has one
    if rate >= 1:
        return nothing(step)
    if step.opset < 12:
        return step.put("Dropout", step.taken[0], ratio=rate)
    return step.put("Dropout", step.taken[0], step.number(rate))


def einsum(step: Step) -> str:
    """Einsum, with a letter for the batch before those of the equation."""
    layer = step.layer
    assert isinstance(layer, Einsum)
    batch = next(letter for letter in ascii_letters if letter not in layer.equation)
    left, right, out = (f"{batch}{letters}" for letters in layer.letters)
    return step.put("Einsum", *step.taken, equation=f"{left},{right}->{out}")


def nothing(step: Step) -> str:
    """Identity."""
    return step.put("Identity", step.taken[0])


def without(why: str, help: str) -> Rule:
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
    **dict.fromkeys(("lstm", "gru", "rnn"), recurrent.recurrent),
    "argmax": shapes.argmax,
    "attention": sequences.attention,
    "avgpool": windows.average_pool,
    "batchnorm": norms.batch,
    "bilinear": elements.bilinear,
    "channel_shuffle": shapes.channel_shuffle,
    "concat": elements.joined,
    "crop": resizing.crop,
    "blur": resizing.blurred,
    "convlstm": recurrent.over_maps,
    "crossmap_lrn": norms.cross_map,
    "deconv": windows.deconvolution,
    "deform_conv": windows.deformable,
    "distances": shapes.by_distance,
    "dropout": dropout,
    "embedding": shapes.embedding,
    "expand": shapes.expand,
    "flatten": shapes.flatten,
    "fold": shapes.folded,
    "fractional_maxpool": without("its windows are drawn at random", "`adaptive_maxpool` has fixed ones"),
    "einsum": einsum,
    "function": elements.function,
    "glu": elements.glu,
    "grn": norms.response,
    "groupnorm": norms.group,
    "instancenorm": norms.instance,
    "layernorm": norms.layer_norm,
    "modulated_conv": resizing.modulated,
    "layerscale": norms.scaled,
    "linear": elements.linear,
    "local": shapes.local,
    "lppool": windows.norm_pool,
    "lrn": norms.local_response,
    "matmul": elements.matmul,
    "maxout": elements.maxout,
    "maxpool": windows.max_pool,
    "maxunpool": resizing.unpooled,
    "opaque": without("only the shape of what it makes is known", "write what it does as layers, or leave it out"),
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
    "unfold": shapes.unfold,
    "upsample": resizing.enlarged,
}
