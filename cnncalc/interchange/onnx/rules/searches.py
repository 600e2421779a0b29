"""Searches, such as NonMaxSuppression and NonZero: how much they find an image decides, so that no layer has its shape.

What a search takes comes out of the net, and what follows from what it finds is left out, as long as nothing of it
learns: boxes are sorted out behind the last weights. Where weights follow, a search finds all that there can be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from cnncalc.interchange.onnx.call import Call, Live, Sought, Value
from cnncalc.interchange.onnx.opaque import weightless
from cnncalc.interchange.onnx.parts import Graph, Node, Tensor, takes
from cnncalc.interchange.onnx.rules.elements import COMPARED, JOINS
from cnncalc.interchange.unknown import Unknown
from cnncalc.layers import show_shape

__all__ = ["Searches", "is_search"]

_SEARCH = re.compile(r"NonZero\Z|Unique\Z|\w*NMS|\w*NonMaxSuppression", re.IGNORECASE)
"""ONNX's own, and those of TensorRT and other runtimes, which stand in any domain."""
BESIDE = frozenset((
    *JOINS, *COMPARED, "Mod", "Concat", "Gather", "GatherND", "GatherElements", "ScatterND", "ScatterElements",
    "Scatter", "Slice", "Pad", "Clip", "Resize", "Expand", "Tile", "Reshape", "RoiAlign", "MaxRoiPool", "GridSample",
    "OneHot", "TopK", "QuantizeLinear", "DequantizeLinear", "Dropout", "Range", "SequenceInsert", "SequenceConstruct",
))  # fmt: skip
"""What takes numbers of the file that nobody learns: anchors, bounds, factors."""
OF_INTEGERS = ("QLinear", "QGemm", "ConvInteger", "MatMulInteger")
MOST_NAMED = 5


Dims: TypeAlias = "tuple[int, ...]"


def is_search(node: Node) -> bool:
    """Whether a node looks for something."""
    return _SEARCH.match(node.kind) is not None


def anywhere(nodes: Sequence[Node]) -> bool:
    """Whether one of the nodes is a search, or holds a graph with one."""
    graphs = (value for node in nodes for value in node.attributes.values() if isinstance(value, Graph))
    return any(map(is_search, nodes)) or any(anywhere(graph.nodes) for graph in graphs)


class Searches:
    """The searches of a net, and what follows from them."""

    __slots__ = ("_any", "gone", "graph", "most", "outputs", "told", "weighed", "why")

    def __init__(self, graph: Graph, weighed: list[str], *, most: bool = False) -> None:
        self.graph, self.most = graph, most
        """Whether searches are taken to find as much as there can be."""
        self.weighed = weighed
        """Nodes with weights that follow from what is found."""
        self.told: dict[str, Dims] = {}
        """Searches that are taken to find as much as there can be, with the shapes of that."""
        self._any: bool | None = None
        self.gone: list[Node] = []
        self.why: dict[tuple[str, str], str] = {}
        """Why a node cannot be read, until it is told."""
        self.outputs: dict[str, Sought] = {}
        """The outputs that follow from what is found."""

    @property
    def any(self) -> bool:
        """Whether the net searches, so that what follows from it may be left out."""
        if self._any is None:
            self._any = anywhere(self.graph.nodes)
        return self._any

    def ended(self, call: Call, values: Mapping[str, Value | None], why: str) -> list[Value | None] | None:
        """What becomes of a node that is not known: a search, and in a net with one what a value decides; or None."""
        most = self.at_most(call)
        if most is not None:
            return most
        may_end = is_search(call.node) or (bool(why) and not call.node.domain and self.any)
        return self.found(call, values, why) if may_end else None

    def at_most(self, call: Call) -> list[Value | None] | None:
        """As much as a search can find, where that is asked for; None of one of which nobody knows it."""
        if not self.most:
            return None
        from cnncalc.interchange.onnx.rules.rarer import MOST, result

        rule = MOST.get(call.node.kind)
        if rule is None:
            return None
        shapes = rule(call)
        self.told[call.node.called()] = shapes[0]
        return [result(call, shape, f"_{place + 1}" if place else "") for place, shape in enumerate(shapes)]

    def found(self, call: Call, values: Mapping[str, Value | None], why: str = "") -> list[Value | None] | None:
        """What follows from what is found, or is left out with it; None where weights are among what a node takes."""
        node = call.node
        if learns(node, call.values, values):
            return None
        every = [values.get(name) for name in takes(node)]
        before = [value for value in every if isinstance(value, Sought)]
        lives = [value for value in every if isinstance(value, Live)]
        own = [] if before else [(node.kind, node.where())]
        self.why.update(dict.fromkeys(own, why or "an image decides how much it finds"))
        self.gone.append(node)
        sought = Sought(
            tuple(dict.fromkeys([*(live for one in before for live in one.lives), *lives])),
            tuple(dict.fromkeys([*(one for each in before for one in each.searches), *own])),
        )
        return [sought] * len(node.outputs)

    def behind(self, call: Call, values: Mapping[str, Value | None], unknown: Unknown) -> list[Value | None]:
        """What follows from what is found; where that has weights the searches are told as not known, each once."""
        found = self.found(call, values)
        if found is not None:
            return found
        self.weighed.append(call.node.called())
        every = map(values.get, takes(call.node))
        for kind, where in dict.fromkeys(one for value in every if isinstance(value, Sought) for one in value.searches):
            if why := self.why.pop((kind, where), ""):
                unknown.add(f"{kind[:60]} ({why}, and weights follow)", where, None)
        return [None] * len(call.node.outputs)

    def said(self) -> list[str]:
        """What was left out, in words."""
        most = ", ".join(f"{called} ({show_shape(shape)})" for called, shape in [*self.told.items()][:MOST_NAMED])
        more = f" and {len(self.told) - MOST_NAMED} more" if len(self.told) > MOST_NAMED else ""
        told = "an image decides how much these find, and what follows counts as for all that there can be"
        at_most = [f"{told}: {most}{more}"] if most else []
        if not self.outputs:
            return at_most
        searches = [*dict.fromkeys(one for each in self.outputs.values() for one in each.searches)]
        named = ", ".join(f"{kind[:60]}, {where}" for kind, where in searches[:MOST_NAMED])
        more = f" and {len(searches) - MOST_NAMED} more" if len(searches) > MOST_NAMED else ""
        names = ", ".join(f"`{name[:60]}`" for name in [*self.outputs][:MOST_NAMED])
        left_out = f"{names} and what else follows from it without weights, is left out, and what it takes comes out"
        said = [f"what {named}{more} finds an image decides: {left_out}"]
        gone = {name for node in self.gone for name in node.outputs}
        own = {name for node in self.gone for name in node.inputs}
        others = {name for node in self.graph.nodes if not gone.issuperset(node.outputs) for name in node.inputs}
        numbers = sum(
            one.size for name in own - others if (one := self.graph.tensors.get(name)) is not None and one.floating
        )
        return at_most + said + ([f"{numbers:,} numbers that these alone take count as nothing"] if numbers else [])


def learns(node: Node, taken: Sequence[Value | None], values: Mapping[str, Value | None]) -> bool:
    """Whether a node has weights."""
    if not weightless(node, values):
        return True
    if node.kind in BESIDE or is_search(node):
        return False
    held = [value for value in taken if isinstance(value, Tensor) and value.size > 1]
    return any(one.floating and one.learned for one in held) or (bool(held) and node.kind.startswith(OF_INTEGERS))
