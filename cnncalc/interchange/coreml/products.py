"""The operations of an ML Program that multiply with matrices, and its normalisations."""

from __future__ import annotations

import re
from math import prod

from cnncalc.interchange.coreml.operation import STORED, Operation, Value
from cnncalc.interchange.coreml.unlearned import INVERSED, NO_BIAS, divided

__all__ = ["attention", "batch_norm", "instance_norm", "layer_norm", "leaky", "linear", "prelu", "product", "times"]


def linear(op: Operation) -> None:
    """linear: a matrix on the last axis."""
    weight = op.held("weight")
    if weight is None or len(weight.dims) != 2:
        raise op.fault("its weight is no matrix that the file holds")
    turned = op.learned(weight, "weight", weight.dims[::-1])
    bias = op.held("bias")
    if bias is not None and made_up(bias, "_bias_0", 0.0):
        op.tell.left[NO_BIAS] += prod(bias.dims)
        bias = None
    op.say("MatMul", op.x(), turned, *([op.learned(bias, "bias")] if bias is not None else []))


def product(op: Operation) -> None:
    """matmul, with either side turned."""
    sides = [op.x(), op.x("y")]
    for place, key in enumerate(("transpose_x", "transpose_y")):
        if op.whole(key, 0):
            sides[place] = turned(op, sides[place], ("x", "y")[place])
    op.say("MatMul", *sides)


def turned(op: Operation, tensor: str, key: str) -> str:
    """A tensor with its last two axes exchanged."""
    value = op.held(key)
    dims = value.dims if value is not None else op.tell.declared.get(tensor) or op.tell.inputs.get(tensor)
    if dims is None or len(dims) < 2:
        raise op.fault("the shape of what it turns is not stated")
    if value is not None:
        return op.learned(value, "weight", (*value.dims[:-2], value.dims[-1], value.dims[-2]))
    order = (*range(len(dims) - 2), len(dims) - 1, len(dims) - 2)
    return op.tell.put("Transpose", [tensor], perm=order)


def attention(op: Operation) -> None:
    """scaled_dot_product_attention: two products and a softmax; a mask costs as much as none."""
    keys = turned(op, op.x("key"), "key")
    scores = op.tell.put("MatMul", [op.x("query"), keys])
    shares = op.tell.put("Softmax", [op.tell.put("Mul", [scores, op.tell.number(1.0)])], axis=-1)
    op.say("MatMul", shares, op.x("value"))


def times(op: Operation) -> None:
    """mul, perhaps by what the converter has inverted."""
    divisor = op.held("y")
    if divisor is not None and divisor.dims and divisor.name.startswith(INVERSED):
        divided(op.tell, op.x(), divisor.dims, tuple(op.outputs), op.name)
    else:
        op.say("Mul", op.x(), op.x("y"))


SLOPE = re.compile(r"_alpha_[0-9]+\Z")
FUSED = ("_mean_0", "_variance_0")
"""What the converter calls the statistics that it makes up: those of a net are called as in the net."""


def batch_norm(op: Operation) -> None:
    """batch_norm; without factors it has statistics alone.

    Of a factor and a shift a channel, as behind a group norm, the converter makes one with statistics of 0 and 1.
    """
    gamma, beta, *statistics = (op.held(key) for key in ("gamma", "beta", "mean", "variance"))
    if gamma is not None and beta is not None and all(map(made_up, statistics, FUSED, (0.0, 1.0))):
        rank = len(next(iter(op.outputs.values()), None) or (0,) * 4)
        factor, shift = (
            op.learned(one, what, (*one.dims, *(1,) * (rank - 2))) for one, what in ((gamma, "weight"), (beta, "bias"))
        )
        op.say("Add", op.tell.put("Mul", [op.x(), factor], name=op.name), shift)
        return
    parts = [op.learned(one, what) for one, what in ((gamma, "weight"), (beta, "bias"))]
    parts += [op.learned(one, f"running_{key}") for one, key in zip(statistics, ("mean", "variance"))]
    op.say("BatchNormalization", op.x(), *parts, epsilon=op.real("epsilon", 1e-5))


def made_up(value: Value | None, ending: str, number: float) -> bool:
    """Whether numbers are the converter's, all of them this one as far as they are read."""
    if value is None or not STORED.sub("", value.name).endswith(ending):
        return False
    return value.values is None or set(value.values) == {number}


def instance_norm(op: Operation) -> None:
    """instance_norm."""
    gamma, beta = op.held("gamma"), op.held("beta")
    parts = [op.learned(gamma, "weight") or op.tell.number(1.0), op.learned(beta, "bias") or op.tell.number(0.0)]
    op.say("InstanceNormalization", op.x(), *parts, epsilon=op.real("epsilon", 1e-5))


def layer_norm(op: Operation) -> None:
    """layer_norm over the last axes."""
    gamma, beta = op.held("gamma"), op.held("beta")
    parts = [op.learned(gamma, "weight") or op.tell.number(1.0), op.learned(beta, "bias")]
    axes = op.wholes("axes") or (-1,)
    op.say("LayerNormalization", op.x(), *parts, axis=min(axes), epsilon=op.real("epsilon", 1e-5))


def prelu(op: Operation) -> None:
    """prelu, a slope a channel."""
    alpha = op.held("alpha")
    if alpha is None:
        raise op.fault("its slopes are made by the net")
    op.say("PRelu", op.x(), op.learned(alpha, "weight", (*alpha.dims, 1, 1)))


def leaky(op: Operation) -> None:
    """leaky_relu; of a PReLU of torch with one slope, or with equal ones, the converter makes one that it names so."""
    alpha = op.held("alpha")
    if alpha is not None and op.tell.made_by.startswith("torch") and SLOPE.search(STORED.sub("", alpha.name)):
        op.say("PRelu", op.x(), op.tell.weight(f"{op.name}.weight", (1,)))
    else:
        op.say("LeakyRelu", op.x(), alpha=op.real("alpha", 0.01))
