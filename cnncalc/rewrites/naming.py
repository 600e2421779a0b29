"""What the layers of a rewritten net are called: as before, where they had names; counted anew, where they had none."""

from __future__ import annotations

from cnncalc.graph import Graph
from cnncalc.interchange.sketch import Sketch
from cnncalc.rewrites.rebuilding import Rebuilt

__all__ = ["named_anew"]


def named_anew(new: Rebuilt, graph: Graph) -> Sketch:
    """The sketch with its operators named for a text: no name where none was given, positions without gaps."""
    counted = _by_position(graph)
    places: dict[str, dict[str, int]] = {}
    operators = new.sketch.operators
    for place, operator in enumerate(operators):
        if operator.layer is None:
            continue
        before = graph.nodes[new.olds[place]].name
        name, _, part = operator.name.partition("~")
        own = before in graph.names.own
        levels = name.split(".")
        levels[-1] += f"~{part}" if part else ""
        for depth in range(len(levels)):
            around = ".".join(name.split(".")[:depth])
            if around in counted:
                taken = places.setdefault(around, {})
                levels[depth] = str(taken.setdefault(levels[depth], len(taken)))
        around = name.rpartition(".")[0]
        if around not in counted:
            last = new.lasts[place]
            levels[-1] = (name.rpartition(".")[2] + ("" if last else f"_{part}")) if own else ""
        operators[place] = operator._replace(name=".".join(levels))
    return new.sketch


def _by_position(graph: Graph) -> set[str]:
    """The groups whose layers and groups are called 0, 1, 2, … in order."""
    children: dict[str, dict[str, None]] = {}
    for _, node, _ in graph.layers():
        levels = node.name.split(".")
        for depth, level in enumerate(levels):
            children.setdefault(".".join(levels[:depth]), {})[level] = None
    return {around for around, names in children.items() if [*names] == [str(place) for place in range(len(names))]}
