"""The tensors and groups that items name, looked up outwards from where they stand, and whose parameters they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from cnncalc.graph import UNKNOWN, Level, Net, groups_of
from cnncalc.language.building.evaluation import Evaluator, Scope, Tensor
from cnncalc.language.building.items import Item
from cnncalc.language.faults import Faults
from cnncalc.language.yaml.reader import Scalar, Sequence, YamlNode
from cnncalc.layers import kind_named
from cnncalc.records import NamedTuple

__all__ = ["DROPPED", "Body", "Found", "Lookup"]

DROPPED: Tensor = -2
"""What comes out of an item whose `when` is false."""

Body: TypeAlias = Callable[[Any, Level, Tensor], Tensor]
"""What builds a group's layers in a level, from a tensor: with which `Builder` is told then, for it may be kept."""


class Found(NamedTuple):
    """A tensor that was found by its name, in a level whose prefix is so long."""

    level: int
    name: str
    tensor: Tensor


class Lookup:
    """Looks up names as they stand in items, and keeps what builds each group; what there is not is noted."""

    def __init__(self, net: Net, evaluator: Evaluator, faults: Faults) -> None:
        self.net, self.evaluator, self.faults = net, evaluator, faults
        self.log: list[Found] | None = None
        """The tensors that were found by name, where somebody keeps an account of it."""
        self.reached = 0
        """How long the prefix of the outermost level was in which a group to share was found since a `Recording`."""
        self.bodies: dict[str, Body] = {}
        """What builds each group, to build it once more."""
        self.guessing = False
        """Whether the net's inputs have faults, so that a name that is missing may be theirs."""
        self.false: dict[str, YamlNode] = {}
        """The conditions that left out the layers and groups of these names."""

    # -- names that are given --

    def free(self, name: str, node: YamlNode, own: str | None = None) -> bool:
        """Whether a full name, whose last part is `own`, is still to be had; a fault where not."""
        fault = self.net.names.taken(name, own)
        if fault is not None:
            self.faults.note(fault._replace(place=node.place()))
            return False
        self.net.names.given[name] = node
        return True

    def keep(self, own: str | None, level: Level) -> Tensor:
        """Remember the name of a layer with a fault, so that a reference to it is no second one."""
        if own is not None:
            self.net.names.tensors.setdefault(level.prefix + own, UNKNOWN)
        return UNKNOWN

    def left_out(self, own: str | None, level: Level, condition: YamlNode | None) -> Tensor:
        """What comes out of an item whose `when` is false, or None for one that has a fault."""
        if condition is None:
            return self.keep(own, level)
        if own is not None:
            self.false[level.prefix + own] = condition
        return DROPPED

    # -- names that are taken --

    def known(self, name: str, level: Level) -> bool:
        """Whether `from` could take this name here."""
        return any(one.prefix + name in self.net.names.tensors for one in level.outwards())

    def for_a_kind(self, node: Scalar, level: Level) -> bool:
        """Whether the name of an earlier layer stands where a kind should; a fault then."""
        name = node.text
        if " " in name or kind_named(name) is not None or not self.known(name, level):
            return False
        help = f"take its output with `from`: `{{identity: , from: {name}}}`; or `{{concat: , from: [a, b]}}`"
        self.faults.add(f"`{name[:60]}` is an earlier layer, and a kind is expected here", node, help=help)
        return True

    def find(self, name: str, level: Level | None) -> Found | None:
        """The tensor of a name, in this level or else in one around it."""
        tensors = self.net.names.tensors
        word, _, number = name.partition(".")
        place = int(number) if word == "inputs" and number.isdecimal() and len(number) < 9 else None
        for one in level.outwards() if level is not None else ():
            tensor = tensors.get(one.prefix + name)
            if tensor is None and place is not None and place < len(one.entering):
                tensor = one.entering[place]
            if tensor is not None:
                return Found(len(one.prefix), name, tensor)
        return None

    def source(self, name: str, node: YamlNode, current: Tensor, level: Level) -> Tensor:
        """The tensor that a name stands for, looked up in this level and then outwards."""
        if name == "previous":
            return current
        tensors = self.net.names.tensors
        found = self.find(name, level)
        if found is not None:
            if self.log is not None:
                self.log.append(found)
            return found.tensor
        meant = [one.prefix + part for one in level.outwards() for part in (name, *groups_of(name))]
        if self.guessing or any(tensors.get(full) == UNKNOWN for full in meant):
            return UNKNOWN  # the fault is the input's, or the group's
        if self.faults.explains(name):
            return UNKNOWN
        fault = self.net.names.missing(name, self._visible(level))
        lines = [self.false[full].line for full in meant if full in self.false]
        if lines:
            values = f"it is left out: the `when` on line {lines[0]} is false"
            fault = fault._replace(values=values, help="give this item the same `when`")
        self.faults.note(fault._replace(place=node.place()))
        return UNKNOWN

    def _visible(self, level: Level) -> list[str]:
        """The names that could stand here, not more than it takes to find a near one."""
        known = list(self.net.names.tensors)
        inner = [full[len(level.prefix) :] for full in known if full.startswith(level.prefix)]
        return [*inner[-1_000:], *known[-1_000:], "previous"]

    def sources(self, node: YamlNode, current: Tensor, scope: Scope, level: Level) -> tuple[Tensor, ...]:
        """The tensors that a `from:` names."""
        found: list[Tensor] = []
        for one in node.items if isinstance(node, Sequence) else [node]:
            name = self.evaluator.text(one, scope, current) if isinstance(one, Scalar) else None
            if not isinstance(one, Scalar) or name == "":
                help = "such as `from: stem` or `from: [left, right]`"
                self.faults.add("`from` takes the name of an earlier layer, or a list of names", one, help=help)
            found.append(UNKNOWN if not name else self.source(name, one, current, level))
        return tuple(found) or (UNKNOWN,)

    def one_tensor(self, tensors: tuple[Tensor, ...], item: Item, what: str) -> bool:
        """Whether there is just one tensor to start from; a fault where there are more."""
        if len(tensors) == 1:
            return True
        self.faults.add(
            f"{what} starts from one tensor", item.source or item.node, help="merge them first, with concat or add"
        )
        return False

    def shared(self, item: Item, level: Level) -> tuple[str, Body] | Tensor | None:
        """What `{share: NAME}` stands for: a group's name and what builds it, or a layer; None for a fault."""
        if not isinstance(item.share, Scalar):
            help = "such as `{share: conv1}`"
            self.faults.add("`share` takes the name of an earlier layer or group", item.share or item.node, help=help)
            return None
        name = item.share.text
        for one in level.outwards():
            if one.prefix + name in self.bodies:
                self.reached = min(self.reached, len(one.prefix))
                return one.prefix + name, self.bodies[one.prefix + name]
        owner = self.source(name, item.share, UNKNOWN, level)
        if owner in self.net.inputs.values():
            help = "name a layer or group that has some"
            self.faults.add("an input has no parameters to share", item.share, help=help)
        return owner if owner != UNKNOWN else None

    def owner(self, item: Item | None, level: Level) -> Tensor | None:
        """The layer that an item's own `share` names."""
        if item is None or item.share is None:
            return None
        if isinstance(item.share, Scalar):
            return self.source(item.share.text, item.share, UNKNOWN, level)
        self.faults.add("`share` takes the name of an earlier layer", item.share, help="such as `share: conv1`")
        return UNKNOWN
