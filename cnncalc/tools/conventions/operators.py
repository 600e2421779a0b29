"""Tools that watch operators: torch's own counter, fvcore, ptflops's second engine; and what papers count."""

from __future__ import annotations

from cnncalc.tools.conventions.base import ACTIVATIONS, AVERAGES, MACS, MAXIMA, NORMS, SECOND, Case, Convention, Rule

__all__ = ["FVCORE", "PAPER", "PTFLOPS_ATEN", "TORCH"]

CONVOLUTIONS = ("conv", "dwconv", "deconv")
BIAS = Rule("bias additions", "one an output element", lambda c: c.bias)
REST = "It leaves out normalisations, activations, pools, merges and biases."

PAPER = Convention(
    name="paper",
    tool="the multiply–adds of papers",
    unit="MACs",
    rules=dict.fromkeys((*CONVOLUTIONS, "linear", "bilinear"), (MACS,)),
    unknown={},
    leaves_out=REST,
    nothing=ACTIVATIONS | MAXIMA | AVERAGES | NORMS,
)

TORCH = Convention(
    name="torch",
    tool="torch.utils.flop_counter.FlopCounterMode, torch 2.14.1",
    unit="FLOPs",
    rules=dict.fromkeys((*CONVOLUTIONS, "linear"), (MACS, SECOND)),
    unknown={},
    leaves_out="It leaves out normalisations, activations, pools, merges and biases, and bilinear layers.",
    nothing=ACTIVATIONS | MAXIMA | AVERAGES | NORMS | {"bilinear"},
)


def split_off(c: Case) -> int:
    """torch adds the bias apart where the axes of a linear layer's input are permuted; ptflops misses that."""
    return -c.bias if c.rank and not c.contiguous else 0


SPLIT = Rule("biases of linear layers after a permute", "added by themselves, and missed", split_off, bug=True)

PTFLOPS_ATEN = Convention(
    name="ptflops-aten",
    tool="ptflops 0.7.5, backend aten",
    unit="MACs",
    rules={**dict.fromkeys(CONVOLUTIONS, (MACS, BIAS)), "linear": (MACS, BIAS, SPLIT)},
    unknown={},
    leaves_out="It leaves out normalisations, activations, pools and merges, and bilinear layers.",
    one_image=True,
    nothing=ACTIVATIONS | MAXIMA | AVERAGES | NORMS | {"bilinear"},
)


def normalised(c: Case) -> int:
    """5 an element with a learned scale, 4 without: fvcore's rough estimate of a norm that computes its statistics."""
    return c.size * (5 if c.affine else 4)


def batch_normalised(c: Case) -> int:
    """2 an element with a learned scale, 1 without; by its own statistics, as the other norms."""
    return c.size * (2 if c.affine else 1) if c.stats else normalised(c)


def is_map(c: Case) -> bool:
    return c.rank == 2


def resized(c: Case) -> int:
    """Nearest: 1 an output element; bilinear: 4; on one or three axes it has no rule."""
    return (1 if getattr(c.layer, "mode", "") == "nearest" else 4) * c.out if is_map(c) else 0


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
        "batchnorm": (Rule("batch norm", "2 an element, 1 without a learned scale", batch_normalised),),
        "layernorm": (NORM,),
        "groupnorm": (NORM,),
        "instancenorm": (NORM,),
        "adaptive_avgpool": (ADAPTIVE,),
        "global_avgpool": (ADAPTIVE,),
        "upsample": (Rule("upsampling", "1 (nearest) or 4 (bilinear) an output element, on two axes", resized),),
    },
    unknown={"spp": "whether its pools are adaptive ones, which count, depends on how it is written"},
    leaves_out="It leaves out biases, activations, merges, and every pool but adaptive average ones.",
    nothing=ACTIVATIONS | MAXIMA | {"avgpool", "bilinear", "grn", "lrn"},
)
