"""ultralytics-thop, which took thop over and mended it: modules by class and those that it derives from."""

from __future__ import annotations

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.layers.kinds.pool import AvgPool
from cnncalc.tools.conventions.base import MACS, MAXIMA, QUIET, WINDOWED, Case, Convention, Rule
from cnncalc.tools.conventions.modules import CELLS_OF_THOP, thop_softmax, uneven_refused
from cnncalc.tools.conventions.sequences import COMBINED, Cells, rows

__all__ = ["ULTRALYTICS"]


def normed(c: Case) -> int:
    """4 an element, 2 without a learned scale."""
    return c.size * (4 if c.affine else 2)


def summed(c: Case) -> int:
    """One an element of each window, as far as it counts, and one an output element."""
    assert isinstance(c.layer, AvgPool)
    pixels = 1
    for window, n, out in zip(c.layer.windows(c.shapes[0]), c.x[2:], c.y[2:]):
        before, after = window.padding(n)
        lower, upper = (-before, n + after) if c.layer.count_include_pad else (0, n)
        starts = (index * window.stride - before for index in range(out))
        pixels *= sum(max(min(at + window.kernel, upper) - max(at, lower), 0) for at in starts)
    return c.x[0] * c.x[1] * pixels + c.out


def adaptive(c: Case) -> int:
    """The same over the windows that an adaptive pool really has."""
    sides = (
        sum(-(-(at + 1) * n // out) - at * n // out for at in range(out)) for n, out in zip(c.x[2:], c.y[2:])
    )  # fmt: skip
    return c.x[0] * c.x[1] * product(sides) + c.out


def whole(c: Case) -> int:
    """The same for a window that is the whole map."""
    return c.size + c.x[0] * c.x[1]


def resized(c: Case) -> int:
    """Linear 5, bilinear 11, trilinear 31, bicubic 259 an output element; nearest and a call by function none."""
    mode = getattr(c.layer, "mode", "")
    if len(c.shapes) == 2 or mode == "nearest":
        return 0
    return c.out * (259 if mode in ("cubic", "bicubic") else {1: 5, 2: 11, 3: 31}[c.rank])


def cells(c: Case) -> int:
    """thop's cells, with a projection where there is one, less the products of matrices."""
    of = Cells(c)
    gates, beside = CELLS_OF_THOP[c.kind]
    added = 3 if of.layer.bias else 1
    each = gates * added + beside
    return of.steps * of.layer.directions * of.layer.layers * of.hidden * each


def weights(c: Case) -> int:
    """A softmax over each row of scores: 3n − 1."""
    count, length = rows(c)
    return count * (3 * length - 1)


def softmax(c: Case) -> int:
    """thop's 3n − 1, and for a log softmax one more a position."""
    return thop_softmax(c) + (c.size // c.x[1] if c.kind == "log_softmax" else 0)


NORM = Rule("normalisation", "4 an element, 2 without a learned scale", normed)
SUMMED = "1 an element of a window and 1 an output element"

ULTRALYTICS = Convention(
    name="ultralytics-thop",
    tool="ultralytics-thop 2.2.3",
    unit="MACs",
    rules={
        **dict.fromkeys(("conv", "dwconv", "deconv", "linear", "matmul"), (MACS,)),
        "einsum": (COMBINED,),
        "bilinear": (
            MACS,
            Rule("second contraction of a bilinear layer", "1 a feature of the second vector and output",
                 lambda c: c.shapes[1][0] * c.out),
        ),
        "batchnorm": (Rule("batch norm", "4 an element, 2 without a learned scale", normed),),
        **dict.fromkeys(("layernorm", "groupnorm", "instancenorm", "rmsnorm"), (NORM,)),
        "avgpool": (Rule("average pools", SUMMED, summed),),
        "adaptive_avgpool": (Rule("average pools", SUMMED, adaptive),),
        "global_avgpool": (Rule("average pools", SUMMED, whole),),
        "prelu": (Rule("activations", "PReLU: 1 an element", lambda c: c.size),),
        **dict.fromkeys(("softmax", "log_softmax"),
                        (Rule("activations", "softmax: 3n − 1 for n channels, its logarithm 3n", softmax),)),
        "upsample": (
            Rule("upsampling", "5 (linear), 11 (bilinear), 31 (trilinear) or 259 (bicubic) an output element", resized),
        ),
        **dict.fromkeys(("lstm", "gru", "rnn"), (
            MACS,
            Rule("sums and biases of recurrent layers", "two biases a gate, and the sums and products a unit", cells),
        )),
        "attention": (MACS, Rule("scaling, softmax and biases of attention", "softmax: 3n − 1 for n scores", weights)),
    },
    unknown={"spp": "whether its pools are modules, and of which class, depends on how it is written"},
    leaves_out="It leaves out biases, max pools, merges, most activations, and calls of functions but products of "
    "matrices.",
    refuses=uneven_refused,
    modules_only=True,
    nothing=MAXIMA
    | (QUIET - {"log_softmax"})
    | WINDOWED
    | {"deform_conv", "elu", "embedding", "gelu", "grn", "leaky_relu", "lrn", "relu", "relu6", "silu"},
)  # fmt: skip
