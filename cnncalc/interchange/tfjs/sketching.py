"""Puts a graph's operations into a sketch."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.sketch import Asked, Sketch
from cnncalc.interchange.tfjs.answers import left_out, more_left_out, numbers_of, only_searched, said, source
from cnncalc.interchange.tfjs.constants import dims_of
from cnncalc.interchange.tfjs.graph import Graph, Node, graph_of, ordered
from cnncalc.interchange.tfjs.operations import OPERATIONS, PASSED
from cnncalc.interchange.tfjs.steps import MissingNumbers, Pending, Step, turned
from cnncalc.layers import Shape

__all__ = ["sketched"]

STAND_IN = 224
"""What stands for a length that the file leaves open."""


def sketched(root: dict[str, Any], file: ForeignFile, asked: Asked) -> Sketch:
    """The net of a graph model. Raises CnncalcError."""
    graph = graph_of(root, file)
    gone = left_out(graph)
    sketch = Sketch(PurePath(file.name).name.removesuffix(".json"), "keras")
    made, ends = _all_made(sketch, graph, gone, asked)
    ends += [made.get(source(one)) for node in gone.values() for one in node.inputs]
    outputs = [one for one in ends if isinstance(one, int) and one not in sketch.inputs.values()]
    if not outputs or not sketch.inputs:
        raise CnncalcError(Fault("the graph has no input, or nothing comes out of it"))
    if gone:
        sketch.notes.append(said(gone))
        sketch.beside = numbers_of(graph, gone)
    sketch.outputs = list(dict.fromkeys(outputs))
    sketch.notes.append("every tensor of the file is counted as a parameter, folded batch norms and plain numbers too")
    return sketch


def _all_made(sketch: Sketch, graph: Graph, gone: dict[str, Node], asked: Asked) -> tuple[dict[str, Any], list[Any]]:
    """What comes out of each node, and what no other node takes.

    Raises CnncalcError; numbers that are not at hand are told all together, each by the node that needs them first.
    """
    taken = {source(one) for node in graph.nodes.values() for one in node.inputs if node.name not in gone}
    made: dict[str, Any] = dict(graph.constants)
    shapes, ends = _stated(graph), []
    lacking: dict[str, Fault] = {}
    stuck: set[str] = set()
    for node in ordered(graph):
        if node.name in gone or node.kind == "Const":
            continue
        if node.kind == "Placeholder":
            made[node.name] = sketch.input(node.name, _entering(node, sketch, asked))
            continue
        if any(source(one) in stuck for one in node.inputs):
            stuck.add(node.name)
            continue
        step = Step(sketch, graph, node, [made.get(one) for one in node.inputs], shapes.get(node.name))
        try:
            made[node.name] = _made(step)
            if isinstance(made[node.name], Pending) and only_searched(graph, gone, node):
                made[node.name] = made[node.name].tensor
            if node.name not in taken and isinstance(made[node.name], Pending):
                raise made[node.name].step.missing("size")
        except CnncalcError as error:
            if more_left_out(graph, gone, node):
                continue
            if not isinstance(error, MissingNumbers):
                raise
            lacking.setdefault(error.faults[0].layer or node.name, error.faults[0])
            stuck.add(node.name)
            continue
        if node.name not in taken:
            ends.append(made[node.name])
    if lacking:
        raise CnncalcError(list(lacking.values())[:20])
    return made, ends


def _made(step: Step) -> Any:
    """What comes out of a node."""
    if step.node.kind not in PASSED:
        return OPERATIONS[step.node.kind](step)
    if not step.inputs:
        raise step.fault("it takes nothing")
    return step.inputs[0]


def _stated(graph: Graph) -> dict[str, list[int]]:
    """The shapes that the signature states, also of what is handed on to an output."""
    shapes = dict(graph.shapes)
    for node in graph.nodes.values():
        if node.kind in PASSED and node.name in graph.shapes and node.inputs:
            shapes.setdefault(node.inputs[0], graph.shapes[node.name])
    return shapes


def _entering(node: Node, sketch: Sketch, asked: Asked) -> Shape:
    """The shape of an input; what the file leaves open has a stand-in, which is said."""
    given = asked.inputs.get(node.name) or asked.inputs.get("")
    if given is not None:
        return given
    dims = dims_of(node.value("shape", "shape"))
    if dims is None or not 2 <= len(dims) <= 5:
        help = "give it: `--input 3x224x224`, channels first"
        raise CnncalcError(Fault("the file does not say the input's shape", layer=node.name[:80], help=help))
    closed = [STAND_IN if one < 1 else one for one in dims[1:]]
    if min(dims[1:]) < 1:
        sketch.assume(f"the file leaves sizes of `{node.name[:80]}` open: {STAND_IN} stands for each")
    return turned(tuple(closed))
