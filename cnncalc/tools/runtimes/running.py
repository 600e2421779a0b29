"""A net's sizes as a runtime makes them, layer by layer, from its inputs on."""

from __future__ import annotations

from cnncalc.graph import Net
from cnncalc.graph.rules import broken_requirement
from cnncalc.layers.base import Layer, Shape, show_shape
from cnncalc.layers.dialects import Dialect
from cnncalc.records import NamedTuple
from cnncalc.tools.runtimes.table import Runtime

__all__ = ["Sized", "sized", "sizes"]


class Sized(NamedTuple):
    """A layer's output by its dialect, and by a runtime."""

    name: str
    notation: str
    own: Shape
    made: Shape | None
    """None where the runtime refuses the layer, where that was not measured, and behind such a layer."""
    reason: str = ""
    """Why there is none; empty behind another."""

    @property
    def parts(self) -> bool:
        """Whether the runtime makes another size than the dialect says, or none: behind such a layer none is known."""
        return bool(self.reason) if self.made is None else self.made != self.own


def sizes(graph: Net, runtime: Runtime) -> list[Sized]:
    """Every layer in execution order. Weights keep the shapes of the file: a layer that no longer fits is refused."""
    from cnncalc.notation.lines import write

    made: dict[int, Shape | None] = {index: graph.nodes[index].shape for index in graph.inputs.values()}
    found = []
    for index, node, layer in graph.layers():
        shapes = [made[one] for one in node.inputs]
        known = tuple(shape for shape in shapes if shape is not None)
        reason = ""
        shape: Shape | None = None
        if len(known) == len(shapes):
            shape, reason = sized(layer, runtime, known, graph.input_shapes(node))
        made[index] = shape
        found.append(Sized(node.name, write(layer), tuple(node.shape), shape, reason))
    return found


def under(layer: Layer, rules: Dialect) -> Layer:
    """The same layer by other rules than its dialect's."""
    made = object.__new__(type(layer))
    made.__dict__.update(layer.__dict__, rules=rules)
    return made


def sized(
    layer: Layer, runtime: Runtime, shapes: tuple[Shape, ...], own: tuple[Shape, ...]
) -> tuple[Shape | None, str]:
    """What a runtime makes of a layer on these shapes, or why nothing; its weights are those for its own shapes."""
    ruled = under(layer, runtime.ruled(layer.rules))
    broken = broken_requirement(ruled, shapes)
    if broken is not None:
        return None, f"{broken.rule}: {broken.values}" if broken.values else broken.rule
    if shapes != own and layer.weight_shapes(*shapes) != layer.weight_shapes(*own):
        entering, meant = (", ".join(map(show_shape, one)) for one in (shapes, own))
        return None, f"its weights are for {meant}, and {entering} comes in"
    return tuple(ruled.output_shape(*shapes)), ""
