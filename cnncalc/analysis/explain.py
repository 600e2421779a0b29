"""Graph -> explanation: every number with its derivation, of the layers asked for or of the whole net."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from cnncalc.analysis.costs import report
from cnncalc.analysis.dtypes import element_bytes
from cnncalc.analysis.explanation import Explanation, Part
from cnncalc.analysis.memory import kept_for_backward
from cnncalc.analysis.receptive import fields
from cnncalc.analysis.telling import Teller
from cnncalc.analysis.totals import totals
from cnncalc.errors import CnncalcError, Fault, near
from cnncalc.graph import Graph

__all__ = ["explain"]

FEW = 12
"""So many layers asked for by name are all told, repeats too."""


def explain(
    graph: Graph,
    layers: Sequence[str] = (),
    batch: int = 1,
    dtype: str = "float32",
    pixel: Sequence[int] | None = None,
) -> Explanation:
    """The layers of these names, groups or patterns, or the whole net as a lecture would tell it.

    `pixel` asks for the region of the input that this output pixel sees, one number an axis, counted from 0. Raises
    `CnncalcError` for a name that matches nothing and a pixel that there is not.
    """
    counted = report(graph, batch, dtype)
    size = element_bytes(dtype)
    seen = fields(graph)
    kept = kept_for_backward(graph, batch, size)
    teller = Teller(graph, counted, seen, kept, batch, size, pixel)
    chosen = _chosen(graph, layers) if layers else [index for index, _, _ in graph.layers()]
    if layers and len(chosen) <= FEW:
        parts: list[Part] = [teller.told(index) for index in chosen]
    else:
        parts = teller.walk(chosen)
    whole = None if layers else totals(graph, counted, kept, batch, size)
    return Explanation(counted, tuple(parts), whole, bool(layers), size)


def _chosen(graph: Graph, names: Sequence[str]) -> list[int]:
    """The nodes of all layers that are named, in execution order."""
    found: set[int] = set()
    faults: list[Fault] = []
    for name in names:
        matches = {
            index
            for index, node, _ in graph.layers()
            if node.name == name or node.name.startswith(f"{name}.") or fnmatchcase(node.name, name)
        }
        if not matches:
            faults.append(_unknown(graph, name))
        found |= matches
    if faults:
        raise CnncalcError(faults)
    return sorted(found)


def _unknown(graph: Graph, name: str) -> Fault:
    known: dict[str, None] = {}
    for _, node, _ in graph.layers():
        levels = node.name.split(".")
        known.update({".".join(levels[:depth]): None for depth in range(1, len(levels) + 1)})
    matches = near(name, known)
    meant = f"did you mean {' or '.join(f'`{match}`' for match in matches)}? " if matches else ""
    first = ", ".join(list(known)[:3])
    return Fault(
        f"there is no layer or group `{name[:60]}`",
        help=f"{meant}the layers are {first}, …; a pattern such as `*conv*` works too",
    )
