"""The operations of an ML Program, each as operators of ONNX (apple.github.io/coremltools, "MIL Ops", iOS 15 to 18)."""

from __future__ import annotations

from collections.abc import Mapping
from math import log

from cnncalc.interchange.coreml import cells
from cnncalc.interchange.coreml.elements import affine, chosen, classified, clip, gelu, scaled, unit
from cnncalc.interchange.coreml.operation import Operation, Rule
from cnncalc.interchange.coreml.products import (
    attention,
    batch_norm,
    instance_norm,
    layer_norm,
    leaky,
    linear,
    prelu,
    product,
    times,
)  # fmt: skip
from cnncalc.interchange.coreml.windows import convolution, deconvolution, pad, pool, resized

__all__ = ["RULES", "STATED"]

STATED = frozenset({
    "affine", "argsort", "band_part", "batch_to_space", "crop_resize", "cumsum", "fill_like", "gather_along_axis",
    "gather_nd", "non_maximum_suppression", "one_hot", "random_bernoulli", "random_categorical", "resample", "resize",
    "reshape_like", "reverse_sequence", "scatter", "scatter_along_axis", "scatter_nd", "slice_update",
    "sliding_windows", "space_to_batch",
})  # fmt: skip
"""Operations without weights that are no layers here: of what they make, the shape that the program states is known."""


def as_it_is(kind: str) -> Rule:
    """An operator with one input and nothing to say."""
    return lambda op: op.say(kind, op.x())


def with_number(kind: str, key: str, attribute: str, otherwise: float) -> Rule:
    """An operator with a number."""
    return lambda op: op.say(kind, op.x(), **{attribute: op.real(key, otherwise)})


def of_two(kind: str) -> Rule:
    """An operator of two tensors, or of a tensor and what the file holds."""
    return lambda op: op.say(kind, op.x(), op.x("y"))


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


def crop(op: Operation) -> None:
    """crop of height and width."""
    edges = [op.wholes(f"crop_{side}") for side in ("height", "width")]
    if any(len(edge) != 2 for edge in edges):
        raise op.fault("it says two numbers of height, and two of width")
    starts, ends = (begin for begin, _ in edges), (-end if end else 2**31 - 1 for _, end in edges)
    op.say("Slice", op.x(), op.tell.numbers(*starts), op.tell.numbers(*ends), op.tell.numbers(-2, -1))


def topk(op: Operation) -> None:
    """topk."""
    op.say("TopK", op.x(), op.tell.numbers(op.whole("k", 1)), axis=op.whole("axis", -1))


RULES: Mapping[str, Rule] = {
    **{
        kind: as_it_is(onnx)
        for kind, onnx in {
            "abs": "Abs",
            "acos": "Acos",
            "acosh": "Acosh",
            "asin": "Asin",
            "asinh": "Asinh",
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
            "logical_not": "Not",
            "quantize": "Identity",
            "relu": "Relu",
            "reverse": "ReverseSequence",
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
            "equal": "Equal",
            "greater": "Greater",
            "greater_equal": "GreaterOrEqual",
            "less": "Less",
            "less_equal": "LessOrEqual",
            "logical_and": "And",
            "logical_or": "Or",
            "logical_xor": "Xor",
            "maximum": "Max",
            "minimum": "Min",
            "mod": "Mod",
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
            "log_sum": "ReduceLogSum",
            "log_sum_exp": "ReduceLogSumExp",
        }.items()
    },
    "avg_pool": pool("AveragePool"),
    "batch_norm": batch_norm,
    "classify": classified,
    "clip": clip,
    "clamped_relu": lambda op: op.say(
        "Clip",
        op.tell.put("LeakyRelu", [op.x()], name=op.name, alpha=op.real("alpha", 0.01)),
        op.tell.number(-3e38),
        op.tell.number(op.real("beta", 3e38)),
    ),
    "concat": concat,
    "conv": convolution,
    "conv_transpose": deconvolution,
    "crop": crop,
    "depth_to_space": lambda op: op.say("DepthToSpace", op.x(), blocksize=op.whole("block_size", 1)),
    "einsum": lambda op: op.say("Einsum", *op.several(), equation=op.word("equation", "")),
    "elu": with_number("Elu", "alpha", "alpha", 1.0),
    "exp2": lambda op: op.say("Exp", op.tell.put("Mul", [op.x(), op.tell.number(log(2))], name=op.name)),
    "expand_dims": with_list("Unsqueeze", "axes"),
    "flatten2d": lambda op: op.say("Flatten", op.x(), axis=op.whole("axis", 1)),
    "floor_div": lambda op: op.say("Floor", op.tell.put("Div", [op.x(), op.x("y")], name=op.name)),
    "gather": lambda op: op.say("Gather", op.x(), op.x("indices"), axis=op.whole("axis", 0)),
    "gelu": gelu,
    "gru": cells.operation("GRU"),
    "instance_norm": instance_norm,
    "l2_norm": unit,
    "l2_pool": pool("LpPool"),
    "layer_norm": layer_norm,
    "leaky_relu": leaky,
    "linear": linear,
    "linear_activation": affine,
    "local_response_norm": lambda op: op.say("LRN", op.x(), size=op.whole("size", 1)),
    "lstm": cells.operation("LSTM"),
    "matmul": product,
    "mul": times,
    "max_pool": pool("MaxPool"),
    "not_equal": lambda op: op.say("Not", op.tell.put("Equal", [op.x(), op.x("y")], name=op.name)),
    "pad": pad,
    "pixel_shuffle": lambda op: op.say("DepthToSpace", op.x(), blocksize=op.whole("upscale_factor", 1), mode="CRD"),
    "pixel_unshuffle": lambda op: op.say("SpaceToDepth", op.x(), blocksize=op.whole("downscale_factor", 1)),
    "prelu": prelu,
    "reduce_argmax": places("ArgMax"),
    "reduce_argmin": places("ArgMin"),
    "relu6": lambda op: op.say("Clip", op.x(), op.tell.number(0.0), op.tell.number(6.0)),
    "rnn": cells.operation("RNN"),
    "reshape": with_list("Reshape", "shape"),
    "resize_bilinear": resized("linear", target=True),
    "resize_nearest_neighbor": resized("nearest", target=True),
    "rsqrt": lambda op: op.say("Reciprocal", op.tell.put("Sqrt", [op.x()])),
    "scaled_dot_product_attention": attention,
    "scaled_tanh": scaled("Tanh"),
    "select": chosen,
    "slice_by_index": slice_,
    "slice_by_size": part,
    "softplus_parametric": scaled("Softplus"),
    "softmax": lambda op: op.say("Softmax", op.x(), axis=op.whole("axis", -1)),
    "space_to_depth": lambda op: op.say("SpaceToDepth", op.x(), blocksize=op.whole("block_size", 1)),
    "split": split,
    "square": lambda op: op.say("Pow", op.x(), op.tell.number(2.0)),
    "squeeze": with_list("Squeeze", "axes"),
    "stack": stack,
    "threshold": lambda op: op.say("Max", op.x(), op.tell.number(op.real("alpha", 0.0))),
    "tile": with_list("Tile", "reps"),
    "topk": topk,
    "transpose": lambda op: op.say("Transpose", op.x(), perm=op.wholes("perm")),
    "upsample_bilinear": resized("linear", target=False),
    "upsample_nearest_neighbor": resized("nearest", target=False),
}
"""A function of an operation, which tells it."""
