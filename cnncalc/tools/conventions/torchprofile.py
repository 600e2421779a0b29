"""torchprofile: the operators of a traced net, whether modules or functions called them."""

from __future__ import annotations

from cnncalc.layers.kinds.conv import Deconv
from cnncalc.layers.kinds.merge import ElementwiseMerge
from cnncalc.layers.kinds.sequences.attention import Attention
from cnncalc.layers.kinds.tensors import Given
from cnncalc.tools.conventions.base import ACTIVATIONS, MACS, MAXIMA, WINDOWED, Case, Convention, Rule
from cnncalc.tools.conventions.modules import uneven_refused
from cnncalc.tools.conventions.sequences import COMBINED, Cells

__all__ = ["TORCHPROFILE"]


def over_output(c: Case) -> int:
    """Over the output; of a filter's channels, all of the input's, or a group's filters where as many come out."""
    assert isinstance(c.layer, Deconv)
    entering, filters, *kernel = c.tensors["weight"]
    each = filters if c.y[1] == entering else entering
    for length in kernel:
        each *= length
    return c.out * each - c.macs


def scaled(c: Case) -> int:
    """1 an element with a learned scale, none without."""
    return c.size if c.affine else 0


def products(c: Case) -> int:
    """1 an element for each tensor after the first; what is multiplied first may be smaller than the output."""
    layer = c.layer
    assert isinstance(layer, ElementwiseMerge)
    shapes = [*c.shapes, *([()] if layer.number is not None else [])]
    reached, whole = shapes[0], 0
    for shape in shapes[1:]:
        reached = tuple(max(a, b) for a, b in zip(reached, shape or reached))
        amount = c.batch
        for length in reached:
            amount *= length
        whole += amount
    return whole


def brought(c: Case) -> int:
    """1 an element where a tensor of the layer's own is multiplied by."""
    assert isinstance(c.layer, Given)
    return c.out if c.layer.join == "multiply" else 0


def bilinear(c: Case) -> int:
    """4 an output element, on two axes."""
    return 4 * c.out if c.rank == 2 and getattr(c.layer, "mode", "") in ("linear", "bilinear") else 0


def mean(c: Case) -> int:
    """1 an output element of a mean; of other reductions none."""
    return c.out if getattr(c.layer, "by", "") == "mean" else 0


def head_sizes(c: Case) -> int:
    """The products of lengths that the trace of an attention holds as operators: one operation each."""
    assert isinstance(c.layer, Attention)
    return 6 if len(c.shapes) == 2 and c.layer.packed(*c.shapes) else 4


def projected(c: Case) -> int:
    """It takes the projected features of a state for all of its units."""
    cells = Cells(c)
    if not cells.projected:
        return 0
    each = sum(4 * cells.layer.state * (n + cells.layer.state) for n in cells.entering)
    return cells.steps * cells.layer.directions * each - c.macs


def missed(c: Case) -> int:
    """The convolution: its trace holds an operator that has no rule."""
    return -c.macs * c.named_same


NORM = (Rule("normalisation", "1 an element with a learned scale", scaled),)
POOLS = (Rule("average pools", "1 an output element", lambda c: c.out),)
CONVOLVED = (
    MACS,
    Rule('`padding="same"` taken for nothing', "it does not know the operator", missed, bug=True),
)
NO_RULE = Rule("recurrent layers taken for nothing", "it knows the LSTM alone", lambda c: -c.macs, bug=True)

TORCHPROFILE = Convention(
    name="torchprofile",
    tool="torchprofile 0.1.0",
    unit="MACs",
    rules={
        **dict.fromkeys(("conv", "dwconv"), CONVOLVED),
        "deconv": (
            MACS,
            Rule("transposed convolutions over their output, by all groups",
                 "each output position by all channels that come in, or by a group's filters", over_output, bug=True),
        ),
        **dict.fromkeys(("linear", "matmul"), (MACS,)),
        "einsum": (COMBINED,),
        "batchnorm": (Rule("batch norm", "1 an element with a learned scale", scaled),),
        **dict.fromkeys(("layernorm", "groupnorm", "instancenorm"), NORM),
        "lrn": (Rule("normalisation", "local response norm: 3 an element", lambda c: 3 * c.size),),
        **dict.fromkeys(("avgpool", "adaptive_avgpool", "global_avgpool"), POOLS),
        "lppool": (Rule("pools", "lp pool: 3 an output element", lambda c: 3 * c.out),),
        "leaky_relu": (Rule("activations", "leaky ReLU: 1 an element", lambda c: c.size),),
        "upsample": (Rule("upsampling", "bilinear: 4 an output element", bilinear),),
        "multiply": (Rule("products element by element", "1 an element", products),),
        "layerscale": (Rule("products element by element", "1 an element", lambda c: c.size),),
        **dict.fromkeys(("parameter", "constant"), (Rule("products element by element", "1 an element", brought),)),
        "reduce": (Rule("means", "1 an output element", mean),),
        "attention": (
            MACS,
            Rule("lengths multiplied", "1 each, as if they were tensors", head_sizes, bug=True),
        ),
        "lstm": (MACS, Rule("projections of an LSTM taken for its units", "as if it had no more", projected, bug=True)),
        **dict.fromkeys(("gru", "rnn"), (MACS, NO_RULE)),
    },
    unknown={
        "spp": "whether its pools are adaptive averages, which count, depends on how it is written",
        "grn": "how often it multiplies depends on how it is written",
    },
    leaves_out="It leaves out biases, max pools, sums, and all activations but leaky ReLU.",
    refuses=uneven_refused,
    means=(Rule("average pools", "a mean: 1 an output element", lambda c: c.out),),
    nothing=(ACTIVATIONS - {"leaky_relu"})
    | (MAXIMA - {"lppool"})
    | WINDOWED
    | {"bilinear", "deform_conv", "embedding", "rmsnorm"},
)  # fmt: skip
