"""A net as a model of Keras 3: as the JSON that `keras.models.model_from_json` takes, or as code."""

from __future__ import annotations

import re

from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Net
from cnncalc.graph.nodes import Node
from cnncalc.interchange.keras.writing.elements import ACTIVATIONS
from cnncalc.interchange.keras.writing.lacking import LACKED
from cnncalc.interchange.keras.writing.model import Model, Scribe, Tensor, out
from cnncalc.interchange.keras.writing.owned import as_keras
from cnncalc.interchange.keras.writing.table import RULES
from cnncalc.interchange.written import Unsaid, Unsayable, Written, without_normalised_weights
from cnncalc.layers import Layer
from cnncalc.layers.kinds.regularize import Dropout

__all__ = ["code", "json_text", "model_of"]


def json_text(graph: Net, batch: int) -> Written:
    """What `model.to_json()` gives; the batch is left open, as in all models of Keras.

    Raises CnncalcError with every layer that Keras has not.
    """
    from cnncalc.interchange.keras.writing.config import text

    model = model_of(graph)
    return _written(graph, model, text(model))


def code(graph: Net, batch: int) -> Written:
    """A program that builds the model. Raises CnncalcError with every layer that Keras has not."""
    from cnncalc.interchange.keras.writing import config
    from cnncalc.interchange.keras.writing.program.text import text

    model = model_of(graph)
    return _written(graph, model, text(model, graph), twin=config.text(model))


def _written(graph: Net, model: Model, content: str, twin: str = "") -> Written:
    """What is written, with what differs from the net in it."""
    ends = tuple(sorted(graph.idle))
    return Written(content, tuple(model.notes), twin, macs=model.macs, unseen=model.made, ends=ends)


def model_of(graph: Net) -> Model:
    """The model of a net. Raises CnncalcError with every layer that Keras has not."""
    model, unsayable = Model(graph.name), Unsayable("Keras")
    tensors: dict[int, Tensor] = {}
    nonnegative: set[int] = set()
    for index, node in enumerate(graph.nodes):
        if node.layer is None:
            tensors[index] = _input(model, node)
            continue
        signed = [tensor in nonnegative for tensor in node.inputs]
        owner = None if node.share is None or not _held(graph, node) else model.rows.get(graph.nodes[node.share].name)
        scribe = Scribe(
            model, node.name, node.shape, trainable=node.trainable, nonnegative=bool(signed and signed[0]), owner=owner
        )
        if node.layer.kind in ALWAYS or (node.layer.kind in PASSING and all(signed)):
            nonnegative.add(index)
        try:
            tensors[index] = _said(scribe, graph, node, [tensors[one] for one in node.inputs])
        except Unsaid as error:
            unsayable.add(node, error.why, error.help)
            tensors[index] = Tensor(node.name, 0, out(node.shape))
    unsayable.raise_any()
    ends = {**graph.outputs, **{graph.nodes[index].name: index for index in sorted(graph.idle)}}
    model.outputs = {name: tensors[index] for name, index in ends.items()}
    model.sweep()
    _hold_inputs(model)
    _note(model, graph)
    return model


ALWAYS = ("relu", "relu6", "sigmoid", "softmax", "softplus", "hardsigmoid")
"""Kinds that give nothing below zero."""
PASSING = (
    "adaptive_avgpool", "adaptive_maxpool", "add", "avgpool", "channel_shuffle", "concat", "crop", "dropout",
    "droppath", "identity", "maxpool", "multiply", "pad", "slice", "upsample",
)  # fmt: skip
"""Kinds that give nothing below zero where nothing below zero goes in."""


ANY_ORDER = (
    *ACTIVATIONS, "add", "concat", "divide", "dropout", "droppath", "einsum", "elu", "expand", "function", "gelu",
    "glu", "identity", "leaky_relu", "log_softmax", "maximum", "minimum", "multiply", "power", "reduce", "relu",
    "relu6", "select", "slice", "softmax", "subtract",
)  # fmt: skip
"""Kinds whose rule reads no layout."""


def _input(model: Model, node: Node) -> Tensor:
    """An InputLayer. Raises CnncalcError where a length is a symbol."""
    from cnncalc.interchange.keras.writing.model import Made

    if not all(isinstance(n, int) for n in node.shape):
        help = "give it in numbers: `--input 3x224x224`"
        raise CnncalcError(Fault("a model of Keras is written for an input in numbers", layer=node.name, help=help))
    name = model.name_of(node.name)
    model.layers[name] = Made(name, "InputLayer", {"batch_shape": [None, *out(node.shape)]}, [])
    model.inputs[node.name] = Tensor(name, 0, out(node.shape))
    return model.inputs[node.name]


def _held(graph: Net, node: Node) -> bool:
    """Whether a layer has anything to share: Keras's norms without parameters still ask for their channels."""
    assert node.layer is not None
    shapes = graph.input_shapes(node)
    return bool(node.layer.weight_shapes(*shapes) or node.layer.buffer_shapes(*shapes))


def _hold_inputs(model: Model) -> None:
    """Raises CnncalcError where an input only lent its size, which is a number in Keras."""
    taken = {one.layer for made in model.layers.values() for call in made.calls for one in call.tensors()}
    for name, tensor in model.inputs.items():
        if tensor.layer not in taken and len(model.inputs) > 1:
            help = "leave the input out, and give the size in numbers"
            raise CnncalcError(
                Fault("an input that lends only its size leads to nothing in Keras", layer=name, help=help)
            )


def _said(scribe: Scribe, graph: Net, node: Node, taken: list[Tensor]) -> Tensor:
    """The layers of one of ours; its name is that of the one with parameters, or else of the last."""
    from cnncalc.interchange.keras.writing.model import Row

    assert node.layer is not None
    rule = RULES.get(node.layer.kind)
    if rule is None:
        raise Unsaid(*LACKED.get(node.layer.kind, ("it has no such layer", "")))
    without_normalised_weights(node.layer, "Keras")
    if scribe.owner is not None and node.share is not None:
        theirs, ours = graph.input_shapes(graph.nodes[node.share])[0], graph.input_shapes(node)[0]
        if len(theirs) != len(ours):
            raise Unsaid("a layer of Keras takes as many axes as in its first call", "share it between alike tensors")
    sources = [source for one in taken if (source := scribe.source(one)) is not None]
    if len(sources) == len(taken) and _any_order(node.layer) and len({len(one.shape) for one in taken}) == 1:
        scribe.turned, scribe.own = True, node.shape
        end = as_keras(scribe, rule(scribe, node.layer, graph.input_shapes(node), sources), node.shape)
    else:
        end = rule(scribe, node.layer, graph.input_shapes(node), taken)
    scribe.model.rows[node.name] = Row(tuple(scribe.owned), end)
    return end


def _any_order(layer: Layer) -> bool:
    """Whether a rule does as well with axes as ours: it takes each element for itself, or names its axes."""
    return layer.kind in ANY_ORDER and not (isinstance(layer, Dropout) and layer.channels)


def _note(model: Model, graph: Net) -> None:
    """What the reader of the model should know."""
    if any("." in node.name for node in graph.nodes):
        model.notes.append("dots in names are `_`, since Keras's torch backend takes none")
    model.notes += _renamed(model, graph)
    if any(layer.kind == "constant" for _, _, layer in graph.layers()):
        model.notes.append("constants are ones: the net does not say their numbers")
    if graph.idle:
        model.notes.append("the ends of side branches are outputs: Keras leaves out what leads to none")


MOST_NAMED = 3


def _renamed(model: Model, graph: Net) -> list[str]:
    """The names that lose more than dots, each with the layer that it is now."""
    ends = {**{name: row.end for name, row in model.rows.items()}, **model.inputs}
    odd = [node.name for node in graph.nodes if not re.fullmatch(r"[0-9A-Za-z_.]+", node.name)]
    told = ", ".join(f"`{name[:60]}` is `{ends[name].layer}`" for name in odd[:MOST_NAMED])
    more = f", and {len(odd) - MOST_NAMED} more are changed" if len(odd) > MOST_NAMED else ""
    return (
        [f"names are of ASCII letters, digits and `_`, as all of Keras's backends take them: {told}{more}"]
        if odd
        else []
    )
