"""One operation of a graph on its way to layers of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.sketch import Sketch
from cnncalc.interchange.tfjs.constants import Constant
from cnncalc.interchange.tfjs.graph import Graph, Node
from cnncalc.layers import Shape

__all__ = ["Made", "MissingNumbers", "OneImage", "Pending", "Rule", "Step", "stated", "turned"]


class Pending:
    """A border, an enlargement or a reshape of which the size is not at hand: it is as whoever takes it needs it."""

    def __init__(self, kind: str, tensor: int, step: Step) -> None:
        self.kind, self.tensor, self.step = kind, tensor, step


class OneImage:
    """The image of a batch of one, of which an axis more makes a batch again."""

    def __init__(self, tensor: int) -> None:
        self.tensor = tensor


class MissingNumbers(CnncalcError):
    """What a node needs lies in a file of the weights that is not at hand."""


class Step:
    """One node on its way to layers of ours."""

    def __init__(self, sketch: Sketch, graph: Graph, node: Node, inputs: list[Any], target: list[int] | None) -> None:
        self.sketch, self.graph, self.node, self.inputs = sketch, graph, node, inputs
        self.target = target
        """The shape that the signature states of what comes out, where it is an output."""
        self.number = 0

    def fault(self, rule: str, values: str = "", help: str = "") -> CnncalcError:
        """What is wrong with the node."""
        return CnncalcError(Fault(f"`{self.node.kind}`: {rule}", None, self.node.name[:120], values, help))

    def missing(self, what: str) -> MissingNumbers:
        """A number that lies in a file that is not there, with the constants of the node that would say it."""
        taken = zip(self.node.inputs, self.inputs)
        unknown = [(name, one) for name, one in taken if isinstance(one, Constant) and one.whole and one.values is None]
        listed = ", ".join(f"`{name[:120]}` (int32, {list(one.shape)})" for name, one in unknown)
        files = ", ".join(f"`{one[:60]}`" for one in self.graph.files[:3])
        more = f" and {len(self.graph.files) - 3:,} more" if len(self.graph.files) > 3 else ""
        rule = f"`{self.node.kind}`: its {what} lies in the file of the weights, which is not at hand"
        help = f"put the .bin files that model.json names beside it{files and ': '}{files}{more}"
        return MissingNumbers(Fault(rule, None, self.node.name[:120], listed, help))

    def put(self, kind: str, *tensors: int, **fields: Any) -> int:
        """A layer; the first has the node's name."""
        self.number += 1
        name = self.node.name if self.number == 1 else f"{self.node.name}_{kind}"
        given = {key: value for key, value in fields.items() if value is not None}
        return self.sketch.add(name, kind, given, list(tensors), place=None, foreign=self.node.kind)

    def shape(self, tensor: int) -> Shape:
        """Our shape of a tensor."""
        return self.sketch.shape(tensor)

    def x(self, place: int = 0) -> int:
        """A tensor that it takes; a constant becomes a layer of its own."""
        value = self.inputs[place] if place < len(self.inputs) else None
        if isinstance(value, int):
            return value
        if isinstance(value, Pending):
            raise value.step.missing("size")
        if isinstance(value, OneImage):
            raise self.fault("it acts on an image without the batch")
        if isinstance(value, Constant):
            entering = next(iter(self.sketch.inputs.values()))
            return self.put("parameter", entering, shape=turned(value.shape))
        raise self.fault(f"it takes no tensor in place {place}")

    def constant(self, place: int) -> Constant:
        """A constant that it takes."""
        value = self.inputs[place] if place < len(self.inputs) else None
        if not isinstance(value, Constant):
            raise self.fault(f"what it takes in place {place} is computed, and no constant of the file")
        return value

    def values(self, place: int) -> list[int] | None:
        """The numbers of a constant; None where they are not at hand."""
        return self.constant(place).values


Made = Any
Rule = Callable[[Step], Made]


def turned(shape: tuple[int, ...]) -> Shape:
    """A shape without the batch as ours; no axes are one number."""
    return (shape[-1], *shape[:-1]) if shape else (1,)


def stated(shape: Shape) -> tuple[int, ...]:
    """A shape of ours as TensorFlow has it, without the batch."""
    return (*shape[1:], shape[0])
