"""The loop that coremltools writes for a GRU of torch in an ML Program: six matrices, three gates, a state a step.

Core ML's own `gru` has one vector of biases, added before the gate, torch a second one behind it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from cnncalc.interchange.coreml.cells import told
from cnncalc.interchange.coreml.operation import Operation, Value
from cnncalc.interchange.protobuf.fields import Fields

__all__ = ["LOOP", "gru"]

LOOP = "while_loop"
PARTS = {"linear": 6, "sigmoid": 2, "tanh": 1, "gather": 2, "scatter": 1, "while_loop": 0, "cond": 0, "conv": 0}
"""How many of these operations the body of such a loop has."""


def gru(op: Operation, blocks: list[Fields], held: Mapping[str, Value]) -> bool:
    """Tell a loop as the GRU that it is, of whose body the file holds these tensors; False where it is something else.

    It fills a tensor of a state more than there are steps, of which the first is the one that it begins with.
    """
    body = list(blocks[1].each(3)) if len(blocks) == 2 else []
    kinds = Counter(one.text(1) for one in body)
    places = {name: place for place, name in enumerate(blocks[1].texts(2))} if body else {}
    if any(kinds[kind] != count for kind, count in PARTS.items()):
        return False
    own = {one.text(1) for one in blocks[1].each(1)} | {name for one in body for name in made(one)}
    x = {name for one in body if one.text(1) == "gather" for name in taken(one, "x") if name not in own}
    written = {name for one in body if one.text(1) == "scatter" for name in made(one)}
    written |= {
        name for one in body if one.text(1) == "cast" and written.intersection(taken(one, "x")) for name in made(one)
    }
    states = [name for name in written if name in places]
    matrices, biases = ([held.get(name) for name in several(body, key)] for key in ("weight", "bias"))
    dims = {value.dims for value in matrices if value is not None and len(value.dims) == 2}
    sizes = {rows for rows, _ in dims}
    if len(x) != 1 or len(states) != 1 or len(matrices) != 6 or None in matrices or len(sizes) != 1:
        return False
    (hidden,) = sizes
    inner = next((columns for _, columns in dims if columns != hidden), hidden)
    output = list(op.outputs)[places[states[0]]]
    name = op.name.replace(LOOP, "gru")
    weights = [op.tell.weight(f"{name}.weight", (1, 3 * hidden, inner))]
    weights.append(op.tell.weight(f"{name}.recursion", (1, 3 * hidden, hidden)))
    if any(one is None or one.values is None or any(one.values) for one in biases):
        weights.append(op.tell.weight(f"{name}.bias", (1, 6 * hidden)))
    every = told(op.tell, "GRU", x.pop(), weights, name, 1)[0]
    stated = op.outputs[output] or ()
    batch = stated[1] if len(stated) == 3 and isinstance(stated[1], int) else 1
    first = op.tell.filled(op.tell.fresh(), (1, batch, hidden), None)
    op.tell.put("Concat", [first, every], [output], axis=0)
    return True


def taken(one: Fields, key: str) -> list[str]:
    """The tensors that an operation takes by this name."""
    return [bound.text(1) for entry in one.each(2) if entry.text(1) == key for bound in entry.part(2).each(1)]


def made(one: Fields) -> list[str]:
    """What an operation makes."""
    return [declared.text(1) for declared in one.each(3)]


def several(body: list[Fields], key: str) -> list[str]:
    """What the matrices of a body take by this name."""
    return [name for one in body if one.text(1) == "linear" for name in taken(one, key)]
