"""Tools that stand in for torch's functions: calflops, and ptflops, which watches modules as well."""

from __future__ import annotations

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.layers.kinds.conv import Deconv, ForwardConvolution
from cnncalc.layers.kinds.resize import Upsample
from cnncalc.layers.kinds.sequences.attention import Attention
from cnncalc.tools.conventions.base import MACS, QUIET, SECOND, WINDOWED, Case, Convention, Rule
from cnncalc.tools.conventions.modules import channels_of_map, uneven_refused
from cnncalc.tools.conventions.sequences import (
    BY_PATH,
    ELEMENTWISE,
    FUSED,
    PATCHED,
    PROJECTION,
    RECURRENT,
    Cells,
    attention_bias,
    cells_of,
    hidden_products,
)

__all__ = ["CALFLOPS", "PTFLOPS"]

TWICE = "modules counted again as functions"
BIAS = Rule("bias additions", "one an output element", lambda c: c.bias)
HAND_WRITTEN = "which of torch's functions it calls depends on how it is written"
BY_NAME = "`torch.matmul` is counted and `@` is not"


def unless_function(c: Case, elements: int) -> int:
    """A module's own count; a function has none."""
    return 0 if c.called == "function" else elements


def both(what: str, how: str) -> tuple[Rule, ...]:
    """A module that ptflops knows calls a function that it knows too."""
    return (
        Rule(what, how, lambda c: c.pooled),
        Rule(TWICE, "by the function that it calls", lambda c: unless_function(c, c.pooled), bug=True),
    )


def module_only(what: str, how: str) -> tuple[Rule, ...]:
    return (Rule(what, how, lambda c: unless_function(c, c.size)),)


POOLS = both("pools", "1 an input element")
ACTIVATION = both("activations", "1 an element")
ONCE = (Rule("activations", "1 an element", lambda c: c.size),)


def composed_response(c: Case) -> int:
    """Local response norm: a square, an average pool over the padded channels, a product and a sum."""
    return 3 * c.size + c.size // c.x[1] * (c.x[1] + getattr(c.layer, "size", 0) - 1)


def composed_power_pool(c: Case) -> int:
    """An lp pool: an average pool, a ReLU and a product."""
    return c.size + 2 * c.out


LRN = (
    Rule(
        "normalisation", "local response norm: 3 an element and 1 an element of the padded channels", composed_response
    ),
)
LPPOOL = (Rule("pools", "lp pool: 1 an input element and 2 an output element", composed_power_pool),)


def scaled(c: Case) -> int:
    """2 an element with a learned scale, 1 without."""
    return unless_function(c, c.size * (2 if c.affine else 1))


def layer_normed(c: Case) -> int:
    """1 an element of torch.nn.LayerNorm; torchvision's LayerNorm2d is another class."""
    return 0 if channels_of_map(c) else unless_function(c, c.size)


def resized_module(c: Case) -> int:
    return unless_function(c, c.out) if len(c.shapes) == 1 else 0


def stepwise(c: Case) -> int:
    """The sums and products a unit, and two biases a gate, of every step."""
    cells = Cells(c)
    biases = 2 * cells.gates * cells.hidden if cells.layer.bias else 0
    return cells_of(c) * cells.layer.layers * (ELEMENTWISE[c.kind] * cells.hidden + biases)


def ptflops_attention(c: Case) -> int:
    """The queries scaled, a softmax of one operation a score, biases; the last one is always there."""
    assert isinstance(c.layer, Attention)
    size = c.layer.sizes(*c.shapes)
    value = c.layer.features(c.shapes[-1])
    scores = c.layer.heads * size.queries * size.asked
    added = attention_bias(c) // c.batch
    return c.batch * (size.keyed * size.queries + scores + value * size.queries) + c.batch * added


def own_widths(c: Case) -> int:
    """Keys and values as if each were projected to as many features as it has, and the values' way out."""
    assert isinstance(c.layer, Attention)
    layer, size = c.layer, c.layer.sizes(*c.shapes)
    q, k, v = (layer.features(c.shapes[min(at, len(c.shapes) - 1)]) for at in (0, 1, -1))
    heads = layer.heads * size.queries * size.keys * (q // layer.heads + v // layer.heads)
    whole = size.queries * q * q + size.keys * (k * k + v * v) + heads + size.queries * v * v
    return c.batch * whole - c.macs


def sampled(c: Case) -> int:
    """24 a pixel of a window and position to look between pixels, 25 with a mask: as if there was one channel."""
    return product(c.layer.used_weight(*c.shapes)[2:]) * c.positions * (24 + (len(c.shapes) > 2))


def ptflops_refuses(c: Case) -> str:
    layer = c.layer
    if isinstance(layer, Upsample) and layer.scale is not None and any(one % 1 for one in layer.scale):
        return "the tool multiplies by a fraction in floating point, and cuts off the sum of all layers"
    return uneven_refused(c)


PTFLOPS_NORM = (Rule("normalisation", "2 an element, 1 without a learned scale", scaled),)

PTFLOPS = Convention(
    name="ptflops",
    tool="ptflops 0.7.5, backend pytorch",
    unit="MACs",
    rules={
        **dict.fromkeys(("conv", "dwconv", "deconv", "linear"), (MACS, BIAS)),
        "batchnorm": (Rule("batch norm", "2 an element, 1 without a learned scale", scaled),),
        "groupnorm": PTFLOPS_NORM,
        "instancenorm": PTFLOPS_NORM,
        "layernorm": (Rule("normalisation", "1 an element", layer_normed),),
        "lrn": LRN,
        **dict.fromkeys(("relu", "prelu", "elu", "gelu"), ACTIVATION),
        **dict.fromkeys(("relu6", "leaky_relu"), module_only("activations", "1 an element")),
        **dict.fromkeys(("silu", "softmax"), ONCE),
        **dict.fromkeys(
            ("maxpool", "avgpool", "adaptive_maxpool", "adaptive_avgpool", "global_maxpool", "global_avgpool"), POOLS
        ),
        "lppool": LPPOOL,
        "upsample": (
            Rule("upsampling", "1 an output element", lambda c: c.out),
            Rule(TWICE, "by the function that it calls", resized_module, bug=True),
        ),
        **dict.fromkeys(
            RECURRENT,
            (
                MACS,
                Rule(
                    "sums and biases of recurrent layers",
                    "two biases a gate, and the sums and products a unit",
                    stepwise,
                ),
                PROJECTION,
            ),
        ),
        "attention": (
            MACS,
            Rule("scaling, softmax and biases of attention", "1 a query, a score and a bias", ptflops_attention),
            Rule("keys and values of other widths", "projected to their own width", own_widths, bug=True),
        ),
        "deform_conv": (MACS, BIAS, Rule("sampling", "24 a pixel of a window, of one channel", sampled, bug=True)),
    },
    unknown={"spp": HAND_WRITTEN, "grn": HAND_WRITTEN, "matmul": BY_NAME},
    leaves_out="It leaves out merges and the activations that it has no rule for (sigmoid, tanh, hardswish, …).",
    refuses=ptflops_refuses,
    one_image=True,
    by_class=True,
    nothing=QUIET | WINDOWED | {"bilinear", "einsum", "embedding", "rmsnorm"},
)


def halves(c: Case) -> int:
    """What is lost where calflops gives `same` ⌊total/2⌋ on both sides, though an odd total has a pixel more."""
    assert isinstance(c.layer, ForwardConvolution)
    if not c.named_same:
        return 0
    lengths = (
        n + 2 * ((window.extent - 1) // 2) - window.extent + 1
        for window, n in zip(c.layer.windows(c.shapes[0]), c.x[2:])
    )
    lost = c.positions - c.batch * product(lengths)
    return -lost * (2 * c.weight + (c.y[1] if c.bias else 0))


def transposed_windows(c: Case) -> int:
    """The output positions that calflops works out for the bias: by the formula of a plain convolution."""
    assert isinstance(c.layer, Deconv)
    windows = c.layer.windows(c.shapes[0])
    return c.batch * product(
        (n + 2 * int(window.border[0]) - window.extent) // window.stride + 1 for window, n in zip(windows, c.x[2:])
    )


def grouped_twice(c: Case) -> int:
    """It divides by the groups once more: the weight's second axis holds one group's filters already."""
    assert isinstance(c.layer, Deconv)
    filters = c.tensors["weight"][1] // c.layer.groups
    each = product(c.tensors["weight"][2:]) * c.x[1] * filters
    return 2 * (each * c.batch * product(c.x[2:]) - c.macs)


def wrong_bias(c: Case) -> int:
    """The bias of one group's filters at the positions of a convolution that is not transposed."""
    return c.tensors["weight"][1] * transposed_windows(c) - c.bias if c.bias else 0


def normed(c: Case) -> int:
    return c.size * (5 if c.affine else 4)


def batch_normed(c: Case) -> int:
    return c.size * (2 if c.affine else 1) if c.stats else normed(c)


def resized(c: Case) -> int:
    """Input elements; where a size is given, the positions of one channel of one image."""
    layer = c.layer
    assert isinstance(layer, Upsample)
    return product(c.y[2:]) if layer.size is not None or len(c.shapes) == 2 else c.size


def calflops_refuses(c: Case) -> str:
    layer = c.layer
    if isinstance(layer, Upsample) and layer.scale is not None and len(set(layer.scale)) > 1:
        return "the tool fails where the axes are scaled by different factors"
    return uneven_refused(c)


NORM = (Rule("normalisation", "5 an element, 4 without a learned scale", normed),)
INPUTS = (Rule("pools", "1 an input element", lambda c: c.pooled),)
CONVOLVED = (
    MACS,
    SECOND,
    BIAS,
    Rule("`same` of an odd total", "half of it, rounded down, on both sides", halves, bug=True),
)

CALFLOPS = Convention(
    name="calflops",
    tool="calflops 0.3.2",
    unit="FLOPs",
    rules={
        **dict.fromkeys(("conv", "dwconv"), CONVOLVED),
        "deconv": (
            MACS,
            SECOND,
            BIAS,
            Rule(
                "transposed convolutions divided by their groups twice", "one filter too few", grouped_twice, bug=True
            ),
            Rule("biases of transposed convolutions", "at the positions of a plain convolution", wrong_bias, bug=True),
        ),
        "linear": (MACS, SECOND),
        "einsum": (BY_PATH,),
        "batchnorm": (Rule("batch norm", "2 an element, 1 without a learned scale", batch_normed),),
        **dict.fromkeys(("layernorm", "groupnorm", "instancenorm"), NORM),
        "lrn": LRN,
        **dict.fromkeys(("relu", "prelu", "elu", "leaky_relu", "silu", "gelu", "softmax"), ONCE),
        **dict.fromkeys(
            ("maxpool", "avgpool", "adaptive_maxpool", "adaptive_avgpool", "global_maxpool", "global_avgpool"), INPUTS
        ),
        "lppool": LPPOOL,
        "upsample": (Rule("upsampling", "1 an input element, or the positions of a given size", resized),),
        **dict.fromkeys(RECURRENT, PATCHED),
        "attention": (MACS, SECOND, Rule(FUSED.what, FUSED.how, lambda c: 2 * hidden_products(c), bug=True)),
    },
    unknown={"spp": HAND_WRITTEN, "grn": HAND_WRITTEN, "matmul": BY_NAME},
    leaves_out="It leaves out merges, the biases of linear layers, and the activations that it has no rule for "
    "(ReLU6, sigmoid, hardswish, …).",
    refuses=calflops_refuses,
    nothing=QUIET | WINDOWED | {"bilinear", "deform_conv", "embedding", "relu6", "rmsnorm"},
)
