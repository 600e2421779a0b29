"""The operations of NNEF, each as operators of ONNX (NNEF 1.0.5, chapter 4), with the names of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from cnncalc.interchange.nnef.operation import Operation

__all__ = ["NAMES", "RULES"]

Rule: TypeAlias = Callable[[Operation], None]
FILTERED = ("input", "filter", "bias", "border", "padding", "stride", "dilation")
POOLED = ("input", "size", "border", "padding", "stride", "dilation")
REDUCED = ("input", "axes", "normalize")


def as_it_is(kind: str) -> Rule:
    """An operator with one input and nothing to say."""
    return lambda op: op.say(kind, op.tensor("x"))


def of_two(kind: str) -> Rule:
    """An operator of two tensors, or of a tensor and a number."""
    return lambda op: op.say(kind, op.tensor("x"), op.tensor("y"))


def borders(op: Operation, *, drop: int) -> dict[str, Any]:
    """`padding`, a pair an axis, of which the first `drop` are left out; none: strides alone decide on the output."""
    pads = op.wholes("padding")[2 * drop :]
    return {"pads": (*pads[::2], *pads[1::2])} if pads else {"auto_pad": "SAME_UPPER"}


def convolution(op: Operation) -> None:
    """conv and deconv. Groups of 0 are one a channel."""
    filters = op.fixed("filter")
    rank = max(len(filters) - 2, 1)
    said: dict[str, Any] = {
        "strides": op.wholes("stride") or (1,) * rank,
        "dilations": op.wholes("dilation") or (1,) * rank,
        "group": op.whole("groups", 1),
        **borders(op, drop=0),
    }
    if op.kind == "deconv":
        said["group"] = said["group"] or filters[0]
        if shape := op.wholes("output_shape"):
            said["output_shape"] = shape[2:]
        op.say("ConvTranspose", op.tensor("input"), op.tensor("filter"), op.optional("bias"), **said)
        return
    op.say("Conv", op.tensor("input"), op.tensor("filter"), op.optional("bias"), **said)


def separable(op: Operation) -> None:
    """separable_conv: one filter a channel, then one pixel of all channels."""
    rank = max(len(op.fixed("plane_filter")) - 2, 1)
    said: dict[str, Any] = {
        "strides": op.wholes("stride") or (1,) * rank,
        "dilations": op.wholes("dilation") or (1,) * rank,
        **borders(op, drop=0),
    }
    inner = op.tell.put("Conv", [op.tensor("input"), op.tensor("plane_filter")], group=0, **said)
    op.say("Conv", inner, op.tensor("point_filter"), op.optional("bias"), group=op.whole("groups", 1))


def pool(kind: str) -> Rule:
    """max_pool, avg_pool, rms_pool and box, whose windows have lengths for batch and channels, too."""

    def rule(op: Operation) -> None:
        size = op.wholes("size")
        rank = len(size) - 2
        steps = [op.wholes(key) or (1,) * len(size) for key in ("stride", "dilation")]
        if rank < 1 or any(n != 1 for some in (size, *steps) for n in some[:2]):
            raise op.fault("a window over the batch or over channels is not read")
        said: dict[str, Any] = {"kernel_shape": size[2:], "strides": steps[0][2:], **borders(op, drop=2)}
        if any(n != 1 for n in steps[1]):
            said["dilations"] = steps[1][2:]
        if kind == "AveragePool":
            said["count_include_pad"] = int(op.word("border", "constant") != "ignore")
        op.say(kind, op.tensor("input"), **said)

    return rule


def summed(op: Operation) -> None:
    """box: a sum over windows, divided by their size if told."""
    if not op.whole("normalize", 0):
        raise op.fault("a sum over windows is read where it is divided by their size")
    pool("AveragePool")(op)


def batch_norm(op: Operation) -> None:
    """batch_normalization."""
    parts = [op.optional("scale"), op.optional("offset"), op.tensor("mean"), op.tensor("variance")]
    op.say("BatchNormalization", op.tensor("input"), *parts, epsilon=op.real("epsilon", 0.0))


def response_norm(op: Operation) -> None:
    """local_response_normalization, over channels."""
    size = op.wholes("size")
    if len(size) < 2 or any(n != 1 for axis, n in enumerate(size) if axis != 1):
        raise op.fault("it is read over channels", str(size)[:60])
    op.say("LRN", op.tensor("input"), size=size[1])


def length_norm(by: str) -> Rule:
    """l1_ and l2_normalization."""

    def rule(op: Operation) -> None:
        axes = op.tell.numbers(*op.wholes("axes"))
        length = op.tell.put(by, [op.tensor("input"), axes], keepdims=1)
        op.say("Div", op.tensor("input"), length)

    return rule


def linear(op: Operation) -> None:
    """linear: a vector an image with a matrix."""
    op.say("Gemm", op.tensor("input"), op.tensor("filter"), op.optional("bias"), transB=1)


def product(op: Operation) -> None:
    """matmul; a variable may be turned."""
    sides = []
    for key, flag in (("A", "transposeA"), ("B", "transposeB")):
        tensor = op.tensor(key)
        if op.whole(flag, 0):
            dims = op.fixed(key)
            tensor = op.tell.put("Transpose", [tensor], perm=(*range(len(dims) - 2), len(dims) - 1, len(dims) - 2))
        sides.append(tensor)
    op.say("MatMul", *sides)


def reduction(kind: str) -> Rule:
    """Over axes, which stay with length 1."""

    def rule(op: Operation) -> None:
        name = "ReduceMean" if op.whole("normalize", 0) else kind
        op.say(name, op.tensor("input"), op.tell.numbers(*op.wholes("axes")), keepdims=1)

    return rule


def places(kind: str) -> Rule:
    """argmax_reduce and argmin_reduce, over one axis."""
    return lambda op: op.say(kind, op.tensor("input"), axis=next(iter(op.wholes("axes")), 1), keepdims=1)


def reshape(op: Operation) -> None:
    """reshape of all axes, or of those from one on."""
    start, count = op.whole("axis_start", 0), op.whole("axis_count", -1)
    if count != -1:
        raise op.fault("it is read for all axes from one on")
    op.say("Reshape", op.tensor("input"), op.tell.numbers(*(0,) * min(start, 8), *op.wholes("shape")))


def with_axes(kind: str) -> Rule:
    """squeeze and unsqueeze."""
    return lambda op: op.say(kind, op.tensor("input"), op.tell.numbers(*op.wholes("axes")))


def softmax(op: Operation) -> None:
    """softmax over one axis, the channels unless told."""
    axes = op.wholes("axes") or (1,)
    if len(axes) != 1:
        raise op.fault("over several axes it is not read", str(axes)[:60])
    op.say("Softmax", op.tensor("x"), axis=axes[0])


def stack(op: Operation) -> None:
    """stack: tensors side by side along an axis of their own."""
    axis = op.whole("axis", 0)
    wide = [op.tell.put("Unsqueeze", [one, op.tell.numbers(axis)]) for one in op.tensors("values")]
    op.say("Concat", *wide, axis=axis)


def split(op: Operation) -> None:
    """split: parts of stated ratios; unequal ones are taken for lengths."""
    ratios = op.wholes("ratios")
    if len(set(ratios)) == 1:
        op.say("Split", op.tensor("value"), axis=op.whole("axis", 0), num_outputs=len(ratios))
    else:
        op.say("Split", op.tensor("value"), op.tell.numbers(*ratios), axis=op.whole("axis", 0))


def slice_(op: Operation) -> None:
    """slice: an end of 0 is the axis's own."""
    axes, begin, end = op.wholes("axes"), op.wholes("begin"), op.wholes("end")
    steps = op.wholes("stride") or (1,) * len(axes)
    ends = [n or 2**31 - 1 for n in end]
    op.say("Slice", op.tensor("input"), *(op.tell.numbers(*some) for some in (begin, ends, axes, steps)))


def pad(op: Operation) -> None:
    """pad: a pair an axis."""
    pads = op.wholes("padding")
    mode = {"reflect": "reflect", "replicate": "edge"}.get(op.word("border", "constant"), "constant")
    op.say("Pad", op.tensor("input"), op.tell.numbers(*pads[::2], *pads[1::2]), mode=mode)


def resized(mode: str) -> Rule:
    """nearest_upsample and multilinear_upsample by whole factors."""

    def rule(op: Operation) -> None:
        factors = op.tell.reals(1.0, 1.0, *map(float, op.wholes("factor")))
        aligned = mode == "linear" and op.word("method", "symmetric") == "aligned"
        way = "align_corners" if aligned else "half_pixel"
        op.say("Resize", op.tensor("input"), "", factors, mode=mode, coordinate_transformation_mode=way)

    return rule


def clamp(op: Operation) -> None:
    """clamp between two numbers."""
    op.say("Clip", op.tensor("x"), op.tensor("a"), op.tensor("b"))


def with_slope(kind: str) -> Rule:
    """prelu, leaky_relu and elu."""

    def rule(op: Operation) -> None:
        if kind == "PRelu":
            op.say(kind, op.tensor("x"), op.tensor("alpha"))
        else:
            op.say(kind, op.tensor("x"), alpha=op.real("alpha", 1.0 if kind == "Elu" else 0.01))

    return rule


def summation(op: Operation) -> None:
    """add_n."""
    op.say("Sum", *op.tensors("x"))


ONE = {
    "abs": "Abs", "acos": "Acos", "asin": "Asin", "atan": "Atan", "ceil": "Ceil", "copy": "Identity", "cos": "Cos",
    "cosh": "Cosh", "exp": "Exp", "floor": "Floor", "gelu": "Gelu", "log": "Log", "neg": "Neg", "rcp": "Reciprocal",
    "relu": "Relu", "round": "Round", "selu": "Selu", "sigmoid": "Sigmoid", "sign": "Sign", "silu": "Swish",
    "sin": "Sin", "sinh": "Sinh", "softplus": "Softplus", "sqrt": "Sqrt", "tan": "Tan", "tanh": "Tanh",
}  # fmt: skip
TWO = {"add": "Add", "div": "Div", "max": "Max", "min": "Min", "mul": "Mul", "pow": "Pow", "sub": "Sub"}
RULES: Mapping[str, Rule] = {
    **{kind: as_it_is(onnx) for kind, onnx in ONE.items()},
    **{kind: of_two(onnx) for kind, onnx in TWO.items()},
    "add_n": summation,
    "argmax_reduce": places("ArgMax"),
    "argmin_reduce": places("ArgMin"),
    "avg_pool": pool("AveragePool"),
    "batch_normalization": batch_norm,
    "box": summed,
    "clamp": clamp,
    "concat": lambda op: op.say("Concat", *op.tensors("values"), axis=op.whole("axis", 0)),
    "conv": convolution,
    "deconv": convolution,
    "elu": with_slope("Elu"),
    "l1_normalization": length_norm("ReduceL1"),
    "l2_normalization": length_norm("ReduceL2"),
    "leaky_relu": with_slope("LeakyRelu"),
    "linear": linear,
    "local_response_normalization": response_norm,
    "matmul": product,
    "max_pool": pool("MaxPool"),
    "max_reduce": reduction("ReduceMax"),
    "mean_reduce": reduction("ReduceMean"),
    "min_reduce": reduction("ReduceMin"),
    "multilinear_upsample": resized("linear"),
    "nearest_upsample": resized("nearest"),
    "pad": pad,
    "prelu": with_slope("PRelu"),
    "reshape": reshape,
    "rms_pool": pool("LpPool"),
    "rsqrt": lambda op: op.say("Reciprocal", op.tell.put("Sqrt", [op.tensor("x")])),
    "separable_conv": separable,
    "slice": slice_,
    "softmax": softmax,
    "split": split,
    "sqr": lambda op: op.say("Pow", op.tensor("x"), op.tell.number(2.0)),
    "squeeze": with_axes("Squeeze"),
    "stack": stack,
    "sum_reduce": reduction("ReduceSum"),
    "tile": lambda op: op.say("Tile", op.tensor("input"), op.tell.numbers(*op.wholes("repeats"))),
    "transpose": lambda op: op.say("Transpose", op.tensor("input"), perm=op.wholes("axes")),
    "unsqueeze": with_axes("Unsqueeze"),
}
"""A function of an operation, which tells it."""

NAMES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(ONE, ("x",)),
    **dict.fromkeys(TWO, ("x", "y")),
    **dict.fromkeys(("rsqrt", "sqr", "add_n"), ("x",)),
    **dict.fromkeys(("elu", "leaky_relu", "prelu"), ("x", "alpha")),
    **dict.fromkeys(("avg_pool", "max_pool", "rms_pool"), POOLED),
    **dict.fromkeys(("max_reduce", "min_reduce", "mean_reduce", "argmax_reduce", "argmin_reduce"), ("input", "axes")),
    **dict.fromkeys(("squeeze", "unsqueeze", "transpose"), ("input", "axes")),
    **dict.fromkeys(("concat", "stack"), ("values", "axis")),
    **dict.fromkeys(("l1_normalization", "l2_normalization"), ("input", "axes", "bias", "epsilon")),
    **dict.fromkeys(("nearest_upsample",), ("input", "factor")),
    "batch_normalization": ("input", "mean", "variance", "offset", "scale", "epsilon"),
    "box": (*POOLED, "normalize"),
    "clamp": ("x", "a", "b"),
    "conv": (*FILTERED, "groups"),
    "deconv": (*FILTERED, "output_shape", "groups"),
    "external": ("shape",),
    "linear": ("input", "filter", "bias"),
    "local_response_normalization": ("input", "size", "alpha", "beta", "bias"),
    "matmul": ("A", "B", "transposeA", "transposeB"),
    "multilinear_upsample": ("input", "factor", "method", "border"),
    "pad": ("input", "padding", "border", "value"),
    "reshape": ("input", "shape", "axis_start", "axis_count"),
    "separable_conv": ("input", "plane_filter", "point_filter", *FILTERED[2:], "groups"),
    "slice": ("input", "axes", "begin", "end", "stride"),
    "softmax": ("x", "axes"),
    "split": ("value", "axis", "ratios"),
    "sum_reduce": REDUCED,
    "tile": ("input", "repeats"),
    "variable": ("shape", "label"),
}
"""The names of arguments in their order."""
