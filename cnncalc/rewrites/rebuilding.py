"""A net with what a rule changes in it, as a sketch that can be written and built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cnncalc.answers.rewriting import Made
from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Net, Node
from cnncalc.graph.nodes import place_of
from cnncalc.interchange.sketch import Operator, Sketch
from cnncalc.layers import Layer, Requirement, show_shape
from cnncalc.records import NamedTuple
from cnncalc.rewrites.editing import Edit, Edits

__all__ = ["Rebuilt", "rebuilt"]

MOST_FAULTS = 5
"""So many are told of a rule that does not fit; a wrong width breaks every layer behind it."""


class Rebuilt(NamedTuple):
    """The new net, and where its layers come from."""

    sketch: Sketch
    olds: list[int]
    """Of each operator the layer or input of the net before that it is, or that it stands in place of."""
    lasts: list[bool]
    """Whether it is the last of those that stand in place of that layer."""
    mains: list[bool]
    """Whether it is the one that has the parameters, made of those before."""
    idle: list[int]
    """The tensors that side branches end in which are no outputs."""

    def same(self, names: Sequence[str], graph: Net) -> dict[str, str]:
        """For the name of each layer that of the one in whose place it stands; `names` are the operators'."""
        each = zip(names, self.olds, self.lasts, self.sketch.operators)
        return {name: graph.nodes[old].name for name, old, last, one in each if last and one.layer is not None}

    def made(self, names: Sequence[str], graph: Net, edits: Edits) -> Iterator[Made]:
        """How each layer with parameters comes by them; `names` are the operators'."""
        for name, old, main, operator in zip(names, self.olds, self.mains, self.sketch.operators):
            edit = edits.made.get(old, Edit())
            if operator.layer is not None and operator.share is None and main:
                of = edit.of or ((old,),)
                yield Made(name, edit.how, tuple(tuple(graph.nodes[one].name for one in branch) for branch in of))


class _Maker:
    def __init__(self, graph: Net, edits: Edits, *, keeps: bool) -> None:
        self.graph, self.edits, self.keeps = graph, edits, keeps
        name = "" if graph.name == graph.file else graph.name
        self.sketch = Sketch(name, graph.dialect, graph.source)
        self.tensors: dict[int, int] = {}
        """The new number of each tensor of the net before."""
        self.olds: list[int] = []
        self.lasts: list[bool] = []
        self.mains: list[bool] = []
        self.faults: list[Fault] = []

    def add(
        self, node: Node, layer: Layer, inputs: tuple[int, ...], name: str, *, last: bool, main: bool
    ) -> int | None:
        """One layer more; None, and a fault, where it does not take what it gets."""
        signature = self.sketch.signed.sign(layer, tuple(self.sketch.shape(one) for one in inputs))
        if isinstance(signature, Requirement):
            self._fault(node, signature.rule, signature.values)
            return None
        share = self.tensors[node.share] if node.share is not None and last else None
        shape = self.sketch.signed.shapes[signature]
        place = place_of(node.origin)
        dtype = self.graph.plan.types.get(node.index, "")
        operator = Operator(name, layer, inputs, shape, "", place, share, node.trainable, dtype)
        self.sketch.operators.append(operator)
        self.olds.append(node.index)
        self.lasts.append(last)
        self.mains.append(main)
        return len(self.sketch.operators) - 1

    def node(self, node: Node) -> None:
        """A layer of the net before, or what stands in its place."""
        assert node.layer is not None
        edit = self.edits.made.get(node.index, Edit((node.layer,)))
        taken = node.inputs if edit.takes is None else (edit.takes,)
        if any(one not in self.tensors for one in taken):
            return  # behind a fault
        inputs = tuple(self.tensors[one] for one in taken)
        at: int | None = inputs[0]
        for place, layer in enumerate(edit.layers):
            last = place == len(edit.layers) - 1
            name = node.name if len(edit.layers) == 1 else f"{node.name}~{place + 1}"
            at = self.add(node, layer, inputs, name, last=last, main=place == edit.main % len(edit.layers))
            if at is None:
                return
            inputs = (at,)
        assert at is not None
        shape = self.sketch.shape(at)
        if self.keeps and shape != tuple(node.shape):
            values = f"it made {show_shape(node.shape)}, and would make {show_shape(shape)}"
            self._fault(node, "a shape would change", values)
        else:
            self.tensors[node.index] = at

    def _fault(self, node: Node, rule: str, values: str) -> None:
        """That a layer does not go with what is rewritten."""
        help = f"say what to rewrite, as `--at 'layer3.*'`, or what not to, as `--at '!{node.name}'`"
        self.faults.append(Fault(rule, place_of(node.origin), node.name, values, help))


def rebuilt(graph: Net, edits: Edits, *, keeps: bool) -> Rebuilt:
    """The net with its edits made. Raises CnncalcError where a layer does not take what it then gets.

    With `keeps` what stands in place of a layer makes the same shape.
    """
    maker = _Maker(graph, edits, keeps=keeps)
    for node in graph.nodes:
        if node.layer is None:
            maker.tensors[node.index] = maker.sketch.input(node.name, tuple(node.shape))
            maker.olds.append(node.index)
            maker.lasts.append(True)
            maker.mains.append(True)
        elif node.index not in edits.dropped:
            maker.node(node)
        if len(maker.faults) >= MOST_FAULTS:
            break
    if maker.faults:
        raise CnncalcError(maker.faults)
    maker.sketch.outputs = [maker.tensors[index] for index in graph.outputs.values()]
    idle = [maker.tensors[index] for index in sorted(graph.idle)]
    return Rebuilt(maker.sketch, maker.olds, maker.lasts, maker.mains, idle)
