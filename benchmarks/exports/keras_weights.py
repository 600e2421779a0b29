"""torch's parameters and statistics in Keras's places and shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from cnncalc.graph import Net
from cnncalc.graph.nodes import Node
from cnncalc.graph.stored import stored_in
from cnncalc.interchange.keras.writing.model import Made, Model

__all__ = ["NotCarried", "carry"]

Array = np.ndarray[Any, Any]
Parts = Mapping[str, Array]


class NotCarried(Exception):
    """A layer of another formula than torch's, or one whose parameters are not known here."""


def carry(graph: Net, said: Model, made: Any, state: Mapping[str, Array]) -> None:
    """Give the layers of a Keras model the numbers of a torch module. Raises NotCarried."""
    stored = stored_in(graph)
    built = {one.name: one for one in made.operations}
    for _, node, layer in graph.layers():
        own = {**layer.weight_shapes(*graph.input_shapes(node)), **layer.buffer_shapes(*graph.input_shapes(node))}
        named = {role: stored[f"{node.name}.{role}"] for role in own if f"{node.name}.{role}" in stored}
        if node.share is not None or not named:
            continue
        parts = {role: state[one.name].reshape(one.own) for role, one in named.items()}
        owned = [said.layers[name] for name in said.rows[node.name].owned]
        arrays = [*_arrays(graph, node, owned, parts)]
        weights = [weight for one in owned if one.name in built for weight in built[one.name].weights]
        weights = [one for one in weights if "seed" not in one.path]
        if not weights:
            continue  # it leads to no output
        if layer.kind == "prelu":  # the axes that share a slope have a length of 1
            arrays = [arrays[0].reshape(weights[0].shape)]
        if [tuple(one.shape) for one in weights] != [one.shape for one in arrays]:
            raise NotCarried(
                f"{node.name}: {[one.shape for one in arrays]}, there {[tuple(one.shape) for one in weights]}"
            )
        for weight, array in zip(weights, arrays):
            weight.assign(np.ascontiguousarray(array))


def _arrays(graph: Net, node: Node, owned: list[Made], parts: Parts) -> Iterator[Array]:
    """The numbers of the layers that one of ours became, in Keras's order."""
    layer = node.layer
    if layer.kind in KINDS:
        yield from KINDS[layer.kind](layer, graph.input_shapes(node), owned, parts)
        return
    (one,) = owned
    if one.kind == "Dense" and layer.kind in ("parameter", "positional"):
        yield _last(parts["weight"]).reshape(1, -1)
        return
    yield from PLAIN[one.kind.removesuffix("Transpose").rstrip("123D")](one, parts)


def _last(array: Array) -> Array:
    """Channels last."""
    return np.moveaxis(array, 0, -1)


def _bias(parts: Parts) -> Iterator[Array]:
    if "bias" in parts:
        yield parts["bias"]


def _dense(one: Made, parts: Parts) -> Iterator[Array]:
    yield parts["weight"].reshape(len(parts["weight"]), -1).T
    yield from _bias(parts)


def _convolution(one: Made, parts: Parts) -> Iterator[Array]:
    """(out, in, …) as (…, in, out); of a transposed one (in, out, …) as (…, out, in)."""
    yield parts["weight"].transpose(*range(2, parts["weight"].ndim), 1, 0)
    yield from _bias(parts)


def _depthwise(one: Made, parts: Parts) -> Iterator[Array]:
    """(channels x multiplier, 1, …) as (…, channels, multiplier); of a factor a channel likewise."""
    axes, multiplier = int(one.kind[-2]), one.config.get("depth_multiplier", 1)
    weight = parts["weight"]
    kernel = weight.shape[2:] if weight.ndim > 1 else (1,) * axes
    apart = weight.reshape(-1, multiplier, *kernel)
    yield apart.transpose(*range(2, apart.ndim), 0, 1)
    yield from _bias(parts)


def _norm(one: Made, parts: Parts) -> Iterator[Array]:
    for role in ("weight", "bias", "running_mean", "running_var"):
        if role in parts:
            yield _last(parts[role]) if parts[role].ndim > 1 else parts[role]


def _slopes(one: Made, parts: Parts) -> Iterator[Array]:
    yield _last(parts["weight"]) if parts["weight"].ndim > 1 else parts["weight"]


PLAIN: dict[str, Callable[[Made, Parts], Iterator[Array]]] = {
    "Dense": _dense,
    "Conv": _convolution,
    "DepthwiseConv": _depthwise,
    "Embedding": lambda one, parts: iter([parts["weight"]]),
    "PReLU": _slopes,
    **dict.fromkeys(("BatchNormalization", "GroupNormalization", "LayerNormalization", "RMSNormalization"), _norm),
}
"""By Keras's class, without its axes."""


def _attention(layer: Any, x: Any, owned: list[Made], parts: Parts) -> Iterator[Array]:
    size = layer.sizes(*x)
    rows = (size.keyed, size.key, size.value)
    if "in_proj_weight" in parts:
        weights = np.split(parts["in_proj_weight"], np.cumsum(rows)[:-1])
    else:
        weights = [parts[f"{letter}_proj_weight"] for letter in "qkv"]
    biases = np.split(parts["in_proj_bias"], np.cumsum(rows)[:-1]) if "in_proj_bias" in parts else []
    if owned[0].kind == "MultiHeadAttention":
        for at, weight in enumerate(weights):
            yield weight.T.reshape(weight.shape[1], layer.heads, -1)
            yield from [one.reshape(layer.heads, -1) for one in biases[at : at + 1]]
        joining = parts["out_proj.weight"]
        yield joining.T.reshape(layer.heads, -1, len(joining))
    else:
        if len(x) == 1:
            weights, biases = [np.concatenate(weights)], [np.concatenate(biases)] if biases else []
        for at, weight in enumerate(weights):
            yield weight.T
            yield from biases[at : at + 1]
        for role in ("logit_scale", "relative_position_bias_table"):
            if role in parts:
                yield parts[role].reshape(1, -1)
        for role in ("cpb_mlp.0.weight", "cpb_mlp.0.bias", "cpb_mlp.2.weight"):
            if role in parts:
                yield parts[role].T
        if "out_proj.weight" in parts:
            yield parts["out_proj.weight"].T
    if "out_proj.bias" in parts:
        yield parts["out_proj.bias"]


def _recurrent(layer: Any, x: Any, owned: list[Made], parts: Parts) -> Iterator[Array]:
    """Cells; a GRU's gates stand in another order, and a second vector of biases is a row of the kernel."""
    if layer.kind == "gru" and layer.bias_vectors == 1:
        raise NotCarried("a GRU with one vector of biases has another formula in Keras")
    for number in range(layer.layers):
        for direction in range(layer.directions):
            end = f"_l{number}{'_reverse' if direction else ''}"
            kernel, state = (_gates(layer, parts[f"weight_{side}h{end}"]).T for side in "ih")
            biases = [_gates(layer, parts[f"bias_{side}h{end}"]) for side in "ih"[: layer.bias_vectors]]
            if layer.kind != "gru" and len(biases) == 2:
                kernel = np.concatenate([kernel, biases.pop(0)[None]])
            yield kernel
            yield state
            if biases:
                yield np.stack(biases) if layer.kind == "gru" else biases[0]


def _gates(layer: Any, array: Array) -> Array:
    if layer.kind != "gru":
        return array
    reset, update, new = np.split(array, 3)
    return np.concatenate([update, reset, new])


def _maps(layer: Any, x: Any, owned: list[Made], parts: Parts) -> Iterator[Array]:
    raise NotCarried("the parameters of a recurrence over maps are not known here")


KINDS: dict[str, Callable[..., Iterator[Array]]] = {
    "attention": _attention,
    **dict.fromkeys(("lstm", "gru", "rnn"), _recurrent),
    "convlstm": _maps,
}
"""By our kind, where several layers of Keras are one of ours."""
