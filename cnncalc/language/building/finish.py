"""What is settled once all layers stand: outputs, frozen parts, and layers that nothing uses."""

from __future__ import annotations

from fnmatch import fnmatchcase

from cnncalc.errors import suggestion
from cnncalc.graph import Graph
from cnncalc.language.documents.document import Document
from cnncalc.language.faults import Faults
from cnncalc.language.options import Options
from cnncalc.language.yaml.reader import Scalar, Sequence

__all__ = ["finish"]


def finish(
    graph: Graph, document: Document, current: int, by_name: dict[str, int], options: Options, faults: Faults
) -> None:
    """Set the graph's outputs, groups and `expect`, freeze, and check that every tensor is used."""
    if len(graph.nodes) == len(graph.inputs):
        word, listed = document.keys["layers"]
        help = "put one under `layers:`, such as `- conv 64 k3`"
        if isinstance(listed, Sequence) and listed.items:
            help = "every item is left out by its `when`, repeated no times, or there in training alone (`--train`)"
        faults.add("the net has no layers", word, help=help)
        return
    graph.groups = {name: index for name, index in by_name.items() if graph.nodes[index].name != name}
    aux, graph.outputs = graph.outputs, {}
    if "outputs" in document.keys:
        _named_outputs(graph, document, by_name, faults)
    else:
        graph.outputs[graph.nodes[current].name] = current
    graph.outputs.update(aux)
    _freeze(graph, options, faults)
    if not faults:
        _check_used(graph, faults, document)
    if "expect" in document.keys:
        graph.expect = document.keys["expect"][1]


def _named_outputs(graph: Graph, document: Document, by_name: dict[str, int], faults: Faults) -> None:
    node = document.keys["outputs"][1]
    for one in node.items if isinstance(node, Sequence) else [node]:
        if not isinstance(one, Scalar):
            faults.add("`outputs` is a list of layer names", one, help="such as `outputs: [conv5, linear1]`")
        elif one.text not in by_name:
            help = suggestion(one.text, by_name, "`cnncalc show` prints every name")
            faults.add(f"there is no layer `{one.text[:60]}`", one, help=help)
        else:
            graph.outputs[one.text] = by_name[one.text]


def _freeze(graph: Graph, options: Options, faults: Faults) -> None:
    """Freeze the layers of each pattern, or with a `!` before it all others."""
    for option in options.freeze:
        pattern = option.removeprefix("!")
        layers = [node for _, node, _ in graph.layers()]
        matched = [node for node in layers if fnmatchcase(node.name, pattern) or node.name.startswith(pattern + ".")]
        if not matched:
            names = [node.name for node in layers]
            groups = dict.fromkeys(name.rpartition(".")[0] + ".*" for name in names if "." in name)
            help = suggestion(pattern, [*groups, *names], "`*` stands for anything, as in `features.*`")
            faults.add(f"`--freeze {option[:60]}` matches no layer", None, help=help)
        elif option.startswith("!"):
            kept = set(map(id, matched))
            matched = [node for node in layers if id(node) not in kept]
        for node in matched:
            node.trainable = False


def _check_used(graph: Graph, faults: Faults, document: Document) -> None:
    """Every tensor must be taken by a layer or be an output: an unused one is a slip of `from`."""
    used = set(graph.outputs.values())
    for node in graph.nodes:
        used.update(node.inputs)
    for index, node in enumerate(graph.nodes):
        if index in used:
            continue
        if node.layer is None:
            entry = document.keys.get("inputs") or document.keys.get("input")
            faults.add(
                f"the input `{node.name}` is never used", entry[0] if entry else None, help="take it with `from:`"
            )
        else:
            help = "use it, take it out, or name it under `outputs:`"
            faults.add(
                "nothing uses the output of this layer",
                node.origin.place() if node.origin else None,
                layer=node.name,
                help=help,
            )
