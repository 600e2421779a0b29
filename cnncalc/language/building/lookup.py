"""The tensors that an item names: what it takes by `from`, and whose parameters it shares."""

from __future__ import annotations

from cnncalc.graph import Graph
from cnncalc.language.building.evaluation import Evaluator, Scope
from cnncalc.language.building.items import Item
from cnncalc.language.building.names import UNKNOWN, Body, Level, Names, Tensor
from cnncalc.language.faults import Faults
from cnncalc.language.yaml.reader import Node, Scalar, Sequence

__all__ = ["Lookup"]


class Lookup:
    """Looks up names as they stand in items; what there is not is noted."""

    def __init__(self, graph: Graph, names: Names, evaluator: Evaluator, faults: Faults) -> None:
        self.graph, self.names, self.evaluator, self.faults = graph, names, evaluator, faults

    def sources(self, node: Node, current: Tensor, scope: Scope, level: Level) -> tuple[Tensor, ...]:
        """The tensors that a `from:` names."""
        found: list[Tensor] = []
        for one in node.items if isinstance(node, Sequence) else [node]:
            name = self.evaluator.text(one, scope, current) if isinstance(one, Scalar) else None
            if not isinstance(one, Scalar) or name == "":
                help = "such as `from: stem` or `from: [left, right]`"
                self.faults.add("`from` takes the name of an earlier layer, or a list of names", one, help=help)
            found.append(UNKNOWN if not name else self.names.source(name, one, current, level))
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
        group = self.names.body(item.share.text, level)
        if group is not None:
            return group
        owner = self.names.source(item.share.text, item.share, UNKNOWN, level)
        if owner in self.graph.inputs.values():
            help = "name a layer or group that has some"
            self.faults.add("an input has no parameters to share", item.share, help=help)
        return owner if owner != UNKNOWN else None

    def owner(self, item: Item | None, level: Level) -> Tensor | None:
        """The layer that an item's own `share` names."""
        if item is None or item.share is None:
            return None
        if isinstance(item.share, Scalar):
            return self.names.source(item.share.text, item.share, UNKNOWN, level)
        self.faults.add("`share` takes the name of an earlier layer", item.share, help="such as `share: conv1`")
        return UNKNOWN
