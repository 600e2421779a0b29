"""What is held of a net that was read: its totals, and its layers, against our own file of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from cnncalc import report
from cnncalc.errors import CnncalcError
from cnncalc.graph import Net
from cnncalc.rewrites.rewriting import rewritten
from cnncalc.rewrites.table import asked

__all__ = ["against", "folded", "totals", "weighted"]

CONSTANTS = "exporter_constants"
"""The group of the plain numbers that an ONNX file holds, as the 3 of a hardswish."""


def totals(net: Net) -> tuple[int, int, list[tuple[int, ...]]]:
    """Parameters, multiply–accumulates, and the shapes of the outputs."""
    found = report(net)
    return found.totals.params, found.totals.macs, sorted(shape[1:] for shape in found.outputs.values())


def weighted(net: Net) -> dict[str, int]:
    """The parameters of each layer that has some, by its name."""
    return {row.name: row.params for row in report(net).rows if row.params}


def folded(name: str, net: Net) -> Net:
    """The net with the batch norms folded that our own rule folds; itself where there are none."""
    try:
        return rewritten(name, net, asked(["fold-batchnorm"])).steps[-1].graphs[1]
    except CnncalcError:
        return net


def against(own: Net, read: Net) -> str:
    """How a net that was read differs from our own file of it, and how many of its layers are the same by name.

    Plain numbers that the file counts are told, and are no difference.
    """
    (params, macs, outputs), (found, found_macs, found_outputs) = totals(own), totals(read)
    names, mine = weighted(read), weighted(own)
    plain = sum(count for name, count in names.items() if name.startswith(CONSTANTS))
    told = []
    if found_macs != macs:
        told.append(f"macs {found_macs:,} for {macs:,}")
    if found_outputs != outputs:
        told.append(f"outputs {found_outputs} for {outputs}")
    if found - plain != params:
        told.append(f"params {found - plain - params:+,}")
    worked, wanted = (Counter(row.macs for row in report(net).rows if row.macs) for net in (read, own))
    if worked != wanted:
        told.append(f"layers' macs, {listed((worked - wanted).elements())} for {listed((wanted - worked).elements())}")
    same = sum(names.get(name) == count for name, count in mine.items())
    beside = f", {plain} plain numbers" if plain else ""
    return f"{'; '.join(told) or 'equal'} ({same} of {len(mine)} layers by name, {lines(read)} layers{beside})"


def listed(numbers: Iterable[int]) -> str:
    """A few numbers as a text."""
    found = sorted(numbers)
    return " ".join(f"{one:,}" for one in found[:6]) + (" …" if len(found) > 6 else "") or "none"


def lines(net: Net) -> int:
    """How many layers a net has."""
    return len(net.nodes) - len(net.inputs)
