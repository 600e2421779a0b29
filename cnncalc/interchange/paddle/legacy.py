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
    "max_pool2d_with_index": Form("max_pool2d_with_index", settings=(("ksize", "kernel_size"),)),
    "pow": Form("pow", settings=(("factor", "y"),)),
    "reduce_mean": Form("mean", settings=(("dim", "axis"), ("keep_dim", "keepdim"))),
    "reduce_sum": Form("sum", settings=(("dim", "axis"), ("keep_dim", "keepdim"))),
    "reduce_max": Form("max", settings=(("dim", "axis"), ("keep_dim", "keepdim"))),
    "arg_max": Form("argmax"),
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
"""By the name in release 2; all others are called the same, and take `X` and `Y`."""
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
    form = FORMS.get(kind, Form(kind))
    settings.update((new, settings.pop(old)) for old, new in form.settings if old in settings)
    outputs = next((made[name] for name in MADE if name in made), ())
    if kind == "feed":
        settings["name"] = outputs[0] if outputs else ""
        return Operator("data", (), outputs, settings, number)
    inputs = tuple(taken.get(name, ()) for name in form.inputs)
    return Operator(form.kind[:80], inputs, outputs, settings, number)


def _setting(message: Message) -> tuple[str, Any]:
    """OpDesc.Attr: its name, and the value of its type."""
    name, kind = "", 0
    numbers: list[int] = []
    found: dict[int, Any] = {}
    for field, value in message.fields():
        if field == 1 and isinstance(value, Span):
            name = message.text(value)
        elif field == 2 and isinstance(value, int):
            kind = value
        elif field in (4, 19) and isinstance(value, int):
            found[field] = struct.unpack(
                "<f" if field == 4 else "<d", value.to_bytes(4 if field == 4 else 8, "little")
            )[0]
        elif field == 5 and isinstance(value, Span):
            found[field] = message.text(value)
        elif field in (6, 15) and len(numbers) < MOST:
            numbers += message.numbers(value)
        elif field in (3, 13) and isinstance(value, int):
            found[field] = signed(value)
        elif field == 10:
            found[field] = value == 1
    read = {0: 3, 1: 4, 2: 5, 6: 10, 9: 13, 15: 19}
    if kind in (3, 11):
        return name, numbers
    made = found.get(read.get(kind, -1))
    return name, None if isinstance(made, float) and not math.isfinite(made) else made
