"""JSON and programs for Keras: built there, with the shapes and counts of every layer, run, and read back."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import keras
import numpy as np
import programs
import torch

from benchmarks.exports.keras_weights import NotCarried, carry
from benchmarks.exports.nets import SETTLED, Case, large
from cnncalc.errors import CnncalcError
from cnncalc.graph import Net
from cnncalc.interchange.keras.writing.config import text
from cnncalc.interchange.keras.writing.writer import model_of
from cnncalc.interchange.writers import writer_for
from cnncalc.torch_backend.building.builder import build
from cnncalc.witnesses import keras as witness
from cnncalc.witnesses.holding import held as against

__all__ = ["back", "digest", "held", "numbers", "program", "program_digest"]

CLOSE = 1e-4
"""Of the largest number that comes out, and of a hundredth at least."""

torch.set_num_threads(1)


def held(case: Case) -> list[str]:
    """The JSON by what Keras has of every layer, and by what comes out with torch's parameters."""
    lines = back(case) or _figures(case.whole)
    if not lines and (lines := numbers(case.small, "float32")):  # norms may blow up what is lost in rounding
        lines = numbers(case.small)
        if lines and keras.backend.backend() == "torch" and _uneven(case.small):
            lines = [
                f"{SETTLED}{line}: Keras's torch backend counts copies in a mean at an uneven border" for line in lines
            ]
    return lines


def _uneven(graph: Net) -> bool:
    """Whether a mean with a stride has a border that Keras's other backends leave out of it."""
    return any(
        made.kind.startswith("AveragePooling") and made.config.get("padding") == "same" and "strides" in made.config
        for made in model_of(graph).layers.values()
    )


def digest(case: Case) -> str:
    """What is held, in a few letters: the JSON at both sizes."""
    whole = text(model_of(case.whole))
    return sha256((whole if case.small is case.whole else whole + text(model_of(case.small))).encode()).hexdigest()[:16]


def _figures(graph: Net) -> list[str]:
    found = against(graph, witness.seen(graph, 1), net="", batch=1, seconds=0)
    figures = [(row.name, figure) for row in found.rows for figure in row.figures]
    figures += [("in all", figure) for figure in found.totals]
    return [f"{name}: {one.what} {one.predicted}, there {one.measured}" for name, one in figures if not one.passed]


def numbers(graph: Net, dtype: str = "float64") -> list[str]:
    """How far what comes out is from what the module of `to_torch` gives."""
    usual = keras.config.floatx()
    keras.config.set_floatx(dtype)
    try:
        return _apart_in(graph, getattr(torch, dtype))
    finally:
        keras.config.set_floatx(usual)


def _apart_in(graph: Net, dtype: torch.dtype) -> list[str]:
    module = build(graph).to(dtype).eval()
    programs.scattered(module, 3)
    programs.not_in_place(module)
    inputs = programs.given(graph, 1 if large(graph) else 2, dtype)
    if any(layer.kind == "embedding" for _, _, layer in graph.layers()):
        inputs = [one.abs() for one in inputs]  # a number below 0 is counted from the end there, and is 0 here
    with torch.no_grad():
        found = module(*[one.clone() for one in inputs])
    wanted = [found] if isinstance(found, torch.Tensor) else [found[name] for name in graph.outputs]
    said = model_of(graph)
    made = witness.built(said)
    try:
        carry(graph, said, made, {name: one.detach().numpy() for name, one in module.state_dict().items()})
    except NotCarried as error:
        return [f"not carried: {error}"]
    del module
    given = [one.movedim(1, -1) for one in inputs]
    with torch.no_grad():
        outputs = made([keras.ops.convert_to_tensor(one.numpy()) for one in given], training=False)
    listed = [keras.ops.convert_to_numpy(one) for one in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]
    return [
        f"output {name}: {line}"
        for name, ours, theirs in zip(graph.outputs, listed, wanted)
        if (line := _apart(np.moveaxis(ours, -1, 1), theirs.numpy()))
    ]


def _apart(ours: Any, theirs: Any) -> str:
    """How far two outputs are apart; nothing where they are close."""
    if ours.shape != theirs.shape:
        return f"{ours.shape}, and it is to be {theirs.shape}"
    if (np.isnan(ours) != np.isnan(theirs)).any():
        return "other places have numbers that are none"
    with np.errstate(invalid="ignore"):
        apart = float(np.nan_to_num(np.abs(ours - theirs)).max(initial=0))
    scale = max(float(np.nan_to_num(np.abs(theirs)).max(initial=0)), 0.01)
    return f"{apart / scale:.3g} apart" if apart > CLOSE * scale else ""


def program(case: Case) -> list[str]:
    """The program, run: the model that it makes is that of the JSON, layer by layer, names and calls too."""
    theirs = _configuration(_run(str(writer_for(None, "keras").write(case.whole, 1).content)))
    ours = _configuration(witness.built(model_of(case.whole)))
    apart = [(one, other) for one, other in zip(ours, theirs) if one != other]
    if len(ours) != len(theirs):
        return [f"the program has {len(theirs)} layers and operations, the JSON {len(ours)}"]
    return [f"the program's is another layer than the JSON's: {str(apart[0])[:300]}"] if apart else []


def program_digest(case: Case) -> str:
    """What is held, in a few letters: the program, and the JSON."""
    from cnncalc.interchange.keras.writing.program.text import text as code

    model = model_of(case.whole)
    return sha256((text(model) + code(model, case.whole)).encode()).hexdigest()[:16]


def _run(content: str) -> Any:
    space: dict[str, Any] = {"__name__": "program"}
    exec(compile(content, "program.py", "exec"), space)
    return space["model"]()


def _configuration(made: Any) -> list[Any]:
    """The layers and operations with their configurations and calls, those without a name numbered; then the ends."""
    whole = json.loads(json.dumps(made.get_config()))
    names = {
        one["name"]: f"operation {place}" if ".ops." in one["module"] else one["name"]
        for place, one in enumerate(whole["layers"])
    }
    ends = [*_flat(whole["input_layers"]), *_flat(whole["output_layers"])]
    return [_renamed(one, names) for one in (*whole["layers"], *ends)]


def _flat(ends: list[Any]) -> list[Any]:
    """One input or output stands alone, several in a list."""
    return [ends] if isinstance(ends[0], str) else ends


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """With the names of operations, and of tensors, as they are told apart here; tuples and `...` as lists."""
    if isinstance(value, list):
        return [_renamed(one, names) for one in value]
    if not isinstance(value, dict):
        return names.get(value, value) if isinstance(value, str) else value
    if value.get("class_name") == "__keras_tensor__":
        return _renamed(value["config"]["keras_history"], names)
    if value.get("class_name") == "__tuple__":
        return _renamed(value["config"]["value"], names)
    if value.get("class_name") == "GetItem":
        value = {**value, "inbound_nodes": [_key(*node["args"]) for node in value["inbound_nodes"]]}
    if value.get("class_name") == "Bidirectional":  # whose cells are called after one another
        cell = {**value["config"]["layer"], "config": {**value["config"]["layer"]["config"], "name": "", "seed": 0}}
        value = {**value, "config": {**value["config"], "layer": cell, "backward_layer": None}}
    if isinstance(value.get("kwargs"), dict):  # what is None is not said
        value = {**value, "kwargs": {key: one for key, one in value["kwargs"].items() if one is not None}}
    return {key: _renamed(one, names) for key, one in value.items() if key != "build_config"}


def _key(tensor: Any, key: Any) -> list[Any]:
    """What an item is taken of, and the slices of all its axes."""
    listed = key["config"]["value"] if isinstance(key, dict) else key
    rank, whole = len(tensor["config"]["shape"]), {"start": None, "stop": None, "step": None}
    parts = [one["config"] if one.get("class_name") == "__slice__" else None for one in listed]
    if None in parts:
        at = parts.index(None)
        parts = [*parts[:at], *[whole] * (rank - len(parts) + 1), *parts[at + 1 :]]
    return [tensor, [*parts, *[whole] * (rank - len(parts))]]


def back(case: Case) -> list[str]:
    """The net against what is read of its JSON, which `write` holds. Raises CnncalcError where it is refused."""
    try:
        writer_for(None, "keras-json").write(case.whole, 1)
    except CnncalcError as error:
        if not any(fault.layer for fault in error.faults):
            return [f"{error.faults[0].message}: {error.faults[0].values}"]
        raise
    return []
