"""JSON and programs for Keras: built there, with the shapes and counts of every layer, run, and read back."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import numpy as np
import programs
import torch

from benchmarks.exports.keras_weights import NotCarried, carry
from benchmarks.exports.nets import Case, large
from cnncalc.errors import CnncalcError
from cnncalc.graph import Net
from cnncalc.interchange.keras.writing.config import text
from cnncalc.interchange.keras.writing.writer import model_of
from cnncalc.interchange.writers import writer_for
from cnncalc.torch_backend.building.builder import build
from cnncalc.witnesses import keras as witness
from cnncalc.witnesses.holding import held as against

__all__ = ["back", "digest", "held", "program", "program_digest"]

CLOSE = 1e-4
"""Of the largest number that comes out, and of a hundredth at least."""

torch.set_num_threads(1)


def held(case: Case) -> list[str]:
    """The JSON by what Keras has of every layer, and by what comes out with torch's parameters."""
    return back(case) or [*_figures(case.whole), *_numbers(case.small)]


def digest(case: Case) -> str:
    """What is held, in a few letters: the JSON at both sizes."""
    whole = text(model_of(case.whole))
    return sha256((whole if case.small is case.whole else whole + text(model_of(case.small))).encode()).hexdigest()[:16]


def _figures(graph: Net) -> list[str]:
    found = against(graph, witness.seen(graph, 1), net="", batch=1, seconds=0)
    figures = [(row.name, figure) for row in found.rows for figure in row.figures]
    figures += [("in all", figure) for figure in found.totals]
    return [f"{name}: {one.what} {one.predicted}, there {one.measured}" for name, one in figures if not one.passed]


def _numbers(graph: Net) -> list[str]:
    """How far what comes out is from what the module of `to_torch` gives."""
    module = build(graph).eval()
    programs.scattered(module, 3)
    programs.not_in_place(module)
    inputs = programs.given(graph, 1 if large(graph) else 2, torch.float32)
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
        outputs = made(given if len(given) > 1 else given[0], training=False)
    listed = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return [
        f"output {name}: {line}"
        for name, ours, theirs in zip(graph.outputs, listed, wanted)
        if (line := _apart(ours.detach().movedim(-1, 1).numpy(), theirs.numpy()))
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
    if ours == theirs:
        return []
    names = [one for one in {**ours, **theirs} if ours.get(one) != theirs.get(one)]
    return [f"the program's model differs from the JSON's: {names[:5]}"]


def program_digest(case: Case) -> str:
    """What is held, in a few letters: the program, and the JSON."""
    from cnncalc.interchange.keras.writing.code import text as code

    model = model_of(case.whole)
    return sha256((text(model) + code(model, case.whole)).encode()).hexdigest()[:16]


def _run(content: str) -> Any:
    space: dict[str, Any] = {"__name__": "program"}
    exec(compile(content, "program.py", "exec"), space)
    return space["model"]()


def _configuration(made: Any) -> dict[str, Any]:
    """The layers by name, each with its configuration and calls; what stands in the model beside them."""
    whole = made.get_config()
    layers = {one["name"]: one for one in whole.pop("layers")}
    return {**layers, " model": {**whole, "name": None}}


def back(case: Case) -> list[str]:
    """The net against what is read of its JSON, which `write` holds. Raises CnncalcError where it is refused."""
    try:
        writer_for(None, "keras-json").write(case.whole, 1)
    except CnncalcError as error:
        if not any(fault.layer for fault in error.faults):
            return [f"{error.faults[0].message}: {error.faults[0].values}"]
        raise
    return []
