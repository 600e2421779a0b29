"""A program of Paddle to a sketch: operators in their order, shapes held against those that the file states."""

from __future__ import annotations

from itertools import chain, repeat
from math import prod
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.building import Build, each_made, finished
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.paddle.call import Call, Several, States, Turned, Unread, Value
from cnncalc.interchange.paddle.program import Operator, Program, Weight
from cnncalc.interchange.paddle.shapes import parts
from cnncalc.interchange.paddle.table import PASSED, RULES
from cnncalc.interchange.protobuf.wire import Message
from cnncalc.interchange.sketch import Asked, Sketch
from cnncalc.interchange.unknown import Unknown
from cnncalc.layers import Shape, show_shape

__all__ = ["Reader", "read"]

BIASED = (
    "conv2d", "conv3d", "conv3d_transpose", "depthwise_conv2d", "conv2d_transpose", "depthwise_conv2d_transpose",
    "matmul",
)  # fmt: skip
OWN_BLOCKS = ("if", "while")
"""What has blocks of operators of its own."""


def read(file: ForeignFile, asked: Asked) -> Sketch:
    """A program. Raises CnncalcError with everything that is wrong."""
    if file.head[:1] == b"\n":
        from cnncalc.interchange.paddle.legacy import program_of as of_message

        return Reader(of_message(Message(file.data)), asked).read()
    from cnncalc.interchange.paddle.pir import program_of

    return Reader(program_of(file), asked).read()


class Reader:
    """One program on its way."""

    def __init__(self, program: Program, asked: Asked) -> None:
        self.program, self.asked = program, asked
        self.sketch = Sketch("", "torch", "PaddlePaddle")
        self.values: dict[str, Value | None] = dict(program.weights)
        self.batch = 1
        self.owners: dict[Any, int] = {}
        self.outputs: list[int] = []
        self.unknown = Unknown("Paddle")
        self.takers: dict[str, list[Operator]] = {}
        self.makers: dict[str, Operator] = {}
        for operator in program.operators:
            for name in operator.outputs:
                self.makers[name] = operator
            for places in operator.inputs:
                for name in places:
                    self.takers.setdefault(name, []).append(operator)
        self.biases: set[int] = set()
        """The additions that are the bias of what is before them."""

    def read(self) -> Sketch:
        """The whole net. Raises CnncalcError with everything that is wrong."""
        for operator, made in each_made(self.program.operators, self.made, self.unknown):
            self.values.update(zip(operator.outputs, chain(made or (), repeat(None))))
        if not self.outputs or not self.sketch.inputs:
            raise CnncalcError(Fault("the program has no input, or nothing comes out of it"))
        if any(operator.kind.startswith(("batch_norm", "sync_batch_norm")) for operator in self.program.operators):
            self.sketch.notes.append("statistics of batch norms are buffers; Paddle's own summary counts them, too")
        return finished(self.sketch, self.outputs)

    def made(self, operator: Operator) -> list[Value | None]:
        """What an operator makes; nothing where it is not known, or takes what is not."""
        values = [[self.values.get(name) for name in place] for place in operator.inputs]
        if operator.kind == "data":
            return [self.input(operator)]
        unread = next((one for place in values for one in place if isinstance(one, Unread)), None)
        if unread is not None:
            if operator.kind in ("fetch", "shadow_output"):
                raise unread.fault
            return [unread] * len(operator.outputs)
        if operator.kind in ("fetch", "shadow_output"):
            self.outputs += self.leaving(operator, [one for place in values for one in place])
            return []
        first = values[0][0] if values and values[0] else None
        if operator.number in self.biases:
            return [one for place in values for one in place if isinstance(one, int)]
        if operator.kind in PASSED:
            return [] if first is None else [first]
        if operator.kind == "split" and isinstance(first, Several):
            return [*parts(self.call(operator, values))]
        if operator.kind not in RULES:
            return self.other(operator, values)
        if any(one is None for place in values for one in place):
            return []  # what it takes is of an operator that is not known, which is told
        call = self.call(operator, values)
        call.bias = operator.kind in BIASED and self.bias_behind(operator, values)
        found: list[Value | None] = RULES[operator.kind](call)
        self.hold(call, found)
        return found

    def leaving(self, operator: Operator, values: list[Value | None]) -> list[int]:
        """What comes out, the batch first, which in the file may stand behind a sequence's length or the states."""
        call, found = self.call(operator, [values]), []
        for one in values:
            if isinstance(one, (int, Turned, States)):
                tensor = one if isinstance(one, int) else one.tensor if isinstance(one, Turned) else call.stacked(one)
                found.append(tensor)
        if any(isinstance(one, (Turned, States)) for one in values):
            self.sketch.notes.append("an output that has its batch second in the file has it first here")
        return found

    def call(self, operator: Operator, values: list[list[Value | None]]) -> Call:
        """An operator with what it takes, under the name of its weights."""
        lives = [one for place in values for one in place if isinstance(one, int)]
        weight = next((one.name for place in values for one in place if isinstance(one, Weight)), "")
        build = Build(self.sketch, weight.rpartition(".")[0], operator.kind, None, lives)
        made = Call(build, operator, values, self.batch, self.owners)
        made.stated, made.taken = self.program.shapes, self.takers
        return made

    def other(self, operator: Operator, values: list[list[Value | None]]) -> list[Value | None]:
        """An operator that no table knows."""
        call = self.call(operator, values)
        if self.asked.opaque and call.build.tensors:
            made: list[Value | None] = []
            for place, name in enumerate(operator.outputs):
                dims = self.program.shapes.get(name, ())
                if len(dims) < 2 or min(dims[1:]) < 1:
                    raise call.fault("the file states no shape for what it makes")
                made.append(call.build.opaque(dims[1:], *call.build.tensors, suffix=f"_{place}" if place else ""))
            return made
        if (
            operator.kind in OWN_BLOCKS
            or call.build.tensors
            or self.unknown.uses  # what it takes may be made by one of these
            or not any(one is None for place in values for one in place)
        ):
            self.unknown.add(operator.kind, f"operator {operator.number}", None)
        return []

    def input(self, operator: Operator) -> int:
        """An input of the net, the batch first."""
        name = operator.word("name") or "input"
        stated = operator.wholes("shape") or ()
        dims = self.program.shapes.get(operator.outputs[0] if operator.outputs else "", stated)
        given: Shape | None = self.asked.inputs.get(name) or self.asked.inputs.get("")
        body = given or dims[1:]
        if not body or min(body) < 1 or len(body) > 4:
            help = "give it: `--input 3x224x224`"
            message = f"the file leaves the shape of the input `{name[:60]}` open"
            raise CnncalcError(Fault(message, None, name[:120], show_shape(dims), help))
        self.batch = dims[0] if dims and dims[0] > 0 else 1
        return self.sketch.input(name, tuple(body))

    def bias_behind(self, operator: Operator, values: list[list[Value | None]]) -> bool:
        """Whether the addition of a weight, a number for each channel, follows, and nothing else takes the product."""
        takers = self.takers.get(operator.outputs[0], []) if operator.outputs else []
        weight = values[1][0] if len(values) > 1 and values[1] else None
        if len(takers) != 1 or takers[0].kind != "add" or not isinstance(weight, Weight) or len(weight.dims) < 2:
            return False
        others = [name for place in takers[0].inputs for name in place if name != operator.outputs[0]]
        added = self.weight_of(others[0]) if len(others) == 1 else None
        if added is None or prod(added.dims) not in self.channels(operator, weight):
            return False
        self.biases.add(takers[0].number)
        return True

    def channels(self, operator: Operator, weight: Weight) -> tuple[int, ...]:
        """How many numbers the bias of an operator has."""
        if operator.kind == "matmul":
            return (weight.dims[0 if operator.flag("transpose_y") else 1],)
        groups = max(operator.whole("groups", 1), 1)
        return (weight.dims[1] * groups if "transpose" in operator.kind else weight.dims[0],)

    def weight_of(self, name: str) -> Weight | None:
        """The weight that a value is, in whatever shape."""
        maker = self.makers.get(name)
        if maker is not None and maker.kind in ("reshape", "reshape_") and maker.inputs and maker.inputs[0]:
            name = maker.inputs[0][0]
        value = self.program.weights.get(name)
        return value if isinstance(value, Weight) else None

    def hold(self, call: Call, made: list[Value | None]) -> None:
        """What comes out, against what the file states. Raises CnncalcError."""
        for value, name in zip(made, call.operator.outputs):
            said = self.program.shapes.get(name, ())[1:]
            if not isinstance(value, int) or self.asked.inputs or not said or min(said) < 1:
                continue
            if said != call.shape(value):
                told = f"the file says {show_shape(said)}, and it comes to {show_shape(call.shape(value))}"
                raise call.fault("the shape of what it makes is not what the file states", told)
