"""Tools that watch operators: torch's own counter, fvcore, ptflops's second engine; and what papers count."""

from __future__ import annotations

from cnncalc.layers.kinds.algebra.contractions import Einsum
from cnncalc.layers.kinds.sequences.attention import Attention
from cnncalc.layers.kinds.sequences.recurrent import LSTM
from cnncalc.tools.conventions.base import (
    ACTIVATIONS,
    AVERAGES,
    MACS,
    MAXIMA,
    NORMS,
    SECOND,
    WINDOWED,
    Case,
    Convention,
    Rule,
)
from cnncalc.tools.conventions.sequences import (
    FUSED,
    Cells,
    attention_bias,
    combined,
    hidden_products,
    numpys_path,
    other_attention,
)

__all__ = ["FVCORE", "PAPER", "PTFLOPS_ATEN", "TORCH"]

CONVOLUTIONS = ("conv", "dwconv", "deconv")
BIAS = Rule("bias additions", "one an output element", lambda c: c.bias)
REST = "It leaves out normalisations, activations, pools, merges and biases."

PAPER = Convention(
    name="paper",
    tool="the multiply–adds of papers",
    unit="MACs",
    rules=dict.fromkeys(
        (
            *CONVOLUTIONS,
            "deform_conv",
            "modulated_conv",
            "blur",
            "local",
            "linear",
            "bilinear",
            "matmul",
            "einsum",
            "attention",
            "lstm",
            "gru",
            "rnn",
            "convlstm",
        ),
        (MACS,),
    ),
    unknown={},
    leaves_out=REST,
    nothing=ACTIVATIONS | MAXIMA | AVERAGES | NORMS | WINDOWED | {"crossmap_lrn", "embedding", "maxunpool"},
)


def fast(c: Case) -> bool:
    """Whether torch takes its one kernel for all of an attention at inference, which the counter does not know."""
    layer = c.layer
    return isinstance(layer, Attention) and len(c.shapes) == 1 and layer.bias and layer.heads % 2 == 0


def hidden(c: Case) -> int:
    """What the counter misses of an attention: the two products, or all of it."""
    return -2 * c.macs if fast(c) else 2 * hidden_products(c)


def unregistered(c: Case) -> int:
    """An LSTM is one operator on a CPU, unless its states are projected."""
    return 0 if isinstance(c.layer, LSTM) and c.layer.projection is not None else -2 * c.macs


FUSED_CPU = "one operator on a CPU, which the counter does not know"

TORCH = Convention(
    name="torch",
    tool="torch.utils.flop_counter.FlopCounterMode, torch 2.14.1",
    unit="FLOPs",
    rules={
        **dict.fromkeys(
            (*CONVOLUTIONS, "modulated_conv", "blur", "linear", "matmul", "einsum", "gru", "rnn"), (MACS, SECOND)
        ),
        "attention": (
            MACS,
            SECOND,
            Rule(FUSED.what, "fused on a CPU; all of it where an even number of heads asks itself", hidden, bug=True),
        ),
        "lstm": (MACS, SECOND, Rule("LSTMs taken for nothing", FUSED_CPU, unregistered, bug=True)),
    },
    unknown={},
    leaves_out="It leaves out normalisations, activations, pools, merges and biases, bilinear layers, and deformable "
    "convolutions.",
    refuses=other_attention,
    nothing=ACTIVATIONS | MAXIMA | AVERAGES | NORMS | WINDOWED | {"bilinear", "deform_conv", "embedding"},
)


def split_off(c: Case) -> int:
    """torch adds the bias apart where the axes of a linear layer's input are permuted; ptflops misses that."""
    return -c.bias if c.rank and not c.contiguous else 0


def attention_added(c: Case) -> int:
    """Biases of an attention: those of queries, keys and values only where the features come last in memory."""
    assert isinstance(c.layer, Attention)
    leaving = c.out if c.layer.project_bias else 0
    return leaving + (attention_bias(c) if c.layer.axis == "last" and c.contiguous else 0)


def recurrent_added(c: Case) -> int:
    """Both biases a gate; of the first layer one, where the features do not come last in memory."""
    cells = Cells(c)
    if not cells.layer.bias:
        return 0
    apart = cells.layer.axis == "channels"
    both = 2 * cells.layer.layers - apart
    return cells.steps * cells.layer.directions * cells.gates * cells.hidden * both


def aten_refuses(c: Case) -> str:
    """Where it depends on how the tensor lies in memory."""
    if c.kind in ("attention", "lstm", "gru", "rnn") and not c.contiguous:
        return "it depends on how the tensor lies in memory after a permute"
    return other_attention(c)


def unregistered_aten(c: Case) -> int:
    """An LSTM is one operator, unless its states are projected."""
    return 0 if isinstance(c.layer, LSTM) and c.layer.projection is not None else -c.macs - recurrent_added(c)


ADDED = Rule("bias additions", "those that a product of matrices adds by itself", recurrent_added)
SPLIT = Rule("biases of linear layers after a permute", "added by themselves, and missed", split_off, bug=True)

PTFLOPS_ATEN = Convention(
    name="ptflops-aten",
    tool="ptflops 0.7.5, backend aten",
    unit="MACs",
    rules={
        **dict.fromkeys(CONVOLUTIONS, (MACS, BIAS)),
        "linear": (MACS, BIAS, SPLIT),
        **dict.fromkeys(("matmul", "einsum"), (MACS,)),
        "attention": (MACS, FUSED, Rule(ADDED.what, ADDED.how, attention_added)),
        "gru": (MACS, ADDED),
        "rnn": (MACS, ADDED),
        "lstm": (MACS, ADDED, Rule("LSTMs taken for nothing", "one operator", unregistered_aten, bug=True)),
    },
    unknown={},
    leaves_out="It leaves out normalisations, activations, pools and merges, bilinear layers, and deformable "
    "convolutions.",
    refuses=aten_refuses,
    one_image=True,
    nothing=ACTIVATIONS | MAXIMA | AVERAGES | NORMS | WINDOWED | {"bilinear", "deform_conv", "embedding"},
)


def normalised(c: Case) -> int:
    """5 an element with a learned scale, 4 without: fvcore's rough estimate of a norm that computes its statistics."""
    return c.size * (5 if c.affine else 4)


def batch_normalised(c: Case) -> int:
    """2 an element with a learned scale, 1 without; by its own statistics, as the other norms."""
    return c.size * (2 if c.affine else 1) if c.stats else normalised(c)


def halved(c: Case) -> int:
    """Two equations, whatever their letters, are counted by themselves."""
    assert isinstance(c.layer, Einsum)
    left, right, out = c.layer.letters
    plain = {"ab,ac->bc", "ab,cb->ca"}
    order = dict.fromkeys(f"{left}{right}{out}")
    named = c.layer.equation.translate({ord(one): ord("a") + place for place, one in enumerate(order)})
    return combined(c) if named in plain else numpys_path(c) // 2


def is_map(c: Case) -> bool:
    return c.rank == 2


def resized(c: Case) -> int:
    """Nearest: 1 an output element; bilinear: 4; for cubic ones, and on one or three axes, it has no rule."""
    each = {"nearest": 1, "cubic": 0, "bicubic": 0}.get(getattr(c.layer, "mode", ""), 4)
    return each * c.out if is_map(c) else 0


NORM = Rule("normalisation", "5 an element, 4 without a learned scale", normalised)
ADAPTIVE = Rule(
    "average pools", "1 an input element of an adaptive one on two axes", lambda c: c.size if is_map(c) else 0
)
CONVOLVED = (
    MACS,
    Rule(
        '`padding="same"` taken for nothing',
        "fvcore does not know the operator",
        lambda c: -c.macs * c.named_same,
        bug=True,
    ),
)

FVCORE = Convention(
    name="fvcore",
    tool="fvcore 0.1.5.post20221221",
    unit="MACs",
    rules={
        "conv": CONVOLVED,
        "dwconv": CONVOLVED,
        "deconv": (MACS,),
        "linear": (MACS,),
        "matmul": (MACS,),
        "einsum": (Rule("einsums", "half of what numpy.einsum_path prints, two equations alone in full", halved),),
        "attention": (MACS, FUSED),
        "batchnorm": (Rule("batch norm", "2 an element, 1 without a learned scale", batch_normalised),),
        "layernorm": (NORM,),
        "groupnorm": (NORM,),
        "instancenorm": (NORM,),
        "adaptive_avgpool": (ADAPTIVE,),
        "global_avgpool": (ADAPTIVE,),
        "upsample": (Rule("upsampling", "1 (nearest) or 4 (bilinear) an output element, on two axes", resized),),
    },
    unknown={"spp": "whether its pools are adaptive ones, which count, depends on how it is written"},
    leaves_out="It leaves out biases, activations, merges, every pool but adaptive average ones, recurrent layers, and "
    "deformable convolutions.",
    refuses=other_attention,
    nothing=ACTIVATIONS
    | MAXIMA
    | WINDOWED
    | {"avgpool", "bilinear", "deform_conv", "embedding", "grn", "gru", "lrn", "lstm", "rmsnorm", "rnn"},
)
