"""Keras: the model that our writer says, built there by Keras itself; run once where that takes no time."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from math import prod
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Net
from cnncalc.graph.nodes import Node
from cnncalc.interchange.keras.writing.config import config
from cnncalc.interchange.keras.writing.model import Model, Row
from cnncalc.interchange.keras.writing.writer import model_of
from cnncalc.layers import Layer, Shape
from cnncalc.witnesses.seen import Seen, SeenRow

__all__ = ["built", "lone", "seen"]

BACKENDS = ("torch", "jax", "tensorflow")
MOST_MACS = 5_000_000
"""The multiply–accumulates up to which a model is also run, not only asked for its shapes."""
REFUSED = (ValueError, TypeError, RuntimeError, NotImplementedError, ZeroDivisionError, IndexError, OverflowError)
"""What Keras and its backends raise of a layer that they do not take."""


def _keras() -> Any:
    """The package, with a backend that is installed. Raises CnncalcError where none is."""
    if "KERAS_BACKEND" not in os.environ:
        found = next((one for one in BACKENDS if find_spec(one) is not None), None)
        if found is None:
            help = "install one beside it: `pip install torch`, jax or tensorflow"
            raise CnncalcError(Fault("Keras has no backend here", help=help))
        os.environ["KERAS_BACKEND"] = found
    import keras

    return keras


def seen(graph: Net, batch: int) -> Seen:
    """What Keras has of a net. Raises CnncalcError that names every layer which it has not."""
    keras = _keras()
    said = model_of(graph)
    framework = f"Keras {keras.__version__} ({keras.backend.backend()})"
    try:
        made = built(said)
    except REFUSED as error:
        return Seen(framework, {}, {}, refusal=_line(error))
    notes = list(said.notes)
    outputs = {name: _ours(tensor.shape[1:]) for name, tensor in zip(said.outputs, made.outputs)}
    if sum(layer.macs(*graph.input_shapes(node)) for _, node, layer in graph.layers()) <= MOST_MACS:
        try:
            outputs = dict(zip(said.outputs, _run(keras, made, batch)))
        except REFUSED as error:
            return Seen(framework, {}, {}, refusal=_line(error))
    else:
        notes.append("shapes are those that Keras states; a net of more multiply–accumulates is not run")
    rows = _rows(graph, said, made)
    total = SeenRow(None, made.count_params(), _count(made.trainable_weights), _count(made.non_trainable_weights))
    if said.made:  # a buffer of ours that is none there
        notes.append(f"{said.made:,} numbers that the net keeps are made anew by the model each time")
        rows = {name: one._replace(parameters=None, non_trainable=None) for name, one in rows.items()}
        total = SeenRow(None, None, total.trainable)
    return Seen(framework, rows, {name: outputs[name] for name in graph.outputs}, total, notes=tuple(notes))


def built(said: Model) -> Any:
    """The model. Raises CnncalcError where Keras has no backend here."""
    keras, usual = _keras(), sys.getrecursionlimit()
    sys.setrecursionlimit(max(usual, said.calls_deep))
    try:
        made = keras.saving.deserialize_keras_object(config(said))
        for one in made.layers:
            if not one.trainable:  # an attention frozen as it is made holds layers that are not, until it is told again
                one.trainable = False
        return made
    finally:
        sys.setrecursionlimit(usual)


def _run(keras: Any, made: Any, batch: int) -> list[Shape]:
    """The shapes of what comes out, in our order."""
    given = [keras.ops.zeros((batch, *tensor.shape[1:])) for tensor in made.inputs]
    found = made(given if len(given) > 1 else given[0], training=False)
    listed: Sequence[Any] = found if isinstance(found, (list, tuple)) else [found]
    return [_ours(tuple(one.shape)[1:]) for one in listed]


def _rows(graph: Net, said: Model, made: Any) -> dict[str, SeenRow]:
    """What Keras has of each of our layers."""
    built = {one.name: one for one in made.operations}
    found = {}
    for _, node, _ in graph.layers():
        row = said.rows[node.name]
        if row.end.layer in built:
            found[node.name] = _row(node, row, built)
    return found


def _row(node: Node, row: Row, built: dict[str, Any]) -> SeenRow:
    """The shape that Keras states, and, of a layer with parameters of its own, their numbers."""
    call = built[row.end.layer]._inbound_nodes[row.end.call]  # noqa: SLF001  (what a call made stands nowhere else)
    made = tuple(call.output_tensors[0].shape)[1:]
    shape = _ours([made[place - 1] for place in row.turned] if row.turned else made)
    if node.share is not None:
        return SeenRow(shape)
    trained = sum(_count(built[name].trainable_weights) for name in row.owned)
    frozen = sum(_count(built[name].non_trainable_weights) for name in row.owned)
    return SeenRow(shape, trained + frozen, trained, frozen)


def _count(weights: Sequence[Any]) -> int:
    return sum(prod(one.shape) for one in weights)


def _ours(shape: Sequence[Any]) -> Shape:
    """A shape of Keras's in our order."""
    return (*shape[-1:], *shape[:-1])


def lone(layer: Layer, shapes: Sequence[Shape], batch: int = 2) -> Shape | str:
    """The shape that one layer gives, also where we refuse it; or what Keras says against it.

    Raises CnncalcError where Keras cannot say it.
    """
    net = Net("lone", dialect=layer.dialect)
    inputs = [net.add_input(f"x{place}", shape) for place, shape in enumerate(shapes)]
    net.nodes.append(Node("lone", layer, tuple(one.index for one in inputs), (), len(inputs)))
    keras = _keras()
    said = model_of(net)
    try:
        return _run(keras, built(said), batch)[0]
    except REFUSED as error:
        return _line(error)


_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def _line(error: Exception) -> str:
    """What it says, without the colours, and the models around it that could not be made for that reason."""
    said = _COLOUR.sub("", str(error)).rpartition("Exception encountered: ")[2]
    return " ".join(said.split())[:300] or type(error).__name__
