"""onnx-tool: the nodes of an ONNX file, each by a price list: an exp costs 32, a root 24, a division 4, a logarithm 43.

The file is one of opset 17 as `cnncalc export` writes it; other exporters compose some layers of other nodes.
"""

from __future__ import annotations

from cnncalc.arithmetic.windows.formulas import adaptive_windows, product
from cnncalc.layers.fields import spread
from cnncalc.layers.kinds.conv import Deconv
from cnncalc.layers.kinds.merge import ElementwiseMerge
from cnncalc.layers.kinds.norm import LayerNorm
from cnncalc.layers.kinds.pool import Pool
from cnncalc.layers.kinds.resize import Upsample
from cnncalc.layers.kinds.sequences.attention import Attention
from cnncalc.layers.kinds.sequences.recurrent import LSTM
from cnncalc.layers.kinds.tensors import Given
from cnncalc.tools.conventions.base import MACS, Case, Convention, Rule
from cnncalc.tools.conventions.sequences import COMBINED, Cells, attention_bias, other_attention, rows

__all__ = ["ONNX_TOOL"]

EXP, ROOT, DIVISION, LOGARITHM, TANH = 32, 24, 4, 43, 38

PRICES = {
    "relu": 1, "relu6": 2, "leaky_relu": 2, "prelu": 2, "rrelu": 2,
    "elu": EXP + 3, "sigmoid": EXP, "silu": EXP + 1, "gelu": 7,
    "hardsigmoid": 4, "hardswish": 5, "softplus": EXP + 1 + LOGARITHM, "softmax": EXP + DIVISION,
    "log_softmax": EXP + DIVISION + 1 + LOGARITHM, "tanh": 2 * TANH, "mish": EXP + 1 + LOGARITHM + 2 * TANH + 1,
}  # fmt: skip
"""Operations an element. Of a GELU the erf costs nothing; a tanh counts twice."""
FUNCTIONS = {"abs": 1, "clip": 2, "exp": EXP, "square": 1}
REDUCED = ("mean", "sum", "max")


def priced(kind: str) -> tuple[Rule, ...]:
    """An activation, by the list."""
    amount = PRICES[kind]
    return (Rule("activations", f"{kind}: {amount} an element", lambda c: amount * c.size),)


def by_filters(c: Case) -> int:
    """Each output position by a group's filters, in place of the channels that come in at each input position."""
    assert isinstance(c.layer, Deconv)
    return c.out * product(c.tensors["weight"][1:]) - c.macs


def normed(c: Case) -> int:
    """7 an element, and 29 for each length of the first axis that is normalised."""
    assert isinstance(c.layer, LayerNorm)
    length = c.x[1] if c.layer.over in ("all", "channels") else c.x[-1]
    return 7 * c.size + (1 + ROOT + DIVISION) * (c.size // length)


def root_mean_square(c: Case) -> int:
    """A square, a mean, a division, a scale an element; a sum and a root a row."""
    length = product(c.x[1:]) if getattr(c.layer, "over", "") == "all" else c.x[-1]
    return c.size * (2 + DIVISION + c.affine) + (1 + ROOT) * (c.size // length)


def instance_normed(c: Case) -> int:
    """7 an element; by running statistics, as a batch norm."""
    return c.size * (BATCH if c.stats else 7)


def group_normed(c: Case) -> int:
    """An instance norm, and scale and shift behind it."""
    return c.size * (9 if c.affine else 7)


def pooled(c: Case) -> int:
    """A window's pixels an output element, of three axes the first one's alone."""
    assert isinstance(c.layer, Pool)
    return c.out * product(window.kernel for window in c.layer.windows(c.shapes[0]))


def first_axis(c: Case) -> int:
    """What is lost of a window on three axes."""
    assert isinstance(c.layer, Pool)
    kernel = [window.kernel for window in c.layer.windows(c.shapes[0])]
    return c.out * kernel[0] - pooled(c) if len(kernel) == 3 else 0


def binned(c: Case) -> int:
    """1 an element of a window. Where windows differ in size the file reduces one axis after the other."""
    entering, leaving = list(c.x[2:]), list(c.y[2:])
    if max(leaving) == 1:
        return c.size + DIVISION * c.out
    if not any(n % out for n, out in zip(entering, leaving)):
        return c.size
    whole = 0
    for axis, out in enumerate(leaving):
        if entering[axis] == out:
            continue
        others = product(length for at, length in enumerate(entering) if at != axis)
        whole += c.x[0] * c.x[1] * others * adaptive_windows(entering[axis], out)
        entering[axis] = out
    return whole


def first_axis_of_bins(c: Case) -> int:
    """The same of an adaptive pool on three axes that the file says as a plain one."""
    entering, leaving = c.x[2:], c.y[2:]
    plain = c.rank == 3 and max(leaving) > 1 and not any(n % out for n, out in zip(entering, leaving))
    return c.out * (entering[0] // leaving[0]) - c.size if plain else 0


def merged(price: int) -> tuple[Rule, ...]:
    """A price an output element for each tensor, or number, after the first."""

    def each(c: Case) -> int:
        assert isinstance(c.layer, ElementwiseMerge)
        return price * c.out * (len(c.shapes) - 1 + (c.layer.number is not None))

    return (Rule("element by element", f"{price} an output element", each),)


def brought(c: Case) -> int:
    assert isinstance(c.layer, Given)
    return c.out if c.layer.join in ("add", "multiply") else 0


def enlarged(c: Case) -> int:
    mode = getattr(c.layer, "mode", "")
    return 0 if mode == "nearest" else (8 if mode in ("cubic", "bicubic") else 4) * c.out


def attended(c: Case) -> int:
    """The queries scaled, a softmax, biases."""
    assert isinstance(c.layer, Attention)
    size = c.layer.sizes(*c.shapes)
    count, length = rows(c)
    joined = c.out if c.layer.project_bias else 0
    return c.batch * size.keyed * size.queries + count * length * PRICES["softmax"] + attention_bias(c) + joined


CELL = 4 + 3 * EXP + 2 * TANH + 4
"""Four sums, three sigmoids, two tanh, and what makes the state, a unit and step."""


def gated(c: Case) -> int:
    """Biases of all gates and directions, and the cells of one direction."""
    cells = Cells(c)
    biases = 2 * cells.gates * cells.hidden * cells.layer.directions
    return cells.steps * cells.layer.layers * (biases + CELL * cells.hidden * cells.layer.directions)


def one_direction(c: Case) -> int:
    """The cells of the second direction, which are left out."""
    cells = Cells(c)
    return -cells.steps * cells.layer.layers * CELL * cells.hidden * (cells.layer.directions - 1)


def refuses(c: Case) -> str:
    """Where the file is composed of other nodes, or the tool fails."""
    layer, kind = c.layer, c.kind
    if c.parametrised or (kind == "batchnorm" and not c.stats):
        return "an ONNX file has no such layer"
    if kind == "lrn" and (c.rank != 2 or getattr(layer, "size", 0) % 2 == 0):
        return COMPOSED
    if kind == "adaptive_maxpool" and max(c.y[2:]) == 1:
        return NODE
    if kind == "rmsnorm" and getattr(layer, "over", "") == "channels" and c.rank:
        return COMPOSED
    if isinstance(layer, Pool) and kind == "avgpool" and layer.rounding == "ceil" and layer.padding != ((0, 0),):
        return COMPOSED
    if isinstance(layer, Upsample) and (layer.scale is None or any(one % 1 for one in spread(layer.scale, c.rank))):
        return "the tool loses the shape of what is resized to a given size"
    if kind == "function" and getattr(layer, "of", "") not in FUNCTIONS:
        return COMPOSED
    if kind == "reduce" and getattr(layer, "by", "") not in REDUCED:
        return COMPOSED
    if isinstance(layer, LSTM) and (not layer.bias or layer.projection is not None or layer.bias_vectors != 2):
        return "the tool fails on an LSTM without biases, and ONNX has none with a projection"
    return other_attention(c)


BATCH = 2 + ROOT + DIVISION + 1
BIAS = Rule("bias additions", "one an output element", lambda c: c.bias)
COMPOSED = "how ONNX files are composed there was not measured"
NODE = "the tool fails on the operator"
WINDOWS = (
    Rule("pools", "the window an output element", pooled),
    Rule("pools on three axes", "the first axis of the window alone", first_axis, bug=True),
)
ADAPTIVE = (
    Rule("pools", "the window an output element, an axis after the other", binned),
    Rule("pools on three axes", "the first axis of the window alone", first_axis_of_bins, bug=True),
)

ONNX_TOOL = Convention(
    name="onnx-tool",
    tool="onnx-tool 1.0.1",
    unit="MACs",
    rules={
        **{kind: priced(kind) for kind in PRICES},
        **dict.fromkeys(("conv", "dwconv", "linear"), (MACS, BIAS)),
        "deconv": (
            MACS,
            BIAS,
            Rule("transposed convolutions over their output", "each output position by a group's filters", by_filters,
                 bug=True),
        ),
        "matmul": (MACS,),
        "einsum": (COMBINED,),
        "bilinear": (
            MACS,
            BIAS,
            Rule("pairs of a bilinear layer", "1 each", lambda c: c.batch * c.shapes[0][0] * c.shapes[1][0]),
        ),
        "batchnorm": (
            Rule("batch norm", f"{BATCH} an element: a root and a division for each", lambda c: BATCH * c.size,
                 bug=True),
        ),
        "layernorm": (Rule("normalisation", "7 an element and 29 a row", normed),),
        "rmsnorm": (Rule("normalisation", "6 an element, 1 with a scale, and 25 a row", root_mean_square),),
        "instancenorm": (Rule("normalisation", "7 an element, by statistics as a batch norm", instance_normed),),
        "groupnorm": (Rule("normalisation", "7 an element, 9 with a learned scale", group_normed),),
        "lrn": (
            Rule("normalisation", "local response norm: 37 and its size an element",
                 lambda c: c.size * (DIVISION + EXP + 1 + getattr(c.layer, "size", 0))),
        ),
        "layerscale": (Rule("element by element", "1 an element, 2 with a shift", lambda c: c.size * len(c.tensors)),),
        **dict.fromkeys(("maxpool", "avgpool"), WINDOWS),
        **dict.fromkeys(("adaptive_avgpool", "adaptive_maxpool"), ADAPTIVE),
        "global_avgpool": (
            Rule("average pools", "1 an input element, 4 an output element",
                 lambda c: c.size + DIVISION * c.x[0] * c.x[1]),
        ),
        "upsample": (Rule("upsampling", "linear: 4 an output element, cubic: 8", enlarged),),
        **dict.fromkeys(("add", "multiply", "maximum", "minimum", "subtract"), merged(1)),
        "divide": merged(DIVISION),
        "power": merged(EXP),
        **dict.fromkeys(("parameter", "constant"), (Rule("element by element", "1 an output element", brought),)),
        "positional": (Rule("element by element", "1 an output element", lambda c: c.out),),
        "function": (
            Rule("functions", "by the list: exp 32", lambda c: c.size * FUNCTIONS[getattr(c.layer, "of", "")]),
        ),
        "reduce": (Rule("reductions", "1 an input element", lambda c: c.size),),
        "glu": (Rule("activations", "GLU: 33 an output element", lambda c: (EXP + 1) * c.out),),
        "embedding": (
            Rule("indices", "kept within the table: 2 each", lambda c: 2 * c.batch * product(c.y[1:]) // embedded(c)),
        ),
        "attention": (
            MACS,
            Rule("scaling, softmax and biases of attention", "36 a score", attended),
        ),
        "lstm": (
            MACS,
            Rule("sums and biases of recurrent layers", "180 a unit and step, and both biases", gated),
            Rule("cells of a second direction", "left out", one_direction, bug=True),
        ),
    },
    unknown={
        **dict.fromkeys(("selu", "lppool", "global_maxpool", "gru", "rnn"), NODE),
        **dict.fromkeys(("fold", "fractional_maxpool", "deform_conv", "maxunpool"), "an ONNX file has no such layer"),
        **dict.fromkeys(("spp", "grn", "local", "maxout"), COMPOSED),
    },
    leaves_out="It leaves out what moves elements, and the erf of a GELU.",
    refuses=refuses,
    own_nets=True,
    nothing=frozenset(("unfold",)),
)  # fmt: skip


def embedded(c: Case) -> int:
    """Features of each number that is looked up."""
    return int(getattr(c.layer, "features", 1))
