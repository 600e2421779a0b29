"""What the layers of a rewritten net are called: as before, where they had names; counted anew, where they had none."""

from __future__ import annotations

from cnncalc.graph import Net
from cnncalc.interchange.sketch import Sketch
from cnncalc.rewrites.rebuilding import Rebuilt

__all__ = ["named_anew"]


def named_anew(new: Rebuilt, graph: Net) -> Sketch:
    """The sketch with its operators named for a text: names as they were given, positions and counts without gaps."""
    naming = _Naming(graph)
    operators = new.sketch.operators
    for place, operator in enumerate(operators):
        if operator.layer is not None:
            name, _, part = operator.name.partition("~")
            own = graph.nodes[new.olds[place]].name in graph.names.own
            called = naming.name(name, part, operator.layer.kind, own=own, last=new.lasts[place])
            operators[place] = operator._replace(name=called)
    return new.sketch


class _Naming:
    """The names that are given so far."""

    def __init__(self, graph: Net) -> None:
        self.own = graph.names.own
        self.by_position = _by_position(graph)
        self.places: dict[str, dict[str, int]] = {}
        """The groups by position, and which place each of their layers and groups before has now."""
        self.counts: dict[str, int] = {}

    def name(self, name: str, part: str, kind: str, *, own: bool, last: bool) -> str:
        """The name of one of the layers in place of that of a name; `part` is its number, if there are several."""
        levels = name.split(".")
        around, before = name.rpartition(".")[0], levels[-1]
        for depth, level in enumerate(levels):
            group = ".".join(name.split(".")[:depth])
            if group in self.by_position:
                taken = self.places.setdefault(group, {})
                one = f"{level}~{part}" if depth == len(levels) - 1 else level
                levels[depth] = str(taken.setdefault(one, len(taken)))
        if around not in self.by_position:
            levels[-1] = (before if last else f"{before}_{part}") if own else self._counted(around, kind)
        return ".".join(levels)

    def _counted(self, around: str, kind: str) -> str:
        """What a layer without a name is called: by its kind and count."""
        stem = f"{kind}_" if kind[-1].isdigit() else kind
        prefix = f"{around}." if around else ""
        while True:
            self.counts[prefix + stem] = number = self.counts.get(prefix + stem, 0) + 1
            if f"{prefix}{stem}{number}" not in self.own:
                return f"{stem}{number}"


def _by_position(graph: Net) -> set[str]:
    """The groups whose layers and groups are called 0, 1, 2, … in order."""
    children: dict[str, dict[str, None]] = {}
    for _, node, _ in graph.layers():
        levels = node.name.split(".")
        for depth, level in enumerate(levels):
            children.setdefault(".".join(levels[:depth]), {})[level] = None
    return {around for around, names in children.items() if [*names] == [str(place) for place in range(len(names))]}
