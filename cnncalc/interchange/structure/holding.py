"""The text of a sketch, held against what it was written from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from cnncalc.errors import CnncalcError
from cnncalc.graph import Net
from cnncalc.interchange.sketch import Sketch
from cnncalc.limits import Limits

__all__ = ["sketched", "unlike"]


def sketched(sketch: Sketch, name: str, limits: Limits) -> tuple[str, list[str], Net | None]:
    """The text of a sketch as a person would write it, if that says the same; the name of each operator, and the net.

    `name` is that of the file; where that lies is of no use to whoever gets the text. Whatever is found to differ when
    the text is read back is written with one line a layer, which is not read back: there is no net then.
    """
    from cnncalc.interchange.structure import chained, structured
    from cnncalc.interchange.structure.writing import written

    sketch, called = chained(sketch), PurePath(name).name
    as_read = list(sketch.operators)
    for blocks in (True, False):
        for _ in range(2):  # again where a layer may overwrite nothing in the order of the text
            text, names = structured(sketch, called, blocks=blocks)
            net = read_back(text, name, limits)
            if not isinstance(net, Net) or difference(net, names, sketch):
                break
            if not _set_apart(net, names, sketch):
                return text, names, net
    sketch.operators = as_read  # in the order of the file again, as to who has what is shared
    return *written(sketch, called), None


def _set_apart(net: Net, names: Sequence[str], sketch: Sketch) -> bool:
    """Give each layer an output of its own that overwrites what others take before it in the file, and behind it here.

    Whether there was one.
    """
    layers = sketch.overwriting()
    if not layers:
        return False
    from cnncalc.interchange.structure.overwriting import overwritten, with_own_output

    places = {node.name: place for place, node in enumerate(net.nodes)}
    early = [
        layer
        for layer, _, takers in overwritten(sketch.operators, layers)
        if any(taker < layer and places[names[taker]] > places[names[layer]] for taker in takers)
    ]
    for layer in early:
        sketch.operators[layer] = with_own_output(sketch.operators[layer])
        sketch.notes.append(f"`{names[layer]}` overwrites what others take before it: it has an output of its own here")
    return bool(early)


def read_back(text: str, name: str, limits: Limits) -> Net | str:
    """The net of a text that was made of a file of that name; what is wrong with it, where it is none."""
    from cnncalc.language import given_foreign, load
    from cnncalc.language.documents.foreign import Foreign
    from cnncalc.language.options import Options

    try:
        return load(given_foreign(Foreign(text, ""), name), Options(limits=limits))
    except CnncalcError as error:
        return str(error)


def unlike(text: str, names: Sequence[str], sketch: Sketch, limits: Limits) -> str:
    """The first thing in which the net of a text is not the sketch's; empty where there is none.

    `names` are those that each operator should have. Compared are layers with all their fields, what they take, shapes,
    shared parameters and outputs.
    """
    net = read_back(text, "what was written", limits)
    return net if isinstance(net, str) else difference(net, names, sketch)


def difference(graph: Net, names: Sequence[str], sketch: Sketch) -> str:
    """The first thing in which a net is not a sketch's; empty where there is none."""
    nodes = {node.name: node for node in graph.nodes}
    layers = len(sketch.operators) + bool(sketch.beside)
    if len(graph.nodes) != layers or len(nodes) != len(graph.nodes):
        return f"{len(graph.nodes)} layers and inputs for {layers}"
    for operator, name in zip(sketch.operators, names):
        node = nodes.get(name)
        if node is None:
            return f"there is no `{name}`"
        taken = [graph.nodes[one].name for one in node.inputs]
        shared = None if node.share is None else graph.nodes[node.share].name
        for what, found, wanted in (
            ("layer", node.layer, operator.layer),
            ("shape", tuple(node.shape), tuple(operator.shape)),
            ("inputs", taken, [names[one] for one in operator.inputs]),
            ("training", node.trainable, operator.trainable),
            ("type", node.dtype, operator.dtype),
            ("owner of its parameters", shared, None if operator.share is None else names[operator.share]),
        ):
            if found != wanted:
                return f"the {what} of `{name}` is {found}, not {wanted}"
    outputs = {graph.nodes[one].name for one in graph.outputs.values()}
    return "" if outputs == {names[one] for one in sketch.ends()} else f"the outputs are {sorted(outputs)}"
