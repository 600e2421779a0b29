"""The input lengths for which a net on symbolic lengths works, and the layers that say so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cnncalc.arithmetic.symbolic.conditions import Condition
from cnncalc.arithmetic.windows.formulas import every
from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Net
from cnncalc.records import NamedTuple

__all__ = ["Reason", "conditions", "reasons", "required"]

WAY_OUT = "give a size in numbers, which says where it fails; where one letter stands twice, try 3xHxW"


class Reason(NamedTuple):
    """A condition that no other condition implies, and the layer that it comes from."""

    layer: str
    rule: str
    values: str
    text: str
    """The lengths that it allows."""


def conditions(graph: Net) -> Condition:
    """The lengths for which every layer works; raises `CnncalcError` where there are none."""
    joined = every(*(requirement.holds for met in graph.conditions.values() for requirement in met))
    if joined is False:
        message = "no input of this form works: the layers contradict one another"
        raise CnncalcError(Fault(message, values=_contradiction(graph), help=WAY_OUT))
    return joined if isinstance(joined, Condition) else Condition({})


def _contradiction(graph: Net) -> str:
    lines = [f"{name}: {requirement.holds}" for name, requirement in required(graph)]
    return "\n".join(dict.fromkeys(lines[-6:]))


def required(graph: Net) -> Iterator[tuple[str, Any]]:
    """Every condition, with the first layer that makes it."""
    seen: set[int] = set()
    for _, node, _ in graph.layers():
        if node.signature in seen:
            continue
        seen.add(node.signature)
        for requirement in graph.conditions.get(node.signature, ()):
            yield node.name, requirement


def reasons(graph: Net) -> tuple[Reason, ...]:
    """The conditions that together say all, each with the first layer that makes it; what others imply is left out."""
    kept: dict[str, tuple[Reason, Condition]] = {}
    for name, requirement in required(graph):
        text = str(requirement.holds)
        kept.setdefault(text, (Reason(name, requirement.rule, requirement.values, text), requirement.holds))
    left: list[Reason] = []
    before, behind = Condition({}), [Condition({})]  # those that are kept, and all that are not looked at yet
    for _, condition in reversed(list(kept.values())[1:]):
        behind.append(behind[-1] & condition)
    for reason, condition in kept.values():
        if not _implied(condition, before & behind.pop()):
            left.append(reason)
            before = before & condition
    joined: dict[tuple[str, str, str], list[str]] = {}
    for reason in left:  # the axes of one layer together
        joined.setdefault(reason[:3], []).append(reason.text)
    return tuple(Reason(*said, ", ".join(texts)) for said, texts in joined.items())


def _implied(condition: Condition, others: Condition) -> bool:
    """Whether the other conditions say as much."""
    both = others & condition
    return both.sets == others.sets and len(both.relations) == len(others.relations)
