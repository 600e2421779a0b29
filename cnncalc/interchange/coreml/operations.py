"""The operations of an ML Program, each as operators of ONNX (apple.github.io/coremltools, "MIL Ops", iOS 15 to 18)."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.interchange.coreml.operation import Operation, Rule
from cnncalc.interchange.coreml.products import (
    attention,
    batch_norm,
    instance_norm,
    layer_norm,
    linear,
    prelu,
    product,
)  # fmt: skip
from cnncalc.interchange.coreml.windows import convolution, deconvolution, pad, pool, resized

__all__ = ["RULES"]


def as_it_is(kind: str) -> Rule:
    """An operator with one input and nothing to say."""
    return lambda op: op.say(kind, op.x())


def with_number(kind: str, key: str, attribute: str, otherwise: float) -> Rule:
    """An operator with a number."""
    return lambda op: op.say(kind, op.x(), **{attribute: op.real(key, otherwise)})


def of_two(kind: str) -> Rule:
    """An operator of two tensors, or of a tensor and what the file holds."""
    return lambda op: op.say(kind, op.x(), op.x("y"))


def clip(op: Operation) -> None:
    """clip, between `alpha` and `beta`."""
    op.say("Clip", op.x(), op.tell.number(op.real("alpha", -3e38)), op.tell.number(op.real("beta", 3e38)))


def gelu(op: Operation) -> None:
    """gelu."""
    word = op.word("mode", "EXACT")
    op.say("Gelu", op.x(), approximate="none" if word == "EXACT" else "tanh")


def reduction(kind: str) -> Rule:
    """Over axes; over all where none is named."""
    return lambda op: op.say(
        kind,
        op.x(),
        *([op.tell.numbers(*op.wholes("axes"))] if "axes" in op.inputs else []),
        keepdims=op.whole("keep_dims", 0),
    )


def places(kind: str) -> Rule:
    """The place of the largest or smallest."""
    return lambda op: op.say(kind, op.x(), axis=op.whole("axis", -1), keepdims=op.whole("keep_dims", 0))


def with_list(kind: str, key: str) -> Rule:
    """An operator with a list of whole numbers as its second input: computed ones stay what they are."""

    def rule(op: Operation) -> None:
        held = op.held(key)
        second = op.x(key) if key in op.inputs and held is None else op.tell.numbers(*op.wholes(key))
        op.say(kind, op.x(), second)

    return rule


def concat(op: Operation) -> None:
    """concat."""
    if op.whole("interleave", 0):
        raise op.fault("its interleaved form is not read")
    op.say("Concat", *op.several(), axis=op.whole("axis", 0))


def stack(op: Operation) -> None:
    """stack: tensors side by side along an axis of their own."""
    axis = op.whole("axis", 0)
    wide = [op.tell.put("Unsqueeze", [one, op.tell.numbers(axis)]) for one in op.several()]
    op.say("Concat", *wide, axis=axis)


def split(op: Operation) -> None:
    """split into equal parts or stated ones."""
    sizes = op.wholes("split_sizes")
    said = {} if sizes else {"num_outputs": op.whole("num_splits", 1)}
    op.say("Split", op.x(), *([op.tell.numbers(*sizes)] if sizes else []), axis=op.whole("axis", 0), **said)


def slice_(op: Operation) -> None:
    """slice_by_index: masks say which ends are open and which axes go."""
    begin, end = op.wholes("begin"), op.wholes("end")
    rank = len(begin)
    strides = op.wholes("stride") or (1,) * rank
    open_begin, open_end = op.wholes("begin_mask") or (0,) * rank, op.wholes("end_mask") or (0,) * rank
    gone = op.wholes("squeeze_mask") or (0,) * rank
    starts = [0 if masked else n for n, masked in zip(begin, open_begin)]
    stops = [
        (2**31 - 1 if n == -1 else n + 1) if one else 2**31 - 1 if masked else m
        for n, m, masked, one in zip(starts, end, open_end, gone)
    ]
    axes = op.tell.numbers(*range(rank))
    inputs = [op.x(), op.tell.numbers(*starts), op.tell.numbers(*stops), axes, op.tell.numbers(*strides)]
    if not any(gone):
        op.say("Slice", *inputs)
        return
    cut = op.tell.put("Slice", inputs)
    op.say("Squeeze", cut, op.tell.numbers(*(axis for axis, one in enumerate(gone) if one)))


def part(op: Operation) -> None:
    """slice_by_size: so many from a begin; -1 is all that is left."""
    begin, size = op.wholes("begin"), op.wholes("size")
    stops = [2**31 - 1 if n == -1 else start + n for start, n in zip(begin, size)]
    axes = op.tell.numbers(*range(len(begin)))
    op.say("Slice", op.x(), op.tell.numbers(*begin), op.tell.numbers(*stops), axes)


def topk(op: Operation) -> None:
    """topk."""
    op.say("TopK", op.x(), op.tell.numbers(op.whole("k", 1)), axis=op.whole("axis", -1))


RULES: Mapping[str, Rule] = {
    **{
        kind: as_it_is(onnx)
        for kind, onnx in {
            "abs": "Abs",
            "acos": "Acos",
            "asin": "Asin",
            "atan": "Atan",
            "atanh": "Atanh",
            "cast": "Identity",
            "ceil": "Ceil",
            "cos": "Cos",
            "cosh": "Cosh",
            "dequantize": "Identity",
            "erf": "Erf",
            "exp": "Exp",
            "floor": "Floor",
            "identity": "Identity",
            "inverse": "Reciprocal",
            "log": "Log",
            "quantize": "Identity",
            "relu": "Relu",
            "round": "Round",
            "shape": "Shape",
            "sigmoid": "Sigmoid",
            "sign": "Sign",
            "silu": "Swish",
            "sin": "Sin",
            "sinh": "Sinh",
            "softplus": "Softplus",
            "softsign": "Softsign",
            "sqrt": "Sqrt",
            "tan": "Tan",
            "tanh": "Tanh",
            "sigmoid_hard": "HardSigmoid",
            "thresholded_relu": "ThresholdedRelu",
        }.items()
    },
    **{
        kind: of_two(onnx)
        for kind, onnx in {
            "add": "Add",
            "maximum": "Max",
            "minimum": "Min",
            "mul": "Mul",
            "pow": "Pow",
            "real_div": "Div",
            "sub": "Sub",
        }.items()
    },
    **{
        f"reduce_{by}": reduction(onnx)
        for by, onnx in {
            "l1_norm": "ReduceL1",
            "l2_norm": "ReduceL2",
            "max": "ReduceMax",
            "mean": "ReduceMean",
            "min": "ReduceMin",
            "prod": "ReduceProd",
            "sum": "ReduceSum",
            "sum_square": "ReduceSumSquare",
            "log_sum_exp": "ReduceLogSumExp",
        }.items()
    },
    "avg_pool": pool("AveragePool"),
    "batch_norm": batch_norm,
    "clip": clip,
    "concat": concat,
    "conv": convolution,
    "conv_transpose": deconvolution,
    "depth_to_space": lambda op: op.say("DepthToSpace", op.x(), blocksize=op.whole("block_size", 1)),
    "elu": with_number("Elu", "alpha", "alpha", 1.0),
    "expand_dims": with_list("Unsqueeze", "axes"),
    "flatten2d": lambda op: op.say("Flatten", op.x(), axis=op.whole("axis", 1)),
    "gather": lambda op: op.say("Gather", op.x(), op.x("indices"), axis=op.whole("axis", 0)),
    "gelu": gelu,
    "instance_norm": instance_norm,
    "layer_norm": layer_norm,
    "leaky_relu": with_number("LeakyRelu", "alpha", "alpha", 0.01),
    "linear": linear,
    "local_response_norm": lambda op: op.say("LRN", op.x(), size=op.whole("size", 1)),
    "matmul": product,
    "max_pool": pool("MaxPool"),
    "pad": pad,
    "pixel_shuffle": lambda op: op.say("DepthToSpace", op.x(), blocksize=op.whole("upscale_factor", 1), mode="CRD"),
    "prelu": prelu,
    "reduce_argmax": places("ArgMax"),
    "reduce_argmin": places("ArgMin"),
    "relu6": lambda op: op.say("Clip", op.x(), op.tell.number(0.0), op.tell.number(6.0)),
    "reshape": with_list("Reshape", "shape"),
    "resize_bilinear": resized("linear", target=True),
    "resize_nearest_neighbor": resized("nearest", target=True),
    "rsqrt": lambda op: op.say("Reciprocal", op.tell.put("Sqrt", [op.x()])),
    "scaled_dot_product_attention": attention,
    "slice_by_index": slice_,
    "slice_by_size": part,
    "softmax": lambda op: op.say("Softmax", op.x(), axis=op.whole("axis", -1)),
    "space_to_depth": lambda op: op.say("SpaceToDepth", op.x(), blocksize=op.whole("block_size", 1)),
    "split": split,
    "square": lambda op: op.say("Pow", op.x(), op.tell.number(2.0)),
    "squeeze": with_list("Squeeze", "axes"),
    "stack": stack,
    "tile": with_list("Tile", "reps"),
    "topk": topk,
    "transpose": lambda op: op.say("Transpose", op.x(), perm=op.wholes("perm")),
    "upsample_bilinear": resized("linear", target=False),
    "upsample_nearest_neighbor": resized("nearest", target=False),
}
"""A function of an operation, which tells it."""
