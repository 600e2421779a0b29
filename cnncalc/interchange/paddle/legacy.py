"""The `.pdmodel` of Paddle 2: a ProgramDesc (framework.proto), whose operators are called as release 3 calls them."""

from __future__ import annotations

import math
import struct
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.paddle.program import MOST, Operator, Program, Weight
from cnncalc.interchange.protobuf.wire import Message, Span, signed
from cnncalc.records import NamedTuple

__all__ = ["program_of"]


class Form(NamedTuple):
    """How release 2 writes an operator: its name in release 3, its inputs in order, settings under other names."""

    kind: str
    inputs: tuple[str, ...] = ("X", "Y")
    settings: tuple[tuple[str, str], ...] = ()
    more: tuple[str, ...] = ()
    """Outputs that count besides."""


_REDUCING = (("dim", "axis"), ("keep_dim", "keepdim"))
FORMS = {
    "feed": Form("data"),
    "conv2d": Form("conv2d", ("Input", "Filter", "Bias")),
    "depthwise_conv2d": Form("depthwise_conv2d", ("Input", "Filter", "Bias")),
    "conv2d_transpose": Form("conv2d_transpose", ("Input", "Filter")),
    "depthwise_conv2d_transpose": Form("conv2d_transpose", ("Input", "Filter")),
    "batch_norm": Form("batch_norm_", ("X", "Mean", "Variance", "Scale", "Bias"), (("data_layout", "data_format"),)),
    "layer_norm": Form("layer_norm", ("X", "Scale", "Bias")),
    "group_norm": Form("group_norm", ("X", "Scale", "Bias"), (("data_layout", "data_format"),)),
    "instance_norm": Form("instance_norm", ("X", "Scale", "Bias")),
    "rnn": Form("rnn", ("Input", "PreState", "WeightList", "SequenceLength"), (), ("State",)),
    "conv3d": Form("conv3d", ("Input", "Filter")),
    "elementwise_add": Form("add"),
    "elementwise_sub": Form("subtract"),
    "elementwise_mul": Form("multiply"),
    "elementwise_div": Form("divide"),
    "elementwise_max": Form("maximum"),
    "elementwise_min": Form("minimum"),
    "elementwise_pow": Form("elementwise_pow"),
    "matmul": Form("matmul"),
    "matmul_v2": Form("matmul", settings=(("trans_x", "transpose_x"), ("trans_y", "transpose_y"))),
    "mul": Form("matmul"),
    "flatten_contiguous_range": Form("flatten"),
    "flatten2": Form("flatten"),
    "transpose2": Form("transpose", settings=(("axis", "perm"),)),
    "reshape2": Form("reshape"),
    "squeeze2": Form("squeeze", settings=(("axes", "axis"),)),
    "unsqueeze2": Form("unsqueeze", settings=(("axes", "axis"),)),
    "pool2d": Form("pool2d", settings=(("ksize", "kernel_size"),)),
    "pool3d": Form("pool3d", settings=(("ksize", "kernel_size"),)),
    "max_pool2d_with_index": Form("max_pool2d_with_index", ("X",), (("ksize", "kernel_size"),), ("Mask",)),
    "max_pool3d_with_index": Form("max_pool3d_with_index", ("X",), (("ksize", "kernel_size"),), ("Mask",)),
    "conv3d_transpose": Form("conv3d_transpose", ("Input", "Filter")),
    "pow": Form("pow", settings=(("factor", "y"),)),
    "reduce_mean": Form("mean", settings=_REDUCING),
    "reduce_sum": Form("sum", settings=_REDUCING),
    "reduce_max": Form("max", settings=_REDUCING),
    "reduce_min": Form("min", settings=_REDUCING),
    "reduce_prod": Form("prod", settings=_REDUCING),
    "reduce_amax": Form("amax", settings=_REDUCING),
    "reduce_amin": Form("amin", settings=_REDUCING),
    "arg_max": Form("argmax", ("X",)),
    "arg_min": Form("argmin", ("X",)),
    "top_k_v2": Form("topk", ("X",), more=("Indices",)),
    "expand_v2": Form("expand", ("X",)),
    "expand_as_v2": Form("expand_as", ("X",)),
    "fill_constant": Form("full", ()),
    "range": Form("arange", ("Start", "End", "Step")),
    "crop_tensor": Form("crop", ("X", "Shape", "Offsets")),
    "sum": Form("add_n", ("X",)),
    "hard_shrink": Form("hardshrink", ("X",)),
    "brelu": Form("hardtanh", ("X",)),
    "linear_interp_v2": Form("linear_interp", ("X", "OutSize")),
    "trilinear_interp_v2": Form("trilinear_interp", ("X", "OutSize")),
    "deformable_conv": Form("deformable_conv", ("Input", "Offset", "Filter", "Mask")),
    "deformable_conv_v1": Form("deformable_conv", ("Input", "Offset", "Filter")),
    "one_hot_v2": Form("one_hot", ("X",)),
    "index_select": Form("index_select", ("X", "Index")),
    "gather": Form("gather", ("X", "Index")),
    "gather_nd": Form("gather_nd", ("X", "Index")),
    "where": Form("where", ("Condition", "X", "Y")),
    "grid_sampler": Form("grid_sample", ("X", "Grid")),
    "unpool": Form("unpool", ("X", "Indices")),
    "strided_slice": Form("strided_slice", ("Input",)),
    "einsum": Form("einsum", ("Operands",)),
    "clip": Form("clip", ("X",)),
    "size": Form("numel", ("Input",)),
    "hard_swish": Form("hardswish"),
    "hard_sigmoid": Form("hardsigmoid"),
    "prelu": Form("prelu", ("X", "Alpha")),
    "leaky_relu": Form("leaky_relu", settings=(("alpha", "negative_slope"),)),
    "nearest_interp_v2": Form("nearest_interp", ("X", "OutSize")),
    "bilinear_interp_v2": Form("bilinear_interp", ("X", "OutSize")),
    "bicubic_interp_v2": Form("bicubic_interp", ("X", "OutSize")),
    "slice": Form("slice", ("Input",)),
    "lookup_table_v2": Form("embedding", ("Ids", "W")),
}
"""By the name in release 2; all others are called the same, and take `X` and `Y`, or what they have in its order."""
MADE = ("Out", "Output", "Y")
"""What the output that counts is called; the others are for training."""


def program_of(message: Message) -> Program:
    """The program of a file. Raises CnncalcError."""
    block = next(message.spans(1), None)
    if block is None:
        raise CnncalcError(Fault("the program has no block"))
    inner = message.at(block)
    weights: dict[str, Weight] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    for place, span in enumerate(inner.spans(3)):
        if place > 4 * MOST:
            raise CnncalcError(Fault(f"the program names more than {4 * MOST:,} values"))
        name, dims, kept = _variable(inner.at(span))
        if dims is not None:
            shapes[name] = dims
            if kept:
                weights[name] = Weight(dims, name)
    operators: list[Operator] = []
    for number, span in enumerate(inner.spans(4), 1):
        if number > MOST:
            raise CnncalcError(Fault(f"the program has more than {MOST:,} operators"))
        operators.append(_operator(inner.at(span), number))
    return Program(weights, operators, shapes)


def _variable(message: Message) -> tuple[str, tuple[int, ...] | None, bool]:
    """A value's name, its shape where it is a tensor, and whether it lies in the file of the weights."""
    name, dims, kept = "", None, False
    for field, value in message.fields():
        if field == 1 and isinstance(value, Span):
            name = message.text(value)
        elif field == 2 and isinstance(value, Span):
            dims = _dims(message.at(value))
        elif field == 3:
            kept = value == 1
    return name, dims, kept


def _dims(kind: Message) -> tuple[int, ...] | None:
    """VarType.lod_tensor.tensor.dims."""
    for lod in kind.spans(3):
        for tensor in kind.at(lod).spans(1):
            found: list[int] = []
            for field, value in kind.at(tensor).fields():
                if field == 2 and len(found) < 9:
                    found += kind.numbers(value)
            return tuple(found) if len(found) < 9 and all(-1 <= n < 2**31 for n in found) else None
    return None


def _operator(message: Message, number: int) -> Operator:
    taken: dict[str, tuple[str, ...]] = {}
    made: dict[str, tuple[str, ...]] = {}
    settings: dict[str, Any] = {}
    kind = ""
    for field, value in message.fields():
        if not isinstance(value, Span):
            continue
        if field == 3:
            kind = message.text(value)
        elif field in (1, 2):
            inner = message.at(value)
            names = tuple(message.text(one) for one in inner.spans(2))
            name = next((message.text(one) for one in inner.spans(1)), "")
            (taken if field == 1 else made)[name] = names
        elif field == 4:
            name, setting = _setting(message.at(value))
            settings[name] = setting
    form = FORMS.get(kind) or Form(kind, ("X", "Y") if "X" in taken else tuple(one for one in taken if taken[one]))
    settings.update((new, settings.pop(old)) for old, new in form.settings if old in settings)
    outputs = next((made[name] for name in (*MADE, *made) if made.get(name)), ())
    if kind == "feed":
        settings["name"] = outputs[0] if outputs else ""
        return Operator("data", (), outputs, settings, number)
    outputs = (*outputs, *(one for name in form.more for one in made.get(name, ())))
    inputs = tuple(taken.get(name, ()) for name in form.inputs)
    return Operator(form.kind[:80], inputs, outputs, settings, number)


def _scalar(message: Message) -> float:
    """A Scalar, as a whole number or as a real one."""
    for field, value in message.fields():
        if isinstance(value, int) and field in (3, 4):
            return signed(value) if field == 3 else _real(value, 8)
    return 0.0


def _real(bits: int, size: int) -> float:
    """A real number of four or eight bytes."""
    return float(struct.unpack("<f" if size == 4 else "<d", (bits % (1 << 8 * size)).to_bytes(size, "little"))[0])


def _setting(message: Message) -> tuple[str, Any]:
    """OpDesc.Attr: its name, and the value of its type."""
    name, kind = "", 0
    numbers: list[int] = []
    reals: list[float] = []
    found: dict[int, Any] = {}
    for field, value in message.fields():
        if field == 1 and isinstance(value, Span):
            name = message.text(value)
        elif field == 2 and isinstance(value, int):
            kind = value
        elif field in (4, 19) and isinstance(value, int):
            found[field] = _real(value, 4 if field == 4 else 8)
        elif field == 5 and isinstance(value, Span):
            found[field] = message.text(value)
        elif field in (6, 15) and len(numbers) < MOST:
            numbers += message.numbers(value)
        elif field in (7, 21) and len(reals) < MOST:
            reals.append(_scalar(message.at(value)) if isinstance(value, Span) else _real(value, 4))
        elif field in (3, 13) and isinstance(value, int):
            found[field] = signed(value)
        elif field == 10:
            found[field] = value == 1
    read = {0: 3, 1: 4, 2: 5, 6: 10, 9: 13, 15: 19}
    if kind in (3, 11):
        return name, numbers
    if kind in (4, 17):
        return name, reals if all(map(math.isfinite, reals)) else None
    made = found.get(read.get(kind, -1))
    return name, None if isinstance(made, float) and not math.isfinite(made) else made
