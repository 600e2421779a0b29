"""torchscan: the leaves of a net's modules, each by a formula of its own; its FLOPs are those of the formulas."""

from __future__ import annotations

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.layers.kinds.norm import LayerNorm
from cnncalc.layers.kinds.pool import Pool
from cnncalc.layers.kinds.regularize import Dropout
from cnncalc.layers.kinds.sequences.attention import Attention
from cnncalc.tools.conventions.base import MACS, SECOND, WINDOWED, Case, Convention, Rule
from cnncalc.tools.conventions.modules import over_output, uneven_refused
from cnncalc.tools.conventions.sequences import attention_bias, rows

__all__ = ["TORCHSCAN"]


def first_addition(c: Case) -> int:
    """A sum of n products has n − 1 additions, and one more where there is a bias."""
    return c.bias - c.out


def each(amount: int) -> tuple[Rule, ...]:
    return (Rule("activations", f"{amount} an element", lambda c: amount * c.size),)


def batch_normed(c: Case) -> int:
    """2 a channel for the root, 2 an element, and 2 more with a learned scale."""
    return 2 * c.x[1] + (4 if c.affine else 2) * c.size


def layer_normed(c: Case) -> int:
    """6 an element, 2 a row, 1 an element for the scale and for the shift."""
    assert isinstance(c.layer, LayerNorm)
    length = product(c.x[1:]) if c.layer.over == "all" else c.x[1] if c.layer.over == "channels" else c.x[-1]
    return (6 + len(c.tensors)) * c.size + 2 * (c.size // length)


def window(c: Case) -> tuple[int, int]:
    """How many pixels a pool's window has, and how many torchscan takes it for: it does not square a single number."""
    assert isinstance(c.layer, Pool)
    kernel = [one.kernel for one in c.layer.windows(c.shapes[0])]
    return product(kernel), kernel[0] if len(set(kernel)) == 1 else product(kernel)


def unsquared(c: Case) -> int:
    """What is lost where a kernel of one number stands for a square."""
    true, taken = window(c)
    return (taken - true) * c.out


def averaged(c: Case) -> int:
    """Additions, and a division an axis."""
    return (window(c)[0] - 1 + c.rank) * c.out


def adaptive(c: Case) -> int:
    """The pixels of a window where the output divides the input, else the remainder and one: its approximation."""
    sides = (n // out if n % out == 0 else n % out + 1 for n, out in zip(c.x[2:], c.y[2:] or (1,) * c.rank))
    return product(sides)


def attended(c: Case) -> int:
    """Scaling, a softmax of 3n − 1, the first additions of all sums, and biases; the root of the scale once."""
    assert isinstance(c.layer, Attention)
    size = c.layer.sizes(*c.shapes)
    count, length = rows(c)
    joined = c.out if c.layer.project_bias else 0
    scaled = 1 + c.batch * size.keyed * size.queries
    sums = c.batch * (size.keyed * size.queries + (size.key + size.value) * size.keys)
    sums += count * length + c.batch * size.queries * size.valued + c.out
    return scaled + count * (3 * length - 1) + attention_bias(c) + joined - sums


AVERAGE = "additions, and a division an axis"
UNSQUARED = Rule("pools of a square kernel", "one number is not squared", unsquared, bug=True)
LARGEST = (Rule("pools", "comparisons of a window", lambda c: (window(c)[0] - 1) * c.out), UNSQUARED)
ADAPTIVE_AVERAGE = (Rule("average pools", AVERAGE, lambda c: c.out * (adaptive(c) - 1 + c.rank)),)
ADAPTIVE_LARGEST = (Rule("pools", "comparisons of a window", lambda c: c.out * (adaptive(c) - 1)),)
SUMS = Rule("bias additions less first additions", "n − 1 additions for n products", first_addition)
CONVOLVED = (MACS, SECOND, SUMS)

TORCHSCAN = Convention(
    name="torchscan",
    tool="torchscan 0.2.0",
    unit="FLOPs",
    rules={
        **dict.fromkeys(("conv", "dwconv", "linear"), CONVOLVED),
        "deconv": (
            *CONVOLVED,
            Rule("transposed convolutions over their output", "every weight at each output position in place of each "
                 "input position", lambda c: 2 * over_output(c), bug=True),
            Rule("padding of transposed convolutions", "8 an axis, to work it out", lambda c: 8 * c.rank),
        ),
        "batchnorm": (Rule("batch norm", "2 a channel, 4 an element, 2 without a learned scale", batch_normed),),
        "layernorm": (Rule("normalisation", "6 an element and 2 a row, 1 an element a learned tensor", layer_normed),),
        "relu": each(1),
        "relu6": each(2),
        "leaky_relu": each(4),
        "elu": each(6),
        "sigmoid": each(4),
        "tanh": each(6),
        "dropout": (
            Rule("dropout at inference", "1 an element, though nothing is dropped",
                 lambda c: c.size if isinstance(c.layer, Dropout) and c.layer.rate > 0 and not c.layer.channels else 0,
                 bug=True),
        ),
        "maxpool": LARGEST,
        "avgpool": (Rule("average pools", AVERAGE, averaged), UNSQUARED),
        **dict.fromkeys(("adaptive_avgpool", "global_avgpool"), ADAPTIVE_AVERAGE),
        **dict.fromkeys(("adaptive_maxpool", "global_maxpool"), ADAPTIVE_LARGEST),
        "attention": (
            MACS,
            SECOND,
            Rule("scaling, softmax and biases of attention", "3n − 1 for n scores, less first additions", attended),
        ),
    },
    unknown={"spp": "whether its pools are modules, and of which class, depends on how it is written"},
    leaves_out="It leaves out group and instance norms, upsampling, recurrent layers, merges, most activations, and "
    "calls of functions.",
    refuses=uneven_refused,
    modules_only=True,
    by_class=True,
    nothing=WINDOWED
    | {"bilinear", "deform_conv", "einsum", "embedding", "gelu", "grn", "groupnorm", "gru", "hardsigmoid", "hardswish"}
    | {"instancenorm", "log_softmax", "lppool", "lrn", "lstm", "matmul", "mish", "prelu", "rmsnorm", "rnn", "selu"}
    | {"rrelu", "silu", "softmax", "softplus", "upsample"},
)  # fmt: skip
