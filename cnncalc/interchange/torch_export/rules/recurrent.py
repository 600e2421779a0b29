"""Recurrent layers and cells of ATen: the states of all steps, what they end in, and what they begin with."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.torch_export.calls import Call
from cnncalc.interchange.torch_export.values import Parameter, Refused, States, Tensor, Value, names_in, word_of
from cnncalc.records import NamedTuple

__all__ = ["RECURRENT"]

ROWS = {"lstm": 4, "gru": 3, "rnn": 1}
"""Gates of a cell, each with rows of its own in a matrix."""


class Recurrence(NamedTuple):
    """One call of a recurrent layer: its matrices by layer, and the fields of a layer of ours."""

    kind: str
    parameters: list[Parameter]
    layers: int
    directions: int
    fields: dict[str, Any]
    batch: int
    """The axis of the batch, in what comes in and in what comes out."""

    @property
    def hidden(self) -> int:
        """Features of a state."""
        return self.parameters[0].dims[0] // ROWS[self.kind]

    @property
    def projected(self) -> int:
        """Features of what comes out of a direction."""
        return self.parameters[1].dims[1]

    def of_layer(self, layer: int) -> list[str]:
        """The names of one layer's matrices."""
        each = len(self.parameters) // self.layers
        return [one.name for one in self.parameters[layer * each : (layer + 1) * each]]


def recurrent(kind: str, **more: Any) -> Any:
    """aten.lstm, gru and rnn; a layer of ours gives all states or the last one, and torch gives both."""

    def rule(call: Call) -> Value:
        run = _recurrence(call, kind, more)
        x = call.x()
        x = call.laid_as(x, x._replace(batch=run.batch))
        used = [name in call.world.used for name in call.operation.outputs]
        x = _begun(call, x, run)
        if x.batch != run.batch:  # many sequences of one sample
            return _of_many(call, x, run, used)
        names = [one.name for one in run.parameters]
        fields = {**run.fields, "layers": run.layers}
        above = not any(used[1:]) or _above_alone(call, run)
        if used[1] and not used[0] and not any(used[2:]) and above:
            made = call.layer(kind, [x.number], call.name(), names, returns="final", **fields)
            return [None, _ends(call, [_halves(call, made, run, "ends")], run), *[None] * (len(used) - 2)]
        if above and not any(used[2:]):
            made = call.layer(kind, [x.number], call.name(), names, **fields)
            every = [made]
        else:
            every = _one_by_one(call, x, run)
        whole = call.held(every[-1], call.dims, run.batch)
        states: list[Value] = [_ends(call, [_last(call, one, run) for one in every], run) if used[1] else None]
        states += [_cells(call, every, run) if one else None for one in used[2:]]
        return [whole, *states]

    return rule


def _recurrence(call: Call, kind: str, more: dict[str, Any]) -> Recurrence:
    """What a call says. Raises Refused."""
    parameters = call.get("params", [])
    layers, directions = call.get("num_layers", 1), 2 if call.get("bidirectional", False) else 1
    named = [one for one in parameters if not (isinstance(one, Parameter) and not one.name)]
    biased = bool(call.get("has_biases", True))
    single = len(parameters) - len(named) == layers * directions and biased
    parameters = named if single else parameters  # the second vectors of biases are zeros, which nobody learns
    if not parameters or not all(isinstance(one, Parameter) and one.name for one in parameters):
        raise Refused("its matrices are no parameters of the module")
    if len(call.x().dims) != 3:
        raise Refused("it takes no batch of sequences")
    run = Recurrence(kind, parameters, layers, directions, {}, 0 if call.get("batch_first", False) else 1)
    fields = {
        "hidden": run.hidden,
        "bidirectional": True if directions > 1 else None,
        "bias": None if biased else False,
        "biases": 1 if single else None,
        "projection": run.projected if run.projected != run.hidden else None,
        "axis": "last",
        **more,
    }
    return run._replace(fields=fields)


def _begun(call: Call, x: Tensor, run: Recurrence) -> Tensor:
    """What comes in, behind the first states where these are computed: no layer of ours is given any."""
    given = call.arguments.get("hx")
    states = [one for one in (given if isinstance(given, list) else [given]) if _is_computed(one)]
    if not states:
        return x
    call.note("its first states, which are computed, are a layer of which only the shape is known")
    taken = [x.number, *(call.tensor(one).number for one in states)]
    shape = call.world.sketch.shape(x.number)
    return x._replace(number=call.layer("opaque", taken, f"{call.name()}_begun", shape=shape, of="first_states"))


def _is_computed(value: Value) -> bool:
    return isinstance(value, Tensor) or (isinstance(value, Parameter) and bool(value.name))


def _of_many(call: Call, x: Tensor, run: Recurrence, used: list[bool]) -> Value:
    """One layer for each sequence of one sample."""
    if any(used[1:]) or run.batch != 0:
        raise Refused("many sequences of one sample, in an order or with last states that are not known")
    names, fields = [one.name for one in run.parameters], {**run.fields, "layers": run.layers}
    made = call.of_each(x, lambda taken, name: call.layer(run.kind, [taken], name, names, **fields))
    return [call.held(made, call.dims, call.world.batch_of(call.dims, None)), *[None] * (len(used) - 1)]


def _above_alone(call: Call, run: Recurrence) -> bool:
    """Whether of the last states those of the last layer alone are taken, as `h[-1]` or `h[-2:]`."""
    if run.layers == 1:
        return True
    name = call.operation.outputs[1]
    lower = (run.layers - 1) * run.directions
    for operation in call.world.program.operations:
        if name not in names_in(list(operation.arguments.values())):
            continue
        start = operation.arguments.get("index", operation.arguments.get("start", 0))
        parts = word_of(operation) in ("select", "slice") and operation.arguments.get("dim", 0) == 0
        if not parts or type(start) is not int or start % (run.layers * run.directions) < lower:
            return False
    return name not in call.world.program.outputs


def _one_by_one(call: Call, x: Tensor, run: Recurrence) -> list[int]:
    """A layer of ours for each of torch's, where the last states of all of them are taken."""
    made = [x.number]
    for layer in range(run.layers):
        name = f"{call.name()}_{layer}" if run.layers > 1 else call.name()
        made.append(call.layer(run.kind, [made[-1]], name, run.of_layer(layer), **run.fields))
    return made[1:]


def _last(call: Call, made: int, run: Recurrence) -> list[int]:
    """The last state of each direction of a layer: that of the last place, and of the first where it runs backward."""
    found, steps = [], call.world.sketch.shape(made)[0]
    for direction in range(run.directions):
        name, place = f"{call.name()}_end", direction and run.projected
        part = made
        if run.directions > 1:
            part = call.layer("slice", [made], f"{name}_way", channels=(place, place + run.projected), axis=1)
        found.append(call.layer("select", [part], name, at=0 if direction else steps - 1))
    return found


def _halves(call: Call, made: int, run: Recurrence, word: str) -> list[int]:
    """The last state of each direction, of one vector that holds both."""
    if run.directions == 1:
        return [made]
    name, each = f"{call.name()}_{word}", run.projected
    return [call.layer("slice", [made], name, channels=(at * each, (at + 1) * each)) for at in range(run.directions)]


def _ends(call: Call, states: list[list[int]], run: Recurrence) -> Value:
    """The last states as torch gives them: those of each layer and direction, on an axis before the batch."""
    name, each = f"{call.name()}_ends", run.projected
    rows = [call.layer("reshape", [one], name, shape=(1, each)) for layer in states for one in layer]
    number = call.layer("concat", rows, f"{name}_all") if len(rows) > 1 else rows[0]
    made = Tensor(number, (len(rows), call.world.size, each), 1)
    lower = run.layers * run.directions - len(rows)
    return States(made, lower) if lower else made


def _cells(call: Call, every: list[int], run: Recurrence) -> Tensor:
    """The last states inside the cells, which no layer of ours hands on: they are known by their shape."""
    call.note("the last states inside its cells are a layer of which only the shape is known")
    shape = (run.layers * run.directions, run.hidden)
    number = call.layer("opaque", every, f"{call.name()}_cells", shape=shape, of="last_cells")
    return Tensor(number, (shape[0], call.world.size, shape[1]), 1)


class Cell:
    """One step of a recurrence, of its parts: two products, and what its gates make of them."""

    def __init__(self, call: Call, state: Value) -> None:
        self.call, self.name = call, call.name()
        x = call.tensor(call.arguments["input"])
        if len(x.dims) != 2 or x.batch != 0:
            raise Refused("it takes no batch of vectors")
        self.batch = x.batch
        given = state._replace(expanded=True) if isinstance(state, Parameter) else state
        self.state = call.tensor(given).number
        self.both = [self._product(one, way) for one, way in ((x.number, "ih"), (self.state, "hh"))]
        self.hidden = call.world.sketch.shape(self.state)[0]

    def _product(self, taken: int, way: str) -> int:
        weight, bias = self.call.parameter(f"w_{way}"), self.call.parameter(f"b_{way}")
        if weight is None or not (weight.name and weight.learned):
            raise Refused("its matrices are no parameters of the module")
        names = [weight.name, bias.name if bias is not None else ""]
        name = self.name if way == "ih" else f"{self.name}_state"
        return self.call.layer("linear", [taken], name, names, out=weight.dims[0], bias=bias is not None)

    def put(self, kind: str, *taken: int, word: str, **fields: Any) -> int:
        """A layer of the step."""
        return self.call.layer(kind, list(taken), f"{self.name}_{word}", **fields)

    def gate(self, of: int, at: int) -> int:
        """The rows of one gate."""
        span = (at * self.hidden, (at + 1) * self.hidden)
        return self.put("slice", of, word=f"gate_{at}", channels=span)

    def made(self, number: int) -> Tensor:
        """A state as a tensor of torch's."""
        return Tensor(number, (self.call.world.size, self.hidden), self.batch)


def lstm_cell(call: Call) -> Value:
    """lstm_cell: c' = f·c + i·g, h' = o·tanh(c')."""
    state, inside = call.get("hx", [None, None])
    cell = Cell(call, state)
    inside = inside._replace(expanded=True) if isinstance(inside, Parameter) else inside
    sums = cell.put("add", *cell.both, word="sum")
    kinds = ("sigmoid", "sigmoid", "tanh", "sigmoid")
    i, f, g, o = (cell.put(kind, cell.gate(sums, at), word=f"{kind}_{at}") for at, kind in enumerate(kinds))
    kept = cell.put("multiply", f, call.tensor(inside).number, word="kept")
    within = cell.put("add", kept, cell.put("multiply", i, g, word="new"), word="cell")
    shown = cell.put("multiply", o, cell.put("tanh", within, word="bent"), word="shown")
    return [cell.made(shown), cell.made(within)]


def gru_cell(call: Call) -> Value:
    """gru_cell: h' = n + z·(h − n), where n = tanh(W·x + r·(U·h))."""
    cell = Cell(call, call.arguments["hx"])
    x, h = ([cell.gate(one, at) for at in range(3)] for one in cell.both)
    r, z = (
        cell.put("sigmoid", cell.put("add", x[at], h[at], word=f"sum_{at}"), word=f"sigmoid_{at}") for at in range(2)
    )
    n = cell.put("tanh", cell.put("add", x[2], cell.put("multiply", r, h[2], word="reset"), word="sum_2"), word="new")
    apart = cell.put("subtract", cell.state, n, word="apart")
    return cell.made(cell.put("add", n, cell.put("multiply", z, apart, word="kept"), word="next"))


def rnn_cell(kind: str) -> Any:
    """rnn_tanh_cell and rnn_relu_cell."""

    def rule(call: Call) -> Value:
        cell = Cell(call, call.arguments["hx"])
        return cell.made(cell.put(kind, cell.put("add", *cell.both, word="sum"), word="next"))

    return rule


RECURRENT: dict[str, Any] = {
    "lstm": recurrent("lstm"),
    "gru": recurrent("gru"),
    "rnn_tanh": recurrent("rnn"),
    "rnn_relu": recurrent("rnn", nonlinearity="relu"),
    "lstm_cell": lstm_cell,
    "gru_cell": gru_cell,
    "rnn_tanh_cell": rnn_cell("tanh"),
    "rnn_relu_cell": rnn_cell("relu"),
}
"""By the operator's name in ATen."""
