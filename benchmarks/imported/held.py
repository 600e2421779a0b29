"""What is held of a net that was read: its totals, and its layers, against our own file of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Any

from cnncalc import report
from cnncalc.errors import CnncalcError
from cnncalc.graph import Net
from cnncalc.rewrites.rewriting import rewritten
from cnncalc.rewrites.table import asked

__all__ = ["against", "folded", "totals", "weighted"]

NONE: Mapping[str, Any] = {}
CONSTANTS = "exporter_constants"
"""The group of the plain numbers that an ONNX file holds, as the 3 of a hardswish."""


def totals(net: Net) -> tuple[int, int, list[tuple[int, ...]]]:
    """Parameters, multiply–accumulates, and the shapes of the outputs."""
    found = report(net)
    return found.totals.params, found.totals.macs, sorted(shape[1:] for shape in found.outputs.values())


def weighted(net: Net) -> dict[str, int]:
    """The parameters of each layer that has some, by its name."""
    return {row.name: row.params for row in report(net).rows if row.params}


def folded(name: str, net: Net) -> tuple[Net, dict[str, str]]:
    """The net with the batch norms folded that our own rule folds, and what each of its layers was called before."""
    try:
        (step,) = rewritten(name, net, asked(["fold-batchnorm"])).steps
    except CnncalcError:  # there are none
        return net, {}
    return step.graphs[1], {one.layer: one.of[0][0] for one in step.made}


def against(own: Net, read: Net, called: Mapping[str, str] = NONE, tables: Mapping[str, int] = NONE) -> str:
    """How a net that was read differs from our own file of it, and how many of its layers are the same by name.

    Layer by layer the multiply–accumulates are the same, or those of several layers of the file in turn, as of
    attention that an exporter takes apart. Plain numbers that the file counts are told, and are no difference.
    `called` are names of our own layers in place of those that they have; by `tables` the file may have so many numbers
    more in a layer.
    """
    (params, macs, outputs), (found, found_macs, found_outputs) = totals(own), totals(read)
    names, mine = weighted(read), {called.get(name, name): count for name, count in weighted(own).items()}
    plain = sum(count for name, count in names.items() if name.startswith(CONSTANTS))
    told = []
    if found_macs != macs:
        told.append(f"macs {found_macs:,} for {macs:,}")
    if found_outputs != outputs:
        told.append(f"outputs {found_outputs} for {outputs}")
    over, more = found - plain - params, sum(tables.values())
    if over not in (0, more):
        told.append(f"params {over:+,}")
    worked, wanted = ([row.macs for row in report(net).rows if row.macs] for net in (read, own))
    if Counter(worked) != Counter(wanted) and not set(accumulate(wanted)) <= set(accumulate(worked)):
        more, less = Counter(worked) - Counter(wanted), Counter(wanted) - Counter(worked)
        told.append(f"layers' macs, {listed(more.elements())} for {listed(less.elements())}")
    if over == more:
        mine = {name: count + tables.get(name, 0) for name, count in mine.items()}
    same = sum(count in (names.get(name), within(name, names)) for name, count in mine.items())
    beside = f", {plain} plain numbers" * bool(plain) + f", {over:,} numbers more of tables" * (over == more > 0)
    return f"{'; '.join(told) or 'equal'} ({same} of {len(mine)} layers by name, {lines(read)} layers{beside})"


def within(name: str, names: Mapping[str, int]) -> int:
    """The parameters of the layers of a module, which is one layer of ours, as of attention that is taken apart."""
    parts = re.compile(re.escape(name) + r"(_[0-9]+|_table)?(\..*)?")
    return sum(count for one, count in names.items() if parts.fullmatch(one))


def listed(numbers: Iterable[int]) -> str:
    """A few numbers as a text."""
    found = sorted(numbers)
    return " ".join(f"{one:,}" for one in found[:6]) + (" …" if len(found) > 6 else "") or "none"


def lines(net: Net) -> int:
    """How many layers a net has."""
    return len(net.nodes) - len(net.inputs)
