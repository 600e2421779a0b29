"""Tools that watch torch's or Paddle's modules: thop, torchinfo, paddle.flops."""

from __future__ import annotations

from math import prod

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.layers.kinds.sequences.recurrent import Recurrent
from cnncalc.tools.conventions.base import AVERAGES, MACS, MAXIMA, QUIET, WINDOWED, Case, Convention, Rule
from cnncalc.tools.conventions.sequences import Cells, other_attention

__all__ = ["PADDLE", "THOP", "TORCHINFO"]

OVER_OUTPUT = "transposed convolutions over their output"
UNEVEN = "the framework's transposed convolution has one border for both sides"


def uneven_refused(c: Case) -> str:
    """Why torch's module is not to be had; empty where it is."""
    return UNEVEN if c.uneven else other_attention(c)


def over_output(c: Case) -> int:
    """The weights at every output position, less what they are really used: at every input position."""
    return c.weight * c.positions - c.macs


WRONG_SIDE = Rule(
    OVER_OUTPUT, "every weight at each output position in place of each input position", over_output, bug=True
)


def thop_adaptive(c: Case) -> int:
    """(∏ n/out + 1) an output element. thop divides in floating point, and so must this, to be cut off alike."""
    return int((prod(n / out for n, out in zip(c.x[2:], c.y[2:])) + 1.0) * c.out)


def whole_window(c: Case) -> int:
    """The same for a window that is the whole map."""
    return c.size + c.x[0] * c.x[1]


def thop_softmax(c: Case) -> int:
    """n exps, n − 1 additions and n divisions for the n channels of a position."""
    return (3 * c.x[1] - 1) * (c.size // c.x[1])


def thop_resized(c: Case) -> int:
    """Nearest 1, linear 5, bilinear 11, bicubic 224 for its weights and 35 for itself, an output element.

    For three axes it has no rule, nor for a call by function.
    """
    if len(c.shapes) == 2:
        return 0
    mode = getattr(c.layer, "mode", "")
    each = {"nearest": 1, "cubic": 224 + 35, "bicubic": 224 + 35}.get(mode) or {1: 5, 2: 11}.get(c.rank, 0)
    return c.out * each


def thop_layer_norm(c: Case) -> int:
    """It knows torch.nn.LayerNorm, not torchvision's LayerNorm2d, which normalises the channels of a map."""
    return 0 if channels_of_map(c) else c.size * (4 if c.affine else 2)


def channels_of_map(c: Case) -> bool:
    return c.rank > 0 and getattr(c.layer, "over", "") == "channels"


CELLS_OF_THOP = {"lstm": (4, 4), "gru": (3, 4), "rnn": (1, 0)}
"""Gates, and sums and products a unit and step beside what each gate adds."""


def thop_cells(c: Case) -> int:
    """A gate's two products, its sum and its biases; the state's sums and products. A projection it does not know."""
    cells = Cells(c)
    layer, hidden = cells.layer, cells.hidden
    gates, beside = CELLS_OF_THOP[c.kind]
    first, later = layer.features(c.shapes[0]), layer.directions * hidden
    added = 3 if layer.bias else 1
    each = [hidden * (gates * (n + hidden + added) + beside) for n in [first] + [later] * (layer.layers - 1)]
    return cells.steps * layer.directions * sum(each)


def plain_products(c: Case) -> int:
    """The products of matrices of the same cells without a projection."""
    cells = Cells(c)
    layer, hidden = cells.layer, cells.hidden
    widths = [layer.features(c.shapes[0]) + hidden] + [(layer.directions + 1) * hidden] * (layer.layers - 1)
    return cells.steps * layer.directions * cells.gates * hidden * sum(widths)


CELLS = Rule(
    "sums and biases of recurrent layers",
    "two biases a gate, and the sums and products a unit",
    lambda c: thop_cells(c) - plain_products(c),
)
UNPROJECTED = Rule(
    "projections of an LSTM not known",
    "counted as if its states had all units",
    lambda c: plain_products(c) - c.macs,
    bug=True,
)
FOUR = "4 an element, 2 without a learned scale"
THOP_ADAPTIVE = "(input pixels of a window + 1) an output element"

ATTENTION = Rule("attention taken for nothing", "the tool has no rule for it", lambda c: -c.macs, bug=True)

THOP = Convention(
    name="thop",
    tool="thop 0.1.1-2209072238",
    unit="MACs",
    rules={
        "conv": (MACS,),
        "dwconv": (MACS,),
        "linear": (MACS,),
        "deconv": (MACS, WRONG_SIDE),
        "batchnorm": (Rule("batch norm", FOUR, lambda c: c.size * (4 if c.affine else 2)),),
        "instancenorm": (Rule("normalisation", FOUR, lambda c: c.size * (4 if c.affine else 2)),),
        "layernorm": (Rule("normalisation", FOUR, thop_layer_norm),),
        "avgpool": (Rule("average pools", "1 an output element", lambda c: c.out),),
        "adaptive_avgpool": (Rule("average pools", THOP_ADAPTIVE, thop_adaptive),),
        "global_avgpool": (Rule("average pools", THOP_ADAPTIVE, whole_window),),
        "prelu": (Rule("activations", "PReLU: 1 an element", lambda c: c.size),),
        "softmax": (Rule("activations", "softmax: 3n − 1 for n channels", thop_softmax),),
        "upsample": (
            Rule(
                "upsampling", "1 (nearest), 5 (linear), 11 (bilinear) or 259 (bicubic) an output element", thop_resized
            ),
        ),
        **dict.fromkeys(("lstm", "gru", "rnn"), (MACS, CELLS, UNPROJECTED)),
        "attention": (MACS, ATTENTION),
    },
    unknown={"spp": "whether its pools are modules, and of which class, depends on how it is written"},
    leaves_out="It leaves out biases, group norm, max pools, merges, most activations, and calls of functions.",
    refuses=uneven_refused,
    modules_only=True,
    by_class=True,
    nothing=MAXIMA
    | QUIET
    | WINDOWED
    | {"bilinear", "deform_conv", "einsum", "elu", "embedding", "gelu", "grn", "groupnorm", "leaky_relu", "lrn"}
    | {"matmul", "relu", "relu6", "rmsnorm", "silu"},
)


def floor_window(c: Case) -> int:
    """(∏ ⌊n/out⌋ + 1) an output element."""
    return (product(n // out for n, out in zip(c.x[2:], c.y[2:])) + 1) * c.out


PADDLE_BIAS = Rule("bias additions", "one an output element of a convolution", lambda c: c.bias)
PADDLE_ADAPTIVE = "(pixels of a window rounded down + 1) an output element"

PADDLE = Convention(
    name="paddle",
    tool="paddle.flops, paddlepaddle 3.3.1",
    unit="MACs",
    rules={
        "conv": (MACS, PADDLE_BIAS),
        "dwconv": (MACS, PADDLE_BIAS),
        "deconv": (MACS, PADDLE_BIAS, WRONG_SIDE),
        "linear": (MACS,),
        "batchnorm": (
            Rule("batch norm", "2 an element, on two axes only", lambda c: 2 * c.size if c.rank == 2 else 0),
        ),
        "leaky_relu": (Rule("activations", "leaky ReLU: 1 an element", lambda c: c.size),),
        "avgpool": (Rule("average pools", "1 an output element", lambda c: c.out),),
        "adaptive_avgpool": (Rule("average pools", PADDLE_ADAPTIVE, floor_window),),
        "global_avgpool": (Rule("average pools", PADDLE_ADAPTIVE, whole_window),),
    },
    unknown={"spp": "whether its pools are layers, and of which class, depends on how it is written"},
    leaves_out="It leaves out the biases of linear layers, every norm but batch norm on maps, max pools, merges, "
    "most activations, and calls of functions.",
    refuses=uneven_refused,
    modules_only=True,
    own_nets=True,
    nothing=MAXIMA
    | QUIET
    | {
        "bilinear",
        "elu",
        "gelu",
        "grn",
        "groupnorm",
        "instancenorm",
        "layernorm",
        "lrn",
        "prelu",
        "relu",
        "relu6",
        "silu",
        "softmax",
        "upsample",
    },
)


def each_step(c: Case) -> int:
    """Every parameter of a recurrent layer once a step, less what is multiplied."""
    assert isinstance(c.layer, Recurrent)
    return c.batch * c.layer.length(c.shapes[0]) * c.parameters - c.macs


def table(c: Case) -> int:
    """All of an embedding's table, once an image."""
    return c.batch * c.parameters


def one_use(c: Case) -> int:
    """A linear layer on more than a vector: its weights are counted once an image, so this is missing."""
    return c.batch * c.weight - c.macs


INFO_BIAS = Rule("bias additions", "one an output element of a convolution", lambda c: c.bias)
INFO_LINEAR_BIAS = Rule("bias additions", "one an output feature", lambda c: c.batch * (c.parameters - c.weight))
INFO_NORM = "its parameters once an image, whatever the size of the map"
INFO_LINEAR = (
    MACS,
    INFO_LINEAR_BIAS,
    Rule("linear layers without their positions", "their weights once an image", one_use, bug=True),
)
SIZELESS = (Rule("normalisation", INFO_NORM, lambda c: c.batch * c.parameters, bug=True),)

TORCHINFO = Convention(
    name="torchinfo",
    tool="torchinfo 1.8.0",
    unit="MACs",
    rules={
        "conv": (MACS, INFO_BIAS),
        "dwconv": (MACS, INFO_BIAS),
        "deconv": (MACS, INFO_BIAS, WRONG_SIDE),
        "linear": INFO_LINEAR,
        "bilinear": INFO_LINEAR,
        "batchnorm": (Rule("batch norm", INFO_NORM, lambda c: c.batch * c.parameters, bug=True),),
        "layernorm": SIZELESS,
        "groupnorm": SIZELESS,
        "instancenorm": SIZELESS,
        "rmsnorm": SIZELESS,
        "prelu": (Rule("activations", "PReLU: its slopes once an image", lambda c: c.batch * c.parameters),),
        **dict.fromkeys(("lstm", "gru", "rnn"), (MACS, Rule("bias additions", "both vectors of biases", each_step))),
        "deform_conv": (MACS, INFO_BIAS),
        "embedding": (Rule("embeddings", "all of the table once an image, though it is looked up", table, bug=True),),
        "attention": (MACS, ATTENTION),
    },
    unknown={
        "grn": "its two parameters count where they are called weight and bias, which depends on how it is written"
    },
    leaves_out="It leaves out whatever has no parameters: pools, activations, merges.",
    refuses=uneven_refused,
    by_class=True,
    nothing=MAXIMA
    | AVERAGES
    | QUIET
    | WINDOWED
    | {"einsum", "elu", "gelu", "leaky_relu", "lrn", "matmul", "relu", "relu6", "silu", "softmax"},
)
