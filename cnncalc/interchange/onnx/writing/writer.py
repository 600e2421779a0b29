"""Net -> ONNX model: layers in order, each as the nodes that the table says, under its own name."""

from __future__ import annotations

from collections.abc import Collection

from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Net, Node
from cnncalc.graph.nodes import place_of
from cnncalc.interchange.onnx.writing import model, values
from cnncalc.interchange.onnx.writing.scribe import Said, Scribe, Step
from cnncalc.interchange.onnx.writing.table import RULES
from cnncalc.interchange.written import Unsaid, Unsayable, Written
from cnncalc.layers.base import count
from cnncalc.layers.kinds.sequences.attention import Attention
from cnncalc.layers.reparametrised import Reparametrised

__all__ = ["noted", "written"]


def written(
    graph: Net,
    batch: int,
    *,
    opset: int | None = None,
    values: str | None = None,
    weights: str | None = None,
    seed: int = 0,
    file: str = "net.onnx",
    source: values.Source | None = None,
) -> Written:
    """The net as a model whose batch is the symbol N. Raises CnncalcError with every layer that ONNX cannot say.

    The learned numbers are those of the safetensors file `weights`, of `source`, or what the word `values` says.
    """
    newest = model.newest_opset()
    chosen = newest if opset is None else opset
    if not model.OLDEST <= chosen <= newest:
        help = f"{model.OLDEST} to {newest} are written: older ones have no borders as tensors and no such Resize"
        help += "; a newer onnx package knows more" if chosen > newest else ""
        raise CnncalcError(Fault(f"opset {chosen} is not written", help=help))
    if weights is not None and values is not None:
        help = "leave one of them out"
        raise CnncalcError(Fault("`--weights` and `--values` both say the learned numbers", help=help))
    scribe, outputs = noted(graph, chosen)
    if source is None:
        source = _values(weights, values or "random", seed, scribe)
    data = f"{file}.data"
    packed = model.serialised(graph, scribe, outputs, source, _notes(graph), data)
    said = [f"opset {chosen}; the batch is `{model.BATCH}`"]
    if values == "none":
        said.append(f"it has no weights: they are declared to lie in `{data}`, float32, in the order of the file")
    norms = sum(one.norm is not None for one in scribe.learned.values())
    if norms:
        what = "1 normalised weight is" if norms == 1 else f"{norms} normalised weights are"
        said.append(f"{what} in the file as what the norm makes of it")
    used = _leading(graph)
    _hold_outputs(graph)
    idle = [(node, layer) for index, node, layer in graph.layers() if index not in used]
    if idle:
        who = f"`{idle[0][0].name}`" + (f" and {len(idle) - 1} layers more lead" if len(idle) > 1 else " leads")
        said.append(f"{who} to no output: a runtime leaves that out")
    unused = sum(layer.macs(*graph.input_shapes(node)) for node, layer in idle)
    numbers, macs = (sum(scribe.read[index][place] for index in scribe.read.keys() & used) for place in (0, 1))
    return Written(packed, tuple(said), macs=macs - unused, unseen=_unseen(graph, used) - numbers)


def _seen(node: Node) -> tuple[int, ...]:
    """The tensors whose numbers a layer's own depend on."""
    assert node.layer is not None
    return node.inputs[: 2 if node.layer.beside else node.layer.seen_inputs]


def _hold_outputs(graph: Net) -> None:
    """Raises CnncalcError for outputs that depend on no input, which a reader takes for fixed numbers."""
    moved = set(graph.inputs.values())
    for index, node, _ in graph.layers():
        if not moved.isdisjoint(_seen(node)):
            moved.add(index)
    message, help = "what comes out here depends on no input", "let an input lead to it, or leave it out"
    fixed = [graph.nodes[index] for index in graph.outputs.values() if index not in moved]
    if fixed:
        raise CnncalcError([Fault(message, place_of(node.origin), node.name, help=help) for node in fixed])


def _leading(graph: Net) -> set[int]:
    """The tensors whose numbers lead to an output, and those whose parameters such a layer shares."""
    used = set(graph.outputs.values())
    for node in reversed(graph.nodes):
        if node.index in used and node.layer is not None:
            used.update(_seen(node))
            if node.share is not None:
                used.update((node.share, *graph.nodes[node.share].inputs))
    return used


def _unseen(graph: Net, used: Collection[int]) -> int:
    """What no reader counts: all that leads to no output, what weights were made of, scales of cosines, which are
    folded with their bound, and distances, which are one tensor for equal windows.
    """
    unseen, known = 0, set()
    for index, node, layer in graph.layers():
        if index not in used:
            x = graph.input_shapes(node)
            unseen += count(layer.weight_shapes(*x)) + count(layer.buffer_shapes(*x)) if node.share is None else 0
        elif isinstance(layer, Reparametrised) and layer.norm is not None and node.share is None:
            x = graph.input_shapes(node)
            unseen += count(layer.weight_shapes(*x)) + count(layer.buffer_shapes(*x)) - count(layer.used_shapes(*x))
        elif isinstance(layer, Attention):
            x = graph.input_shapes(node)
            unseen += layer.heads if layer.cosine and node.share is None else 0
            windows = tuple(layer.windows(x[0]))
            if layer.continuous is not None and node.share is None:
                unseen += count(layer.buffer_shapes(*x)) if windows in known else 0
                known.add(windows)
    return unseen


def _values(weights: str | None, word: str, seed: int, scribe: Scribe) -> values.Source:
    return values.source_of(word, seed) if weights is None else values.from_file(weights, scribe.learned)


def _notes(graph: Net) -> dict[str, str]:
    """What the file says of itself."""
    parameters = buffers = macs = 0
    for _, node, layer in graph.layers():
        x = graph.input_shapes(node)
        macs += layer.macs(*x)
        if node.share is None:
            parameters += count(layer.weight_shapes(*x))
            buffers += count(layer.buffer_shapes(*x))
    notes = {"net": graph.name, "source": graph.source, "parameters": str(parameters), "buffers": str(buffers)}
    return {**notes, "macs": str(macs)}


SINCE = {"Einsum": 12, "Col2Im": 18, "DeformConv": 19}
"""The opset that a node came with, where that is later than the oldest that is written, and nothing stands for it."""


def noted(graph: Net, opset: int) -> tuple[Scribe, dict[str, str]]:
    """All nodes, and the tensors that come out by name. Raises CnncalcError."""
    scribe = Scribe(opset, [node.name for node in graph.nodes])
    unsayable = Unsayable("ONNX")
    for index, node, _ in graph.layers():
        try:
            _layer(scribe, graph, index, node)
        except Unsaid as error:
            unsayable.add(node, error.why, error.help)
    unsayable.raise_any()
    outputs: dict[str, str] = {}
    for name, index in graph.outputs.items():
        tensor = graph.nodes[index].name
        if graph.nodes[index].layer is None or tensor in outputs.values():
            made = scribe.fresh(name)
            scribe.nodes.append(Said("Identity", (tensor,), (made,), made, {}))
            tensor = made
        outputs[name] = tensor
    return scribe, outputs


def _layer(scribe: Scribe, graph: Net, index: int, node: Node) -> None:
    """The nodes of a layer; what the last of them makes is called as the layer is. Raises `Unsaid`."""
    assert node.layer is not None
    rule = RULES[node.layer.kind]
    first = len(scribe.nodes)
    owner = node if node.share is None else graph.nodes[node.share]
    taken = [graph.nodes[tensor].name for tensor in node.inputs]
    made = rule(Step(scribe, node, node.layer, taken, graph.input_shapes(node), owner.name))
    newer = next((one.kind for one in scribe.nodes[first:] if SINCE.get(one.kind, 0) > scribe.opset), None)
    if newer is not None:
        since = SINCE[newer]
        raise Unsaid(f"{newer} is a node since opset {since}", f"write a later one: `--opset {since}`")
    if len(scribe.nodes) == first or made in taken:
        scribe.nodes.append(Said("Identity", (made,), (node.name,), node.name, {}))
        return
    for place in range(first, len(scribe.nodes)):
        one = scribe.nodes[place]
        inputs, outputs = (tuple(node.name if name == made else name for name in names) for names in one[1:3])
        scribe.nodes[place] = one._replace(
            inputs=inputs, outputs=outputs, name=node.name if made in one.outputs else one.name
        )
