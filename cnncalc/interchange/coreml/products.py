"""The operations of an ML Program that multiply with matrices, and its normalisations."""

from __future__ import annotations

from cnncalc.interchange.coreml.operation import Operation

__all__ = ["attention", "batch_norm", "instance_norm", "layer_norm", "linear", "prelu", "product"]


def linear(op: Operation) -> None:
    """linear: a matrix on the last axis."""
    weight = op.held("weight")
    if weight is None or len(weight.dims) != 2:
        raise op.fault("its weight is no matrix that the file holds")
    turned = op.learned(weight, "weight", weight.dims[::-1])
    bias = op.held("bias")
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


def batch_norm(op: Operation) -> None:
    """batch_norm; without factors it has statistics alone."""
    parts = [op.learned(op.held(key), what) for key, what in (("gamma", "weight"), ("beta", "bias"))]
    parts += [op.learned(op.held(key), f"running_{key}") for key in ("mean", "variance")]
    op.say("BatchNormalization", op.x(), *parts, epsilon=op.real("epsilon", 1e-5))


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
