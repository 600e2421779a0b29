"""How a net is to be trained and stored, beyond its layers: which groups run again, types of layers, ranks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.graph.formats import FORMATS, meant, no_format
from cnncalc.graph.names import groups_of, matching
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from typing import Protocol

    from cnncalc.graph.nodes import Node

    class Planned(Protocol):
        """A net."""

        nodes: list[Node]
        plan: Plan


__all__ = ["Part", "Plan", "accumulate", "cast", "checkpoint", "prune", "shard"]


class Part(NamedTuple):
    """A group that keeps only what it takes, and runs again in the pass backward."""

    name: str
    first: int
    """The index of its first node; all up to the last are its own."""
    last: int
    inputs: tuple[int, ...]
    """The nodes outside whose tensors it takes, each once."""


class Plan(NamedTuple):
    """What was asked of a net beyond its layers."""

    checkpoints: tuple[Part, ...] = ()
    """In execution order; none is in another."""
    types: Mapping[int, str] = {}
    """The type of the layers that have one of their own, by node."""
    sparsity: Mapping[int, str] = {}
    """What share of the weights of layers is zero, or in which pattern, by node."""
    accumulate: int = 1
    """How many batches a step of training adds up."""
    sharding: tuple[str, int] = ("", 1)
    """How ranks share what training holds, and how many there are; empty where there is one alone."""


def checkpoint(net: Planned, patterns: Collection[str]) -> None:
    """Let the outermost groups whose names match run again in the pass backward, as `layer*`; of no patterns none.

    Raises `CnncalcError` where one matches no group.
    """
    net.plan = net.plan._replace(checkpoints=_parts(net.nodes, patterns))


def cast(net: Planned, types: Sequence[tuple[str, str]], option: str = "--dtype") -> None:
    """Give the layers and groups whose names match types of their own: pairs of a pattern and a type, the last wins.

    They go before what the layers' file says of them. Raises `CnncalcError` where a pattern matches no layer, or there
    is no such type.
    """
    if not types and not any(node.dtype for node in net.nodes):
        return
    said = {index: node.dtype for index, node in enumerate(net.nodes) if node.dtype}
    usual = [(pattern, meant(name)) for pattern, name in types]
    wrong = [(pattern, name) for pattern, name in usual if name not in FORMATS]
    unknown = [(f"{option} {pattern[:60]}={name[:60]}", *no_format(name)) for pattern, name in wrong]
    if unknown:
        raise CnncalcError([Fault(f"{where}: {why}", help=help) for where, why, help in unknown])
    net.plan = net.plan._replace(types={**said, **net.plan.types, **_by_pattern(net, usual, option)})


def prune(net: Planned, shares: Sequence[tuple[str, str]]) -> None:
    """Let weights of the layers and groups whose names match be zero: pairs of a pattern and a share, or 2:4.

    Raises `CnncalcError` where a pattern matches no layer.
    """
    if shares:
        net.plan = net.plan._replace(sparsity=_by_pattern(net, shares, "--sparsity"))


def _by_pattern(net: Planned, pairs: Sequence[tuple[str, str]], option: str) -> dict[int, str]:
    """What pairs of a pattern and a text give to each node; the last wins."""
    names = {node.name: index for index, node in enumerate(net.nodes) if node.layer is not None}
    found: dict[int, str] = {}
    for pattern, text in pairs:
        found.update(dict.fromkeys(matching(pattern, names, option), text))
    return found


def accumulate(net: Planned, batches: int) -> None:
    """Let a step of training add up the gradients of so many batches. Raises `CnncalcError` for less than one."""
    if batches < 1:
        raise CnncalcError(Fault(f"--accumulate: {batches} is too small", help="the smallest is 1"))
    net.plan = net.plan._replace(accumulate=batches)


def shard(net: Planned, text: str) -> None:
    """Let ranks share what training holds, as `zero2:8`; an empty text lets none. Raises `CnncalcError`."""
    name, colon, ranks = text.partition(":")
    if text and not (name and colon and ranks.isascii() and ranks.isdecimal() and len(ranks) < 10):
        help = "write the way and the number of ranks, as --shard zero2:8"
        raise CnncalcError(Fault(f"--shard {text[:60]} is not a way to share and a number of ranks", help=help))
    net.plan = net.plan._replace(sharding=(name, int(ranks)) if text else ("", 1))


def _parts(nodes: Sequence[Node], patterns: Collection[str]) -> tuple[Part, ...]:
    if not patterns:
        return ()
    groups: dict[str, list[int]] = {}
    for index, node in enumerate(nodes):
        for group in groups_of(node.name) if node.layer is not None else ():
            groups.setdefault(group, []).append(index)
    faults = [_missing(one, groups, nodes) for one in patterns if not any(fnmatchcase(each, one) for each in groups)]
    wanted = {name for name in groups if any(fnmatchcase(name, one) for one in patterns)}
    outermost = [name for name in wanted if wanted.isdisjoint(groups_of(name))]
    for name in outermost:
        members = groups[name]
        if members[-1] - members[0] >= len(members):
            stranger = next(nodes[index].name for index in range(members[0], members[-1]) if index not in members)
            help = "checkpoint the groups in it, or a group around both"
            faults.append(Fault(f"--checkpoint: `{stranger[:60]}` runs between layers of `{name[:60]}`", help=help))
    if faults:
        raise CnncalcError(faults)
    return tuple(sorted((_part(name, groups[name], nodes) for name in outermost), key=lambda one: one.first))


def _part(name: str, members: Sequence[int], nodes: Sequence[Node]) -> Part:
    first, last = members[0], members[-1]
    taken = [one for index in members for one in nodes[index].inputs if one < first]
    return Part(name, first, last, tuple(dict.fromkeys(taken)))


def _missing(pattern: str, groups: Collection[str], nodes: Sequence[Node]) -> Fault:
    """That a pattern names no group."""
    usual = "a group is what stands before a dot in layers' names, as `layer1` in `layer1.0`"
    help = suggestion(pattern.rstrip("*."), groups, usual)
    if not groups:
        help = "name a list of layers in the file: `- {name: stage1, layers: […]}`"
    if any(node.layer is not None and fnmatchcase(node.name, pattern) for node in nodes):
        return Fault(f"--checkpoint {pattern[:60]} names layers, and no group", help=help)
    return Fault(f"--checkpoint {pattern[:60]} matches no group", help=help)
