"""An NNEF graph to a sketch: assignment after assignment, operations inside others first."""

from __future__ import annotations

from cnncalc.interchange.archives import is_tar
from cnncalc.interchange.building import each_made
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.nnef.operation import Operation
from cnncalc.interchange.nnef.packed import graph_of
from cnncalc.interchange.nnef.table import NAMES, RULES
from cnncalc.interchange.nnef.text import Assignment, Call, Name, Parsed, Value, parsed
from cnncalc.interchange.onnx.telling import Telling
from cnncalc.interchange.sketch import Asked, Sketch
from cnncalc.interchange.text import Text

__all__ = ["read"]


def read(file: ForeignFile, asked: Asked) -> Sketch:
    """A `graph.nnef`, or an archive with one. Raises CnncalcError with everything that is wrong."""
    text = Text(file.name, graph_of(file) if is_tar(file) else file.text)
    graph = parsed(text, file.limits)
    teller = Teller(graph, text)
    for _ in each_made(graph.body, teller.assign):
        pass
    return teller.tell.read(graph.name, graph.outputs, file, asked)


class Teller:
    """One graph on its way."""

    def __init__(self, graph: Parsed, text: Text) -> None:
        self.graph, self.text = graph, text
        self.tell = Telling("NNEF")
        self.dims: dict[str, tuple[int, ...]] = {}
        """The shapes of variables."""

    def assign(self, assignment: Assignment) -> bool:
        """Tell what an assignment makes. Raises CnncalcError."""
        value = assignment.value
        if isinstance(value, Call):
            self.operation(value, assignment.names)
        elif isinstance(value, list) and len(value) == len(assignment.names):
            for name, one in zip(assignment.names, value):
                self.assign(Assignment([name], one, assignment.line))
        elif isinstance(value, Name):
            self.tell.put("Identity", [str(value)], assignment.names[:1])
        elif isinstance(value, (int, float)):
            self.tell.known(assignment.names[0], float(value))
        return True

    def operation(self, call: Call, outputs: list[str]) -> None:
        """Tell an operation, those in its arguments first."""
        ordered = tuple(self.flat(value) for value in call.ordered)
        named = {key: self.flat(value) for key, value in call.named.items()}
        flat = call._replace(ordered=ordered, named=named)
        names = NAMES.get(call.operation, tuple(str(place) for place in range(len(ordered))))
        self.tell.foreign = f"{call.operation}, line {call.line}"
        op = Operation(flat, names, outputs, self.tell, self.dims, self.text)
        if call.operation == "external":
            self.tell.inputs[outputs[0]] = tuple(n or None for n in op.wholes("shape")) or None
        elif call.operation == "variable":
            self.variable(op)
        elif call.operation == "constant":
            self.constant(op)
        elif call.operation in RULES and call.operation not in self.graph.own:
            RULES[call.operation](op)
        else:
            taken = [str(value) for value in op.arguments.values() if isinstance(value, Name)]
            self.tell.put(call.operation, taken, tuple(outputs), outputs[0])

    def flat(self, value: Value) -> Value:
        """A value whose operations are told before, and stand for what they make."""
        if isinstance(value, list):
            return [self.flat(one) for one in value]
        if not isinstance(value, Call):
            return value
        name = self.tell.fresh()
        self.operation(value, [name])
        return Name(name)

    def variable(self, op: Operation) -> None:
        """A learned tensor, called by its label."""
        name, dims = op.outputs[0], op.wholes("shape")
        self.dims[name] = dims
        label = op.word("label", name)
        self.tell.weight(name, dims, label if "/" in label or "." in label else f"{label}.weight")

    def constant(self, op: Operation) -> None:
        """A tensor of given numbers, which nobody learned."""
        name = op.outputs[0]
        value = op.arguments.get("value", [])
        values = value if isinstance(value, list) else [value]
        self.dims[name] = op.wholes("shape")
        if len(values) == 1 and isinstance(values[0], (int, float)):
            self.tell.filled(name, self.dims[name], float(values[0]))
        else:
            self.tell.filled(name, self.dims[name], None)
