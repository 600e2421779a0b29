"""Programs and JSON for Keras: built there, with the shapes and counts of every layer, and read back."""

from __future__ import annotations

from math import prod
from typing import Any

from benchmarks.exports.nets import Case
from cnncalc.errors import CnncalcError
from cnncalc.interchange.writers import writer_for
from cnncalc.witnesses import keras as witness
from cnncalc.witnesses.holding import held as against

__all__ = ["back", "held"]


def held(case: Case) -> list[str]:
    """The JSON by what Keras has of every layer, and the program, run, by what comes out and what is learned."""
    lines, whole = back(case), case.whole
    seen = witness.seen(whole, 1)
    found = against(whole, seen, net="", batch=1, seconds=0)
    figures = [(row.name, figure) for row in found.rows for figure in row.figures]
    figures += [("in all", figure) for figure in found.totals]
    lines += [f"{name}: {one.what} {one.predicted}, there {one.measured}" for name, one in figures if not one.passed]
    space: dict[str, Any] = {"__name__": "program"}
    exec(compile(str(writer_for(None, "keras").write(whole, 1).content), "program.py", "exec"), space)
    made = space["model"]()
    trained = sum(prod(one.shape) for one in made.trainable_weights)
    kept = sum(prod(one.shape) for one in made.non_trainable_weights)
    if (trained, kept) != (seen.total.trainable, seen.total.non_trainable):
        lines.append(f"the program has {trained:,} and {kept:,} numbers, the JSON {seen.total}")
    return lines


def back(case: Case) -> list[str]:
    """The net against what is read of its JSON, which `write` holds. Raises CnncalcError where it is refused."""
    try:
        writer_for(None, "keras-json").write(case.whole, 1)
    except CnncalcError as error:
        if not any(fault.layer for fault in error.faults):
            return [f"{error.faults[0].message}: {error.faults[0].values}"]
        raise
    return []
