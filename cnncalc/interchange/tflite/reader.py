"""A TensorFlow Lite file to a sketch: operators in their order, shapes held against those that the file states."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain, repeat

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.building import each_made, finished
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.sketch import Asked, Sketch
from cnncalc.interchange.tflite.call import Below, Call, Live, Value
from cnncalc.interchange.tflite.folding import folded, shape_of
from cnncalc.interchange.tflite.model import TYPES, Fixed, Model, Operator, model_of
from cnncalc.interchange.tflite.table import RULES
from cnncalc.interchange.unknown import Unknown
from cnncalc.layers import show_shape

__all__ = ["Reader", "read"]

WEIGHTED = {
    **dict.fromkeys(("CONV_2D", "CONV_3D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"), (1, 2)),
    **dict.fromkeys(("TRANSPOSE_CONV", "CONV_3D_TRANSPOSE"), (1, 3)), **dict.fromkeys(("SVDF", "RNN"), (1, 2, 3)),
    **dict.fromkeys(("LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM"), tuple(range(1, 18))), "PRELU": (1,),
    "BIDIRECTIONAL_SEQUENCE_LSTM": tuple(range(1, 35)), "UNIDIRECTIONAL_SEQUENCE_RNN": (1, 2, 3),
    "BIDIRECTIONAL_SEQUENCE_RNN": (1, 2, 3, 5, 6, 7), "EMBEDDING_LOOKUP": (1,), "BATCH_MATMUL": (1,),
}  # fmt: skip
"""Where operators take their weights."""
MADE_UP = re.compile(
    r"(Identity(_\d+)?|StatefulPartitionedCall|PartitionedCall|serving_default\w*|tfl\.\w+|arg\d+)(:\d+)?\Z"
)


def read(file: ForeignFile, asked: Asked) -> Sketch:
    """A model. Raises CnncalcError with everything that is wrong."""
    try:
        model = model_of(file.data)
    except CnncalcError as error:
        raise CnncalcError(
            [one._replace(message=f"`{file.name}` is a TensorFlow Lite file: {one.message}") for one in error.faults]
        ) from None
    try:
        return Reader(model, asked).read()
    except CnncalcError:
        first = (
            model.tensors[model.inputs[0]].shape if 0 <= min(model.inputs[:1], default=-1) < len(model.tensors) else ()
        )
        if len(first) < 2 or first[0] == 1:
            raise
        with suppress(CnncalcError):  # what was taken for images may be the rows of one
            return Reader(model, asked, whole=True).read()
        raise


class Reader:
    """One model on its way."""

    def __init__(self, model: Model, asked: Asked, *, whole: bool = False) -> None:
        self.model, self.asked, self.whole = model, asked, whole
        self.sketch = Sketch("", "keras", "TensorFlow Lite")
        self.values: dict[int, Value | None] = {
            number: tensor.fixed for number, tensor in enumerate(model.tensors) if tensor.fixed is not None
        }
        self.batch = 1
        self.owners: dict[tuple[object, ...], int] = {}
        self.common = in_common(model)
        self.unknown = Unknown("TensorFlow Lite")

    def read(self) -> Sketch:
        """The whole net. Raises CnncalcError with everything that is wrong."""
        self.inputs()
        for operator, made in each_made(self.model.operators, self.made, self.unknown):
            self.values.update(zip(operator.outputs, chain(made or (), repeat(None))))
        outputs: list[int] = []
        for number in self.model.outputs:
            tensor = self.output(self.values.get(number), outputs)
            outputs += [] if tensor is None else [tensor]
        if not outputs:
            raise CnncalcError(Fault("nothing that depends on the input comes out of the net"))
        self.said()
        return finished(self.sketch, outputs)

    def output(self, value: Value | None, before: Sequence[int]) -> int | None:
        """The tensor of an output; an input that comes out as it is has a layer of its own, and so has a second one."""
        live = value.live if isinstance(value, Below) else value
        if not isinstance(live, Live):
            return None
        if self.sketch.operators[live.tensor].layer is not None and live.tensor not in before:
            return live.tensor
        return self.sketch.add("identity", "identity", {}, [live.tensor], place=None, foreign="the output")

    def inputs(self) -> None:
        """The inputs of the net: the first axis is the batch, if there are others."""
        for place, number in enumerate(self.model.inputs):
            if not 0 <= number < len(self.model.tensors):
                raise CnncalcError(Fault(f"the input {number} is no tensor of the file"))
            tensor = self.model.tensors[number]
            name = own_name(tensor.name) or (f"input{place + 1}" if place else "input")
            dims = tensor.shape
            if place == 0 and len(dims) > 1 and not self.whole:
                self.batch = dims[0]
            own = self.asked.inputs.get(name) or self.asked.inputs.get("")
            body = dims[1:] if dims[:1] == (self.batch,) else dims
            if own is None and (min(body, default=1) < 1 or -1 in tensor.signature[1:] or len(body) > 4):
                help = "give it, channels first: `--input 3x224x224`"
                raise CnncalcError(
                    Fault(f"the file leaves the shape of the input `{name[:60]}` open", None, name, "", help)
                )
            shape = own or ((body[-1], *body[:-1]) if body else (1,))
            full = (self.batch, *shape[1:], shape[0]) if own else dims
            self.values[number] = Live(self.sketch.input(name, shape), full)
        if not self.sketch.inputs:
            raise CnncalcError(Fault("the net has no input"))

    def made(self, operator: Operator) -> Sequence[Value | None]:
        """What an operator makes; nothing where it is not known, or takes what is not."""
        known = all(-1 <= number < len(self.model.tensors) for number in (*operator.inputs, *operator.outputs))
        if not known or -1 in operator.outputs:
            raise CnncalcError(
                Fault(f"`{operator.kind}`, operator {operator.number}, names tensors that are not there")
            )
        values = [None if number < 0 else self.values.get(number) for number in operator.inputs]
        call = Call(
            self.sketch,
            operator,
            values,
            self.name(operator),
            self.batch,
            self.owners,
            self.stated(operator),
            self.common,
        )
        if operator.kind in ("SHAPE", "RANK"):
            return shape_of(call) if any(value is not None for value in values) else []
        if all(value is None or isinstance(value, Fixed) for value in values) and (made := folded(call)):
            return made
        if operator.kind not in RULES:
            if self.asked.opaque and call.build.tensors:
                return [self.opaque(call, number, place) for place, number in enumerate(operator.outputs)]
            self.unknown.add(operator.kind, call.build.name or f"operator {operator.number}", None)
            return []
        if any(value is None and number in self.values for value, number in zip(values, operator.inputs)):
            return []  # what it takes is of an operator that is not known, which is told
        done: list[Value] = RULES[operator.kind](call)
        self.hold(call, done)
        return done

    def stated(self, operator: Operator) -> list[tuple[int, ...] | None]:
        """The shapes that the file states of what an operator makes; None where one is open, or follows from others."""
        tensors = [self.model.tensors[number] for number in operator.outputs]
        fixed = [
            one.shape if -1 not in one.signature[1:] and min(one.shape, default=1) > 0 else None for one in tensors
        ]
        return [None] * len(fixed) if self.asked.inputs else fixed

    def opaque(self, call: Call, number: int, place: int) -> Live:
        """A layer of which only the declared shape is known."""
        dims = self.model.tensors[number].shape
        if not dims or min(dims) < 1:
            raise call.fault("the file states no shape for what it makes")
        tensor = call.build.opaque(call.ours(dims), *call.build.tensors, suffix=f"_{place}" if place else "")
        return Live(tensor, dims)

    def hold(self, call: Call, made: Sequence[Value]) -> None:
        """What comes out, against what the file states. Raises CnncalcError."""
        for value, number in zip(made, call.operator.outputs):
            said = self.model.tensors[number].signature
            if not isinstance(value, Live) or self.asked.inputs or not said or -1 in said[1:]:
                continue
            if len(said) != len(value.dims) or any(n != m for n, m in zip(said, value.dims) if n != -1):
                told = f"the file says {show_shape(said)}, and it comes to {show_shape(value.dims)}"
                raise call.fault("the shape of what it makes is not what the file states", told)

    def name(self, operator: Operator) -> str:
        """What a person called an operator: its output's name, without what the exporter put behind it."""
        if not operator.outputs or not 0 <= operator.outputs[0] < len(self.model.tensors):
            return ""
        return own_name(self.model.tensors[operator.outputs[0]].name)

    def said(self) -> None:
        """How the weights are stored, and that constants are no parameters."""
        found: dict[int, Fixed] = {}
        for operator in self.model.operators:
            for place in WEIGHTED.get(operator.kind, ()):
                number = operator.inputs[place] if place < len(operator.inputs) else -1
                fixed = self.values.get(number)
                if isinstance(fixed, Fixed):
                    found[fixed.number] = fixed
        counts: Counter[str] = Counter()
        for fixed in found.values():
            counts[TYPES.get(fixed.type, ("other numbers",))[0]] += fixed.size
        self.sketch.stored("the weights", sum(fixed.bytes for fixed in found.values()), counts)
        self.sketch.notes.append("constants that are added or multiplied, as of folded batch norms, are no parameters")


BIASES = {
    **dict.fromkeys(("CONV_2D", "CONV_3D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"), 2),
    **dict.fromkeys(("TRANSPOSE_CONV", "CONV_3D_TRANSPOSE"), 3),
}  # fmt: skip
"""Where operators take their bias."""


def in_common(model: Model) -> set[int]:
    """The biases that stand apart from their weights: one with several weights, or several with one weight.

    A file has equal tensors, as biases of zeros, once, and a head that is used on several maps has norms for each.
    """
    casts = [one for one in model.operators if one.kind == "DEQUANTIZE" and one.inputs and one.outputs]
    stored = {one.outputs[0]: one.inputs[0] for one in casts}
    weights: dict[int, set[int]] = {}
    biases: dict[int, set[int]] = {}
    for operator in model.operators:
        place = BIASES.get(operator.kind, 0)
        if 0 < place < len(operator.inputs):
            weight, bias = (stored.get(number, number) for number in (operator.inputs[1], operator.inputs[place]))
            weights.setdefault(bias, set()).add(weight)
            biases.setdefault(weight, set()).add(bias)
    alone = {bias for several in biases.values() if len(several) > 1 for bias in several}
    return {bias for bias, of in weights.items() if bias >= 0 and (len(of) > 1 or bias in alone)}


def own_name(name: str) -> str:
    """The name of a layer in the name of its tensor, `net/conv1/Relu;net/conv1/BiasAdd;…`; empty for a made-up one."""
    path = name.partition(";")[0].split("/")
    while path and (not path[-1] or path[-1][0].isupper() or path[-1] == "depthwise"):
        path.pop()
    return "" if not path or MADE_UP.match("/".join(path)) else "/".join(path)
