"""DeepSpeed's flops profiler, from which calflops was made: it stands in for torch's functions."""

from __future__ import annotations

from math import prod

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.layers.fields import spread
from cnncalc.layers.kinds.resize import Upsample
from cnncalc.tools.conventions.base import MACS, QUIET, SECOND, WINDOWED, Case, Convention, Rule
from cnncalc.tools.conventions.functions import BIAS, CONVOLVED, HAND_WRITTEN, INPUTS, LPPOOL, LRN, NORM, ONCE
from cnncalc.tools.conventions.functions import batch_normed as batch_norm
from cnncalc.tools.conventions.modules import uneven_refused
from cnncalc.tools.conventions.sequences import BY_PATH, PATCHED, RECURRENT

__all__ = ["DEEPSPEED"]


def resized(c: Case) -> int:
    """Elements times the factors, which are multiplied in floating point and so cut off as the tool cuts them off."""
    layer = c.layer
    assert isinstance(layer, Upsample)
    if given_size(c) or layer.scale is None:
        return c.out
    factors = [float(one) for one in spread(layer.scale, c.rank)]
    return int(c.size * (factors[0] ** c.rank if len(set(factors)) == 1 else prod(factors)))


def given_size(c: Case) -> bool:
    """Whether torch is told the size, and not by how much."""
    return len(c.shapes) == 2 or (isinstance(c.layer, Upsample) and c.layer.size is not None)


def one_channel(c: Case) -> int:
    """What is lost where a size is given: the positions of one channel of one image are counted."""
    return product(c.y[2:]) - c.out if given_size(c) else 0


DEEPSPEED = Convention(
    name="deepspeed",
    tool="deepspeed 0.19.8, flops profiler",
    unit="FLOPs",
    rules={
        **dict.fromkeys(("conv", "dwconv"), CONVOLVED),
        "deconv": (MACS, SECOND, BIAS),
        **dict.fromkeys(("linear", "matmul", "attention"), (MACS, SECOND)),
        "einsum": (BY_PATH,),
        "batchnorm": (Rule("batch norm", "2 an element, 1 without a learned scale", batch_norm),),
        **dict.fromkeys(("layernorm", "groupnorm", "instancenorm"), NORM),
        "lrn": LRN,
        **dict.fromkeys(("relu", "prelu", "elu", "leaky_relu", "silu", "gelu", "softmax"), ONCE),
        **dict.fromkeys(
            ("maxpool", "avgpool", "adaptive_maxpool", "adaptive_avgpool", "global_maxpool", "global_avgpool"), INPUTS
        ),
        "lppool": LPPOOL,
        "upsample": (
            Rule("upsampling", "1 an output element, by the factors", resized),
            Rule("upsampling to a given size", "one channel of one image", one_channel, bug=True),
        ),
        **dict.fromkeys(RECURRENT, PATCHED),
    },
    unknown={"spp": HAND_WRITTEN, "grn": HAND_WRITTEN},
    leaves_out="It leaves out merges, the biases of linear layers, and the activations that it has no rule for "
    "(ReLU6, sigmoid, hardswish, …).",
    refuses=uneven_refused,
    nothing=QUIET | WINDOWED | {"bilinear", "deform_conv", "embedding", "relu6", "rmsnorm"},
)
